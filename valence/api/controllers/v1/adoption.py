# SPDX-License-Identifier: Apache-2.0
"""Requests that adopt a node which exists on a pod manager."""

import urllib.parse
from typing import NamedTuple

from valence import quota
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import node_creation
from valence.common import context
from valence.common import exception
from valence.common import identity
from valence.conductor import requests as conductor
from valence.conductor.inventory import diff
from valence.conductor.inventory import drift
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects.finding import ACTIONS

# The kinds of findings about nodes that are not ours.
_NODES = (
    *('existing_node', 'other_installation', 'unknown_node'),
    *('left_behind', 'stray'),
)


class Adoption(NamedTuple):
    """What is adopted.

    :param project_id: the project that the node is for.
    :param finding: what a sync knows of it, if it has seen it.
    """

    podm: models.PodManager
    uri: str
    name: str
    project_id: str | None
    finding: models.Finding | None = None


def manage(call: base.Call) -> tuple[str, str]:
    """Adopt the node that a request names; UUIDs of node and operation."""
    project_id = call.body.get('project_id') or call.context.project_id
    return _manage(call, project_id, quota.limits(project_id))


@db.transaction
def _manage(
    tx: db.Transaction,
    call: base.Call,
    project_id: str | None,
    limits: dict[str, int],
) -> tuple[str, str]:
    podm = call.find(
        tx, models.PodManager, call.body['pod_manager'], field='pod_manager'
    )
    uri, finding = _find(tx, podm, call.body['resource_uri'])
    if finding is not None:
        check_action(finding, 'adopt')
    adoption = Adoption(podm, uri, call.body['name'], project_id, finding)
    return request(tx, call.context, adoption, limits)


def check_action(finding: models.Finding, action: str) -> None:
    """Check that an action fits a finding.

    :raises Conflict: when it does not, with those that do.
    """
    if finding.open_key is None:
        raise exception.Conflict(
            f'The finding {finding.uuid} is {finding.state}.'
        )
    allowed = ACTIONS[finding.kind]
    if action not in allowed:
        raise exception.Conflict(
            f'A finding of the kind {finding.kind} allows '
            f'{", ".join(allowed)}, not {action}.'
        )


def _find(
    tx: db.Transaction, podm: models.PodManager, text: str
) -> tuple[str, models.Finding | None]:
    """The canonical URI of a node, and the finding that is about it.

    :param text: its URI in any spelling, or the identifier that the pod
        manager gives it.
    """
    is_uri = '/' in text
    prefix = urllib.parse.urlsplit(identity.canonical_url(podm.url)).path
    uri = identity.canonical_uri(text, prefix) if is_uri else ''
    found = [
        row
        for row in tx.list(
            models.Finding,
            models.Finding.open_key.is_not(None),
            podm_uuid=podm.uuid,
            kind=_NODES,
        )
        if (row.resource_uri == uri if is_uri else _has_index(row, text))
    ]
    if len(found) > 1:
        uris = ', '.join(str(row.resource_uri) for row in found[:10])
        raise exception.Conflict(f'{text} may be any of these: {uris}.')
    if found:
        return str(found[0].resource_uri), found[0]
    if not is_uri:
        _check_unknown(tx, podm, text)
    return uri, None


def _has_index(row: models.Finding, text: str) -> bool:
    last = str(row.resource_uri).rpartition('/')[2]
    return text in (last, row.details.get('index'))


def _check_unknown(
    tx: db.Transaction, podm: models.PodManager, index: str
) -> None:
    """Report that no sync has seen a node that could be adopted."""
    node = tx.get(models.Node, podm_uuid=podm.uuid, index=index)
    if node is not None:
        raise exception.Conflict(
            f'{index} is already the node {node.name} ({node.uuid}).'
        )
    raise exception.Invalid(
        field='resource_uri',
        reason=f'the last sync of {podm.name} has seen no node {index[:64]}',
    )


def request(
    tx: db.Transaction,
    ctx: context.RequestContext,
    adoption: Adoption,
    limits: dict[str, int],
) -> tuple[str, str]:
    """Create a node and the operation that adopts it; their UUIDs.

    A node with our mark whose row is lost gets its UUID back.

    :raises Conflict: when it, or a part of it, is another node's.
    """
    podm, finding = adoption.podm, adoption.finding
    node_creation.check_usable(podm, ctx)
    former = finding.node_uuid if finding else None
    _check_free(tx, adoption, former)
    # Cores, memory and devices are charged once they are known.
    quota.enforce(tx, adoption.project_id, limits, quota.Charge(nodes=1))
    uuid = _new_node(tx, ctx, adoption, former)
    operation = conductor.request(
        tx,
        ctx,
        'adopt',
        'nodes',
        uuid,
        podm_uuid=podm.uuid,
        # Only one of two requests for the same node may succeed.
        lock_key=conductor.adoption_lock(podm.uuid, adoption.uri),
        project_id=adoption.project_id,
        params={'finding': finding.uuid} if finding else {},
    )
    return uuid, operation


def _check_free(
    tx: db.Transaction, adoption: Adoption, former: str | None
) -> None:
    """Check that neither the URI nor a part of it is another node's.

    :param former: the UUID that the node gets back.
    :raises Conflict: when it is; names the node.
    """
    podm_uuid, finding = adoption.podm.uuid, adoption.finding
    for where in (
        {'podm_uuid': podm_uuid, 'resource_uri': adoption.uri},
        {'podm_uuid': podm_uuid, 'uri_hash': diff.uri_hash(adoption.uri)},
        {'uuid': former or ''},
    ):
        known = tx.get(models.Node, **where)
        if known is not None:
            raise exception.Conflict(
                f'{adoption.uri} is already the node {known.name} '
                f'({known.uuid}).'
            )
    if finding is not None:
        parts = drift.uuids_by_uri(
            tx, podm_uuid, finding.details.get('parts') or ()
        )
        allocations.check_available(
            tx, parts.values(), project_id=adoption.project_id
        )


def _new_node(
    tx: db.Transaction,
    ctx: context.RequestContext,
    adoption: Adoption,
    former: str | None,
) -> str:
    return node_creation.new_node(
        tx,
        ctx,
        **({'uuid': former} if former else {}),
        name=adoption.name,
        scope=adoption.project_id or '',
        project_id=adoption.project_id,
        podm_uuid=adoption.podm.uuid,
        resource_uri=adoption.uri,
        uri_hash=diff.uri_hash(adoption.uri),
        provision_state='adopting',
    )
