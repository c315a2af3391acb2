# SPDX-License-Identifier: Apache-2.0
"""The one engine of a process, made from [database] on first use."""

import contextlib
import functools
import math
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import options as db_options
from oslo_db.sqlalchemy import enginefacade
from oslo_db.sqlalchemy import exc_filters

from valence import conf  # noqa: F401 - registers the options

_LOCK_WAIT_SECONDS = 60


@functools.cache
def get_engine() -> sa.Engine:
    """The engine.

    Making it does not connect: a database that is away fails the first
    transaction, not the start of a process.
    """
    cfg.CONF.register_opts(db_options.database_opts, 'database')
    url = sa.make_url(cfg.CONF.database.connection)
    if url.get_backend_name() == 'sqlite':
        return _sqlite(url)
    if url.get_backend_name() == 'mysql' and 'charset' not in url.query:
        # oslo.db would choose the three-byte utf8.
        url = url.update_query_dict({'charset': 'utf8mb4'})
    context = enginefacade.transaction_context()
    context.configure(
        connection=url.render_as_string(hide_password=False),
        max_retries=0,
        # Threads are the system's; there is nothing to yield to.
        thread_checkin=False,
    )
    # Rows are changed by compare-and-swap: snapshots and gap locks would only
    # cost deadlocks.
    engine: sa.Engine = context.writer.get_engine().execution_options(
        isolation_level='READ COMMITTED'
    )
    _wake_or_let_go(engine)
    return engine


def _wake_or_let_go(engine: sa.Engine) -> None:
    """Have the server end transactions in which nothing happens any more.

    A process that was stopped in the middle of one holds its locks, which
    nobody should wait for longer than it takes to see that it is gone. MySQL
    has no such setting.
    """
    seconds = math.ceil(cfg.CONF.conductor.heartbeat_timeout)

    @sa.event.listens_for(engine, 'connect')
    def _connect(dbapi_connection: Any, record: Any) -> None:
        if engine.dialect.name == 'postgresql':
            setting = f'idle_in_transaction_session_timeout = {seconds * 1000}'
        elif getattr(engine.dialect, 'is_mariadb', False):
            setting = f'idle_transaction_timeout = {seconds}'
        else:
            return
        with dbapi_connection.cursor() as cursor:
            cursor.execute(f'SET SESSION {setting}')
        dbapi_connection.commit()


def _sqlite(url: sa.URL) -> sa.Engine:
    """An engine for SQLite that keeps its connections.

    oslo.db opens one for every transaction, which costs more than the
    transaction, and begins all of them alike: one that turns from reading to
    writing then fails at once instead of waiting for its turn.
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
    def _connect(dbapi_connection: Any, record: Any) -> None:
        # Transactions begin when we say so, not when the driver thinks so.
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
    """A connection in a transaction that may write."""
    with get_engine().execution_options(writes=True).begin() as connection:
        yield connection
