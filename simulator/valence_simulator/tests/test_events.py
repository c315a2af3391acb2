# SPDX-License-Identifier: Apache-2.0
"""Events of the simulated RSD pod manager: pushed, and over SSE."""

from __future__ import annotations

import asyncio
import json

from aiohttp import test_utils
from aiohttp import web

from valence_simulator.tests import base

ROOT = '/redfish/v1'
SUBSCRIPTIONS = f'{ROOT}/EventService/Subscriptions'
SYSTEM = f'{ROOT}/Systems/system-1'


class Listener:
    """An event destination that keeps what it gets."""

    def __init__(self):
        self.bodies: asyncio.Queue = asyncio.Queue()
        self.headers: list = []
        self.status = 204
        self.tries = 0

    async def start(self, test) -> str:
        listener = test_utils.RawTestServer(self.handle)
        await listener.start_server()
        test.addAsyncCleanup(listener.close)
        return str(listener.make_url('/events'))

    async def handle(self, request: web.BaseRequest) -> web.Response:
        self.tries += 1
        self.headers.append(request.headers)
        if self.status < 300:
            self.bodies.put_nowait(await request.json())
        return web.Response(status=self.status)

    async def next(self) -> dict:
        body = await asyncio.wait_for(self.bodies.get(), 5)
        return body['Events'][0]


class ListeningTestCase(base.SimulatorTestCase):
    """With a listener that can subscribe."""

    arguments = ('--systems', '3')

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.listener = Listener()
        self.destination = await self.listener.start(self)

    async def subscribe(self, **body) -> str:
        status, document, headers = await self.post(
            SUBSCRIPTIONS,
            {
                'Destination': self.destination,
                'Protocol': 'Redfish',
                'Context': 'me',
                **body,
            },
        )
        self.assertEqual(201, status, document)
        return headers['Location']

    async def change(self, uri: str = SYSTEM, **properties) -> None:
        status, _, _ = await self.request(
            'PATCH',
            f'/_simulator/resources{uri}',
            json=properties or {'PowerState': 'On'},
        )
        self.assertEqual(204, status)


class EventsTestCase(ListeningTestCase):
    async def test_pushed(self):
        uri = await self.subscribe(
            EventTypes=['ResourceUpdated'], HttpHeaders=[{'X-Secret': 's'}]
        )
        await self.change()
        event = await self.listener.next()
        self.assertEqual(
            ('ResourceUpdated', 'me', {'@odata.id': SYSTEM}),
            (
                event['EventType'],
                event['Context'],
                event['OriginOfCondition'],
            ),
        )
        self.assertEqual('s', self.listener.headers[0]['X-Secret'])
        shown = await self.get(uri)
        self.assertEqual([], shown['HttpHeaders'])
        status, _, _ = await self.request('DELETE', uri)
        self.assertEqual(204, status)
        await self.change()
        self.assertEqual([], (await self.get(SUBSCRIPTIONS))['Members'])
        self.assertEqual(1, self.listener.tries)

    async def test_events_of_a_composition(self):
        await self.subscribe()
        status, node, _ = await self.post(f'{ROOT}/Nodes/Actions/Allocate')
        events = [await self.listener.next() for _ in range(2)]
        self.assertEqual(
            [
                ('ResourceAdded', node['@odata.id']),
                ('StatusChange', node['@odata.id']),
            ],
            [
                (e['EventType'], e['OriginOfCondition']['@odata.id'])
                for e in events
            ],
        )

    async def test_three_tries_then_lost(self):
        self.listener.status = 500
        await self.subscribe(EventTypes=['Alert'])
        await self.post('/_simulator/events', {'EventType': 'Alert'})
        await asyncio.sleep(0.3)
        self.assertEqual(3, self.listener.tries)
        self.listener.status = 204
        await self.post(
            '/_simulator/events',
            {'EventType': 'Alert', 'Message': 'next', 'Severity': 'Warning'},
        )
        event = await self.listener.next()
        self.assertEqual(
            ('next', 'Warning'), (event['Message'], event['Severity'])
        )

    async def test_loss_and_disabling(self):
        uri = await self.subscribe()
        await self.request(
            'PATCH', '/_simulator/options', json={'event_loss': 1}
        )
        await self.change()
        await self.request(
            'PATCH', '/_simulator/options', json={'event_loss': 0}
        )
        await self.change(uri, Status={'State': 'Disabled'})
        await self.change()
        await self.change(uri, Status={'State': 'Enabled'})
        await self.post('/_simulator/events', {'Message': 'at last'})
        self.assertEqual('at last', (await self.listener.next())['Message'])

    async def test_restart_loses_subscriptions(self):
        uri = await self.subscribe()
        await self.request(
            'PATCH', '/_simulator/options', json={'lose_subscriptions': False}
        )
        await self.post('/_simulator/restart')
        await asyncio.sleep(0.01)
        await self.get(uri)
        await self.request(
            'PATCH', '/_simulator/options', json={'lose_subscriptions': True}
        )
        await self.post('/_simulator/restart')
        await asyncio.sleep(0.01)
        self.assertEqual(404, (await self.request('GET', uri))[0])

    async def test_storm(self):
        await self.subscribe()
        status, body, _ = await self.post(
            '/_simulator/events',
            {
                'events': [{'OriginOfCondition': SYSTEM}],
                'repeat': 200,
            },
        )
        self.assertEqual((202, {'emitted': 200}), (status, body))
        ids = [
            int((await self.listener.next())['EventId']) for _ in range(200)
        ]
        self.assertEqual(sorted(ids), ids)

    async def test_bad_subscriptions(self):
        good = {'Destination': self.destination, 'Protocol': 'Redfish'}
        for body in (
            {'Protocol': 'Redfish'},
            {'Destination': self.destination},
            {**good, 'Destination': 'nowhere'},
            {**good, 'Protocol': 'SNMPv1'},
            {**good, 'EventTypes': ['Party']},
            {**good, 'Colour': 'red'},
            {**good, 'MessageIds': [{}]},
            {**good, 'OriginResources': [{}]},
            {**good, 'HttpHeaders': [{'X-Secret': 1}]},
        ):
            status, answer, _ = await self.post(SUBSCRIPTIONS, body)
            self.assertEqual(400, status, answer)

    async def test_sse(self):
        service = await self.get(f'{ROOT}/EventService')
        uri = service['ServerSentEventUri']
        async with self.session.get(
            uri, params={'$filter': "EventType eq 'ResourceUpdated'"}
        ) as stream:
            self.assertEqual(
                'text/event-stream', stream.headers['Content-Type']
            )
            await stream.content.readuntil(b'\n\n')
            await self.post('/_simulator/events', {'EventType': 'Alert'})
            await self.change()
            chunk = (await stream.content.readuntil(b'\n\n')).decode()
            data = chunk.split('data: ')[1]
            event = json.loads(data)['Events'][0]
            self.assertEqual({'@odata.id': SYSTEM}, event['OriginOfCondition'])
            await self.post('/_simulator/restart')
            self.assertEqual(b'', await stream.content.read())
        status, _, _ = await self.request(
            'GET', uri, params={'$filter': 'nonsense'}
        )
        self.assertEqual(400, status)


class WithoutEventsTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '1', '--no-push', '--no-sse')

    async def test_nothing_is_offered(self):
        service = await self.get(f'{ROOT}/EventService')
        self.assertNotIn('ServerSentEventUri', service)
        self.assertNotIn('Subscriptions', service)
        for uri in (SUBSCRIPTIONS, f'{ROOT}/EventService/SSE'):
            self.assertEqual(404, (await self.request('GET', uri))[0])
