# SPDX-License-Identifier: Apache-2.0
"""Events of a Redfish service: streams, subscriptions, event bodies."""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping

from oslo_log import log

from valence.common import exception
from valence.common.identity import canonical_uri
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers.progress import Deadline
from valence.podmanagers.redfish import root as service_root
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.links import related
from valence.podmanagers.redfish.parts import state
from valence.podmanagers.redfish.sse import EventStream
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import obj

LOG = log.getLogger(__name__)

# Deprecated by DMTF, but required by Intel's pod managers.
_EVENT_TYPES = (
    'StatusChange',
    'ResourceUpdated',
    'ResourceAdded',
    'ResourceRemoved',
    'Alert',
)
# Registries whose messages are never about the inventory.
_OTHER_REGISTRIES = frozenset(
    (
        *('HeartbeatEvent', 'TaskEvent', 'JobEvent', 'Telemetry', 'Update'),
        *('TelemetryEvent', 'License', 'LogService', 'UserManagement'),
    )
)
_OTHER_TYPES = frozenset(
    (
        *('Task', 'Job', 'MetricReport', 'MetricReportDefinition', 'LogEntry'),
        *('TelemetryService', 'TaskService', 'JobService', 'UpdateService'),
        *('Session', 'SessionService', 'ManagerAccount', 'AccountService'),
        *('EventDestination', 'EventService', 'Certificate', 'License'),
    )
)
# Parts of a chassis that belong to the systems in it.
_PARTS = re.compile('/(Drives|Memory|NetworkAdapters|PCIeDevices|Processors)/')
# Changes below these never change the inventory.
_IGNORED = re.compile(
    '/(AccountService|CertificateService|EventService|JobService|JsonSchemas'
    '|LicenseService|Managers|Registries|SessionService|TaskService|Tasks'
    '|TelemetryService|UpdateService)(/|$)'
)


def parse(body: JsonObject) -> base.Change:
    """What an event reports: an ``Events`` array, or one event by itself.

    An event without a resource may be about anything.
    """
    if is_telemetry(body):
        return base.Change(nothing=True)
    events = body.get('Events')
    if not isinstance(events, list):
        events = [body]
    about = [event for event in events if not _is_other(obj(event))]
    if not about:
        return base.Change(nothing=True)
    uris = [_origin(obj(event)) for event in about]
    if None in uris:
        return base.Change()
    return base.Change(tuple(dict.fromkeys(uri for uri in uris if uri)))


def is_telemetry(body: JsonObject) -> bool:
    """Whether a body is a metric report, which is no event."""
    kind = str(body.get('@odata.type', ''))
    return kind.startswith('#MetricReport.') or 'MetricValues' in body


def _is_other(event: JsonObject) -> bool:
    """Whether an event is never about the inventory."""
    registry = str(event.get('MessageId', '')).partition('.')[0]
    if registry in _OTHER_REGISTRIES:
        return True
    if event.get('EventType') == 'MetricReport':
        return True
    origin = _origin(event)
    return origin is not None and _IGNORED.search(origin) is not None


def _origin(event: JsonObject) -> str | None:
    """The URI of the resource that an event is about.

    A fragment or a query names a part of the resource.
    """
    origin = link(event.get('OriginOfCondition'))
    return None if origin is None else canonical_uri(origin)


def add_member(
    uri: str,
    places: Mapping[str, str],
    members: dict[str, list[str]],
    crawler: Crawler,
) -> None:
    """Add the member that a resource belongs to, to the members to read.

    :param places: the collections that the inventory is read from, by kind.
    :param members: the members to read, by the kind of their collection.
    """
    uri = uri.rstrip('/')
    for kind, place in places.items():
        if not uri.startswith(place + '/'):
            continue
        name = uri.removeprefix(place + '/').partition('/')[0]
        member = f'{place}/{name}'
        found = members.setdefault(kind, [])
        if member not in found:
            found.append(member)
        if kind == 'chassis' and _PARTS.search(uri.removeprefix(place)):
            body = crawler.get(member)
            for system in related(body, 'ComputerSystems'):
                add_member(system, places, members, crawler)


def unrecognized(uris: Iterable[str], places: Mapping[str, str]) -> set[str]:
    """The URIs that belong to no member, yet may be about some."""
    return {
        uri
        for uri in uris
        if not _IGNORED.search(uri)
        and not any(
            uri.rstrip('/').startswith(f'{place}/')
            for place in places.values()
        )
    }


def _texts(value: object) -> list[str]:
    """The strings of an array."""
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, str)]


class Changes:
    """The changes that a stream of Redfish events reports."""

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[base.Change]:
        return map(parse, self._stream)

    def close(self) -> None:
        """End the stream."""
        self._stream.close()


