# SPDX-License-Identifier: Apache-2.0
"""The commands in the documentation work, and answer what is shown."""

import configparser
import contextlib
import doctest
import importlib
import io
import os
import pathlib
import re
import subprocess
import sys
import types

import fixtures

from valence.tests import base
from valence.tests.fixtures import pages
from valence.tests.fixtures import preloaded
from valence.tests.fixtures import processes

_TOP = pathlib.Path(__file__).parents[4]
_BIN = pathlib.Path(sys.executable).parent
#: The pages whose commands are run, one after the other in one shell. The
#: first page starts Valence and a simulated pod manager.
_SESSIONS = (
    ('user/index',),
    (
        *('user/tasks', 'admin/access', 'admin/distance', 'admin/health'),
        *('admin/notifications', 'admin/sizing', 'admin/backup'),
        *('admin/troubleshooting', 'admin/findings'),
    ),
)
#: Those that need what a test does not have, such as root or Keystone, or
#: hardware with odd parts. Their openstack commands are parsed.
_NOT_RUN = {
    *('user/holds', 'user/requirements'),
    *('install/index', 'admin/upgrade', 'admin/tls', 'admin/database'),
    *('admin/identity', 'admin/ironic', 'admin/quotas', 'admin/dashboard'),
    *('admin/pools', 'admin/nova'),
}
# Words that stand for what only the reader knows, and a user of the host.
_PLACEHOLDER = re.compile(
    r'\b(NAME|NODE|POD|UUID|PROJECT|FILE|HOST|SECRET|DEVICE)\b|--user valence'
)
_PROGRAMS = re.compile(r'(curl|openstack|valence(-[a-z]+)?)( |$)')
# What a page uses, and another test may use at the same time.
_PORTS = ('8181', '9001')
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_SCRIPT = """
trap 'kill $(jobs -p)' EXIT
{}
"""
_STEP = """
echo '@begin {0}'
{1}
echo "@end $?"
"""


def _page(name):
    return f'doc/source/{name}.rst'


class RunTest(base.TestCase):
    def environment(self):
        """A new home, and ports that are free."""
        home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.ports = {port: str(processes.free_port()) for port in _PORTS}
        config = home / '.valence' / 'valence.conf'
        config.parent.mkdir()
        config.write_text(f'[api]\nport = {self.ports["8181"]}\n')
        commands = self.useFixture(preloaded.Preloaded(home)).path
        return {
            'HOME': str(home),
            'LANG': 'C.UTF-8',
            'COLUMNS': '79',
            'PATH': f'{commands}:{_BIN}:{os.environ["PATH"]}',
            'PYTHONPATH': str(_TOP),
            'PYTHONWARNINGS': 'ignore',
        }

    def run_all(self, commands):
        """What each command has printed, and its status."""
        environment = self.environment()
        script = _SCRIPT.format(
            ''.join(
                _STEP.format(n, command) for n, command in enumerate(commands)
            )
        )
        for port, free in self.ports.items():
            script = script.replace(port, free)
        done = subprocess.run(
            ['bash', '-c', script],
            cwd=environment['HOME'],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=4 * processes.PATIENCE,
        )
        output = done.stdout
        for port, free in self.ports.items():
            output = output.replace(free, port)
        return re.findall(r'(?s)@begin \d+\n(.*?)@end (\d+)\n', output)

    def check(self, names):
        commands = [
            (name, *one) for name in names for one in pages.shown(_page(name))
        ]
        results = self.run_all([command for _, command, _ in commands])
        checker = doctest.OutputChecker()
        problems = []
        for (name, command, expected), (output, status) in zip(
            commands, results, strict=False
        ):
            good = checker.check_output(expected + '\n', output, _FLAGS)
            if status != '0' or (expected and not good):
                problems.append(
                    f'{name}: $ {command}\n{output}\nshown:\n{expected}'
                )
        self.assertEqual('', '\n\n'.join(problems))
        self.assertEqual(len(commands), len(results))

    def test_user_guide(self):
        self.check(_SESSIONS[0])

    def test_tasks_and_administration(self):
        self.check(_SESSIONS[1])

    def test_all_others_are_known(self):
        """Commands are not run only where they cannot."""
        run = {name for session in _SESSIONS for name in session}
        found = {
            f'{name}: {line}'
            for name, line in pages.literal_lines()
            if name not in _NOT_RUN
            and _PROGRAMS.match(line)
            and not (name in run and line.startswith('$ '))
            and not _PLACEHOLDER.search(line)
        }
        self.assertEqual(set(), found)


class ParseTest(base.TestCase):
    """Also where they cannot be run, commands and options exist."""

    def setUp(self):
        super().setUp()
        # Files that commands read are there.
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.useFixture(fixtures.TempDir()).path)
        pathlib.Path('expected.csv').write_text('type,name\nsystem,one\n')
        setup = configparser.ConfigParser(interpolation=None)
        setup.read(_TOP / 'client/setup.cfg')
        lines = setup['entry_points']['openstack.composable.v1']
        self.commands = {}
        for line in lines.strip().splitlines():
            name, _, target = line.partition(' = ')
            self.commands[tuple(name.split('_'))] = target

    def parse(self, words):
        """Why a command is not valid; None: it is."""
        number = len(words)
        while tuple(words[:number]) not in self.commands:
            number -= 1
            if number == 0:
                return 'no such command'
        target = self.commands[tuple(words[:number])]
        module, _, name = target.partition(':')
        command = getattr(importlib.import_module(module), name)
        parser = command(types.SimpleNamespace(), None).get_parser('openstack')
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said):
                parser.parse_args(words[number:])
        except SystemExit as exc:
            return said.getvalue() if exc.code else None
        return None

    def test_all_pages(self):
        commands = list(pages.openstack_commands())
        self.assertLess(30, len(commands))
        problems = [
            f'{place}: {" ".join(words)}: {problem}'
            for place, words in commands
            if (problem := self.parse(words))
        ]
        self.assertEqual([], problems)
