# SPDX-License-Identifier: Apache-2.0
"""Completion of requirements in an interactive bash."""

import os
import pathlib
import pty
import re
import select
import subprocess
import time

from valenceclient.tests.functional import base
from valenceclient.tests.functional import processes

_PROMPT = '%%'
_SECONDS = 120


class Bash:
    """A bash on a terminal."""

    def __init__(self, environment: dict[str, str]) -> None:
        beside = pathlib.Path(str(processes.command('openstack'))).parent
        self._leader, follower = pty.openpty()
        self._process = subprocess.Popen(
            ['bash', '--norc', '--noprofile', '-i'],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env={
                **environment,
                'PS1': _PROMPT,
                'TERM': 'dumb',
                'COLUMNS': '1000',
                'INPUTRC': os.devnull,
                'PATH': f'{beside}:{os.environ["PATH"]}',
            },
            start_new_session=True,
        )
        os.close(follower)
        self.type('stty cols 1000; bind "set bell-style none"\r', _PROMPT)

    def close(self) -> None:
        os.close(self._leader)
        self._process.kill()
        self._process.wait()

    def type(self, text: str, until: str) -> str:
        """Type a text; return what is shown until a pattern matches it."""
        os.write(self._leader, text.encode())
        seen, end = '', time.monotonic() + _SECONDS
        while not re.search(f'{until}$', seen):
            ready, _, _ = select.select([self._leader], [], [], 1)
            if ready:
                seen += os.read(self._leader, 65536).decode()
            if time.monotonic() > end:
                raise AssertionError(f'{text!r}: no {until!r} in {seen!r}')
        return seen


class Complete(base.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.pod()
        self.bash = Bash(self.environment)
        self.addCleanup(self.bash.close)
        self.start = f'openstack {" ".join(self.access)} valence'
        self.bash.type(f'source <({self.start} complete)\r', _PROMPT)

    def check(
        self, typed: str, expected: str, command: str = 'node compose n'
    ) -> None:
        """A command with this is completed by the tabulator key."""
        start = f'{self.start} {command}'
        # The terminal shows what is replaced as backspaces.
        expected = re.escape(expected).replace('@', '[\b]+')
        self.bash.type(f'{start} {typed}\t', expected)
        self.bash.type('\x15\r', _PROMPT)

    def test_requirements(self) -> None:
        for typed, expected in (
            ('--processor mod', ' model='),
            ('--processor total_cores=4,instr', '=4,instruction_set='),
            ('--storage typ', ' type='),
        ):
            self.check(typed, expected)

    def test_what_there_is(self) -> None:
        for typed, expected in (
            (r'--processor model=Xeon\ P', r'=Xeon\ Platinum\ 8268 '),
            (r'--processor model=xeon\ p', r'p@Xeon\ Platinum\ 8268 '),
            ('--processor "model=Xeon P', '"model=Xeon Platinum 8268" '),
            (
                "--processor 'cores=4,model=EPYC|Xeon Pl",
                "=EPYC|Xeon Platinum 8268' ",
            ),
            (r'--processor model=A\|Xeon\ P', r'\|Xeon\ Platinum\ 8268 '),
            ('--processor vendor==I', r'==Intel\(R\)\ Corporation '),
            ('--pci-device=type=g', '--pci-device=type=gpu '),
        ):
            self.check(typed, expected)

    def test_names_of_resources(self) -> None:
        for command, typed, expected in (
            ('podmanager show', 'po', ' pod '),
            ('podmanager set', 'other po', ' pod '),
            ('system show', r'System\ system-19', r' System\ system-19 '),
            ('system show', '"System system-19', '"System system-19" '),
            ('node list', '--pod-manager p', ' pod '),
            # A second one is not accepted, and there is none of that name.
            ('podmanager show', 'pod po', ' po'),
            ('podmanager show', 'none', ' none'),
        ):
            self.check(typed, expected, command)

    def test_all_else_is_left_to_others(self) -> None:
        self.bash.type('_old() { COMPREPLY=(thing); }\r', _PROMPT)
        self.bash.type('complete -F _old openstack\r', _PROMPT)
        self.bash.type(f'source <({self.start} complete)\r', _PROMPT)
        self.check('--hold thi', 'thing ')
        self.check('--processor capac', ' capac')
        self.check('--processor mod', ' model=')
