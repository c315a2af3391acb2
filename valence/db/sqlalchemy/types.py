# SPDX-License-Identifier: Apache-2.0
"""Column types that behave alike on SQLite, MariaDB and PostgreSQL."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext import compiler
from sqlalchemy.sql import functions

#: The names of one dialect.
MYSQL = ('mysql', 'mariadb')

# Microseconds, in UTC. MySQL's DATETIME keeps whole seconds unless told.
DateTime = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *MYSQL)
Json = sa.JSON(none_as_null=True)
# MySQL's TEXT ends at 64 KiB.
Text = sa.Text().with_variant(mysql.MEDIUMTEXT(), *MYSQL)


class _Bytes(mysql.VARCHAR):
    """Text of a collation that does not ignore spaces at the end."""


@compiler.compiles(_Bytes, *MYSQL)
def _bytes(element: Any, compile_: Any, **kw: Any) -> str:
    # Each has one, and neither knows that of the other.
    mariadb = compile_.dialect.is_mariadb
    collation = 'utf8mb4_nopad_bin' if mariadb else 'utf8mb4_0900_bin'
    return (
        f'VARCHAR({element.length}) CHARACTER SET utf8mb4 COLLATE {collation}'
    )


def Name(length: int) -> sa.types.TypeEngine[str]:
    """Text that is compared byte by byte, whatever the database's habit."""
    return (
        sa.String(length)
        .with_variant(_Bytes(length), *MYSQL)
        .with_variant(sa.String(length, collation='C'), 'postgresql')
    )


class utcnow(functions.FunctionElement[Any]):
    """The database's own clock, in UTC with microseconds."""

    type = sa.DateTime()
    inherit_cache = True


@compiler.compiles(utcnow)
def _utcnow(element: Any, compile_: Any, **kw: Any) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiler.compiles(utcnow, *MYSQL)
def _utcnow_mysql(element: Any, compile_: Any, **kw: Any) -> str:
    return 'UTC_TIMESTAMP(6)'


@compiler.compiles(utcnow, 'postgresql')
def _utcnow_postgresql(element: Any, compile_: Any, **kw: Any) -> str:
    return "timezone('utc', clock_timestamp())"
