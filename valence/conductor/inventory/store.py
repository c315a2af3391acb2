# SPDX-License-Identifier: Apache-2.0
"""Storing what was read of hardware: only what is new or has changed."""

import datetime
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple
from typing import cast

import sqlalchemy as sa
from oslo_utils import uuidutils

from valence.common import exception
from valence.conductor.inventory import diff
from valence.conductor.inventory import drift
from valence.conductor.inventory import health
from valence.conductor.inventory import moves
from valence.db import allocations
from valence.db import api as db
from valence.db import conditions
from valence.db import counters
from valence.db import macs
from valence.db import shapes
from valence.db import tags
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable
from valence.db.sqlalchemy.observed import Observed
from valence.podmanagers import hardware


class Table(NamedTuple):
    """How one kind of hardware is stored.

    :param attribute: its attribute of ``hardware.Inventory``.
    :param parent: the column for the UUID of the containing chassis.
    :param serials: the columns with serial numbers.
    :param allocatable: whether nodes are composed of it.
    """

    model: type[Observed]
    attribute: str
    parent: str
    serials: tuple[str, ...]
    allocatable: bool = False

    def items(self, seen: hardware.Inventory) -> list[hardware.Item]:
        """What was read of this kind of hardware."""
        found: list[hardware.Item] = getattr(seen, self.attribute)
        return found


TABLES = (
    Table(models.Chassis, 'chassis', 'parent_uuid', ('serial_number',)),
    Table(
        models.System,
        'systems',
        'chassis_uuid',
        ('hardware_uuid', 'serial_number'),
        allocatable=True,
    ),
    Table(
        models.Device,
        'devices',
        'chassis_uuid',
        ('serial_number',),
        allocatable=True,
    ),
    Table(models.Storage, 'storages', 'parent_uuid', ()),
)


class Count(NamedTuple):
    """The number of rows that were created, updated and deleted."""

    created: int = 0
    updated: int = 0
    deleted: int = 0


class _Stored(NamedTuple):
    """The rows of a table, and the row of each item that has one, by URI."""

    rows: Sequence[Observed]
    found: dict[str, Observed]


def write(
    tx: db.Transaction,
    podm_uuid: str,
    seen: hardware.Inventory,
    *,
    partial: bool = False,
    since: datetime.datetime | None = None,
) -> Count:
    """Store what was read, in the caller's transaction.

    :param partial: whether only some resources were read: other rows remain.
    :param since: when reading began: rows that were written later are newer.
    :raises PodManagerError: when the pod manager was removed during the sync.
    """
    _lock(tx, podm_uuid)
    moved = () if partial else moves.write(tx, podm_uuid, seen, since)
    stored = _match(tx, podm_uuid, seen, partial)
    unread, now = tuple(seen.unread), tx.now()
    allocated = _allocated(tx, podm_uuid)
    racks = _racks(tx, seen.chassis, stored.chassis, stored.uuids)
    counts = []
    for table, rows in zip(TABLES, stored.tables, strict=True):
        reading = diff.Reading(
            podm_uuid=podm_uuid,
            uuids=stored.uuids,
            parent_column=table.parent,
            racks=racks if table.allocatable else None,
            unread=unread,
            hidden=_hidden(stored.chassis, unread),
            allocated=allocated,
            since=since,
            refreshed=partial,
            now=now,
        )
        counts.append(_write_table(tx, table, seen, rows, reading))
    macs.update(tx, podm_uuid, _read(seen, stored) if partial else None)
    tags.inherit(tx, podm_uuid)
    drift.write(tx, podm_uuid, seen, partial, since, moved)
    health.observe(tx, podm_uuid, stored.read if partial else None, now)
    return Count(*map(sum, zip(*counts, strict=True)))


def _read(seen: hardware.Inventory, stored: '_Match') -> set[str]:
    """The UUIDs of the systems and devices that were read."""
    return {stored.uuids[one.uri] for one in (*seen.systems, *seen.devices)}


