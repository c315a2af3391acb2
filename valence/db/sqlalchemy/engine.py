# SPDX-License-Identifier: Apache-2.0
"""The database engines of a process, created from [database] on first use.

All statements use ``connect`` and ``begin``, which translate exceptions as
``valence.db.failures`` describes.
"""

import contextlib
import contextvars
import functools
import math
import random
import sqlite3
import time
from collections.abc import Callable
from collections.abc import Iterator
from typing import TypeVar

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_db import options as db_options
from oslo_db.sqlalchemy import enginefacade
from oslo_db.sqlalchemy import exc_filters
from sqlalchemy.engine.interfaces import DBAPIConnection

from valence import conf  # noqa: F401 - registers the options
from valence.common import exception
from valence.db import failures
from valence.db.sqlalchemy import timeouts
from valence.db.sqlalchemy import types

T = TypeVar('T')

_LOCK_WAIT_SECONDS = 60
# The size of the largest array that ``valence.db.scan`` reads at once.
_ARRAY_BYTES = 2**30
# Names of the three-byte character set in MySQL.
_THREE_BYTES = (None, 'utf8', 'utf8mb3')
# Maximum number of retries of a transaction, after deadlocks and after lost
# connections, and the delay between them in seconds.
_DEADLOCKS, _LOSSES = 20, 2
_PAUSE, _MAX_PAUSE = 0.05, 1.0

_reserved = contextvars.ContextVar('reserved', default=False)


@functools.cache
def get_engine() -> sa.Engine:
    """The engine.

    Creating it does not connect: without the database the first transaction
    fails, not the start of the process.
    """
    return _create(timeouts.configured)


@functools.cache
def _reserved_engine() -> sa.Engine:
    return _create(
        lambda: timeouts.configured(cfg.CONF.conductor.heartbeat_interval),
        max_pool_size=1,
        max_overflow=0,
    )


def connections() -> tuple[int, int]:
    """How many connections of the pool are in use, and how many are idle."""
    pool = get_engine().pool
    if not isinstance(pool, sa.pool.QueuePool):
        return 0, 0
    return pool.checkedout(), pool.checkedin()


def dispose() -> None:
    """Close all connections; the next use reads the configuration again."""
    for engine in (get_engine, _reserved_engine):
        if engine.cache_info().currsize:
            engine().dispose()
        engine.cache_clear()


@contextlib.contextmanager
def reserved() -> Iterator[None]:
    """Let this thread use a connection that is reserved for urgent work.

    It does not wait for a connection of the pool.
    """
    token = _reserved.set(True)
    try:
        yield
    finally:
        _reserved.reset(token)


@contextlib.contextmanager
def unlimited() -> Iterator[sa.Engine]:
    """An engine without a timeout of statements."""
    engine = _create(lambda: timeouts.configured()._replace(read=None))
    try:
        yield engine
    finally:
        engine.dispose()


def _create(limits: Callable[[], timeouts.Limits], **pool: int) -> sa.Engine:
    cfg.CONF.register_opts(db_options.database_opts, 'database')
    url = sa.make_url(cfg.CONF.database.connection)
    if url.get_backend_name() == 'sqlite':
        return _sqlite(url)
    return _server(url, limits(), **pool)


def _server(url: sa.URL, limits: timeouts.Limits, **pool: int) -> sa.Engine:
    if (
        url.get_backend_name() == 'mysql'
        and url.query.get('charset') in _THREE_BYTES
    ):
        url = url.update_query_dict({'charset': 'utf8mb4'})
    url = timeouts.add(url, limits)
    context = enginefacade.transaction_context()
    context.configure(
        connection=url.render_as_string(hide_password=False),
        max_retries=0,
        # Only eventlet needs to yield.
        thread_checkin=False,
        **pool,
    )
    engine: sa.Engine = context.writer.get_engine()
    timeouts.watch(engine, limits)
    _configure_sessions(engine, limits)
    return engine


