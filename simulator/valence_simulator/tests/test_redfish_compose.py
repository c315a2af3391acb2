# SPDX-License-Identifier: Apache-2.0
"""Composing on the simulated DMTF composition service."""

from __future__ import annotations

import asyncio

from valence_simulator.tests import base

ROOT = '/redfish/v1'
SYSTEMS = f'{ROOT}/Systems'
SERVICE = f'{ROOT}/CompositionService'
BLOCKS = f'{SERVICE}/ResourceBlocks'
COMPOSE = f'{SERVICE}/Actions/CompositionService.Compose'
COUNT = '@Redfish.RequestedCount'
OVER = '@Redfish.AllowOverprovisioning'


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
        # A note between clients keeps nobody from composing.
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


class ConstrainedTestCase(RedfishTestCase):
    arguments = (
        *('--personality', 'redfish', '--systems', '10'),
        *('--systems-per-rack', '5'),
    )

    async def ask(self, **body) -> tuple:
        return await self.post(SYSTEMS, {'Name': 'n', **body})

    async def test_the_smallest_that_fits(self):
        status, system, _ = await self.finish(
            await self.ask(
                Processors={'Members': [{COUNT: 2, 'TotalCores': 10}]},
                Memory={'Members': [{COUNT: 2, 'CapacityMiB': 8192}]},
                Storage={
                    'Members': [
                        {
                            COUNT: 1,
                            'Drives': [
                                {COUNT: 2, 'CapacityBytes': 500 * 10**9}
                            ],
                        }
                    ]
                },
                EthernetInterfaces={
                    'Members': [{COUNT: 2, 'SpeedMbps': 10000}]
                },
            )
        )
        self.assertEqual(201, status, system)
        used = [
            link['@odata.id'].rsplit('/', 1)[1]
            for link in system['Links']['ResourceBlocks']
        ]
        self.assertEqual('compute-2', used[0])
        kinds = sorted(block.split('-')[0] for block in used[1:])
        self.assertEqual(['network', 'shared', 'shared'], kinds)

    async def test_no_match_and_overprovisioning(self):
        three = {COUNT: 3, 'TotalCores': 1}
        await self.refused(
            409,
            'NoResourceMatch',
            await self.ask(Processors={'Members': [three]}),
        )
        one = {COUNT: 1, 'TotalCores': 24}
        await self.refused(
            409,
            'NoResourceMatch',
            await self.ask(Processors={'Members': [one]}),
        )
        status, system, _ = await self.finish(
            await self.ask(Processors={'Members': [{**one, OVER: True}]})
        )
        self.assertEqual(201, status, system)
        gpu = {COUNT: 1, 'ProcessorType': 'GPU'}
        status, system, _ = await self.finish(
            await self.ask(Processors={'Members': [gpu]})
        )
        self.assertEqual(201, status, system)
        self.assertIn(
            {'@odata.id': f'{BLOCKS}/gpu-9'},
            system['Links']['ResourceBlocks'],
        )

    async def test_zones(self):
        body = {'Name': 'n', 'Links': links('compute-1', 'storage-6-1')}
        await self.refused(
            400, 'IncompatibleZone', await self.post(SYSTEMS, body)
        )
        status, system, _ = await self.finish(
            await self.ask(
                Processors={'Members': [{COUNT: 2}]},
                **{'@Redfish.ZoneAffinity': 'zone-2'},
            )
        )
        self.assertEqual(201, status)
        block = system['Links']['ResourceBlocks'][0]['@odata.id']
        zones = (await self.get(block))['Links']['Zones']
        self.assertEqual(
            [{'@odata.id': f'{SERVICE}/ResourceZones/zone-2'}], zones
        )

    async def test_bad_requests(self):
        for body in (
            {'Processors': {}},
            {'Processors': {'Members': [{}]}},
            {'Processors': {'Members': [{COUNT: '1'}]}},
            {'Processors': {'Members': [{COUNT: 1, 'Colour': 'red'}]}},
            {'Storage': {'Members': [{COUNT: 1}]}},
            {'Storage': {'Members': [{COUNT: 1, 'Drives': [None]}]}},
            {'Memory': {'Members': []}, '@Redfish.ZoneAffinity': {}},
            {'Links': links('compute-1'), 'Memory': {'Members': []}},
        ):
            status, answer, _ = await self.ask(**body)
            self.assertEqual(400, status, answer)


