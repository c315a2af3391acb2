# SPDX-License-Identifier: Apache-2.0
"""Specific composition, and what composed systems support."""

from __future__ import annotations

from valence_simulator.tests.redfish import BLOCKS
from valence_simulator.tests.redfish import ROOT
from valence_simulator.tests.redfish import SYSTEMS
from valence_simulator.tests.redfish import RedfishTestCase
from valence_simulator.tests.redfish import links


class SpecificTestCase(RedfishTestCase):
    async def test_life_of_a_system(self):
        body = {
            'Name': 'web',
            'Description': 'uuid',
            'Links': links('compute-2', 'storage-2-1'),
        }
        await self.options(compose_seconds=60)
        status, task, headers = await self.post(SYSTEMS, body)
        self.assertEqual((202, 'Running'), (status, task['TaskState']))
        self.assertEqual(task['TaskMonitor'], headers['Location'])
        self.assertEqual('Composing', (await self.state_of('compute-2'))[0])
        await self.control('finish')
        status, system, headers = await self.finish((status, task, headers))
        self.assertEqual(201, status)
        uri = headers['Location']
        self.assertEqual(
            ('web', 'uuid', 'Composed', 24, 64),
            (
                system['Name'],
                system['Description'],
                system['SystemType'],
                system['ProcessorSummary']['CoreCount'],
                system['MemorySummary']['TotalSystemMemoryGiB'],
            ),
        )
        self.assertEqual(
            ('Composed', 'Active'), await self.state_of('compute-2')
        )
        storage = await self.get(f'{uri}/Storage/storage-2-1')
        await self.get(storage['Drives'][0]['@odata.id'])
        done = await self.get(task['@odata.id'])
        self.assertEqual('Completed', done['TaskState'])
        status, _, _ = await self.finish(await self.request('DELETE', uri))
        self.assertEqual(204, status)
        self.assertEqual(('Unused', 'Free'), await self.state_of('compute-2'))
        self.assertEqual(404, (await self.request('GET', uri))[0])

    async def test_refusals(self):
        await self.compose('compute-1')

        async def post(*blocks, **more):
            body = {'Name': 'n', 'Links': links(*blocks), **more}
            return await self.post(SYSTEMS, body)

        await self.refused(409, 'ResourceBlockInUse', await post('compute-1'))
        await self.refused(400, 'ResourceBlockNotFound', await post('x'))
        await self.refused(
            400, 'GeneralError', await post('compute-2', 'compute-3')
        )
        await self.refused(400, 'GeneralError', await post('storage-2-1'))
        await self.refused(
            400, 'PropertyUnknown', await post('compute-2', Colour='red')
        )
        await self.refused(
            400,
            'PropertyMissing',
            await self.post(SYSTEMS, {'Links': links('compute-2')}),
        )
        await self.request(
            'PATCH',
            f'/_simulator/resources{BLOCKS}/compute-3',
            json={'CompositionStatus': {'CompositionState': 'Failed'}},
        )
        await self.refused(
            400, 'ResourceBlockInvalid', await post('compute-3')
        )
        self.assertEqual(1, len((await self.get(SYSTEMS))['Members']))

    async def test_a_task_that_fails_or_is_cancelled(self):
        await self.order(path=SYSTEMS, fault='fail-task', count=1)
        answer = await self.post(
            SYSTEMS, {'Name': 'n', 'Links': links('compute-1')}
        )
        await self.refused(500, 'InternalError', answer)
        task = await self.get(answer[1]['@odata.id'])
        self.assertEqual(
            ('Exception', 'Critical'), (task['TaskState'], task['TaskStatus'])
        )
        self.assertEqual(1, len(task['Messages']))
        self.assertEqual(('Unused', 'Free'), await self.state_of('compute-1'))
        self.server.personality.options.compose_seconds = 60
        _, task, headers = await self.post(
            SYSTEMS, {'Name': 'n', 'Links': links('compute-1')}
        )
        await self.request('DELETE', headers['Location'])
        self.assertEqual('Unused', (await self.state_of('compute-1'))[0])
        task = await self.get(task['@odata.id'])
        self.assertEqual('Cancelled', task['TaskState'])

    async def test_etags(self):
        uri = f'{BLOCKS}/compute-1'
        body = {'CompositionStatus': {'Reserved': True}}
        _, block, headers = await self.request('GET', uri)
        self.assertEqual(block['@odata.etag'], headers['ETag'])
        status, _, _ = await self.request(
            'GET', uri, headers={'If-None-Match': headers['ETag']}
        )
        self.assertEqual(304, status)
        for etag, status in (
            ('W/"x"', 412),
            (headers['ETag'], 200),
            (headers['ETag'], 412),
            ('*', 200),
        ):
            got, _, _ = await self.request(
                'PATCH', uri, json=body, headers={'If-Match': etag}
            )
            self.assertEqual(status, got)
        self.server.personality.options.require_etag = True
        got, _, _ = await self.request('PATCH', uri, json=body)
        self.assertEqual(428, got)
        # A note between clients does not prevent composing.
        await self.compose('compute-1')

    async def test_blocks_are_added_and_removed(self):
        uri = await self.compose('compute-1')
        system = await self.get(uri)
        add = system['Actions']['#ComputerSystem.AddResourceBlock']['target']
        remove = add.replace('Add', 'Remove')
        block = {'@odata.id': f'{BLOCKS}/storage-2-1'}
        body = {
            'ResourceBlock': block,
            'ComputerSystemETag': system['@odata.etag'],
        }
        wrong = {**body, 'ResourceBlockETag': 'W/"x"'}
        self.assertEqual(428, (await self.post(add, wrong))[0])
        status, _, _ = await self.finish(await self.post(add, body))
        self.assertEqual(204, status)
        system = await self.get(uri)
        self.assertIn(block, system['Links']['ResourceBlocks'])
        await self.get(f'{uri}/Storage/storage-2-1')
        self.assertEqual(428, (await self.post(add, body))[0])
        status, _, _ = await self.finish(
            await self.post(remove, {'ResourceBlock': block})
        )
        self.assertEqual(204, status)
        self.assertEqual(
            ('Unused', 'Free'), await self.state_of('storage-2-1')
        )
        compute = {'ResourceBlock': {'@odata.id': f'{BLOCKS}/compute-1'}}
        self.assertEqual(409, (await self.post(remove, compute))[0])

    async def test_decommission(self):
        uri = await self.compose('compute-1')
        action = (await self.get(uri))['Actions'][
            '#ComputerSystem.Decommission'
        ]
        body = {'DecommissionTypes': ['UserData'], 'RequireSecureErase': True}

        async def erased() -> bool:
            (block,) = (
                b
                for b in (await self.state())['blocks']
                if b['uri'] == f'{BLOCKS}/compute-1'
            )
            return block['erased']

        self.assertFalse(await erased())
        answer = await self.post(action['target'], body)
        self.assertEqual(204, (await self.finish(answer))[0])
        self.assertTrue(await erased())
        for wrong in ({}, {'DecommissionTypes': ['Roof']}):
            status, _, _ = await self.post(action['target'], wrong)
            self.assertEqual(400, status)
        self.server.personality.options.secure_erase = False
        status, _, _ = await self.post(action['target'], body)
        self.assertEqual(501, status)

    async def test_patch_of_the_blocks(self):
        uri = await self.compose('compute-1', 'storage-1-1')
        places = [{}, None, {'@odata.id': f'{BLOCKS}/storage-3-1'}]
        status, system, _ = await self.request(
            'PATCH', uri, json={'Links': {'ResourceBlocks': places}}
        )
        self.assertEqual(200, status)
        self.assertEqual(
            links('compute-1', 'storage-3-1')['ResourceBlocks'],
            system['Links']['ResourceBlocks'],
        )
        self.assertEqual('Unused', (await self.state_of('storage-1-1'))[0])

    async def test_capabilities(self):
        systems = await self.get(SYSTEMS)
        shown = systems['@Redfish.CollectionCapabilities']['Capabilities']
        self.assertEqual(
            [
                'ComputerSystemComposition',
                'ComputerSystemConstrainedComposition',
            ],
            [capability['UseCase'] for capability in shown],
        )
        specific = await self.get(shown[0]['CapabilitiesObject']['@odata.id'])
        self.assertIs(True, specific['Name@Redfish.RequiredOnCreate'])
        limits = specific['@Redfish.ResourceBlockLimits']
        self.assertEqual(1, limits['MaxCompute'])

    async def test_queries(self):
        page = await self.get(f'{BLOCKS}?$top=3&$skip=2')
        self.assertEqual(3, len(page['Members']))
        self.assertNotIn('Members@odata.nextLink', page)
        one = await self.get(f'{BLOCKS}/compute-1?$select=Pool,Id')
        self.assertNotIn('Name', one)
        self.assertEqual('Free', one['Pool'])
        only = await self.get(f'{ROOT}/Managers?only')
        self.assertEqual('composer', only['Id'])
        for query in ('$filter=a', '$nonsense=1'):
            status, _, _ = await self.request('GET', f'{BLOCKS}?{query}')
            self.assertEqual(501, status)

    async def test_events(self):
        async with self.session.get(
            f'{ROOT}/EventService/SSE',
            params={'$filter': "RegistryPrefix eq 'TaskEvent'"},
        ) as stream:
            await stream.content.readuntil(b'\n\n')
            await self.compose('compute-1')
            for key in (b'TaskStarted', b'TaskCompletedOK'):
                self.assertIn(key, await stream.content.readuntil(b'\n\n'))
