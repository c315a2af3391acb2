# SPDX-License-Identifier: Apache-2.0
"""Matching of requirements with a system and pooled devices."""

import types
import uuid

from valence.objects import requirements
from valence.scheduler import fitting
from valence.tests import base


def _drive(gib, kind='SSD', protocol='NVMe'):
    return {'capacity_gib': gib, 'type': kind, 'protocol': protocol}


def _system(**changes):
    return types.SimpleNamespace(
        **{
            'cpu_cores': 16,
            'cpu_sockets': 2,
            'cpu_model': 'Intel(R) Xeon(R) Platinum 8168',
            'cpu_architecture': 'x86-64',
            'memory_mib': 65536,
            'memory_type': 'DDR4',
            'drives': [_drive(480), _drive(960), _drive(2000, 'HDD', 'SATA')],
            'nics': [{'speed_mbps': 10000}, {'speed_mbps': None}],
            'zones': [],
            **changes,
        }
    )


def _device(kind, **values):
    return types.SimpleNamespace(
        **{
            'uuid': str(uuid.uuid4()),
            'type': kind,
            'media_type': None,
            'protocol': None,
            'capacity_gib': None,
            'speed_mbps': None,
            'zones': [],
            **values,
        }
    )


def _match(wanted, system=None, devices=(), zoned=False, refused=()):
    return fitting.match(
        requirements.normalize(wanted),
        system or _system(),
        devices,
        zoned,
        refused,
    )


class TestMatch(base.TestCase):
    def test_fits(self):
        for wanted in (
            {},
            {'processor': {}, 'storage': []},
            {'processor': {'total_cores': 16, 'sockets': 2}},
            {'processor': {'architecture': 'X86_64'}},
            {'processor': {'model': 'intel (r) xeon (r) platinum 8168'}},
            {'memory': {'capacity_mib': 65536, 'type': 'ddr4'}},
            {'storage': [{'capacity_gib': 2000}]},
            {'storage': [{'count': 3}]},
            {'storage': [{'type': 'ssd', 'count': 2}, {'type': 'HDD'}]},
            {'storage': [{'protocol': 'nvme', 'capacity_gib': 960}]},
            {'storage': [{'capacity_gib': 1}, {'capacity_gib': 2000}, {}]},
            {'network': [{'speed_mbps': 10000}, {}]},
        ):
            self.assertIsNone(_match(wanted).shortage, wanted)

    def test_lacks(self):
        for wanted, words in (
            ({'processor': {'total_cores': 17}}, 'less than 17 CPU cores'),
            ({'processor': {'sockets': 4}}, 'less than 4 CPU sockets'),
            ({'processor': {'model': '8168'}}, 'not 8168'),
            ({'processor': {'architecture': 'arm64'}}, 'not arm64'),
            ({'memory': {'capacity_mib': 65537}}, 'less than 65537 MiB'),
            ({'memory': {'type': 'DDR5'}}, 'not DDR5'),
            ({'storage': [{'count': 4}]}, 'lacks 1 drive'),
            (
                {'storage': [{'capacity_gib': 2001}]},
                'lacks 1 drive of 2001 GiB (2149 GB)',
            ),
            ({'storage': [{'type': 'SSD', 'capacity_gib': 961}]}, 'drive'),
            (
                {'network': [{'speed_mbps': 10000, 'count': 2}]},
                'lacks 1 network',
            ),
            ({'pci_devices': [{'type': 'GPU'}]}, 'lacks 1 PCI device'),
        ):
            self.assertIn(words, _match(wanted).shortage or '', wanted)

    def test_a_component_meets_one_requirement(self):
        wanted = {'storage': [{'capacity_gib': 900}, {'capacity_gib': 1900}]}
        self.assertIsNone(_match(wanted).shortage)
        wanted['storage'].append({'capacity_gib': 500})
        self.assertIn('lacks 1 drive', _match(wanted).shortage)

    def test_unknown_attributes_do_not_match(self):
        system = _system(cpu_model=None, memory_type=None, drives=[{}])
        for wanted in (
            {'processor': {'model': 'Xeon'}},
            {'memory': {'type': 'DDR4'}},
            {'storage': [{'capacity_gib': 1}]},
            {'storage': [{'type': 'SSD'}]},
        ):
            self.assertIsNotNone(_match(wanted, system).shortage)

    def test_pooled_devices_meet_what_the_system_lacks(self):
        gpus = [_device('gpu'), _device('gpu'), _device('nic')]
        found = _match(
            {'pci_devices': [{'type': 'gpu', 'count': 2}]}, None, gpus
        )
        self.assertEqual(tuple(gpus[:2]), found.devices)
        found = _match(
            {'pci_devices': [{'type': 'gpu', 'count': 3}]}, None, gpus
        )
        self.assertIn('lacks 1 PCI device', found.shortage)

    def test_local_parts_are_used_first(self):
        pooled = [_device('drive', capacity_gib=4000, media_type='SSD')]
        found = _match({'storage': [{'capacity_gib': 1000}]}, None, pooled)
        self.assertEqual(((), None), tuple(found))
        found = _match({'storage': [{'capacity_gib': 3000}]}, None, pooled)
        self.assertEqual((tuple(pooled), None), tuple(found))

    def test_devices_of_other_zones_do_not_match(self):
        pooled = [_device('gpu', zones=['/b'])]
        wanted = {'pci_devices': [{'type': 'gpu'}]}
        for zones, joinable in (
            (['/a'], False),
            ([], False),
            (['/a', '/b'], True),
        ):
            found = _match(wanted, _system(zones=zones), pooled, True)
            self.assertEqual(joinable, found.shortage is None)


