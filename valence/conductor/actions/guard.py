# SPDX-License-Identifier: Apache-2.0
"""Nothing is sent to hardware that is not the node's any more.

Each step that changes a node calls :func:`owned` right before its request.
"""

import dataclasses
import itertools
from collections.abc import Collection

from oslo_log import log

from valence.common import exception
from valence.common import identity
from valence.conductor.engine.run import Run
from valence.conductor.inventory import baseline
from valence.conductor.inventory import diff
from valence.conductor.inventory import findings
from valence.conductor.inventory import replacement
from valence.db import allocations
from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.objects.node import CHANGED_HARDWARE
from valence.podmanagers import hardware
from valence.podmanagers.node_uri import NodeUri

LOG = log.getLogger(__name__)

#: The intent of composing: the URIs that exist before the request.
EXISTING = 'existing'


def owned(run: Run, *changing: str) -> hardware.ComposedNode:
    """Read the node of an operation, and check that it is still the node.

    :param changing: URIs of parts that this operation attaches or detaches.
    :returns: what was read.
    :raises NotOurs: when it is something else: the node gets a fault, and a
        finding is opened.
    :raises ResourceGone: when it does not exist.
    """
    uri = allocations.node_uri(run.target)
    deadline = run.idempotent(run.request_timeout())
    driver = run.driver()
    service_uuid = driver.service_uuid(deadline)
    seen = driver.read_node(uri, deadline)
    with db.reader() as tx:
        node = tx.list(models.Node, uuid=run.target).one()
        known = baseline.claimed(tx, node)
    if known['service_uuid'] is None:
        podm = db.get(models.PodManager, uuid=run.podm_uuid)
        uuid = podm.service_uuid if podm else None
        known = {
            **known,
            'service_uuid': identity.identifying_uuid(uuid),
        }
    different = baseline.differences(
        node.uuid,
        known,
        seen,
        service_uuid,
        [identity.canonical_uri(part) for part in changing],
    )
    if different:
        _report(run, node, seen, different)
        raise exception.NotOurs(uri=uri, reason='; '.join(different))
    return seen


def same_service(run: Run) -> None:
    """Check that the service of the pod manager was not replaced.

    :raises PodManagerUnavailable: when it may have been: a sync finds out.
    """
    deadline = run.idempotent(run.request_timeout())
    uuid = identity.identifying_uuid(run.driver().service_uuid(deadline))
    podm = db.get(models.PodManager, uuid=run.podm_uuid)
    if podm is None or uuid is None or not replacement.is_other(podm, uuid):
        return
    run.commit({}, lambda tx: replacement.suspend(tx, podm, uuid))
    raise exception.PodManagerUnavailable(
        reason=replacement.reason(podm, uuid)
    )


def existing(run: Run) -> set[str] | None:
    """The URIs that existed before the node of an operation was requested.

    :returns: None if the journal does not know: nothing was requested, or
        what was is undone.
    """
    with db.reader() as tx:
        operations = tx.list(
            models.Operation,
            only=('uuid',),
            target_uuid=run.target,
            action='compose',
        ).all()
        rows = tx.list(
            models.OperationStep,
            models.OperationStep.state != 'undone',
            only=('intent',),
            operation_uuid=[row.uuid for row in operations],
        ).all()
    known = [row.intent[EXISTING] for row in rows if EXISTING in row.intent]
    return {*itertools.chain.from_iterable(known)} if known else None


def made(run: Run, found: hardware.ComposedNode) -> str:
    """The URI of what was found as the node of an operation.

    It was looked for, because the answer to the request for it was lost.

    :param found: has the mark of the node, or its parts.
    :raises NotOurs: when it shows no mark and may be another's: the node gets
        a fault, and a finding is opened.
    """
    known = NodeUri.parse(found.uri)
    if known.mark is not None:
        # A task or a reservation, found by the mark.
        return found.uri
    before = existing(run)
    seen = dataclasses.replace(found, uri=known.uri)
    reason = mismatch(run, seen, '', before or ())
    if reason is None and before is None and seen.mark is None:
        reason = 'nothing tells whether it existed before the request'
    if reason is not None:
        with db.reader() as tx:
            node = tx.list(models.Node, uuid=run.target).one()
        _report(run, node, seen, [reason])
        raise exception.NotOurs(uri=seen.uri, reason=reason)
    return found.uri


def is_node(run: Run, seen: hardware.ComposedNode) -> bool:
    """Whether what has the URI of an operation's node is that node."""
    if seen.mark is not None:
        return installation.mark(run.target).same_as(seen.mark)
    with db.reader() as tx:
        node = tx.get(models.Node, uuid=run.target)
        if node is None:
            return True
        known = baseline.claimed(tx, node)
    return not baseline.differences(node.uuid, known, seen, None)


def mismatch(
    run: Run,
    composed: hardware.ComposedNode,
    system_uri: str,
    existing: Collection[str],
) -> str | None:
    """Why what a pod manager names cannot be what it composed for the node.

    What is only a task yet is looked at when it is complete.

    :param system_uri: the URI of the system that was chosen.
    :param existing: the URIs that existed before the request.
    :returns: None if it is the node.
    """
    if '#' in composed.uri:
        return None
    if composed.mark is not None:
        own = installation.mark(run.target).same_as(composed.mark)
        return None if own else f'it has the mark {composed.mark}'
    if composed.uri == system_uri:
        # A permanent system, to which devices are added.
        return None
    if composed.uri in existing:
        return 'it existed before the request'
    uri_hash = diff.uri_hash(composed.uri)
    where = {'podm_uuid': run.podm_uuid, 'uri_hash': uri_hash}
    with db.reader() as tx:
        node = tx.get(models.Node, models.Node.uuid != run.target, **where)
        system = tx.get(models.System, **where)
    if node is not None:
        return f'it is the node {node.uuid}'
    return 'it is a system of the inventory' if system else None


def _report(
    run: Run,
    node: models.Node,
    seen: hardware.ComposedNode,
    different: list[str],
) -> None:
    LOG.error(
        'Nothing is sent to %s: it is not node %s any more: %s',
        seen.uri,
        node.uuid,
        '; '.join(different),
    )
    found = findings.changed_hardware(node, seen, different)
    podm_uuid = run.operation.podm_uuid

    def write(tx: db.Transaction) -> None:
        findings.open_finding(tx, podm_uuid, found, tx.now())
        tx.update(models.Node, {'fault': CHANGED_HARDWARE}, uuid=node.uuid)

    run.commit({}, write)
