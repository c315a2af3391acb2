# SPDX-License-Identifier: Apache-2.0
"""Reading some of equal systems or devices: those that one counter counts."""

import random
from collections.abc import Iterable
from collections.abc import Sequence
from typing import TypeVar
from typing import cast

import sqlalchemy as sa
from oslo_utils import uuidutils
from sqlalchemy import orm

from valence.common.cache import cached
from valence.db import api as db
from valence.db import capacity
from valence.db import shapes
from valence.db import statements
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable
from valence.scheduler.availability import Available

M = TypeVar('M', bound=Allocatable)

# More of each counter are not read together.
_MAX_TOGETHER = 8


def columns(model: type[Allocatable]) -> tuple[str, ...]:
    """What a choice needs: the properties from the vendor are large."""
    names = ('uuid', 'podm_uuid', 'resource_uri', *shapes.columns(model))
    return (*names, 'serial_number') if model is models.Device else names


class Reader:
    """Reads equal hardware, other of it each time."""

    def __init__(self, tx: db.Transaction) -> None:
        self._tx = tx
        # What was read together, by the UUID of the counter.
        self._ready: dict[str, list[Allocatable]] = {}

    def some(
        self,
        model: type[M],
        one: Available,
        limit: int,
        *conditions: sa.ColumnElement[bool],
    ) -> list[M]:
        """Some of equal systems or devices that meet the conditions."""
        ready = self._ready.get(one.count_uuid, [])
        if ready and not conditions and one.reserved_to is None:
            return cast('list[M]', ready)
        if one.reserved_to is not None:
            reserved = model.reserved_to == one.reserved_to
            conditions = *conditions, reserved, *capacity.unallocated(model)
        values = {
            'count_uuid': one.count_uuid,
            'free': one.reserved_to is None,
            'start': uuidutils.generate_uuid(),
        }
        rows: list[M] = []
        for query in _halves(model):
            if len(rows) < limit:
                rows += cast(
                    'Sequence[M]',
                    self._tx.connection.execute(
                        query.where(*conditions) if conditions else query,
                        {**values, 'limit': limit - len(rows)},
                    ).all(),
                )
        random.shuffle(rows)
        return rows

    def prepare(
        self,
        model: type[Allocatable],
        amounts: Iterable[tuple[Available, int]],
    ) -> None:
        """Read what ``some`` returns then: of many in two statements.

        :param amounts: how many of each.
        """
        counts = {
            one.count_uuid: number
            for one, number in amounts
            if number <= _MAX_TOGETHER and one.reserved_to is None
        }
        if not counts:
            return
        found = self._tx.connection.execute(
            _firsts(model, max(counts.values())),
            {
                'counts': list(counts),
                'start': uuidutils.generate_uuid(),
            },
        )
        uuids = [
            uuid
            for counted, *firsts in found
            for uuid in firsts[: counts[counted]]
            if uuid is not None
        ]
        for row in self._tx.list(
            model, only=(*columns(model), 'count_uuid'), uuid=uuids
        ):
            self._ready.setdefault(str(row.count_uuid), []).append(row)


@cached
def _halves(model: type[Allocatable]) -> tuple[statements.Select, ...]:
    """The queries for equal hardware from a UUID on, and before it."""
    start: sa.BindParameter[str] = sa.bindparam('start')
    found = statements.columns(model)
    query = (
        sa.select(*(found[name] for name in columns(model)))
        .where(
            model.count_uuid == sa.bindparam('count_uuid'),
            model.free == sa.bindparam('free'),
        )
        .order_by(model.uuid)
        .limit(sa.bindparam('limit'))
    )
    return query.where(model.uuid >= start), query.where(model.uuid < start)


@cached
def _firsts(model: type[Allocatable], number: int) -> statements.Select:
    """The query for the UUIDs of the first ones of each of some counters.

    A single one is the first from a UUID on, if there is one.
    """
    count = models.Count
    row = orm.aliased(model)
    query = (
        sa.select(row.uuid)
        .where(row.count_uuid == count.uuid, row.free)
        .order_by(row.uuid)
    )
    firsts: list[sa.ColumnElement[str | None]] = [
        query.limit(1).offset(n).scalar_subquery() for n in range(number)
    ]
    if number == 1:
        later = query.where(row.uuid >= sa.bindparam('start')).limit(1)
        firsts = [sa.func.coalesce(later.scalar_subquery(), *firsts)]
    return sa.select(count.uuid, *firsts).where(
        count.uuid.in_(sa.bindparam('counts', expanding=True))
    )
