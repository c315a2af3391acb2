# SPDX-License-Identifier: Apache-2.0
"""Intel Rack Scale Design pod managers, 2.1 to 2.5.

A node is allocated, which takes its parts, and then assembled. The pod manager
picks the parts by itself unless they are pinned: see ``rsd_nodes``. It echoes
the description, by which the nodes that Valence made are known again.
"""

from collections.abc import Iterable
from typing import Any

from oslo_log import log

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers.composition.discovery import expands
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import events as redfish_events
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.client import link
from valence.podmanagers.redfish.client import links
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.events import EventService
from valence.podmanagers.redfish.events import sort
from valence.podmanagers.redfish.events import unrecognized
from valence.podmanagers.rsd import nodes as rsd_nodes
from valence.podmanagers.rsd import storage

LOG = log.getLogger(__name__)

_POLL_SECONDS = 1.0
# What RSD 1.2 calls a node that is assembled, besides the word of 2.x.
_ASSEMBLED = ('Assembled', 'PoweredOn', 'PoweredOff')
# Answers to DELETE that will not be others later.
_REFUSALS = (400, 405, 409, 500, 501)
_NODE = frozenset(
    (
        *('compose', 'release', 'reset', 'boot', 'attach', 'detach'),
        *('erase', 'provision'),
    )
)


