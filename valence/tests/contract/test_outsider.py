# SPDX-License-Identifier: Apache-2.0
"""A driver of another package is found, and tested with one command."""

import os
import pathlib
import subprocess
import sys

import fixtures

from valence.tests import base

_MODULE = '''
from oslo_config import cfg

from valence.podmanagers import fake

cfg.CONF.register_opts([cfg.IntOpt('pods', default=1)], group='outsider')


class Outsider(fake.Fake):
    """Driver of another package, with an option of its own."""

    name = 'outsider'

    def probe(self, deadline):
        assert cfg.CONF.outsider.pods == 1
        return super().probe(deadline)
'''
_BROKEN = """
import no_such_library
"""
_ENTRY_POINTS = """
[valence.pod_managers]
outsider = outsider_driver:Outsider
broken = broken_driver:Broken
"""


class OutsiderTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (self.place / 'outsider_driver.py').write_text(_MODULE)
        (self.place / 'broken_driver.py').write_text(_BROKEN)
        info = self.place / 'outsider-1.0.dist-info'
        info.mkdir()
        (info / 'METADATA').write_text('Name: outsider\nVersion: 1.0\n')
        (info / 'entry_points.txt').write_text(_ENTRY_POINTS)

    def python(self, *arguments):
        """Run Python with that package installed."""
        return subprocess.run(
            [sys.executable, *arguments],
            env={
                **os.environ,
                'PYTHONPATH': str(self.place),
                'XDG_CACHE_HOME': str(self.place),
            },
            capture_output=True,
            text=True,
            timeout=120,
        )

    def test_one_command_tries_it(self):
        done = self.python(
            *('-m', 'valence.tests.contract', 'outsider', 'fake://outsider'),
            *('-k', 'probe', '-k', 'life_of_a_node', '-k', 'test_reset'),
        )
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn('Ran 3 tests', done.stderr)
        self.assertNotIn('skipped', done.stderr)

    def test_it_is_shown_and_one_that_is_broken_spoils_nothing(self):
        done = self.python(
            '-c',
            'from valence import conf\n'
            'from valence.podmanagers import loader\n'
            'print(*loader.names())\n'
            'print(loader.drivers()["outsider"].description())',
        )
        self.assertEqual(0, done.returncode, done.stderr)
        names, description = done.stdout.splitlines()
        self.assertIn('outsider', names.split())
        self.assertIn('rsd', names.split())
        self.assertNotIn('broken', names.split())
        self.assertIn('an option of its own', description)
