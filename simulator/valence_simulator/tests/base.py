# SPDX-License-Identifier: Apache-2.0
"""A simulator in the test's own loop, and a client for it."""

from __future__ import annotations

import asyncio
import time
import unittest

import aiohttp
import yarl

from valence_simulator import options as command_line
from valence_simulator import personalities
from valence_simulator import server


class SimulatorTestCase(unittest.IsolatedAsyncioTestCase):
    """Starts a simulator with `arguments` on a free port."""

    arguments: tuple[str, ...] = ()

    async def asyncSetUp(self) -> None:
        self.server = await self.start_simulator(*self.arguments)
        self.url = self.server.url.split('/redfish')[0].split('/eem')[0]
        self.session = aiohttp.ClientSession(self.url)
        self.addAsyncCleanup(self.session.close)

    async def start_simulator(self, *arguments: str) -> server.Server:
        options = command_line.parser().parse_args(
            [
                *('--seed', 'test', '--compose-seconds', '0.02'),
                *('--event-retry-seconds', '0.05', *arguments),
            ]
        )
        simulator = server.Server(
            personalities.load(options), options.latency_ms / 1000
        )
        await simulator.start('127.0.0.1', 0)
        self.addAsyncCleanup(simulator.close)
        return simulator

    async def request(self, method: str, path: str, **kwargs):
        """The status, the JSON body and the headers of an answer."""
        async with self.session.request(method, path, **kwargs) as answer:
            body = await answer.read()
            kind = answer.content_type
            document = await answer.json() if 'json' in kind else body
            return answer.status, document, answer.headers

    async def get(self, path: str, **kwargs) -> dict:
        """The JSON body of a GET that must succeed."""
        status, document, _ = await self.request('GET', path, **kwargs)
        self.assertEqual(200, status, document)
        return document

    async def post(self, path: str, body: object = None, **kwargs):
        return await self.request(
            'POST', path, json={} if body is None else body, **kwargs
        )

    async def order(self, **fault) -> None:
        """Order a fault."""
        status, body, _ = await self.post('/_simulator/faults', fault)
        self.assertEqual(201, status, body)

    async def control(self, path: str, **body) -> dict:
        """Have the control endpoint do something."""
        status, answer, _ = await self.post(f'/_simulator/{path}', body)
        self.assertLess(status, 300, answer)
        return answer

    async def options(self, **options) -> None:
        """Change options while running."""
        status, answer, _ = await self.request(
            'PATCH', '/_simulator/options', json=options
        )
        self.assertEqual(204, status, answer)

    async def state(self) -> dict:
        return await self.get('/_simulator/state')

    async def wait_for(self, path: str, seconds: float = 60, **expected):
        """Poll until a resource has the properties wanted."""
        end = time.monotonic() + seconds
        while True:
            document = await self.get(path)
            if all(document.get(k) == v for k, v in expected.items()):
                return document
            if time.monotonic() > end:
                self.fail(f'{path} never became {expected}: {document}')
            await asyncio.sleep(0.01)


def raw(origin: str, uri: str) -> yarl.URL:
    """A URI to ask for as it is written, percent-encoded or not."""
    return yarl.URL(uri if '://' in uri else f'{origin}{uri}', encoded=True)
