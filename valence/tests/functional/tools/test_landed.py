# SPDX-License-Identifier: Apache-2.0
"""Landed migrations are never edited."""

import pathlib
import shutil
import subprocess
import sys

import fixtures

from valence.tests import base

_TOP = pathlib.Path(__file__).parents[4]
_VERSIONS = 'valence/db/sqlalchemy/migrations/versions'


class LandedTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        shutil.copytree(_TOP / _VERSIONS, self.top / _VERSIONS)
        tools = self.top / 'tools'
        tools.mkdir()
        for name in ('landed.py', 'migrations.sha256'):
            shutil.copy(_TOP / 'tools' / name, tools)
        self.versions = self.top / _VERSIONS
        self.sums = tools / 'migrations.sha256'

    def run_tool(self):
        return subprocess.run(
            [sys.executable, 'tools/landed.py', str(self.sums)],
            cwd=self.top,
            capture_output=True,
            text=True,
        )

    def test_all_are_listed(self):
        before = self.sums.read_text()
        self.assertEqual(0, self.run_tool().returncode)
        self.assertEqual(before, self.sums.read_text())
        self.assertIn('0001_the_first_tables.py', before)

    def test_an_edited_or_removed_one(self):
        first = self.versions / '0001_the_first_tables.py'
        before, text = self.sums.read_text(), first.read_text()
        first.write_text(text + '\n')
        done = self.run_tool()
        self.assertEqual(1, done.returncode)
        self.assertIn(first.name, done.stderr)
        first.unlink()
        self.assertIn(first.name, self.run_tool().stderr)
        self.assertEqual(before, self.sums.read_text())

    def test_a_new_one_is_added(self):
        (self.versions / '9999_more.py').write_text('revision = "9999"\n')
        self.assertEqual(0, self.run_tool().returncode)
        self.assertIn('  9999_more.py\n', self.sums.read_text())
