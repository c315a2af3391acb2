# SPDX-License-Identifier: Apache-2.0
"""Query parameters of collections: filters, sorting and keyset paging."""

import dataclasses
import heapq
import itertools
import operator
from collections.abc import Callable
from collections.abc import Container
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Generic
from typing import NamedTuple
from typing import TypeVar

import sqlalchemy as sa
import webob
from oslo_config import cfg

from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import base
from valence.objects import fields

M = TypeVar('M', bound=models.Table)
# The values that a row is sorted by; the last one is its UUID.
Place = tuple[Any, ...]

FIELDS: dict[str, fields.Spec] = {
    'fields': fields.StringField(
        doc='Names of the fields to return, separated by commas.'
    )
}
# The parameters of every collection; sort_key depends on its fields.
PAGING: dict[str, fields.Spec] = {
    'limit': fields.IntegerField(doc='Maximum number of items to return.'),
    'marker': fields.StringField(
        doc='UUID of the last item of the page before.'
    ),
    'sort_dir': fields.EnumField(['asc', 'desc'], doc='Sort direction.'),
    **FIELDS,
}
_OWN = {'sort_key', *PAGING}

_ORDERED: dict[str, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    'eq': operator.eq,
    'ne': operator.ne,
    'gt': operator.gt,
    'gte': operator.ge,
    'lt': operator.lt,
    'lte': operator.le,
    'in': lambda column, values: column.in_(values),
}
_PLAIN = ('eq', 'ne', 'in')
# With so many values, or products of them, a page is put together of as many.
_MAX_PARTS = 16


class Filter(NamedTuple):
    """One condition of a collection.

    :param name: the query parameter.
    :param column: what is compared.
    :param word: how: ``eq``, ``gte`` …
    :param refers: the kind of resource whose UUID or name is the value, which
        has to be found first.
    """

    name: str
    column: str
    word: str
    value: Any
    refers: str | None = None

    def condition(self, model: db.Model) -> sa.ColumnElement[bool]:
        """The condition as the database wants it."""
        compare = _ORDERED[self.word]
        return compare(getattr(model, self.column), self.value)

    def parts(self, sort_key: str) -> list['Filter']:
        """Filters whose rows an index has in order, and that make up this one.

        They have no row in common.
        """
        if self.word == 'in' and self.column != sort_key:
            return [self._replace(word='eq', value=one) for one in self.value]
        if self.word == 'ne':
            return [self._replace(word=word) for word in ('lt', 'gt')]
        return [self]


@dataclasses.dataclass
class Query:
    """What a request wants of a collection."""

    limit: int
    sort_key: str
    marker: str | None = None
    sort_dir: str = 'asc'
    fields: str | None = None
    filters: list[Filter] = dataclasses.field(default_factory=list)

    def order(self) -> tuple[str, ...]:
        """The columns that tell the place of a row."""
        same = any(
            wanted.word == 'eq' and wanted.column == self.sort_key
            for wanted in self.filters
        )
        return ('uuid',) if same else (self.sort_key, 'uuid')

    def parts(self) -> list[tuple[Filter, ...]]:
        """What has to be asked for so that an index has each in order."""
        return list(
            itertools.product(
                *(wanted.parts(self.sort_key) for wanted in self.filters)
            )
        )


def parameters(
    request: webob.Request, known: Mapping[str, fields.Spec]
) -> dict[str, Any]:
    """The values of query parameters; defaults for those that are omitted.

    :raises Invalid: for one that is unknown, repeated or wrong.
    """
    result: dict[str, Any] = {}
    for name, text in request.GET.items():
        _check_known(name, known)
        if name in result:
            raise invalid(name, 'must not be given twice')
        result[name] = _value(name, known[name], text)
    defaults = {name: field.default_value for name, field in known.items()}
    return {**defaults, **result}


def invalid(name: str, reason: str) -> exception.Invalid:
    """The error for a query parameter."""
    return exception.Invalid(
        kind='query parameter', field=name[:64], reason=reason
    )


def _check_known(name: str, known: Container[str]) -> None:
    if name not in known:
        raise invalid(name, 'unknown query parameter')


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
        name
        for name, field in cls.seen_by(audience).items()
        if field.sort is not None
    ]


def _sort_keys(cls: type[base.ValenceObject], wanted: Filter) -> list[str]:
    """What can be sorted by under a filter; what is best is the first.

    Rows that equal a value lie together in the order of what is paired with
    it. Those that are less or more lie in the order of that only.
    """
    column = wanted.column
    if wanted.word not in ('eq', 'in') or column == 'uuid':
        return [column]
    keys = [key for name, key in cls.pairs() if name == column]
    keys.sort(key=lambda key: key != cls.ORDER)
    if cls.fields[column].sort is not None and column not in keys:
        keys.append(column)
    return keys


