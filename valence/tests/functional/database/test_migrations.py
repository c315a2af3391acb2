# SPDX-License-Identifier: Apache-2.0
"""Migrations end at the tables that the models describe."""

import sqlalchemy as sa
from oslo_db.sqlalchemy import test_migrations

from valence.db import migration
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures


def _without_foreign_keys(connection, *_):
    connection.execute('PRAGMA foreign_keys = OFF')


class TestMigrations(
    test_migrations.ModelsMigrationsSync, base.DatabaseTestCase
):
    fixture = fixtures.EmptyDatabase

    def db_sync(self, engine):
        migration.sync()

    def get_engine(self):
        found = engine.get_engine()
        if self.backend == 'sqlite':
            # At the end oslo.db drops the tables in the order of their names.
            sa.event.listen(found, 'checkout', _without_foreign_keys)
        return found

    def get_metadata(self):
        return models.Base.metadata

    def include_object(self, object_, name, type_, reflected, compare_to):
        return not (type_ == 'table' and name == 'alembic_version')

    def test_head_is_reached_once(self):
        self.assertIsNone(migration.current())
        migration.sync()
        self.assertEqual(migration.head(), migration.current())
        migration.sync()
        self.assertEqual(migration.head(), migration.current())


class TestMigrationsMySQL(TestMigrations):
    backend = 'mysql'


class TestMigrationsPostgreSQL(TestMigrations):
    backend = 'postgresql'
