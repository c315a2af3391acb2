# SPDX-License-Identifier: Apache-2.0
"""DMTF composition services: systems composed of resource blocks (DSP2050).

A node is a system that the service composed of the claimed blocks. It has its
mark in Description, or in Name where no description is accepted. Where a
service returns neither, a system of exactly the claimed blocks is the node.

Composing may start a task. Until it ends, the node has the URI of the task
monitor, with a fragment that identifies the system even if the service
forgets the task: see ``node_uri``.

An expandable system is permanent. It becomes a node when the mark is written
into its AssetTag, guarded by its ETag, and blocks are added to it one by one;
until all are, the fragment of its URI names them.
"""

from collections.abc import Collection
from collections.abc import Iterable

from valence.common import exception
from valence.common.identity import Mark
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import node_uri
from valence.podmanagers.composition import constrained
from valence.podmanagers.composition import discovery
from valence.podmanagers.composition import erasure
from valence.podmanagers.composition import holding
from valence.podmanagers.composition import lookup
from valence.podmanagers.composition import methods
from valence.podmanagers.composition import pending
from valence.podmanagers.composition import release
from valence.podmanagers.composition import reservations
from valence.podmanagers.composition import submission
from valence.podmanagers.composition.expansion import Expansion
from valence.podmanagers.composition.lookup import Lookup
from valence.podmanagers.composition.lookup import systems_uri
from valence.podmanagers.composition.survey import Survey
from valence.podmanagers.node_uri import NodeUri
from valence.podmanagers.outcomes import Settling
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import events
from valence.podmanagers.redfish import root as service_root
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.node_driver import NodeDriver
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import text

_NODE = frozenset(
    (
        *('compose', 'release', 'reset', 'boot', 'attach', 'detach'),
        'provision',
    )
)


