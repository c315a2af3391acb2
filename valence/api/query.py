# SPDX-License-Identifier: Apache-2.0
"""Query parameters of collections: filters, sorting and keyset paging."""

import dataclasses
import operator
from collections.abc import Callable
from collections.abc import Container
from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa
import webob
from oslo_config import cfg

from valence.common import exception
from valence.db import api as db
from valence.objects import base
from valence.objects import fields

_PAGING = ('limit', 'marker', 'sort_key', 'sort_dir', 'fields')


_ORDERED: dict[str, Callable[[Any, Any], Any]] = {
    'eq': operator.eq,
    'ne': operator.ne,
    'gt': operator.gt,
    'gte': operator.ge,
    'lt': operator.lt,
    'lte': operator.le,
    'in': lambda column, values: column.in_(values),
}
_PLAIN = ('eq', 'ne', 'in')


class Filter(NamedTuple):
    """One condition of a collection.

    :param name: the query parameter.
    :param column: what is compared.
    :param word: how: ``eq``, ``gte`` …
    :param refers: whether the value is the UUID or name of a resource that
        has to be found first.
    """

    name: str
    column: str
    word: str
    value: Any
    refers: bool = False

    def condition(self, model: db.Model) -> sa.ColumnElement[bool]:
        """The condition as the database wants it."""
        return _ORDERED[self.word](getattr(model, self.column), self.value)


@dataclasses.dataclass
class Query:
    """What a request wants of a collection."""

    limit: int
    marker: str | None = None
    sort_key: str = 'created_at'
    sort_dir: str = 'asc'
    fields: str | None = None
    filters: list['Filter'] = dataclasses.field(default_factory=list)


def parameters(request: webob.Request, known: set[str]) -> dict[str, str]:
    """The query parameters by name.

    :raises Invalid: for one that is not known, or given twice.
    """
    result: dict[str, str] = {}
    for name, text in request.GET.items():
        _check_known(name, known)
        if name in result:
            raise exception.Invalid(field=name, reason='it is given twice')
        result[name] = text
    return result


def _check_known(name: str, known: Container[str]) -> None:
    if name not in known:
        raise exception.Invalid(
            field=name[:64], reason='there is no such query parameter'
        )


def filterable(
    cls: type[base.ValenceObject],
    audience: fields.Audience = fields.Audience.ADMIN,
) -> dict[str, str]:
    """Query parameters that filter a collection, with the field each means.

    Nobody can filter by what is not shown: the answer would tell it.
    """
    names: dict[str, str] = {}
    for name, field in cls.seen_by(audience).items():
        if field.filter:
            names[name] = name
            if field.refers:
                names[field.refers[0]] = name
    return names


def sortable(
    cls: type[base.ValenceObject],
    audience: fields.Audience = fields.Audience.ADMIN,
) -> list[str]:
    """The fields that a collection can be sorted by."""
    return [
        name for name, field in cls.seen_by(audience).items() if field.sort
    ]


def parse(
    request: webob.Request,
    cls: type[base.ValenceObject],
    audience: fields.Audience,
) -> Query:
    """Read the parameters of a collection.

    :param audience: who asks.
    :raises Invalid: naming the parameter that is wrong.
    """
    filters = filterable(cls, audience)
    given: dict[str, str] = {}
    for name, text in request.GET.items():
        _check_known(name, {*_PAGING, *filters})
        if name in filters:
            continue
        if name in given:
            raise exception.Invalid(field=name, reason='it is given twice')
        given[name] = text
    query = Query(limit=_limit(given.pop('limit', None)))
    for name in ('marker', 'fields'):
        setattr(query, name, given.pop(name, None))
    keys = sortable(cls, audience)
    if given.get('sort_key', keys[0]) not in keys:
        raise exception.Invalid(
            field='sort_key', reason=f'it has to be one of: {", ".join(keys)}'
        )
    query.sort_key = given.pop('sort_key', query.sort_key)
    query.sort_dir = given.pop('sort_dir', query.sort_dir)
    if query.sort_dir not in ('asc', 'desc'):
        raise exception.Invalid(
            field='sort_dir', reason='it has to be asc or desc'
        )
    for name, text in request.GET.items():
        if name in filters:
            field = cls.fields[filters[name]]
            query.filters.append(_filter(name, filters[name], field, text))
    return query


def _filter(name: str, column: str, field: fields.Spec, text: str) -> Filter:
    """One filter: a value, or a comparison and a value."""
    if name != column:
        return Filter(name, column, 'eq', text, refers=True)
    word, colon, rest = text.partition(':')
    comparisons = _ORDERED if field.ordered else _PLAIN
    if not colon or word not in comparisons:
        word, rest = 'eq', text
    if word == 'in':
        values = [_value(name, field, part) for part in rest.split(',')]
        return Filter(name, column, word, values)
    return Filter(name, column, word, _value(name, field, rest))


def _limit(text: str | None) -> int:
    maximum = cfg.CONF.api.max_limit
    if text is None:
        return maximum
    if not (text.isascii() and text.isdecimal()):
        raise exception.Invalid(
            field='limit', reason='it has to be a whole number'
        )
    return min(int(text[:9]), maximum) or maximum


def _value(name: str, field: fields.Spec, text: str) -> Any:
    try:
        return field.from_text(text)
    except ValueError as exc:
        raise exception.Invalid(field=name, reason=str(exc)) from None


def page(
    tx: db.Transaction,
    model: db.Model,
    query: Query,
    columns: Iterable[str],
    *conditions: sa.ColumnElement[bool],
) -> tuple[list[sa.Row[Any]], str | None]:
    """The rows of one page.

    The marker is the last row of the page before: rows are taken from behind
    its place, so that pages stay right while rows come and go.

    :param columns: what is read of a row.
    :returns: the rows, and the marker of the next page if there is one.
    :raises Invalid: for a marker that is not (any more) in the collection.
    """
    key = getattr(model, query.sort_key)
    ascending = query.sort_dir == 'asc'
    where = [
        *conditions,
        *(wanted.condition(model) for wanted in query.filters),
    ]
    if query.marker is not None:
        last = tx.get(model, *conditions, uuid=query.marker)
        if last is None:
            raise exception.Invalid(
                field='marker', reason='no resource has this UUID'
            )
        value = getattr(last, query.sort_key)
        beyond = key > value if ascending else key < value
        after = model.uuid > last.uuid if ascending else model.uuid < last.uuid
        where.append(sa.or_(beyond, sa.and_(key == value, after)))
    order = [key, model.uuid] if ascending else [key.desc(), model.uuid.desc()]
    rows = tx.list(
        model,
        *where,
        only=dict.fromkeys((*columns, 'uuid')),
        order=order,
        limit=query.limit + 1,
    ).all()
    if len(rows) <= query.limit:
        return list(rows), None
    return list(rows[: query.limit]), rows[query.limit - 1].uuid
