# SPDX-License-Identifier: Apache-2.0
"""Tests that run the real ``openstack`` command with a real Valence."""

import json
import os
import pty
import re
import subprocess
import time
import unittest
from typing import Any

from valenceclient.tests.functional import processes

NEEDED = ('openstack', 'valence', 'valence-simulator')
MISSING = [name for name in NEEDED if processes.command(name) is None]
_REQUEST_ID = re.compile(r' \(Request-ID: req-[0-9a-f-]{36}\)')


@unittest.skipIf(MISSING, f'not installed: {", ".join(MISSING)}')
class TestCase(unittest.TestCase):
    """Provides a Valence with the synchronized pod manager ``pod``."""

    def setUp(self) -> None:
        self.url = self.service()
        # The environment of the user must not affect the tests.
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(('OS_', 'VALENCE_'))
        }
        self.environment['HOME'] = str(processes.directory())
        self.environment['OS_CLIENT_CONFIG_FILE'] = os.devnull

    def service(self) -> str:
        """Return the URL of the Valence of the test."""
        return processes.valence()

    def run_openstack(
        self, *arguments: str, stdin: str = '', **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command with exactly these arguments."""
        return processes.openstack(
            arguments, stdin, {**self.environment, **environment}
        )

    @property
    def access(self) -> tuple[str, ...]:
        """The authentication options: here, without Keystone."""
        return ('--os-auth-type', 'none', '--os-endpoint', self.url)

    def run_valence(
        self, line: str, *arguments: str, **kwargs: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run ``openstack valence``."""
        return self.run_openstack(
            *(*self.access, 'valence', *line.split(), *arguments), **kwargs
        )

    def valence(self, line: str, *arguments: str, **kwargs: Any) -> str:
        """Run a command that has to succeed; return its output."""
        done = self.run_valence(line, *arguments, **kwargs)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual('', done.stderr)
        return done.stdout

    def json(self, line: str, *arguments: str, **kwargs: Any) -> Any:
        """Run a command; return its JSON output."""
        return json.loads(
            self.valence(line, *arguments, '-f', 'json', **kwargs)
        )

    def fails(self, line: str, *arguments: str, **kwargs: Any) -> str:
        """Run a command that has to fail; return its one-line error.

        Without the ID of the request.
        """
        done = self.run_valence(line, *arguments, **kwargs)
        self.assertEqual(1, done.returncode, done.stdout + done.stderr)
        self.assertEqual('', done.stdout)
        self.assertEqual(1, done.stderr.count('\n'), done.stderr)
        return _REQUEST_ID.sub('', done.stderr.strip())

    def pod(self) -> str:
        """Register the simulated pod manager; return its name."""
        known = self.json('podmanager list --name pod')
        if not known:
            self.json(
                'podmanager create pod --username admin --url',
                processes.simulator(),
                VALENCE_PODM_PASSWORD=processes.PASSWORD,
            )
        self.wait_for(
            lambda: self.json('podmanager show pod --fields synced_at')[
                'synced_at'
            ]
        )
        return 'pod'

    def wait_for(self, condition: Any, seconds: float = 300) -> Any:
        """Wait until a condition is true."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            self.assertLess(
                time.monotonic(), end, 'timed out waiting for a condition'
            )
            time.sleep(0.2)
        return found

    def run_on_terminal(self, line: str, typed: bytes = b'') -> str:
        """Run a command on a terminal; return what it shows there."""
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            [
                str(processes.command('openstack')),
                *(*self.access, 'valence', *line.split()),
            ],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env=self.environment,
            start_new_session=True,
        )
        os.close(follower)
        seen = b''
        try:
            while True:
                seen += os.read(leader, 65536)
                if typed and b': ' in seen:
                    os.write(leader, typed)
                    typed = b''
        except OSError:  # the last one has closed the terminal
            pass
        finally:
            os.close(leader)
        self.assertEqual(0, process.wait(timeout=300), seen)
        return seen.decode()
