# SPDX-License-Identifier: Apache-2.0
"""Values that machines report."""

from __future__ import annotations

from valence_simulator.tests import base
from valence_simulator.tests.redfish import RedfishTestCase
from valence_simulator.tests.test_rsd_inventory import links_of

ROOT = '/redfish/v1'
SYSTEMS = f'{ROOT}/Systems'
CHASSIS = f'{ROOT}/Chassis'
ALLOCATE = f'{ROOT}/Nodes/Actions/Allocate'
BLOCKS = f'{ROOT}/CompositionService/ResourceBlocks'


class Mixin:
    """What holds wherever a system has NICs."""

    #: A system with more than one NIC.
    system = ''

    async def members(self, uri: str) -> list[dict]:
        collection = await self.get(uri)
        return [await self.get(m['@odata.id']) for m in collection['Members']]

    async def macs(self) -> list[str | None]:
        system = await self.get(self.system)
        nics = await self.members(system['EthernetInterfaces']['@odata.id'])
        return [nic['MACAddress'] for nic in nics]

    async def test_macs(self):
        plain = await self.macs()
        self.assertGreater(len(plain), 1)
        for form, shown in (
            ('hyphens', [mac.replace(':', '-') for mac in plain]),
            ('bare', [mac.replace(':', '') for mac in plain]),
            ('unavailable', ['Not Available'] * (len(plain) - 1) + plain[-1:]),
            ('null', [None] * (len(plain) - 1) + plain[-1:]),
        ):
            await self.options(macs=form)
            self.assertEqual(shown, await self.macs(), form)
        await self.options(macs='dots')
        self.assertRegex((await self.macs())[0], r'^02..\.....\.....$')
        await self.options(macs='long')
        first, second = (await self.macs())[:2]
        self.assertEqual(20, len(first.split(':')))
        self.assertEqual(plain[1], second)

    async def addresses(self, part: str) -> list[dict]:
        """The ports, or functions, of all adapters of the system."""
        system = await self.get(self.system)
        found = []
        uri = system['NetworkInterfaces']['@odata.id']
        for interface in await self.members(uri):
            adapter = await self.get(
                interface['Links']['NetworkAdapter']['@odata.id']
            )
            self.assertEqual(adapter[part], interface[part])
            found += await self.members(adapter[part]['@odata.id'])
        return found

    async def test_nics_of_adapters(self):
        plain = await self.macs()
        self.assertNotIn('NetworkInterfaces', await self.get(self.system))
        nics = f'{self.system}/EthernetInterfaces'
        first = (await self.get(nics))['Members'][0]['@odata.id']
        await self.options(nics='functions')
        self.assertEqual([], await self.macs())
        self.assertEqual(404, (await self.request('GET', first))[0])
        functions = await self.addresses('NetworkDeviceFunctions')
        self.assertEqual(
            plain, [f['Ethernet']['MACAddress'] for f in functions]
        )
        await self.options(nics='both')
        self.assertEqual(plain, await self.macs())

    async def test_links_are_down(self):
        await self.request(
            'PATCH',
            f'/_simulator/resources{self.system}',
            json={'PowerState': 'Off'},
        )
        await self.options(links_down=True, nics='both')
        nics = await self.members(f'{self.system}/EthernetInterfaces')
        self.assertEqual({None}, {nic['SpeedMbps'] for nic in nics})
        await self.reset('On')
        nics = await self.members(f'{self.system}/EthernetInterfaces')
        self.assertNotIn(None, {nic['SpeedMbps'] for nic in nics})

    async def reset(self, kind: str) -> None:
        await self.post(
            f'{self.system}/Actions/ComputerSystem.Reset', {'ResetType': kind}
        )


