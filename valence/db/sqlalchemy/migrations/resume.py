# SPDX-License-Identifier: Apache-2.0
"""Resumption of interrupted migrations on MySQL and MariaDB.

These databases commit with each CREATE, ALTER and DROP, so an interrupted
migration leaves some of its tables. Therefore a table of the database counts
the statements of the migration that were run, and the next attempt skips
them. Changes of rows, by UPDATE for example, are committed together with the
count.

A connection may break between a statement and its count. The next attempt
repeats such a statement, which fails because its table, column or index
exists already. It then counts as run.

Other databases run migrations in one transaction.
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

# Error codes: an object to create exists, or an object to drop does not.
_NO_TABLE, _TABLE_EXISTS = 1051, 1050
_COLUMN_EXISTS, _INDEX_EXISTS, _KEY_EXISTS = 1060, 1061, 1826
_CHECK_EXISTS = 3822
_NOTHING_TO_DROP = 1091
_RUN = frozenset(
    (_NO_TABLE, _COLUMN_EXISTS, _INDEX_EXISTS, _KEY_EXISTS, _NOTHING_TO_DROP)
    + (_CHECK_EXISTS,)
)
# An object to rename does not exist: unknown column, unknown table.
_NOTHING_TO_RENAME = frozenset((1054, 1146))
_RENAMES = (ddl.RenameTable, ddl.ColumnName, mysql.MySQLChangeColumn)


def finish(connection: sa.Connection) -> None:
    """Drop the count after all migrations were run."""
    if connection.dialect.name in types.MYSQL:
        PROGRESS.drop(connection, checkfirst=True)


class ResumableImpl(mysql.MySQLImpl):
    """Executes the statements of Alembic on MySQL.

    Alembic selects it by its dialect.
    """

    __dialect__ = 'mysql'

    # Number of statements of the current migration that an earlier attempt
    # has run, and number of statements so far in this attempt.
    _run_before: int | None = None
    _position = 0

    def _exec(self, construct: Any, *args: Any, **kwargs: Any) -> Any:
        if self.as_sql:
            return super()._exec(construct, *args, **kwargs)
        if self._run_before is None:
            self._run_before = self._load()
        if getattr(getattr(construct, 'table', None), 'name', '') == _VERSION:
            # The current migration ends, and the next one begins.
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
        """Whether a statement failed because an earlier attempt has run it."""
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
    """The same for URLs of MariaDB."""

    __dialect__ = 'mariadb'
