# SPDX-License-Identifier: Apache-2.0
"""Clients that do not wait for each other."""

from __future__ import annotations

import asyncio

from valence_simulator.tests.redfish import RedfishTestCase
from valence_simulator.tests.redfish import links

BLOCKS = '/redfish/v1/CompositionService/ResourceBlocks'


class RudeTestCase(RedfishTestCase):
    arguments = ('--personality', 'redfish', '--systems', '4')

    def change(self, uri: str, verb: str, block: str):
        return self.post(
            f'{uri}/Actions/ComputerSystem.{verb}ResourceBlock',
            {'ResourceBlock': {'@odata.id': f'{BLOCKS}/{block}'}},
        )

    async def settled(self) -> dict:
        """The state, once no task is running any more."""
        for _ in range(500):
            state = await self.state()
            if all(task['state'] != 'Running' for task in state['tasks']):
                return state
            await asyncio.sleep(0.01)
        self.fail(f'a task never ends: {state["tasks"]}')

    async def test_a_block_is_removed_twice(self):
        uri = await self.compose('compute-1', 'storage-1-1')
        await self.options(compose_seconds=60)
        for status, _, _ in await asyncio.gather(
            *(self.change(uri, 'Remove', 'storage-1-1') for _ in range(3))
        ):
            self.assertEqual(202, status)
        await self.control('finish')
        state = await self.settled()
        self.assertEqual([f'{BLOCKS}/compute-1'], state['nodes'][0]['parts'])

    async def test_a_system_goes_while_it_is_changed(self):
        uri = await self.compose('compute-1', 'storage-1-1')
        await self.options(compose_seconds=60, release_seconds=60)
        await asyncio.gather(
            self.request('DELETE', uri),
            self.change(uri, 'Add', 'storage-2-1'),
            self.change(uri, 'Remove', 'storage-1-1'),
            self.request('DELETE', uri),
        )
        await self.control('finish')
        state = await self.settled()
        self.assertEqual([], state['nodes'])
        self.assertEqual({'Unused'}, {b['state'] for b in state['blocks']})
        for path in (uri, f'{uri}/Processors'):
            status, _, _ = await self.request('GET', path)
            self.assertEqual(404, status)


class RudeWithoutTasksTestCase(RedfishTestCase):
    arguments = ('--personality', 'redfish', '--systems', '4', '--no-tasks')

    async def test_a_system_goes_while_it_is_changed(self):
        uri = await self.compose('compute-1', 'storage-1-1')
        (deleted, _, _), _ = await asyncio.gather(
            self.request('DELETE', uri),
            self.post(
                f'{uri}/Actions/ComputerSystem.AddResourceBlock',
                {'ResourceBlock': {'@odata.id': f'{BLOCKS}/storage-2-1'}},
            ),
        )
        self.assertEqual(204, deleted)
        state = await self.state()
        self.assertEqual([], state['nodes'])
        self.assertEqual({'Unused'}, {b['state'] for b in state['blocks']})


class RudeExpandableTestCase(RedfishTestCase):
    arguments = (
        *('--personality', 'redfish', '--systems', '2'),
        *('--expandable', '1', '--no-tasks'),
    )

    async def test_permanent_system_is_composed_by_added_blocks(self):
        (uri,) = [node['uri'] for node in (await self.state())['nodes']]

        async def shown() -> tuple[str, str]:
            system = await self.get(uri)
            return system['SystemType'], (await self.state_of('compute-1'))[0]

        self.assertEqual(('Physical', 'Unused'), await shown())
        # It cannot be composed, though.
        await self.refused(
            409,
            'ResourceBlockInUse',
            await self.post(
                '/redfish/v1/Systems',
                {'Name': 'n', 'Links': links('compute-1')},
            ),
        )
        for verb, expected in (
            ('Add', ('Composed', 'Composed')),
            ('Remove', ('Physical', 'Unused')),
        ):
            await self.post(
                f'{uri}/Actions/ComputerSystem.{verb}ResourceBlock',
                {'ResourceBlock': {'@odata.id': f'{BLOCKS}/storage-1-1'}},
            )
            self.assertEqual(expected, await shown())