class RsdValuesTestCase(Mixin, base.SimulatorTestCase):
    arguments = ('--systems', '10', '--fpgas', '2')
    system = f'{SYSTEMS}/system-7'

    async def test_ports(self):
        plain = await self.macs()
        await self.options(nics='ports')
        ports = await self.addresses('NetworkPorts')
        self.assertEqual(
            plain, [port['AssociatedNetworkAddresses'][0] for port in ports]
        )
        speed = ports[0]['SupportedLinkCapabilities'][0]['LinkSpeedMbps']
        self.assertEqual(10000, speed)
        sled = await self.get(f'{CHASSIS}/sled-7')
        adapters = await self.members(sled['NetworkAdapters']['@odata.id'])
        self.assertEqual(1, len(adapters))

    async def test_a_summary_that_counts_gpus(self):
        uri = f'{SYSTEMS}/system-9'
        summary = (await self.get(uri))['ProcessorSummary']
        self.assertEqual(
            (1, 'Xeon Gold 6242'), (summary['Count'], summary['Model'])
        )
        await self.options(summary_counts_gpus=True)
        summary = (await self.get(uri))['ProcessorSummary']
        self.assertEqual((2, 'T4'), (summary['Count'], summary['Model']))

    async def test_huge_drives(self):
        await self.options(huge_drives=1)
        enclosure = await self.get(f'{CHASSIS}/enclosure-1')
        sizes = [
            (await self.get(drive['@odata.id']))['CapacityBytes']
            for drive in enclosure['Links']['Drives']
        ]
        self.assertEqual(2**54, sizes[0])
        self.assertLess(max(sizes[1:]), 2**53)

    async def allocate(self, **body) -> tuple[int, dict]:
        status, answer, _ = await self.post(ALLOCATE, body)
        return status, answer

    async def test_fpgas_of_the_pod(self):
        enclosure = await self.get(f'{CHASSIS}/enclosure-1')
        first, second = (
            fpga['@odata.id'] for fpga in enclosure['Links']['Processors']
        )
        fpga = await self.get(first)
        self.assertEqual('FPGA', fpga['ProcessorType'])
        status, node = await self.allocate(
            Processors=[
                {'ProcessorType': 'FPGA', 'Connectivity': ['RemotePCIe']},
                {'TotalCores': 8},
            ]
        )
        self.assertEqual(201, status)
        self.assertIn({'@odata.id': first}, node['Links']['Processors'])
        self.assertNotIn({'@odata.id': first}, node['Links']['Storage'])
        pinned = {'Resource': {'@odata.id': first}, 'ProcessorType': 'FPGA'}
        self.assertEqual(409, (await self.allocate(Processors=[pinned]))[0])
        pinned['Resource'] = {'@odata.id': second}
        status, node = await self.allocate(Processors=[pinned])
        self.assertEqual(201, status)
        # It is attached and detached as well.
        uri = (await self.control('compose'))['uri']
        await self.request('DELETE', node['@odata.id'])
        for verb, has in (('Attach', True), ('Detach', False)):
            status, answer, _ = await self.post(
                f'{uri}/Actions/ComposedNode.{verb}Resource',
                {'Resource': {'@odata.id': second}},
            )
            self.assertEqual(204, status, answer)
            links = (await self.get(uri))['Links']['Processors']
            self.assertEqual(has, {'@odata.id': second} in links)

    async def test_accelerators_in_systems(self):
        added = await self.control('systems', kind='fpga')
        for kind, system in (
            ('FPGA', added['added'][0]),
            ('GPU', f'{SYSTEMS}/system-9'),
        ):
            status, node = await self.allocate(
                Processors=[{'ProcessorType': kind}]
            )
            self.assertEqual(201, status, node)
            self.assertEqual(
                {'@odata.id': system}, node['Links']['ComputerSystem']
            )


class RsdKindsTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '3', '--kinds', 'fpga', 'small')

    async def test_kinds(self):
        systems = (await self.state())['systems']
        self.assertEqual(
            ['fpga', 'small', 'fpga'], [system['kind'] for system in systems]
        )


class RedfishValuesTestCase(Mixin, RedfishTestCase):
    arguments = ('--personality', 'redfish', '--systems', '9')

    async def asyncSetUp(self) -> None:
        await super().asyncSetUp()
        self.system = await self.compose(
            *('compute-7', 'network-7-1', 'network-7-2', 'network-7-3'),
            'gpu-9',
        )

    async def test_ports(self):
        plain = await self.macs()
        await self.options(nics='ports')
        ports = await self.addresses('Ports')
        self.assertEqual(
            plain,
            [port['Ethernet']['AssociatedMACAddresses'][0] for port in ports],
        )
        self.assertEqual(10, ports[0]['MaxSpeedGbps'])
        block = await self.block('network-7-1')
        self.assertNotIn('EthernetInterfaces', block)
        interface = await self.get(block['NetworkInterfaces'][0]['@odata.id'])
        self.assertIn('Ports', interface)

    async def test_a_summary_that_counts_gpus(self):
        await self.options(summary_counts_gpus=True)
        summary = (await self.get(self.system))['ProcessorSummary']
        self.assertEqual((2, 'T4'), (summary['Count'], summary['Model']))

    async def test_huge_drives(self):
        await self.options(huge_drives=1)
        block = await self.block('shared-storage-1')
        drive = await self.get(block['Drives'][0]['@odata.id'])
        self.assertEqual(2**54, drive['CapacityBytes'])


class LinksTestCase(base.SimulatorTestCase):
    arguments = ('--systems', '1', '--fpgas', '1')

    async def test_all_links_lead_somewhere(self):
        for nics in ('functions', 'both'):
            await self.options(nics=nics)
            seen, ahead = set(), [ROOT]
            while ahead:
                uri = ahead.pop().split('#')[0]
                if uri in seen or uri.endswith('/SSE'):
                    continue
                seen.add(uri)
                ahead.extend(links_of(await self.get(uri)))


class RedfishLinksTestCase(LinksTestCase):
    arguments = (
        '--personality',
        'redfish',
        '--systems',
        '1',
        '--expandable',
        '1',
    )


class EemValuesTestCase(base.SimulatorTestCase):
    arguments = ('--personality', 'eem', '--systems', '1')

    async def test_macs(self):
        await self.options(macs='bare')
        devices = (await self.get('/eem/devices/detail'))['devices']
        for device in devices:
            self.assertEqual(device['id'], f'0x{device["mac_address"]}')
