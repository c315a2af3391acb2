# SPDX-License-Identifier: Apache-2.0
"""What a node holds of the hardware, and what becomes of that."""

from typing import Any

from oslo_config import cfg

from valence.common import exception
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models

# Devices that keep data, also where it is not told how much.
_STORING = ('drive', 'volume')


def claimed_uris(node_uuid: str) -> list[str]:
    """The URIs of what a node has claimed."""
    with db.reader() as tx:
        return [
            row.resource_uri
            for model in (models.System, models.Device)
            for row in tx.list(
                model, only=('resource_uri',), node_uuid=node_uuid
            )
        ]


def node_uri(node_uuid: str) -> str:
    """The URI of a node.

    :raises ResourceGone: when there is none (any more).
    """
    node = db.get(models.Node, uuid=node_uuid)
    if node is None or node.resource_uri is None:
        raise exception.ResourceGone(uri=f'the node {node_uuid}')
    return node.resource_uri


def let_go(
    tx: db.Transaction,
    node_uuid: str,
    erased: bool,
    uuids: list[str] | None = None,
) -> None:
    """Free what a node has claimed, or reserve it to the node's project.

    Reserved is what stores data, unless it was erased or the operator has
    chosen not to care.

    :param erased: whether the pod manager has erased it.
    :param uuids: only these systems and devices.
    """
    node = tx.get(models.Node, uuid=node_uuid)
    where: dict[str, Any] = {'node_uuid': node_uuid}
    if uuids is not None:
        where['resource_uuid'] = uuids
    if node is not None and not erased and _matters(node):
        for row in tx.list(models.Allocation, **where).all():
            if _stores(tx, row.resource_uuid):
                allocations.change(
                    tx,
                    {'node_uuid': None, 'reserved_to': node.project_id},
                    uuid=row.uuid,
                )
    allocations.drop(tx, **where)


def _matters(node: Any) -> bool:
    """Whether what is left on drives is to be kept from other projects."""
    reuse = cfg.CONF.conductor.reuse_unerased
    return not reuse and node.project_id is not None


def _stores(tx: db.Transaction, uuid: str) -> bool:
    system = tx.get(models.System, uuid=uuid)
    if system is not None:
        return bool(system.drives)
    device = tx.get(models.Device, uuid=uuid)
    # Not every pod manager tells how much fits on a drive.
    return device is not None and (
        device.type in _STORING or device.capacity_gib > 0
    )
