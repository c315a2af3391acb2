# SPDX-License-Identifier: Apache-2.0
"""Selecting the system and the devices of a node on one pod manager.

Shapes and their counters decide what fits. Only what is selected is read as
rows, other ones for each request.
"""

import random
from collections import Counter
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TypeVar
from typing import cast

import sqlalchemy as sa
from oslo_utils import uuidutils

from valence.common.cache import cached
from valence.common.types import Requirements
from valence.db import api as db
from valence.db import capacity
from valence.db import shapes
from valence.db import statements
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable
from valence.scheduler import availability
from valence.scheduler import fitting
from valence.scheduler.affinity import Affinity
from valence.scheduler.availability import Availability
from valence.scheduler.availability import Available
from valence.scheduler.comparison import Comparison
from valence.scheduler.request import Choice
from valence.scheduler.request import Rejection
from valence.scheduler.request import Request
from valence.scheduler.request import Use

M = TypeVar('M', bound=Allocatable)

# Selects at random among so many equal systems.
_TIE_BREAK = 8


class Selection:
    """Selects what satisfies a request."""

    def __init__(self, tx: db.Transaction, request: Request) -> None:
        self._tx = tx
        self._request = request
        self._affinity = Affinity(tx, request.affinity, request.project_id)
        self._comparison = Comparison(request.requirements, shapes.load(tx))
        self._reader = availability.Reader(
            tx,
            self._comparison.wanted(),
            self._comparison.needed,
            self._affinity,
            request.project_id,
        )
        self._available: Mapping[str, Availability] = {}

    def conditions(
        self, podm_uuid: sa.SQLColumnExpression[str]
    ) -> list[sa.ColumnElement[bool]]:
        """What the UUID of any suitable pod manager meets."""
        return [
            *self._affinity.of_podms(podm_uuid),
            *(
                self._has(podm_uuid, uuids)
                for uuids in self._comparison.necessary()
            ),
        ]

    def _has(
        self, podm_uuid: sa.SQLColumnExpression[str], uuids: list[str]
    ) -> sa.ColumnElement[bool]:
        """The condition that something of one of these shapes is free.

        MariaDB would evaluate EXISTS for all pod managers first.
        """
        count = models.Count
        project_id = self._request.project_id
        found = sa.select(count.uuid).where(
            count.podm_uuid == podm_uuid,
            count.shape_uuid.in_(uuids),
            count.free > 0,
            capacity.unreserved(count.reserved_to, project_id),
        )
        return found.limit(1).scalar_subquery().is_not(None)

    def read(
        self, podms: Collection[models.PodManager], use: Mapping[str, Use]
    ) -> None:
        """Read what is free on pod managers.

        It comes before all else that refers to one of them.

        :param use: their counters.
        """
        uuids = {podm.uuid for podm in podms}
        zoned = {uuid for uuid in uuids if uuid in use and use[uuid].zoned}
        self._available = self._reader.read(uuids, zoned)

    def reject(self, podm: models.PodManager) -> Rejection | None:
        """Why nothing on a pod manager fits, or None."""
        available = self._available[podm.uuid]
        return None if self._fitting(available) else self._rejection(podm)

    def select(self, podm: models.PodManager) -> Choice | Rejection:
        """Select the smallest system of a pod manager that fits.

        What was refused less often comes first.
        """
        available = self._available[podm.uuid]
        for system in self._fitting(available):
            match = self._comparison.match(system, available)
            devices = self._devices(available, match)
            for row in self._systems(system):
                found = self._match(row, devices, available.zoned)
                if found.shortage is None:
                    return choice(row, found.devices)
        return self._select_refused(available) or self._rejection(podm)

    def _fitting(self, available: Availability) -> list[Available]:
        """The systems that fit, best first; equal ones in any order.

        One with accelerators is spared for those who request them. Where there
        are zones, some services compose nothing of a system in none.
        """
        found = [
            one
            for one in available.systems
            if one.free
            and self._comparison.match(one, available).shortage is None
        ]
        random.shuffle(found)
        found.sort(
            key=lambda one: (
                available.zoned and not one.part.zones,
                len(one.part.accelerators or ()),
                one.size,
            )
        )
        return found

    def _systems(self, system: Available) -> list[models.System]:
        """A few of equal systems that were not refused before."""
        row = models.System
        refused = {one.system_uuid for one in self._request.refused}
        conditions = self._affinity.of_systems()
        if refused:
            conditions.append(row.uuid.not_in(refused))
        return self._some(row, system, _TIE_BREAK, *conditions)

    def _devices(
        self, available: Availability, match: fitting.Match
    ) -> list[models.Device]:
        """Enough devices for a match, and for others if some were refused."""
        counts = Counter(id(part) for part in match.devices)
        refused = [
            uuid for one in self._request.refused for uuid in one.devices
        ]
        rows: list[models.Device] = []
        for one in available.devices:
            count = counts[id(one.part)]
            if refused:
                count = self._comparison.needed + len(refused)
            if count:
                rows += self._some(models.Device, one, min(count, one.free))
        return sorted(
            rows, key=lambda row: (row.capacity_gib, refused.count(row.uuid))
        )

    def _some(
        self,
        model: type[M],
        one: Available,
        limit: int,
        *conditions: sa.ColumnElement[bool],
    ) -> list[M]:
        """Some of equal systems or devices, other ones each time."""
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

    def _match(
        self,
        system: models.System,
        devices: list[models.Device],
        zoned: bool,
    ) -> fitting.Match:
        return fitting.match(
            self._request.requirements,
            system,
            devices,
            zoned,
            self._request.refused_devices(system.uuid),
        )

    def _select_refused(self, available: Availability) -> Choice | None:
        """Select other devices for a system that was refused before."""
        refusals = Counter(one.system_uuid for one in self._request.refused)
        if not refusals or not any(
            one.devices for one in self._request.refused
        ):
            return None
        podm_uuids = {one.podm_uuid for one in available.systems}
        system = models.System
        rows = self._tx.list(
            system,
            *capacity.free(system, self._request.project_id),
            *self._affinity.of_systems(),
            only=_columns(system),
            uuid=list(refusals),
            podm_uuid=podm_uuids,
        ).all()
        devices = self._devices(available, fitting.Match())
        for row in sorted(
            rows, key=lambda row: (refusals[row.uuid], row.cpu_cores)
        ):
            found = self._match(row, devices, available.zoned)
            if found.shortage is None:
                return choice(row, found.devices)
        return None

    def _rejection(self, podm: models.PodManager) -> Rejection:
        """Why none of the free systems of a pod manager is selected."""
        available = self._available[podm.uuid]
        shortages: Counter[str] = Counter()
        for one in available.systems:
            if one.free:
                match = self._comparison.match(one, available)
                shortages[match.shortage or fitting.REFUSED] += one.free
            if one.excluded:
                shortages[self._affinity.reason] += one.excluded
        nearest, nearness = self._nearest(available)
        return rejection(podm, shortages, nearest, nearness)

    def _nearest(
        self, available: Availability
    ) -> tuple[Requirements | None, float]:
        """The largest similar requirements that one of the systems can meet.

        :returns: also how near that is, from 0 to 1.
        """
        systems = [one for one in available.systems if one.free]
        if not systems:
            return None, 0.0
        nearness = [
            self._comparison.nearness(one, available) for one in systems
        ]
        best = max(nearness)
        system = systems[nearness.index(best)]
        return self._comparison.nearest(system, available), best


