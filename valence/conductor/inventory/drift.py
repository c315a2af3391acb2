# SPDX-License-Identifier: Apache-2.0
"""What a sync reports of nodes: their power state, their faults, their drift.

A node drifts when its hardware is not the hardware that was composed.
"""

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterable

from valence.common import exception
from valence.common import identity
from valence.common.types import JsonObject
from valence.conductor import states
from valence.conductor.inventory import baseline
from valence.conductor.inventory import diff
from valence.conductor.inventory import findings
from valence.db import allocations
from valence.db import api as db
from valence.db import shares
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable
from valence.objects.baseline import Baseline
from valence.objects.drift import Drift
from valence.objects.drift import Values
from valence.objects.drift import with_registration
from valence.objects.node import CHANGED_HARDWARE
from valence.objects.node import MISSING
from valence.podmanagers import hardware

# What of a part does not change as long as a node has it.
_LASTING: dict[type[Allocatable], tuple[str, ...]] = {
    models.System: (
        *('hardware_uuid', 'serial_number', 'cpu_cores', 'memory_mib'),
    ),
    models.Device: ('serial_number', 'type', 'capacity_gib'),
}


@dataclasses.dataclass
class _Parts:
    """The parts that are allocated to a node.

    :param uris: all of them.
    :param missing: those that the pod manager does not show.
    :param changed: what changed of the others, by URI and field.
    """

    uris: set[str] = dataclasses.field(default_factory=set)
    missing: set[str] = dataclasses.field(default_factory=set)
    changed: dict[str, dict[str, Values]] = dataclasses.field(
        default_factory=dict
    )


def record_baseline(tx: db.Transaction, node_uuid: str) -> None:
    """Store what the parts of a node are now; drift is measured from that."""
    for model, names in _LASTING.items():
        for row in tx.list(model, only=('uuid', *names), node_uuid=node_uuid):
            observed = {name: getattr(row, name) for name in names}
            tx.update(
                models.Allocation,
                {'observed': observed},
                resource_uuid=row.uuid,
            )


def accept(
    tx: db.Transaction, node: models.Node, finding: models.Finding
) -> None:
    """Let a node be what is shown at its URI now; it is active again.

    :param finding: what was seen there.
    :raises Conflict: when that has another mark, is shown elsewhere, or has a
        part that belongs to somebody else.
    """
    podm = tx.list(models.PodManager, uuid=node.podm_uuid).one()
    now: Baseline = {
        **findings.recorded(finding),
        'service_uuid': identity.identifying_uuid(podm.service_uuid),
    }
    if node.resource_uri is None or node.resource_uri != finding.resource_uri:
        raise exception.Conflict(
            f'{finding.resource_uri} is not where node {node.name} is.'
        )
    other = baseline.other_mark(
        node.uuid,
        baseline.expected(tx, node),
        identity.find_mark(now['mark']),
    )
    if other is not None:
        raise exception.Conflict(
            f'{finding.resource_uri} cannot be node {node.name}: {other}.'
        )
    parts = uuids_by_uri(tx, podm.uuid, now['parts']).values()
    allocations.check_available(tx, parts, node.uuid, node.project_id)
    record_baseline(tx, node.uuid)
    states.move_node(tx, node.uuid, 'active', baseline=now, **states.NO_ERROR)


def write(
    tx: db.Transaction,
    podm_uuid: str,
    seen: hardware.Inventory,
    partial: bool,
    since: datetime.datetime | None,
    moved: Collection[str] = (),
) -> None:
    """Bring the nodes of a pod manager up to date.

    :param partial: whether only some resources were read.
    :param since: when reading began; rows written later are left unchanged.
    :param moved: the UUIDs of nodes that this transaction has written.
    """
    by_uri = {composed.uri: composed for composed in seen.nodes}
    parts = _allocated_parts(tx, podm_uuid)
    uris = {uri for composed in seen.nodes for uri in composed.resources}
    stored = uuids_by_uri(tx, podm_uuid, uris).keys()
    nodes = tx.list(
        models.Node, podm_uuid=podm_uuid, provision_state=('active', 'error')
    ).all()
    for node in nodes:
        if node.uuid not in moved and diff.is_newer(node.updated_at, since):
            continue
        own = parts[node.uuid]
        uri = node.resource_uri or ''
        composed = by_uri.get(uri)
        if composed is not None and _is_other(tx, node, composed, since):
            continue
        if composed is not None:
            drift = node.drift
            if composed.resources_known:
                found = (stored & set(composed.resources)) - own.missing
                drift = _compare(node, own, found)
            _write_seen(tx, node, composed, drift)
            continue
        _write_unseen(tx, node, own)
        looked_for = uri in seen.gone or not partial
        if looked_for and not diff.is_unread(uri, tuple(seen.unread)):
            _set_missing(tx, node)


