# SPDX-License-Identifier: Apache-2.0
"""A client of the simulated DMTF composition service."""

from __future__ import annotations

import asyncio

from valence_simulator.tests import base

ROOT = '/redfish/v1'
SYSTEMS = f'{ROOT}/Systems'
SERVICE = f'{ROOT}/CompositionService'
BLOCKS = f'{SERVICE}/ResourceBlocks'


def links(*blocks: str) -> dict:
    return {'ResourceBlocks': [{'@odata.id': f'{BLOCKS}/{b}'} for b in blocks]}


class RedfishTestCase(base.SimulatorTestCase):
    arguments = ('--personality', 'redfish', '--systems', '10')

    async def finish(self, answer: tuple) -> tuple:
        """Follow the task monitor of a 202 to the answer of the work."""
        status, body, headers = answer
        while status == 202:
            await asyncio.sleep(0.01)
            monitor = headers['Location']
            status, body, headers = await self.request('GET', monitor)
        return status, body, headers

    async def compose(self, *blocks: str, name: str = 'n') -> str:
        answer = await self.post(
            SYSTEMS, {'Name': name, 'Links': links(*blocks)}
        )
        status, body, headers = await self.finish(answer)
        self.assertEqual(201, status, body)
        return headers['Location']

    async def refused(self, status: int, key: str, answer: tuple) -> None:
        got, body, _ = await self.finish(answer)
        self.assertEqual(status, got, body)
        self.assertEqual(key, body['error']['code'].rsplit('.', 1)[1])

    async def block(self, block: str) -> dict:
        return await self.get(f'{BLOCKS}/{block}')

    async def state_of(self, block: str) -> tuple[str, str]:
        shown = await self.block(block)
        return shown['CompositionStatus']['CompositionState'], shown['Pool']
