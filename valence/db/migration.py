# SPDX-License-Identifier: Apache-2.0
"""Upgrades of the database schema."""

import pathlib

from alembic import command
from alembic import config as alembic_config
from alembic import script
from alembic.runtime import migration

from valence.db.sqlalchemy import engine as db_engine

_HERE = pathlib.Path(__file__).parent / 'sqlalchemy' / 'migrations'


def alembic() -> alembic_config.Config:
    """Alembic's configuration, without an ini file."""
    config = alembic_config.Config()
    config.set_main_option('script_location', str(_HERE))
    return config


def sync(revision: str = 'head') -> None:
    """Upgrade the database, one process at a time being enough."""
    with (
        db_engine.unlimited() as engine,
        db_engine.begin(engine) as connection,
    ):
        config = alembic()
        config.attributes['connection'] = connection
        command.upgrade(config, revision)


def current() -> str | None:
    """The revision that the database is at; None: an empty database."""
    with db_engine.connect() as connection:
        context = migration.MigrationContext.configure(connection)
        return context.get_current_revision()


def head() -> str | None:
    """The revision that this release requires."""
    return script.ScriptDirectory.from_config(alembic()).get_current_head()
