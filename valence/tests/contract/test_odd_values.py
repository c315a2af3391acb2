# SPDX-License-Identifier: Apache-2.0
"""Values as real machines send them."""

from valence.common import identity
from valence.podmanagers.wire import values
from valence.tests.contract import odd
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import block
from valence.tests.fixtures.odd_service import link

_SYSTEM = f'{SYSTEMS}/s'
_MAC = '02:00:00:00:09:0a'

# Where an adapter shows an address, and the speed in Mbit/s.
_PORTS = (
    (
        'Ports',
        {
            'Ethernet': {'AssociatedMACAddresses': [_MAC]},
            'CurrentSpeedGbps': 10,
            'MaxSpeedGbps': 25,
        },
        25000,
    ),
    (
        'NetworkPorts',
        {
            'AssociatedNetworkAddresses': ['x', _MAC],
            'SupportedLinkCapabilities': [{'LinkSpeedMbps': 10000}],
        },
        10000,
    ),
    (
        'NetworkDeviceFunctions',
        {
            'Ethernet': {
                'MACAddress': 'Not Available',
                'PermanentMACAddress': '02-00-00-00-09-0A',
            }
        },
        None,
    ),
)


class SystemCase(odd.OddCase):
    """A service with one system."""

    def setUp(self):
        super().setUp()
        self.pages[SYSTEMS] = odd_service.collection(_SYSTEM)
        self.pages[_SYSTEM] = {**link(_SYSTEM), 'Id': 's', 'Name': 's'}

    def show(self, kind, *bodies, owner=_SYSTEM):
        """Parts of a system, or of another resource."""
        place = f'{owner}/{kind}'
        self.pages[owner][kind] = link(place)
        uris = [f'{place}/{n}' for n, _ in enumerate(bodies)]
        self.pages[place] = odd_service.collection(*uris)
        for uri, body in zip(uris, bodies, strict=True):
            self.pages[uri] = {**link(uri), 'Id': 'x', **body}
        return uris


