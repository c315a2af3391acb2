# SPDX-License-Identifier: Apache-2.0
"""Allocations of hardware to nodes and holds, and reservation to projects.

The unique keys of the table ``allocations`` decide races; ``shares`` has what
several nodes share, which is never reserved. Each change is
copied to the rows of the hardware in the same transaction, so that an index
can answer which hardware is free.
"""

from collections.abc import Collection
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from valence.common import exception
from valence.db import api as db
from valence.db import checks
from valence.db import counters
from valence.db import shares
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable

_ALLOCATABLE = (models.System, models.Device)
#: Neither a node nor a hold has hardware that is only reserved.
NOBODY: Mapping[str, None] = {'node_uuid': None, 'hold_uuid': None}
# Devices that keep data, even if their capacity is unknown.
_STORING = ('drive', 'volume')


def allocate(
    tx: db.Transaction,
    node_uuid: str,
    podm_uuid: str,
    system_uuids: Collection[str],
    device_uuids: Collection[str],
    project_id: str | None = None,
) -> None:
    """Allocate free systems and devices to a node.

    :param project_id: the project of the node: what is reserved to it is free
        for it.
    :raises LostRace: when something is no longer free.
    :raises oslo_db.exception.DBDuplicateEntry: when something is allocated
        already.
    """
    checks.check_free(tx, system_uuids, device_uuids, project_id)
    uuids = {*system_uuids, *device_uuids}
    create(tx, podm_uuid, node_uuid, uuids, project_id)


def create(
    tx: db.Transaction,
    podm_uuid: str,
    node_uuid: str,
    uuids: Collection[str],
    project_id: str | None = None,
) -> None:
    """Allocate hardware to a node in any observed state.

    :param project_id: the project of the node; its reservations become
        allocations.
    :raises LostRace: when a reservation ends in the meantime.
    :raises oslo_db.exception.DBDuplicateEntry: when something is allocated
        already.
    """
    give(tx, podm_uuid, {'node_uuid': node_uuid}, uuids, project_id)


def give(
    tx: db.Transaction,
    podm_uuid: str,
    holder: Mapping[str, str],
    uuids: Collection[str],
    project_id: str | None = None,
) -> None:
    """Allocate hardware to a node or a hold; see ``create``.

    :param holder: its UUID by the column that has it.
    """
    shared = shares.limits(tx, uuids)
    shares.create(tx, podm_uuid, holder, shared)
    update_resources(tx, shared)
    uuids = set(uuids) - shared.keys()
    reserved: set[str] = set()
    if project_id is not None:
        where: dict[str, Any] = {**NOBODY, 'reserved_to': project_id}
        reserved.update(_resources(tx, resource_uuid=list(uuids), **where))
        where['resource_uuid'] = list(reserved)
        if update(tx, holder, **where) != len(reserved):
            raise exception.LostRace()
    tx.create_many(
        models.Allocation,
        [
            {
                'resource_uuid': uuid,
                'podm_uuid': podm_uuid,
                **holder,
            }
            for uuid in sorted(set(uuids) - reserved)
        ],
    )
    update_resources(tx, uuids)


def check_available(
    tx: db.Transaction,
    uuids: Collection[str],
    node_uuid: str | None = None,
    project_id: str | None = None,
) -> None:
    """Check that hardware can be allocated to an existing node.

    :param node_uuid: the node; what it has is available to it.
    :param project_id: its project; what is reserved to it is available to it.
    :raises Conflict: naming the other node, or the other project.
    """
    for row in tx.list(models.Allocation, resource_uuid=list(uuids)).all():
        if row.hold_uuid is not None:
            raise exception.Conflict(
                f'Hardware of the node is kept by the hold {row.hold_uuid}: '
                f'delete the hold first.'
            )
        if row.node_uuid is None:
            holder = row.reserved_to
            if holder is not None and holder != project_id:
                raise exception.Conflict(
                    f'Hardware of the node is reserved to the project '
                    f'{holder}: end the reservation first.'
                )
        elif row.node_uuid != node_uuid:
            node = tx.get(models.Node, uuid=row.node_uuid)
            raise exception.Conflict(
                f'Hardware of the node is allocated to the node '
                f'{row.node_uuid} ({node.name if node else "deleted"}).'
            )


def reserve(
    tx: db.Transaction,
    podm_uuid: str,
    uuids: Collection[str],
    project_id: str,
) -> None:
    """Reserve hardware that stores data of a project, unless it has it."""
    rows = tx.list(models.Allocation, resource_uuid=list(uuids)).all()
    taken = {row.resource_uuid for row in rows}
    keeping = [
        uuid for uuid in sorted({*uuids} - taken) if _stores_data(tx, uuid)
    ]
    tx.create_many(
        models.Allocation,
        [
            {
                'resource_uuid': uuid,
                'podm_uuid': podm_uuid,
                'reserved_to': project_id,
            }
            for uuid in keeping
        ],
    )
    update_resources(tx, keeping)


def update(
    tx: db.Transaction,
    values: Mapping[str, object],
    *extra: sa.ColumnElement[bool],
    **where: Any,
) -> int:
    """Change allocations; returns how many."""
    uuids = _resources(tx, *extra, **where)
    changed = tx.update(models.Allocation, values, *extra, **where)
    update_resources(tx, uuids)
    return changed


def delete(tx: db.Transaction, **where: Any) -> int:
    """Delete allocations; returns how many."""
    uuids = _resources(tx, **where)
    deleted = tx.delete(models.Allocation, **where)
    uuids += shares.delete(tx, **where)
    update_resources(tx, uuids)
    return deleted


