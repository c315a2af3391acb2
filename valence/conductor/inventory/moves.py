# SPDX-License-Identifier: Apache-2.0
"""Nodes that a pod manager shows at another URI than before.

A service may give its resources other URIs, for example when it restarts. A
resource that has the mark and all parts of a node is that node.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection

from oslo_log import log

from valence.common import identity
from valence.conductor.inventory import baseline
from valence.conductor.inventory import diff
from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.objects.node import CHANGED_HARDWARE
from valence.podmanagers import hardware

LOG = log.getLogger(__name__)


def write(
    tx: db.Transaction,
    podm_uuid: str,
    seen: hardware.Inventory,
    since: datetime.datetime | None,
) -> Collection[str]:
    """Store the URIs at which a pod manager shows its nodes now.

    :param seen: a whole reading. If any of it could not be read, nothing is
        stored: a node may be where it was.
    :param since: when reading began; nodes written later are left unchanged.
    :returns: the UUIDs of the nodes that have moved.
    """
    if seen.problems or seen.unread:
        return ()
    found = _moved(tx, podm_uuid, seen, since)
    if not found:
        return ()
    _keep_possible(tx, podm_uuid, found)
    # Nodes may have changed places.
    tx.update(
        models.Node,
        {'resource_uri': None, 'uri_hash': None},
        uuid=list(found),
    )
    for uuid, (before, uri) in found.items():
        LOG.warning('Node %s is at %s now, not at %s', uuid, uri, before)
        values = {'resource_uri': uri, 'uri_hash': diff.uri_hash(uri)}
        tx.update(models.Node, values, uuid=uuid)
    return found.keys()


def _keep_possible(
    tx: db.Transaction, podm_uuid: str, found: dict[str, tuple[str, str]]
) -> None:
    """Leave out nodes whose new URI is that of one that does not move."""
    nodes = tx.list(
        models.Node,
        only=('uuid', 'resource_uri'),
        podm_uuid=podm_uuid,
        uri_hash=[diff.uri_hash(uri) for _, uri in found.values()],
    )
    occupied = {row.resource_uri: row.uuid for row in nodes}
    while blocked := {
        uuid
        for uuid, (_, uri) in found.items()
        if occupied.get(uri, uuid) not in found
    }:
        for uuid in blocked:
            del found[uuid]


def _moved(
    tx: db.Transaction,
    podm_uuid: str,
    seen: hardware.Inventory,
    since: datetime.datetime | None,
) -> dict[str, tuple[str, str]]:
    """The former and the new URI of each node that has moved, by its UUID."""
    by_uri = {one.uri: one for one in seen.nodes}
    by_mark: dict[str, list[hardware.ComposedNode]] = defaultdict(list)
    for one in seen.nodes:
        if one.mark is not None:
            by_mark[one.mark.node].append(one)
    moved: dict[str, tuple[str, str]] = {}
    podm = tx.list(models.PodManager, uuid=podm_uuid).one()
    nodes = tx.list(
        models.Node, podm_uuid=podm_uuid, provision_state=('active', 'error')
    ).all()
    for node in nodes:
        if node.resource_uri is None or node.fault == CHANGED_HARDWARE:
            continue
        if diff.is_newer(node.updated_at, since):
            continue
        mark = _mark(node)
        there = by_uri.get(node.resource_uri)
        if there is not None and mark.same_as(there.mark):
            continue
        marked = by_mark[mark.node]
        if len(marked) == 1 and _is_node(tx, node, marked[0], podm):
            moved[node.uuid] = node.resource_uri, marked[0].uri
    return moved


def _mark(node: models.Node) -> identity.Mark:
    """The mark of a node; an adopted node may have that of another."""
    text = node.baseline['mark'] if node.baseline else None
    known = identity.find_mark(text)
    return known or installation.mark(node.uuid)


def _is_node(
    tx: db.Transaction,
    node: models.Node,
    seen: hardware.ComposedNode,
    podm: models.PodManager,
) -> bool:
    """Whether a resource has the mark and all parts of a node."""
    known = baseline.claimed(tx, node)
    parts = set(map(identity.canonical_uri, seen.resources))
    return (
        seen.resources_known
        and parts == set(known['parts'])
        and not baseline.differences(node.uuid, known, seen, podm.service_uuid)
    )
