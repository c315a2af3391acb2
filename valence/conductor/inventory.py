# SPDX-License-Identifier: Apache-2.0
"""Storing what was seen: only what is new or different is written."""

import dataclasses
import datetime
import hashlib
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from oslo_utils import timeutils
from oslo_utils import uuidutils

from valence.common import exception
from valence.conductor import provisioning
from valence.conductor import states
from valence.db import api as db
from valence.db import claims
from valence.db.sqlalchemy import models
from valence.podmanagers import base

# A piece of hardware is forgotten when it was missed that often, for so long.
_MISSED_SYNCS = 3
_MISSED_FOR = datetime.timedelta(days=1)
_GONE = 'is not on the pod manager any more'

_BOOKKEEPING = frozenset(
    ('uuid', 'created_at', 'updated_at', 'seen_at', 'uri_hash')
)


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
    seen: Iterable[base.Item],
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
    seen: Iterable[base.Item],
    stored: Iterable[Any],
    found: Mapping[str, Any],
    *,
    podm_uuid: str,
    uuids: Mapping[str, str],
    parent_column: str,
    racks: Mapping[str | None, str | None] | None = None,
    unread: Iterable[str] = (),
    claimed: Iterable[str] = (),
    since: datetime.datetime | None = None,
    now: datetime.datetime,
) -> Changes:
    """Compare what was seen with what is stored. Nothing is read or written.

    :param found: the stored row of each item that has one, by URI.
    :param uuids: the UUIDs of everything seen, by URI; new ones included.
    :param racks: the racks of what contains something, by the URI of that;
        None where pieces are no parts of nodes.
    :param unread: what is there but could not be read; see ``Inventory``.
    :param claimed: UUIDs of rows that are never forgotten.
    :param since: when looking began; what was looked at later is newer.
    """
    changes = Changes()
    # Of two looks the one that began later is right, whoever writes first.
    seen_at = since or now
    for item in {item.uri: item for item in seen}.values():
        row = found.get(item.uri)
        values = {
            **item.values,
            'properties': item.properties,
            'resource_uri': item.uri,
            'uri_hash': uri_hash(item.uri),
            'stale': False,
            'missing_since': None,
            'missed_syncs': 0,
            parent_column: uuids.get(item.parent) if item.parent else None,
        }
        if racks is not None:
            values['rack_uuid'] = racks.get(item.parent)
        if row is None:
            changes.create.append(
                {
                    **values,
                    'uuid': uuids[item.uri],
                    'podm_uuid': podm_uuid,
                    'seen_at': seen_at,
                }
            )
            continue
        if _is_newer(row.synced_at, since):
            # Who looked at it alone may not have known what contains it.
            if values[parent_column] and getattr(row, parent_column) is None:
                changes.update[row.uuid] = {
                    name: values[name]
                    for name in (parent_column, 'rack_uuid')
                    if name in values
                }
            continue
        different = _different(row, values)
        if different:
            changes.update[row.uuid] = {**different, 'seen_at': seen_at}
    kept = {row.uuid for row in found.values()}
    unread = tuple(unread)
    claimed = set(claimed)
    for row in stored:
        if row.uuid not in kept and not _is_newer(row.synced_at, since):
            lost = not _is_unread(row.resource_uri, unread)
            _miss(changes, row, lost, row.uuid in claimed, now)
    return changes


def _different(row: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in values.items()
        if name not in _BOOKKEEPING
        and getattr(row, name) != value
        or name == 'uri_hash'
        and row.resource_uri != values['resource_uri']
    }


def _is_newer(
    written: datetime.datetime | None, since: datetime.datetime | None
) -> bool:
    """Whether something was written after a look at the hardware began."""
    return since is not None and written is not None and written > since


def _is_unread(uri: str, unread: tuple[str, ...]) -> bool:
    return any(
        uri == one or (one.endswith('/') and uri.startswith(one))
        for one in unread
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
            'seen_at': row.synced_at,
            'state': gone,
        }
    elif missed <= _MISSED_SYNCS:
        changes.update[row.uuid] = {'missed_syncs': missed}