class RSD(redfish_events.Follower):
    """Intel Rack Scale Design pod manager (RSD 2.x)."""

    name = 'rsd'
    capabilities = _NODE | {'event stream', 'event subscription'}

    def __init__(self, connection: base.Connection) -> None:
        super().__init__(connection)
        self._client = Client(connection)
        self._nodes: dict[str, hardware.ComposedNode] | None = None
        # What was asked to go, and did not answer yet.
        self._deleting: set[str] = set()

    @classmethod
    def recognizes(
        cls, connection: base.Connection, deadline: base.Deadline
    ) -> bool:
        client = Client(connection)
        try:
            root = client.root(deadline)
            return resources.rsd_nodes(root) is not None
        finally:
            client.close()

    def probe(self, deadline: base.Deadline) -> base.Probe:
        root, nodes = self._root(deadline)
        # The root is public; only this shows whether our login is taken.
        self._client.get(nodes, deadline)
        events = EventService(self._client, root, deadline).capabilities()
        return base.Probe(
            service_uuid=resources.text(root.get('UUID')),
            capabilities=_NODE | events,
        )

    def _root(self, deadline: base.Deadline) -> tuple[dict[str, Any], str]:
        root = self._client.root(deadline)
        nodes = resources.rsd_nodes(root)
        if nodes is None:
            raise exception.NotAPodManager(
                reason='the Redfish service has no composed nodes'
            )
        return root, nodes

    def discover(self, deadline: base.Deadline) -> hardware.Inventory:
        root, nodes_uri = self._root(deadline)
        with Crawler(self._client, deadline, expands(root)) as crawler:
            places = _places(root, nodes_uri)
            found = crawler.roots(places.values())
            members = {kind: found[uri] for kind, uri in places.items()}
            known = self._nodes or {}
            if crawler.lacks([nodes_uri]):
                members['nodes'] += known
            seen = self._read(crawler, members)
            # One that cannot be read just now is as it was.
            self._nodes = {
                **{u: n for u, n in known.items() if crawler.lacks([u])},
                **{node.uri: node for node in seen.nodes},
            }
            self._read_hardware(crawler, members, seen)
            self._doubt(crawler, nodes_uri, members['nodes'], seen)
            seen.problems = crawler.problems
            seen.unread = set(crawler.failed)
        return seen

    def refresh(
        self, uris: Iterable[str], deadline: base.Deadline
    ) -> hardware.Inventory:
        root, nodes_uri = self._root(deadline)
        places = _places(root, nodes_uri)
        members: dict[str, list[str]] = {}
        uris = list(uris)
        known = self._known_nodes(deadline)
        with Crawler(self._client, deadline, expand=False) as crawler:
            for uri in uris:
                sort(uri, places, members, crawler)
            # A node is switched on and off with its computer.
            for uri, held in known.items():
                if set(held.resources) & set(members.get('systems', ())):
                    sort(uri, places, members, crawler)
            members['nodes'] = self._look_at(
                crawler, places['nodes'], members.get('nodes', []), known
            )
            seen = self._read(crawler, members)
            changed = {node.uri: node for node in seen.nodes}
            # What a node gained or lost has another state now.
            for uri in members['nodes']:
                for node in (known.get(uri), changed.get(uri)):
                    for part in node.resources if node else ():
                        sort(part, places, members, crawler)
                if not crawler.lacks([uri]):
                    known.pop(uri, None)
            known.update(changed)
            self._read_hardware(crawler, members, seen)
            self._doubt(crawler, places['nodes'], members['nodes'], seen)
            asked = {uri for found in members.values() for uri in found}
            seen.gone = crawler.gone & asked
            seen.unread = set(crawler.failed) - seen.gone
        seen.unrecognized = unrecognized(uris, places)
        return seen

    @staticmethod
    def _look_at(
        crawler: Crawler,
        collection: str,
        asked: list[str],
        known: dict[str, hardware.ComposedNode],
    ) -> list[str]:
        """The nodes to read: those that are asked for, new, or gone.

        Others compose as well; only the list of nodes tells of that.
        """
        listed = crawler.roots([collection])[collection]
        if collection in crawler.failed:
            return asked
        changed = set(listed) ^ known.keys()
        return list(dict.fromkeys([*asked, *changed]))

    def _read(
        self, crawler: Crawler, members: dict[str, list[str]]
    ) -> hardware.Inventory:
        """Read the nodes, which tell what of the hardware is in use."""
        nodes = crawler.get_many(members.get('nodes', ()))
        return hardware.Inventory(
            nodes=[
                rsd_nodes.composed(uri, body) for uri, body in nodes.items()
            ]
        )

    def _read_hardware(
        self,
        crawler: Crawler,
        members: dict[str, list[str]],
        seen: hardware.Inventory,
    ) -> None:
        used = {
            uri
            for node in (self._nodes or {}).values()
            for uri in node.resources
        }
        systems = members.get('systems', [])
        chassis = members.get('chassis', [])
        storages = members.get('storages', [])
        seen.systems = resources.read_systems(crawler, systems, used)
        seen.chassis = resources.read_chassis(crawler, chassis)
        resources.find_parents(seen)
        seen.storages = storage.read_storages(crawler, storages)
        seen.devices = [
            *storage.read_pooled_drives(crawler, seen, used),
            *storage.read_volumes(crawler, storages, used),
        ]

    def _doubt(
        self,
        crawler: Crawler,
        collection: str,
        nodes: list[str],
        seen: hardware.Inventory,
    ) -> None:
        """Mark what nodes that could not be read are made of, or may be.

        :param nodes: the URIs of the nodes that were looked at.
        """
        known = self._nodes or {}
        unread = {uri for uri in nodes if crawler.lacks([uri])}
        parts = {
            part
            for uri in unread & known.keys()
            for part in known[uri].resources
        }
        strangers = crawler.lacks([collection]) or not unread <= known.keys()
        for item in (*seen.systems, *seen.devices):
            if item.uri in parts or (
                strangers and item.values['state'] == 'free'
            ):
                item.unknown.add('state')

    def _known_nodes(
        self, deadline: base.Deadline
    ) -> dict[str, hardware.ComposedNode]:
        """The nodes that were there when this driver last looked."""
        if self._nodes is None:
            found = self.list_nodes(deadline)
            self._nodes = {node.uri: node for node in found}
        return self._nodes

    def list_nodes(
        self, deadline: base.Deadline
    ) -> list[hardware.ComposedNode]:
        root, nodes_uri = self._root(deadline)
        with Crawler(self._client, deadline, expands(root)) as crawler:
            listed = crawler.roots([nodes_uri])[nodes_uri]
            found = crawler.get_many(listed)
            for uri, reason in crawler.failed.items():
                # To take a node for absent that was not read would be to
                # compose it a second time.
                if uri not in crawler.gone or uri == nodes_uri:
                    raise exception.PodManagerUnavailable(reason=reason)
        return [rsd_nodes.composed(uri, body) for uri, body in found.items()]

    def compose(
        self, request: base.ComposeRequest, deadline: base.Deadline
    ) -> hardware.ComposedNode:
        root, nodes_uri = self._root(deadline)
        storages = _places(root, nodes_uri).get('storages')
        volumes = (f'{storages}/',) if storages else ()
        nodes = self._client.get(nodes_uri, deadline)
        target = actions.target(nodes, '.Allocate')
        body = rsd_nodes.allocation(self._client, request, volumes, deadline)
        answer = self._client.request(
            'POST', target, deadline, body, check=False
        )
        if answer.status == 409:
            raise exception.NoMatch(reason=rsd_nodes.why_not(answer))
        self._client.check(answer, target)
        uri = answer.location or link(answer.body)
        if uri is None:
            raise exception.PodManagerUnavailable(
                reason='it allocated a node without telling where'
            )
        return self.read_node(uri, deadline)

    def poll_compose(
        self, uri: str, deadline: base.Deadline
    ) -> hardware.ComposedNode:
        body = self._client.get(uri, deadline)
        state = body.get('ComposedNodeState')
        if state == 'Allocated':
            target = actions.target(body, '.Assemble')
            self._client.post(target, {}, deadline)
            raise base.InProgress(_POLL_SECONDS)
        if state in ('Allocating', 'Assembling'):
            raise base.InProgress(_POLL_SECONDS)
        if state not in _ASSEMBLED:
            raise exception.PodManagerError(
                reason=f'the composed node {uri} is in the state {state}'
            )
        return self._remember(rsd_nodes.composed(uri, body))

    def _remember(self, node: hardware.ComposedNode) -> hardware.ComposedNode:
        if self._nodes is not None:
            self._nodes[node.uri] = node
        return node

    def release(
        self, uri: str, deadline: base.Deadline, erase: bool = False
    ) -> bool:
        """Delete a node, which erases its drives and may take minutes.

        A node that refuses to go, as one in a wrong state does, is deleted by
        force where the pod manager offers that; one whose system is merely
        out of reach is asked again later, for force erases nothing.

        What is gone after a DELETE of ours whose answer was lost went by it;
        how anything else went is not known.
        """
        asked_before = uri in self._deleting
        self._deleting.add(uri)
        answer = self._client.request('DELETE', uri, deadline, check=False)
        watched = tasks.monitor(answer)
        if answer.status == 202 and watched is not None:
            answer = tasks.wait(self._client, watched, deadline)
        forced = answer.status in _REFUSALS and self._force(uri, deadline)
        gone = answer.status in (404, 410)
        if not gone and not forced:
            self._client.check(answer, uri)
        self._deleting.discard(uri)
        if self._nodes is not None:
            self._nodes.pop(uri, None)
        return not forced and (asked_before or not gone)

    def _force(self, uri: str, deadline: base.Deadline) -> bool:
        """Delete a node by force; whether that is offered."""
        try:
            body = self._client.get(uri, deadline)
        except exception.ResourceGone:
            return True
        if not actions.offers(body, '.ForceDelete'):
            return False
        self._deleting.discard(uri)
        LOG.warning('%s refuses to be deleted and is forced to', uri)
        target = actions.target(body, '.ForceDelete')
        self._client.post(target, {}, deadline)
        return True

    def reset(
        self, uri: str, reset_type: str, deadline: base.Deadline
    ) -> None:
        body = self._client.get(uri, deadline)
        actions.reset(self._client, body, reset_type, deadline)

    def set_boot(
        self, uri: str, enabled: str, target: str, deadline: base.Deadline
    ) -> None:
        actions.set_boot(self._client, uri, enabled, target, deadline)

    def management_target(
        self, uri: str, deadline: base.Deadline
    ) -> base.ManagementTarget:
        body = self._client.get(uri, deadline)
        parts = resources.obj(body.get('Links'))
        systems = links(parts.get('ComputerSystem'))
        if not systems:
            raise exception.RequestRejected(
                reason=f'{uri} does not tell its computer system'
            )
        return actions.management_target(self._client, systems[0], deadline)

    def attach(self, uri: str, resource: str, deadline: base.Deadline) -> None:
        rsd_nodes.attach(self._client, uri, resource, deadline)
        self._remember(self.read_node(uri, deadline))

    def detach(self, uri: str, resource: str, deadline: base.Deadline) -> None:
        rsd_nodes.detach(self._client, uri, resource, deadline)
        self._remember(self.read_node(uri, deadline))

    def read_node(
        self, uri: str, deadline: base.Deadline
    ) -> hardware.ComposedNode:
        return rsd_nodes.composed(uri, self._client.get(uri, deadline))

    def close(self) -> None:
        self._client.close()


def _places(root: dict[str, Any], nodes_uri: str) -> dict[str, str]:
    """The URIs of the collections that the inventory is read from."""
    places = {
        'nodes': nodes_uri,
        'systems': link(root.get('Systems')),
        'chassis': link(root.get('Chassis')),
        'storages': link(root.get('StorageServices'))
        or link(root.get('Services')),
    }
    return {kind: uri.rstrip('/') for kind, uri in places.items() if uri}
