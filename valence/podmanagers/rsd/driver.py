# SPDX-License-Identifier: Apache-2.0
"""Intel Rack Scale Design pod managers, 2.1 to 2.5.

A node is allocated, which takes its resources, and then assembled. The pod
manager chooses the resources unless the request pins them: see ``nodes``. It
returns the description of a node, which has the mark.
"""

from collections.abc import Collection
from collections.abc import Iterable

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers.node_uri import NodeUri
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import allowable
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import events
from valence.podmanagers.redfish import root as service_root
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import related
from valence.podmanagers.redfish.node_cache import NodeCache
from valence.podmanagers.redfish.node_driver import NodeDriver
from valence.podmanagers.rsd import allocation
from valence.podmanagers.rsd import nodes
from valence.podmanagers.rsd import release
from valence.podmanagers.rsd import survey
from valence.podmanagers.wire.values import text

_NODE = frozenset(
    (
        *('compose', 'release', 'reset', 'boot', 'attach', 'detach'),
        *('erase', 'provision'),
    )
)


class RSD(NodeDriver):
    """Intel Rack Scale Design pod manager (RSD 2.x)."""

    name = 'rsd'
    capabilities = _NODE | {'event_stream', 'event_subscription'}

    def __init__(self, connection: base.Connection) -> None:
        super().__init__(connection)
        self._client = Client(connection)
        self._nodes = NodeCache()

    @classmethod
    def recognizes(
        cls, connection: base.Connection, deadline: Deadline
    ) -> bool:
        client = Client(connection)
        try:
            root = client.root(deadline)
            return service_root.rsd_nodes(root) is not None
        finally:
            client.close()

    def probe(self, deadline: Deadline) -> base.Probe:
        root, nodes_uri = self._root(deadline)
        # The root is public; only this shows whether the login is accepted.
        nodes = self._client.get(nodes_uri, deadline)
        able = set(_NODE)
        if not actions.offers(nodes, '.Allocate'):
            able.discard('compose')
        found = events.EventService(self._client, root, deadline)
        return base.Probe(
            service_uuid=text(root.get('UUID')),
            capabilities=frozenset(able) | found.capabilities(),
        )

    def _root(self, deadline: Deadline) -> tuple[JsonObject, str]:
        """The service root and the URI of the nodes."""
        root = self._client.root(deadline)
        nodes_uri = service_root.rsd_nodes(root)
        if nodes_uri is None:
            raise exception.NotAPodManager(
                reason='the Redfish service has no composed nodes'
            )
        return root, nodes_uri

    def discover(self, deadline: Deadline) -> hardware.Inventory:
        root, nodes_uri = self._root(deadline)
        places = survey.places(root, nodes_uri)
        expand = service_root.expands(root)
        before = self._nodes.get()
        with Crawler(self._client, deadline, expand) as crawler:
            found = crawler.roots(places.values())
            members = {kind: found[uri] for kind, uri in places.items()}
            if crawler.lacks([nodes_uri]):
                members['nodes'] += before
            seen = survey.read_nodes(crawler, members['nodes'])
            # A node that cannot be read now is as it was.
            unread = [n for n in before.values() if crawler.lacks([n.uri])]
            known = self._nodes.replace([*unread, *seen.nodes])
            survey.read_hardware(crawler, members, seen, known)
            survey.mark_uncertain(
                crawler, nodes_uri, members['nodes'], seen, known
            )
            survey.tell_doubts(crawler, root, seen)
        return seen

    def refresh(
        self, uris: Iterable[str], deadline: Deadline
    ) -> hardware.Inventory:
        root, nodes_uri = self._root(deadline)
        places = survey.places(root, nodes_uri)
        members: dict[str, list[str]] = {}
        uris = list(uris)
        before = self._nodes.load(lambda: self.list_nodes(deadline))
        with Crawler(self._client, deadline) as crawler:
            for uri in uris:
                events.add_member(uri, places, members, crawler)
            # A node is switched on and off with its system.
            for uri, node in before.items():
                if set(node.resources) & set(members.get('systems', ())):
                    events.add_member(uri, places, members, crawler)
            members['nodes'] = survey.nodes_to_read(
                crawler, places['nodes'], members.get('nodes', []), before
            )
            seen = survey.read_nodes(crawler, members['nodes'])
            # The state of what a node gained or lost has changed.
            read = {node.uri: node for node in seen.nodes}
            for nodes_by_uri in (before, read):
                for uri in members['nodes']:
                    for part in survey.resources_of(nodes_by_uri, uri):
                        events.add_member(part, places, members, crawler)
            gone = [u for u in members['nodes'] if not crawler.lacks([u])]
            known = self._nodes.update(seen.nodes, gone)
            survey.read_hardware(crawler, members, seen, known)
            survey.mark_uncertain(
                crawler, places['nodes'], members['nodes'], seen, known
            )
            asked = {uri for found in members.values() for uri in found}
            seen.gone = crawler.gone & asked
            seen.unread = crawler.unread - seen.gone
        seen.unrecognized = events.unrecognized(uris, places)
        return seen

    def list_nodes(self, deadline: Deadline) -> list[hardware.ComposedNode]:
        root, nodes_uri = self._root(deadline)
        expand = service_root.expands(root)
        with Crawler(self._client, deadline, expand) as crawler:
            listed = crawler.roots([nodes_uri])[nodes_uri]
            found = crawler.get_many(listed)
            crawler.require_all(nodes_uri)
        return [nodes.composed(uri, body) for uri, body in found.items()]

    def service_uuid(self, deadline: Deadline) -> str | None:
        return text(self._root(deadline)[0].get('UUID'))

    def node_uris(self, deadline: Deadline) -> set[str]:
        _, nodes_uri = self._root(deadline)
        with Crawler(self._client, deadline) as crawler:
            found = set(crawler.members(nodes_uri))
            crawler.require_all(nodes_uri)
        return found

    def compose(
        self,
        request: base.ComposeRequest,
        deadline: Deadline,
        progress: Progress,
    ) -> hardware.ComposedNode:
        root, nodes_uri = self._root(deadline)
        storages = survey.places(root, nodes_uri).get('storages')
        volumes = (f'{storages}/',) if storages else ()
        collection = self._client.get(nodes_uri, deadline)
        target = actions.target(actions.action(collection, '.Allocate'))
        body = nodes.allocation(self._client, request, volumes, deadline)
        response = self._client.request(
            'POST', target, deadline, body, check=False
        )
        if response.status == 409:
            raise exception.NoMatch(reason=nodes.conflict_reason(response))
        errors.check(response, target)
        return allocation.begun(self, response, request, deadline)

    def poll_compose(
        self, uri: str, deadline: Deadline, progress: Progress
    ) -> hardware.ComposedNode:
        known = NodeUri.parse(uri)
        where = known.uri
        if known.mark is not None:
            where = allocation.finish(self._client, self, known, deadline)
        body = self._client.get(where, deadline)
        state = body.get('ComposedNodeState')
        if state == 'Allocated':
            nodes.assemble(self._client, where, body, deadline, progress)
        if state in ('Allocated', 'Allocating', 'Assembling'):
            raise InProgress(tasks.POLL_SECONDS, f'{where} is still {state}')
        if state not in nodes.ASSEMBLED:
            raise exception.PodManagerError(
                reason=f'the composed node {where} is in the state {state}'
            )
        node = self._node(where, body, deadline)
        self._nodes.update([node])
        return node

    def release(
        self,
        uri: str,
        deadline: Deadline,
        progress: Progress,
        erase: bool = False,
        parts: Collection[str] = (),
        existing: Collection[str] = (),
    ) -> bool:
        """Delete a node, which erases its drives and may take minutes.

        If the pod manager refuses, as it does for a node in a wrong state,
        the node is deleted by force where that is offered. If only its system
        cannot be reached, that is left to the next call: force erases nothing.

        A node that is gone after a DELETE without a response was deleted, and
        erased, by that; it is not known how any other was deleted.
        """
        known = NodeUri.parse(uri)
        node: str | None = known.uri
        if known.mark is not None:
            node = allocation.cancel(
                self._client, self, known, deadline, progress
            )
        if node is None:
            # It was never allocated.
            return True
        release.delete(self._client, node, deadline, progress)
        self._nodes.update((), gone=[node])
        return release.is_erased(progress)

    def management_target(
        self, uri: str, deadline: Deadline
    ) -> base.ManagementTarget:
        systems = related(self._client.get(uri, deadline), 'ComputerSystem')
        if not systems:
            raise exception.RequestRejected(
                reason=f'{uri} does not link its computer system'
            )
        return actions.management_target(self._client, systems[0], deadline)

    def attach(
        self,
        uri: str,
        resource: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        nodes.attach(self._client, uri, resource, deadline, progress)
        self._nodes.update([self.read_node(uri, deadline)])

    def detach(
        self,
        uri: str,
        resource: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        nodes.detach(self._client, uri, resource, deadline, progress)
        self._nodes.update([self.read_node(uri, deadline)])

    def read_node(self, uri: str, deadline: Deadline) -> hardware.ComposedNode:
        return self._node(uri, self._client.get(uri, deadline), deadline)

    def _node(
        self, uri: str, body: JsonObject, deadline: Deadline
    ) -> hardware.ComposedNode:
        """A node with the identity of its computer system."""
        node = nodes.composed(uri, body)
        node.allowable = allowable.read(self._client, body, deadline)
        for system in related(body, 'ComputerSystem')[:1]:
            try:
                found = self._client.get(system, deadline)
            except exception.ResourceGone:
                break
            node.system_uuid = text(found.get('UUID'))
            node.serial_number = text(found.get('SerialNumber'))
        return node

    def close(self) -> None:
        self._client.close()
