# SPDX-License-Identifier: Apache-2.0
"""Time limits on connections, so that a silent server is given up.

A server whose host died, or whose address moved, neither answers nor closes
its connections. The drivers wait for it for ever unless told.
"""

import select
import socket
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa
from oslo_config import cfg

# The drivers that take time limits in the URL, and by which names.
_MYSQL = ('pymysql', 'mysqldb')
_LIBPQ = ('psycopg2', 'psycopg')
_PROBES = 3


class Limits(NamedTuple):
    """How long to wait, in seconds.

    :param connect: for a new connection.
    :param read: for the answer to a statement; None: for ever.
    :param keepalive: until TCP asks whether an idle peer is there.
    """

    connect: int
    read: int | None
    keepalive: int

    @property
    def lock(self) -> int | None:
        """How long to wait for a lock: the server has to answer in time."""
        return self.read and max(1, self.read // 2)

    @property
    def interval(self) -> int:
        """How long to wait between two questions of TCP."""
        return max(1, self.keepalive // _PROBES)


def configured(read: float | None = None) -> Limits:
    """The limits of [database].

    :param read: a shorter limit for the answers to statements.
    """
    options = cfg.CONF.database
    longest = options.read_timeout
    return Limits(
        options.connect_timeout,
        longest if read is None else max(1, min(longest, int(read))),
        options.keepalive,
    )


def add(url: sa.URL, limits: Limits) -> sa.URL:
    """The URL with these limits; those that it has remain."""
    wanted: dict[str, int | None] = {}
    driver = url.get_driver_name()
    if driver in _MYSQL:
        wanted = {
            'connect_timeout': limits.connect,
            'read_timeout': limits.read,
            'write_timeout': limits.read,
        }
    elif driver in _LIBPQ:
        wanted = {
            'connect_timeout': limits.connect,
            'keepalives_idle': limits.keepalive,
            'keepalives_interval': limits.interval,
            'keepalives_count': _PROBES,
            'tcp_user_timeout': limits.read and limits.read * 1000,
        }
    return url.update_query_dict(
        {
            name: str(value)
            for name, value in wanted.items()
            if value is not None and name not in url.query
        }
    )


def watch(engine: sa.Engine, limits: Limits) -> None:
    """Have the connections of an engine keep what the URL cannot tell."""
    if engine.dialect.driver == 'pymysql':
        _keep_alive(engine, limits)
    elif engine.dialect.driver == 'psycopg2':
        _limit_psycopg2(engine, limits)


def _keep_alive(engine: sa.Engine, limits: Limits) -> None:
    """PyMySQL switches keepalive on, with the two hours of the system."""

    @sa.event.listens_for(engine, 'connect')
    def _connect(dbapi_connection: Any, record: Any) -> None:
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
    """psycopg2 has no limit for answers, but lets others do the waiting."""
    # Only where it is used, as it loads the C library.
    import psycopg2
    from psycopg2 import extensions

    class Connection(extensions.connection):  # type: ignore[misc]
        """A connection that knows how long to wait; at first, to connect."""

        patience: float | None = limits.connect

    def wait(connection: Any) -> None:
        patience = getattr(connection, 'patience', None)
        while (state := connection.poll()) != extensions.POLL_OK:
            poll = select.poll()
            poll.register(
                connection.fileno(),
                select.POLLIN
                if state == extensions.POLL_READ
                else select.POLLOUT,
            )
            if not poll.poll(patience and patience * 1000):
                raise psycopg2.OperationalError(
                    f'no answer from the server within {patience} s'
                )

    @sa.event.listens_for(engine, 'do_connect')
    def _do_connect(
        dialect: Any, record: Any, arguments: Any, options: dict[str, Any]
    ) -> None:
        options['connection_factory'] = Connection

    @sa.event.listens_for(engine, 'connect')
    def _connect(dbapi_connection: Any, record: Any) -> None:
        dbapi_connection.patience = limits.read

    extensions.set_wait_callback(wait)
