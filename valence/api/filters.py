# SPDX-License-Identifier: Apache-2.0
"""Filters of collections: a column, an operator and a value."""

import operator
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

from valence.db import statements

_OPERATORS: dict[str, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    'eq': operator.eq,
    'ne': operator.ne,
    'gt': operator.gt,
    'gte': operator.ge,
    'lt': operator.lt,
    'lte': operator.le,
    'in': lambda column, values: column.in_(values),
    'null': lambda column, _: column.is_(None),
}
#: What requests can name; the second, of fields without an order.
ORDERED = ('eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in')
UNORDERED = ('eq', 'ne', 'in')


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
