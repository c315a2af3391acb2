# SPDX-License-Identifier: Apache-2.0
"""Selecting the exact systems and devices that a request names."""

from collections import Counter
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TypeVar

import sqlalchemy as sa

from valence.db import api as db
from valence.db import capacity
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable
from valence.scheduler import fitting
from valence.scheduler import selection
from valence.scheduler.affinity import Affinity
from valence.scheduler.request import Choice
from valence.scheduler.request import Rejection
from valence.scheduler.request import Request
from valence.scheduler.request import Use

M = TypeVar('M', bound=Allocatable)


class ExactSelection:
    """Selects what a request names, if it satisfies the request.

    It is used like a ``selection.Selection``.
    """

    def __init__(self, tx: db.Transaction, request: Request) -> None:
        self._request = request
        self._affinity = Affinity(tx, request.affinity, request.project_id)
        self._systems = self._read(tx, models.System)
        self._devices = self._read(tx, models.Device)

    def _read(self, tx: db.Transaction, model: type[M]) -> dict[str, list[M]]:
        """What is free of the resources, by pod manager."""
        found: dict[str, list[M]] = defaultdict(list)
        for row in tx.list(
            model,
            *capacity.free(model, self._request.project_id),
            uuid=self._request.resources,
            order=[model.uuid],
        ):
            found[row.podm_uuid].append(row)
        return found

    def conditions(
        self, podm_uuid: sa.SQLColumnExpression[str]
    ) -> list[sa.ColumnElement[bool]]:
        """What the UUID of any suitable pod manager meets."""
        return [podm_uuid.in_(list(self._systems))]

    def read(
        self, podms: Collection[models.PodManager], use: Mapping[str, Use]
    ) -> None:
        """Nothing more is read.

        :param use: the counters of pod managers.
        """
        self._use = use

    def reject(self, podm: models.PodManager) -> Rejection | None:
        """Why nothing on a pod manager fits, or None."""
        found = self.select(podm)
        return found if isinstance(found, Rejection) else None

    def nearest(
        self, podms: Sequence[models.PodManager], limit: int
    ) -> Sequence[models.PodManager]:
        """Some of the pod managers that lack the resources."""
        return podms[:limit]

    def shortages(
        self, podms: Collection[str], others: Collection[str]
    ) -> dict[str, int]:
        """None of the other pod managers has one of the systems.

        :param podms: their UUIDs.
        :param others: the UUIDs of those that are none of these.
        """
        return {}

    def preference(self, podm: models.PodManager) -> int:
        """Exact resources have no preferences."""
        return 0

    def prepare(self, podms: Collection[models.PodManager]) -> None:
        """Nothing more is read.

        :param podms: those that ``select`` is called for.
        """

    def select(self, podm: models.PodManager) -> Choice | Rejection:
        """Select the resources, if they fit together."""
        shortages: Counter[str] = Counter()
        devices = self._devices.get(podm.uuid, [])
        for system in self._systems.get(podm.uuid, []):
            shortage = self._shortage(podm, system, devices)
            if shortage is None:
                return selection.choice(system, devices)
            shortages[shortage] += 1
        return selection.rejection(podm, shortages)

    def _shortage(
        self,
        podm: models.PodManager,
        system: models.System,
        devices: list[models.Device],
    ) -> str | None:
        """Why the devices cannot be joined with a system, or None."""
        reason = self._affinity.rejection_reason(system)
        if reason:
            return reason
        requested = {*self._request.resources} - {system.uuid}
        missing = requested - {device.uuid for device in devices}
        if missing:
            uuids = ', '.join(sorted(missing))
            return f'not free on this pod manager: {uuids}'
        use = self._use.get(podm.uuid)
        zoned = use is not None and use.zoned > 0
        if devices not in fitting.joinable(system, devices, zoned):
            return 'is in no zone with all of the devices'
        refused = self._request.refused_devices(system.uuid)
        return fitting.REFUSED if frozenset(requested) in refused else None
