# SPDX-License-Identifier: Apache-2.0
"""Comparing what a sync has read of nodes with the nodes of Valence."""

from collections.abc import Iterator
from datetime import datetime

from valence.common import identity
from valence.common.types import JsonObject
from valence.conductor.inventory import baseline
from valence.conductor.inventory import findings
from valence.conductor.inventory import origins
from valence.conductor.inventory.findings import Found
from valence.db import api as db
from valence.db import shares
from valence.db.sqlalchemy import models
from valence.objects.node import CHANGED_HARDWARE
from valence.podmanagers import hardware

# What a sync looks for; all other kinds are opened and resolved elsewhere.
_PARTS = ('ghost_part', 'idle_part')
_KINDS = (
    *('existing_node', 'other_installation', 'unknown_node', 'left_behind'),
    *('stray', 'lost_node', 'changed_hardware', *_PARTS),
)
# The size of what a node consists of.
_SYSTEM = ('name', 'cpu_cores', 'memory_mib', 'storage_gib')
_DEVICE = ('name', 'type', 'capacity_gib')


def write(
    tx: db.Transaction,
    podm: models.PodManager,
    seen: hardware.Inventory,
    now: datetime,
) -> None:
    """Bring the findings of a pod manager to what a whole reading saw.

    What could not be read opens and closes nothing.
    """
    complete = not (seen.problems or seen.unread)
    compared = _Comparison(tx, podm, seen)
    found = list(compared.found(complete))
    rows = tx.list(
        models.Finding,
        models.Finding.open_key.is_not(None),
        podm_uuid=podm.uuid,
        kind=_KINDS,
    ).all()
    findings.store(tx, podm.uuid, found, rows, now, by_sync=complete)
    if complete:
        keys = {one.key(podm.uuid) for one in found}
        judged = [row for row in rows if compared.judges(row)]
        findings.resolve(tx, judged, keys)
        findings.request_repairs(tx, podm.uuid, now)


