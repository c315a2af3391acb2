# SPDX-License-Identifier: Apache-2.0
"""DMTF composition services: systems composed of resource blocks (DSP2050).

A node is a system that the service composed of the blocks that were claimed.
It bears its marker in Description, or in Name where no description is taken;
where a service gives neither back, a system of exactly the claimed blocks is
known by those.

Composing may take a task. Until that is done the node goes by the URI of the
task monitor, with behind a ``#`` what it takes to find the system should the
service forget the task. A fragment never goes over the wire.

A system that is there for good, an expandable one, becomes a node by having
our marker written into its AssetTag, guarded by its ETag, and blocks joined to
it one by one; until all are there its URI names them behind the ``#``.
"""

from collections.abc import Iterable
from typing import Any

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import unfinished
from valence.podmanagers.composition import blocks as redfish_blocks
from valence.podmanagers.composition import constrained
from valence.podmanagers.composition import discovery
from valence.podmanagers.composition import methods
from valence.podmanagers.composition import reservations
from valence.podmanagers.composition.discovery import Survey
from valence.podmanagers.composition.expansion import Expansion
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import events as redfish_events
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.client import link
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.events import EventService
from valence.podmanagers.wire.client import Answer

_POLL_SECONDS = 1.0
# What stands for the answer of a task that is not there.
_GONE = Answer(404, {}, None, {})
_NODE = frozenset(
    (
        *('compose', 'release', 'reset', 'boot', 'attach', 'detach'),
        'provision',
    )
)


