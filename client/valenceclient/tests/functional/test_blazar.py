# SPDX-License-Identifier: Apache-2.0
"""A real Blazar books composed nodes."""

import fcntl
import json
import os
import pathlib
import subprocess
import sys
import unittest
from typing import Any

from valenceclient.tests.functional import base
from valenceclient.tests.functional import processes

_BLAZAR = 'blazar==18.0.0'
_CLIENT = pathlib.Path(__file__).resolve().parents[3]
_FULL = os.environ.get('VALENCE_TEST_CRASH') == 'full'
_SCRIPT = pathlib.Path(__file__).with_name('blazar_life.py')


@unittest.skipUnless(_FULL, 'it installs Blazar')
class TestBlazar(base.TestCase):
    def test_a_lease_of_blazar(self) -> None:
        self.pod()
        found = self.live()
        self.assertEqual(['composable:node'], found['plugins'])
        # What is booked for later is held from now on, and nothing composed.
        self.assertEqual(['active'], [*found['booked']['holds'].values()])
        self.assertEqual({}, found['booked']['nodes'])
        started = found['started']
        self.assertEqual(['active', 'used'], sorted(started['holds'].values()))
        self.assertEqual('ACTIVE', found['status'])
        ((name, until),) = started['nodes'].items()
        self.assertRegex(name, '^blazar-')
        self.assertLess(until, found['extended']['nodes'][name])
        self.assertIn('no hardware', found['refused'])
        self.assertEqual(0, found['leases'])
        self.wait_gone(name)
        self.assertEqual([], self.names('hold'))

    def wait_gone(self, name: str) -> None:
        """Wait until a node is released."""
        self.wait_for(lambda: name not in self.names('node'))

    def names(self, kind: str) -> list[str]:
        """The names of all nodes, or holds."""
        return [one['name'] for one in self.json(f'{kind} list')]

    def live(self) -> dict[str, Any]:
        """What the script has printed."""
        database = processes.directory() / 'blazar.sqlite'
        done = subprocess.run(
            (_python(self), str(_SCRIPT), self.url, str(database)),
            capture_output=True,
            env={**self.environment, 'PYTHONWARNINGS': 'ignore'},
        )
        self.assertEqual(0, done.returncode, done.stderr.decode()[-3000:])
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def _python(test: base.TestCase) -> str:
    """The Python of an environment with Blazar and this package."""
    cache = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
    name = f'blazar-{sys.version_info[0]}.{sys.version_info[1]}'
    home = pathlib.Path(cache) / 'valence-tests' / name
    home.parent.mkdir(parents=True, exist_ok=True)
    python = str(home / 'bin' / 'python')
    with open(f'{home}.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if not (home / 'installed').exists():
                _run(sys.executable, '-m', 'venv', str(home))
                _run(python, '-m', 'pip', 'install', '-qq', _BLAZAR)
                (home / 'installed').touch()
            install = ('-m', 'pip', 'install', '-qq', '--no-deps', '-e')
            _run(python, *install, str(_CLIENT))
        except (OSError, subprocess.CalledProcessError) as exc:
            test.skipTest(f'Blazar cannot be installed: {exc}')
    return python


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
