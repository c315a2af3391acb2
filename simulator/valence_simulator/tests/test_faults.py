# SPDX-License-Identifier: Apache-2.0
"""Faults to order, and the rest of the control endpoint."""

from __future__ import annotations

import asyncio
import json

import aiohttp

from valence_simulator.tests import base

ROOT = '/redfish/v1'
SYSTEMS = f'{ROOT}/Systems'


class FaultsTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '3')

    async def test_status_some_times(self):
        await self.order(path=SYSTEMS, fault='status', value=503, count=2)
        for status in (503, 503, 200):
            self.assertEqual(status, (await self.request('GET', SYSTEMS))[0])

    async def test_which_requests_are_hit(self):
        await self.order(
            path=f'{SYSTEMS}/[^/]+$', fault='status', method='get'
        )
        hit = await self.request('GET', f'{SYSTEMS}/system-1')
        self.assertEqual(500, hit[0])
        for path in (SYSTEMS, f'{SYSTEMS}/system-1/Memory'):
            self.assertEqual(200, (await self.request('GET', path))[0])

    async def test_probability_by_seed(self):
        async def statuses(seed):
            arguments = ('--systems', '1', '--seed', seed)
            simulator = await self.start_simulator(*arguments)
            simulator.faults.add(path='/', fault='status', probability=0.5)
            origin = simulator.url.removesuffix(ROOT)
            async with aiohttp.ClientSession(origin) as session:
                found = []
                for _ in range(40):
                    async with session.get(SYSTEMS) as answer:
                        found.append(answer.status)
            return found

        first = await statuses('a')
        self.assertEqual({200, 500}, set(first))
        self.assertEqual(first, await statuses('a'))
        self.assertNotEqual(first, await statuses('b'))

    async def test_list_and_remove(self):
        status, body, _ = await self.post(
            '/_simulator/faults',
            [
                {'path': '/a', 'fault': 'drop'},
                {'path': '/b', 'fault': 'drop', 'probability': 0.5},
            ],
        )
        self.assertEqual(201, status)
        first, second = body['ids']
        listed = await self.get('/_simulator/faults')
        self.assertEqual(['/a', '/b'], [f['path'] for f in listed])
        status, _, _ = await self.request(
            'DELETE', f'/_simulator/faults/{first}'
        )
        self.assertEqual(204, status)
        status, _, _ = await self.request('DELETE', '/_simulator/faults/99')
        self.assertEqual(404, status)
        await self.request('DELETE', '/_simulator/faults')
        self.assertEqual([], await self.get('/_simulator/faults'))

    async def test_nonsense_is_refused(self):
        for fault in (
            {'path': '/', 'fault': 'earthquake'},
            {'path': '(', 'fault': 'drop'},
            {'fault': 'drop'},
            {'path': '/', 'fault': 'drop', 'colour': 'red'},
        ):
            status, body, _ = await self.post('/_simulator/faults', fault)
            self.assertEqual(400, status, body)
        self.assertEqual(404, (await self.post('/_simulator/x'))[0])
        for path, body in (
            ('faults', [1]),
            ('systems', {'count': 'many'}),
            ('systems', []),
            ('restart', {'down_seconds': 'x'}),
        ):
            status, answer, _ = await self.post(f'/_simulator/{path}', body)
            self.assertEqual(400, status, answer)
        for path, status in (
            ('systems', 404),
            ('options', 400),
        ):
            method = 'POST' if path == 'systems' else 'PATCH'
            got, _, _ = await self.request(
                method, f'/_simulator/{path}', json={'kind': 'x'}
            )
            self.assertEqual(status, got)

    async def test_broken_connections(self):
        for fault in ('drop', 'refuse', 'truncate'):
            await self.order(path=SYSTEMS, fault=fault, count=1)
            with self.subTest(fault), self.assertRaises(aiohttp.ClientError):
                # A POST, lest the client tries again by itself.
                method = 'GET' if fault == 'truncate' else 'POST'
                await self.request(method, SYSTEMS)

    async def test_broken_bodies(self):
        await self.order(path=SYSTEMS, fault='html', count=1)
        status, body, headers = await self.request('GET', SYSTEMS)
        self.assertIn('text/html', headers['Content-Type'])
        await self.order(path=SYSTEMS, fault='malformed', count=1)
        async with self.session.get(SYSTEMS) as answer:
            with self.assertRaises(json.JSONDecodeError):
                await answer.json()
        await self.order(
            path=SYSTEMS,
            fault='headers',
            value={'Content-Type': 'text/plain', 'Allow': None},
            count=1,
        )
        _, body, headers = await self.request('GET', SYSTEMS)
        self.assertEqual('text/plain', headers['Content-Type'])
        self.assertNotIn('Allow', headers)
        self.assertEqual(3, json.loads(body)['Members@odata.count'])
        await self.order(path=SYSTEMS, fault='replace', value=7, count=1)
        self.assertEqual(7, await self.get(SYSTEMS))
        await self.order(
            path=SYSTEMS,
            fault='merge',
            value={'Members@odata.count': 99, 'Name': {'@remove': True}},
            count=1,
        )
        document = await self.get(SYSTEMS)
        self.assertEqual(99, document['Members@odata.count'])
        self.assertNotIn('Name', document)
        self.assertEqual(3, (await self.get(SYSTEMS))['Members@odata.count'])

    async def test_slow_answers(self):
        await self.order(path=SYSTEMS, fault='delay', value=0.01)
        await self.get(SYSTEMS)
        await self.request('DELETE', '/_simulator/faults')
        await self.order(path=SYSTEMS, fault='delay', value=3600)
        asked = [asyncio.ensure_future(self.get(SYSTEMS)) for _ in range(10)]
        while (await self.state())['requests']['in_flight'] < 10:
            await asyncio.sleep(0.01)
        for request in asked:
            request.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        self.assertEqual(
            10, (await self.state())['requests']['peak_concurrency']
        )
        for fault in ('hang', 'trickle', 'endless'):
            await self.request('DELETE', '/_simulator/faults')
            await self.order(path=SYSTEMS, fault=fault)
            timeout = aiohttp.ClientTimeout(total=0.1)
            with self.subTest(fault), self.assertRaises(TimeoutError):
                await self.request('GET', SYSTEMS, timeout=timeout)

    async def test_redirect_loop(self):
        await self.order(path=SYSTEMS, fault='redirect-loop')
        with self.assertRaises(aiohttp.TooManyRedirects):
            await self.request('GET', SYSTEMS)

    async def test_lost_answer(self):
        await self.order(path=f'{ROOT}/Nodes', fault='lost-answer', count=1)
        with self.assertRaises(aiohttp.ClientError):
            await self.post(f'{ROOT}/Nodes/Actions/Allocate', {'Name': 'x'})
        state = await self.state()
        self.assertEqual(['x'], [node['name'] for node in state['nodes']])

    async def test_counters(self):
        await self.get(SYSTEMS)
        await self.get(SYSTEMS)
        state = await self.state()
        self.assertEqual({'GET': 2}, state['requests']['methods'])
        self.assertEqual(
            [{'method': 'GET', 'path': SYSTEMS, 'count': 2}],
            await self.get('/_simulator/requests'),
        )
        await self.request('DELETE', '/_simulator/requests')
        self.assertEqual([], await self.get('/_simulator/requests'))

    async def test_restart_refuses_connections_for_a_while(self):
        await self.post('/_simulator/restart', {'down_seconds': 0.3})
        await asyncio.sleep(0.1)
        with self.assertRaises(aiohttp.ClientConnectorError):
            await self.get(SYSTEMS)
        await asyncio.sleep(0.5)
        await self.get(SYSTEMS)