class TestShortages(base.TestCase):
    """The texts are part of the API's answers."""

    def test_texts(self):
        for wanted, text in (
            (
                {'processor': {'total_cores': 17}},
                'less than 17 CPU cores',
            ),
            ({'processor': {'sockets': 3}}, 'less than 3 CPU sockets'),
            (
                {'memory': {'capacity_mib': 65537}},
                'less than 65537 MiB of memory',
            ),
            (
                {'processor': {'architecture': 'arm'}},
                'CPU architecture is x86-64, not arm',
            ),
            ({'memory': {'type': 'HBM'}}, 'memory type is DDR4, not HBM'),
            (
                {'storage': [{'capacity_gib': 9000, 'type': 'SSD'}]},
                'lacks 1 drive of 9000 GiB (9664 GB), SSD',
            ),
            ({'network': [{'count': 3}]}, 'lacks 1 network interface'),
            (
                {'pci_devices': [{'type': 'gpu', 'count': 2}]},
                'lacks 2 PCI devices, gpu',
            ),
        ):
            self.assertEqual(text, _match(wanted).shortage)

    def test_unknown_attribute(self):
        system = _system(cpu_model=None)
        self.assertEqual(
            'CPU model is unknown, not Xeon',
            _match({'processor': {'model': 'Xeon'}}, system).shortage,
        )

    def test_first_shortage(self):
        wanted = {
            'processor': {'total_cores': 99},
            'memory': {'capacity_mib': 10**6},
            'storage': [{'count': 9}],
        }
        self.assertIn('CPU cores', _match(wanted).shortage)


