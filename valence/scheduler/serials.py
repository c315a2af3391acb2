# SPDX-License-Identifier: Apache-2.0
"""Drives that a request names by their serial numbers.

The counters have no serial numbers: there would be as many shapes as drives.
The few drives that are named are read as rows, by an index, and taken out of
the counters that include them.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import cast

import sqlalchemy as sa

from valence.common.types import JsonObject
from valence.db import api as db
from valence.db import capacity
from valence.db import shapes
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.scheduler import components
from valence.scheduler import equals
from valence.scheduler.availability import Availability
from valence.scheduler.availability import Available
from valence.scheduler.chosen import Chosen
from valence.scheduler.request import Request

# More drives of the serial numbers of one request are not read: a vendor that
# gives many drives the same one has given them none.
_MAX_ROWS = 1000


class Serials:
    """The free pooled drives whose serial numbers a request names.

    :param named: whether it names any.
    """

    def __init__(
        self, tx: db.Transaction, request: Request, chosen: Chosen
    ) -> None:
        requested = cast(JsonObject, request.requirements)
        serials = sorted({*requirements.serials(requested)})
        self.named = bool(serials)
        self._demands = [
            one
            for one in components.demands(request.requirements)
            if 'serial' in one.part
        ]
        device = models.Device
        self._rows: dict[str, models.Device] = {}
        for row in (
            tx.list(
                device,
                *capacity.free(device, request.project_id),
                *chosen.not_of(device),
                only=(*equals.columns(device), 'count_uuid', 'reserved_to'),
                serial_number=serials,
                order=[device.uuid],
                limit=_MAX_ROWS,
            )
            if serials
            else ()
        ):
            self._rows[row.uuid] = row
        self._by_podm: dict[str, list[models.Device]] = defaultdict(list)
        for row in self._rows.values():
            self._by_podm[row.podm_uuid].append(row)

    def of_podms(
        self, uuid: sa.SQLColumnExpression[str]
    ) -> list[sa.ColumnElement[bool]]:
        """The condition that a pod manager has enough of the drives."""
        if not self.named:
            return []
        return [
            uuid.in_(
                [
                    podm
                    for podm, rows in self._by_podm.items()
                    if all(
                        sum(components.is_part(row, one) for row in rows)
                        >= one.part['count']
                        for one in self._demands
                    )
                ]
            )
        ]

    def add(self, available: Mapping[str, Availability]) -> None:
        """Show the drives one by one in what is free on pod managers.

        :param available: by the UUIDs of the pod managers.
        """
        for podm_uuid in available.keys() & self._by_podm.keys():
            found = available[podm_uuid]
            for row in self._by_podm[podm_uuid]:
                found.devices = [
                    *(_without(one, row) for one in found.devices),
                    Available(podm_uuid, _shape(row), row, row.reserved_to, 1),
                ]
            found.devices = [one for one in found.devices if one.free]

    def row(self, one: Available) -> models.Device | None:
        """The drive that is shown as this, or None: they are equal ones."""
        return self._rows.get(one.shape.uuid)

    def not_named(self) -> list[sa.ColumnElement[bool]]:
        """The conditions that a device is none of the drives."""
        if not self._rows:
            return []
        return [models.Device.uuid.not_in(self._rows)]


def _shape(row: models.Device) -> shapes.Shape:
    """A shape that only one drive has."""
    return shapes.Shape(row.uuid, models.Device, row)


def _without(one: Available, row: models.Device) -> Available:
    """Equal devices without a drive, if it is one of them."""
    same = one.reserved_to == row.reserved_to
    if same and one.count_uuid == row.count_uuid:
        return one._replace(free=one.free - 1)
    return one