def _write_unseen(tx: db.Transaction, node: models.Node, own: _Parts) -> None:
    """Store which parts of a node that was not read are missing."""
    drift = _compare(node, own, own.uris - own.missing)
    if drift and drift != node.drift:
        tx.update(models.Node, {'drift': drift}, uuid=node.uuid)


def _is_other(
    tx: db.Transaction,
    node: models.Node,
    composed: hardware.ComposedNode,
    since: datetime.datetime | None,
) -> bool:
    """Whether a node's URI shows something else now; the node gets a fault.

    Parts that come and go are drift, as long as it is still the node.
    """
    different = baseline.differences(
        node.uuid,
        baseline.expected(tx, node),
        composed,
        None,
        list(map(identity.canonical_uri, composed.resources)),
    )
    if not different:
        return node.fault == CHANGED_HARDWARE
    found = findings.changed_hardware(node, composed, different)
    now = since or tx.now()
    findings.open_finding(tx, node.podm_uuid, found, now)
    if node.fault != CHANGED_HARDWARE:
        states.move_node(
            tx,
            node.uuid,
            'error',
            fault=CHANGED_HARDWARE,
            power_state='unknown',
            last_error=exception.ErrorText(
                found.reason, str(exception.NotOurs.user_message)
            ),
        )
    return True


def _set_missing(tx: db.Transaction, node: models.Node) -> None:
    """Store that the pod manager does not show a node."""
    if node.provision_state != 'active':
        return
    error = exception.ErrorText(
        f'{node.resource_uri} is missing on the pod manager',
        'The node is missing on its pod manager.',
    )
    states.move_node(
        tx,
        node.uuid,
        'error',
        fault=MISSING,
        power_state='unknown',
        last_error=error,
    )


def _write_seen(
    tx: db.Transaction,
    node: models.Node,
    composed: hardware.ComposedNode,
    drift: Drift | None,
) -> None:
    values = {
        'power_state': composed.power_state,
        'drift': drift,
        'allowable': composed.allowable or node.allowable,
    }
    if node.provision_state == 'error' and node.fault == MISSING:
        states.move_node(tx, node.uuid, 'active', **states.NO_ERROR, **values)
    elif any(getattr(node, name) != new for name, new in values.items()):
        tx.update(models.Node, values, uuid=node.uuid)


def _compare(node: models.Node, own: _Parts, found: set[str]) -> Drift | None:
    """The drift of a node; None if it does not drift.

    :param found: the URIs that the pod manager says the node consists of.
    """
    drift: Drift = {}
    if lost := sorted(own.uris - found):
        drift['lost'] = lost
    if gained := sorted(found - own.uris):
        drift['gained'] = gained
    if own.changed:
        drift['changed'] = own.changed
    known = node.drift or {}
    return with_registration(
        drift, known.get('missing_in'), known.get('registration')
    )


def uuids_by_uri(
    tx: db.Transaction, podm_uuid: str, uris: Iterable[str]
) -> dict[str, str]:
    """The UUIDs of systems and devices of the inventory, by URI.

    :param uris: those that are not in the inventory are left out.
    """
    hashes = [diff.uri_hash(uri) for uri in dict.fromkeys(uris)]
    return {
        row.resource_uri: row.uuid
        for model in _LASTING
        for start in range(0, len(hashes), db.BATCH)
        for row in tx.list(
            model,
            only=('uuid', 'resource_uri'),
            podm_uuid=podm_uuid,
            uri_hash=hashes[start : start + db.BATCH],
        )
    }


def _allocated_parts(
    tx: db.Transaction, podm_uuid: str
) -> defaultdict[str, _Parts]:
    """What is allocated to the nodes of a pod manager, by node."""
    baseline = {
        row.resource_uuid: row.observed
        for row in tx.list(
            models.Allocation,
            models.Allocation.observed.is_not(None),
            only=('resource_uuid', 'observed'),
            podm_uuid=podm_uuid,
        )
    }
    parts: defaultdict[str, _Parts] = defaultdict(_Parts)
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
            own = parts[row.node_uuid or '']
            own.uris.add(row.resource_uri)
            if row.missing_since is not None:
                own.missing.add(row.resource_uri)
            elif not row.stale:
                changes = _changes(row, baseline.get(row.uuid) or {})
                if changes:
                    own.changed[row.resource_uri] = changes
    for node_uuid, device in shares.of_pod_manager(tx, podm_uuid):
        own = parts[node_uuid]
        own.uris.add(device.resource_uri)
        if device.missing_since is not None:
            own.missing.add(device.resource_uri)
    return parts


def _changes(row: Allocatable, baseline: JsonObject) -> dict[str, Values]:
    """What differs from the baseline; unknown values differ from nothing."""
    return {
        name: [before, getattr(row, name)]
        for name, before in baseline.items()
        if before and getattr(row, name) != before
    }
