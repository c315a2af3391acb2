# SPDX-License-Identifier: Apache-2.0
"""The statements of the generic verbs of ``valence.db.api``.

They are cached: building one takes five times as long as running it. A
statement has bind parameters for the values of its condition.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import TypeAlias
from typing import cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from valence.common import exception
from valence.common.cache import cached
from valence.db.sqlalchemy import types
from valence.db.sqlalchemy.base import Table

Model = type[Table]
#: A query of any columns.
Select: TypeAlias = 'sa.Select[*tuple[Any, ...]]'
# The columns of a condition, each with how it is compared with a value.
Shape = tuple[tuple[str, str], ...]


@cached
def columns(model: Model) -> dict[str, sa.ColumnElement[Any]]:
    """The columns of a model by name, including computed ones."""
    return {
        attribute.key: getattr(model, attribute.key).label(attribute.key)
        for attribute in sa.inspect(model).column_attrs
    }


def _kind(value: object) -> str:
    """How a column is compared with a value: is null, any of, or equal."""
    if value is None:
        return 'null'
    if isinstance(value, list | tuple | set | frozenset):
        return 'any'
    return 'one'


def shape(where: Mapping[str, object]) -> Shape:
    """The part of a condition that statements are cached by."""
    return tuple((name, _kind(value)) for name, value in where.items())


def values(where: Mapping[str, object]) -> dict[str, object]:
    """The bind parameters of a condition."""
    return {
        f'where_{name}': list(cast(Iterable[object], value))
        if _kind(value) == 'any'
        else value
        for name, value in where.items()
        if value is not None
    }


def conditions(model: Model, shape: Shape) -> Iterator[sa.ColumnElement[bool]]:
    """Column = parameter for each; of a list, tuple or set: any item."""
    for name, kind in shape:
        column = getattr(model, name)
        if kind == 'null':
            yield column.is_(None)
        elif kind == 'any':
            yield column.in_(sa.bindparam(f'where_{name}', expanding=True))
        else:
            yield column == sa.bindparam(f'where_{name}')


@cached
def select(
    model: Model,
    only: tuple[str, ...] | None,
    shape: Shape,
    limit: int | None = None,
) -> Select:
    found = columns(model)
    names = found if only is None else only
    query = sa.select(*(found[name] for name in names))
    return query.where(*conditions(model, shape)).limit(limit)


def select_one(model: Model, shape: Shape) -> Select:
    return select(model, None, shape, 1)


@cached
def count(model: Model, shape: Shape) -> Select:
    query = sa.select(sa.func.count()).select_from(model)
    return query.where(*conditions(model, shape))


@cached
def insert(model: Model) -> sa.Insert:
    return sa.insert(model.__table__)


@cached
def insert_missing(model: Model, dialect: str) -> sa.Insert:
    if dialect == 'postgresql':
        return postgresql.insert(model.__table__).on_conflict_do_nothing()
    statement = insert(model).prefix_with('OR IGNORE', dialect='sqlite')
    for name in types.MYSQL:
        statement = statement.prefix_with('IGNORE', dialect=name)
    return statement


@cached
def update(model: Model, shape: Shape) -> sa.Update:
    return sa.update(model.__table__).where(*conditions(model, shape))


@cached
def delete(model: Model, shape: Shape) -> sa.Delete:
    return sa.delete(model.__table__).where(*conditions(model, shape))


@cached
def _error_columns(model: Model) -> frozenset[str]:
    """The columns that store an ``ErrorText``, together with another one."""
    names = columns(model)
    return frozenset(name for name in names if f'user_{name}' in names)


def stored(model: Model, values: Mapping[str, object]) -> Mapping[str, object]:
    """The values by column; an ``ErrorText`` is stored in two of them.

    :raises TypeError: if only one of the two would be changed.
    """
    names = _error_columns(model)
    if not names:
        return values
    result: dict[str, object] = {}
    for name, value in values.items():
        if name.removeprefix('user_') not in names:
            result[name] = value
        elif name in names and isinstance(value, exception.ErrorText):
            result |= value.columns(name)
        elif name in names and value is None:
            result |= {name: None, f'user_{name}': None}
        else:
            raise TypeError(f'{model.__name__}.{name} takes an ErrorText')
    return result


def split(
    values: Mapping[str, object],
) -> tuple[dict[str, object], dict[str, object]]:
    """Plain values, and those that the database computes."""
    computed: dict[str, object] = {
        name: value
        for name, value in values.items()
        if isinstance(value, sa.ClauseElement)
    }
    plain = {
        name: value for name, value in values.items() if name not in computed
    }
    return plain, computed