class Redfish(redfish_events.Follower):
    """DMTF Redfish service with resource blocks (CompositionService)."""

    name = 'redfish'
    capabilities = _NODE | {'erase', 'event stream', 'event subscription'}

    def __init__(self, connection: base.Connection) -> None:
        super().__init__(connection)
        self._client = Client(connection)
        self._survey = Survey(self._client)
        self._expansion = Expansion(self._client)
        # Systems that were erased, and are to be taken apart yet.
        self._erased: set[str] = set()

    @classmethod
    def recognizes(
        cls, connection: base.Connection, deadline: base.Deadline
    ) -> bool:
        client = Client(connection)
        try:
            root = client.root(deadline)
        finally:
            client.close()
        if resources.rsd_nodes(root) is not None:
            return False
        return any(
            link(root.get(name))
            for name in ('CompositionService', 'ResourceBlocks')
        )

    def probe(self, deadline: base.Deadline) -> base.Probe:
        root, service, places = self._places(deadline)
        # The root is public; only this shows whether our login is taken.
        for kind in ('blocks', 'systems'):
            if kind in places:
                self._client.get(places[kind], deadline)
                break
        enabled = service.get('ServiceEnabled') not in (False, 'false')
        events = EventService(self._client, root, deadline).capabilities()
        composes = enabled and {'blocks', 'systems'} <= places.keys()
        return base.Probe(
            service_uuid=resources.text(root.get('UUID')),
            capabilities=frozenset(events) | (_NODE if composes else set()),
        )

    def _places(
        self, deadline: base.Deadline
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
        """The root, the composition service, and the collections."""
        root = self._client.root(deadline)
        uri = link(root.get('CompositionService'))
        service = self._client.get(uri, deadline) if uri else {}
        return root, service, discovery.places(root, service)

    def discover(self, deadline: base.Deadline) -> hardware.Inventory:
        root, _, places = self._places(deadline)
        return self._survey.discover(places, discovery.expands(root), deadline)

    def refresh(
        self, uris: Iterable[str], deadline: base.Deadline
    ) -> hardware.Inventory:
        _, _, places = self._places(deadline)
        return self._survey.refresh(places, uris, deadline)

    def list_nodes(
        self, deadline: base.Deadline
    ) -> list[hardware.ComposedNode]:
        return [
            discovery.node(uri, body)
            for uri, body in self._systems(deadline).items()
            if discovery.is_node(body)
        ]

    def _systems(self, deadline: base.Deadline) -> dict[str, dict[str, Any]]:
        root, _, places = self._places(deadline)
        return self._survey.systems(
            _systems_uri(places), discovery.expands(root), deadline
        )

    def find_composed(
        self, request: base.ComposeRequest, deadline: base.Deadline
    ) -> hardware.ComposedNode | None:
        _, service, _ = self._places(deadline)
        wanted = {request.system, *request.devices}
        likely = None
        # First what is reserved, then what is composed: it becomes that.
        held = reservations.find(
            self._client, service, request.marker, deadline
        )
        if held is not None:
            likely = unfinished.pending(held, request, reserved=True)
        for uri, body in self._systems(deadline).items():
            if not discovery.is_node(body):
                continue
            node = discovery.node(uri, body)
            if node.marker == request.marker:
                return _complete(node, body, request)
            has = set(node.resources) - {uri} | ({uri} & wanted)
            same = has == wanted or (
                redfish_blocks.is_expandable(body)
                and request.system in has
                and has < wanted
            )
            if node.marker is None and same and likely is None:
                likely = _complete(node, body, request)
        return likely

    def compose(
        self, request: base.ComposeRequest, deadline: base.Deadline
    ) -> hardware.ComposedNode:
        _, service, places = self._places(deadline)
        uris = (request.system, *request.devices)
        with Crawler(self._client, deadline, expand=False) as crawler:
            blocks = crawler.get_many(uris)
            for uri in uris:
                if uri not in blocks:
                    raise exception.NoMatch(reason=crawler.failed[uri])
            host = discovery.computer_of(crawler, blocks[uris[0]])
        if redfish_blocks.is_expandable(blocks[uris[0]]):
            host = uris[0], blocks[uris[0]]
        if host is not None:
            return self._expansion.occupy(host[0], request, deadline)
        way = methods.choose(
            methods.ways(
                self._client, service, _systems_uri(places), deadline
            ),
            blocks,
        )
        body = self._body(way, request, service, blocks, deadline)
        try:
            methods.check(way, body, blocks)
        except exception.NoMatch:
            # An earlier request may have come to its end just now.
            found = self.find_composed(request, deadline)
            if found is None:
                raise
            return found
        answer = methods.send(self._client, way, body, deadline)
        return self._made(answer, request, deadline)

    def _body(
        self,
        way: methods.Way,
        request: base.ComposeRequest,
        service: dict[str, Any],
        blocks: dict[str, dict[str, Any]],
        deadline: base.Deadline,
    ) -> dict[str, Any]:
        if way.kind != 'constrained':
            return methods.body(way, request)
        zones = methods.common_zones(blocks) or ()
        with Crawler(self._client, deadline, expand=False) as crawler:
            wanted = constrained.body(crawler, service, blocks, zones)
        return {**methods.names(way, request), **wanted}

    def _made(
        self,
        answer: Answer,
        request: base.ComposeRequest,
        deadline: base.Deadline,
    ) -> hardware.ComposedNode:
        """The node that came, or will come, of a request that was taken."""
        if answer.status == 202:
            # Where nothing tells of the work, its outcome will.
            watched = tasks.monitor(answer) or ''
            return unfinished.pending(watched, request)
        uri = methods.made(answer)
        if uri is not None:
            return self.read_node(uri, deadline)
        found = self.find_composed(request, deadline)
        if found is None:
            raise exception.PodManagerUnavailable(
                reason='it composed a system without telling where'
            )
        return found

    def poll_compose(
        self, uri: str, deadline: base.Deadline
    ) -> hardware.ComposedNode:
        real, behind = unfinished.split(uri)
        for block in behind.get('join', ()):
            self._expansion.join(real, block, deadline)
        if 'reserved' in behind:
            self._apply(real, behind, deadline)
            answer = _GONE
        elif 'marker' in behind and real:
            answer = tasks.watch(self._client, real, deadline)
        elif 'marker' in behind:
            answer = _GONE
        else:
            return self.read_node(real, deadline)
        found = self._outcome(answer, behind, deadline)
        if found is None and not real:
            raise base.InProgress(_POLL_SECONDS)
        if found is None:
            raise exception.NoMatch(
                reason=f'{real} is gone, and nothing came of it'
            )
        return self.read_node(found, deadline)

    def _apply(
        self, uri: str, behind: dict[str, list[str]], deadline: base.Deadline
    ) -> None:
        """Compose what an earlier, interrupted request has reserved.

        :raises InProgress: while the service is at it.
        """
        block = self._client.get(behind['system'][0], deadline)
        told = redfish_blocks.composition(block)
        if told == 'Composing':
            raise base.InProgress(_POLL_SECONDS)
        if told == 'Unused':
            _, service, _ = self._places(deadline)
            answer = reservations.apply(self._client, service, uri, deadline)
            if answer is not None and answer.status == 202:
                raise base.InProgress(_POLL_SECONDS)

    def _outcome(
        self,
        answer: Answer,
        behind: dict[str, list[str]],
        deadline: base.Deadline,
    ) -> str | None:
        """The URI of the system that a task came to."""
        uri = None
        if answer.status not in (404, 410):
            methods.check_answer(self._client, answer, 'composing')
            uri = methods.made(answer)
        if uri is None:
            found = self.find_composed(unfinished.request(behind), deadline)
            if found is not None and '&reserved=' not in found.uri:
                uri = unfinished.split(found.uri)[0]
        return uri

    def release(
        self, uri: str, deadline: base.Deadline, erase: bool = False
    ) -> bool:
        real: str | None
        real, behind = unfinished.split(uri)
        if 'marker' in behind:
            real = self._cancel(real, behind, deadline)
        if real is None:
            # It never came to be.
            return True
        self._expansion.quiet(behind.get('join', ()), deadline)
        try:
            body = self._client.get(real, deadline)
        except exception.ResourceGone:
            # It went with an answer of ours that was lost, or by others.
            return real in self._erased
        if erase and real not in self._erased:
            if actions.decommission(self._client, real, deadline):
                self._erased.add(real)
        if redfish_blocks.is_expandable(body):
            self._expansion.vacate(real, body, deadline)
        else:
            self._decompose(real, deadline)
        erased = real in self._erased
        self._erased.discard(real)
        return erased

    def _decompose(self, uri: str, deadline: base.Deadline) -> None:
        answer = self._client.request('DELETE', uri, deadline, check=False)
        watched = tasks.monitor(answer)
        if answer.status == 202 and watched is not None:
            answer = tasks.wait(self._client, watched, deadline)
        if answer.status not in (404, 410):
            self._client.check(answer, uri)

    def _cancel(
        self,
        monitor: str,
        behind: dict[str, list[str]],
        deadline: base.Deadline,
    ) -> str | None:
        """End composing; the URI of what has come of it nevertheless."""
        answer = _GONE
        if 'reserved' not in behind and monitor:
            self._client.request('DELETE', monitor, deadline, check=False)
            ended = tasks.wait(self._client, monitor, deadline)
            # How it failed is of no interest any more.
            answer = ended if ended.status < 400 else _GONE
        _, service, _ = self._places(deadline)
        held = reservations.find(
            self._client, service, behind['marker'][0], deadline
        )
        if held is not None:
            self._client.delete(held, deadline)
        # What nobody waits for may be under way, and come true after all.
        wanted = unfinished.request(behind)
        self._expansion.quiet((wanted.system, *wanted.devices), deadline)
        return self._outcome(answer, behind, deadline)

    def reset(
        self, uri: str, reset_type: str, deadline: base.Deadline
    ) -> None:
        real = unfinished.split(uri)[0]
        body = self._client.get(real, deadline)
        actions.reset(self._client, body, reset_type, deadline)

    def set_boot(
        self, uri: str, enabled: str, target: str, deadline: base.Deadline
    ) -> None:
        real = unfinished.split(uri)[0]
        actions.set_boot(self._client, real, enabled, target, deadline)

    def management_target(
        self, uri: str, deadline: base.Deadline
    ) -> base.ManagementTarget:
        real = unfinished.split(uri)[0]
        return actions.management_target(self._client, real, deadline)

    def attach(self, uri: str, resource: str, deadline: base.Deadline) -> None:
        self._expansion.join(unfinished.split(uri)[0], resource, deadline)

    def detach(self, uri: str, resource: str, deadline: base.Deadline) -> None:
        self._expansion.part(unfinished.split(uri)[0], resource, deadline)

    def read_node(
        self, uri: str, deadline: base.Deadline
    ) -> hardware.ComposedNode:
        real = unfinished.split(uri)[0]
        body = self._client.get(real, deadline)
        if redfish_blocks.is_expandable(body) and not (
            discovery.is_node(body)
        ):
            # The system stays; the node that it was does not.
            raise exception.ResourceGone(uri=uri)
        return discovery.node(real, body)

    def close(self) -> None:
        self._client.close()


def _complete(
    node: hardware.ComposedNode,
    body: dict[str, Any],
    request: base.ComposeRequest,
) -> hardware.ComposedNode:
    """A node that was found; what it lacks still, if it can be put to it."""
    if redfish_blocks.is_expandable(body):
        return unfinished.lacking(node, request.devices)
    return node


def _systems_uri(places: dict[str, str]) -> str:
    if 'systems' not in places:
        raise exception.RequestRejected(reason='the service has no systems')
    return places['systems']
