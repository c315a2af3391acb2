# SPDX-License-Identifier: Apache-2.0
"""Findings: hardware that should not be there, or is missing.

A sync writes down what it found and changes nothing on hardware. People act on
findings, and for a few kinds a repair that waits; see ``[repair]``.
"""

import dataclasses
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from datetime import datetime
from datetime import timedelta

from oslo_config import cfg

from valence.common import identity
from valence.common.types import JsonObject
from valence.conductor import requests
from valence.conductor import states
from valence.conductor.inventory import diff
from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.podmanagers import hardware

# What a sync looks for; all other kinds are opened and resolved elsewhere.
SYNC_KINDS = (
    *('existing_node', 'other_installation', 'unknown_node', 'left_behind'),
    *('stray', 'lost_node', 'ghost_part', 'idle_part'),
)
_LONGEST_REASON = 4096
# How many complete syncs have to see what is repaired.
_SYNCS_BEFORE_REPAIR = 2


@dataclasses.dataclass(frozen=True)
class Found:
    """What there is to say about one piece of hardware or one node.

    :param subject: UUID of the node that the resource is marked with, else
        the canonical URI of the resource.
    :param details: what was seen, as data.
    """

    kind: str
    subject: str
    reason: str
    resource_uri: str | None = None
    node_uuid: str | None = None
    name: str | None = None
    project_id: str | None = None
    details: JsonObject = dataclasses.field(default_factory=dict)

    def columns(self) -> dict[str, object]:
        """What is stored of it, and may differ when it is seen again."""
        return {
            'resource_uri': self.resource_uri,
            'node_uuid': self.node_uuid,
            'name': self.name,
            'project_id': self.project_id,
            'reason': self.reason[:_LONGEST_REASON],
            'details': self.details,
        }

    def key(self, podm_uuid: str | None) -> str:
        """What makes it unique among the open findings."""
        text = '\n'.join((podm_uuid or '', self.kind, self.subject))
        return diff.uri_hash(text)


def changed_hardware(
    node: models.Node, seen: hardware.ComposedNode, different: Iterable[str]
) -> Found:
    """What there is to say when a resource is not its node any more."""
    reason = '; '.join(different)
    return Found(
        'changed_hardware',
        node.uuid,
        f'{seen.uri} is not what node {node.name} was made of: {reason}.',
        resource_uri=seen.uri,
        node_uuid=node.uuid,
        name=node.name,
        project_id=node.project_id,
        details={
            'mark': str(seen.mark) if seen.mark else None,
            'parts': list(seen.resources),
        },
    )


def left_behind(node: models.Node) -> Found:
    """What there is to say about a node that is deleted by force."""
    return Found(
        'left_behind',
        str(node.resource_uri),
        f'{node.resource_uri} was node {node.name} ({node.uuid}), which was '
        f'deleted by force.',
        resource_uri=node.resource_uri,
        node_uuid=node.uuid,
        name=node.name,
        project_id=node.project_id,
    )


def open_finding(
    tx: db.Transaction,
    podm_uuid: str | None,
    found: Found,
    now: datetime,
    *,
    by_sync: bool = False,
) -> None:
    """Open a finding, or note that an open one was seen again.

    :param by_sync: whether a complete sync saw it.
    """
    values = {**found.columns(), 'last_seen_at': now}
    key = found.key(podm_uuid)
    row = tx.get(models.Finding, open_key=key)
    if row is None:
        tx.create(
            models.Finding,
            podm_uuid=podm_uuid,
            kind=found.kind,
            subject=found.subject,
            state='open',
            syncs=int(by_sync),
            first_seen_at=now,
            open_key=key,
            **values,
        )
        return
    if by_sync:
        values['syncs'] = row.syncs + 1
    if row.accepted_until is not None and row.accepted_until <= now:
        values |= {'state': 'open', 'accepted_until': None}
    tx.update(models.Finding, values, uuid=row.uuid)


