# SPDX-License-Identifier: Apache-2.0
"""Claims of nodes and projects on hardware.

The table ``allocations`` is the truth: its unique keys decide races. What it
says is repeated in the rows of the hardware, in the same transaction, because
questions for what is free have to be answered by an index.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from valence.common import exception
from valence.db import api as db
from valence.db import capacity
from valence.db.sqlalchemy import models

_CLAIMABLE = (models.System, models.Device)


def make(
    tx: db.Transaction,
    podm_uuid: str,
    node_uuid: str,
    uuids: Collection[str],
    project_id: str | None = None,
) -> None:
    """Claim hardware of a pod manager for a node.

    :param project_id: whose node it is: what is reserved to it is claimed.
    :raises LostRace: when a reservation ends meanwhile.
    :raises oslo_db.exception.DBDuplicateEntry: when somebody else has it.
    """
    reserved: set[str] = set()
    if project_id is not None:
        theirs: dict[str, Any] = {'node_uuid': None, 'reserved_to': project_id}
        reserved.update(_resources(tx, resource_uuid=list(uuids), **theirs))
        theirs['resource_uuid'] = list(reserved)
        if change(tx, {'node_uuid': node_uuid}, **theirs) != len(reserved):
            raise exception.LostRace()
    tx.create_many(
        models.Allocation,
        [
            {
                'resource_uuid': uuid,
                'node_uuid': node_uuid,
                'podm_uuid': podm_uuid,
            }
            for uuid in sorted(set(uuids) - reserved)
        ],
    )
    show(tx, uuids)


def change(
    tx: db.Transaction,
    values: dict[str, Any],
    *extra: sa.ColumnElement[bool],
    **where: Any,
) -> int:
    """Change claims; how many there were."""
    uuids = _resources(tx, *extra, **where)
    changed = tx.update(models.Allocation, values, *extra, **where)
    show(tx, uuids)
    return changed


def drop(tx: db.Transaction, **where: Any) -> int:
    """Give up claims; how many there were."""
    uuids = _resources(tx, **where)
    dropped = tx.delete(models.Allocation, **where)
    show(tx, uuids)
    return dropped


def _resources(
    tx: db.Transaction, *extra: sa.ColumnElement[bool], **where: Any
) -> list[str]:
    rows = tx.list(models.Allocation, *extra, only=('resource_uuid',), **where)
    return [row.resource_uuid for row in rows]


def show(tx: db.Transaction, uuids: Collection[str]) -> None:
    """Have hardware say what claims there are on it."""
    ordered = sorted(uuids)
    for model in _CLAIMABLE:
        for start in range(0, len(ordered), db.BATCH):
            _show(tx, model, ordered[start : start + db.BATCH])


def _show(
    tx: db.Transaction, model: type[models.Claimable], uuids: list[str]
) -> None:
    # Whoever is at one of these now is waited for: what is asked for next
    # sees what came of it.
    locked = sa.select(model.uuid).where(model.uuid.in_(uuids))
    tx.connection.execute(locked.order_by(model.uuid).with_for_update())
    claim = models.Allocation
    of_it = claim.resource_uuid == model.uuid
    tx.update(
        model,
        {
            'node_uuid': sa.select(claim.node_uuid)
            .where(of_it)
            .scalar_subquery(),
            'reserved_to': sa.select(claim.reserved_to)
            .where(of_it)
            .scalar_subquery(),
            'free': sa.and_(
                model.state == 'free',
                sa.not_(sa.exists().where(of_it)),
            ),
        },
        uuid=uuids,
    )


def claim(
    tx: db.Transaction,
    node_uuid: str,
    podm_uuid: str,
    system_uuids: Collection[str],
    device_uuids: Collection[str],
    project_id: str | None = None,
) -> None:
    """Claim systems and devices for a node.

    :param project_id: whose node it is: its reservations become claims.
    :raises LostRace: when something is not free any more.
    :raises oslo_db.exception.DBDuplicateEntry: when somebody else has it.
    """
    for model, uuids in (
        (models.System, system_uuids),
        (models.Device, device_uuids),
    ):
        if uuids and tx.count(
            model,
            *capacity.free(model, project_id),
            uuid=list(uuids),
        ) != len(uuids):
            raise exception.LostRace()
    make(tx, podm_uuid, node_uuid, {*system_uuids, *device_uuids}, project_id)


def reclaim(
    tx: db.Transaction,
    node_uuid: str,
    podm_uuid: str,
    uuids: Collection[str],
    project_id: str | None = None,
) -> None:
    """Have a node claim what it turned out to be made of, and no more.

    Its state is not asked: the pod manager has joined it already.

    :param uuids: of systems and devices.
    :raises oslo_db.exception.DBDuplicateEntry: when somebody else has one.
    """
    held = {
        row.resource_uuid
        for row in tx.list(models.Allocation, node_uuid=node_uuid)
    }
    unclaim(tx, node_uuid, held.difference(uuids))
    make(tx, podm_uuid, node_uuid, set(uuids) - held, project_id)


def unclaim(
    tx: db.Transaction, node_uuid: str, uuids: Collection[str] | None = None
) -> None:
    """Take claims back that came to nothing.

    What was reserved to the node's project before is so again.

    :param uuids: only these systems and devices.
    """
    where: dict[str, Any] = {'node_uuid': node_uuid}
    if uuids is not None:
        where['resource_uuid'] = list(uuids)
    reserved = models.Allocation.reserved_to.is_not(None)
    change(tx, {'node_uuid': None}, reserved, **where)
    drop(tx, **where)


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
                change(
                    tx,
                    {'node_uuid': None, 'reserved_to': node.project_id},
                    uuid=row.uuid,
                )
    drop(tx, **where)


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
