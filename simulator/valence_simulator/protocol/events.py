# SPDX-License-Identifier: Apache-2.0
"""The event service: subscriptions and server-sent events."""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import random

import aiohttp
from aiohttp import web

from valence_simulator.protocol import answers
from valence_simulator.protocol import delivery
from valence_simulator.protocol import errors
from valence_simulator.protocol import subscriptions
from valence_simulator.protocol.delivery import Event
from valence_simulator.protocol.delivery import Interest
from valence_simulator.protocol.delivery import Subscription
from valence_simulator.protocol.resources import ROOT
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import Tree
from valence_simulator.protocol.resources import document

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

    def __init__(self, tree: Tree, options: argparse.Namespace, modern: bool):
        self._tree = tree
        self._options = options
        self._modern = modern
        self._subscriptions: dict[str, Subscription] = {}
        self._streams: dict[asyncio.Queue, Interest] = {}
        self._session: aiohttp.ClientSession | None = None
        self._next = 0
        self._event = 0
        self.emitted = 0
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
            tree.add(SSE, lambda: {}, get=self._stream)
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
        if not self._subscriptions and not self._streams:
            return
        if random.random() < self._options.event_loss:  # noqa: S311
            return
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
            'OriginOfCondition': {'@odata.id': uri},
            **properties,
        }
        if not self._modern:
            del record['MessageSeverity']
        self._send(
            Event(
                str(self._event),
                event_type,
                uri,
                self._type_of(uri),
                record,
            )
        )

    def emit(self, events: list[dict], repeat: int) -> int:
        """Send custom events, each `repeat` times."""
        for _ in range(repeat):
            for given in events:
                properties = dict(given)
                origin = properties.pop('OriginOfCondition', ROOT)
                if isinstance(origin, dict):
                    origin = origin['@odata.id']
                self.notify(
                    properties.pop('EventType', 'ResourceUpdated'),
                    origin,
                    properties.pop('MessageId', None),
                    properties.pop('Severity', 'OK'),
                    **properties,
                )
        return repeat * len(events)

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
            'streams': len(self._streams),
            'events': self.emitted,
        }

    def restart(self) -> None:
        """End the streams; delete the subscriptions unless they are kept."""
        for queue in self._streams:
            queue.put_nowait(None)
        if self._options.lose_subscriptions:
            for subscription in list(self._subscriptions.values()):
                self.remove(subscription)

    async def close(self) -> None:
        """End streams and deliveries."""
        for queue in self._streams:
            queue.put_nowait(None)
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

    def _send(self, event: Event) -> None:
        self.emitted += 1
        for queue, interest in self._streams.items():
            if interest.wants(event) and queue.qsize() < delivery.QUEUE:
                queue.put_nowait(event)
        if self._subscriptions and self._session is None:
            self._session = aiohttp.ClientSession()
        for subscription in self._subscriptions.values():
            subscription.offer(event, self._session, self.tries)

    # Subscriptions

    async def _subscribe(self, call: Call) -> web.Response:
        body = subscriptions.checked(call.body, self._modern)
        self._next += 1
        uri = f'{SUBSCRIPTIONS}/{self._next}'
        subscription = Subscription(
            str(self._next),
            uri,
            body,
            subscriptions.interest_of(body),
            self._gave_up,
        )
        self._subscriptions[uri] = subscription

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
        self._tree.changed(SUBSCRIPTIONS)
        return answers.created(resource)

    def _gave_up(self, subscription: Subscription) -> bool:
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

    # Server-sent events

    async def _stream(self, call: Call) -> web.StreamResponse:
        interest = subscriptions.parse_filter(
            call.request.query.get('$filter', '')
        )
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        stream = web.StreamResponse(
            headers={
                **answers.COMMON,
                'Content-Type': 'text/event-stream',
                'Allow': 'GET',
            }
        )
        await stream.prepare(call.request)
        self._streams[queue] = interest
        try:
            await stream.write(b': stream opened\n\n')
            while (event := await queue.get()) is not None:
                data = json.dumps(delivery.message([event], None, event.id))
                await stream.write(
                    f'id: {event.id}\ndata: {data}\n\n'.encode()
                )
        finally:
            del self._streams[queue]
        return stream

    # The service

    def _render_service(self) -> dict:
        service = document(
            SERVICE,
            'EventService.v1_1_0.EventService',
            'Event Service',
            Description='Tells what happened',
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
        return {
            '@odata.type': '#EventService.v1_7_0.EventService',
            'RegistryPrefixes': REGISTRIES,
            'ResourceTypes': ['ComputerSystem', 'ResourceBlock', 'Task'],
            'SubordinateResourcesSupported': True,
            'EventFormatTypes': ['Event'],
            'IncludeOriginOfConditionSupported': False,
            'SSEFilterPropertiesSupported': {
                'EventFormatType': False,
                'MetricReportDefinition': False,
                'SubordinateResources': False,
                **dict.fromkeys(supported, True),
            },
            'Actions': {
                f'#{action}': {'target': f'{SERVICE}/Actions/{action}'}
            },
        }
