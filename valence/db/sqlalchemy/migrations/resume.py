# SPDX-License-Identifier: Apache-2.0
"""Migrations that were interrupted continue where they stopped.

MySQL and MariaDB commit with each CREATE, ALTER and DROP, so an interrupted
migration leaves a part of its tables behind. Here its statements are counted,
in a table of the database, and those that were run are skipped by the next
attempt. What the statements change besides, by UPDATE for example, is
committed together with the count.

A connection may break between a statement and its count. Such a statement
fails the next time, because what it makes is there, and counts as run.

Other databases run migrations in one transaction, and need none of this.
"""

from typing import Any
from typing import cast

import sqlalchemy as sa
from alembic.ddl import base as ddl
from alembic.ddl import mysql

from valence.db import failures
from valence.db.sqlalchemy import types

PROGRESS = sa.Table(
    'migration_progress',
    sa.MetaData(),
    sa.Column('statements', sa.Integer, nullable=False),
)
_VERSION = 'alembic_version'

# Error codes: what is to be made is there, or what is to be dropped is not.
_NO_TABLE, _TABLE_EXISTS = 1051, 1050
_COLUMN_EXISTS, _INDEX_EXISTS, _KEY_EXISTS = 1060, 1061, 1826
_NOTHING_TO_DROP = 1091
_RUN = frozenset(
    (_NO_TABLE, _COLUMN_EXISTS, _INDEX_EXISTS, _KEY_EXISTS, _NOTHING_TO_DROP)
)
# What is to be renamed is not there: an unknown column, an unknown table.
_NOTHING_TO_RENAME = frozenset((1054, 1146))
_RENAMES = (ddl.RenameTable, ddl.ColumnName, mysql.MySQLChangeColumn)


def finish(connection: sa.Connection) -> None:
    """Forget the count, when all migrations have been run."""
    if connection.dialect.name in types.MYSQL:
        PROGRESS.drop(connection, checkfirst=True)


class ResumableImpl(mysql.MySQLImpl):
    """How Alembic sends statements to MySQL; found by its dialect."""

    __dialect__ = 'mysql'

    # How many statements of the present migration were run before, and how
    # many this run has come across.
    _run_before: int | None = None
    _position = 0

    def _exec(self, construct: Any, *args: Any, **kwargs: Any) -> Any:
        if self.as_sql:
            return super()._exec(construct, *args, **kwargs)
        if self._run_before is None:
            self._run_before = self._load()
        if getattr(getattr(construct, 'table', None), 'name', '') == _VERSION:
            # The end of this migration, and the beginning of the next.
            result = super()._exec(construct, *args, **kwargs)
            self._run_before = self._position = 0
            self._store()
            return result
        self._position += 1
        if self._position <= self._run_before:
            return None
        try:
            result = super()._exec(construct, *args, **kwargs)
        except failures.FAILURES as exc:
            if not self._was_run(construct, failures.code(exc)):
                raise
            result = None
        self._store()
        return result

    def _load(self) -> int:
        PROGRESS.create(self._bind, checkfirst=True)
        count = self._bind.execute(sa.select(PROGRESS.c.statements)).scalar()
        if count is None:
            self._bind.execute(PROGRESS.insert().values(statements=0))
        return count or 0

    def _store(self) -> None:
        self._bind.execute(PROGRESS.update().values(statements=self._position))

    @property
    def _bind(self) -> sa.Connection:
        return cast(sa.Connection, self.connection)

    def _was_run(self, construct: Any, code: object) -> bool:
        """Whether a statement failed because it was run before."""
        if code == _TABLE_EXISTS and isinstance(
            construct, sa.schema.CreateTable
        ):
            table = construct.element
            found = sa.inspect(self._bind).get_columns(table.name)
            return {column['name'] for column in found} == set(
                table.columns.keys()
            )
        return code in _RUN or (
            code in _NOTHING_TO_RENAME and isinstance(construct, _RENAMES)
        )


class ResumableMariaDBImpl(ResumableImpl):
    """The same, for URLs that name MariaDB."""

    __dialect__ = 'mariadb'
