# SPDX-License-Identifier: Apache-2.0
"""Event subscriptions, and the delivery of events to their destinations."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
from collections.abc import Callable

import aiohttp

from valence_simulator.protocol.resources import document

LOG = logging.getLogger(__name__)

#: The maximum number of events in a queue; more are lost.
QUEUE = 100_000
#: The timeout of a delivery in seconds.
TIMEOUT = 10


@dataclasses.dataclass
class Event:
    """An event, independent of its recipients."""

    id: str
    event_type: str
    origin: str
    resource_type: str
    record: dict

    @property
    def message_id(self) -> str:
        return self.record['MessageId']


@dataclasses.dataclass
class Interest:
    """A filter for events; an empty list matches all.

    :param subordinate: whether to include resources below an origin.
    """

    event_types: list[str] = dataclasses.field(default_factory=list)
    registries: list[str] = dataclasses.field(default_factory=list)
    message_ids: list[str] = dataclasses.field(default_factory=list)
    resource_types: list[str] = dataclasses.field(default_factory=list)
    severities: list[str] = dataclasses.field(default_factory=list)
    origins: list[str] = dataclasses.field(default_factory=list)
    formats: list[str] = dataclasses.field(default_factory=list)
    subordinate: bool = False

    def matches(self, event: Event) -> bool:
        """Return whether an event matches."""
        if not _is_in('Event', self.formats):
            return False
        registry, _, rest = event.message_id.partition('.')
        key = rest.rsplit('.', 1)[-1]
        names = [m.rsplit('.', 1)[-1] for m in self.message_ids]
        return (
            _is_in(event.event_type, self.event_types)
            and _is_in(registry, self.registries)
            and _is_in(key, names)
            and _is_in(event.resource_type, self.resource_types)
            and _is_in(event.record['Severity'], self.severities)
            and self._is_from(event.origin)
        )

    @property
    def wants_reports(self) -> bool:
        """Whether metric reports match."""
        others = dataclasses.replace(self, formats=[]) != Interest()
        return 'MetricReport' in self.formats or not (self.formats or others)

    def _is_from(self, origin: str) -> bool:
        if not self.origins or origin in self.origins:
            return True
        return self.subordinate and any(
            origin.startswith(f'{parent}/') for parent in self.origins
        )


def _is_in(value: str, allowed: list[str]) -> bool:
    return not allowed or value in allowed


def message(events: list[Event], context: str | None, number: str) -> dict:
    """Return the Event resource for a listener."""
    return {
        '@odata.type': '#Event.v1_4_0.Event',
        'Id': number,
        'Name': 'Events',
        **({'Context': context} if context is not None else {}),
        'Events': [
            {
                **event.record,
                'MemberId': str(n),
                **({'Context': context} if context is not None else {}),
            }
            for n, event in enumerate(events)
        ],
    }


class Subscription:
    """A destination to which events are sent in order.

    :param on_failure: called when all attempts for an event have failed;
        returns whether to try again.
    """

    def __init__(
        self,
        subscription_id: str,
        uri: str,
        body: dict,
        interest: Interest,
        on_failure: Callable[[Subscription], bool],
    ):
        self.id = subscription_id
        self.uri = uri
        self.body = body
        self.interest = interest
        self.disabled = False
        self.delivered = 0
        self._on_failure = on_failure
        self._queue: asyncio.Queue[list[Event]] = asyncio.Queue(QUEUE)
        self._worker: asyncio.Task | None = None

    def offer(
        self,
        events: list[Event],
        session: aiohttp.ClientSession,
        tries: Tries,
    ) -> None:
        """Queue the events that match, if the queue is not full."""
        matching = [event for event in events if self.interest.matches(event)]
        if self.disabled or not matching:
            return
        if self._queue.full():
            LOG.warning('%s does not keep up', self.body['Destination'])
            return
        self._queue.put_nowait(matching)
        if self._worker is None:
            self._worker = asyncio.ensure_future(self._work(session, tries))

    def stop(self) -> None:
        if self._worker is not None:
            self._worker.cancel()

    async def _work(
        self, session: aiohttp.ClientSession, tries: Tries
    ) -> None:
        while True:
            events = await self._queue.get()
            while not await self.deliver(events, session, tries):
                if not self._on_failure(self):
                    break

    async def deliver(
        self,
        events: list[Event],
        session: aiohttp.ClientSession,
        tries: Tries,
    ) -> bool:
        """Deliver events in one request; return False if all tries fail."""
        context = self.body.get('Context')
        text = json.dumps(message(events, context, events[0].id))
        for attempt in range(tries.attempts):
            if attempt:
                await asyncio.sleep(tries.interval)
            if self.disabled or await self.post(text, session):
                return True
        return False

    async def post(self, text: str, session: aiohttp.ClientSession) -> bool:
        """Try once to deliver a text; return whether that succeeded."""
        try:
            async with session.post(
                self.body['Destination'],
                data=text.encode(),
                headers={
                    'Content-Type': 'application/json',
                    **self._headers(),
                },
                ssl=False,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT),
            ) as answer:
                if answer.status < 300:
                    self.delivered += 1
                    return True
                why = f'answered {answer.status}'
        except (aiohttp.ClientError, TimeoutError) as error:
            why = str(error) or type(error).__name__
        LOG.info('event for %s: %s', self.body['Destination'], why)
        return False

    def _headers(self) -> dict[str, str]:
        headers = {}
        for header in self.body.get('HttpHeaders') or []:
            headers.update(header)
        return headers


@dataclasses.dataclass
class Tries:
    """Return the number of attempts and the seconds between them."""

    attempts: int = 3
    interval: float = 60


def render(subscription: Subscription, modern: bool) -> dict:
    """Return the document of the subscription without its headers."""
    body = {k: v for k, v in subscription.body.items() if k != 'HttpHeaders'}
    state = 'Disabled' if subscription.disabled else 'Enabled'
    if modern:
        actions = f'{subscription.uri}/Actions'
        body['Status'] = {'State': state, 'Health': 'OK'}
        body['Actions'] = {
            '#EventDestination.ResumeSubscription': {
                'target': f'{actions}/EventDestination.ResumeSubscription'
            }
        }
        kind = 'EventDestination.v1_13_0.EventDestination'
    else:
        kind = 'EventDestination.v1_1_0.EventDestination'
    body.setdefault('Context', None)
    name = body.pop('Name', f'Subscription {subscription.id}')
    return document(
        subscription.uri,
        kind,
        name,
        HttpHeaders=[],
        **{'Description': 'Event subscription', **body},
    )
