# SPDX-License-Identifier: Apache-2.0
"""Storing what was seen: only what is new or different is written."""

import datetime
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa
from oslo_utils import timeutils
from oslo_utils import uuidutils

from valence.common import exception
from valence.conductor.inventory import diff
from valence.conductor.inventory import drift
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import hardware


class Table(NamedTuple):
    """How one kind of hardware is stored.

    :param attribute: where an ``Inventory`` keeps it.
    :param parent: the column for what contains it.
    :param serials: what is written on a piece that tells it from others.
    :param claimable: whether nodes are made of it; it stands in a rack then.
    """

    model: Any
    attribute: str
    parent: str
    serials: tuple[str, ...]
    claimable: bool = False


TABLES = (
    Table(models.Chassis, 'chassis', 'parent_uuid', ('serial_number',)),
    Table(
        models.System,
        'systems',
        'chassis_uuid',
        ('hardware_uuid', 'serial_number'),
        claimable=True,
    ),
    Table(
        models.Device,
        'devices',
        'chassis_uuid',
        ('serial_number',),
        claimable=True,
    ),
    Table(models.Storage, 'storages', 'parent_uuid', ()),
)


def write(
    tx: db.Transaction,
    podm_uuid: str,
    seen: hardware.Inventory,
    *,
    partial: bool = False,
    since: datetime.datetime | None = None,
) -> dict[str, int]:
    """Bring the tables to what was seen, in the caller's transaction.

    :param partial: whether only some resources were looked at: what was
        neither seen nor is gone stays as it is.
    :param since: when looking began: what others wrote later is newer than
        what was seen.
    :returns: how many rows were created, updated and deleted.
    :raises PodManagerError: when the pod manager was removed meanwhile.
    """
    _hold(tx, podm_uuid)
    now = timeutils.utcnow()
    claimed = [
        row.resource_uuid
        for row in tx.list(
            models.Allocation, only=('resource_uuid',), podm_uuid=podm_uuid
        )
    ]
    known, uuids = _match(tx, podm_uuid, seen, partial)
    unread = tuple(seen.unread)
    hidden = {
        row.uuid
        for row in known['chassis'].rows
        if diff.is_unread(row.resource_uri, unread)
    }
    racks = _racks(tx, seen.chassis, known['chassis'].rows, uuids)
    count = {'created': 0, 'updated': 0, 'deleted': 0}
    for table in TABLES:
        rows, found = known[table.attribute]
        if partial:
            looked_at = {*found, *seen.gone}
            rows = [row for row in rows if row.resource_uri in looked_at]
        changes = diff.diff(
            getattr(seen, table.attribute),
            rows,
            found,
            podm_uuid=podm_uuid,
            uuids=uuids,
            parent_column=table.parent,
            racks=racks if table.claimable else None,
            unread=unread,
            hidden=hidden,
            claimed=claimed,
            since=since,
            confirms=partial,
            now=now,
        )
        _apply(tx, table, changes)
        count['created'] += len(changes.create)
        count['updated'] += len(changes.update)
        count['deleted'] += len(changes.delete)
    drift.write(tx, podm_uuid, seen, partial, since)
    return count


def _hold(tx: db.Transaction, podm_uuid: str) -> None:
    """Have a pod manager stay until the end of the transaction."""
    model = models.PodManager
    query = sa.select(model.uuid).where(model.uuid == podm_uuid)
    held = query.with_for_update(read=True, key_share=True)
    if tx.connection.execute(held).first() is None:
        raise exception.PodManagerError(reason='it was removed meanwhile')


class _Known(NamedTuple):
    """What is stored, and the row of each item seen that has one, by URI."""

    rows: Sequence[Any]
    found: dict[str, Any]