def resolve(
    tx: db.Transaction,
    podm_uuid: str | None,
    kinds: Iterable[str],
    found_again: Collection[str],
) -> None:
    """Close what is no longer so.

    :param found_again: keys of the findings that stay open.
    """
    rows = tx.list(
        models.Finding,
        models.Finding.open_key.is_not(None),
        only=('uuid', 'open_key'),
        podm_uuid=podm_uuid,
        kind=tuple(kinds),
    )
    gone = [row.uuid for row in rows if row.open_key not in found_again]
    if gone:
        tx.update(
            models.Finding, {'state': 'resolved', 'open_key': None}, uuid=gone
        )


def is_stray(
    tx: db.Transaction, seen: hardware.ComposedNode, shown: Collection[str]
) -> bool:
    """Whether an operation of ours made a resource that is not its node.

    A node that is shown at no other URI may have moved to this one. One that
    was composed, and whose row is gone, may have been given up.

    :param shown: the URIs of all that the pod manager shows.
    """
    mark = seen.mark
    if mark is None or mark.installation not in (None, installation.own_id()):
        return False
    operations = tx.list(
        models.Operation, only=('action', 'state'), target_uuid=mark.node
    ).all()
    if any(row.state in states.OPEN for row in operations):
        return False
    node = tx.get(models.Node, uuid=mark.node)
    if node is not None and node.resource_uri is not None:
        return node.resource_uri in shown and node.resource_uri != seen.uri
    ends = {row.state for row in operations if row.action == 'compose'}
    return bool(ends) and 'succeeded' not in ends


def request_repairs(tx: db.Transaction, podm_uuid: str, now: datetime) -> None:
    """Request the repair of findings that have waited long enough, once."""
    before = now - timedelta(seconds=cfg.CONF.repair.grace)
    rows = tx.list(
        models.Finding,
        models.Finding.syncs >= _SYNCS_BEFORE_REPAIR,
        models.Finding.first_seen_at <= before,
        models.Finding.repair.is_(None),
        podm_uuid=podm_uuid,
        state='open',
        kind=tuple(cfg.CONF.repair.kinds),
    ).all()
    for row in rows:
        uuid = requests.request(
            tx, None, 'repair', 'findings', row.uuid, podm_uuid=podm_uuid
        )
        tx.update(models.Finding, {'repair': uuid}, uuid=row.uuid)


def resolve_node(tx: db.Transaction, node_uuid: str) -> None:
    """Close what was found about a node that is deleted now."""
    tx.update(
        models.Finding,
        {'state': 'resolved', 'open_key': None},
        models.Finding.open_key.is_not(None),
        models.Finding.kind != 'left_behind',
        node_uuid=node_uuid,
    )


def write(
    tx: db.Transaction,
    podm_uuid: str,
    seen: hardware.Inventory,
    now: datetime,
) -> None:
    """Bring the findings of a pod manager to what a whole reading saw.

    What could not be read opens and closes nothing.
    """
    complete = not (seen.problems or seen.unread)
    found = list(_Comparison(tx, podm_uuid, seen).found(complete))
    for one in found:
        open_finding(tx, podm_uuid, one, now, by_sync=complete)
    if complete:
        keys = {one.key(podm_uuid) for one in found}
        resolve(tx, podm_uuid, SYNC_KINDS, keys)
        request_repairs(tx, podm_uuid, now)


