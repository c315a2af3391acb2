# SPDX-License-Identifier: Apache-2.0
"""Finding the collections of a composition service, and what it composed."""

from collections.abc import Collection
from collections.abc import Iterable

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import node_uri
from valence.podmanagers.composition import blocks
from valence.podmanagers.composition import discovery
from valence.podmanagers.composition import reservations
from valence.podmanagers.composition.survey import Survey
from valence.podmanagers.outcomes import Settling
from valence.podmanagers.progress import Deadline
from valence.podmanagers.redfish import root as service_root
from valence.podmanagers.redfish.client import ROOT
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.links import malformed
from valence.podmanagers.redfish.resources import Bodies


class Lookup:
    """Reads what a composition service has at the moment."""

    def __init__(self, client: Client, survey: Survey) -> None:
        self._client = client
        self._survey = survey

    def places(
        self, deadline: Deadline
    ) -> tuple[JsonObject, JsonObject, dict[str, str]]:
        """The root, the composition service, and the collections."""
        root = self._client.root(deadline)
        uri = link(root.get('CompositionService'))
        service = self._client.get(uri, deadline) if uri else {}
        return root, service, discovery.places(root, service)

    def usable_places(
        self, deadline: Deadline
    ) -> tuple[JsonObject, JsonObject, dict[str, str], dict[str, str]]:
        """Like :meth:`places`, without what cannot be read.

        :returns: also why some cannot be used, by the URI of the resource
            that links them.
        """
        root = self._client.root(deadline)
        uri = link(root.get('CompositionService'))
        service: JsonObject = {}
        broken: dict[str, str] = {}
        if uri:
            try:
                service = self._client.get(uri, deadline)
            except exception.PodManagerError as exc:
                broken[uri] = str(exc)
        for owner, body in ((ROOT, root), (uri, service)):
            bad = sorted(malformed(body).intersection(service_root.PLACES))
            if owner and bad:
                broken[owner] = f'a malformed link in {", ".join(bad)}'
        return root, service, discovery.places(root, service), broken

    def systems(self, deadline: Deadline) -> Bodies:
        """All systems, by URI."""
        root, _, places = self.places(deadline)
        return self._survey.systems(
            systems_uri(places), service_root.expands(root), deadline
        )

    def system_uris(self, deadline: Deadline) -> set[str]:
        """The URIs of all systems."""
        _, _, places = self.places(deadline)
        systems = systems_uri(places)
        with Crawler(self._client, deadline) as crawler:
            found = set(crawler.members(systems))
            crawler.require_all(systems)
        return found

    def lists(self, uri: str, deadline: Deadline) -> bool:
        """Whether a system is listed that is no readable node.

        A permanent system is listed also when it is no node.
        """
        if uri not in self.system_uris(deadline):
            return False
        try:
            return discovery.is_node(self._client.get(uri, deadline))
        except exception.ResourceGone:
            return True

    def check_unused(self, uris: Iterable[str], deadline: Deadline) -> None:
        """Check that no system shows because none was composed.

        :param uris: of the blocks that were to be composed.
        :raises Settling: while one is in use: the system may not be listed
            yet.
        """
        for uri in uris:
            reported = blocks.composition_state(
                self._client.get(uri, deadline)
            )
            if reported in ('Composing', 'Composed'):
                raise Settling(
                    f'{uri} is {reported}, but no system is shown to have it'
                )

    def composed(
        self, request: base.ComposeRequest, deadline: Deadline
    ) -> hardware.ComposedNode | None:
        """The node that a request has composed, or reserved."""
        _, service, _ = self.places(deadline)
        likely = None
        # Reservations come first: they become systems.
        reservation = reservations.find(
            self._client, service, request.mark, deadline, request.system
        )
        if reservation is not None:
            likely = node_uri.pending(reservation, request, reserved=True)
        for uri, body in self.systems(deadline).items():
            if not discovery.is_node(body):
                continue
            node = discovery.node(uri, body)
            if not discovery.may_be_of(node, body, request):
                continue
            found = _complete(node, body, request)
            if node.mark is not None:
                return found
            likely = likely or found
        return likely

    def is_of(
        self,
        request: base.ComposeRequest,
        uri: str,
        existing: Collection[str],
        deadline: Deadline,
    ) -> bool:
        """Whether a request can have composed a system, or it is gone.

        :param existing: the URIs that existed before the request.
        """
        try:
            body = self._client.get(uri, deadline)
        except exception.ResourceGone:
            return True
        node = discovery.node(uri, body)
        if node.mark is None and uri in existing:
            return False
        return discovery.may_be_of(node, body, request)


def systems_uri(places: dict[str, str]) -> str:
    """The URI of the collection of systems.

    :raises RequestRejected: when the service has none.
    """
    if 'systems' not in places:
        raise exception.RequestRejected(reason='the service has no systems')
    return places['systems']


def _complete(
    node: hardware.ComposedNode,
    body: JsonObject,
    request: base.ComposeRequest,
) -> hardware.ComposedNode:
    """A node that was found, with the blocks that can be added to it."""
    if blocks.is_expandable(body):
        return node_uri.with_missing(node, request.devices)
    return node


def usable(
    client: Client, places: dict[str, str], deadline: Deadline
) -> set[str]:
    """The kinds of collections that can be read and nodes are composed with.

    :raises PodManagerError: when none of them can.
    """
    usable: set[str] = set()
    failure: exception.PodManagerError | None = None
    for kind in ('blocks', 'systems'):
        if kind in places:
            try:
                client.get(places[kind], deadline)
                usable.add(kind)
            except exception.PodManagerError as exc:
                failure = exc
    if failure is not None and not usable:
        raise failure
    return usable
