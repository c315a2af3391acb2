# SPDX-License-Identifier: Apache-2.0
"""The database engine of a process, created from [database] on first use."""

import contextlib
import functools
import math
import sqlite3
from collections.abc import Iterator

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import options as db_options
from oslo_db.sqlalchemy import enginefacade
from oslo_db.sqlalchemy import exc_filters
from sqlalchemy.engine.interfaces import DBAPIConnection

from valence import conf  # noqa: F401 - registers the options

_LOCK_WAIT_SECONDS = 60


@functools.cache
def get_engine() -> sa.Engine:
    """The engine.

    Creating it does not connect: without the database the first transaction
    fails, not the start of the process.
    """
    cfg.CONF.register_opts(db_options.database_opts, 'database')
    url = sa.make_url(cfg.CONF.database.connection)
    if url.get_backend_name() == 'sqlite':
        return _sqlite(url)
    if url.get_backend_name() == 'mysql' and 'charset' not in url.query:
        # oslo.db would select the three-byte utf8.
        url = url.update_query_dict({'charset': 'utf8mb4'})
    context = enginefacade.transaction_context()
    context.configure(
        connection=url.render_as_string(hide_password=False),
        max_retries=0,
        # Only eventlet needs to yield.
        thread_checkin=False,
    )
    # Rows are changed by compare and swap: snapshots and gap locks would only
    # cause deadlocks.
    engine: sa.Engine = context.writer.get_engine().execution_options(
        isolation_level='READ COMMITTED'
    )
    _end_idle_transactions(engine)
    return engine


def _end_idle_transactions(engine: sa.Engine) -> None:
    """Let the server end idle transactions.

    A process that is stopped within a transaction holds its locks. Others wait
    for them no longer than it takes to reap a conductor. MySQL has no such
    setting.
    """
    seconds = math.ceil(cfg.CONF.conductor.heartbeat_timeout)

    @sa.event.listens_for(engine, 'connect')
    def _connect(dbapi_connection: DBAPIConnection, record: object) -> None:
        if engine.dialect.name == 'postgresql':
            setting = f'idle_in_transaction_session_timeout = {seconds * 1000}'
        elif getattr(engine.dialect, 'is_mariadb', False):
            setting = f'idle_transaction_timeout = {seconds}'
        else:
            return
        with contextlib.closing(dbapi_connection.cursor()) as cursor:
            cursor.execute(f'SET SESSION {setting}')
        dbapi_connection.commit()


def _sqlite(url: sa.URL) -> sa.Engine:
    """An engine for SQLite that pools its connections.

    oslo.db opens a connection for each transaction, which takes longer than
    the transaction. It also begins all transactions as readers: one that
    becomes a writer fails at once if another writer is active.
    """
    engine = sa.create_engine(
        url,
        poolclass=sa.pool.QueuePool,
        max_overflow=-1,
        connect_args={
            'check_same_thread': False,
            'timeout': _LOCK_WAIT_SECONDS,
        },
    )
    exc_filters.register_engine(engine)

    @sa.event.listens_for(engine, 'connect')
    def _connect(dbapi_connection: sqlite3.Connection, record: object) -> None:
        # Disables the implicit transactions of the driver.
        dbapi_connection.isolation_level = None
        dbapi_connection.execute('PRAGMA journal_mode = WAL')
        dbapi_connection.execute('PRAGMA synchronous = NORMAL')
        dbapi_connection.execute('PRAGMA foreign_keys = ON')

    @sa.event.listens_for(engine, 'begin')
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get('writes')
        connection.exec_driver_sql('BEGIN IMMEDIATE' if writes else 'BEGIN')

    return engine


@contextlib.contextmanager
def begin() -> Iterator[sa.Connection]:
    """A connection within a transaction that may write."""
    with get_engine().execution_options(writes=True).begin() as connection:
        yield connection