class EventService:
    """The event service of a Redfish service, if it has one."""

    def __init__(
        self, client: Client, root: JsonObject, deadline: Deadline
    ) -> None:
        self._client = client
        self._deadline = deadline
        uri = link(root.get('EventService'))
        self._body = self._read(uri) if uri else {}
        if not service_root.is_enabled(self._body):
            self._body = {}

    def _read(self, uri: str) -> JsonObject:
        """The event service; an error means that there is none now.

        It is optional: one that hangs leaves time for everything else.
        """
        deadline = self._deadline.at_most(self._deadline.left() / 3)
        try:
            return self._client.get(uri, deadline)
        except exception.PodManagerError as exc:
            LOG.debug('There is no event service: %s', exc)
        return {}

    @property
    def stream_uri(self) -> str | None:
        """The URI of the event stream."""
        return link(self._body.get('ServerSentEventUri'))

    @property
    def subscriptions_uri(self) -> str | None:
        """The URI of the collection of subscriptions."""
        return link(self._body.get('Subscriptions'))

    def capabilities(self) -> set[str]:
        """Which ways of getting events the service supports."""
        result = set()
        if self.stream_uri:
            result.add('event_stream')
        if self.subscriptions_uri:
            result.add('event_subscription')
        return result

    def listen(self) -> Changes:
        """Open the stream, with the filters that the service supports."""
        if not self.stream_uri:
            raise exception.RequestRejected(reason='there is no event stream')
        for query in self._filters():
            try:
                return self._open(f'{self.stream_uri}{query}')
            except exception.RequestRejected as exc:
                LOG.debug('The filter %s is not accepted: %s', query, exc)
        return self._open(self.stream_uri)

    def _open(self, uri: str) -> Changes:
        return Changes(self._client.stream(uri, self._deadline))

    def _filters(self) -> Iterator[str]:
        """Queries that leave out all but events, in both quotings in use."""
        supported = obj(self._body.get('SSEFilterPropertiesSupported'))
        if supported.get('EventFormatType') is True:
            mark = '&' if '?' in str(self.stream_uri) else '?'
            for value in ('Event', '%27Event%27'):
                yield f'{mark}$filter=EventFormatType%20eq%20{value}'

    def subscribe(self, destination: str) -> str:
        """Create a subscription; replaces one to the same destination."""
        uri = self.subscriptions_uri
        if not uri:
            raise exception.RequestRejected(
                reason='there are no event subscriptions'
            )
        with Crawler(self._client, self._deadline) as crawler:
            present = crawler.members(uri)
            crawler.require_all(uri)
        for member in present:
            if self.delivers(member, destination) is not None:
                self._client.delete(member, self._deadline)
        response = self._subscribe(uri, destination)
        created = response.location or link(response.body)
        if created is None:
            raise exception.PodManagerError(
                reason='the service created a subscription without its URI'
            )
        return created

    def _subscribe(self, uri: str, destination: str) -> Response:
        """Subscribe to hardware events only; to all if that is rejected."""
        plain: JsonObject = {
            'Name': 'Valence',
            'Destination': destination,
            'EventTypes': list(_EVENT_TYPES),
            'Context': 'Valence',
            'Protocol': 'Redfish',
        }
        filters = self._subscription_filters()
        if filters:
            body = {**plain, **filters}
            if 'RegistryPrefixes' in filters:
                # They replace the event types, which are deprecated.
                del body['EventTypes']
            try:
                return self._client.post(uri, body, self._deadline)
            except exception.RequestRejected as exc:
                LOG.debug('The service takes no such filters: %s', exc)
        return self._client.post(uri, plain, self._deadline)

    def _subscription_filters(self) -> JsonObject:
        """The properties of a subscription to what may change hardware."""
        filters: JsonObject = {}
        if 'Event' in _texts(self._body.get('EventFormatTypes')):
            filters['EventFormatType'] = 'Event'
        for name, others in (
            ('RegistryPrefixes', _OTHER_REGISTRIES),
            ('ResourceTypes', _OTHER_TYPES),
        ):
            offered = _texts(self._body.get(name))
            kept = [text for text in offered if text not in others]
            if kept and len(kept) < len(offered):
                filters[name] = kept
        return filters

    def delivers(self, uri: str, destination: str) -> bool | None:
        """Whether a subscription is enabled; None: it is not ours."""
        try:
            body = self._client.get(uri, self._deadline)
        except exception.ResourceGone:
            return None
        if body.get('Destination') != destination:
            return None
        return state(body) != 'Disabled'


class EventDriver(base.Driver):
    """The part of a driver that gets the events of its service."""

    _client: Client

    def listen(self, deadline: Deadline) -> base.ChangeStream:
        return self._events(deadline).listen()

    def subscribe(self, destination: str, deadline: Deadline) -> str:
        return self._events(deadline).subscribe(destination)

    def check_subscription(
        self, subscription: str, destination: str, deadline: Deadline
    ) -> bool:
        events = self._events(deadline)
        return events.delivers(subscription, destination) is True

    def unsubscribe(self, subscription: str, deadline: Deadline) -> None:
        self._client.delete(subscription, deadline)

    @classmethod
    def parse_event(cls, body: JsonObject) -> base.Change:
        return parse(body)

    def _events(self, deadline: Deadline) -> EventService:
        root = self._client.root(deadline)
        return EventService(self._client, root, deadline)
