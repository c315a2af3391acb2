# SPDX-License-Identifier: Apache-2.0
"""What a failure of the database means for the one who asked.

Databases and their drivers report failures in many ways. Three matter, and
every connection of Valence reports them by one exception each:

``DatabaseUnavailable``
    It can neither be read nor written as it has to be: unreachable, too many
    connections, read-only, no tables, full. It may work later.
``ConnectionLost``
    The same, and nothing was committed: the transaction can be repeated.
``ValueRejected``
    It does not accept a value, however often it is asked.

Everything else passes: ``DBDuplicateEntry``, ``DBReferenceError``, and what
only a mistake in Valence can cause.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exception

from valence.common import exception

#: What a statement fails with when Valence and the database do not agree.
FAILURES = (
    db_exception.DBError,
    sa.exc.SQLAlchemyError,
    exception.DatabaseUnavailable,
    exception.ValueRejected,
)

# Error codes are numbers of MySQL and MariaDB and SQLSTATEs of PostgreSQL.
# A server that refuses writes, as a former primary does.
_READ_ONLY = frozenset((1290, 1792, 1836, '25006'))
# No such table, column or schema, or no access to it.
_NO_TABLE = frozenset((1146, '42P01', '42703', '3F000', '42501'))
# A value is no JSON (MariaDB, MySQL), is no text of the character set, makes
# a row too long or is too long for an index.
_VALUES = frozenset((4025, 3140, 1366, 1118, '54000'))
# PostgreSQL waited for a lock for as long as it may.
_LOCK_TIMEOUT = '55P03'
# SQLite has one code for mistakes and missing tables.
_SQLITE_ERROR = 1
_SQLITE_NO_TABLE = re.compile('no such (table|column)')

_UNAVAILABLE = (
    db_exception.DBConnectionError,
    db_exception.DBDeadlock,
    db_exception.DBNonExistentTable,
    db_exception.DBNonExistentDatabase,
    sa.exc.TimeoutError,
    sa.exc.OperationalError,
    sa.exc.InternalError,
    sa.exc.InterfaceError,
    sa.exc.DisconnectionError,
    sa.exc.PendingRollbackError,
)


def reason(exc: Exception) -> str:
    """What the log says of one of ``FAILURES``."""
    if isinstance(exc, exception.DatabaseUnavailable):
        return exc.reason
    return str(exc)


@contextlib.contextmanager
def translated(
    *, deadlocks: bool = False, repeatable: bool = False
) -> Iterator[None]:
    """Report failures of the database by the exceptions of this module.

    :param deadlocks: whether ``DBDeadlock`` is told apart: another transaction
        was in the way, and nothing was committed.
    :param repeatable: whether ``ConnectionLost`` is told apart: nothing can
        have been committed.
    """
    try:
        yield
    except (
        db_exception.DBError,
        db_exception.DBInvalidUnicodeParameter,
        sa.exc.SQLAlchemyError,
    ) as exc:
        if deadlocks and isinstance(exc, db_exception.DBDeadlock):
            raise
        inner = getattr(exc, 'inner_exception', None) or exc
        cause = getattr(inner, 'orig', None) or inner
        if deadlocks and _code(cause) == _LOCK_TIMEOUT:
            raise db_exception.DBDeadlock(exc) from exc
        meaning = _meaning(exc, inner, cause, repeatable)
        if meaning is None:
            raise
        raise meaning from exc


def _meaning(
    exc: Exception, inner: Exception, cause: BaseException, repeatable: bool
) -> exception.ValenceException | None:
    if _is_rejection(exc, inner, cause):
        return exception.ValueRejected()
    if not _is_unavailability(exc, inner, cause):
        return None
    if repeatable and (
        isinstance(exc, db_exception.DBConnectionError)
        or _code(cause) in _READ_ONLY
    ):
        return exception.ConnectionLost(reason=str(cause))
    return exception.DatabaseUnavailable(reason=str(cause))


def _code(cause: BaseException) -> Any:
    """The error code that the database gave: a number, or an SQLSTATE."""
    if cause.args and isinstance(cause.args[0], int):
        return cause.args[0]
    if _is_sqlite(cause):
        # The upper bits tell details.
        return cause.sqlite_errorcode & 0xFF  # type: ignore[attr-defined]
    return getattr(cause, 'pgcode', None) or getattr(cause, 'sqlstate', None)


def _is_rejection(
    exc: Exception, inner: Exception, cause: BaseException
) -> bool:
    return (
        isinstance(
            exc,
            db_exception.DBInvalidUnicodeParameter | db_exception.DBDataError,
        )
        or isinstance(inner, sa.exc.DataError)
        # A value that cannot even be sent.
        or isinstance(cause, ValueError | OverflowError | TypeError)
        or _code(cause) in _VALUES
    )


def _is_sqlite(cause: BaseException) -> bool:
    return hasattr(cause, 'sqlite_errorcode')


def _is_unavailability(
    exc: Exception, inner: Exception, cause: BaseException
) -> bool:
    if _is_sqlite(cause) and _code(cause) == _SQLITE_ERROR:
        return _SQLITE_NO_TABLE.match(str(cause)) is not None
    return (
        isinstance(exc, _UNAVAILABLE)
        or isinstance(inner, _UNAVAILABLE)
        or _code(cause) in _NO_TABLE
    )
