# SPDX-License-Identifier: Apache-2.0
"""Database rows as JSON, by what the versioned objects say of their fields.

No object and no WSME instance is built: a list costs its query and orjson.
"""

from typing import Any

import orjson

from valence.common import exception
from valence.common.cache import cached
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import base
from valence.objects import fields

# Times are kept without a zone and are UTC.
_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS

# Fields by the name that an answer has for them, with their columns.
Names = dict[str, str]


def same(*names: str) -> Names:
    """Fields whose columns bear their names."""
    return dict(zip(names, names, strict=True))


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
        name: f'user_{name}'
        if field.has_user_text and audience < fields.Audience.SYSTEM
        else name
        for name, field in cls.seen_by(audience).items()
        if 'r' in field.api
        and field.since <= minor
        and (field.lists or not listing)
    }


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
    return {name: values[column] for name, column in names.items()}


def dumps(answer: Any) -> bytes:
    """An answer as JSON."""
    return orjson.dumps(answer, option=_OPTIONS)
