# SPDX-License-Identifier: Apache-2.0
"""Translation of database errors to exceptions of Valence.

Databases and their client libraries report errors in many ways. Callers need
to distinguish three:

``DatabaseUnavailable``
    The database cannot be read or written at present: it is unreachable,
    read-only or full, has too many connections or no tables.
``ConnectionLost``
    The same, and nothing was committed: the transaction can be repeated.
``ValueRejected``
    The database does not accept a value; a retry cannot succeed.

All other exceptions are not translated: ``DBDuplicateEntry``,
``DBReferenceError``, and those that only a bug in Valence can cause.
"""

import contextlib
import re
from collections.abc import Iterator

import sqlalchemy as sa
from oslo_db import exception as db_exception

from valence.common import exception

#: The exceptions of a failed statement.
FAILURES = (
    db_exception.DBError,
    sa.exc.SQLAlchemyError,
    exception.DatabaseUnavailable,
    exception.ValueRejected,
)

# Error codes: numbers of MySQL and MariaDB, SQLSTATEs of PostgreSQL.
# The server is read-only, such as a former primary.
_READ_ONLY = frozenset((1290, 1792, 1836, '25006'))
# No such table, column or schema, or no access to it.
_NO_TABLE = frozenset((1146, '42P01', '42703', '3F000', '42501'))
# A value is not JSON (MariaDB, MySQL) or not text of the character set, makes
# a row too long, or is too long for an index.
_VALUES = frozenset((4025, 3140, 1366, 1118, '54000'))
# Timeout of PostgreSQL for a lock.
_LOCK_TIMEOUT = '55P03'
# SQLite has one code for invalid statements and for missing tables.
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
    """The text of one of ``FAILURES`` for the log."""
    if isinstance(exc, exception.DatabaseUnavailable):
        return exc.reason
    return str(exc)


@contextlib.contextmanager
def translated(
    *, deadlocks: bool = False, repeatable: bool = False
) -> Iterator[None]:
    """Translate the exceptions of the database.

    :param deadlocks: whether to raise ``DBDeadlock`` for a deadlock and for
        the timeout of a lock: nothing was committed.
    :param repeatable: whether nothing can have been committed, so that
        ``ConnectionLost`` is raised for a lost connection.
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
        inner, cause = _origins(exc)
        if deadlocks and _code(cause) == _LOCK_TIMEOUT:
            raise db_exception.DBDeadlock(exc) from exc
        translation = _translation(exc, inner, cause, repeatable)
        if translation is None:
            raise
        raise translation from exc


def _translation(
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


def _origins(exc: Exception) -> tuple[Exception, BaseException]:
    """What SQLAlchemy raised, and what the driver raised."""
    inner = getattr(exc, 'inner_exception', None) or exc
    return inner, getattr(inner, 'orig', None) or inner


def code(exc: Exception) -> int | str | None:
    """The error code of the database: a number or an SQLSTATE.

    :param exc: one of ``FAILURES``.
    """
    return _code(_origins(exc)[1])


def _code(cause: BaseException) -> int | str | None:
    if cause.args and isinstance(cause.args[0], int):
        return cause.args[0]
    if _is_sqlite(cause):
        # The upper bits are the extended error code.
        return int(cause.sqlite_errorcode) & 0xFF  # type: ignore[attr-defined]
    state: str | None = getattr(cause, 'pgcode', None)
    return state or getattr(cause, 'sqlstate', None)


def _is_rejection(
    exc: Exception, inner: Exception, cause: BaseException
) -> bool:
    return (
        isinstance(
            exc,
            db_exception.DBInvalidUnicodeParameter | db_exception.DBDataError,
        )
        or isinstance(inner, sa.exc.DataError)
        # The client library cannot encode the value.
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
