# SPDX-License-Identifier: Apache-2.0
"""Database rows as JSON, by what the versioned objects say of their fields.

No object and no WSME instance is built: a list costs its query and orjson.
"""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import orjson

from valence.common import exception
from valence.common.cache import cached
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import base
from valence.objects import fields

# Times are kept without a zone and are UTC.
_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


class Source(NamedTuple):
    """Where the value of a field comes from.

    :param to_text: makes the text that is shown of what is stored.
    """

    column: str
    to_text: Callable[[Any], str | None] | None = None


# The fields of an answer, in their order.
Names = dict[str, Source]


def same(*names: str) -> Names:
    """Fields whose columns bear their names."""
    return {name: Source(name) for name in names}


def columns(names: Names) -> list[str]:
    """The columns that the fields of an answer come from."""
    return [source.column for source in names.values()]


@cached
def shown(
    cls: type[base.ValenceObject],
    minor: int,
    audience: fields.Audience,
    listing: bool = False,
) -> Names:
    """The fields that an answer shows.

    :param minor: the minor API version.
    :param audience: who asks.
    :param listing: whether it is a collection that nobody asked more of.
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
    cls: type[base.ValenceObject],
    minor: int,
    audience: fields.Audience,
    wanted: str | None,
    listing: bool = False,
) -> Names:
    """The fields to show, of all or of those a request names.

    :param wanted: the ``fields`` parameter: names with commas between them.
    :raises Invalid: for a name that is not shown.
    """
    if wanted is None:
        return shown(cls, minor, audience, listing)
    names = shown(cls, minor, audience)
    chosen = {}
    for name in wanted.split(','):
        if name not in names:
            raise exception.Invalid(
                kind='query parameter',
                field='fields',
                reason=f'unknown field {name[:64]!r}',
            )
        chosen[name] = names[name]
    return chosen


def record(row: models.Table, names: Names) -> dict[str, Any]:
    """One row as a dictionary of the named fields."""
    values = db.mapping(row)
    return {
        name: to_text(values[column]) if to_text else values[column]
        for name, (column, to_text) in names.items()
    }


def dumps(answer: Any) -> bytes:
    """An answer as JSON."""
    return orjson.dumps(answer, option=_OPTIONS)
