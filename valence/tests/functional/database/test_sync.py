# SPDX-License-Identifier: Apache-2.0
"""``valence-manage db sync``: cut anywhere, repeated, run by many at once."""

import pathlib
import shutil
import sys
import zlib

import fixtures as base_fixtures
import sqlalchemy as sa
from alembic import command
from oslo_db import exception as db_exception

from valence.common import exception
from valence.db import migration
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import processes

# It kills itself after it has created this many tables.
_KILLED = """
import os
import signal
import sys

import sqlalchemy as sa

import valence.cmd
from valence.cmd import manage

left = [int(sys.argv.pop(1))]


@sa.event.listens_for(sa.Engine, 'after_cursor_execute')
def _count(connection, cursor, statement, *args):
    left[0] -= 'CREATE TABLE' in statement
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)


manage.main()
"""
# As many as one may start by mistake.
_MANY = 10 if base.FULL else 4
# What later migrations may do.
_LATER = {
    '0101': """
        op.create_table(
            'things',
            sa.Column('name', types.Name(36), primary_key=True),
            sa.Column('size', sa.Integer, index=True),
            mysql_engine='InnoDB',
        )
        op.execute("INSERT INTO things (name, size) VALUES ('a', 1)")
        op.add_column('things', sa.Column('colour', sa.String(16)))
        op.execute("UPDATE things SET size = size + 1")
        op.create_index('ix_things_colour', 'things', ['colour'])
    """,
    '0102': """
        op.execute("UPDATE things SET size = size * 10")
        op.alter_column(
            'things', 'colour', new_column_name='paint',
            existing_type=sa.String(16),
        )
        op.create_table(
            'more_things',
            sa.Column('name', types.Name(36), primary_key=True),
            sa.Column('size', sa.Integer),
            mysql_engine='InnoDB',
        )
        op.execute("INSERT INTO more_things SELECT name, size FROM things")
        op.drop_index('ix_things_colour', 'things')
        op.drop_table('things')
        op.rename_table('more_things', 'things')
        op.create_unique_constraint('uniq_things0size', 'things', ['size'])
        op.execute("UPDATE things SET size = size + 1")
    """,
}
_MIGRATION = """
import sqlalchemy as sa
from alembic import op

from valence.db.sqlalchemy import types

revision = {revision!r}
down_revision = {before!r}


def upgrade():
{body}
"""


class SyncTestCase(base.DatabaseTestCase):
    fixture = fixtures.EmptyDatabase

    def tables(self):
        """The names of all tables."""
        with engine.connect() as connection:
            return set(sa.inspect(connection).get_table_names())

    def assertComplete(self):
        """All tables are there, and nothing else."""
        self.assertEqual(migration.head(), migration.current())
        self.assertEqual(
            {'alembic_version', *models.Base.metadata.tables}, self.tables()
        )

    def manage(self, *before):
        """Start ``valence-manage db sync``."""
        config = pathlib.Path(self.useFixture(base_fixtures.TempDir()).path)
        path = config / 'valence.conf'
        path.write_text(
            f'[DEFAULT]\nstate_path = {config}\n'
            f'[database]\nconnection = {self.database.connection}\n'
        )
        command, *arguments = before or ['valence-manage']
        return self.useFixture(
            processes.Process(
                command, *arguments, '--config-file', path, 'db', 'sync'
            )
        )

    def killed_after(self, tables):
        """Have one kill itself when there are so many tables."""
        script = pathlib.Path(self.useFixture(base_fixtures.TempDir()).path)
        path = script / 'killed.py'
        path.write_text(_KILLED)
        process = self.manage(pathlib.Path(sys.executable).name, path, tables)
        self.assertEqual(-9, process.finish(120), process.output())


class SQLiteTest(SyncTestCase):
    def test_deadlock_with_processes_that_work(self):
        # More than are endured by requests.
        deadlocks = [db_exception.DBDeadlock('found')] * 40
        self.patch(engine, '_MAX_PAUSE', 0)
        upgrade = command.upgrade

        def deadlock(*args):
            if deadlocks:
                raise deadlocks.pop()
            upgrade(*args)

        self.patch(command, 'upgrade', deadlock)
        migration.sync()
        self.assertEqual(migration.head(), migration.current())

    def test_many_at_once(self):
        started = [self.manage() for _ in range(_MANY)]
        for process in started:
            self.assertEqual(0, process.finish(300), process.output())
        self.assertComplete()

    def test_killed(self):
        for tables in (0, 1, 6):
            self.killed_after(tables)
        process = self.manage()
        self.assertEqual(0, process.finish(120), process.output())
        self.assertComplete()


