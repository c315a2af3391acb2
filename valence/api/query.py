# SPDX-License-Identifier: Apache-2.0
"""Query parameters of collections: filters and sort keys."""

import dataclasses
import datetime
import itertools
import math
from collections.abc import Container
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple
from typing import TypeVar

import webob
from oslo_config import cfg
from oslo_utils import uuidutils

from valence.api import macs
from valence.api import marks
from valence.api.filters import Filter
from valence.api.filters import operators
from valence.common import exception
from valence.common import identity
from valence.common import schemas
from valence.common.types import JsonObject
from valence.db.sqlalchemy.base import Table
from valence.objects import base
from valence.objects import fields

M = TypeVar('M', bound=Table)
# Filters that an index can apply together; none of them has op "in" or "ne".
Conjunction = tuple[Filter, ...]

# The longest value of a parameter, in characters.
MAX_LENGTH = 4096
FIELDS: dict[str, fields.Spec] = {
    'fields': fields.StringField(
        doc='Names of the fields to return, separated by commas.',
        max_length=MAX_LENGTH,
    )
}
# The parameters of every collection; sort_key depends on its fields.
PAGING: dict[str, fields.Spec] = {
    'limit': fields.IntegerField(
        doc='Maximum number of items to return, up to [api] max_limit, which '
        '0 stands for, too.',
        minimum=0,
    ),
    'marker': fields.StringField(
        doc='UUID of the last item of the previous page, or what the link to '
        'the next page has.',
        max_length=MAX_LENGTH,
    ),
    'sort_dir': fields.EnumField(['asc', 'desc'], doc='Sort direction.'),
    'with_count': fields.BooleanField(
        doc='Whether to return how many resources there are on all pages.'
    ),
    **FIELDS,
}
_RESERVED = {'sort_key', *PAGING}

# The most that any client needs is a few filters.
MAX_PARAMETERS = 32
# The most characters that a filter can look for in a text.
MAX_PART = 255
# A page is merged from at most this many queries.
MAX_DISJUNCTS = 16


class Marker(NamedTuple):
    """The last resource of a page, as text: its UUID, a comma and its value.

    :param text: the value of its sort key; None: the UUID was given alone.
    :param field: of the sort key.
    """

    uuid: str
    text: str | None
    field: fields.Spec

    @classmethod
    def parse(cls, text: str | None, field: fields.Spec) -> 'Marker | None':
        """The marker of a request, if it has one."""
        if text is None:
            return None
        uuid, comma, value = text.partition(',')
        uuid = identity.canonical_uuid(uuid) or uuid
        return cls(uuid, value if comma else None, field)

    @classmethod
    def of(cls, row: Table, query: 'Query') -> 'Marker':
        """The marker of a row."""
        value = getattr(row, query.sort_key)
        if isinstance(value, datetime.datetime):
            value = f'{value.isoformat()}Z'
        return cls(str(row.uuid), str(value), query.field)

    def __str__(self) -> str:
        return f'{self.uuid},{self.text}'

    def key(self, query: 'Query') -> tuple[Any, ...]:
        """The values of the sort columns.

        :raises Invalid: if they are not known.
        """
        if not uuidutils.is_uuid_like(self.uuid):
            raise invalid('marker', 'must be a UUID, or that of a next link')
        if query.order() == ('uuid',):
            return (self.uuid,)
        if self.text is None:
            raise invalid(
                'marker',
                'no resource has this UUID any more; begin again, or use the '
                'marker of the next link',
            )
        return _value('marker', self.field, self.text), self.uuid


