# SPDX-License-Identifier: Apache-2.0
"""What has to be written so that the tables show what was seen.

Nothing here reads or writes.
"""

import dataclasses
import datetime
import hashlib
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from valence.podmanagers import hardware

# A piece of hardware is forgotten when it was missed that often, for so long.
_MISSED_SYNCS = 3
_MISSED_FOR = datetime.timedelta(days=1)

_BOOKKEEPING = frozenset(
    ('uuid', 'created_at', 'updated_at', 'seen_at', 'uri_hash')
)


@dataclasses.dataclass
class Changes:
    """What has to be written so that the table shows what was seen."""

    create: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    update: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    delete: list[str] = dataclasses.field(default_factory=list)


def uri_hash(uri: str) -> str:
    """What stands for a URI in a unique index."""
    return hashlib.sha256(uri.encode()).hexdigest()


def matches(
    seen: Iterable[hardware.Item],
    stored: Iterable[Any],
    serials: Iterable[str],
) -> dict[str, Any]:
    """The stored row of each item seen, by the item's URI.

    Rows are matched by URI; a piece that has moved is known by what is
    written on it, where that is unique among the seen and the stored.
    """
    items = {item.uri: item for item in seen}
    rows = {row.resource_uri: row for row in stored}
    found = {uri: rows[uri] for uri in items.keys() & rows.keys()}
    moved = [row for uri, row in rows.items() if uri not in found]
    strange = [item for uri, item in items.items() if uri not in found]
    for name in serials:
        by_serial = _unique((getattr(row, name), row) for row in moved)
        for serial, item in _unique(
            (item.values.get(name), item) for item in strange
        ).items():
            row = by_serial.get(serial)
            if row is not None and item.uri not in found:
                found[item.uri] = row
    return found


def _unique(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """The pairs whose key is not empty and comes once."""
    result: dict[Any, Any] = {}
    twice = set()
    for key, value in pairs:
        if key in result:
            twice.add(key)
        result[key] = value
    return {
        key: value for key, value in result.items() if key and key not in twice
    }


def diff(
    seen: Iterable[hardware.Item],
    stored: Iterable[Any],
    found: Mapping[str, Any],
    *,
    podm_uuid: str,
    uuids: Mapping[str, str],
    parent_column: str,
    racks: Mapping[str | None, str | None] | None = None,
    unread: Iterable[str] = (),
    hidden: Collection[str] = (),
    claimed: Iterable[str] = (),
    since: datetime.datetime | None = None,
    confirms: bool = False,
    now: datetime.datetime,
) -> Changes:
    """Compare what was seen with what is stored.

    :param found: the stored row of each item that has one, by URI.
    :param uuids: the UUIDs of everything seen, by URI; new ones included.
    :param racks: the racks of what contains something, by the URI of that;
        None where pieces are no parts of nodes.
    :param unread: what is there but could not be read; see ``Inventory``.
    :param hidden: UUIDs of what contains something but could not be read.
    :param claimed: UUIDs of rows that are never forgotten.
    :param since: when looking began; what was looked at later is newer.
    :param confirms: whether what is as it was is to bear the time of the
        look: no reading of the whole inventory vouches for it.
    """
    changes = Changes()
    # Of two looks the one that began later is right, whoever writes first.
    seen_at = since or now
    for item in {item.uri: item for item in seen}.values():
        row = found.get(item.uri)
        values = _values(item, uuids, parent_column, racks, confirms)
        if row is None:
            values.update(
                uuid=uuids[item.uri], podm_uuid=podm_uuid, seen_at=seen_at
            )
            changes.create.append(values)
        elif is_newer(row.synced_at, since):
            # Who looked at it alone may not have known what contains it.
            if values[parent_column] and getattr(row, parent_column) is None:
                changes.update[row.uuid] = {
                    name: values[name]
                    for name in (parent_column, 'rack_uuid')
                    if name in values
                }
        else:
            unheard = confirms or getattr(row, parent_column) in hidden
            _leave_unknown(values, item, parent_column, unheard)
            different = _different(row, values)
            if different or confirms:
                changes.update[row.uuid] = {**different, 'seen_at': seen_at}
    kept = {row.uuid for row in found.values()}
    unread = tuple(unread)
    claimed = set(claimed)
    for row in stored:
        if row.uuid not in kept and not is_newer(row.synced_at, since):
            lost = not is_unread(row.resource_uri, unread)
            _miss(changes, row, lost, row.uuid in claimed, now)
    return changes


def _values(
    item: hardware.Item,
    uuids: Mapping[str, str],
    parent_column: str,
    racks: Mapping[str | None, str | None] | None,
    refreshed: bool,
) -> dict[str, Any]:
    """The columns of a piece that was seen."""
    values = {
        **item.values,
        'properties': item.properties,
        'resource_uri': item.uri,
        'uri_hash': uri_hash(item.uri),
        'refreshed': refreshed,
        'stale': bool(item.unknown),
        'missing_since': None,
        'missed_syncs': 0,
        parent_column: uuids.get(item.parent) if item.parent else None,
    }
    if racks is not None:
        values['rack_uuid'] = racks.get(item.parent)
    return values


def _leave_unknown(
    values: dict[str, Any],
    item: hardware.Item,
    parent_column: str,
    unheard: bool,
) -> None:
    """Leave out what could not be read: what is stored of it holds.

    :param unheard: whether what contains the piece may be what tells so, and
        was not heard.
    """
    for name in item.unknown:
        del values[name]
    if item.parent is None and unheard:
        del values[parent_column]
        values.pop('rack_uuid', None)


def _different(row: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in values.items()
        if name not in _BOOKKEEPING
        and getattr(row, name) != value
        or name == 'uri_hash'
        and row.resource_uri != values['resource_uri']
    }


def is_newer(
    written: datetime.datetime | None, since: datetime.datetime | None
) -> bool:
    """Whether something was written after a look at the hardware began."""
    return since is not None and written is not None and written > since


def is_unread(uri: str, unread: tuple[str, ...]) -> bool:
    """Whether something, or what it lies below, could not be read."""
    return any(
        uri == one or uri.startswith(one.rstrip('/') + '/') for one in unread
    )


def _miss(
    changes: Changes,
    row: Any,
    lost: bool,
    claimed: bool,
    now: datetime.datetime,
) -> None:
    """Note that a row was not seen.

    :param lost: whether it would have been seen if it were there.
    """
    if not lost:
        if not row.stale:
            changes.update[row.uuid] = {
                'stale': True,
                'refreshed': False,
                'seen_at': row.synced_at,
            }
        return
    since = row.missing_since or now
    missed = row.missed_syncs + 1
    if missed >= _MISSED_SYNCS and now - since >= _MISSED_FOR and not claimed:
        changes.delete.append(row.uuid)
        return
    if row.missing_since is None:
        gone = 'unavailable' if row.state in ('free', 'used') else 'unknown'
        changes.update[row.uuid] = {
            'missed_syncs': missed,
            'missing_since': now,
            'stale': True,
            'refreshed': False,
            'seen_at': row.synced_at,
            'state': gone,
        }
    elif missed <= _MISSED_SYNCS:
        changes.update[row.uuid] = {'missed_syncs': missed}
