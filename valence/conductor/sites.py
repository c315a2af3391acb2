# SPDX-License-Identifier: Apache-2.0
"""Where nodes are, for provisioners."""

from collections.abc import Collection
from collections.abc import Mapping
from typing import Any

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.provisioning import base

# What may be in a rack, in the order in which it tells where a node is.
_PARTS = (models.System, models.Device)


def of_node(
    tx: db.Transaction, node: models.Node, podm: models.PodManager
) -> base.Site:
    """Where a node is."""
    return of_nodes(tx, [node], {podm.uuid: podm})[node.uuid]


def of_nodes(
    tx: db.Transaction,
    nodes: Collection[models.Node],
    podms: Mapping[str, models.PodManager],
) -> dict[str, base.Site]:
    """Where nodes are, by UUID.

    A node is where its system is, or else its first device.

    :param podms: the pod managers by UUID. Nodes of others are left out.
    """
    parts = _parts(tx, [node.uuid for node in nodes])
    all_chassis = _chassis(tx, parts.values())
    return {
        node.uuid: _site(podm, parts.get(node.uuid), all_chassis)
        for node in nodes
        if (podm := podms.get(node.podm_uuid or '')) is not None
    }


def _parts(tx: db.Transaction, uuids: list[str]) -> dict[str, Any]:
    """The part of each node that tells where it is."""
    found: dict[str, Any] = {}
    for model in _PARTS:
        for start in range(0, len(uuids), db.BATCH):
            for row in tx.list(
                model,
                only=('node_uuid', 'chassis_uuid', 'rack_uuid'),
                order=[model.name, model.uuid],
                node_uuid=uuids[start : start + db.BATCH],
            ):
                if row.chassis_uuid or row.rack_uuid:
                    found.setdefault(str(row.node_uuid), row)
    return found


def _chassis(
    tx: db.Transaction, parts: Collection[Any]
) -> dict[str, models.Chassis]:
    """The chassis and racks of parts, by UUID."""
    uuids = {part.chassis_uuid for part in parts}
    uuids |= {part.rack_uuid for part in parts}
    listed = sorted(uuids - {None})
    return {
        row.uuid: row
        for start in range(0, len(listed), db.BATCH)
        for row in tx.list(
            models.Chassis,
            only=('uuid', 'name', 'location'),
            uuid=listed[start : start + db.BATCH],
        )
    }


def _site(
    podm: models.PodManager,
    part: Any,
    all_chassis: Mapping[str, models.Chassis],
) -> base.Site:
    chassis = all_chassis.get(part.chassis_uuid) if part else None
    rack = all_chassis.get(part.rack_uuid) if part else None
    holder = chassis or rack
    places = {
        'pod_manager': podm.name,
        'location': podm.location,
        'rack': rack and rack.name,
        'chassis': chassis and chassis.name,
        'place': holder and holder.location,
    }
    return base.Site(
        {kind: name for kind, name in places.items() if name},
        podm.conductor_group,
        podm.shard,
    )