def write(
    tx: db.Transaction,
    podm_uuid: str,
    seen: base.Inventory,
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
    """
    now = timeutils.utcnow()
    claimed = [
        row.resource_uuid
        for row in tx.list(models.Allocation, podm_uuid=podm_uuid)
    ]
    stored: dict[str, Sequence[Any]] = {}
    found: dict[str, dict[str, Any]] = {}
    uuids: dict[str, str] = {}
    for table in TABLES:
        items = getattr(seen, table.attribute)
        rows = _stored(tx, table, podm_uuid, seen, partial)
        serials = () if partial else table.serials
        same = matches(items, rows, serials)
        stored[table.attribute], found[table.attribute] = rows, same
        # What could not be read contains what it contained.
        uuids.update({row.resource_uri: row.uuid for row in rows})
        uuids.update(
            {
                item.uri: same[item.uri].uuid
                if item.uri in same
                else uuidutils.generate_uuid()
                for item in items
            }
        )
    racks = _racks(tx, seen.chassis, stored['chassis'], uuids)
    count = {'created': 0, 'updated': 0, 'deleted': 0}
    for table in TABLES:
        rows = stored[table.attribute]
        if partial:
            looked_at = {*found[table.attribute], *seen.gone}
            rows = [row for row in rows if row.resource_uri in looked_at]
        changes = diff(
            getattr(seen, table.attribute),
            rows,
            found[table.attribute],
            podm_uuid=podm_uuid,
            uuids=uuids,
            parent_column=table.parent,
            racks=racks if table.claimable else None,
            unread=seen.unread,
            claimed=claimed,
            since=since,
            now=now,
        )
        _apply(tx, table.model, changes)
        if table.claimable:
            claims.show(
                tx,
                [
                    uuid
                    for uuid, new in changes.update.items()
                    if 'state' in new
                ],
            )
        count['created'] += len(changes.create)
        count['updated'] += len(changes.update)
        count['deleted'] += len(changes.delete)
    _write_nodes(tx, podm_uuid, seen, partial, since)
    return count


def _stored(
    tx: db.Transaction,
    table: Table,
    podm_uuid: str,
    seen: base.Inventory,
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
        where['uri_hash'] = [uri_hash(uri) for uri in uris]
    return tx.list(table.model, **where).all()


def _racks(
    tx: db.Transaction,
    seen: Iterable[base.Item],
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


def _apply(tx: db.Transaction, model: db.Model, changes: Changes) -> None:
    # Rows that go make place for rows that come to their URI.
    for start in range(0, len(changes.delete), db.BATCH):
        tx.delete(model, uuid=changes.delete[start : start + db.BATCH])
    for uuid, values in changes.update.items():
        tx.update(model, values, uuid=uuid)
    tx.create_many(model, changes.create)


def _write_nodes(
    tx: db.Transaction,
    podm_uuid: str,
    seen: base.Inventory,
    partial: bool,
    since: datetime.datetime | None,
) -> None:
    """Bring our nodes to what the pod manager says of them."""
    by_uri = {composed.uri: composed for composed in seen.nodes}
    claims = _claims(tx, podm_uuid)
    pooled = known(
        tx,
        podm_uuid,
        {uri for composed in seen.nodes for uri in composed.resources},
    )
    nodes = tx.list(
        models.Node, podm_uuid=podm_uuid, provision_state=('active', 'error')
    ).all()
    for node in nodes:
        if _is_newer(node.updated_at, since):
            continue
        composed = by_uri.get(node.resource_uri)
        if composed is not None:
            claimed = claims.get(node.uuid, set())
            found = pooled.keys() & set(composed.resources)
            told = provisioning.drift(
                drift(claimed, found), node.managed_by, node.managed_state
            )
            _write_node(tx, node, composed, told)
            continue
        looked_at = node.resource_uri in seen.gone or not partial
        if (
            node.provision_state == 'active'
            and looked_at
            and not _is_unread(node.resource_uri, tuple(seen.unread))
        ):
            states.move_node(
                tx,
                node.uuid,
                'error',
                power_state='unknown',
                **exception.Told(
                    f'{node.resource_uri} {_GONE}', f'It {_GONE}.'
                ).columns('last_error'),
            )


def _write_node(
    tx: db.Transaction,
    node: Any,
    composed: base.ComposedNode,
    drifted: str | None,
) -> None:
    values: dict[str, Any] = {
        'power_state': composed.power_state,
        'drift': drifted,
    }
    # A node that was missed and is there again is as good as before.
    back = node.provision_state == 'error' and (
        node.last_error == f'{node.resource_uri} {_GONE}'
    )
    if back:
        states.move_node(tx, node.uuid, 'active', **states.WELL, **values)
    elif any(getattr(node, name) != new for name, new in values.items()):
        tx.update(models.Node, values, uuid=node.uuid)


def drift(claimed: set[str], found: set[str]) -> str | None:
    """How a node differs from what it was composed of, in words.

    :param claimed: the URIs that Valence claimed for the node.
    :param found: the URIs that the pod manager says it is made of.
    """
    lost, gained = sorted(claimed - found), sorted(found - claimed)
    words = []
    if lost:
        words.append(f'lost {", ".join(lost)}')
    if gained:
        words.append(f'gained {", ".join(gained)}')
    return '; '.join(words)[:4096] or None


def known(
    tx: db.Transaction, podm_uuid: str, uris: Iterable[str]
) -> dict[str, str]:
    """The UUIDs of systems and devices of the inventory, by URI.

    :param uris: those that are not in the inventory are left out.
    """
    hashes = [uri_hash(uri) for uri in dict.fromkeys(uris)]
    return {
        row.resource_uri: row.uuid
        for model in (models.System, models.Device)
        for start in range(0, len(hashes), db.BATCH)
        for row in tx.list(
            model,
            only=('uuid', 'resource_uri'),
            podm_uuid=podm_uuid,
            uri_hash=hashes[start : start + db.BATCH],
        )
    }


def _claims(tx: db.Transaction, podm_uuid: str) -> dict[str, set[str]]:
    """The URIs of what each node of a pod manager has claimed."""
    result: dict[str, set[str]] = {}
    for model in (models.System, models.Device):
        rows = tx.list(
            model,
            model.node_uuid.is_not(None),
            only=('node_uuid', 'resource_uri'),
            podm_uuid=podm_uuid,
        )
        for row in rows:
            result.setdefault(row.node_uuid, set()).add(row.resource_uri)
    return result