def _configure_sessions(engine: sa.Engine, limits: timeouts.Limits) -> None:
    """Set the isolation level and the timeouts of new connections.

    Rows are changed by compare and swap: snapshots and gap locks would only
    cause deadlocks. The server ends idle transactions, because a process that
    is stopped within a transaction holds its locks: others wait for them no
    longer than it takes to reap a conductor. MySQL has no such setting.
    """
    idle = math.ceil(cfg.CONF.conductor.heartbeat_timeout)

    @sa.event.listens_for(engine, 'connect')
    def _connect(dbapi_connection: DBAPIConnection, record: object) -> None:
        dialect = engine.dialect
        dialect.set_isolation_level(dbapi_connection, 'READ COMMITTED')
        settings: dict[str, int | None] = {}
        if dialect.name == 'postgresql':
            settings = {
                'idle_in_transaction_session_timeout': idle * 1000,
                'lock_timeout': limits.lock and limits.lock * 1000,
            }
        elif dialect.name == 'mysql':
            settings = {'innodb_lock_wait_timeout': limits.lock}
            if getattr(dialect, 'is_mariadb', False):
                settings['idle_transaction_timeout'] = idle
                # It cuts off JSON_ARRAYAGG, too.
                settings['group_concat_max_len'] = _ARRAY_BYTES
        with contextlib.closing(dbapi_connection.cursor()) as cursor:
            for name, value in settings.items():
                if value is not None:
                    cursor.execute(f'SET SESSION {name} = {value}')
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
        dbapi_connection.create_function(
            'fold', 1, types.fold, deterministic=True
        )

    @sa.event.listens_for(engine, 'begin')
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get('writes')
        connection.exec_driver_sql('BEGIN IMMEDIATE' if writes else 'BEGIN')

    return engine


def _current() -> sa.Engine:
    return _reserved_engine() if _reserved.get() else get_engine()


@contextlib.contextmanager
def connect() -> Iterator[sa.Connection]:
    """A connection that only reads.

    :raises DatabaseUnavailable: see ``valence.db.failures``.
    """
    with failures.translated(), _current().connect() as connection:
        yield connection


@contextlib.contextmanager
def begin(engine: sa.Engine | None = None) -> Iterator[sa.Connection]:
    """A connection in a transaction that may write.

    :param engine: another engine than that of [database].
    :param patience: after how many deadlocks it is not repeated any more.
    :raises DatabaseUnavailable: see ``valence.db.failures``.
    """
    engine = (engine or _current()).execution_options(writes=True)
    with (
        failures.translated(deadlocks=True),
        engine.begin() as connection,
        # A failure before COMMIT has changed nothing.
        failures.translated(deadlocks=True, repeatable=True),
    ):
        yield connection


def run(
    function: Callable[[sa.Connection], T],
    engine: sa.Engine | None = None,
    patience: int = _DEADLOCKS,
) -> T:
    """Run a function in a transaction that may write.

    The whole transaction is repeated after a deadlock, and if the connection
    breaks, or turns out to be read-only, before COMMIT.

    :param engine: another engine than that of [database].
    :raises DatabaseUnavailable: see ``valence.db.failures``.
    """
    deadlocks = losses = 0
    while True:
        try:
            with begin(engine) as connection:
                return function(connection)
        except db_exception.DBDeadlock as exc:
            deadlocks += 1
            if deadlocks > patience:
                raise exception.DatabaseUnavailable(reason=str(exc)) from exc
        except exception.ConnectionLost as exc:
            # Other connections are broken, too, or lead to a server that is no
            # longer the primary.
            (engine or _current()).dispose()
            losses += 1
            if losses > _LOSSES:
                raise exception.DatabaseUnavailable(**exc.values) from exc
        pause = min(_MAX_PAUSE, _PAUSE * 2 ** (deadlocks + losses))
        time.sleep(random.uniform(0, pause))  # noqa: S311
