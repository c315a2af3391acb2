# SPDX-License-Identifier: Apache-2.0
"""Devices that several nodes share.

A share is a place of a device that a node has. A device has as many places as
nodes may share it, and each place is unique: so the unique keys of the table
``shares`` decide races, as those of ``allocations`` do.
"""

import itertools
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable

# How many nodes can share a device at once, by UUID; None: any number.
Limits = Mapping[str, int | None]


def limits(tx: db.Transaction, uuids: Collection[str]) -> Limits:
    """The devices of these that can be shared."""
    device = models.Device
    rows = tx.list(
        device,
        sa.or_(device.max_nodes.is_(None), device.max_nodes > 1),
        only=('uuid', 'max_nodes'),
        uuid=list(uuids),
    )
    return {row.uuid: row.max_nodes for row in rows}


def create(
    tx: db.Transaction,
    podm_uuid: str,
    holder: Mapping[str, str],
    allowed: Limits,
) -> None:
    """Give a node or a hold a place of each device.

    :param holder: its UUID by the column that has it.
    :raises LostRace: when all places are taken.
    :raises oslo_db.exception.DBDuplicateEntry: when another transaction took
        the same place, or the node has one.
    """
    share = models.Share
    for uuid in sorted(allowed):
        rows = tx.list(share, only=('place',), resource_uuid=uuid)
        taken = {row.place for row in rows}
        place = next(n for n in itertools.count() if n not in taken)
        most = allowed[uuid]
        if most is not None and place >= most:
            raise exception.LostRace()
        tx.create(
            share,
            resource_uuid=uuid,
            place=place,
            podm_uuid=podm_uuid,
            **holder,
        )


def delete(tx: db.Transaction, **where: Any) -> list[str]:
    """End the shares of a node or hold; the UUIDs of the devices."""
    holder = where.get('node_uuid') or where.get('hold_uuid')
    if holder is None or 'uuid' in where:
        return []
    rows = tx.list(models.Share, only=('resource_uuid',), **where).all()
    tx.delete(models.Share, **where)
    return [row.resource_uuid for row in rows]


def move(
    tx: db.Transaction, hold_uuid: str, node_uuid: str, uuids: Collection[str]
) -> int:
    """Give a node one place of a hold of each of some devices; how many."""
    rows = tx.list(models.Share, hold_uuid=hold_uuid, resource_uuid=uuids)
    places = {row.resource_uuid: row.uuid for row in rows}
    return tx.update(
        models.Share,
        {'node_uuid': node_uuid, 'hold_uuid': None},
        uuid=[*places.values()],
    )


def of_node(tx: db.Transaction, node_uuid: str) -> set[str]:
    """The UUIDs of the devices that a node shares with others."""
    rows = tx.list(models.Share, only=('resource_uuid',), node_uuid=node_uuid)
    return {row.resource_uuid for row in rows}


def of_pod_manager(
    tx: db.Transaction, podm_uuid: str
) -> Iterator[tuple[str, models.Device]]:
    """The UUID of each node that shares a device, with the device."""
    found = tx.list(
        models.Share, models.Share.node_uuid.is_not(None), podm_uuid=podm_uuid
    ).all()
    rows = tx.list(
        models.Device,
        only=('uuid', 'resource_uri', 'stale', 'missing_since'),
        uuid=list({share.resource_uuid for share in found}),
    )
    devices = {row.uuid: row for row in rows}
    for share in found:
        if share.resource_uuid in devices:
            yield str(share.node_uuid), devices[share.resource_uuid]


def has(
    model: type[Allocatable],
    nodes: sa.ScalarSelect[str] | sa.Select[Any] | str,
) -> sa.ColumnElement[bool]:
    """The condition that one of these nodes has a system or device.

    :param nodes: the UUID of a node, or a query for some.
    """
    listed = [nodes] if isinstance(nodes, str) else nodes
    shared = sa.select(models.Share.resource_uuid).where(
        models.Share.node_uuid.in_(listed)
    )
    return sa.or_(model.node_uuid.in_(listed), model.uuid.in_(shared))


def held(model: type[Allocatable], hold_uuid: str) -> sa.ColumnElement[bool]:
    """The condition that a hold has a system or device."""
    shared = sa.select(models.Share.resource_uuid).where(
        models.Share.hold_uuid == hold_uuid
    )
    return sa.or_(model.hold_uuid == hold_uuid, model.uuid.in_(shared))


def is_available() -> sa.ColumnElement[bool]:
    """The condition that a device has a place left."""
    device = models.Device
    return sa.or_(
        device.max_nodes.is_(None), device.sharers < device.max_nodes
    )


def count() -> sa.ScalarSelect[int]:
    """How many nodes and holds share a device, in a query for devices."""
    return (
        sa.select(sa.func.count())
        .where(models.Share.resource_uuid == models.Device.uuid)
        .scalar_subquery()
    )
