# SPDX-License-Identifier: Apache-2.0
"""What pod managers say of our nodes: power, and other hardware than ours."""

import datetime
from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

from valence.conductor import managed_nodes
from valence.conductor import states
from valence.conductor.inventory import diff
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import hardware

_GONE = 'is not on the pod manager any more'
# What of the hardware of a node stays as it is for as long as the node has it.
_LASTING: dict[Any, tuple[str, ...]] = {
    models.System: (
        *('hardware_uuid', 'serial_number', 'cpu_cores', 'memory_mib'),
    ),
    models.Device: ('serial_number', 'type', 'capacity_gib'),
}


class _Claims(NamedTuple):
    """What the nodes of a pod manager have claimed.

    :param uris: that of each node.
    :param missing: those of them that the pod manager does not show.
    :param changed: what each node has to say of hardware that is another now.
    """

    uris: dict[str, set[str]]
    missing: set[str]
    changed: dict[str, list[str]]


def record_baseline(tx: db.Transaction, node_uuid: str) -> None:
    """Take what a node is made of for what it has to stay made of."""
    for model, names in _LASTING.items():
        for row in tx.list(model, only=('uuid', *names), node_uuid=node_uuid):
            observed = {name: getattr(row, name) for name in names}
            tx.update(
                models.Allocation,
                {'observed': observed},
                resource_uuid=row.uuid,
            )


def write(
    tx: db.Transaction,
    podm_uuid: str,
    seen: hardware.Inventory,
    partial: bool,
    since: datetime.datetime | None,
) -> None:
    """Bring our nodes to what the pod manager says of them."""
    by_uri = {composed.uri: composed for composed in seen.nodes}
    claims = _claims(tx, podm_uuid)
    there = uuids_by_uri(
        tx,
        podm_uuid,
        {uri for composed in seen.nodes for uri in composed.resources},
    ).keys()
    nodes = tx.list(
        models.Node, podm_uuid=podm_uuid, provision_state=('active', 'error')
    ).all()
    for node in nodes:
        if diff.is_newer(node.updated_at, since):
            continue
        ours = claims.uris.get(node.uuid, set())
        changed = claims.changed.get(node.uuid, [])
        uri = node.resource_uri or ''
        composed = by_uri.get(uri)
        if composed is not None:
            found = (there & set(composed.resources)) - claims.missing
            told = managed_nodes.drift(
                describe(ours, found, changed),
                node.managed_by,
                node.managed_state,
            )
            _write_node(tx, node, composed, told)
            continue
        lost = describe(ours, ours - claims.missing, changed)
        told = managed_nodes.drift(lost, node.managed_by, node.managed_state)
        if lost and told != node.drift:
            tx.update(models.Node, {'drift': told}, uuid=node.uuid)
        looked_at = uri in seen.gone or not partial
        if (
            node.provision_state == 'active'
            and looked_at
            and not diff.is_unread(uri, tuple(seen.unread))
        ):
            states.move_node(
                tx,
                node.uuid,
                'error',
                power_state='unknown',
                last_error=f'{uri} {_GONE}',
            )


def _write_node(
    tx: db.Transaction,
    node: Any,
    composed: hardware.ComposedNode,
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
        states.move_node(tx, node.uuid, 'active', **states.NO_ERROR, **values)
    elif any(getattr(node, name) != new for name, new in values.items()):
        tx.update(models.Node, values, uuid=node.uuid)


def describe(
    claimed: set[str], found: set[str], changed: list[str]
) -> str | None:
    """How a node differs from what it was composed of, in words.

    :param claimed: the URIs that Valence claimed for the node.
    :param found: the URIs that the pod manager says it is made of.
    :param changed: what is to be said of hardware that is another now.
    """
    lost, gained = sorted(claimed - found), sorted(found - claimed)
    words = []
    if lost:
        words.append(f'lost {", ".join(lost)}')
    if gained:
        words.append(f'gained {", ".join(gained)}')
    words += sorted(changed)
    return '; '.join(words)[:4096] or None


def uuids_by_uri(
    tx: db.Transaction, podm_uuid: str, uris: Iterable[str]
) -> dict[str, str]:
    """The UUIDs of systems and devices of the inventory, by URI.

    :param uris: those that are not in the inventory are left out.
    """
    hashes = [diff.uri_hash(uri) for uri in dict.fromkeys(uris)]
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


def _claims(tx: db.Transaction, podm_uuid: str) -> _Claims:
    observed = {
        row.resource_uuid: row.observed
        for row in tx.list(
            models.Allocation,
            models.Allocation.observed.is_not(None),
            only=('resource_uuid', 'observed'),
            podm_uuid=podm_uuid,
        )
    }
    claims = _Claims({}, set(), {})
    for model, names in _LASTING.items():
        rows = tx.list(
            model,
            model.node_uuid.is_not(None),
            only=(
                *('uuid', 'node_uuid', 'resource_uri', 'missing_since'),
                *('stale', *names),
            ),
            podm_uuid=podm_uuid,
        )
        for row in rows:
            claims.uris.setdefault(row.node_uuid, set()).add(row.resource_uri)
            if row.missing_since is not None:
                claims.missing.add(row.resource_uri)
            elif not row.stale:
                told = _changed(row, observed.get(row.uuid) or {})
                claims.changed.setdefault(row.node_uuid, []).extend(told)
    return claims


def _changed(row: Any, observed: dict[str, Any]) -> list[str]:
    """What is to be said of hardware that was observed otherwise."""
    different = [
        f'{name} from {was} to {getattr(row, name)}'
        for name, was in observed.items()
        # What was not known is no change when it is.
        if was and getattr(row, name) != was
    ]
    if not different:
        return []
    return [f'changed {row.resource_uri} ({", ".join(different)})']
