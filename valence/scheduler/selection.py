# SPDX-License-Identifier: Apache-2.0
"""Selecting the system and the devices of a node on one pod manager.

Shapes and their counters decide what fits. Only what is selected is read as
rows, other ones for each request.
"""

import functools
import itertools
import random
from collections import Counter
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

import sqlalchemy as sa

from valence import traits
from valence.common.types import Requirements
from valence.db import api as db
from valence.db import capacity
from valence.db import shapes
from valence.db.sqlalchemy import models
from valence.scheduler import availability
from valence.scheduler import equals
from valence.scheduler import fitting
from valence.scheduler.affinity import Affinity
from valence.scheduler.availability import Availability
from valence.scheduler.availability import Available
from valence.scheduler.chosen import Chosen
from valence.scheduler.comparison import Comparison
from valence.scheduler.comparison import Need
from valence.scheduler.request import Choice
from valence.scheduler.request import Rejection
from valence.scheduler.request import Request
from valence.scheduler.request import Use
from valence.scheduler.serials import Serials

# Selects at random among so many equal systems.
_TIE_BREAK = 8


class Selection:
    """Selects what satisfies a request."""

    def __init__(self, tx: db.Transaction, request: Request) -> None:
        self._tx = tx
        self._request = request
        self._affinity = Affinity(tx, request.affinity, request.project_id)
        self._chosen = Chosen(tx, request.chosen)
        self._serials = Serials(tx, request, self._chosen)
        self._comparison = Comparison(request.requirements, shapes.load(tx))
        self._reader = availability.Reader(
            tx,
            self._comparison.relevant(),
            self._comparison.needed,
            self._affinity,
            request.project_id,
            self._chosen,
        )
        self._available: Mapping[str, Availability] = {}
        self._equals = equals.Reader(tx)
        self._fits: dict[str, list[Available]] = {}
        requested = request.requirements.get('traits', {})
        self._preferred = requested.get('preferred', [])
        self._lacking: dict[str, int] = {}

    def conditions(
        self, podm_uuid: sa.SQLColumnExpression[str]
    ) -> list[sa.ColumnElement[bool]]:
        """What the UUID of any suitable pod manager meets."""
        return [
            *self._affinity.of_podms(podm_uuid),
            *self._serials.of_podms(podm_uuid),
            *self._needs(podm_uuid),
        ]

    def _needs(
        self, podm_uuid: sa.SQLColumnExpression[str]
    ) -> list[sa.ColumnElement[bool]]:
        found = self._comparison.necessary()
        return [self._has(podm_uuid, need) for need in found]

    def _has(
        self, podm_uuid: sa.SQLColumnExpression[str], need: Need
    ) -> sa.ColumnElement[bool]:
        """The condition that enough of these shapes is free.

        MariaDB would evaluate EXISTS for all pod managers first.
        """
        if not need.shapes:
            return sa.false()
        count = models.Count
        conditions = count.podm_uuid == podm_uuid, *self._free(need.shapes)
        if need.number > 1:
            free = sa.select(sa.func.sum(count.free)).where(*conditions)
            return sa.func.coalesce(free.scalar_subquery(), 0) >= need.number
        found = sa.select(count.uuid).where(*conditions).limit(1)
        return found.scalar_subquery().is_not(None)

    def _free(self, uuids: list[str]) -> list[sa.ColumnElement[bool]]:
        """The conditions on counters of free hardware of some shapes."""
        count = models.Count
        return [
            count.shape_uuid.in_(uuids),
            count.free > 0,
            capacity.unreserved(count.reserved_to, self._request.project_id),
        ]

    def nearest(
        self, podms: Sequence[models.PodManager], limit: int
    ) -> Sequence[models.PodManager]:
        """Some of the pod managers where nothing fits, the nearest first."""
        if len(podms) <= limit:
            return podms
        podm = models.PodManager
        closest = self._comparison.closest(self._all)
        conditions = (
            self._has(podm.uuid, Need(closest)),
            *self._needs(podm.uuid),
        )
        met: sa.ColumnElement[int] = sum(
            (sa.case((one, 1), else_=0) for one in conditions),
            start=sa.literal(0),
        )
        by_uuid = {one.uuid: one for one in podms}
        found = self._tx.connection.execute(
            sa.select(podm.uuid).order_by(met.desc(), podm.name)
        )
        nearest = (by_uuid[uuid] for (uuid,) in found if uuid in by_uuid)
        return list(itertools.islice(nearest, limit))

    def shortages(
        self, podms: Collection[str], others: Collection[str]
    ) -> dict[str, int]:
        """How many free systems of pod managers lack what.

        :param podms: the UUIDs of those where nothing fits.
        :param others: the UUIDs of all that are none of these.
        """
        uuid = models.Count.podm_uuid
        if len(others) < len(podms):
            totals = self._all - Counter(self._totals(uuid.in_(others)))
        else:
            totals = Counter(self._totals(uuid.in_(podms)))
        counts: Counter[str] = Counter()
        for shape in self._comparison.systems():
            if shape.uuid in totals:
                shortage = self._comparison.likely_shortage(shape)
                reason = shortage or self._affinity.reason or fitting.REFUSED
                counts[reason] += totals[shape.uuid]
        return counts

    @functools.cached_property
    def _all(self) -> Counter[str]:
        """How many systems of all pod managers are free, by shape."""
        return Counter(self._totals())

    def _totals(self, *extra: sa.ColumnElement[bool]) -> dict[str, int]:
        """How many systems are free, by UUID of the shape."""
        count = models.Count
        uuids = [shape.uuid for shape in self._comparison.systems()]
        rows = self._tx.connection.execute(
            sa.select(count.shape_uuid, sa.func.sum(count.free))
            .where(*self._free(uuids), *extra)
            .group_by(count.shape_uuid)
        )
        return {uuid: int(number) for uuid, number in rows}

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
        self._serials.add(self._available)
        self._fits.clear()

    def reject(self, podm: models.PodManager) -> Rejection | None:
        """Why nothing on a pod manager fits, or None."""
        shortages = self._comparison.shortages(self._available[podm.uuid])
        return None if None in shortages else self._rejection(podm)

    def prepare(self, podms: Collection[models.PodManager]) -> None:
        """Read what ``select`` needs for several pod managers together.

        Where that depends on more than the counters, it reads by itself.
        """
        alone = self._request.refused or self._request.chosen
        if alone or self._serials.named or self._affinity.of_systems():
            return
        systems: list[tuple[Available, int]] = []
        devices: list[tuple[Available, int]] = []
        for podm in podms:
            available = self._available[podm.uuid]
            for system in self._fitting(podm)[:1]:
                systems.append((system, 1))
                match = self._comparison.match(system, available)
                devices += self._needed(available, match)
        self._equals.prepare(models.System, systems)
        self._equals.prepare(models.Device, devices)

    def select(self, podm: models.PodManager) -> Choice | Rejection:
        """Select the smallest system of a pod manager that fits.

        What was refused less often comes first.
        """
        available = self._available[podm.uuid]
        for system in self._fitting(podm):
            match = self._comparison.match(system, available)
            devices = self._devices(available, match)
            for row in self._systems(system):
                found = self._match(row, devices, available.zoned)
                if found.shortage is None:
                    return choice(row, found.devices)
        return self._select_refused(available) or self._rejection(podm)

    def _fitting(self, podm: models.PodManager) -> list[Available]:
        """The systems that fit, best first; equal ones in any order.

        One with accelerators is spared for those who request them. Where there
        are zones, some services compose nothing of a system in none.
        """
        if podm.uuid in self._fits:
            return self._fits[podm.uuid]
        available = self._available[podm.uuid]
        shortages = self._comparison.shortages(available)
        found = [
            one
            for one, shortage in zip(available.free, shortages, strict=True)
            if shortage is None
        ]
        random.shuffle(found)
        found.sort(
            key=lambda one: (
                available.zoned and not one.part.zones,
                self._lacks(one),
                len(one.part.accelerators or ()),
                one.size,
            )
        )
        self._fits[podm.uuid] = found
        return found

    def _lacks(self, one: Available) -> int:
        """How many of the preferred traits a system lacks."""
        if not self._preferred:
            return 0
        if one.shape.uuid not in self._lacking:
            found = traits.of_system(one.part)
            lacking = traits.missing(self._preferred, found)
            self._lacking[one.shape.uuid] = len(lacking)
        return self._lacking[one.shape.uuid]

    def preference(self, podm: models.PodManager) -> int:
        """How many preferred traits the best system lacks; 0 if none fits."""
        if not self._preferred:
            return 0
        return min(map(self._lacks, self._fitting(podm)), default=0)

    def _systems(self, system: Available) -> list[models.System]:
        """A few of equal systems that were not refused before."""
        row = models.System
        refused = {one.system_uuid for one in self._request.refused}
        conditions = self._affinity.of_systems() + self._chosen.not_of(row)
        if refused:
            conditions.append(row.uuid.not_in(refused))
        return self._equals.some(row, system, _TIE_BREAK, *conditions)

    def _devices(
        self, available: Availability, match: fitting.Match
    ) -> list[models.Device]:
        """Enough devices for a match, and for others if some were refused."""
        refused = self._refused_devices()
        rows: list[models.Device] = []
        others = self._chosen.not_of(models.Device) + self._serials.not_named()
        for one, count in self._needed(available, match):
            row = self._serials.row(one)
            rows += (
                [row]
                if row
                else self._equals.some(models.Device, one, count, *others)
            )
        return sorted(
            rows, key=lambda row: (row.capacity_gib, refused.count(row.uuid))
        )

    def _needed(
        self, available: Availability, match: fitting.Match
    ) -> list[tuple[Available, int]]:
        """How many of which devices ``_devices`` reads."""
        counts = Counter(id(part) for part in match.devices)
        refused = len(self._refused_devices())
        all_of_them = self._comparison.needed + refused if refused else 0
        needed = (
            (one, min(all_of_them or counts[id(one.part)], one.free))
            for one in available.devices
        )
        return [(one, count) for one, count in needed if count]

    def _refused_devices(self) -> list[str]:
        return [uuid for one in self._request.refused for uuid in one.devices]

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
            *self._chosen.not_of(system),
            only=equals.columns(system),
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
        counts: Counter[str] = Counter()
        lacking = self._comparison.shortages(available)
        for one, shortage in zip(available.free, lacking, strict=True):
            counts[shortage or fitting.REFUSED] += one.free
        for one in available.systems if self._request.affinity else ():
            if one.excluded:
                counts[self._affinity.reason] += one.excluded
        return rejection(podm, counts, *self._comparison.nearest(available))


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
