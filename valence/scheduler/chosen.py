# SPDX-License-Identifier: Apache-2.0
"""Hardware that is chosen for other nodes, and allocated to none yet."""

from collections import Counter
from collections.abc import Collection
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from valence.db import api as db
from valence.db import shapes
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable
from valence.scheduler.request import Choice

_COLUMNS = ('uuid', 'count_uuid', 'reserved_to')


class Chosen:
    """What others have chosen, and what is therefore not free.

    A device that several nodes share is free while it has a place left.
    """

    def __init__(
        self, tx: db.Transaction, choices: Collection[Choice]
    ) -> None:
        self._uuids: dict[type[Allocatable], list[str]] = {}
        self._counts: Counter[tuple[str, str | None]] = Counter()
        if choices:
            uuids = [one.system_uuid for one in choices]
            systems = tx.list(models.System, only=_COLUMNS, uuid=uuids)
            self._add(models.System, systems.all())
            self._add(models.Device, _full_devices(tx, choices))

    def _add(self, model: type[Allocatable], rows: Sequence[Any]) -> None:
        self._uuids[model] = [row.uuid for row in rows]
        self._counts.update(
            (str(row.count_uuid), row.reserved_to) for row in rows
        )

    def of(self, row: models.Count) -> int:
        """How many of what a counter counts as free are not."""
        if not self._counts:
            return 0
        zones = shapes.group_uuid(row.podm_uuid, row.shape_uuid, row.zones)
        return self._counts[zones, row.reserved_to]

    def not_of(self, model: type[Allocatable]) -> list[sa.ColumnElement[bool]]:
        """The conditions that a system or device is not one of these."""
        uuids = self._uuids.get(model)
        return [model.uuid.not_in(uuids)] if uuids else []


def _full_devices(
    tx: db.Transaction, choices: Collection[Choice]
) -> list[models.Device]:
    """The devices that have no place left."""
    places = Counter(uuid for one in choices for uuid in one.devices)
    only = (*_COLUMNS, 'max_nodes', 'sharers')
    return [
        row
        for row in tx.list(models.Device, only=only, uuid=[*places])
        if row.max_nodes is not None
        and row.sharers + places[row.uuid] >= row.max_nodes
    ]
