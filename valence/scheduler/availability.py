# SPDX-License-Identifier: Apache-2.0
"""What is free on pod managers, by shape: from the counters, not from rows."""

import dataclasses
import functools
from collections import Counter
from collections.abc import Collection
from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

from valence.db import api as db
from valence.db import capacity
from valence.db import scan
from valence.db import shapes
from valence.db.sqlalchemy import models
from valence.scheduler.affinity import Affinity
from valence.scheduler.chosen import Chosen


class Available(NamedTuple):
    """Free systems or devices that are equal.

    :param part: their shape and zones, typed as a row.
    :param free: how many there are.
    :param excluded: how many more there are that affinity rejects.
    """

    podm_uuid: str
    shape: shapes.Shape
    part: Any
    reserved_to: str | None
    free: int
    excluded: int = 0

    @property
    def count_uuid(self) -> str:
        """That of their rows."""
        return shapes.group_uuid(
            self.podm_uuid, self.shape.uuid, self.part.zones
        )

    @property
    def size(self) -> tuple[int, ...]:
        """The order of systems: the smallest first."""
        part = self.part
        return part.cpu_cores, part.memory_mib, part.storage_gib


#: What pod managers have in common that are equal for a request.
Kind = tuple[bool, frozenset[tuple[int, int]], tuple[int, ...]]


@dataclasses.dataclass
class Availability:
    """What is free on a pod manager.

    :param zoned: whether it joins only what is in one zone.
    :param needed: the number of equal devices that matters at most.
    """

    zoned: bool
    needed: int
    systems: list[Available] = dataclasses.field(default_factory=list)
    devices: list[Available] = dataclasses.field(default_factory=list)

    @functools.cached_property
    def free(self) -> list[Available]:
        """The systems, without those that affinity rejects."""
        return [one for one in self.systems if one.free]

    @functools.cached_property
    def kind(self) -> Kind:
        """What comparing it with a request depends on."""
        systems = tuple([id(one.part) for one in self.free])
        return self.zoned, self.stock, systems

    @functools.cached_property
    def stock(self) -> frozenset[tuple[int, int]]:
        """What matching depends on: how many devices there are of each kind.

        It has the identities of the parts.
        """
        counts: Counter[int] = Counter()
        for one in self.devices:
            counts[id(one.part)] += one.free
        return frozenset(
            (part, min(count, self.needed)) for part, count in counts.items()
        )

    def parts(self) -> list[Any]:
        """These devices, the smallest first."""
        parts = {id(one.part): one.part for one in self.devices}
        found = [
            parts[part] for part, count in self.stock for _ in range(count)
        ]
        return sorted(found, key=lambda part: (part.capacity_gib, part.uuid))


class Reader:
    """Reads what is free for a project.

    :param relevant: the shapes that matter.
    :param needed: the number of equal devices that matters at most.
    :param chosen: what other nodes have chosen.
    """

    def __init__(
        self,
        tx: db.Transaction,
        relevant: Iterable[shapes.Shape],
        needed: int,
        affinity: Affinity,
        project_id: str | None,
        chosen: Chosen,
    ) -> None:
        self._tx = tx
        self._shapes = {shape.uuid: shape for shape in relevant}
        self._needed = needed
        self._affinity = affinity
        self._project_id = project_id
        self._chosen = chosen
        self._parts: dict[tuple[str, tuple[str, ...]], Any] = {}

    def read(
        self, podm_uuids: Collection[str], zoned: Collection[str]
    ) -> dict[str, Availability]:
        """What is free on pod managers, by their UUIDs.

        :param zoned: those that join only what is in one zone.
        """
        count = models.Count
        where: dict[str, Any] = {'shape_uuid': list(self._shapes)}
        if len(podm_uuids) <= db.BATCH:
            where['podm_uuid'] = list(podm_uuids)
        found = {
            uuid: Availability(uuid in zoned, self._needed)
            for uuid in podm_uuids
        }
        for row in scan.rows(
            self._tx,
            count,
            count.free > 0,
            capacity.unreserved(count.reserved_to, self._project_id),
            only=('podm_uuid', 'shape_uuid', 'zones', 'reserved_to', 'free'),
            **where,
        ):
            if row.podm_uuid in found:
                self._add(found[row.podm_uuid], row)
        for one in found.values():
            one.systems.sort(key=lambda system: system.size)
        return found

    def _add(self, to: Availability, row: models.Count) -> None:
        shape = self._shapes[row.shape_uuid]
        key = shape.uuid, tuple(row.zones)
        if key not in self._parts:
            self._parts[key] = shapes.in_zones(shape, row.zones)
        free = unchosen = max(0, row.free - self._chosen.of(row))
        if shape.model is models.System:
            free = min(free, self._affinity.eligible(row))
        one = Available(
            row.podm_uuid,
            shape,
            self._parts[key],
            row.reserved_to,
            free,
            unchosen - free,
        )
        (to.systems if shape.model is models.System else to.devices).append(
            one
        )
