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


class Source(NamedTuple):
    """The column of a field.

    :param to_text: converts its value to the text to return.
    """

    column: str
    to_text: Callable[[Any], str | None] | None = None


# The fields of an answer, in order.
Names = dict[str, Source]


def same(*names: str) -> Names:
    """Fields that are named like their columns."""
    return {name: Source(name) for name in names}


def columns(names: Names) -> list[str]:
    """The columns of the fields of an answer."""
    return [source.column for source in names.values()]


@cached
def shown(
    cls: base.Kind,
    minor: int,
    audience: fields.Audience,
    listing: bool = False,
) -> Names:
    """The fields that an audience can see.

    :param minor: the minor API version.
    :param listing: whether to omit fields that collections hide by default.
    """
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
    if isinstance(field, fields.DescribedField):
        return Source(name, field.to_text)
    return Source(name)


def selected(
    cls: base.Kind,
    minor: int,
    audience: fields.Audience,
    selection: str | None,
    listing: bool = False,
) -> Names:
    """The fields that a request selects.

    :param selection: the query parameter ``fields``, separated by commas;
        None: all that are shown by default.
    :raises Invalid: for a field that the audience cannot see.
    """
    if selection is None:
        return shown(cls, minor, audience, listing)
    names = shown(cls, minor, audience)
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
        name: to_text(values[column]) if to_text else values[column]
        for name, (column, to_text) in names.items()
    }


def dumps(answer: object) -> bytes:
    """Encode an answer as JSON."""
    return orjson.dumps(answer, option=_OPTIONS)