class Redfish(NodeDriver):
    """DMTF Redfish service with resource blocks (CompositionService)."""

    name = 'redfish'
    capabilities = _NODE | {
        *('erase', 'reserve', 'event_stream', 'event_subscription'),
    }

    def __init__(self, connection: base.Connection) -> None:
        super().__init__(connection)
        self._client = Client(connection)
        self._survey = Survey(self._client)
        self._lookup = Lookup(self._client, self._survey)
        self._expansion = Expansion(self._client)
        self._pending = pending.Pending(self._client, self._lookup)
        self._holding = holding.Holding(self._client, self._lookup)

    @classmethod
    def recognizes(
        cls, connection: base.Connection, deadline: Deadline
    ) -> bool:
        client = Client(connection)
        try:
            root = client.root(deadline)
        finally:
            client.close()
        if service_root.rsd_nodes(root) is not None:
            return False
        return any(
            link(root.get(name))
            for name in ('CompositionService', 'ResourceBlocks')
        )

    @classmethod
    def advice(
        cls, connection: base.Connection, deadline: Deadline
    ) -> str | None:
        client = Client(connection)
        try:
            client.root(deadline)
        finally:
            client.close()
        return (
            'it is a Redfish service that composes nothing: to read its '
            f'inventory only, register it with "driver": "{cls.name}"'
        )

    def probe(self, deadline: Deadline) -> base.Probe:
        root, service, places, broken = self._lookup.usable_places(deadline)
        # The root is public; only this shows whether the login is accepted.
        usable = lookup.usable(self._client, places, deadline)
        found = events.EventService(self._client, root, deadline)
        manages = (
            not broken
            and service_root.is_enabled(service)
            and {'blocks', 'systems'} <= usable
        )
        able = set(_NODE if manages else ())
        if manages and not methods.composes(
            self._client, service, places['systems'], deadline
        ):
            able.discard('compose')
        if manages and self._holding.is_offered(service, places, deadline):
            able.add('reserve')
        return base.Probe(
            service_uuid=text(root.get('UUID')),
            capabilities=frozenset(able | found.capabilities()),
        )

    def service_uuid(self, deadline: Deadline) -> str | None:
        return text(self._client.root(deadline).get('UUID'))

    def node_uris(self, deadline: Deadline) -> set[str]:
        return self._lookup.system_uris(deadline)

    def discover(self, deadline: Deadline) -> hardware.Inventory:
        root, _, places, broken = self._lookup.usable_places(deadline)
        return self._survey.discover(root, places, broken, deadline)

    def refresh(
        self, uris: Iterable[str], deadline: Deadline
    ) -> hardware.Inventory:
        _, _, places = self._lookup.places(deadline)
        return self._survey.refresh(places, list(uris), deadline)

    def lists(self, uri: str, deadline: Deadline) -> bool:
        return self._lookup.lists(uri, deadline)

    def list_nodes(self, deadline: Deadline) -> list[hardware.ComposedNode]:
        return discovery.nodes(self._lookup.systems(deadline))

    def find_composed(
        self, request: base.ComposeRequest, deadline: Deadline
    ) -> hardware.ComposedNode | None:
        return self._lookup.composed(request, deadline)

    def compose(
        self,
        request: base.ComposeRequest,
        deadline: Deadline,
        progress: Progress,
    ) -> hardware.ComposedNode:
        _, service, places = self._lookup.places(deadline)
        with Crawler(self._client, deadline) as crawler:
            bodies = discovery.parts(crawler, request)
            host = discovery.host(crawler, request.system, bodies)
            if host is not None:
                reservations.check(crawler, places, bodies)
        if host is not None:
            return self._expansion.claim_system(
                host, request, deadline, progress
            )
        offered = methods.offered(
            self._client, service, systems_uri(places), deadline
        )
        method = methods.choose(offered, bodies)
        body = constrained.request_body(
            self._client, method, request, service, bodies, deadline
        )
        try:
            if not submission.is_reserving(self._client, progress):
                methods.check(method, body, bodies)
        except exception.NoMatch:
            # An earlier request may have been fulfilled just now.
            found = self.find_composed(request, deadline)
            if found is None:
                raise
            return found
        response = submission.send(
            self._client, method, body, deadline, progress
        )
        return self._created(response, request, deadline)

    def _created(
        self,
        response: Response,
        request: base.ComposeRequest,
        deadline: Deadline,
    ) -> hardware.ComposedNode:
        """The node that a successful request has created, or will."""
        if response.status == 202:
            # Without a task monitor, the systems show when it is created.
            watched = tasks.watch(response) or tasks.Watch('')
            return node_uri.pending(
                watched.monitor, request, task=watched.task
            )
        uri = submission.created_uri(response)
        if uri is not None:
            return node_uri.created(self, uri, request, deadline)
        found = self.find_composed(request, deadline)
        if found is None:
            raise exception.PodManagerUnavailable(
                reason='the service composed a system without its URI'
            )
        return found

    def poll_compose(
        self, uri: str, deadline: Deadline, progress: Progress
    ) -> hardware.ComposedNode:
        known = NodeUri.parse(uri)
        for block in known.missing:
            self._expansion.add_block(known.uri, block, deadline, progress)
        if known.reserved:
            self._pending.apply(known, deadline, progress)
            response = pending.GONE
        elif known.mark is None:
            return self.read_node(known.uri, deadline)
        elif known.uri:
            response = submission.poll(
                self._client, tasks.Watch(known.uri, known.task), deadline
            )
        else:
            response = pending.GONE
        found = self._outcome(response, known, deadline)
        if found is None and not known.uri:
            raise InProgress(tasks.POLL_SECONDS)
        if found is None and known.reserved:
            raise Settling(f'{known.uri} was applied, but shows no system')
        if found is None:
            self._lookup.check_unused((known.system, *known.devices), deadline)
            raise exception.NoMatch(
                reason=f'{known.uri} has ended, and composed no system'
            )
        return self.read_node(found, deadline)

    def _outcome(
        self, response: Response, known: NodeUri, deadline: Deadline
    ) -> str | None:
        """The URI of the system that a task has composed."""
        uri = None
        if response.status not in tasks.GONE:
            submission.check(response, 'composing')
            uri = submission.created_uri(response)
        if uri is None:
            found = self.find_composed(known.request(), deadline)
            if found is not None:
                node = NodeUri.parse(found.uri)
                uri = None if node.reserved else node.uri
        return uri

    def release(
        self,
        uri: str,
        deadline: Deadline,
        progress: Progress,
        erase: bool = False,
        parts: Collection[str] = (),
        existing: Collection[str] = (),
    ) -> bool:
        known = NodeUri.parse(uri)
        system: str | None = known.uri
        if known.mark is not None:
            response = self._pending.cancel(known, deadline, progress)
            # A task that cannot be watched may run on, and compose it.
            self._expansion.check_idle(
                (known.system, *known.devices), deadline
            )
            system = self._outcome(response, known, deadline)
            if system and not self._lookup.is_of(
                known.request(), system, existing, deadline
            ):
                # The service names something else than what it composed.
                system = self._outcome(pending.GONE, known, deadline)
        if system is None:
            # It was never composed.
            return True
        self._expansion.check_idle(known.missing, deadline)
        release.delete(
            self._client, self._expansion, system, deadline, progress, erase
        )
        return erasure.is_erased(progress)

    def reserve(
        self,
        request: base.ComposeRequest,
        deadline: Deadline,
        progress: Progress,
    ) -> base.Reservation:
        return self._holding.reserve(request, deadline, progress)

    def list_reservations(self, deadline: Deadline) -> list[base.Reservation]:
        return self._holding.list(deadline)

    def unreserve(
        self, mark: Mark, deadline: Deadline, progress: Progress
    ) -> None:
        self._holding.unreserve(mark, deadline, progress)

    def management_target(
        self, uri: str, deadline: Deadline
    ) -> base.ManagementTarget:
        system = NodeUri.parse(uri).uri
        return actions.management_target(self._client, system, deadline)

    def attach(
        self,
        uri: str,
        resource: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        system = NodeUri.parse(uri).uri
        self._expansion.add_block(system, resource, deadline, progress)

    def detach(
        self,
        uri: str,
        resource: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        system = NodeUri.parse(uri).uri
        self._expansion.remove_block(system, resource, deadline, progress)

    def read_node(self, uri: str, deadline: Deadline) -> hardware.ComposedNode:
        known = NodeUri.parse(uri)
        return discovery.read(self._client, known.uri, deadline)

    def close(self) -> None:
        self._client.close()