@dataclasses.dataclass
class Query:
    """The parameters of a request for a collection.

    :param field: of the sort key.
    :param is_indexed: whether an index returns the rows in order.
    """

    limit: int
    sort_key: str
    field: fields.Spec
    is_indexed: bool = True
    marker: Marker | None = None
    sort_dir: str = 'asc'
    with_count: bool = False
    fields: str | None = None
    filters: list[Filter] = dataclasses.field(default_factory=list)
    marked: list[marks.Mark] = dataclasses.field(default_factory=list)

    @property
    def scans(self) -> bool:
        """Whether a filter is compared with row after row of an index."""
        return any(one.op == 'contains' for one in self.filters)

    def order(self) -> tuple[str, ...]:
        """The sort columns. With the UUID they are unique."""
        constant = any(
            one.op == 'eq' and one.column == self.sort_key
            for one in self.filters
        )
        return ('uuid',) if constant else (self.sort_key, 'uuid')

    def disjuncts(self) -> list[Conjunction]:
        """Equivalent conjunctions whose rows an index returns in order."""
        return list(
            itertools.product(
                *(one.disjuncts(self.sort_key) for one in self.filters)
            )
        )


def parameters(
    request: webob.Request, known: Mapping[str, fields.Spec]
) -> JsonObject:
    """The values of query parameters; defaults for those that are omitted.

    :raises Invalid: for one that is unknown, repeated or wrong.
    """
    result: JsonObject = {}
    for name, text in _given(request):
        _check_known(name, known)
        if name in result:
            raise invalid(name, 'must not be given twice')
        result[name] = _value(name, known[name], text)
    defaults = {name: field.default_value for name, field in known.items()}
    return {**defaults, **result}


def _given(request: webob.Request) -> Iterator[tuple[str, str]]:
    """The query parameters.

    :raises Invalid: for too many of them.
    """
    given = request.GET
    if len(given) > MAX_PARAMETERS:
        raise exception.Invalid(
            f'Invalid URL: must have at most {MAX_PARAMETERS} query '
            f'parameters.'
        )
    for name, text in given.items():
        if not schemas.is_text(text):
            raise invalid(name, 'must not contain control characters')
        if len(text) > MAX_LENGTH:
            raise invalid(name, f'must have at most {MAX_LENGTH} characters')
        yield name, text


def invalid(name: str, reason: str) -> exception.Invalid:
    """The error for a query parameter."""
    return exception.Invalid(
        kind='query parameter', field=name[:64], reason=reason
    )


def _check_known(name: str, known: Container[str]) -> None:
    if name not in known:
        raise invalid(name, 'unknown query parameter')


def filterable(
    cls: base.Kind, audience: fields.Audience = fields.Audience.ADMIN
) -> dict[str, str]:
    """The query parameters that filter a collection, with their fields.

    Hidden fields are no filters, because results would reveal their values.
    """
    names: dict[str, str] = {}
    for name, field in cls.seen_by(audience).items():
        if field.filter:
            names[name] = name
            if field.refers:
                names[field.refers[0]] = name
        elif field.mac is not None:
            names[macs.NAME] = name
    return names


def sortable(
    cls: base.Kind, audience: fields.Audience = fields.Audience.ADMIN
) -> list[str]:
    """The sort keys of a collection."""
    return [
        name
        for name, field in cls.seen_by(audience).items()
        if field.sort is not None
    ]


def _sort_keys(cls: base.Kind, filter_: Filter) -> list[str]:
    """The sort keys that a filter allows; the first is the default.

    An index on both columns returns the rows with one value of the filter in
    the order of the key. Rows of a range are in the order of the column itself
    only.
    """
    column = filter_.column
    if filter_.op == 'contains':
        return _scanned(cls, column)
    if filter_.op not in ('eq', 'in') or column == 'uuid':
        return [column]
    keys = [key for name, key in cls.pairs() if name == column]
    keys.sort(key=lambda key: key != cls.ORDER)
    if cls.fields[column].sort is not None and column not in keys:
        keys.append(column)
    return keys


def _scanned(cls: base.Kind, column: str) -> list[str]:
    """The sort keys while rows are found by a part of a column: all.

    The first is the column itself, if the rows have its order in an index,
    which then is all that is read.
    """
    keys = [key for name, key in cls.pairs() if name is None]
    own = [column] if column in keys or (column, column) in cls.pairs() else []
    return [*own, *(key for key in keys if key not in own), 'uuid']