class ValuesTestCase(SystemCase):
    def system(self, *problems):
        seen = self.discover(*problems)
        return next(one for one in seen.systems if one.uri == _SYSTEM)

    def macs(self, *problems):
        return [nic['mac'] for nic in self.system(*problems).values['nics']]

    def test_mac_addresses_in_every_form(self):
        for written in (
            _MAC,
            _MAC.upper(),
            '02-00-00-00-09-0A',
            '0200.0000.090a',
            '02000000090A',
            ' 02 00 00 00 09 0a ',
            '02:00:00:ff:fe:00:09:0a',
            '020000FFFF00090A',
        ):
            self.assertEqual(_MAC, identity.mac(written), written)
        for written in (
            *('Not Available', 'N/A', '', ' ', None, 7, [], {}, True),
            *('00:00:00:00:00:00', 'FF-FF-FF-FF-FF-FF', '02:00:00:00:09'),
            ':'.join(['80', '00', '02', '08', 'fe', '80', *['00'] * 14]),
            *('02:00:00:00:09:0g', '02:00:00:00:00:09:0a:0b', 'x' * 10**5),
        ):
            self.assertIsNone(identity.mac(written), written)

    def test_addresses_that_are_none_cost_themselves(self):
        self.show(
            'EthernetInterfaces',
            {'MACAddress': 'Not Available'},
            {'MACAddress': 'n/a', 'PermanentMACAddress': '02000000090A'},
            {'MACAddress': None},
        )
        self.assertEqual([None, _MAC, None], self.macs())
        target = self.driver.management_target(_SYSTEM, self.soon())
        self.assertEqual((_MAC,), target.macs)

    def test_addresses_below_adapters(self):
        interface = f'{_SYSTEM}/NetworkInterfaces/0'
        adapter = f'{ROOT}/Chassis/c/NetworkAdapters/1'
        self.show(
            'NetworkInterfaces', {'Links': {'NetworkAdapter': link(adapter)}}
        )
        self.show('EthernetInterfaces', {'MACAddress': 'Not Available'})
        for owner in (adapter, interface):
            for kind, body, speed in _PORTS:
                self.pages[adapter] = {'Id': '1'}
                kept = dict(self.pages[interface])
                (uri,) = self.show(kind, body, owner=owner)
                self.assertEqual(
                    [{'resource_uri': uri, 'mac': _MAC, 'speed_mbps': speed}],
                    self.system().values['nics'],
                )
                target = self.driver.management_target(_SYSTEM, self.soon())
                self.assertEqual((_MAC,), target.macs)
                self.pages[uri] = Reply(500)
                self.assertIn('nics', self.system(uri).unknown)
                self.pages[interface] = kept

    def test_adapters_of_a_chassis(self):
        """A system without network interfaces is alone in its chassis."""
        chassis = f'{ROOT}/Chassis/c'
        self.pages[_SYSTEM]['Links'] = {'Chassis': [link(chassis)]}
        self.pages[chassis] = {
            'Id': 'c',
            'Links': {'ComputerSystems': [link(_SYSTEM)]},
        }
        (adapter,) = self.show('NetworkAdapters', {}, owner=chassis)
        self.show(
            'Ports',
            {'Ethernet': {'AssociatedMACAddresses': [_MAC]}},
            owner=adapter,
        )
        self.assertEqual([_MAC], self.macs())
        both = [link(_SYSTEM), link(f'{SYSTEMS}/t')]
        self.pages[chassis]['Links'] = {'ComputerSystems': both}
        self.assertEqual([], self.macs())

    def test_a_port_and_its_function(self):
        adapter = f'{ROOT}/NetworkAdapters/1'
        self.show(
            'NetworkInterfaces', {'Links': {'NetworkAdapter': link(adapter)}}
        )
        self.pages[adapter] = {'Id': '1'}
        ethernet = {'AssociatedMACAddresses': [_MAC, '02:00:00:00:09:0b']}
        self.show('Ports', {'Ethernet': ethernet}, owner=adapter)
        self.show(
            'NetworkDeviceFunctions', {'MACAddress': _MAC}, owner=adapter
        )
        self.assertEqual([_MAC, '02:00:00:00:09:0b'], self.macs())

    def test_summaries_that_count_accelerators(self):
        summary = {'Count': 9, 'Model': 'INSTINCT'}
        gpus = [{'ProcessorType': 'GPU', 'Model': 'INSTINCT'}] * 8
        cpu = {'ProcessorType': 'CPU', 'Model': 'EPYC', 'TotalCores': 64}
        self.pages[_SYSTEM]['ProcessorSummary'] = summary
        for cpus, known in (
            ([cpu], ('EPYC', 1, 64)),
            ([{**cpu, 'ProcessorType': 'cpu'}], ('EPYC', 1, 64)),
            ([{**cpu, 'ProcessorType': None}] * 2, ('EPYC', 2, 128)),
            ([], (None, 1, 0)),
        ):
            self.show('Processors', *cpus, *gpus)
            found = self.system().values
            names = ('cpu_model', 'cpu_sockets', 'cpu_cores')
            self.assertEqual(known, tuple(found[name] for name in names))
            self.assertEqual(
                [('gpu', 'INSTINCT')] * 8,
                [(a['type'], a['model']) for a in found['accelerators']],
            )
        del self.pages[_SYSTEM]['Processors']
        found = self.system().values
        self.assertEqual(
            ('INSTINCT', 9), (found['cpu_model'], found['cpu_sockets'])
        )

    def test_accelerators_of_any_type(self):
        for kind, known in (
            ('GPU', 'gpu'),
            ('Fpga', 'fpga'),
            ('DSP', 'processor'),
            ('OEM', 'processor'),
            ('CPU', None),
        ):
            self.show('Processors', {'ProcessorType': kind})
            self.assertEqual(
                [(known, None)] if known else [],
                [
                    (one['type'], one['model'])
                    for one in self.system().values['accelerators']
                ],
                kind,
            )
        absent = {'ProcessorType': 'GPU', 'Status': {'State': 'Absent'}}
        self.show('Processors', absent)
        self.assertEqual([], self.system().values['accelerators'])

    def test_sizes_of_any_kind(self):
        gib = 2**30
        for size, known in (
            (2**54, 2**24),
            (2**53 + gib, 2**23 + 1),
            (str(2**54), 2**24),
            (float(2**54), 2**24),
            ('1.8e16', int(1.8e16 / gib)),
            (2**63, 2**31 - 1),
            (2**64, 2**31 - 1),
            (f' {gib} ', 1),
            (gib - 1, 0),
            (-gib, 0),
            ('1' * 5000, 0),
            ('4 TB', 0),
            (True, 0),
        ):
            self.pages['/d'] = {'Id': 'd', 'CapacityBytes': size}
            self.pages[f'{BLOCKS}/disk'] = block(
                'disk', 'Storage', Drives=[link('/d')]
            )
            (disk,) = self.discover().devices
            self.assertEqual(known, disk.values['capacity_gib'], size)
        self.assertEqual(0, values.number(10**400))
        self.assertEqual(2**60 + 1, values.number(2**60 + 1))
        self.assertEqual(2**60 + 1, values.number(str(2**60 + 1)))


