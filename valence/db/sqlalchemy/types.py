# SPDX-License-Identifier: Apache-2.0
"""Column types that behave alike on SQLite, MariaDB and PostgreSQL."""

import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects.mysql import base as mysql_base
from sqlalchemy.ext import compiler
from sqlalchemy.sql import functions

#: The names of one dialect.
MYSQL = ('mysql', 'mariadb')

# Microseconds, in UTC. By default, MySQL's DATETIME keeps whole seconds.
DateTime = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *MYSQL)
Json = sa.JSON(none_as_null=True)
# MySQL limits TEXT to 64 KiB.
Text = sa.Text().with_variant(mysql.MEDIUMTEXT(), *MYSQL)


class _Bytes(mysql.VARCHAR):
    """Text of a binary collation that does not ignore trailing spaces."""


@compiler.compiles(_Bytes, *MYSQL)
def _bytes(
    element: _Bytes, compiled: mysql_base.MySQLTypeCompiler, **kw: object
) -> str:
    # Each has a collation of its own that the other lacks.
    mariadb = compiled.dialect.is_mariadb
    collation = 'utf8mb4_nopad_bin' if mariadb else 'utf8mb4_0900_bin'
    return (
        f'VARCHAR({element.length}) CHARACTER SET utf8mb4 COLLATE {collation}'
    )


def Name(length: int) -> sa.types.TypeEngine[str]:
    """Text that every database compares byte by byte."""
    return (
        sa.String(length)
        .with_variant(_Bytes(length), *MYSQL)
        .with_variant(sa.String(length, collation='C'), 'postgresql')
    )


class utcnow(functions.FunctionElement[datetime.datetime]):
    """The database's own clock, in UTC with microseconds."""

    type = sa.DateTime()
    inherit_cache = True


@compiler.compiles(utcnow)
def _utcnow(element: utcnow, compiled: object, **kw: object) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiler.compiles(utcnow, *MYSQL)
def _utcnow_mysql(element: utcnow, compiled: object, **kw: object) -> str:
    return 'UTC_TIMESTAMP(6)'


@compiler.compiles(utcnow, 'postgresql')
def _utcnow_postgresql(element: utcnow, compiled: object, **kw: object) -> str:
    return "timezone('utc', clock_timestamp())"
