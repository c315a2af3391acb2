# SPDX-License-Identifier: Apache-2.0
"""Tags of administrators: traits of what they are on, and of all within.

Systems and devices have a copy of the tags of their pod manager and of the
chassis that contain them, so that a shape determines all of their traits.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from valence.db import api as db
from valence.db import counters
from valence.db import shapes
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.base import Table
from valence.db.sqlalchemy.observed import Allocatable


def change(
    tx: db.Transaction,
    model: type[Table],
    uuid: str,
    podm_uuid: str,
    tags: Collection[str],
) -> None:
    """Change the tags of a pod manager, chassis, system or device.

    :param uuid: its UUID.
    """
    values = {'tags': sorted(set(tags)) or None}
    if issubclass(model, Allocatable):
        _write(tx, model, [uuid], values)
    else:
        tx.update(model, values, uuid=uuid)
        inherit(tx, podm_uuid, changed=True)


def inherit(
    tx: db.Transaction, podm_uuid: str, *, changed: bool = False
) -> None:
    """Copy the tags of a pod manager and its chassis to what is in them.

    Without any, nothing is read.

    :param changed: whether some were changed, and possibly the last removed.
    """
    podm = tx.get(models.PodManager, uuid=podm_uuid)
    own = tuple((podm and podm.tags) or ())
    tagged = _of_chassis(tx, podm_uuid)
    if not (own or tagged or changed):
        return
    for model in shapes.MODELS:
        new: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for row in tx.list(
            model,
            only=('uuid', 'chassis_uuid', 'inherited_tags'),
            podm_uuid=podm_uuid,
        ).all():
            tags = {*own, *tagged.get(row.chassis_uuid or '', ())}
            if tags != {*(row.inherited_tags or ())}:
                new[tuple(sorted(tags))].append(row.uuid)
        for found, uuids in sorted(new.items()):
            _write(tx, model, uuids, {'inherited_tags': [*found] or None})


def tagged_with(
    tx: db.Transaction,
    model: type[models.PodManager] | type[models.Chassis],
    names: Collection[str],
) -> dict[str, list[str]]:
    """The pod managers or chassis that have each of some tags themselves."""
    found: dict[str, list[str]] = {name: [] for name in names}
    rows = tx.list(model, model.tags.is_not(None), only=('uuid', 'tags'))
    for row in rows:
        for name in found.keys() & {*(row.tags or ())}:
            found[name].append(row.uuid)
    return found


def chassis_within(uuids: Collection[str]) -> sa.CTE:
    """Chassis, and all that are in them, each with the one as ``root``."""
    chassis = models.Chassis
    within = (
        sa.select(chassis.uuid.label('root'), chassis.uuid)
        .where(chassis.uuid.in_(uuids))
        .cte('within', recursive=True)
    )
    # A union of distinct rows ends, even if chassis contain each other.
    return within.union(
        sa.select(within.c.root, chassis.uuid).where(
            chassis.parent_uuid == within.c.uuid
        )
    )


def _of_chassis(tx: db.Transaction, podm_uuid: str) -> dict[str, set[str]]:
    """The tags of each chassis, and of those that contain it, if any are."""
    rows = {
        row.uuid: row
        for row in tx.list(
            models.Chassis,
            only=('uuid', 'parent_uuid', 'tags'),
            podm_uuid=podm_uuid,
        ).all()
    }
    if not any(row.tags for row in rows.values()):
        return {}
    found: dict[str, set[str]] = {}
    for uuid in rows:
        tags: set[str] = set()
        visited: set[str] = set()
        place: str | None = uuid
        while place in rows and place not in visited:
            visited.add(place)
            tags.update(rows[place].tags or ())
            place = rows[place].parent_uuid
        found[uuid] = tags
    return found


def _write(
    tx: db.Transaction,
    model: type[Allocatable],
    uuids: Collection[str],
    values: dict[str, Any],
) -> None:
    """Change rows, and count them again: their shape has the tags."""
    ordered = sorted(uuids)
    for start in range(0, len(ordered), db.BATCH):
        batch = ordered[start : start + db.BATCH]
        with counters.changing(tx, model, batch):
            by_count: dict[str, list[str]] = defaultdict(list)
            for row in tx.list(model, uuid=batch).all():
                stored = {**db.mapping(row), **values}
                counted = shapes.count_uuid(model, stored)
                by_count[counted].append(row.uuid)
            for counted, same in sorted(by_count.items()):
                tx.update(model, {**values, 'count_uuid': counted}, uuid=same)
