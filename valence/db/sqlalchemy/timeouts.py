# SPDX-License-Identifier: Apache-2.0
"""Timeouts of database connections.

A server whose host crashed, or whose address moved, neither responds nor
closes its connections. By default, the client libraries wait forever.
"""

import select
import socket
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa
from oslo_config import cfg

from valence.common.types import JsonObject

# The client libraries that have timeouts as parameters of the URL.
_MYSQL = ('pymysql', 'mysqldb')
_LIBPQ = ('psycopg2', 'psycopg')
_PROBES = 3


class Limits(NamedTuple):
    """Timeouts in seconds.

    :param connect: of a new connection.
    :param read: of a statement; None: no timeout.
    :param keepalive: the time after which TCP probes an idle connection.
    """

    connect: int
    read: int | None
    keepalive: int

    @property
    def lock(self) -> int | None:
        """Timeout of a lock: shorter than that of the statement."""
        return self.read and max(1, self.read // 2)

    @property
    def interval(self) -> int:
        """Time between two probes of TCP."""
        return max(1, self.keepalive // _PROBES)


def configured(read: float | None = None) -> Limits:
    """The timeouts of [database].

    :param read: a shorter timeout of statements.
    """
    options = cfg.CONF.database
    longest = options.read_timeout
    return Limits(
        options.connect_timeout,
        longest if read is None else max(1, min(longest, int(read))),
        options.keepalive,
    )


def add(url: sa.URL, limits: Limits) -> sa.URL:
    """The URL with these timeouts, except those that it already has."""
    settings: dict[str, int | None] = {}
    driver = url.get_driver_name()
    if driver in _MYSQL:
        settings = {
            'connect_timeout': limits.connect,
            'read_timeout': limits.read,
            'write_timeout': limits.read,
        }
    elif driver in _LIBPQ:
        settings = {
            'connect_timeout': limits.connect,
            'keepalives_idle': limits.keepalive,
            'keepalives_interval': limits.interval,
            'keepalives_count': _PROBES,
            'tcp_user_timeout': limits.read and limits.read * 1000,
        }
    return url.update_query_dict(
        {
            name: str(value)
            for name, value in settings.items()
            if value is not None and name not in url.query
        }
    )


def watch(engine: sa.Engine, limits: Limits) -> None:
    """Apply the timeouts that cannot be parameters of the URL."""
    if engine.dialect.driver == 'pymysql':
        _keep_alive(engine, limits)
    elif engine.dialect.driver == 'psycopg2':
        _limit_psycopg2(engine, limits)


def _keep_alive(engine: sa.Engine, limits: Limits) -> None:
    """Set the keepalive of PyMySQL, which uses the two hours of the system."""

    @sa.event.listens_for(engine, 'connect')
    def _connect(dbapi_connection: Any, record: object) -> None:
        sock = dbapi_connection._sock
        if sock.family == socket.AF_UNIX:
            return
        for option, value in (
            (socket.TCP_KEEPIDLE, limits.keepalive),
            (socket.TCP_KEEPINTVL, limits.interval),
            (socket.TCP_KEEPCNT, _PROBES),
        ):
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _limit_psycopg2(engine: sa.Engine, limits: Limits) -> None:
    """Set a timeout of statements with the wait callback of psycopg2."""
    # Imported only if used: it needs a C library.
    import psycopg2
    from psycopg2 import extensions

    class Connection(extensions.connection):  # type: ignore[misc]
        """A connection with a timeout; at first, that of connecting."""

        timeout: float | None = limits.connect

    def wait(connection: Any) -> None:
        timeout = getattr(connection, 'timeout', None)
        while (state := connection.poll()) != extensions.POLL_OK:
            poll = select.poll()
            poll.register(
                connection.fileno(),
                select.POLLIN
                if state == extensions.POLL_READ
                else select.POLLOUT,
            )
            if not poll.poll(timeout and timeout * 1000):
                raise psycopg2.OperationalError(
                    f'no response from the server within {timeout} s'
                )

    @sa.event.listens_for(engine, 'do_connect')
    def _do_connect(
        dialect: object, record: object, arguments: object, options: JsonObject
    ) -> None:
        options['connection_factory'] = Connection

    @sa.event.listens_for(engine, 'connect')
    def _connect(dbapi_connection: Any, record: object) -> None:
        dbapi_connection.timeout = limits.read

    extensions.set_wait_callback(wait)