def _write_table(
    tx: db.Transaction,
    table: Table,
    seen: hardware.Inventory,
    stored: _Stored,
    reading: diff.Reading,
) -> Count:
    """Store what was read of one kind of hardware."""
    rows, found = stored
    if reading.refreshed:
        read = {*found, *seen.gone}
        rows = [row for row in rows if row.resource_uri in read]
    changes = diff.diff(table.items(seen), rows, found, reading)
    return _apply(tx, table, stored, changes)


def _lock(tx: db.Transaction, podm_uuid: str) -> None:
    """Keep a pod manager and its conditions until the transaction ends."""
    model = models.PodManager
    query = sa.select(model.uuid).where(model.uuid == podm_uuid)
    locked = query.with_for_update(read=True, key_share=True)
    if tx.connection.execute(locked).first() is None:
        raise exception.PodManagerError(
            reason='it was removed during the sync'
        )
    conditions.lock(tx, podm_uuid)


def _allocated(tx: db.Transaction, podm_uuid: str) -> set[str]:
    """UUIDs of the hardware that is allocated or reserved."""
    rows = tx.list(
        models.Allocation, only=('resource_uuid',), podm_uuid=podm_uuid
    )
    return {row.resource_uuid for row in rows}


def _hidden(chassis: Iterable[Observed], unread: tuple[str, ...]) -> set[str]:
    """UUIDs of the chassis that could not be read."""
    return {
        row.uuid for row in chassis if diff.is_unread(row.resource_uri, unread)
    }


class _Match(NamedTuple):
    """The rows of each of ``TABLES``, and the UUIDs of all items, by URI."""

    tables: list[_Stored]
    uuids: dict[str, str]

    @property
    def read(self) -> set[str]:
        """The UUIDs of the rows of what was read."""
        return {row.uuid for one in self.tables for row in one.found.values()}

    @property
    def chassis(self) -> Sequence[models.Chassis]:
        """The rows of the first table."""
        return cast('Sequence[models.Chassis]', self.tables[0].rows)


def _match(
    tx: db.Transaction, podm_uuid: str, seen: hardware.Inventory, partial: bool
) -> _Match:
    """Find the rows of what was read; new items get new UUIDs."""
    tables = []
    uuids: dict[str, str] = {}
    for table in TABLES:
        items = table.items(seen)
        rows = _stored(tx, table, podm_uuid, seen, partial)
        read = {item.uri for item in items} | seen.gone
        candidates = [
            row
            for row in rows
            # Whether other hardware has moved is unknown after a partial read.
            if not partial or row.missing_since or row.resource_uri in read
        ]
        found = diff.matches(items, candidates, table.serials, seen.unread)
        tables.append(_Stored(rows, found))
        # A chassis that could not be read is still a parent.
        uuids.update({row.resource_uri: row.uuid for row in rows})
        uuids.update(
            {
                item.uri: found[item.uri].uuid
                if item.uri in found
                else uuidutils.generate_uuid()
                for item in items
            }
        )
    return _Match(tables, uuids)


def _stored(
    tx: db.Transaction,
    table: Table,
    podm_uuid: str,
    seen: hardware.Inventory,
    partial: bool,
) -> Sequence[Observed]:
    """The rows to compare with what was read."""
    if not partial:
        return tx.list(table.model, podm_uuid=podm_uuid).all()
    uris = {item.uri for item in table.items(seen)} | seen.gone
    if table.model is models.Chassis:
        # Systems and devices refer to the chassis that contains them.
        uris |= {
            item.parent
            for item in (*seen.systems, *seen.devices)
            if item.parent
        }
    hashes = [diff.uri_hash(uri) for uri in uris]
    rows = tx.list(table.model, podm_uuid=podm_uuid, uri_hash=hashes).all()
    return [*rows, *_moved(tx, table, podm_uuid, seen)]


def _moved(
    tx: db.Transaction, table: Table, podm_uuid: str, seen: hardware.Inventory
) -> Collection[Observed]:
    """The rows of missing hardware that may have been read elsewhere."""
    moved: dict[str, Observed] = {}
    for name in table.serials:
        serials = {item.values.get(name) for item in table.items(seen)}
        serials.discard(None)
        if serials:
            rows = tx.list(
                table.model,
                table.model.missing_since.is_not(None),
                getattr(table.model, name).in_(serials),
                podm_uuid=podm_uuid,
            )
            moved.update((row.uuid, row) for row in rows)
    return moved.values()