def _order(
    cls: type[base.ValenceObject], given: str | None, filters: list[Filter]
) -> str:
    """What to sort by.

    :param given: what the request wants; None: what suits the filters.
    :raises Invalid: for a key that a filter is not paired with.
    """
    suiting = [_sort_keys(cls, wanted) for wanted in filters]
    if given is None:
        common = [
            key
            for key in (cls.ORDER, *(keys[0] for keys in suiting))
            if all(key in keys for keys in suiting)
        ]
        # Several filters that share no order: that of the first will do.
        return common[0] if common else suiting[0][0]
    for wanted, keys in zip(filters, suiting, strict=True):
        if given not in keys:
            raise invalid(
                'sort_key',
                f'with the filter {wanted.name}, must be one of: '
                f'{", ".join(keys)}',
            )
    return given


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
        _check_known(name, {*_OWN, *filters})
        if name in filters:
            continue
        if name in given:
            raise invalid(name, 'must not be given twice')
        given[name] = text
    wanted = [
        _filter(name, filters[name], cls.fields[filters[name]], text)
        for name, text in request.GET.items()
        if name in filters
    ]
    keys = sortable(cls, audience)
    key = given.get('sort_key')
    if key is not None and key not in keys:
        raise invalid('sort_key', f'must be one of: {", ".join(keys)}')
    query = Query(
        limit=_limit(given.get('limit')),
        sort_key=_order(cls, key, wanted),
        marker=given.get('marker'),
        sort_dir=given.get('sort_dir', 'asc'),
        fields=given.get('fields'),
        filters=wanted,
    )
    if query.sort_dir not in ('asc', 'desc'):
        raise invalid('sort_dir', 'must be asc or desc')
    if len(query.parts()) > _MAX_PARTS:
        raise invalid(
            next(one.name for one in wanted if one.word == 'in'),
            f'must have at most {_MAX_PARTS} values, fewer if other filters '
            'have several',
        )
    return query


def _filter(name: str, column: str, field: fields.Spec, text: str) -> Filter:
    """One filter: a value, or a comparison and a value."""
    if field.refers and name != column:
        return Filter(name, column, 'eq', text, refers=field.refers[1])
    word, colon, rest = text.partition(':')
    comparisons = _ORDERED if field.ordered else _PLAIN
    if not colon or word not in comparisons:
        word, rest = 'eq', text
    parts = rest.split(',') if word == 'in' else [rest]
    values = {_value(name, field, part) for part in parts}
    if word == 'ne' and field.values:
        word, values = 'in', {*field.values} - values
    if word == 'in' and len(values) > 1:
        return Filter(name, column, word, sorted(values))
    return Filter(name, column, 'eq' if word == 'in' else word, values.pop())


def _limit(text: str | None) -> int:
    maximum: int = cfg.CONF.api.max_limit
    if text is None:
        return maximum
    if not (text.isascii() and text.isdecimal()):
        raise invalid('limit', 'must be an integer')
    return min(int(text[:9]), maximum) or maximum


def _value(name: str, field: fields.Spec, text: str) -> Any:
    try:
        return field.from_text(text)
    except ValueError as exc:
        raise invalid(name, str(exc)) from None


class _Walk(NamedTuple, Generic[M]):
    """A way through a collection in the order that a request wants."""

    tx: db.Transaction
    model: type[M]
    query: Query
    conditions: Sequence[sa.ColumnElement[bool]]

    def rows(
        self,
        part: tuple[Filter, ...],
        columns: Iterable[str],
        limit: int,
        place: Place | None,
    ) -> Sequence[M]:
        """The rows of a part that come behind a place, which an index has."""
        ascending = self.query.sort_dir == 'asc'
        order = [getattr(self.model, name) for name in self.query.order()]
        behind = () if place is None else (order, place, ascending)
        return self.tx.list(
            self.model,
            *self.conditions,
            *(wanted.condition(self.model) for wanted in part),
            *((self.tx.after(*behind),) if behind else ()),
            only=columns,
            order=[one if ascending else one.desc() for one in order],
            limit=limit,
        ).all()

    def places(
        self,
        part: tuple[Filter, ...],
        step: int,
        place: Place | None,
    ) -> Iterator[Place]:
        """The places of all rows of a part, read a step at a time."""
        while True:
            found = self.rows(part, self.query.order(), step, place)
            yield from map(db.values, found)
            if len(found) < step:
                return
            place = db.values(found[-1])

    def merged(
        self, columns: Iterable[str], limit: int, place: Place | None
    ) -> Sequence[M | None]:
        """The rows behind a place; None for one that was lost meanwhile.

        Of several parts only places are read, and no more of each than its
        share and a step, so that many parts cost little more than one.
        """
        parts = self.query.parts()
        if len(parts) == 1:
            return self.rows(parts[0], columns, limit, place)
        step = limit // len(parts) + 1
        places = heapq.merge(
            *(self.places(part, step, place) for part in parts),
            reverse=self.query.sort_dir == 'desc',
        )
        uuids = [place[-1] for place in itertools.islice(places, limit)]
        rows = {
            row.uuid: row
            for row in self.tx.list(self.model, only=columns, uuid=uuids)
        }
        return [rows.get(uuid) for uuid in uuids]


def page(
    tx: db.Transaction,
    model: type[M],
    query: Query,
    columns: Iterable[str],
    *conditions: sa.ColumnElement[bool],
) -> tuple[Sequence[M], str | None]:
    """The rows of one page.

    The marker is the last row of the page before: rows are taken from behind
    its place, so that pages stay right while rows come and go.

    :param columns: what is read of a row.
    :returns: the rows, and the marker of the next page if there is one.
    :raises Invalid: for a marker that is not (any more) in the collection.
    """
    place: Place | None = None
    if query.marker is not None:
        last = tx.list(
            model, *conditions, only=query.order(), uuid=query.marker
        ).first()
        if last is None:
            raise invalid('marker', 'no resource has this UUID')
        place = db.values(last)
    found = _Walk(tx, model, query, conditions).merged(
        dict.fromkeys((*columns, 'uuid')), query.limit + 1, place
    )
    rows = [row for row in found[: query.limit] if row is not None]
    more = rows and len(found) > query.limit
    return rows, rows[-1].uuid if more else None
