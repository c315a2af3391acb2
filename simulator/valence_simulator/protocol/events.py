# SPDX-License-Identifier: Apache-2.0
"""The event service: subscriptions and server-sent events."""

from __future__ import annotations

import argparse
import asyncio
import datetime
import random
from collections.abc import Callable
from collections.abc import Coroutine

import aiohttp
from aiohttp import web

from valence_simulator.protocol import answers
from valence_simulator.protocol import delivery
from valence_simulator.protocol import errors
from valence_simulator.protocol import subscriptions
from valence_simulator.protocol.delays import Delays
from valence_simulator.protocol.delivery import Event
from valence_simulator.protocol.delivery import Subscription
from valence_simulator.protocol.resources import ROOT
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import Resource
from valence_simulator.protocol.resources import Tree
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.streams import Streams

SERVICE = f'{ROOT}/EventService'
SUBSCRIPTIONS = f'{SERVICE}/Subscriptions'
SSE = f'{SERVICE}/SSE'
REGISTRIES = ['Base', 'ResourceEvent', 'TaskEvent', 'Composition']

#: The default message of each event type.
MESSAGES = {
    'ResourceAdded': ('ResourceCreated', 'The resource was created.'),
    'ResourceRemoved': ('ResourceRemoved', 'The resource was removed.'),
    'ResourceUpdated': ('ResourceChanged', 'The resource was changed.'),
    'StatusChange': ('ResourceStateChanged', 'The status has changed.'),
    'Alert': ('ResourceWarningThresholdExceeded', 'Alert.'),
}

#: The parameters of SubmitTestEvent.
TEST_EVENT = {
    'EventGroupId': int,
    'EventId': str,
    'EventTimestamp': str,
    'EventType': str,
    'Message': str,
    'MessageArgs': list,
    'MessageId': str,
    'MessageSeverity': str,
    'OriginOfCondition': str,
    'Severity': str,
}


