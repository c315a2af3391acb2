# SPDX-License-Identifier: Apache-2.0
"""The one engine of a process, made from [database] on first use."""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import options as db_options
from oslo_db.sqlalchemy import enginefacade

_LOCK_WAIT_SECONDS = 60


@functools.cache
def get_engine() -> sa.Engine:
    """The engine.

    Making it does not connect: a database that is away fails the first
    transaction, not the start of a process.
    """
    db_options.list_opts()
    cfg.CONF.register_opts(db_options.database_opts, 'database')
    url = sa.make_url(cfg.CONF.database.connection)
    if url.get_backend_name() == 'mysql' and 'charset' not in url.query:
        # oslo.db would choose the three-byte utf8.
        url = url.update_query_dict({'charset': 'utf8mb4'})
    context = enginefacade.transaction_context()
    context.configure(
        connection=url.render_as_string(hide_password=False),
        sqlite_fk=True,
        max_retries=0,
        # Threads are the system's; there is nothing to yield to.
        thread_checkin=False,
    )
    engine = context.writer.get_engine()
    if engine.dialect.name == 'sqlite':
        _set_up_sqlite(engine)
        return engine
    # Rows are changed by compare-and-swap: snapshots and gap locks would only
    # cost deadlocks.
    return engine.execution_options(isolation_level='READ COMMITTED')


def _set_up_sqlite(engine: sa.Engine) -> None:
    # The file remembers its mode, and asking for it means reading the file.
    @sa.event.listens_for(engine, 'first_connect')
    def _first_connect(dbapi_connection: Any, record: Any) -> None:
        dbapi_connection.execute('PRAGMA journal_mode = WAL')

    @sa.event.listens_for(engine, 'connect')
    def _connect(dbapi_connection: Any, record: Any) -> None:
        dbapi_connection.execute('PRAGMA synchronous = NORMAL')
        dbapi_connection.execute(
            f'PRAGMA busy_timeout = {_LOCK_WAIT_SECONDS * 1000}'
        )


@contextlib.contextmanager
def begin() -> Iterator[sa.Connection]:
    """A connection in a transaction that may write."""
    with get_engine().connect() as connection:
        if connection.dialect.name == 'sqlite':
            # oslo.db would begin a deferred transaction, and one that turns
            # from reading to writing fails at once instead of waiting.
            connection.info['in_transaction'] = True
            connection.exec_driver_sql('BEGIN IMMEDIATE')
        yield connection
        connection.commit()
