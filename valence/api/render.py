# SPDX-License-Identifier: Apache-2.0
"""Renders database rows as JSON, by the fields of the versioned objects.

It creates neither objects nor WSME instances: a list costs its query and
orjson.
"""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import orjson

from valence.common import exception
from valence.common.cache import cached
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db.sqlalchemy.base import Table
from valence.objects import base
from valence.objects import fields

# Times are stored in UTC without a time zone.
_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


#: The field with the URLs of a resource, which no column stores.
LINKS = 'links'


class Source(NamedTuple):
    """The column of a field.

    :param convert: converts its value to the one to return.
    """

    column: str
    convert: Callable[[Any], object] | None = None


# The fields of an answer, in order.
Names = dict[str, Source]


def same(*names: str) -> Names:
    """Fields that are named like their columns."""
    return {name: Source(name) for name in names}


def columns(names: Names) -> list[str]:
    """The columns of the fields of an answer."""
    return [source.column for source in names.values()]


def shown(
    cls: base.Kind,
    minor: int,
    audience: fields.Audience,
    url: str,
    listing: bool = False,
) -> Names:
    """The fields that an audience can see.

    :param minor: the minor API version.
    :param url: of the API, as the client calls it.
    :param listing: whether to omit fields that collections hide by default.
    """
    names = _shown(cls, minor, audience, listing)
    if cls.LINKED:
        return {**names, LINKS: Source('uuid', _links(cls, url))}
    return names


def _links(cls: base.Kind, url: str) -> Callable[[str], list[dict[str, str]]]:
    """Makes the links to a resource of a kind of its UUID."""
    own, permanent = f'{url}/v1/{cls.RESOURCE}/', f'{url}/{cls.RESOURCE}/'
    return lambda uuid: [
        {'rel': 'self', 'href': own + uuid},
        {'rel': 'bookmark', 'href': permanent + uuid},
    ]


@cached
def _shown(
    cls: base.Kind, minor: int, audience: fields.Audience, listing: bool
) -> Names:
    return {
        name: _source(name, field, audience)
        for name, field in cls.seen_by(audience).items()
        if 'r' in field.api
        and field.since <= minor
        and (field.lists or not listing)
    }


def _source(
    name: str, field: fields.Spec, audience: fields.Audience
) -> Source:
    if field.has_user_text and audience < fields.Audience.SYSTEM:
        return Source(f'user_{name}')
    return Source(name, field.convert)


def selected(
    cls: base.Kind,
    minor: int,
    audience: fields.Audience,
    url: str,
    selection: str | None,
    listing: bool = False,
) -> Names:
    """The fields that a request selects.

    :param selection: the query parameter ``fields``, separated by commas;
        None: all that are shown by default.
    :raises Invalid: for a field that the audience cannot see.
    """
    if selection is None:
        return shown(cls, minor, audience, url, listing)
    names = shown(cls, minor, audience, url)
    chosen = {}
    for name in selection.split(','):
        if name not in names:
            raise exception.Invalid(
                kind='query parameter',
                field='fields',
                reason=f'unknown field {name[:64]!r}',
            )
        chosen[name] = names[name]
    return chosen


def record(row: Table, names: Names) -> JsonObject:
    """The fields of a row."""
    values = db.mapping(row)
    return {
        name: convert(values[column]) if convert else values[column]
        for name, (column, convert) in names.items()
    }


def dumps(answer: object) -> bytes:
    """Encode an answer as JSON."""
    return orjson.dumps(answer, option=_OPTIONS)