def _match(
    tx: db.Transaction, podm_uuid: str, seen: hardware.Inventory, partial: bool
) -> tuple[dict[str, _Known], dict[str, str]]:
    """Find what was seen among what is stored.

    :returns: that by attribute of the inventory, and the UUIDs of it all by
        URI; new ones for what is new.
    """
    known = {}
    uuids: dict[str, str] = {}
    for table in TABLES:
        items = getattr(seen, table.attribute)
        rows = _stored(tx, table, podm_uuid, seen, partial)
        there = {item.uri for item in items} | seen.gone
        candidates = [
            row
            for row in rows
            # Of the others nobody knows whether they have moved.
            if not partial or row.missing_since or row.resource_uri in there
        ]
        found = diff.matches(items, candidates, table.serials)
        known[table.attribute] = _Known(rows, found)
        # What could not be read contains what it contained.
        uuids.update({row.resource_uri: row.uuid for row in rows})
        uuids.update(
            {
                item.uri: found[item.uri].uuid
                if item.uri in found
                else uuidutils.generate_uuid()
                for item in items
            }
        )
    return known, uuids


def _stored(
    tx: db.Transaction,
    table: Table,
    podm_uuid: str,
    seen: hardware.Inventory,
    partial: bool,
) -> Sequence[Any]:
    """The rows that what was seen is to be compared with."""
    where: dict[str, Any] = {'podm_uuid': podm_uuid}
    if partial:
        items = getattr(seen, table.attribute)
        uris = {item.uri for item in items} | seen.gone
        if table.model is models.Chassis:
            # Systems and devices name the chassis that contains them.
            uris |= {
                item.parent
                for item in (*seen.systems, *seen.devices)
                if item.parent
            }
        where['uri_hash'] = [diff.uri_hash(uri) for uri in uris]
    rows = tx.list(table.model, **where).all()
    return [*rows, *_moved(tx, table, podm_uuid, seen)] if partial else rows


def _moved(
    tx: db.Transaction, table: Table, podm_uuid: str, seen: hardware.Inventory
) -> list[Any]:
    """The rows of what is missing, and may be what was seen elsewhere."""
    items = getattr(seen, table.attribute)
    moved: dict[str, Any] = {}
    for name in table.serials:
        serials = {item.values.get(name) for item in items} - {None}
        if serials:
            where: dict[str, Any] = {'podm_uuid': podm_uuid, name: serials}
            missing = table.model.missing_since.is_not(None)
            rows = tx.list(table.model, missing, **where)
            moved.update((row.uuid, row) for row in rows)
    return list(moved.values())


def _racks(
    tx: db.Transaction,
    seen: Iterable[hardware.Item],
    stored: Iterable[Any],
    uuids: Mapping[str, str],
) -> dict[str | None, str | None]:
    """The rack that each chassis is or stands in, by the chassis' URI."""
    boxes = {row.uuid: (row.type, row.parent_uuid) for row in stored}
    for item in seen:
        parent = uuids.get(item.parent) if item.parent else None
        boxes[uuids[item.uri]] = item.values['type'], parent
    while missing := {up for _, up in boxes.values() if up} - boxes.keys():
        boxes.update(dict.fromkeys(missing, ('', None)))
        for row in tx.list(
            models.Chassis,
            only=('uuid', 'type', 'parent_uuid'),
            uuid=missing,
        ):
            boxes[row.uuid] = row.type, row.parent_uuid
    result: dict[str | None, str | None] = {}
    for uri, uuid in uuids.items():
        place: str | None = uuid
        passed = set()
        while place in boxes and place not in passed:
            passed.add(place)
            kind, above = boxes[place]
            if kind == 'rack':
                result[uri] = place
                break
            place = above
    return result


def _apply(tx: db.Transaction, table: Table, changes: diff.Changes) -> None:
    # Rows that go make place for rows that come to their URI.
    for start in range(0, len(changes.delete), db.BATCH):
        tx.delete(table.model, uuid=changes.delete[start : start + db.BATCH])
    for uuid, values in changes.update.items():
        tx.update(table.model, values, uuid=uuid)
    tx.create_many(table.model, changes.create)
    if table.claimable:
        changed = changes.update.items()
        allocations.update_resources(
            tx, [uuid for uuid, new in changed if 'state' in new]
        )