class EventService:
    """Subscriptions and streams of a service.

    :param modern: whether to support newer schemas: prefixes, retry policies,
        resuming; else like Intel's pod manager (EventService.v1_1_0).
    """

    def __init__(
        self,
        tree: Tree,
        options: argparse.Namespace,
        modern: bool,
        delays: Delays,
    ):
        self._tree = tree
        self._options = options
        self._modern = modern
        self._subscriptions: dict[str, Subscription] = {}
        self.streams = Streams(options, delays)
        self._deliveries: set[asyncio.Task] = set()
        self._session: aiohttp.ClientSession | None = None
        self._next = 0
        self._event = 0
        self.emitted = 0
        #: Writes a URI in one of the ways to write it.
        self.spell: Callable[[str, str], str] = lambda uri, how: uri
        self.tries = delivery.Tries(3, options.event_retry_seconds)
        tree.add(SERVICE, self._render_service)
        if options.push:
            tree.add_collection(
                SUBSCRIPTIONS,
                'EventDestinationCollection',
                'Event Subscriptions',
                lambda: [s.uri for s in self._subscriptions.values()],
                post=self._subscribe,
            )
        if options.sse:
            tree.add(SSE, lambda: {}, get=self.streams.serve)
        if modern:
            tree.add(
                f'{SERVICE}/Actions/EventService.SubmitTestEvent',
                post=self._submit_test_event,
            )

    # Events

    def notify(
        self,
        event_type: str,
        uri: str,
        message_id: str | None = None,
        severity: str = 'OK',
        **properties: object,
    ) -> None:
        """Send an event about a resource.

        :param properties: override the usual properties of the event record.
        """
        if not self._subscriptions and not self.streams:
            return
        event = self._event_of(
            event_type, uri, message_id, severity, properties
        )
        self._send([event])

    def _event_of(
        self,
        event_type: str,
        uri: str,
        message_id: str | None,
        severity: str,
        properties: dict,
    ) -> Event:
        key, text = MESSAGES.get(event_type, MESSAGES['ResourceUpdated'])
        self._event += 1
        now = datetime.datetime.now(datetime.UTC)
        record = {
            'EventType': event_type,
            'EventId': str(self._event),
            'EventTimestamp': now.isoformat(timespec='seconds'),
            'Severity': severity,
            'MessageSeverity': severity,
            'Message': text,
            'MessageId': message_id or f'ResourceEvent.1.3.{key}',
            'MessageArgs': [],
            'OriginOfCondition': self._origin_of(uri),
            **properties,
        }
        if not self._modern:
            del record['MessageSeverity']
        return Event(
            str(self._event), event_type, uri, self._type_of(uri), record
        )

    def _origin_of(self, uri: str) -> object:
        """Return OriginOfCondition in the form of ``--origins``."""
        how = self._options.origins
        if how == 'text':
            return uri
        suffix = {'fragment': '#/Status', 'query': '?event=1'}.get(how)
        if suffix is not None:
            return {'@odata.id': f'{uri}{suffix}'}
        return {'@odata.id': self.spell(uri, how)}

    def emit(
        self,
        events: list[dict],
        repeat: int,
        together: bool = False,
        parallel: int = 0,
    ) -> int:
        """Send custom events, each `repeat` times.

        :param together: whether to send them in one delivery.
        :param parallel: the number of simultaneous copies of each delivery;
            0 to send deliveries in order.
        """
        for _ in range(repeat):
            made = [self._custom_event(given) for given in events]
            for batch in [made] if together else [[event] for event in made]:
                self._send(batch, parallel)
        return repeat * len(events)

    def _custom_event(self, given: dict) -> Event:
        properties = dict(given)
        origin = properties.pop('OriginOfCondition', ROOT)
        if isinstance(origin, dict):
            origin = origin['@odata.id']
        return self._event_of(
            properties.pop('EventType', 'ResourceUpdated'),
            origin,
            properties.pop('MessageId', None),
            properties.pop('Severity', 'OK'),
            properties,
        )

    def deliver(self, text: str, parallel: int) -> int:
        """POST any text to all subscribers; return their number."""
        for subscription in self._subscriptions.values():
            for _ in range(parallel):
                self._start_delivery(subscription.post(text, self._client))
        return len(self._subscriptions)

    def state(self) -> dict:
        """Return subscriptions and streams for tests."""
        return {
            'subscriptions': [
                {
                    'uri': s.uri,
                    'destination': s.body['Destination'],
                    'disabled': s.disabled,
                    'delivered': s.delivered,
                }
                for s in self._subscriptions.values()
            ],
            'streams': len(self.streams),
            'events': self.emitted,
        }

    def restart(self) -> None:
        """End the streams; delete the subscriptions unless they are kept."""
        self.streams.end()
        if self._options.lose_subscriptions:
            for subscription in list(self._subscriptions.values()):
                self.remove(subscription)

    async def close(self) -> None:
        """End streams and deliveries."""
        self.streams.end()
        for task in self._deliveries:
            task.cancel()
        for subscription in self._subscriptions.values():
            subscription.stop()
        if self._session is not None:
            await self._session.close()

    def find(self, uri: str) -> Subscription | None:
        """Return the subscription at a URI."""
        return self._subscriptions.get(uri)

    def disable(self, subscription: Subscription, disabled: bool) -> None:
        """Suspend or resume a subscription."""
        subscription.disabled = disabled
        self._tree.changed(subscription.uri)

    def remove(self, subscription: Subscription) -> None:
        """Delete a subscription."""
        subscription.stop()
        del self._subscriptions[subscription.uri]
        self._tree.remove(subscription.uri)
        self._tree.changed(SUBSCRIPTIONS)

    def _type_of(self, uri: str) -> str:
        resource = self._tree.get(uri)
        if resource is None or resource.render is None:
            return ''
        kind = resource.document.get('@odata.type', '')
        return kind.lstrip('#').split('.', 1)[0]

    def _send(self, events: list[Event], parallel: int = 0) -> None:
        if not self._subscriptions and not self.streams:
            return
        if random.random() < self._options.event_loss:  # noqa: S311
            return
        self.emitted += len(events)
        self.streams.send(events)
        for subscription in self._subscriptions.values():
            if not parallel:
                subscription.offer(events, self._client, self.tries)
            for _ in range(parallel):
                self._start_delivery(
                    subscription.deliver(events, self._client, self.tries)
                )

    @property
    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    def _start_delivery(self, work: Coroutine) -> None:
        task = asyncio.ensure_future(work)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    # Subscriptions

    async def _subscribe(self, call: Call) -> web.Response:
        telemetry = bool(self._options.telemetry_seconds)
        body = subscriptions.checked(call.body, self._modern, telemetry)
        self._next += 1
        uri = f'{SUBSCRIPTIONS}/{self._next}'
        subscription = Subscription(
            str(self._next),
            uri,
            body,
            subscriptions.interest_of(body),
            self._apply_retry_policy,
        )
        self._subscriptions[uri] = subscription
        resource = self._add_resource(subscription)
        self._tree.changed(SUBSCRIPTIONS)
        return answers.created(resource)

    def _add_resource(self, subscription: Subscription) -> Resource:
        """Add a subscription and its action to the tree."""
        uri = subscription.uri

        async def delete(call: Call) -> web.Response:
            self.remove(subscription)
            return answers.no_content()

        async def patch(call: Call) -> web.Response:
            if list(call.body) != ['Context']:
                raise errors.property_not_writable(
                    next((n for n in call.body if n != 'Context'), '')
                )
            subscription.body['Context'] = call.body['Context']
            call.resource.changed()
            return answers.ok(call.resource)

        async def resume(call: Call) -> web.Response:
            self.disable(subscription, False)
            return answers.no_content()

        resource = self._tree.add(
            uri,
            lambda: delivery.render(subscription, self._modern),
            delete=delete,
            patch=patch,
        )
        if self._modern:
            action = 'EventDestination.ResumeSubscription'
            self._tree.add(f'{uri}/Actions/{action}', post=resume)
        return resource

    def _apply_retry_policy(self, subscription: Subscription) -> bool:
        """Apply the retry policy; return whether to try again."""
        policy = subscription.body.get('DeliveryRetryPolicy')
        if policy == 'TerminateAfterRetries':
            self.remove(subscription)
        elif policy == 'SuspendRetries':
            self.disable(subscription, True)
        return policy in ('RetryForever', 'RetryForeverWithBackoff')

    async def _submit_test_event(self, call: Call) -> web.Response:
        body = dict(call.body)
        if 'MessageId' not in body:
            raise errors.property_missing('MessageId')
        for name, value in body.items():
            if name not in TEST_EVENT:
                raise errors.property_unknown(name)
            if not isinstance(value, TEST_EVENT[name]):
                raise errors.property_type(name, value)
        self.emit([{'OriginOfCondition': SERVICE, **body}], 1)
        return answers.no_content()

    # The service

    def _render_service(self) -> dict:
        service = document(
            SERVICE,
            'EventService.v1_1_0.EventService',
            'Event Service',
            Description='Event subscriptions and streams',
            Status={'State': 'Enabled', 'Health': 'OK'},
            ServiceEnabled=True,
            DeliveryRetryAttempts=self.tries.attempts,
            DeliveryRetryIntervalSeconds=max(1, int(self.tries.interval)),
            EventTypesForSubscription=subscriptions.EVENT_TYPES,
        )
        if self._options.push:
            service['Subscriptions'] = {'@odata.id': SUBSCRIPTIONS}
        if self._options.sse:
            service['ServerSentEventUri'] = SSE
        if self._modern:
            service.update(self._modern_properties())
        return service

    def _modern_properties(self) -> dict:
        action = 'EventService.SubmitTestEvent'
        supported = ('EventType', 'MessageId', 'RegistryPrefix')
        supported += ('ResourceType', 'OriginResource')
        telemetry = self._options.telemetry_seconds
        reports = ['MetricReport'] if telemetry else []
        return {
            '@odata.type': '#EventService.v1_7_0.EventService',
            'RegistryPrefixes': REGISTRIES,
            'ResourceTypes': ['ComputerSystem', 'ResourceBlock', 'Task'],
            'SubordinateResourcesSupported': True,
            'EventFormatTypes': ['Event', *reports],
            'IncludeOriginOfConditionSupported': False,
            'SSEFilterPropertiesSupported': {
                'EventFormatType': bool(reports),
                'MetricReportDefinition': False,
                'SubordinateResources': False,
                **dict.fromkeys(supported, True),
            },
            'Actions': {
                f'#{action}': {'target': f'{SERVICE}/Actions/{action}'}
            },
        }
