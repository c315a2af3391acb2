# SPDX-License-Identifier: Apache-2.0
"""Upgrades of the database schema."""

import hashlib
import pathlib

import sqlalchemy as sa
from alembic import command
from alembic import config as alembic_config
from alembic import script
from alembic.runtime import migration
from oslo_log import log

from valence.db import macs
from valence.db import recount
from valence.db.sqlalchemy import engine as db_engine
from valence.db.sqlalchemy import types
from valence.db.sqlalchemy.migrations import resume

LOG = log.getLogger(__name__)

_HERE = pathlib.Path(__file__).parent / 'sqlalchemy' / 'migrations'
# The lock of an upgrade, and the seconds that MySQL waits for it per attempt.
_LOCK = 'valence db sync'
_LOCK_SECONDS = 10
# How many deadlocks with processes that use the tables an upgrade endures:
# some minutes of them.
_DEADLOCKS = 300


def alembic() -> alembic_config.Config:
    """Alembic's configuration, without an ini file."""
    config = alembic_config.Config()
    config.set_main_option('script_location', str(_HERE))
    return config


def sync(revision: str = 'head') -> None:
    """Upgrade the database.

    Concurrent upgrades wait for each other. An upgrade that was interrupted at
    any point can be repeated. The hardware of a pod manager that has no
    counters is counted, in a transaction for each, and its MAC addresses are
    written where there are none.
    """

    def upgrade(connection: sa.Connection) -> None:
        _lock(connection)
        config = alembic()
        config.attributes['connection'] = connection
        command.upgrade(config, revision)
        resume.finish(connection)

    # Other processes use the tables meanwhile, so there may be deadlocks.
    with db_engine.unlimited() as engine:
        db_engine.run(upgrade, engine, _DEADLOCKS)
    if current() == head():
        recount.fill()
        macs.fill()


def _lock(connection: sa.Connection) -> None:
    """Wait until no other process upgrades the database.

    The lock ends with the connection or with the transaction. SQLite needs
    none: a transaction that writes excludes all others.
    """
    if connection.dialect.name == 'postgresql':
        # The lock is specific to this database.
        key = int.from_bytes(hashlib.sha256(_LOCK.encode()).digest()[:7])
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
    elif connection.dialect.name in types.MYSQL:
        # The lock is specific to the server, and its name limited to 64
        # characters.
        name = f'{_LOCK} {connection.engine.url.database}'
        digest = hashlib.sha256(name.encode()).hexdigest()
        lock = sa.select(sa.func.get_lock(digest[:64], _LOCK_SECONDS))
        while not connection.execute(lock).scalar():
            LOG.info('Waiting for another upgrade of the database')


def current() -> str | None:
    """The revision of the database; None if it is empty."""
    with db_engine.connect() as connection:
        context = migration.MigrationContext.configure(connection)
        return context.get_current_revision()


def is_known(revision: str) -> bool:
    """Whether this release has a revision; it has not if that is newer."""
    scripts = script.ScriptDirectory.from_config(alembic())
    return any(one.revision == revision for one in scripts.walk_revisions())


def head() -> str | None:
    """The revision that this release requires."""
    return script.ScriptDirectory.from_config(alembic()).get_current_head()