class ManifestTestCase(RedfishTestCase):
    def manifest(self, *stanzas, **more) -> dict:
        return {
            'RequestFormat': 'Manifest',
            'RequestType': 'Apply',
            'Manifest': {'Stanzas': list(stanzas)},
            **more,
        }

    def stanza(self, *blocks: str) -> dict:
        return {
            'StanzaType': 'ComposeSystem',
            'StanzaId': blocks[0],
            'Request': {'Links': links(*blocks)},
        }

    async def test_all_or_nothing(self):
        status, body, _ = await self.finish(
            await self.post(
                COMPOSE,
                self.manifest(
                    self.stanza('compute-1'), self.stanza('compute-2')
                ),
            )
        )
        self.assertEqual(200, status, body)
        uris = [
            stanza['Response']['@odata.id']
            for stanza in body['Manifest']['Stanzas']
        ]
        self.assertEqual(2, len(uris))
        await self.refused(
            409,
            'ResourceBlockInUse',
            await self.post(
                COMPOSE,
                self.manifest(
                    self.stanza('compute-3'), self.stanza('compute-1')
                ),
            ),
        )
        self.assertEqual('Unused', (await self.state_of('compute-3'))[0])
        gone = {
            'StanzaType': 'DecomposeSystem',
            'StanzaId': 'x',
            'Request': {
                'Links': {'ComputerSystems': [{'@odata.id': uris[0]}]}
            },
        }
        status, body, _ = await self.finish(
            await self.post(
                COMPOSE, self.manifest(gone, self.stanza('compute-3'))
            )
        )
        self.assertEqual(200, status, body)
        self.assertEqual(404, (await self.request('GET', uris[0]))[0])

    async def test_preview_and_reservation(self):
        body = self.manifest(self.stanza('compute-1'))
        status, answer, _ = await self.post(
            COMPOSE, {**body, 'RequestType': 'Preview'}
        )
        self.assertEqual(200, status, answer)
        self.assertEqual([], (await self.get(SYSTEMS))['Members'])
        status, answer, _ = await self.post(
            COMPOSE, {**body, 'RequestType': 'PreviewReserve'}
        )
        held = answer['ReservationId']
        await self.get(f'{SERVICE}/CompositionReservations/{held}')
        await self.refused(
            409,
            'SpecifiedResourceAlreadyReserved',
            await self.post(
                SYSTEMS, {'Name': 'n', 'Links': links('compute-1')}
            ),
        )
        status, answer, _ = await self.finish(
            await self.post(COMPOSE, {**body, 'ReservationId': held})
        )
        self.assertEqual(200, status, answer)
        reservations = f'{SERVICE}/CompositionReservations'
        self.assertEqual([], (await self.get(reservations))['Members'])

    async def test_reservations_end(self):
        body = self.manifest(
            self.stanza('compute-1'), RequestType='PreviewReserve'
        )
        _, answer, _ = await self.post(COMPOSE, body)
        uri = f'{SERVICE}/CompositionReservations/{answer["ReservationId"]}'
        self.assertEqual(204, (await self.request('DELETE', uri))[0])
        self.server.personality.options.reservation_seconds = 0.01
        await self.post(COMPOSE, body)
        await asyncio.sleep(0.05)
        await self.compose('compute-1')

    async def test_careless(self):
        self.server.personality.options.careless = True
        body = self.manifest(
            self.stanza('compute-1'),
            self.stanza('compute-1'),
            RequestType='Preview',
        )
        self.assertEqual(409, (await self.post(COMPOSE, body))[0])
        self.assertEqual(1, len((await self.get(SYSTEMS))['Members']))

    async def test_bad_manifests(self):
        good = self.manifest(self.stanza('compute-1'))
        for key, body in (
            ('PropertyMissing', {'RequestFormat': 'Manifest'}),
            ('PropertyValueNotInList', {**good, 'RequestType': 'Maybe'}),
            ('PropertyValueTypeError', {**good, 'ReservationId': []}),
            ('EmptyManifest', self.manifest()),
            ('EmptyManifest', self.manifest({'StanzaType': 'ComposeSystem'})),
            (
                'UnableToProcessStanzaRequest',
                self.manifest({'StanzaType': 'OEM', 'Request': {'a': 1}}),
            ),
        ):
            await self.refused(400, key, await self.post(COMPOSE, body))


class VariantsTestCase(RedfishTestCase):
    arguments = (
        *('--personality', 'redfish', '--systems', '4'),
        *('--expandable', '2', '--no-tasks', '--no-preview', '--no-etags'),
        *('--capabilities-on', 'zones'),
    )

    async def test_expandable_systems(self):
        uri = f'{SYSTEMS}/1'
        system = await self.get(uri)
        self.assertEqual(
            ['ExpandableSystem'], system['Composition']['UseCases']
        )
        status, _, headers = await self.request('DELETE', uri)
        self.assertEqual(405, status)
        self.assertNotIn('DELETE', headers['Allow'])
        status, _, _ = await self.post(
            f'{uri}/Actions/ComputerSystem.AddResourceBlock',
            {'ResourceBlock': {'@odata.id': f'{BLOCKS}/storage-1-1'}},
        )
        self.assertEqual(204, status)

    async def test_no_tasks_no_etags_no_preview(self):
        status, _, headers = await self.post(
            SYSTEMS, {'Name': 'n', 'Links': links('compute-3')}
        )
        self.assertEqual(201, status)
        self.assertNotIn('ETag', headers)
        info = await self.get(f'{SERVICE}/ComposeActionInfo')
        types = {p['Name']: p for p in info['Parameters']}['RequestType']
        self.assertEqual(['Apply'], types['AllowableValues'])

    async def test_capabilities_are_on_the_zones(self):
        self.assertNotIn(
            '@Redfish.CollectionCapabilities', await self.get(SYSTEMS)
        )
        zone = await self.get(f'{SERVICE}/ResourceZones/zone-1')
        shown = zone['@Redfish.CollectionCapabilities']['Capabilities'][0]
        self.assertEqual(
            [{'@odata.id': zone['@odata.id']}], shown['Links']['RelatedItem']
        )


class ExpansionBoxTestCase(RedfishTestCase):
    arguments = (
        *('--personality', 'redfish', '--systems', '2'),
        *('--expandable', '2', '--no-composition-service', '--no-tasks'),
    )

    async def test_blocks_are_on_the_root(self):
        root = await self.get(ROOT)
        self.assertNotIn('CompositionService', root)
        blocks = await self.get(root['ResourceBlocks']['@odata.id'])
        self.assertIn(
            {'@odata.id': f'{BLOCKS}/storage-1-1'}, blocks['Members']
        )
        self.assertEqual(405, (await self.post(SYSTEMS, {'Name': 'n'}))[0])
        status, system, _ = await self.request(
            'PATCH',
            f'{SYSTEMS}/1',
            json={
                'Links': {
                    'ResourceBlocks': [
                        {},
                        *links('storage-1-1')['ResourceBlocks'],
                    ]
                }
            },
        )
        self.assertEqual(200, status, system)
        self.assertEqual(2, len(system['Links']['ResourceBlocks']))
