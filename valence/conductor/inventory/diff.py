# SPDX-License-Identifier: Apache-2.0
"""Comparing what was read of hardware with the rows that are stored.

Nothing here accesses the database or the hardware.
"""

import dataclasses
import datetime
import hashlib
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Hashable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import TypeVar

from valence.common import identity
from valence.db.sqlalchemy.observed import Observed
from valence.podmanagers import hardware

T = TypeVar('T')
Row = TypeVar('Row', bound=Observed)
# Column values of a row.
Values = dict[str, object]

# A row is deleted after the hardware was missing in so many syncs, and for so
# long.
_MISSED_SYNCS = 3
_MISSED_FOR = datetime.timedelta(days=1)

# A difference in these columns alone is no change.
_BOOKKEEPING = frozenset(
    ('uuid', 'created_at', 'updated_at', 'seen_at', 'uri_hash')
)


# How each field that identifies hardware is compared.
_IDENTIFY = {
    'hardware_uuid': identity.identifying_uuid,
    'serial_number': identity.serial,
}


@dataclasses.dataclass
class Changes:
    """What to write: new rows, values by UUID, and UUIDs."""

    create: list[Values] = dataclasses.field(default_factory=list)
    update: dict[str, Values] = dataclasses.field(default_factory=dict)
    delete: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading:
    """A read of the inventory, and what its items are compared with.

    :param uuids: the UUIDs of everything that was read, by URI; those of new
        rows included.
    :param parent_column: the column for the UUID of the containing chassis.
    :param racks: UUIDs of racks by URI of a chassis in it; None where the rows
        have no rack.
    :param unread: what exists but could not be read; see
        ``hardware.Inventory``.
    :param hidden: UUIDs of chassis that could not be read.
    :param allocated: UUIDs of rows that are never deleted.
    :param since: when reading began; rows that were read later are newer.
    :param refreshed: whether single resources were read. Unchanged rows are
        written then, too: the time of the last sync does not hold for them.
    """

    podm_uuid: str
    uuids: Mapping[str, str]
    parent_column: str
    racks: Mapping[str | None, str | None] | None = None
    unread: Collection[str] = ()
    hidden: Collection[str] = ()
    allocated: Collection[str] = ()
    since: datetime.datetime | None = None
    refreshed: bool = False
    now: datetime.datetime


def uri_hash(uri: str) -> str:
    """Represents a URI in a unique index."""
    return hashlib.sha256(uri.encode()).hexdigest()


def matches(
    seen: Iterable[hardware.Item],
    stored: Iterable[Row],
    serials: Iterable[str],
    unread: Collection[str] = (),
) -> dict[str, Row]:
    """The stored row of each item, by the item's URI.

    Rows are matched by URI. An item with a new URI is matched by its serial
    numbers, if they are unique among the items and among the rows. A row that
    could not be read has not moved.

    :param serials: the columns with serial numbers.
    :param unread: see ``Reading``.
    """
    items = {item.uri: item for item in seen}
    rows = {identity.canonical_uri(row.resource_uri): row for row in stored}
    found = {uri: rows[uri] for uri in items.keys() & rows.keys()}
    hidden = tuple(unread)
    other_rows = [
        row
        for uri, row in rows.items()
        if uri not in found and not is_unread(uri, hidden)
    ]
    other_items = [item for uri, item in items.items() if uri not in found]
    for name in serials:
        known = _IDENTIFY[name]
        by_serial = _unique(
            other_rows,
            lambda row: known(getattr(row, name)),  # noqa: B023
        )
        for serial, item in _unique(
            other_items,
            lambda item: known(item.values.get(name)),  # noqa: B023
        ).items():
            row = by_serial.get(serial)
            if row is not None and item.uri not in found:
                found[item.uri] = row
    return found


def _unique(
    values: Iterable[T], key: Callable[[T], Hashable]
) -> dict[Hashable, T]:
    """The values by key, where the key is not empty and occurs once."""
    result: dict[Hashable, T] = {}
    duplicates = set()
    for value in values:
        if key(value) in result:
            duplicates.add(key(value))
        result[key(value)] = value
    return {
        found: value
        for found, value in result.items()
        if found and found not in duplicates
    }


