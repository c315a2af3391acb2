# SPDX-License-Identifier: Apache-2.0
"""Column types that behave alike on SQLite, MariaDB and PostgreSQL."""

import datetime
import json
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects.mysql import base as mysql_base
from sqlalchemy.ext import compiler
from sqlalchemy.sql import functions

#: The names of one dialect.
MYSQL = ('mysql', 'mariadb')

# Microseconds, in UTC. By default, MySQL's DATETIME keeps whole seconds.
DateTime = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *MYSQL)


def storable(text: str) -> str:
    """The text without characters that a database does not accept.

    Null characters and unpaired surrogates become the replacement character.
    Vendors and users may send both.
    """
    if text.isascii():
        return text.replace('\0', '\ufffd')
    utf16 = text.replace('\0', '\ufffd').encode('utf-16', 'surrogatepass')
    return utf16.decode('utf-16', 'replace')


class _Storable(sa.types.TypeDecorator[str]):
    """Text whose values, also in conditions, are made storable."""

    cache_ok = True

    def process_bind_param(self, value: object, dialect: sa.Dialect) -> object:
        """The value to send to the database."""
        return storable(value) if isinstance(value, str) else value


class String(_Storable):
    """Text of limited length."""

    impl = sa.String
    cache_ok = True


class Text(_Storable):
    """Text of any length; MySQL limits TEXT to 64 KiB."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(
        self, dialect: sa.Dialect
    ) -> sa.types.TypeEngine[str]:
        """The type of one dialect."""
        if dialect.name in MYSQL:
            return mysql.MEDIUMTEXT()
        return super().load_dialect_impl(dialect)


def is_text(kind: sa.types.TypeEngine[Any]) -> bool:
    """Whether a column has text, which has a collation."""
    return isinstance(kind, _Storable | sa.String)


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


class _Json(sa.types.TypeDecorator[Any]):
    """JSON whose texts have no unpaired surrogates, which no answer can have.

    Null characters are kept: JSON escapes them.
    """

    impl = sa.JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """The value to send to the database."""
        try:
            orjson.dumps(value)
        except TypeError:
            # It has one, or an integer beyond 64 bits.
            return json.loads(storable(json.dumps(value, ensure_ascii=False)))
        return value


Json = _Json(none_as_null=True)


class Name(_Storable):
    """Text that every database compares byte by byte."""

    impl = sa.String
    cache_ok = True

    def load_dialect_impl(
        self, dialect: sa.Dialect
    ) -> sa.types.TypeEngine[str]:
        """The type of one dialect."""
        if dialect.name in MYSQL:
            return _Bytes(self.length)
        if dialect.name == 'postgresql':
            return sa.String(self.length, collation='C')
        return super().load_dialect_impl(dialect)


def fold(text: str | None) -> str | None:
    """The text in lower case, character by character, as databases do it."""
    if text is None or text.isascii():
        return text and text.lower()
    lower = ((one, one.lower()) for one in text)
    return ''.join(new if len(new) == 1 else old for old, new in lower)


class folded(functions.FunctionElement[str]):
    """Text without difference between upper and lower case.

    Accents remain, whatever the collation of the column is. SQLite knows the
    function ``fold``.
    """

    type = sa.String()
    inherit_cache = True


@compiler.compiles(folded)
def _folded(
    element: folded, compiled: sa.sql.compiler.SQLCompiler, **kw: Any
) -> str:
    return f'fold({compiled.process(element.clauses, **kw)})'


@compiler.compiles(folded, *MYSQL)
def _folded_mysql(
    element: folded, compiled: sa.sql.compiler.SQLCompiler, **kw: Any
) -> str:
    text = compiled.process(element.clauses, **kw)
    return f'LOWER({text}) COLLATE utf8mb4_bin'


@compiler.compiles(folded, 'postgresql')
def _folded_postgresql(
    element: folded, compiled: sa.sql.compiler.SQLCompiler, **kw: Any
) -> str:
    # With the collation of names, or of the database, it may know only ASCII.
    text = compiled.process(element.clauses, **kw)
    return f'lower({text} COLLATE "und-x-icu")'


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


class seconds(functions.FunctionElement[float]):
    """The seconds from one time to another, to the microsecond."""

    type = sa.Float()
    inherit_cache = True


def _times(
    element: seconds, compiled: sa.sql.compiler.SQLCompiler, **kw: Any
) -> list[str]:
    return [compiled.process(one, **kw) for one in element.clauses]


@compiler.compiles(seconds)
def _seconds(
    element: seconds, compiled: sa.sql.compiler.SQLCompiler, **kw: Any
) -> str:
    start, end = (
        # Text: the fraction of the second begins after 19 characters.
        f"(strftime('%s', {one}) + CAST(substr({one}, 20) AS REAL))"
        for one in _times(element, compiled, **kw)
    )
    return f'({end} - {start})'


@compiler.compiles(seconds, *MYSQL)
def _seconds_mysql(
    element: seconds, compiled: sa.sql.compiler.SQLCompiler, **kw: Any
) -> str:
    start, end = _times(element, compiled, **kw)
    return f'(TIMESTAMPDIFF(MICROSECOND, {start}, {end}) / 1000000)'


@compiler.compiles(seconds, 'postgresql')
def _seconds_postgresql(
    element: seconds, compiled: sa.sql.compiler.SQLCompiler, **kw: Any
) -> str:
    start, end = _times(element, compiled, **kw)
    return (
        f'CAST(EXTRACT(EPOCH FROM CAST({end} AS TIMESTAMP) - '
        f'CAST({start} AS TIMESTAMP)) AS DOUBLE PRECISION)'
    )
