# SPDX-License-Identifier: Apache-2.0
"""A forked command is no other than one that a user starts."""

import fixtures
import testscenarios
from oslotest import base

from valence.tests.fixtures import forks
from valence.tests.fixtures import processes


class TestForks(testscenarios.WithScenarios, base.BaseTestCase):
    scenarios = [(str(fork), {'fork': fork}) for fork in (True, False)]

    def run_it(self, *command, **kwargs):
        return self.useFixture(
            processes.Process(*command, fork=self.fork, **kwargs)
        )

    def test_success(self):
        process = self.run_it('valence-manage', '--help')
        self.assertEqual(0, process.finish())
        self.assertIn('usage: valence-manage', process.output())
        self.assertIsNone(process.state)

    def test_failure(self):
        process = self.run_it('valence-manage', 'nothing')
        self.assertEqual(2, process.finish())
        self.assertIn("invalid choice: 'nothing'", process.output())

    def test_directory(self):
        path = self.useFixture(fixtures.TempDir()).path
        process = self.run_it(
            *('valence-manage', '--config-file', 'missing', 'db', 'version'),
            directory=path,
        )
        self.assertNotEqual(0, process.finish())
        self.assertIn('missing', process.output())

    def test_signals(self):
        process = self.run_it('valence-simulator', ready='listening on')
        process.freeze()
        process.wait_stopped()
        process.thaw()
        process.kill()
        self.assertEqual(-9, process.finish())
        process.start()
        self.assertEqual('S', process.state)
        self.assertEqual(0, process.end())

    def test_two_at_a_time(self):
        first = self.run_it('valence-simulator', ready='listening on')
        second = self.run_it('valence-simulator', ready='listening on')
        first.kill()
        self.assertEqual('S', second.state)
        self.assertNotEqual(first.pid, second.pid)


class TestWhich(base.BaseTestCase):
    def test_what_its_start_depends_on(self):
        self.assertTrue(forks.can_run('valence', {'VALENCE_CRASH_AT': 'a'}))
        for name in ('PYTHONPATH', 'LD_PRELOAD', 'HOME', 'XDG_STATE_HOME'):
            self.assertFalse(forks.can_run('valence', {name: 'a'}), name)
        self.assertFalse(forks.can_run('python', {}))