class TestPooled(base.TestCase):
    def test_each_group_has_its_own_device_types(self):
        drive = _device('drive', media_type='SSD', protocol='NVMe')
        volume = _device('volume', media_type='SSD')
        nic = _device('nic', speed_mbps=100)
        gpu = _device('gpu')
        system = _system(drives=[], nics=[])
        devices = [gpu, nic, volume, drive]
        for wanted, taken in (
            ({'storage': [{'count': 2}]}, (volume, drive)),
            ({'storage': [{'protocol': 'nvme'}]}, (drive,)),
            ({'storage': [{'type': 'ssd', 'count': 2}]}, (volume, drive)),
            ({'network': [{}]}, (nic,)),
            ({'pci_devices': [{'type': 'GPU'}]}, (gpu,)),
            ({'pci_devices': [{'type': 'nic'}]}, (nic,)),
            ({'network': [{'speed_mbps': 100}]}, (nic,)),
        ):
            found = _match(wanted, system, devices)
            self.assertEqual((taken, None), tuple(found), wanted)
        for wanted in (
            {'storage': [{'count': 3}]},
            {'network': [{'count': 2}]},
            {'network': [{'speed_mbps': 101}]},
            {'storage': [{'type': 'gpu'}]},
            {'storage': [{'type': 'drive'}]},
        ):
            self.assertIsNotNone(_match(wanted, system, devices).shortage)

    def test_a_device_meets_one_group(self):
        nic = _device('nic', speed_mbps=10)
        wanted = {'network': [{}], 'pci_devices': [{'type': 'nic'}]}
        system = _system(nics=[])
        self.assertIsNotNone(_match(wanted, system, [nic]).shortage)
        both = [nic, _device('nic', speed_mbps=10)]
        self.assertEqual(tuple(both), _match(wanted, system, both).devices)

    def test_all_groups_together(self):
        drive, gpu = _device('drive', capacity_gib=9000), _device('gpu')
        found = _match(
            {
                'storage': [{'capacity_gib': 8000}],
                'network': [{'speed_mbps': 10000}],
                'pci_devices': [{'type': 'gpu'}],
            },
            None,
            [gpu, drive],
        )
        self.assertEqual((drive, gpu), found.devices)

    def test_smallest_sufficient_device_is_used(self):
        drives = [_device('drive', capacity_gib=n) for n in (9, 3, 6)]
        system = _system(drives=[])
        for need, gib in ((1, 3), (4, 6), (6, 6), (7, 9)):
            found = _match(
                {'storage': [{'capacity_gib': need}]}, system, drives
            )
            self.assertEqual(
                [gib], [row.capacity_gib for row in found.devices]
            )

    def test_the_order_of_requirements_does_not_matter(self):
        drives = [_device('drive', capacity_gib=n) for n in (5, 9)]
        wanted = {'storage': [{}, {'capacity_gib': 6}]}
        found = _match(wanted, _system(drives=[]), drives)
        self.assertEqual({9, 5}, {row.capacity_gib for row in found.devices})

    def test_unknown_size_meets_requirements_without_size(self):
        drives = [_drive(1), _drive(None)]
        for wishes in ([{}, {'capacity_gib': 1}], [{'capacity_gib': 1}, {}]):
            found = _match({'storage': wishes}, _system(drives=drives))
            self.assertIsNone(found.shortage)

    def test_only_shortages_are_pooled(self):
        drive = _device('drive', capacity_gib=1000)
        found = _match({'storage': [{'count': 4}]}, None, [drive] * 2)
        self.assertEqual((drive,), found.devices)

    def test_without_zones_all_devices_match(self):
        wanted = {'pci_devices': [{'type': 'gpu'}]}
        for ours, theirs, zoned, joinable in (
            ([], [], False, True),
            ([], ['/b'], True, False),
            (['/a'], [], True, False),
            ([], [], True, False),
            (['/a'], ['/a'], True, True),
            (['/a'], ['/b'], True, False),
        ):
            gpu = _device('gpu', zones=theirs)
            found = _match(wanted, _system(zones=ours), [gpu], zoned)
            self.assertEqual(joinable, found.shortage is None)

    def test_all_parts_are_in_one_zone(self):
        wanted = {'storage': [{}], 'network': [{}]}
        system = _system(drives=[], nics=[], zones=['/1', '/2'])
        for drive, nic, joinable in (
            ('/1', '/1', True),
            ('/2', '/2', True),
            ('/1', '/2', False),
            ('/3', '/3', False),
        ):
            devices = [
                _device('drive', zones=[drive]),
                _device('nic', zones=[nic]),
            ]
            found = _match(wanted, system, devices, True)
            self.assertEqual(joinable, found.shortage is None)

    def test_the_zone_that_has_all(self):
        wanted = {'storage': [{}], 'network': [{}]}
        system = _system(drives=[], nics=[], zones=['/1', '/2'])
        devices = [
            _device('drive', zones=['/1']),
            _device('drive', zones=['/2']),
            _device('nic', zones=['/2']),
        ]
        found = _match(wanted, system, devices, True)
        self.assertEqual(tuple(devices[1:]), found.devices)

    def test_without_devices_zones_do_not_matter(self):
        found = _match({'storage': [{}]}, _system(zones=[]), (), True)
        self.assertIsNone(found.shortage)

    def test_volumes_are_no_pci_devices(self):
        volumes = [_device('volume') for _ in range(3)]
        for part in ({'count': 3}, {'type': 'volume'}, {}):
            found = _match({'pci_devices': [part]}, None, volumes)
            self.assertIn('PCI device', found.shortage)

    def test_only_pci_devices_meet_a_request_without_type(self):
        for kind, suits in (
            ('gpu', True),
            ('fpga', True),
            ('nic', True),
            ('pcie', True),
            ('drive', False),
            ('memory', False),
            ('processor', False),
            ('resource_block', False),
        ):
            devices = [_device(kind)]
            found = _match({'pci_devices': [{}]}, None, devices)
            self.assertEqual(suits, found.shortage is None, kind)
            if kind != 'drive':
                wanted = {'pci_devices': [{'type': kind}]}
                self.assertIsNone(_match(wanted, None, devices).shortage)


