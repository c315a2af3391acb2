# SPDX-License-Identifier: Apache-2.0
"""The conditions that hold for the hardware of many nodes at once."""

from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from valence.db import api as db
from valence.db import conditions
from valence.db.sqlalchemy import models

_PART = 'uuid', 'node_uuid', 'chassis_uuid', 'rack_uuid'


def of_nodes(
    tx: db.Transaction, nodes: Iterable[models.Node]
) -> dict[str, conditions.Holding]:
    """The conditions of nodes that have any, by the UUID of the node.

    The number of statements grows with the pod managers that have conditions,
    and with the nodes there, not with what there is.
    """
    rows = defaultdict(list)
    for row in conditions.active(tx):
        rows[row.podm_uuid].append(row)
    there: defaultdict[str, list[str]] = defaultdict(list)
    for node in nodes:
        if node.podm_uuid is not None and node.podm_uuid in rows:
            there[node.podm_uuid].append(node.uuid)
    found = {}
    for podm_uuid, uuids in there.items():
        parents = _parents(tx, podm_uuid, rows[podm_uuid])
        for uuid, parts in _parts(tx, podm_uuid, uuids).items():
            subjects = _subjects(podm_uuid, parts, parents)
            held = [r for r in rows[podm_uuid] if r.subject_uuid in subjects]
            if held:
                found[uuid] = conditions.Holding(held)
    return found


def _parts(
    tx: db.Transaction, podm_uuid: str, uuids: list[str]
) -> dict[str, list[Any]]:
    """The systems and devices of each node."""
    found: dict[str, list[Any]] = {uuid: [] for uuid in uuids}
    for start in range(0, len(uuids), db.BATCH):
        some = uuids[start : start + db.BATCH]
        for model in (models.System, models.Device):
            for part in tx.list(model, only=_PART, node_uuid=some):
                found[str(part.node_uuid)].append(part)
        shares = tx.list(
            models.Share, only=('node_uuid', 'resource_uuid'), node_uuid=some
        ).all()
        shared = sorted({share.resource_uuid for share in shares})
        rows = tx.list(models.Device, only=_PART, uuid=shared)
        devices = {row.uuid: row for row in rows}
        for share in shares:
            if share.resource_uuid in devices:
                device = devices[share.resource_uuid]
                found[str(share.node_uuid)].append(device)
    return found


def _parents(
    tx: db.Transaction, podm_uuid: str, rows: Iterable[models.Condition]
) -> dict[str, str | None]:
    """What each chassis is in, if a condition is of one at all."""
    if all(row.subject in ('pod_manager', 'system', 'device') for row in rows):
        return {}
    chassis = tx.list(
        models.Chassis, only=('uuid', 'parent_uuid'), podm_uuid=podm_uuid
    )
    return {row.uuid: row.parent_uuid for row in chassis}


def _subjects(
    podm_uuid: str, parts: Collection[Any], parents: Mapping[str, str | None]
) -> set[str | None]:
    """The UUIDs of what a node is made of, and of all that contains it."""
    found: set[str | None] = {podm_uuid, *(part.uuid for part in parts)}
    boxes = {part.chassis_uuid for part in parts}
    boxes |= {part.rack_uuid for part in parts}
    while boxes := boxes - found - {None}:
        found |= boxes
        boxes = {parents.get(box) for box in boxes}
    return found