def _resources(
    tx: db.Transaction, *extra: sa.ColumnElement[bool], **where: Any
) -> list[str]:
    rows = tx.list(models.Allocation, *extra, only=('resource_uuid',), **where)
    return [row.resource_uuid for row in rows]


def update_resources(tx: db.Transaction, uuids: Collection[str]) -> None:
    """Copy the allocations of hardware to its own rows."""
    ordered = sorted(uuids)
    for model in _ALLOCATABLE:
        for start in range(0, len(ordered), db.BATCH):
            _update_resources(tx, model, ordered[start : start + db.BATCH])


def _update_resources(
    tx: db.Transaction, model: type[Allocatable], uuids: list[str]
) -> None:
    # Waits for concurrent transactions on these rows: the subqueries below
    # see what they committed.
    with counters.changing(tx, model, uuids):
        copy_to_rows(tx, model, uuids)


def copy_to_rows(
    tx: db.Transaction, model: type[Allocatable], uuids: list[str]
) -> None:
    """Copy the allocations of hardware whose counters are being changed."""
    allocation = models.Allocation
    allocated = allocation.resource_uuid == model.uuid
    shared: dict[str, object] = {}
    available: sa.ColumnElement[bool] = sa.true()
    if model is models.Device:
        shared = {'sharers': shares.count()}
        available = sa.or_(
            models.Device.max_nodes.is_(None),
            shares.count() < models.Device.max_nodes,
        )
    tx.update(
        model,
        {
            **shared,
            'node_uuid': sa.select(allocation.node_uuid)
            .where(allocated)
            .scalar_subquery(),
            'hold_uuid': sa.select(allocation.hold_uuid)
            .where(allocated)
            .scalar_subquery(),
            'reserved_to': sa.select(allocation.reserved_to)
            .where(allocated)
            .scalar_subquery(),
            'free': sa.and_(
                model.state == 'free',
                model.condition_uuid.is_(None),
                sa.not_(sa.exists().where(allocated)),
                available,
            ),
        },
        uuid=uuids,
    )


def replace(
    tx: db.Transaction,
    node_uuid: str,
    podm_uuid: str,
    uuids: Collection[str],
    project_id: str | None = None,
) -> None:
    """Replace the allocations of a node by what it is really composed of.

    Its observed state is not checked: the node is composed of it already.

    :param uuids: of systems and devices.
    :raises oslo_db.exception.DBDuplicateEntry: when something is allocated to
        another node.
    """
    held = of_node(tx, node_uuid)
    deallocate(tx, node_uuid, held.difference(uuids))
    create(tx, podm_uuid, node_uuid, set(uuids) - held, project_id)


def of_node(tx: db.Transaction, node_uuid: str) -> set[str]:
    """The UUIDs of the hardware that is allocated to a node."""
    own = _resources(tx, node_uuid=node_uuid)
    return {*own, *shares.of_node(tx, node_uuid)}


def deallocate(
    tx: db.Transaction, node_uuid: str, uuids: Collection[str] | None = None
) -> None:
    """Undo allocations that were not used.

    Hardware that was reserved to the project before is reserved to it again.

    :param uuids: only these systems and devices.
    """
    where: dict[str, Any] = {'node_uuid': node_uuid}
    if uuids is not None:
        where['resource_uuid'] = list(uuids)
    take_back(tx, **where)


def take_back(tx: db.Transaction, **where: Any) -> None:
    """Undo allocations; reserved hardware is only reserved again.

    :param where: the column of the holder, and others.
    """
    reserved = models.Allocation.reserved_to.is_not(None)
    update(tx, NOBODY, reserved, **where)
    delete(tx, **where)


def allocated_uris(node_uuid: str) -> list[str]:
    """The URIs of the hardware that is allocated to a node."""
    with db.reader() as tx:
        return [
            row.resource_uri
            for model in _ALLOCATABLE
            for row in tx.list(
                model, shares.has(model, node_uuid), only=('resource_uri',)
            )
        ]


def node_uri(node_uuid: str) -> str:
    """The URI of a node.

    :raises ResourceGone: when it has none (any more).
    """
    node = db.get(models.Node, uuid=node_uuid)
    if node is None or node.resource_uri is None:
        raise exception.ResourceGone(uri=f'the node {node_uuid}')
    return node.resource_uri


def release_resources(
    tx: db.Transaction,
    node_uuid: str,
    erased: bool,
    uuids: list[str] | None = None,
) -> None:
    """Free the hardware of a node, or reserve it to the node's project.

    Hardware that stores data is reserved, unless it was erased or
    ``[conductor] reuse_unerased`` is set.

    :param erased: whether the pod manager has erased it.
    :param uuids: only these systems and devices.
    """
    node = tx.get(models.Node, uuid=node_uuid)
    where: dict[str, Any] = {'node_uuid': node_uuid}
    if uuids is not None:
        where['resource_uuid'] = uuids
    if node is not None and not erased and _is_protected(node):
        for row in tx.list(models.Allocation, **where).all():
            if _stores_data(tx, row.resource_uuid):
                update(
                    tx,
                    {'node_uuid': None, 'reserved_to': node.project_id},
                    uuid=row.uuid,
                )
    delete(tx, **where)


def _is_protected(node: models.Node) -> bool:
    """Whether other projects must not read what the node has stored."""
    reuse = cfg.CONF.conductor.reuse_unerased
    return not reuse and node.project_id is not None


def _stores_data(tx: db.Transaction, uuid: str) -> bool:
    system = tx.get(models.System, uuid=uuid)
    if system is not None:
        return bool(system.drives)
    device = tx.get(models.Device, uuid=uuid)
    return device is not None and (
        device.type in _STORING or device.capacity_gib > 0
    )
