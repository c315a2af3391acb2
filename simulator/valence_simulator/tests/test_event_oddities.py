# SPDX-License-Identifier: Apache-2.0
"""Events that name things oddly, and streams that bear other things."""

from __future__ import annotations

import asyncio
import contextlib
import json

import aiohttp

from valence_simulator.tests.redfish import RedfishTestCase
from valence_simulator.tests.test_events import ListeningTestCase

ROOT = '/redfish/v1'
SSE = f'{ROOT}/EventService/SSE'
SYSTEM = f'{ROOT}/Systems/system-1'
SUBSCRIPTIONS = f'{ROOT}/EventService/Subscriptions'


class Stream:
    """A stream of server-sent events that is being read."""

    def __init__(self, answer: aiohttp.ClientResponse):
        self._content = answer.content

    async def next(self) -> str:
        """All until the next empty line, without it."""
        chunk = await asyncio.wait_for(self._content.readuntil(b'\n\n'), 5)
        return chunk.decode().rstrip('\n')

    async def ended(self) -> bool:
        return await asyncio.wait_for(self._content.read(), 5) == b''


@contextlib.asynccontextmanager
async def stream_of(test, **query):
    """Open a stream, and pass over its greeting."""
    async with test.session.get(SSE, params=query) as answer:
        test.assertEqual(200, answer.status)
        stream = Stream(answer)
        await stream.next()
        yield stream


def data_of(chunk: str) -> str:
    """The data of an event, as a listener has it."""
    return '\n'.join(
        line.removeprefix('data:').removeprefix(' ')
        for line in chunk.split('\n')
        if line.startswith('data:')
    )


class EventOdditiesTestCase(ListeningTestCase):
    async def emit(self) -> None:
        await self.control('events', OriginOfCondition=SYSTEM)

    async def test_forms_of_origin_in_events(self):
        await self.subscribe()
        for how, origin in (
            ('fragment', {'@odata.id': f'{SYSTEM}#/Status'}),
            ('query', {'@odata.id': f'{SYSTEM}?event=1'}),
            ('encoded', {'@odata.id': f'{ROOT}/Systems/system%2D%31'}),
            ('slash', {'@odata.id': f'{SYSTEM}/'}),
            ('absolute', {'@odata.id': f'{self.url}{SYSTEM}'}),
            ('prefix', {'@odata.id': f'/pod{SYSTEM}'}),
            ('text', SYSTEM),
        ):
            await self.options(origins=how)
            await self.emit()
            event = await self.listener.next()
            self.assertEqual(origin, event['OriginOfCondition'], how)

    async def test_several_events_in_one_delivery(self):
        await self.subscribe()
        events = [{'OriginOfCondition': SYSTEM}, {'OriginOfCondition': ROOT}]
        async with stream_of(self) as stream:
            await self.control('events', events=events, together=True)
            body = await asyncio.wait_for(self.listener.bodies.get(), 5)
            self.assertEqual(2, len(body['Events']))
            shown = json.loads(data_of(await stream.next()))
            self.assertEqual(2, len(shown['Events']))

    async def test_one_delivery_several_times_at_once(self):
        await self.subscribe()
        await self.control(
            'events',
            events=[{'OriginOfCondition': SYSTEM}],
            together=True,
            parallel=3,
        )
        ids = {(await self.listener.next())['EventId'] for _ in range(3)}
        self.assertEqual(1, len(ids))

    async def test_a_delivery_that_is_no_event(self):
        await self.subscribe()
        answer = await self.control('deliver', text='[]', parallel=2)
        self.assertEqual(1, answer['subscriptions'])
        for _ in range(2):
            self.assertEqual(
                [], await asyncio.wait_for(self.listener.bodies.get(), 5)
            )

    async def test_a_text_on_the_stream(self):
        async with stream_of(self) as stream:
            await self.control('streams', text='data: x\n', repeat=3)
            await self.control('streams', text='\n')
            self.assertEqual('data: x\n' * 2 + 'data: x', await stream.next())

    async def test_many_data_lines(self):
        await self.options(sse_data_lines=500)
        async with stream_of(self) as stream:
            await self.emit()
            chunk = await stream.next()
        self.assertGreaterEqual(chunk.count('data:'), 500)
        (event,) = json.loads(data_of(chunk))['Events']
        self.assertEqual({'@odata.id': SYSTEM}, event['OriginOfCondition'])

    async def test_streams_end_and_are_refused(self):
        async with stream_of(self) as stream:
            status, answer, _ = await self.request(
                'DELETE', '/_simulator/streams'
            )
            self.assertEqual((200, 1), (status, answer['streams']))
            self.assertTrue(await stream.ended())
        for code in (503, 401):
            await self.order(path=SSE, fault='status', value=code, count=1)
            self.assertEqual(code, (await self.request('GET', SSE))[0])
        async with stream_of(self):
            self.assertEqual(1, (await self.state())['streams'])

    async def test_heartbeats(self):
        async with stream_of(self) as stream:
            await self.options(heartbeat_seconds=3600)
            for _ in range(2):
                await self.control('finish')
                self.assertEqual(
                    'event: heartbeat\ndata:', await stream.next()
                )
            await self.options(heartbeat_seconds=0)
            await self.control('finish')
            await self.emit()
            self.assertIn('Events', await stream.next())


class TelemetryTestCase(RedfishTestCase):
    arguments = (
        *('--personality', 'redfish', '--systems', '1'),
        *('--telemetry-seconds', '3600'),
    )

    async def test_reports(self):
        service = await self.get(f'{ROOT}/EventService')
        self.assertEqual(
            ['Event', 'MetricReport'], service['EventFormatTypes']
        )
        async with (
            stream_of(self) as every,
            stream_of(
                self, **{'$filter': "EventFormatType eq 'Event'"}
            ) as events,
        ):
            await self.control('finish')
            chunk = await every.next()
            self.assertTrue(chunk.startswith('event: MetricReport'))
            report = json.loads(data_of(chunk))
            self.assertIn('MetricValues', report)
            await self.control('events', OriginOfCondition=ROOT)
            self.assertIn('Events', await events.next())
        await self.options(telemetry_seconds=0)
        query = {'$filter': "EventFormatType eq 'Event'"}
        status, _, _ = await self.request('GET', SSE, params=query)
        self.assertEqual(400, status)

    async def test_subscriptions_know_formats(self):
        body = {
            'Destination': 'http://127.0.0.1:9/',
            'Protocol': 'Redfish',
            'EventFormatType': 'MetricReport',
        }
        self.assertEqual(201, (await self.post(SUBSCRIPTIONS, body))[0])
        await self.control('events', OriginOfCondition=ROOT)
        await self.options(telemetry_seconds=0)
        self.assertEqual(400, (await self.post(SUBSCRIPTIONS, body))[0])