class _Comparison:
    """The nodes of a pod manager beside the nodes of Valence."""

    def __init__(
        self,
        tx: db.Transaction,
        podm: models.PodManager,
        seen: hardware.Inventory,
    ) -> None:
        self._tx = tx
        self._podm = podm
        self._seen = seen
        nodes = tx.list(models.Node, podm_uuid=podm.uuid).all()
        self._by_uri = {
            row.resource_uri: row for row in nodes if row.resource_uri
        }
        self._without_uri = {
            row.uuid for row in nodes if row.resource_uri is None
        }
        self._states = {
            row.uuid: row.provision_state for row in self._by_uri.values()
        }
        self._shown = {node.uri for node in seen.nodes}
        self._unknown_nodes = [
            node for node in seen.nodes if node.uri not in self._by_uri
        ]
        self._origins = origins.Origins.of(tx, self._unknown_nodes)
        self._former = {
            row.resource_uri: row for row in self._reattached_findings()
        }
        self._sizes = _sizes(seen)

    def found(self, complete: bool) -> Iterator[Found]:
        """All that differs.

        :param complete: whether what was not seen is not there.
        """
        for composed in self._unknown_nodes:
            one = self._stranger(composed)
            if one is not None:
                yield one
        if complete:
            yield from self._lost()
            yield from self._changed()
            yield from self._parts()

    def judges(self, row: models.Finding) -> bool:
        """Whether a finding that was not found again is over.

        What an operation works on is in between.
        """
        if row.node_uuid in self._origins.busy:
            return False
        if row.kind == 'changed_hardware':
            # Only an operation can look for a node whose URI was lost.
            if row.node_uuid in self._without_uri:
                return False
        state = self._states.get(row.node_uuid or '')
        if row.kind in _PARTS:
            return state in (None, 'active')
        return state in (None, 'active', 'error')

    def _reattached_findings(self) -> list[models.Finding]:
        """The nodes that were left behind on this pod manager.

        Those of an earlier registration of the same service come back to it.
        """
        podm = self._podm
        own = []
        for row in self._origins.given_up:
            if row.podm_uuid == podm.uuid:
                own.append(row)
            elif row.podm_uuid is None and _is_of(row, podm):
                own.append(row)
                if row.open_key is not None:
                    key = findings.open_key(podm.uuid, row.kind, row.subject)
                    values = {'podm_uuid': podm.uuid, 'open_key': key}
                    self._tx.update(models.Finding, values, uuid=row.uuid)
        return own

    def _stranger(self, composed: hardware.ComposedNode) -> Found | None:
        """What a composed node is that is none of our nodes."""
        mark = composed.mark
        if mark is None:
            former = self._former.get(composed.uri)
            if former is not None and self._is_former(former, composed):
                return self._left_behind(composed, former)
            return self._about(
                composed, 'existing_node', 'it bears no mark of Valence'
            )
        if origins.is_foreign(composed):
            return self._about(
                composed,
                'other_installation',
                f'it bears the mark of installation {mark.installation}',
            )
        return self._marked(composed, mark.node)

    def _is_former(
        self, former: models.Finding, composed: hardware.ComposedNode
    ) -> bool:
        """Whether a resource without a mark is what was left behind there."""
        return not baseline.differences(
            former.node_uuid or '', findings.recorded(former), composed, None
        )

    def _marked(
        self, composed: hardware.ComposedNode, node_uuid: str
    ) -> Found | None:
        """What a resource with our mark is that is not its node."""
        if node_uuid in self._origins.busy:
            return None
        if self._origins.is_stray(composed, self._shown):
            return self._about(
                composed, 'stray', 'an operation left it behind', node_uuid
            )
        for former in reversed(self._origins.given_up):
            if former.node_uuid == node_uuid:
                return self._left_behind(composed, former)
        return self._about(
            composed,
            'unknown_node',
            'it bears our mark, but is no node',
            node_uuid,
        )

    def _left_behind(
        self, composed: hardware.ComposedNode, former: models.Finding
    ) -> Found:
        return self._about(
            composed,
            'left_behind',
            f'its node {former.name} ({former.node_uuid}) was removed by '
            f'force',
            former.node_uuid,
            name=former.name,
            project_id=former.project_id,
        )

    def _about(
        self,
        composed: hardware.ComposedNode,
        kind: str,
        reason: str,
        node_uuid: str | None = None,
        *,
        name: str | None = None,
        project_id: str | None = None,
    ) -> Found:
        parts = [self._sizes.get(uri) for uri in composed.resources]
        return Found(
            kind,
            # Several resources may bear the mark of one node.
            composed.uri,
            f'{composed.uri}: {reason}.',
            resource_uri=composed.uri,
            node_uuid=node_uuid,
            name=name or composed.name,
            project_id=project_id,
            details={
                **baseline.take(composed, self._podm.service_uuid),
                'service_url': self._podm.canonical_url,
                'index': composed.index,
                'power_state': composed.power_state,
                'hardware': [part for part in parts if part],
            },
        )

    def _lost(self) -> Iterator[Found]:
        """Nodes that the pod manager does not show."""
        for uri, node in self._by_uri.items():
            if uri not in self._shown and node.provision_state in (
                'active',
                'error',
            ):
                reason = f'The pod manager does not show {uri}.'
                yield Found.about(node, 'lost_node', node.uuid, reason, uri)

    def _changed(self) -> Iterator[Found]:
        """Nodes that were something else, and are not the node again."""
        for composed in self._seen.nodes:
            node = self._by_uri.get(composed.uri)
            if node is None or node.fault != CHANGED_HARDWARE:
                continue
            different = baseline.differences(
                node.uuid,
                baseline.expected(self._tx, node),
                composed,
                self._podm.service_uuid,
                list(map(identity.canonical_uri, composed.resources)),
            )
            if different:
                yield findings.changed_hardware(node, composed, different)

    def _allocated(self) -> dict[str, set[str]]:
        """The URIs of what is allocated to nodes, and was read, by node."""
        allocated: dict[str, set[str]] = {}
        for node_uuid, device in shares.of_pod_manager(
            self._tx, self._podm.uuid
        ):
            if not device.stale and device.missing_since is None:
                allocated.setdefault(node_uuid, set()).add(device.resource_uri)
        for model in (models.System, models.Device):
            for row in self._tx.list(
                model,
                model.node_uuid.is_not(None),
                only=('resource_uri', 'node_uuid', 'stale', 'missing_since'),
                podm_uuid=self._podm.uuid,
            ):
                if not row.stale and row.missing_since is None:
                    allocated.setdefault(str(row.node_uuid), set()).add(
                        row.resource_uri
                    )
        return allocated

    def _parts(self) -> Iterator[Found]:
        """Parts whose allocation differs from where they are joined."""
        allocated = self._allocated()
        for composed in self._seen.nodes:
            node = self._by_uri.get(composed.uri)
            # What an operation works on is in between.
            if node is None or node.provision_state != 'active':
                continue
            if not composed.resources_known:
                continue
            joined = self._sizes.keys() & {*composed.resources}
            held = allocated.get(node.uuid, set())
            for kind, uris, reason in (
                ('ghost_part', joined - held, 'is joined, but not allocated'),
                ('idle_part', held - joined, 'is allocated, but not joined'),
            ):
                for uri in sorted(uris):
                    text = f'{uri} {reason} to node {node.name}.'
                    yield Found.about(node, kind, uri, text, uri)


def _is_of(row: models.Finding, podm: models.PodManager) -> bool:
    """Whether what was found was on the service of a pod manager."""
    uuid = row.details.get('service_uuid')
    if uuid and podm.service_uuid and not podm.shares_service_uuid:
        return bool(uuid == podm.service_uuid)
    url = row.details.get('service_url')
    return url is not None and url == podm.canonical_url


def _sizes(seen: hardware.Inventory) -> dict[str, JsonObject]:
    """What a reader wants to know of systems and devices, by URI."""
    return {
        item.uri: {
            'resource_uri': item.uri,
            **{name: item.values.get(name) for name in names},
        }
        for items, names in ((seen.systems, _SYSTEM), (seen.devices, _DEVICE))
        for item in items
    }