def _sort_key(
    cls: base.Kind, given: str | None, filters: list[Filter]
) -> tuple[str, bool]:
    """The sort key of a request, and whether an index serves it.

    :param given: the requested key; None: the default for the filters.
    """
    is_indexed = all(one.op != 'among' for one in filters)
    allowed = [_sort_keys(cls, one) for one in filters if one.op != 'among']
    if given is None:
        scanned = [one for one in filters if one.op == 'contains']
        first = [
            *(_sort_keys(cls, one)[0] for one in scanned),
            *(cls.ORDER, *(keys[0] for keys in allowed)),
        ]
        common = [key for key in first if all(key in keys for keys in allowed)]
        # If the filters share no key, any order is correct.
        return common[0] if common else allowed[0][0], is_indexed
    return given, is_indexed and all(given in keys for keys in allowed)


def parse(
    request: webob.Request, cls: base.Kind, audience: fields.Audience
) -> Query:
    """Parse the query parameters of a collection.

    :param audience: which fields the caller can see.
    :raises Invalid: for the first parameter that is invalid.
    """
    known = filterable(cls, audience)
    named = marks.parameters(cls, audience)
    given: dict[str, str] = {}
    filters, marked = [], []
    for name, text in _given(request):
        _check_known(name, {*_RESERVED, *known, *named})
        if name in named:
            marked.append(marks.parse(name, named[name], text))
        elif name in known:
            column = known[name]
            filters.append(_filter(name, column, cls.fields[column], text))
        elif name in given:
            raise invalid(name, 'must not be given twice')
        else:
            given[name] = text
    _check_order(given, sortable(cls, audience))
    sort_key, is_indexed = _sort_key(cls, given.get('sort_key'), filters)
    query = Query(
        limit=_limit(given.get('limit')),
        sort_key=sort_key,
        field=cls.fields[sort_key],
        is_indexed=is_indexed and not marked,
        marker=Marker.parse(given.get('marker'), cls.fields[sort_key]),
        sort_dir=given.get('sort_dir', 'asc'),
        with_count=_is_given('with_count', given),
        fields=given.get('fields'),
        filters=filters,
        marked=marked,
    )
    _check_disjuncts(query)
    return query


def _is_given(name: str, given: Mapping[str, str]) -> bool:
    """The value of a parameter that is true or false."""
    return bool(_value(name, PAGING[name], given.get(name, 'false')))


def _check_order(given: Mapping[str, str], keys: list[str]) -> None:
    if 'sort_key' in given and given['sort_key'] not in keys:
        raise invalid('sort_key', f'must be one of: {", ".join(keys)}')
    if given.get('sort_dir', 'asc') not in ('asc', 'desc'):
        raise invalid('sort_dir', 'must be asc or desc')


def _check_disjuncts(query: Query) -> None:
    # Counted without listing them: their number is a product.
    counts = (len(one.disjuncts(query.sort_key)) for one in query.filters)
    if math.prod(counts) > MAX_DISJUNCTS:
        raise invalid(
            next(one.name for one in query.filters if one.op in ('in', 'ne')),
            f'must have at most {MAX_DISJUNCTS} values, fewer if other '
            'filters have several, or are negated',
        )


def _filter(name: str, column: str, field: fields.Spec, text: str) -> Filter:
    """Parse a filter: a value, or an operator and values."""
    if field.mac is not None:
        return macs.parse(name, text)
    if field.refers and name != column:
        return Filter(name, column, 'eq', text, refers=field.refers[1])
    op, colon, rest = text.partition(':')
    if not colon or op not in operators(field):
        op, rest = 'eq', text
    if op == 'contains':
        return Filter(name, column, op, _part(name, rest))
    texts = rest.split(',') if op == 'in' else [rest]
    values = {_value(name, field, one) for one in texts}
    if op == 'ne' and field.values and not field.nullable:
        op, values = 'in', {*field.values} - values
    if op == 'in' and len(values) > 1:
        return Filter(name, column, op, sorted(values))
    op = 'eq' if op == 'in' else op
    return Filter(name, column, op, values.pop(), nullable=field.nullable)


def _part(name: str, text: str) -> str:
    if not 0 < len(text) <= MAX_PART:
        raise invalid(
            name, f'must have 1 to {MAX_PART} characters after contains:'
        )
    return text


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