class PostgreSQLTest(SQLiteTest):
    backend = 'postgresql'


class MariaDBTest(SQLiteTest):
    backend = 'mysql'

    def add_migrations(self):
        """Have additional migrations."""
        here = pathlib.Path(self.useFixture(base_fixtures.TempDir()).path)
        copy = here / 'migrations'
        shutil.copytree(migration._HERE, copy)
        before = migration.head()
        for revision, body in _LATER.items():
            text = _MIGRATION.format(
                revision=revision,
                before=before,
                body=body.replace('\n    ', '\n'),
            )
            (copy / 'versions' / f'{revision}_more.py').write_text(text)
            before = revision
        self.patch(migration, '_HERE', copy)

    def cut(self, counted):
        """Sync, and cut it after a statement at which it was not cut before.

        :param counted: whether to cut it when the statement was counted.
        :returns: whether it was cut.
        """
        last = ['']

        def kill(connection, cursor, statement, *args):
            if statement.startswith(('SELECT', 'DESCRIBE')):
                return
            progress = 'migration_progress' in statement
            if not progress:
                last[0] = statement
            if counted and 'INDEX ix_' in last[0]:
                # One index is like another.
                return
            if not base.FULL and not self.is_one_of_few(last[0]):
                return
            if progress == counted and last[0] not in self.cut_at:
                self.cut_at.add(last[0])
                cursor.execute('KILL CONNECTION_ID()')

        sa.event.listen(sa.Engine, 'after_cursor_execute', kill)
        try:
            migration.sync()
        except exception.DatabaseUnavailable:
            return True
        finally:
            sa.event.remove(sa.Engine, 'after_cursor_execute', kill)
        return False

    @staticmethod
    def is_one_of_few(statement):
        """Whether to cut it there in every run: at some of the tables."""
        if 'things' in statement:
            return True
        some = zlib.crc32(statement.encode()) % 5 == 0
        return some and 'CREATE TABLE' in statement

    def assertLater(self):
        """What the later migrations make is there, and made once."""
        self.assertEqual(migration.head(), migration.current())
        with engine.connect() as connection:
            rows = connection.exec_driver_sql('SELECT * FROM things').all()
            (unique,) = sa.inspect(connection).get_unique_constraints('things')
        self.assertEqual([('a', 21)], rows)
        self.assertEqual(['size'], unique['column_names'])
        self.assertNotIn('migration_progress', self.tables())
        self.assertNotIn('more_things', self.tables())

    def cut_at_each(self, counted):
        self.add_migrations()
        self.cut_at = {''}
        while self.cut(counted):
            continue
        made = [
            cut for cut in self.cut_at if cut.lstrip().startswith('CREATE')
        ]
        tables = len(models.Base.metadata.tables)
        self.assertGreater(len(made), tables if base.FULL else 5)
        self.assertLater()

    def test_cut_at_each_statement(self):
        self.cut_at_each(counted=False)

    def test_cut_when_it_was_counted(self):
        self.cut_at_each(counted=True)

    def test_not_cut(self):
        self.add_migrations()
        migration.sync()
        self.assertLater()

    def test_some_tables_without_a_count(self):
        """As interrupted upgrades of earlier releases left them."""
        migration.sync('0001')
        with engine.begin() as connection:
            for table in ('allocations', 'nodes', 'alembic_version'):
                connection.exec_driver_sql(f'DROP TABLE {table}')
        migration.sync()
        self.assertComplete()

    def test_a_table_of_another_kind(self):
        with engine.begin() as connection:
            connection.exec_driver_sql('CREATE TABLE conductors (x INTEGER)')
        error = self.assertRaises(
            exception.DatabaseUnavailable, migration.sync
        )
        self.assertIn('conductors', error.reason)