class TestExact(base.TestCase):
    """No wish takes what only another one can use."""

    def test_the_only_drive_of_its_kind(self):
        sata = _drive(480, 'SSD', 'SATA')
        system = _system(drives=[sata, *[_drive(800)] * 3])
        wanted = [
            {'capacity_gib': 400},
            {'type': 'SSD', 'protocol': 'SATA', 'capacity_gib': 300},
        ]
        for wishes in (wanted, wanted[::-1]):
            self.assertIsNone(_match({'storage': wishes}, system).shortage)

    def test_a_chain_of_moves(self):
        kinds = 'abcdef'
        devices = [
            _device('drive', media_type=kind, protocol=protocol)
            for kind, protocol in zip(kinds, kinds[1:], strict=False)
        ]
        # Each drive but the first meets two wishes.
        wishes = [{}, *({'protocol': one} for one in kinds[1:-1])]
        found = _match({'storage': wishes}, _system(drives=[]), devices)
        self.assertCountEqual(devices, found.devices)

    def test_groups_share_devices(self):
        nics = [_device('nic', speed_mbps=n) for n in (1, 2)]
        wanted = {
            'network': [{'speed_mbps': 2}],
            'pci_devices': [{'type': 'nic'}],
        }
        found = _match(wanted, _system(nics=[]), nics)
        self.assertEqual((nics[1], nics[0]), found.devices)

    def test_many_components(self):
        devices = [_device('drive', capacity_gib=n) for n in range(2000)]
        wishes = [{'capacity_gib': n, 'count': 10} for n in range(0, 1900, 30)]
        found = _match({'storage': wishes}, _system(drives=[]), devices)
        self.assertEqual(640, len({one.uuid for one in found.devices}))
        wanted = {'storage': [{'count': 2**31 - 1}]}
        self.assertIsNotNone(_match(wanted, None, devices).shortage)


class TestRefused(base.TestCase):
    """What was refused is not chosen again, anything else is."""

    def test_each_combination_once(self):
        system = _system(drives=[], nics=[])
        drives = [_device('drive') for _ in range(3)]
        nics = [_device('nic') for _ in range(2)]
        wanted = {'storage': [{'count': 2}], 'network': [{}]}
        refused = []
        while True:
            found = _match(wanted, system, drives + nics, False, refused)
            if found.shortage:
                break
            self.assertEqual(3, len(found.devices))
            refused.append(frozenset(one.uuid for one in found.devices))
        self.assertEqual(6, len(set(refused)))
        self.assertEqual(6, len(refused))
        self.assertEqual('was refused by the pod manager', found.shortage)

    def test_without_devices(self):
        refused = [frozenset()]
        self.assertIsNotNone(_match({}, None, (), False, refused).shortage)
        wanted = {'pci_devices': [{}]}
        gpus = [_device('gpu')]
        self.assertIsNone(_match(wanted, None, gpus, False, refused).shortage)

    def test_the_other_zone(self):
        drives = [_device('drive', zones=[zone]) for zone in '12']
        system = _system(drives=[], zones=['1', '2'])
        refused = [frozenset([drives[0].uuid])]
        found = _match({'storage': [{}]}, system, drives, True, refused)
        self.assertEqual((drives[1],), found.devices)


