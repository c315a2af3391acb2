# SPDX-License-Identifier: Apache-2.0
"""Storing what was seen: only what is new or different is written."""

import dataclasses
import datetime
import hashlib
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg
from oslo_log import log
from oslo_utils import timeutils
from oslo_utils import uuidutils

from valence.common import exception
from valence.conductor import operations
from valence.conductor import states
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base

LOG = log.getLogger(__name__)

# A piece of hardware is forgotten when it was missed that often, for so long.
_MISSED_SYNCS = 3
_MISSED_FOR = datetime.timedelta(days=1)

_BOOKKEEPING = frozenset(
    ('uuid', 'created_at', 'updated_at', 'synced_at', 'uri_hash', 'node_uuid')
)
_PARENT = {models.Chassis: 'parent_uuid', models.System: 'chassis_uuid'}
_SERIALS = {
    models.Chassis: ('serial_number',),
    models.System: ('hardware_uuid', 'serial_number'),
}


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
    parents: Mapping[str, str],
    *,
    podm_uuid: str,
    parent_column: str,
    serials: Iterable[str],
    unread: Iterable[str],
    claimed: Iterable[str],
    now: datetime.datetime,
) -> Changes:
    """Compare what was seen with what is stored. Nothing is read or written.

    :param parents: UUIDs of chassis by URI.
    :param unread: what is there but could not be read; see ``Inventory``.
    :param claimed: UUIDs of rows that are never forgotten.
    """
    changes = Changes()
    items = {item.uri: item for item in seen}
    stored = list(stored)
    found = matches(items.values(), stored, serials)
    for uri, item in items.items():
        row = found.get(uri)
        values = {
            **item.values,
            'properties': item.properties,
            'resource_uri': uri,
            'uri_hash': uri_hash(uri),
            'stale': False,
            'missing_since': None,
            'missed_syncs': 0,
            parent_column: parents.get(item.parent) if item.parent else None,
        }
        if row is None:
            changes.create.append(
                {**values, 'podm_uuid': podm_uuid, 'synced_at': now}
            )
            continue
        different = _different(row, values)
        if different:
            changes.update[row.uuid] = {**different, 'synced_at': now}
    kept = {row.uuid for row in found.values()}
    unread = tuple(unread)
    claimed = set(claimed)
    for row in stored:
        if row.uuid not in kept:
            _miss(
                changes,
                row,
                _is_unread(row.resource_uri, unread),
                row.uuid in claimed,
                now,
            )
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


def _is_unread(uri: str, unread: tuple[str, ...]) -> bool:
    return any(
        uri == one or (one.endswith('/') and uri.startswith(one))
        for one in unread
    )


def _miss(
    changes: Changes,
    row: Any,
    unread: bool,
    claimed: bool,
    now: datetime.datetime,
) -> None:
    """Note that a row was not seen."""
    if unread:
        if not row.stale:
            changes.update[row.uuid] = {'stale': True}
        return
    since = row.missing_since or now
    missed = row.missed_syncs + 1
    if missed >= _MISSED_SYNCS and now - since >= _MISSED_FOR and not claimed:
        changes.delete.append(row.uuid)
        return
    values: dict[str, Any] = {'missed_syncs': missed}
    if row.missing_since is None:
        values |= {'missing_since': now, 'stale': True}
        if hasattr(row, 'power_state'):
            values['state'] = 'unavailable'
    changes.update[row.uuid] = values


def write(
    tx: db.Transaction, podm_uuid: str, seen: base.Inventory
) -> dict[str, int]:
    """Bring the tables to what was seen, in the caller's transaction.

    :returns: how many rows were created, updated and deleted.
    """
    now = timeutils.utcnow()
    claimed = [
        row.resource_uuid
        for row in tx.list(models.Allocation, podm_uuid=podm_uuid)
    ]
    count = {'created': 0, 'updated': 0, 'deleted': 0}
    parents: dict[str, str] = {}
    for model, items in (
        (models.Chassis, seen.chassis),
        (models.System, seen.systems),
    ):
        stored = tx.list(model, podm_uuid=podm_uuid).all()
        if model is models.Chassis:
            parents = _chassis_uuids(items, stored)
        changes = diff(
            items,
            stored,
            parents,
            podm_uuid=podm_uuid,
            parent_column=_PARENT[model],
            serials=_SERIALS[model],
            unread=seen.unread,
            claimed=claimed,
            now=now,
        )
        if model is models.Chassis:
            for row in changes.create:
                row['uuid'] = parents[row['resource_uri']]
        _apply(tx, model, changes)
        count['created'] += len(changes.create)
        count['updated'] += len(changes.update)
        count['deleted'] += len(changes.delete)
    _write_nodes(tx, podm_uuid, seen)
    return count


def _chassis_uuids(
    items: list[base.Item], stored: list[Any]
) -> dict[str, str]:
    """The UUID of every chassis seen, by URI; new ones get theirs here."""
    found = matches(items, stored, _SERIALS[models.Chassis])
    return {
        item.uri: found[item.uri].uuid
        if item.uri in found
        else uuidutils.generate_uuid()
        for item in items
    }


def _apply(tx: db.Transaction, model: db.Model, changes: Changes) -> None:
    # Rows that go make place for rows that come to their URI.
    for start in range(0, len(changes.delete), db.BATCH):
        tx.delete(model, uuid=changes.delete[start : start + db.BATCH])
    for uuid, values in changes.update.items():
        tx.update(model, values, uuid=uuid)
    tx.create_many(model, changes.create)


def _write_nodes(
    tx: db.Transaction, podm_uuid: str, seen: base.Inventory
) -> None:
    """Bring our nodes to what the pod manager says of them."""
    by_uri = {composed.uri: composed for composed in seen.nodes}
    nodes = tx.list(
        models.Node, podm_uuid=podm_uuid, provision_state=('active', 'error')
    ).all()
    for node in nodes:
        composed = by_uri.get(node.resource_uri)
        if composed is not None:
            if composed.power_state != node.power_state:
                tx.update(
                    models.Node,
                    {'power_state': composed.power_state},
                    uuid=node.uuid,
                )
        elif node.provision_state == 'active' and not _is_unread(
            node.resource_uri, tuple(seen.unread)
        ):
            states.move_node(
                tx,
                node.uuid,
                'error',
                power_state='unknown',
                last_error=f'{node.resource_uri} is not on the pod manager '
                f'any more',
            )


def look_again(run: operations.Run) -> dict[str, dict[str, Any]]:
    """Read anew what a node has claimed.

    A look that fails fails nothing else: the next sync will tell.

    :returns: what was seen, by the UUID of the system.
    """
    with db.reader() as tx:
        systems = tx.list(
            models.System, models.System.node_uuid == run.target
        ).all()
    seen = {}
    for system in systems:
        try:
            item = run.driver().read_system(
                system.resource_uri,
                run.repeatable(cfg.CONF.redfish.request_timeout),
            )
        except exception.PodManagerError as exc:
            LOG.warning('System %s was not read: %s', system.uuid, exc)
            continue
        seen[system.uuid] = {
            name: item.values[name]
            for name in ('state', 'health', 'power_state')
        }
    return seen


def write_systems(tx: db.Transaction, seen: dict[str, dict[str, Any]]) -> None:
    """Store what was seen of single systems."""
    for uuid, values in seen.items():
        tx.update(
            models.System,
            {**values, 'synced_at': timeutils.utcnow(), 'stale': False},
            uuid=uuid,
        )