class _Comparison:
    """The nodes of a pod manager beside the nodes of Valence."""

    def __init__(
        self, tx: db.Transaction, podm_uuid: str, seen: hardware.Inventory
    ) -> None:
        self._tx = tx
        self._podm_uuid = podm_uuid
        self._seen = seen
        self._by_uri = {
            row.resource_uri: row
            for row in tx.list(models.Node, podm_uuid=podm_uuid)
            if row.resource_uri
        }

    def found(self, complete: bool) -> Iterator[Found]:
        """All that differs.

        :param complete: whether what was not seen is not there.
        """
        for composed in self._seen.nodes:
            if composed.uri not in self._by_uri:
                one = self._stranger(composed)
                if one is not None:
                    yield one
        if complete:
            yield from self._lost()
            yield from self._parts()

    def _stranger(self, composed: hardware.ComposedNode) -> Found | None:
        """What a composed node is that is none of our nodes."""
        mark = composed.mark
        if mark is None:
            return self._about(
                composed, 'existing_node', 'it bears no mark of Valence'
            )
        if mark.installation not in (None, installation.own_id()):
            return self._about(
                composed,
                'other_installation',
                f'it bears the mark of installation {mark.installation}',
            )
        return self._marked(composed, mark.node)

    def _marked(
        self, composed: hardware.ComposedNode, node_uuid: str
    ) -> Found | None:
        """What a resource with our mark is that is not its node."""
        if requests.open_operations(self._tx, node_uuid):
            return None
        shown = {node.uri for node in self._seen.nodes}
        if is_stray(self._tx, composed, shown):
            return self._about(
                composed, 'stray', 'an operation left it behind'
            )
        former = self._tx.get(
            models.Finding, kind='left_behind', node_uuid=node_uuid
        )
        if former is not None:
            return self._about(
                composed,
                'left_behind',
                'its node was removed by force',
                name=former.name,
                project_id=former.project_id,
            )
        return self._about(
            composed, 'unknown_node', 'it bears our mark, but is no node'
        )

    def _about(
        self,
        composed: hardware.ComposedNode,
        kind: str,
        reason: str,
        *,
        name: str | None = None,
        project_id: str | None = None,
    ) -> Found:
        mark = composed.mark
        own = kind in ('unknown_node', 'left_behind', 'stray')
        return Found(
            kind,
            # Several resources may bear the mark of one node.
            composed.uri,
            f'{composed.uri}: {reason}.',
            resource_uri=composed.uri,
            node_uuid=mark.node if mark and own else None,
            name=name or composed.name,
            project_id=project_id,
            details={
                'mark': str(mark) if mark else None,
                'parts': list(composed.resources),
                'power_state': composed.power_state,
                'system_uuid': identity.identifying_uuid(composed.system_uuid),
                'serial_number': identity.serial(composed.serial_number),
            },
        )

    def _lost(self) -> Iterator[Found]:
        """Nodes that the pod manager does not show."""
        shown = {composed.uri for composed in self._seen.nodes}
        for uri, node in self._by_uri.items():
            if uri not in shown and node.provision_state in (
                'active',
                'error',
            ):
                yield Found(
                    'lost_node',
                    node.uuid,
                    f'The pod manager does not show {uri}.',
                    resource_uri=uri,
                    node_uuid=node.uuid,
                    name=node.name,
                    project_id=node.project_id,
                )

    def _parts(self) -> Iterator[Found]:
        """Parts whose allocation differs from where they are joined."""
        allocated: dict[str, set[str]] = {}
        for model in (models.System, models.Device):
            for row in self._tx.list(
                model,
                model.node_uuid.is_not(None),
                only=('resource_uri', 'node_uuid', 'stale', 'missing_since'),
                podm_uuid=self._podm_uuid,
            ):
                if not row.stale and row.missing_since is None:
                    allocated.setdefault(str(row.node_uuid), set()).add(
                        row.resource_uri
                    )
        known = {
            item.uri for item in (*self._seen.systems, *self._seen.devices)
        }
        for composed in self._seen.nodes:
            node = self._by_uri.get(composed.uri)
            # What an operation works on is in between.
            if node is None or node.provision_state != 'active':
                continue
            joined = known.intersection(composed.resources)
            held = allocated.get(node.uuid, set())
            for kind, uris, reason in (
                ('ghost_part', joined - held, 'is joined, but not allocated'),
                ('idle_part', held - joined, 'is allocated, but not joined'),
            ):
                for uri in sorted(uris):
                    yield Found(
                        kind,
                        uri,
                        f'{uri} {reason} to node {node.name}.',
                        resource_uri=uri,
                        node_uuid=node.uuid,
                        name=node.name,
                        project_id=node.project_id,
                    )
