# SPDX-License-Identifier: Apache-2.0
"""Filters of collections: a column, an operator and a value."""

import operator
import re
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

from valence.db import statements
from valence.db.sqlalchemy import types
from valence.objects import fields


def _contains(column: Any, text: str) -> sa.ColumnElement[bool]:
    """The condition that a column has a text, in upper or lower case."""
    escaped = re.sub('[/%_]', r'/\g<0>', text)
    pattern = sa.literal(f'%{escaped}%', column.type)
    return types.folded(column).like(types.folded(pattern), escape='/')


_OPERATORS: dict[str, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    'eq': operator.eq,
    'ne': operator.ne,
    'gt': operator.gt,
    'gte': operator.ge,
    'lt': operator.lt,
    'lte': operator.le,
    'in': lambda column, values: column.in_(values),
    'contains': _contains,
    # A query for the values.
    'among': lambda column, query: column.in_(query),
    'null': lambda column, _: column.is_(None),
}
_UNORDERED = ('eq', 'ne', 'in')
_ORDERED = (*_UNORDERED, 'gt', 'gte', 'lt', 'lte')
_TEXTUAL = (*_UNORDERED, 'contains')


def operators(field: fields.Spec) -> tuple[str, ...]:
    """What filters by a field can name."""
    if field.ordered:
        return _ORDERED
    return _TEXTUAL if field.textual else _UNORDERED


class Filter(NamedTuple):
    """A filter of a collection.

    :param name: the query parameter.
    :param column: the column that is compared.
    :param op: the operator: ``eq``, ``gte`` …
    :param refers: the kind of resource, if the value is its UUID or name,
        which has to be looked up first.
    :param nullable: whether rows without a value differ from it, too.
    """

    name: str
    column: str
    op: str
    value: Any
    refers: str | None = None
    nullable: bool = False

    def condition(self, model: statements.Model) -> sa.ColumnElement[bool]:
        """The SQL condition."""
        column = getattr(model, self.column)
        condition = _OPERATORS[self.op](column, self.value)
        if self.op == 'ne' and self.nullable:
            return sa.or_(condition, column.is_(None))
        return condition

    def disjuncts(self, sort_key: str) -> list['Filter']:
        """Equivalent filters whose rows an index returns in order.

        Every row that passes this filter passes exactly one of them.
        """
        if self.op == 'in' and self.column != sort_key:
            return [self._replace(op='eq', value=one) for one in self.value]
        if self.op == 'ne':
            others = ('lt', 'gt', 'null') if self.nullable else ('lt', 'gt')
            return [self._replace(op=op) for op in others]
        return [self]