def rejection(
    podm: models.PodManager,
    shortages: Mapping[str, int],
    nearest: Requirements | None = None,
    nearness: float = 0.0,
) -> Rejection:
    """The rejection of a pod manager whose free systems lack something.

    :param shortages: how many systems lack what.
    """
    systems = sum(shortages.values())
    reason = 'no system is free'
    if systems:
        commonest = Counter(shortages).most_common(3)
        words = ', '.join(one for one, _ in commonest)
        reason = f'none of {systems} free systems fits: {words}'
    return Rejection(
        podm.uuid,
        podm.name,
        'capacity',
        reason,
        nearest,
        nearness,
        systems,
        dict(shortages),
    )


def choice(system: models.System, devices: Iterable[models.Device]) -> Choice:
    """What was selected."""
    return Choice(
        system.podm_uuid,
        system.uuid,
        system.resource_uri,
        {device.uuid: device.resource_uri for device in devices},
    )


@cached
def _halves(model: type[Allocatable]) -> tuple[statements.Select, ...]:
    """The queries for equal hardware from a UUID on, and before it."""
    start: sa.BindParameter[str] = sa.bindparam('start')
    columns = statements.columns(model)
    query = (
        sa.select(*(columns[name] for name in _columns(model)))
        .where(
            model.count_uuid == sa.bindparam('count_uuid'),
            model.free == sa.bindparam('free'),
        )
        .order_by(model.uuid)
        .limit(sa.bindparam('limit'))
    )
    return query.where(model.uuid >= start), query.where(model.uuid < start)


def _columns(model: type[Allocatable]) -> tuple[str, ...]:
    """What a choice needs: the properties from the vendor are large."""
    return ('uuid', 'podm_uuid', 'resource_uri', *shapes.columns(model))