class TestConditions(base.TestCase):
    def test_conditions(self):
        found = fitting.conditions(
            requirements.normalize(
                {
                    'processor': {
                        'total_cores': 4,
                        'sockets': 2,
                        'model': 'x',
                    },
                    'memory': {'capacity_mib': 8, 'type': 'DDR4'},
                    'storage': [{'capacity_gib': 1}],
                }
            )
        )
        self.assertEqual(
            [
                'systems.cpu_cores >= 4',
                'systems.cpu_sockets >= 2',
                'systems.memory_mib >= 8',
            ],
            [
                str(one.compile(compile_kwargs={'literal_binds': True}))
                for one in found
            ],
        )

    def test_nothing(self):
        self.assertEqual([], fitting.conditions({}))


class TestNearest(base.TestCase):
    """The share of requirements met, and the largest similar ones."""

    def nearness(self, wanted, system=None, devices=()):
        return fitting.nearness(
            requirements.normalize(wanted), system or _system(), devices
        )

    def nearest(self, wanted, system=None, devices=()):
        return fitting.nearest(
            requirements.normalize(wanted), system or _system(), devices
        )

    def test_nearness(self):
        for wanted, share in (
            ({}, 1),
            ({'processor': {'total_cores': 16}}, 1),
            ({'processor': {'total_cores': 8}}, 1),
            ({'processor': {'total_cores': 32}}, 1 / 4),
            ({'memory': {'capacity_mib': 65536 * 4}}, 1 / 8),
            ({'memory': {'type': 'DDR5'}}, 0),
            ({'memory': {'type': 'ddr 4'}}, 1),
            ({'storage': [{'count': 9}]}, 0),
            (
                {'processor': {'total_cores': 32}, 'memory': {'type': 'DDR4'}},
                1 / 2,
            ),
        ):
            self.assertEqual(share, self.nearness(wanted), wanted)

    def test_devices_increase_nearness(self):
        wanted = {'pci_devices': [{'type': 'gpu'}]}
        self.assertEqual(0, self.nearness(wanted))
        self.assertEqual(1, self.nearness(wanted, None, [_device('gpu')]))

    def test_nearest(self):
        for wanted, most in (
            ({}, {}),
            (
                {'processor': {'total_cores': 32, 'sockets': 1}},
                {'processor': {'total_cores': 16, 'sockets': 1}},
            ),
            (
                {'processor': {'architecture': 'arm'}},
                {'processor': {'architecture': 'x86-64'}},
            ),
            (
                {'memory': {'capacity_mib': 10**6, 'type': 'DDR5'}},
                {'memory': {'capacity_mib': 65536, 'type': 'DDR4'}},
            ),
            (
                {'storage': [{'count': 9}, {'capacity_gib': 2000}]},
                {'storage': [{'capacity_gib': 2000, 'count': 1}]},
            ),
            (
                {'storage': [{}, {'count': 9}, {'count': 2}]},
                {'storage': [{'count': 1}, {'count': 2}]},
            ),
            (
                {'network': [{'speed_mbps': 10000}] * 2},
                {'network': [{'speed_mbps': 10000, 'count': 1}]},
            ),
        ):
            self.assertEqual(most, self.nearest(wanted))

    def test_nearest_devices(self):
        most = {'pci_devices': [{'type': 'gpu', 'count': 1}]}
        devices = iter([_device('gpu')])
        wanted = {'pci_devices': [{'type': 'gpu'}] * 2}
        self.assertEqual(most, self.nearest(wanted, None, devices))
