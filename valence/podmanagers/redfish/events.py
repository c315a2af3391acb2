# SPDX-License-Identifier: Apache-2.0
"""Events of a Redfish service: streams, subscriptions, and what they tell."""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from oslo_log import log

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.client import link
from valence.podmanagers.redfish.client import links
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.resources import obj
from valence.podmanagers.redfish.sse import EventStream

LOG = log.getLogger(__name__)

# Deprecated by DMTF, but what Intel's pod managers want to be told.
_EVENT_TYPES = (
    'StatusChange',
    'ResourceUpdated',
    'ResourceAdded',
    'ResourceRemoved',
    'Alert',
)
# A sign of life, which the registry HeartbeatEvent of DMTF has; it is about
# nothing but the service that sends it.
_HEARTBEAT = 'RedfishServiceFunctional'
_SERVICE = '/redfish/v1/EventService'
# What a chassis holds, and the computers in it tell of.
_HELD = re.compile('/(Drives|Memory|NetworkAdapters|PCIeDevices|Processors)/')
# What happens below these changes no inventory.
_ELSEWHERE = re.compile(
    '/(AccountService|CertificateService|EventService|JobService|JsonSchemas'
    '|LicenseService|Managers|Registries|SessionService|TaskService|Tasks'
    '|TelemetryService|UpdateService)(/|$)'
)


def change(body: dict[str, Any]) -> base.Change:
    """What an event tells: an ``Events`` array, or one event by itself.

    An event without a resource may be about anything.
    """
    events = body.get('Events')
    if not isinstance(events, list):
        events = [body]
    uris = [_origin(obj(event)) for event in events]
    if not uris or None in uris:
        return base.Change()
    return base.Change(tuple(dict.fromkeys(uri for uri in uris if uri)))


def _origin(event: dict[str, Any]) -> str | None:
    """What an event is about."""
    origin = link(event.get('OriginOfCondition'))
    if origin is None and _HEARTBEAT in str(event.get('MessageId')):
        return _SERVICE
    return origin


def sort(
    uri: str,
    places: Mapping[str, str],
    members: dict[str, list[str]],
    crawler: Crawler,
) -> None:
    """Put a resource to the members that are read, as what it lies below.

    :param places: the collections that the inventory is read from, by kind.
    :param members: what is read of each of them.
    """
    uri = uri.rstrip('/')
    for kind, place in places.items():
        if uri.startswith(place + '/'):
            name = uri.removeprefix(place + '/').partition('/')[0]
            member = f'{place}/{name}{crawler.ending(place)}'
            found = members.setdefault(kind, [])
            if member not in found:
                found.append(member)
            if kind == 'chassis' and _HELD.search(uri.removeprefix(place)):
                body = crawler.get_many([member]).get(member, {})
                for system in links(
                    obj(body.get('Links')).get('ComputerSystems')
                ):
                    sort(system, places, members, crawler)


def unrecognized(uris: Iterable[str], places: Mapping[str, str]) -> set[str]:
    """URIs that lie below no known member but may concern one."""
    return {
        uri
        for uri in uris
        if not _ELSEWHERE.search(uri)
        and not any(
            uri.rstrip('/').startswith(f'{place}/')
            for place in places.values()
        )
    }


class Changes:
    """The changes that a stream of Redfish events tells of."""

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[base.Change]:
        return map(change, self._stream)

    def close(self) -> None:
        """End the stream."""
        self._stream.close()


class EventService:
    """The event service of a Redfish service, if it has one."""

    def __init__(
        self, client: Client, root: dict[str, Any], deadline: base.Deadline
    ) -> None:
        self._client = client
        self._deadline = deadline
        uri = link(root.get('EventService'))
        self._body = self._read(uri) if uri else {}
        if self._body.get('ServiceEnabled') in (False, 'false'):
            self._body = {}

    def _read(self, uri: str) -> dict[str, Any]:
        """What it says of itself; one that says no is none.

        :raises PodManagerUnavailable: when nothing answers at all.
        """
        try:
            return self._client.get(uri, self._deadline)
        except exception.PodManagerUnavailable as exc:
            if not isinstance(exc, exception.MalformedAnswer):
                raise
            LOG.debug('There are no events: %s', exc)
        except exception.PodManagerError as exc:
            LOG.debug('There are no events: %s', exc)
        return {}

    @property
    def stream_uri(self) -> str | None:
        """Where events can be listened to."""
        return link(self._body.get('ServerSentEventUri'))

    @property
    def subscriptions_uri(self) -> str | None:
        """Where deliveries can be asked for."""
        return link(self._body.get('Subscriptions'))

    def capabilities(self) -> set[str]:
        """What of events the service can do."""
        result = set()
        if self.stream_uri:
            result.add('event stream')
        if self.subscriptions_uri:
            result.add('event subscription')
        return result

    def listen(self) -> Changes:
        """Open the stream."""
        if not self.stream_uri:
            raise exception.RequestRejected(reason='there is no event stream')
        return Changes(self._client.stream(self.stream_uri, self._deadline))

    def subscribe(self, destination: str) -> str:
        """Ask for deliveries; one that is asked for already is replaced."""
        uri = self.subscriptions_uri
        if not uri:
            raise exception.RequestRejected(
                reason='events cannot be subscribed to'
            )
        collection = self._client.get(uri, self._deadline)
        for member in links(collection.get('Members')):
            if self.delivers(member, destination) is not None:
                self._client.delete(member, self._deadline)
        answer = self._client.post(
            uri,
            {
                'Name': 'Valence',
                'Destination': destination,
                'EventTypes': list(_EVENT_TYPES),
                'Context': 'Valence',
                'Protocol': 'Redfish',
            },
            self._deadline,
        )
        made = answer.location or link(answer.body)
        if made is None:
            raise exception.PodManagerError(
                reason='it made a subscription without telling where'
            )
        return made

    def delivers(self, uri: str, destination: str) -> bool | None:
        """Whether a subscription delivers to us; None: it is not ours."""
        try:
            body = self._client.get(uri, self._deadline)
        except exception.ResourceGone:
            return None
        if body.get('Destination') != destination:
            return None
        return obj(body.get('Status')).get('State') != 'Disabled'


class Follower(base.Driver):
    """The part of a driver that follows the events of its service."""

    _client: Client

    def listen(self, deadline: base.Deadline) -> base.ChangeStream:
        return self._events(deadline).listen()

    def subscribe(self, destination: str, deadline: base.Deadline) -> str:
        return self._events(deadline).subscribe(destination)

    def check_subscription(
        self, subscription: str, destination: str, deadline: base.Deadline
    ) -> bool:
        events = self._events(deadline)
        return events.delivers(subscription, destination) is True

    def unsubscribe(self, subscription: str, deadline: base.Deadline) -> None:
        self._client.delete(subscription, deadline)

    @classmethod
    def parse_event(cls, body: dict[str, Any]) -> base.Change:
        return change(body)

    def _events(self, deadline: base.Deadline) -> EventService:
        root = self._client.root(deadline)
        return EventService(self._client, root, deadline)
