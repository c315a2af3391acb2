# SPDX-License-Identifier: Apache-2.0
"""Filters by traits and by tags, named as the API-SIG names those by tags.

What systems and devices have of both is a function of their shape. So the
shapes decide, in memory, and the index of their counters finds the rows.
"""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa
from oslo_config import cfg

from valence import objects
from valence import traits
from valence.common import exception
from valence.common.cache import cached
from valence.db import api as db
from valence.db import shapes
from valence.db import tags
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.base import Table
from valence.objects import base
from valence.objects import fields

_TAGS, _TRAITS = 'tags', 'traits'
#: Which of them can filter a kind of resource.
_OF: Mapping[base.Kind, tuple[str, ...]] = {
    objects.System: (_TAGS, _TRAITS),
    objects.Device: (_TAGS, _TRAITS),
    objects.PodManager: (_TAGS,),
    objects.Chassis: (_TAGS,),
    objects.Node: (_TRAITS,),
}
# Whether names are as a filter says, by what is before and after its word.
_WAYS: Mapping[str, tuple[str, Callable[[set[str], set[str]], bool]]] = {
    '{}': ('has all of these {}', lambda names, has: names <= has),
    '{}-any': ('has any of these {}', lambda names, has: bool(names & has)),
    'not-{}': ('lacks any of these {}', lambda names, has: not names <= has),
    'not-{}-any': (
        'has none of these {}',
        lambda names, has: not names & has,
    ),
}
_DOC = 'Filter: {}, separated by commas.'
_MORE = {
    _TAGS: ' Those of what contains it count, too.',
    _TRAITS: ' Tags are traits, too.',
}


class Mark(NamedTuple):
    """A filter by names that something has.

    :param name: the query parameter.
    :param word: ``tags`` or ``traits``.
    :param way: how the names are compared.
    """

    name: str
    word: str
    way: str
    names: frozenset[str]

    def accepts(self, has: Collection[str]) -> bool:
        """Whether what has these names passes."""
        return _WAYS[self.way][1](set(self.names), set(has))

    def met_by(
        self, has: Mapping[str, sa.ColumnElement[bool]]
    ) -> sa.ColumnElement[bool]:
        """The SQL condition, from one for each name."""
        each = [has[name] for name in sorted(self.names)]
        one = sa.or_(*each) if self.way.endswith('-any') else sa.and_(*each)
        return ~one if self.way.startswith('not-') else one


@cached
def parameters(
    cls: base.Kind, audience: fields.Audience = fields.Audience.ADMIN
) -> dict[str, tuple[str, str]]:
    """The query parameters of a collection: word and way, by name.

    Of what members of projects see only nodes can be filtered: the tags of
    other hardware are for operators.
    """
    if audience < fields.Audience.SYSTEM and cls is not objects.Node:
        return {}
    return {
        way.format(word): (word, way)
        for word in _OF.get(cls, ())
        for way in _WAYS
    }


def describe(name: str, word: str, way: str) -> str:
    """The description of a query parameter."""
    return _DOC.format(_WAYS[way][0].format(word)) + _MORE[word]


def parse(name: str, known: tuple[str, str], text: str) -> Mark:
    """The filter of a query parameter.

    :raises Invalid: if it has no name.
    """
    names = frozenset(one.strip() for one in text.split(',')) - {''}
    if not names:
        raise _invalid(name, 'must have at least one name')
    return Mark(name, *known, names)


def condition(
    tx: db.Transaction, model: type[Table], given: Sequence[Mark]
) -> tuple[str, Any]:
    """The column that decides, and its values: a list, or a query for them.

    :param given: all filters of a request; a row has to pass each of them.
    :raises Invalid: if they fit too many groups of hardware.
    """
    if model is models.PodManager:
        rows = tx.list(models.PodManager, only=('uuid', 'tags')).all()
        return 'uuid', [
            row.uuid
            for row in rows
            if all(one.accepts(row.tags or ()) for one in given)
        ]
    if model is models.Chassis:
        return 'uuid', _chassis(tx, given)
    if model is not models.Node:
        return 'count_uuid', _counts(tx, model, given)
    system = models.System
    return 'uuid', sa.select(system.node_uuid).where(
        system.count_uuid.in_(_counts(tx, system, given)),
        # What nodes have is not free; the index has that.
        system.free.is_(False),
        system.node_uuid.is_not(None),
    )


def _chassis(tx: db.Transaction, given: Sequence[Mark]) -> sa.Select[Any]:
    """The chassis that pass. The tags of what contains them count."""
    chassis = models.Chassis
    names = sorted({name for one in given for name in one.names})
    podms = tags.tagged_with(tx, models.PodManager, names)
    roots = tags.tagged_with(tx, chassis, names)
    number = sum(map(len, (*podms.values(), *roots.values())))
    if number > cfg.CONF.api.max_sorted:
        raise _invalid(given[0].name, 'fits too much hardware')
    every = sorted({uuid for found in roots.values() for uuid in found})
    within = tags.chassis_within(every).c
    has: dict[str, sa.ColumnElement[bool]] = {
        name: sa.or_(
            sa.false(),
            *(chassis.podm_uuid.in_(one) for one in (podms[name],) if one),
            *(
                chassis.uuid.in_(
                    sa.select(within.uuid).where(within.root.in_(one))
                )
                for one in (roots[name],)
                if one
            ),
        )
        for name in names
    }
    return sa.select(chassis.uuid).where(*(one.met_by(has) for one in given))


def _counts(
    tx: db.Transaction, model: Any, given: Sequence[Mark]
) -> list[str]:
    """The ``count_uuid`` of hardware whose shape passes.

    Reserved hardware has a counter of its own, but the same ``count_uuid``.
    """
    passing = [
        shape.uuid
        for shape in shapes.load(tx)
        if shape.model is model
        and all(one.accepts(_names(shape, one.word)) for one in given)
    ]
    found = {
        shapes.group_uuid(row.podm_uuid, row.shape_uuid, row.zones)
        for start in range(0, len(passing), db.BATCH)
        for row in tx.list(
            models.Count,
            only=('podm_uuid', 'shape_uuid', 'zones'),
            shape_uuid=passing[start : start + db.BATCH],
        )
    }
    if len(found) > cfg.CONF.api.max_sorted:
        raise _invalid(given[0].name, 'fits too much hardware')
    return sorted(found)


def _invalid(name: str, reason: str) -> exception.Invalid:
    return exception.Invalid(kind='query parameter', field=name, reason=reason)


def _names(shape: shapes.Shape, word: str) -> Collection[str]:
    part = shape.part
    if word == _TAGS:
        return {*(part.tags or ()), *(part.inherited_tags or ())}
    if shape.model is models.System:
        return traits.of_system(part)
    return traits.of_device(part)