class UntypedTestCase(odd.OddCase):
    """Blocks that do not report their type have the type of their parts."""

    def judge(self, *, kind=(), **links):
        self.pages[f'{BLOCKS}/disk'] = {
            **block('disk', 'x', **links),
            'ResourceBlockType': list(kind),
        }
        seen = self.discover()
        return [one.values['type'] for one in seen.devices] or [
            one.values['type'] for one in seen.systems[1:]
        ]

    def test_types_by_parts(self):
        for name in ('cpu', 'gpu', 'fpga', 'dsp'):
            self.pages[f'/{name}'] = {'ProcessorType': name.upper()}
        self.pages.update({'/m': {'CapacityMiB': 1}, '/d': {'Id': 'd'}})
        self.pages.update({'/n': {'SpeedMbps': 1}, '/s': {'Id': 's'}})
        self.pages['/c'] = {'Id': 'c', 'SystemType': 'Physical'}
        for links, known in (
            ({'Processors': '/cpu', 'Memory': '/m'}, 'resource_block'),
            ({'Processors': '/cpu', 'Drives': '/d'}, 'resource_block'),
            ({'ComputerSystems': '/c'}, 'resource_block'),
            ({'Processors': '/gpu'}, 'gpu'),
            ({'Processors': '/gpu', 'Memory': '/m'}, 'gpu'),
            ({'Processors': '/fpga'}, 'fpga'),
            ({'Processors': '/dsp'}, 'processor'),
            ({'Drives': '/d'}, 'drive'),
            ({'Storage': '/s'}, 'drive'),
            ({'SimpleStorage': '/s'}, 'drive'),
            ({'EthernetInterfaces': '/n'}, 'nic'),
            ({'NetworkInterfaces': '/n'}, 'nic'),
            ({'Memory': '/m'}, 'memory'),
        ):
            for kind in ((), ('Unheard',), ('IndependentResource',)):
                shown = {name: [link(uri)] for name, uri in links.items()}
                found = self.judge(kind=kind, **shown)
                self.assertEqual([known], found, links)

    def test_processors_that_cannot_be_read(self):
        """It is not known whether it is the base of nodes."""
        self.pages['/p'] = Reply(500)
        self.pages[f'{BLOCKS}/disk'] = {
            **block('disk', 'x', Processors=[link('/p')]),
            'ResourceBlockType': [],
        }
        seen = self.discover('/p', 'unknown ResourceBlockType')
        self.assertIn(f'{BLOCKS}/disk', seen.unread)
        self.assertEqual([], seen.devices)
