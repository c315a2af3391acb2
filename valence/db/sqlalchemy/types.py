# SPDX-License-Identifier: Apache-2.0
"""Column types that behave alike on SQLite, MariaDB and PostgreSQL."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext import compiler
from sqlalchemy.sql import functions

_MYSQL = ('mysql', 'mariadb')

# Microseconds, in UTC. MySQL's DATETIME keeps whole seconds unless told.
DateTime = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
Json = sa.JSON(none_as_null=True)
# MySQL's TEXT ends at 64 KiB.
Text = sa.Text().with_variant(mysql.MEDIUMTEXT(), *_MYSQL)


def Name(length: int) -> sa.types.TypeEngine[str]:
    """Text that is compared byte by byte, whatever the database's habit."""
    return (
        sa.String(length)
        .with_variant(
            mysql.VARCHAR(length, charset='utf8mb4', collation='utf8mb4_bin'),
            *_MYSQL,
        )
        .with_variant(sa.String(length, collation='C'), 'postgresql')
    )


class utcnow(functions.FunctionElement[Any]):
    """The database's own clock, in UTC with microseconds."""

    type = sa.DateTime()
    inherit_cache = True


@compiler.compiles(utcnow)
def _utcnow(element: Any, compile_: Any, **kw: Any) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiler.compiles(utcnow, *_MYSQL)
def _utcnow_mysql(element: Any, compile_: Any, **kw: Any) -> str:
    return 'UTC_TIMESTAMP(6)'


@compiler.compiles(utcnow, 'postgresql')
def _utcnow_postgresql(element: Any, compile_: Any, **kw: Any) -> str:
    return "timezone('utc', clock_timestamp())"
