# SPDX-License-Identifier: Apache-2.0
"""A request compared with shapes of hardware, with each combination once.

Many pod managers have the same systems and enough of the same devices: what
was found out for one of them holds for all.
"""

import itertools
from collections import Counter
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple
from typing import TypeVar

from valence.common.types import Requirements
from valence.db import shapes
from valence.db.sqlalchemy import models
from valence.scheduler import components
from valence.scheduler import fitting
from valence.scheduler.availability import Availability
from valence.scheduler.availability import Available
from valence.scheduler.availability import Kind

T = TypeVar('T')
# More conditions would not exclude many more pod managers.
_MAX_DEMANDS = 8


class Need(NamedTuple):
    """What a pod manager has if a request fits there.

    :param shapes: their UUIDs.
    :param number: how many free systems or devices of these shapes.
    """

    shapes: list[str]
    number: int = 1


class Comparison:
    """The requirements of a request, compared with shapes.

    :param known: all shapes.
    """

    def __init__(
        self, requirements: Requirements, known: list[shapes.Shape]
    ) -> None:
        self.requirements = requirements
        self.demands = components.demands(requirements)
        # No more equal devices than this can make a difference.
        self.needed = sum(one.part['count'] for one in self.demands)
        self._known = known
        self._results: dict[tuple[object, ...], Any] = {}
        self._shortages: dict[Kind, tuple[str | None, ...]] = {}
        self._nearest: dict[Kind, tuple[Requirements | None, float]] = {}

    def relevant(self) -> list[shapes.Shape]:
        """The shapes that matter: devices only for those who ask for some."""
        return [
            shape
            for shape in self._known
            if shape.model is models.System
            or any(components.is_part(shape.part, one) for one in self.demands)
        ]

    def systems(self) -> list[shapes.Shape]:
        """The shapes of systems."""
        return [one for one in self._known if one.model is models.System]

    def necessary(self) -> Iterator[Need]:
        """What every pod manager has where the request fits.

        ``serials`` finds those that have drives of some serial numbers.
        """
        systems = [
            shape
            for shape in self.systems()
            if fitting.lacks(self.requirements, shape.part) is None
        ]
        yield Need([shape.uuid for shape in systems])
        counted = (one for one in self.demands if 'serial' not in one.part)
        for demand in itertools.islice(counted, _MAX_DEMANDS):
            devices = [
                shape.uuid
                for shape in self._known
                if shape.model is models.Device
                and components.is_part(shape.part, demand)
            ]
            local = {
                shape.uuid: components.count_parts(shape.part, demand)
                for shape in systems
            }
            pooled = demand.part['count'] - max(local.values(), default=0)
            if pooled > 0:
                yield Need(devices, pooled)
            else:
                with_part = [uuid for uuid, number in local.items() if number]
                yield Need([*with_part, *devices])

    def closest(self, free: Collection[str]) -> list[str]:
        """The shapes of systems whose attributes are nearest to those needed.

        :param free: the UUIDs of the shapes to choose from.
        """
        near: dict[float, list[str]] = {}
        for shape in self.systems():
            if shape.uuid in free:
                share = fitting.attributes_met(self.requirements, shape.part)
                near.setdefault(share, []).append(shape.uuid)
        return near[max(near)] if near else []

    def likely_shortage(self, shape: shapes.Shape) -> str | None:
        """What systems of a shape lack on most pod managers, or None.

        If that is devices, what systems that were compared lack.
        """
        lacking = fitting.lacks(self.requirements, shape.part)
        if lacking:
            return lacking
        by_attributes = {
            fitting.lacks(self.requirements, one.part)
            for one in self.systems()
        }
        compared = itertools.chain.from_iterable(self._shortages.values())
        counts = Counter(one for one in compared if one not in by_attributes)
        return max(counts, key=counts.__getitem__, default=None)

    def match(
        self, system: Available, available: Availability
    ) -> fitting.Match:
        """Match the requirements with a system and the free devices."""
        return self._once(fitting.match, system, available)

    def shortages(self, available: Availability) -> tuple[str | None, ...]:
        """What each of the free systems of a pod manager lacks, or None."""
        if available.kind not in self._shortages:
            self._shortages[available.kind] = tuple(
                self.match(one, available).shortage for one in available.free
            )
        return self._shortages[available.kind]

    def nearest(
        self, available: Availability
    ) -> tuple[Requirements | None, float]:
        """The largest similar requirements that one of the systems can meet.

        :returns: also how near that is, from 0 to 1.
        """
        if available.kind not in self._nearest:
            self._nearest[available.kind] = self._find_nearest(available)
        return self._nearest[available.kind]

    def _find_nearest(
        self, available: Availability
    ) -> tuple[Requirements | None, float]:
        if not available.free:
            return None, 0.0
        nearness = [
            self._once(fitting.nearness, one, available)
            for one in available.free
        ]
        best = max(nearness)
        system = available.free[nearness.index(best)]
        return self._once(fitting.nearest, system, available), best

    def _once(
        self,
        function: Callable[..., T],
        system: Available,
        available: Availability,
    ) -> T:
        key = function, id(system.part), available.zoned, available.stock
        if key not in self._results:
            self._results[key] = function(
                self.requirements,
                system.part,
                available.parts(),
                available.zoned,
            )
        result: T = self._results[key]
        return result