def diff(
    seen: Iterable[hardware.Item],
    stored: Iterable[Row],
    found: Mapping[str, Row],
    reading: Reading,
) -> Changes:
    """Compare items with rows.

    :param found: the result of ``matches``.
    """
    changes = Changes()
    for item in {item.uri: item for item in seen}.values():
        row = found.get(item.uri)
        if row is None:
            changes.create.append(_new_row(item, reading))
        elif is_newer(row.synced_at, reading.since):
            _complete(changes, row, item, reading)
        else:
            _update(changes, row, item, reading)
    kept = {row.uuid for row in found.values()}
    unread = tuple(reading.unread)
    for row in stored:
        if row.uuid in kept or is_newer(row.synced_at, reading.since):
            continue
        if is_unread(row.resource_uri, unread):
            _set_stale(changes, row)
        else:
            allocated = row.uuid in reading.allocated
            _set_missing(changes, row, allocated, reading.now)
    return changes


def _seen_at(reading: Reading) -> datetime.datetime:
    """When the items were read: of two reads the one that began later wins."""
    return reading.since or reading.now


def _new_row(item: hardware.Item, reading: Reading) -> Values:
    return {
        **_values(item, reading),
        'uuid': reading.uuids[item.uri],
        'podm_uuid': reading.podm_uuid,
        'seen_at': _seen_at(reading),
    }


def _complete(
    changes: Changes,
    row: Observed,
    item: hardware.Item,
    reading: Reading,
) -> None:
    """Set the parent of a newer row that was read without its parent."""
    values = _values(item, reading)
    parent = reading.parent_column
    if values[parent] and getattr(row, parent) is None:
        changes.update[row.uuid] = {
            name: values[name]
            for name in (parent, 'rack_uuid')
            if name in values
        }


def _update(
    changes: Changes,
    row: Observed,
    item: hardware.Item,
    reading: Reading,
) -> None:
    values = _known_values(row, item, reading)
    different = {
        name: value
        for name, value in values.items()
        if name not in _BOOKKEEPING
        and getattr(row, name) != value
        or name == 'uri_hash'
        and row.resource_uri != values['resource_uri']
    }
    if different or reading.refreshed:
        changes.update[row.uuid] = {**different, 'seen_at': _seen_at(reading)}


def _values(item: hardware.Item, reading: Reading) -> Values:
    """The column values of an item."""
    parent = reading.uuids.get(item.parent) if item.parent else None
    values = {
        **item.values,
        'properties': item.properties,
        'resource_uri': item.uri,
        'uri_hash': uri_hash(item.uri),
        'refreshed': reading.refreshed,
        'stale': bool(item.unknown),
        'missing_since': None,
        'missed_syncs': 0,
        reading.parent_column: parent,
    }
    if reading.racks is not None:
        values['rack_uuid'] = reading.racks.get(item.parent)
    return values


def _known_values(
    row: Observed, item: hardware.Item, reading: Reading
) -> Values:
    """The column values of an item without those that could not be read.

    That includes its parent, where only the parent may say that it is one,
    and the parent was not read.
    """
    values = _values(item, reading)
    for name in item.unknown - {hardware.PARENT}:
        del values[name]
    parent = reading.parent_column
    parent_unread = (
        reading.refreshed
        or hardware.PARENT in item.unknown
        or getattr(row, parent) in reading.hidden
    )
    if item.parent is None and parent_unread:
        del values[parent]
        values.pop('rack_uuid', None)
    return values


def is_newer(
    written: datetime.datetime | None, since: datetime.datetime | None
) -> bool:
    """Whether something was written after a read began."""
    return since is not None and written is not None and written > since


def is_unread(uri: str, unread: tuple[str, ...]) -> bool:
    """Whether a resource, or one that contains it, could not be read."""
    return any(
        uri == one or uri.startswith(one.rstrip('/') + '/') for one in unread
    )


def _set_stale(changes: Changes, row: Observed) -> None:
    """Record that a row could not be read."""
    if not row.stale:
        changes.update[row.uuid] = {
            'stale': True,
            'refreshed': False,
            'seen_at': row.synced_at,
        }


def _set_missing(
    changes: Changes,
    row: Observed,
    allocated: bool,
    now: datetime.datetime,
) -> None:
    """Record that the hardware of a row is missing; delete it after a while.

    :param allocated: whether the row is never deleted.
    """
    since = row.missing_since or now
    missed = row.missed_syncs + 1
    expired = missed >= _MISSED_SYNCS and now - since >= _MISSED_FOR
    if expired and not allocated:
        changes.delete.append(row.uuid)
    elif row.missing_since is None:
        present = row.state in ('free', 'used')
        changes.update[row.uuid] = {
            'missed_syncs': missed,
            'missing_since': now,
            'stale': True,
            'refreshed': False,
            'seen_at': row.synced_at,
            'state': 'unavailable' if present else 'unknown',
        }
    elif missed <= _MISSED_SYNCS:
        changes.update[row.uuid] = {'missed_syncs': missed}
