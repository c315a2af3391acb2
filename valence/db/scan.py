# SPDX-License-Identifier: Apache-2.0
"""Reading a few columns of many small rows, such as all counters.

PyMySQL, which is written in Python, needs ten times as much time for rows as
for one JSON array with the same values.
"""

import collections
import contextlib
import datetime
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import TypeVar
from typing import cast

import orjson
import sqlalchemy as sa

from valence.common.cache import cached
from valence.db import api as db
from valence.db import statements
from valence.db.sqlalchemy import types
from valence.db.sqlalchemy.base import Table

M = TypeVar('M', bound=Table)


def rows(
    tx: db.Transaction,
    model: type[M],
    *extra: sa.ColumnElement[bool],
    only: tuple[str, ...],
    **where: Any,
) -> Sequence[M]:
    """All rows that meet the conditions, as ``Transaction.list``.

    :param only: the columns, each a number, a text, a time or JSON.
    """
    if tx.connection.dialect.name in types.MYSQL:
        query = statements.select(model, only, statements.shape(where))
        if extra:
            query = query.where(*extra)
        found = _array(tx, query, statements.values(where))
        if found is not None:
            return cast('Sequence[M]', _typed(model, only, found))
    return tx.list(model, *extra, only=only, **where).all()


def _array(
    tx: db.Transaction, query: statements.Select, values: dict[str, object]
) -> list[list[Any]] | None:
    """The rows of a query; None: a limit of the server has cut them off."""
    table = query.subquery()
    # Names have a collation that other texts have not.
    columns = (
        sa.collate(one, 'utf8mb4_bin') if types.is_text(one.type) else one
        for one in table.c
    )
    array = sa.func.json_arrayagg(sa.func.json_array(*columns), type_=sa.Text)
    count, text = tx.connection.execute(
        sa.select(sa.func.count(), array).select_from(table), values
    ).one()
    found = []
    with contextlib.suppress(orjson.JSONDecodeError):
        found = orjson.loads(text or '[]')
    return found if len(found) == count else None


def _typed(
    model: type[Table], names: tuple[str, ...], found: list[list[Any]]
) -> list[Any]:
    row_type, converters = _types(model, names)
    for index, convert in converters:
        for values in found:
            if values[index] is not None:
                values[index] = convert(values[index])
    return list(map(row_type._make, found))


@cached
def _types(
    model: type[Table], names: tuple[str, ...]
) -> tuple[Any, tuple[tuple[int, Callable[[Any], Any]], ...]]:
    """The type of rows, and what converts the values of some columns."""
    columns = statements.columns(model)
    kinds = [_converter(columns[name].type) for name in names]
    return collections.namedtuple(model.__name__, names), tuple(
        (n, kind) for n, kind in enumerate(kinds) if kind is not None
    )


def _converter(
    kind: sa.types.TypeEngine[Any],
) -> Callable[[Any], Any] | None:
    if isinstance(kind, sa.Boolean):
        return bool
    if isinstance(kind, sa.DateTime):
        return datetime.datetime.fromisoformat
    return _loaded if isinstance(kind, type(types.Json)) else None


def _loaded(value: Any) -> Any:
    """A value of JSON, which MariaDB stores as text."""
    return orjson.loads(value) if isinstance(value, str) else value
