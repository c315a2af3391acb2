# SPDX-License-Identifier: Apache-2.0
"""``make migration``: what it writes can be committed as it is."""

import os
import pathlib
import shutil
import subprocess
import sys

import fixtures

from valence.tests import base

_TOP = pathlib.Path(__file__).parents[4]
_BIN = pathlib.Path(sys.executable).parent
_MODELS = 'valence/db/sqlalchemy/models.py'
_COLUMN = '    hardware_username: Mapped[str | None] = column(Name(255))\n'
_MORE = """\
    room_that_it_stands_in: Mapped[str | None] = column(Name(255))
    door: Mapped[str | None] = column(String(16))
    floor: Mapped[int | None]
    plan: Mapped[JsonObject | None] = column(Json)
    story: Mapped[str | None] = column(Text)
"""
_NEXT = 'class Installation(Table):\n'
_TABLE = """\
class Room(Table):
    __tablename__ = 'rooms'
    __table_args__ = args(sa.UniqueConstraint('built_at'))

    built_at: Mapped[datetime]
    plan: Mapped[JsonObject] = column(Json)
    name: Mapped[str] = column(Name(255))


"""


class TestMigration(base.TestCase):
    """On a copy of the project whose models have more columns."""

    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('valence', 'tools'):
            shutil.copytree(
                _TOP / name,
                self.top / name,
                ignore=shutil.ignore_patterns('__pycache__', 'tests'),
            )
        for name in ('pyproject.toml', 'tox.ini'):
            shutil.copy(_TOP / name, self.top)
        self.versions = self.top / 'valence/db/sqlalchemy/migrations/versions'
        self.landed = set(self.versions.glob('0*'))

    def run_in_copy(self, command, *arguments):
        """Run a command; returns its status and all that it says."""
        done = subprocess.run(
            [_BIN / command, *arguments],
            cwd=self.top,
            env={**os.environ, 'PYTHONPATH': str(self.top)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    def make(self, message):
        return self.run_in_copy('python', 'tools/migration.py', message)

    def change_models(self):
        models = self.top / _MODELS
        text = models.read_text()
        for place, more in (
            (_COLUMN, _COLUMN + _MORE),
            (_NEXT, _TABLE + _NEXT),
        ):
            self.assertEqual(1, text.count(place))
            text = text.replace(place, more)
        models.write_text(text)

    def made(self):
        """The text of the one file that was written."""
        (path,) = set(self.versions.glob('0*')) - self.landed
        return path.read_text()

    def assertPasses(self):
        for command, *arguments in (
            ('ruff', 'check', 'valence'),
            ('ruff', 'format', '--check', 'valence'),
            ('flake8', str(self.versions)),
            ('codespell', str(self.versions)),
        ):
            status, output = self.run_in_copy(command, *arguments)
            self.assertEqual(0, status, output)

    def test_it_passes_the_checks(self):
        self.change_models()
        status, output = self.make("Pod managers have the owner's rooms")
        self.assertEqual(0, status, output)
        text = self.made()
        self.assertIn(
            '"""Pod managers have the owner\'s rooms."""', text.splitlines()
        )
        for column in ('room_that_it_stands_in', 'floor', 'plan', 'built_at'):
            self.assertIn(f"'{column}'", text)
        self.assertPasses()

    def test_nothing_to_write_passes_too(self):
        status, output = self.make('Rows are moved.')
        self.assertEqual(0, status, output)
        self.assertIn('"""Rows are moved."""', self.made().splitlines())
        self.assertPasses()

    def test_it_leads_to_the_models(self):
        """After it there is nothing left to write."""
        self.change_models()
        self.make('Pod managers have rooms.')
        first = self.made()
        self.landed = set(self.versions.glob('0*'))
        self.make('Nothing is left.')
        self.assertIn('add_column', first)
        self.assertNotIn('op.', self.made())

    def test_a_message_that_cannot_stand_in_the_file(self):
        for message in ('', 'a "new" room', 'x' * 73):
            status, output = self.make(message)
            self.assertEqual(2, status, message)
            self.assertIn('MESSAGE', output)
        self.assertEqual(set(self.versions.glob('0*')), self.landed)
