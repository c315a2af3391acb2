# SPDX-License-Identifier: Apache-2.0
"""Composing nodes on the simulated RSD pod manager."""

from __future__ import annotations

from valence_simulator.tests import base

ROOT = '/redfish/v1'
ALLOCATE = f'{ROOT}/Nodes/Actions/Allocate'


class ComposeTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '10')

    async def allocate(self, **body) -> str:
        status, document, headers = await self.post(ALLOCATE, body)
        self.assertEqual(201, status, document)
        return headers['Location']

    async def refused(self, status: int, **body) -> str:
        """Allocate what the pod manager rejects; return the messages."""
        got, document, _ = await self.post(ALLOCATE, body)
        self.assertEqual(status, got, document)
        info = document['error']['@Message.ExtendedInfo']
        return ' '.join(entry['Message'] for entry in info)

    async def assemble(self, **body) -> str:
        node = await self.allocate(**body)
        await self.wait_for(node, ComposedNodeState='Allocated')
        status, _, _ = await self.post(f'{node}/Actions/ComposedNode.Assemble')
        self.assertEqual(204, status)
        await self.wait_for(node, ComposedNodeState='Assembled')
        return node

    async def test_a_node_that_is_being_allocated(self):
        self.server.personality.options.compose_seconds = 60
        uri = await self.allocate(Name='web', Description='uuid')
        node = await self.get(uri)
        self.assertEqual(
            ('web', 'uuid', 'Allocating'),
            (node['Name'], node['Description'], node['ComposedNodeState']),
        )
        status, _, _ = await self.post(f'{uri}/Actions/ComposedNode.Assemble')
        self.assertEqual(409, status)

    async def test_life_of_a_node(self):
        uri = await self.allocate(Name='web', Description='uuid')
        await self.wait_for(uri, ComposedNodeState='Allocated')
        await self.post(f'{uri}/Actions/ComposedNode.Assemble')
        await self.wait_for(
            uri, ComposedNodeState='Assembled', PowerState='On'
        )
        status, _, _ = await self.post(
            f'{uri}/Actions/ComposedNode.Reset', {'ResetType': 'ForceOff'}
        )
        self.assertEqual(204, status)
        node = await self.get(uri)
        system = node['Links']['ComputerSystem']['@odata.id']
        self.assertEqual('Off', node['PowerState'])
        self.assertEqual('Off', (await self.get(system))['PowerState'])
        status, _, _ = await self.request('DELETE', uri)
        self.assertEqual(204, status)
        self.assertEqual(404, (await self.request('GET', uri))[0])
        nodes = await self.get(f'{ROOT}/Nodes')
        self.assertEqual([], nodes['Members'])
        state = await self.state()
        self.assertEqual(
            {'Allocate': 1, 'Assemble': 1, 'Reset': 1, 'DELETE': 1},
            state['executed'],
        )

    async def test_taken_systems_are_not_given_again(self):
        taken = set()
        for _ in range(10):
            node = await self.get(await self.allocate())
            taken.add(node['Links']['ComputerSystem']['@odata.id'])
        self.assertEqual(10, len(taken))
        self.assertIn('available: 0', await self.refused(409))

    async def test_all_parts_are_in_one_system(self):
        uri = await self.allocate(
            Processors=[{'TotalCores': 20}, {'TotalCores': 20}],
            Memory=[{'CapacityMiB': 100000}],
            LocalDrives=[{'Interface': 'NVMe', 'CapacityGiB': 1000}] * 2,
            EthernetInterfaces=[{'SpeedMbps': 25000}] * 2,
            TotalSystemCoreCount=40,
        )
        links = (await self.get(uri))['Links']
        system = await self.get(links['ComputerSystem']['@odata.id'])
        self.assertEqual('Simulated large server', system['Model'])
        self.assertEqual(2, len(links['Processors']))

    async def test_counts_after_each_filter(self):
        messages = await self.refused(
            409,
            Processors=[{'TotalCores': 12}],
            Memory=[{'CapacityMiB': 2**20}],
        )
        self.assertIn('available: 10', messages)
        self.assertIn(
            'processors: 6 -> memory: 0 -> local drives: 0', messages
        )
        messages = await self.refused(409, EthernetInterfaces=[{}] * 5)
        self.assertIn('local drives: 10 -> ethernet interfaces: 0', messages)
        messages = await self.refused(409, Security={'TxtEnabled': True})
        self.assertIn('attributes: 10 -> security: 0', messages)

    async def test_pins(self):
        system = f'{ROOT}/Systems/system-6'
        pinned = {'Resource': {'@odata.id': f'{system}/Processors/cpu-2'}}
        node = await self.get(await self.allocate(Processors=[pinned]))
        self.assertEqual(
            {'@odata.id': system}, node['Links']['ComputerSystem']
        )
        self.assertIn(
            'resource: 0', await self.refused(409, Processors=[pinned])
        )
        sled = {'Chassis': {'@odata.id': f'{ROOT}/Chassis/sled-10'}}
        node = await self.get(await self.allocate(Memory=[sled]))
        self.assertEqual(
            {'@odata.id': f'{ROOT}/Systems/system-10'},
            node['Links']['ComputerSystem'],
        )
        self.assertIn('chassis: 0', await self.refused(409, Memory=[sled]))
        nowhere = {'Resource': {'@odata.id': f'{ROOT}/Systems/x'}}
        await self.refused(400, Processors=[nowhere])

    async def test_bad_bodies_name_the_property(self):
        cases = (
            ({'Colour': 'red'}, 'Colour'),
            ({'Name': 5}, 'Name'),
            ({'Processors': {}}, 'Processors'),
            ({'Processors': [{'TotalCores': '8'}]}, 'Processors/0/TotalCores'),
            ({'Memory': [{'CapacityMiB': True}]}, 'Memory/0/CapacityMiB'),
            ({'LocalDrives': [{'Type': 'TAPE'}]}, 'LocalDrives/0/Type'),
            ({'LocalDrives': [{'Resource': {}}]}, '@odata.id'),
            (
                {'EthernetInterfaces': [{'VLANs': [{'VLANId': 170}]}]},
                'EthernetInterfaces/0/VLANs/0/VLANId',
            ),
            ({'RemoteDrives': [{'CapacityGiB': 80}]}, 'remote drive'),
        )
        for body, name in cases:
            with self.subTest(body):
                self.assertIn(name, await self.refused(400, **body))
        for data in (b'{', b'[]', b'[' * 100000):
            status, _, _ = await self.request('POST', ALLOCATE, data=data)
            self.assertEqual(400, status)

    async def test_attach_and_detach(self):
        uri = await self.assemble(RemoteDrives=[])
        node = await self.get(uri)
        attach = node['Actions']['#ComposedNode.AttachResource']
        detach = node['Actions']['#ComposedNode.DetachResource']
        info = await self.get(attach['@Redfish.ActionInfo'])
        resource = info['Parameters'][0]['AllowableValues'][0]
        status, _, _ = await self.post(
            attach['target'], {'Resource': resource, 'Protocol': 'PCIe'}
        )
        self.assertEqual(204, status)
        self.assertIn(resource, (await self.get(uri))['Links']['Storage'])
        info = await self.get(attach['@Redfish.ActionInfo'])
        self.assertNotIn(resource, info['Parameters'][0]['AllowableValues'])
        status, _, _ = await self.post(
            attach['target'], {'Resource': resource}
        )
        self.assertEqual(409, status)
        info = await self.get(detach['@Redfish.ActionInfo'])
        self.assertEqual([resource], info['Parameters'][0]['AllowableValues'])
        status, _, _ = await self.post(
            detach['target'], {'Resource': resource}
        )
        self.assertEqual(204, status)
        self.assertNotIn(resource, (await self.get(uri))['Links']['Storage'])

    async def test_remote_drives(self):
        volume = {'@odata.id': f'{ROOT}/StorageServices/1/Volumes/volume-1'}
        uri = await self.allocate(
            RemoteDrives=[
                {'Resource': volume},
                {'CapacityGiB': 10, 'Protocol': 'NVMeOverFabrics'},
            ]
        )
        storage = (await self.get(uri))['Links']['Storage']
        self.assertIn(volume, storage)
        made = f'{ROOT}/StorageServices/1/Volumes/made-1'
        self.assertIn({'@odata.id': made}, storage)
        self.assertEqual(10 * 2**30, (await self.get(made))['CapacityBytes'])
        await self.refused(409, RemoteDrives=[{'Resource': volume}])
        await self.request('DELETE', uri)
        self.assertEqual(404, (await self.request('GET', made))[0])
        await self.allocate(RemoteDrives=[{'Resource': volume}])

    async def test_patch(self):
        uri = await self.assemble()
        boot = {
            'BootSourceOverrideEnabled': 'Once',
            'BootSourceOverrideTarget': 'Pxe',
        }
        status, node, _ = await self.request(
            'PATCH', uri, json={'Boot': boot, 'ClearTPMOnDelete': False}
        )
        self.assertEqual(200, status)
        self.assertEqual('Pxe', node['Boot']['BootSourceOverrideTarget'])
        self.assertIs(False, node['ClearTPMOnDelete'])
        for body in (
            {'Boot': {'BootSourceOverrideTarget': 'Tape'}},
            {'Name': 'x'},
            {'Boot': None},
            {'Oem': None},
            {'Oem': {'Intel_RackScale': {'TaggedValues': 1}}},
        ):
            status, _, _ = await self.request('PATCH', uri, json=body)
            self.assertEqual(400, status, body)

    async def test_hardware_that_vanishes(self):
        uri = await self.assemble()
        system = (await self.get(uri))['Links']['ComputerSystem']['@odata.id']
        status, _, _ = await self.request(
            'DELETE', f'/_simulator/resources{system}'
        )
        self.assertEqual(204, status)
        await self.wait_for(uri, ComposedNodeState='Failed')
        status, _, headers = await self.request('DELETE', uri)
        self.assertEqual((503, '30'), (status, headers['Retry-After']))
        status, _, _ = await self.post(
            f'{uri}/Actions/ComposedNode.ForceDelete'
        )
        self.assertEqual(204, status)
        self.assertEqual(404, (await self.request('GET', uri))[0])

    async def test_sick_systems_are_not_given(self):
        system = f'{ROOT}/Systems/system-1'
        await self.request(
            'PATCH',
            f'/_simulator/resources{system}',
            json={'Status': {'Health': 'Critical'}},
        )
        messages = await self.refused(409, TotalSystemCoreCount=1000)
        self.assertIn('online: 10 -> status: 9', messages)

    async def test_restart_and_failure(self):
        await self.order(
            path=ALLOCATE, fault='fail-task', value='No luck', count=1
        )
        uri = await self.allocate()
        await self.wait_for(uri, ComposedNodeState='Failed')
        await self.request(
            'PATCH',
            f'/_simulator/resources{uri}',
            json={'ComposedNodeState': 'PoweredOff'},
        )
        node = await self.get(uri)
        self.assertEqual('PoweredOff', node['ComposedNodeState'])
        self.server.personality.options.compose_seconds = 60
        uri = await self.allocate()
        await self.post('/_simulator/restart')
        await self.wait_for(uri, ComposedNodeState='Failed')


class OldVersionTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '2', '--rsd-version', '2.1')

    async def test_endpoints_are_attached(self):
        status, node, _ = await self.post(ALLOCATE, {})
        self.assertEqual(201, status)
        uri = node['@odata.id']
        await self.wait_for(uri, ComposedNodeState='Allocated')
        await self.post(f'{uri}/Actions/ComposedNode.Assemble')
        await self.wait_for(uri, ComposedNodeState='Assembled')
        self.assertNotIn('#ComposedNode.AttachResource', node['Actions'])
        action = node['Actions']['#ComposedNode.AttachEndpoint']
        resource = action['Resource@Redfish.AllowableValues'][0]
        status, _, _ = await self.post(
            action['target'], {'Resource': resource, 'CapacityGiB': 80}
        )
        self.assertEqual(204, status)
        links = (await self.get(uri))['Links']
        self.assertEqual([resource], links['RemoteDrives'])