def _racks(
    tx: db.Transaction,
    seen: Iterable[hardware.Item],
    stored: Iterable[models.Chassis],
    uuids: Mapping[str, str],
) -> dict[str | None, str | None]:
    """UUIDs of racks, by URI of a chassis that is or is in the rack."""
    chassis = _chassis(tx, seen, stored, uuids)
    result: dict[str | None, str | None] = {}
    for uri, uuid in uuids.items():
        place: str | None = uuid
        visited = set()
        while place in chassis and place not in visited:
            visited.add(place)
            kind, parent = chassis[place]
            if kind == 'rack':
                result[uri] = place
                break
            place = parent
    return result


def _chassis(
    tx: db.Transaction,
    seen: Iterable[hardware.Item],
    stored: Iterable[models.Chassis],
    uuids: Mapping[str, str],
) -> dict[str, tuple[str, str | None]]:
    """Type and parent of chassis, by UUID: of those read, and all parents."""
    result = {row.uuid: (row.type, row.parent_uuid) for row in stored}
    for item in seen:
        parent = uuids.get(item.parent) if item.parent else None
        result[uuids[item.uri]] = item.values['type'], parent
    while missing := {up for _, up in result.values() if up} - result.keys():
        result.update(dict.fromkeys(missing, ('', None)))
        for row in tx.list(
            models.Chassis,
            only=('uuid', 'type', 'parent_uuid'),
            uuid=missing,
        ):
            result[row.uuid] = row.type, row.parent_uuid
    return result


def _apply(
    tx: db.Transaction, table: Table, stored: _Stored, changes: diff.Changes
) -> Count:
    if table.allocatable:
        model = cast('type[Allocatable]', table.model)
        for values in changes.create:
            counters.identify(model, values)
        with counters.changing(tx, model, _counted(model, changes)):
            _identify(tx, model, changes.update)
            _change(tx, model, changes)
        counters.added(tx, model, [str(row['uuid']) for row in changes.create])
        allocations.update_resources(
            tx,
            [
                uuid
                for uuid, new in changes.update.items()
                if {'state', 'max_nodes'} & new.keys()
            ],
        )
    else:
        _change(tx, table.model, changes)
    return Count(len(changes.create), len(changes.update), len(changes.delete))


def _change(
    tx: db.Transaction, model: type[Observed], changes: diff.Changes
) -> None:
    # Deleted rows may have the URIs of rows that are updated or created.
    for start in range(0, len(changes.delete), db.BATCH):
        batch = changes.delete[start : start + db.BATCH]
        tx.delete(model, uuid=batch)
        tx.delete(models.Condition, subject_uuid=batch)
        macs.delete(tx, batch)
    for uuid, values in changes.update.items():
        tx.update(model, values, uuid=uuid)
    tx.create_many(model, changes.create)


def _counted(model: type[Allocatable], changes: diff.Changes) -> list[str]:
    """UUIDs of the rows that change a counter."""
    return [
        *changes.delete,
        *(
            uuid
            for uuid, values in changes.update.items()
            if counters.concerns(model, values)
        ),
    ]


def _identify(
    tx: db.Transaction,
    model: type[Allocatable],
    updates: Mapping[str, diff.Values],
) -> None:
    """Find the counters of changed rows, which this transaction has locked.

    Others, such as a change of tags, may have changed them since they were
    compared.
    """
    names = shapes.columns(model)
    uuids = [
        uuid
        for uuid, values in sorted(updates.items())
        if not values.keys().isdisjoint(names)
    ]
    only = ('uuid', 'podm_uuid', 'count_uuid', *names)
    for start in range(0, len(uuids), db.BATCH):
        batch = uuids[start : start + db.BATCH]
        for row in tx.list(model, only=only, uuid=batch):
            counters.identify(model, updates[row.uuid], row)
