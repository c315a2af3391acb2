# SPDX-License-Identifier: Apache-2.0
"""How the components of a system and pooled devices meet requirements."""

from valence.scheduler import fitting
from valence.tests import base
from valence.tests.unit import fitting_data


class TestPooled(base.TestCase):
    def test_accelerators_of_the_system_come_first(self):
        gpu = {'type': 'gpu', 'model': 'T4'}
        dsp = {'type': 'processor', 'model': None}
        system = fitting_data.system(accelerators=[gpu, gpu, dsp])
        pooled = fitting_data.device('gpu')
        for requested, chosen, shortage in (
            ({'type': 'gpu', 'count': 2}, (), None),
            ({'type': 'GPU', 'count': 3}, (pooled,), None),
            ({'type': 'gpu', 'count': 4}, (), 'lacks 1 PCI device, gpu'),
            ({'count': 3}, (pooled,), None),
            ({'type': 'processor', 'count': 1}, (), None),
            ({'type': 'fpga', 'count': 1}, (), 'lacks 1 PCI device, fpga'),
        ):
            found = fitting.match(
                {'pci_devices': [requested]}, system, [pooled]
            )
            self.assertEqual((chosen, shortage), found, requested)
        for group in ('storage', 'network'):
            local = fitting.match(
                {group: [{'count': 9}]}, system, [pooled]
            ).shortage
            self.assertIn('lacks', local)

    def test_properties_of_devices(self):
        values = {'manufacturer': 'NVIDIA', 'model': 'A100-PCIE-40GB'}
        gpu = fitting_data.device(
            'gpu', onboard_memory_mib=40960, speed_mhz=1410, **values
        )
        nic = fitting_data.device('nic', speed_mbps=25000)
        local = {'type': 'gpu', 'manufacturer': 'NVIDIA', 'model': 'T4'}
        system = fitting_data.system(
            accelerators=[{**local, 'memory_mib': 16384}]
        )
        for part, chosen in (
            ({'vendor': 'nvidia', 'model': ['H100', 'A100']}, (gpu,)),
            ({'model': '*T4'}, ()),
            ({'memory_mib': 16384}, ()),
            ({'memory_mib': 20000}, (gpu,)),
            ({'memory_mib': {'min': 20000, 'max': 40960}}, (gpu,)),
            ({'speed_mhz': {'eq': 1410}}, (gpu,)),
            ({'pooled': True}, (gpu,)),
            ({'pooled': False}, ()),
            ({'type': ['fpga', 'gpu']}, ()),
            ({'type': 'nic', 'speed_mbps': 25000}, (nic,)),
        ):
            found = fitting_data.match(
                {'pci_devices': [{'type': 'gpu', **part}]}, system, [gpu, nic]
            )
            self.assertEqual((chosen, None), tuple(found), part)

    def test_serial_numbers_of_drives(self):
        drives = [
            fitting_data.device('drive', serial_number=one)
            for one in ('S-1', 'S1', None)
        ]
        drives.append(fitting_data.device('drive'))
        # The drives of the system are never meant.
        local = {**fitting_data.drive(480), 'serial_number': 'S9'}
        system = fitting_data.system(drives=[local])
        for part, chosen in (
            ({'serial': 'S1'}, (drives[1],)),
            ({'serial': ['none', 'S-1']}, (drives[0],)),
            ({'serial': ['S1', 'S-1'], 'count': 2}, tuple(drives[:2])),
        ):
            found = fitting_data.match({'storage': [part]}, system, drives)
            self.assertEqual((chosen, None), tuple(found), part)
        for part, missing in (
            ({'serial': 's1'}, '1 drive in a pool, serial number s1'),
            ({'serial': 'S9'}, '1 drive in a pool, serial number S9'),
            (
                {'serial': ['S1', 'S7'], 'count': 2},
                '1 drive in a pool, serial number S1 or S7',
            ),
        ):
            found = fitting_data.match({'storage': [part]}, system, drives)
            self.assertEqual(f'lacks {missing}', found.shortage)

    def test_properties_of_drives(self):
        drive = fitting_data.device(
            'drive',
            media_type='HDD',
            protocol='SAS',
            rpm=10000,
            manufacturer='Seagate',
            model='EXOS',
        )
        local = {**fitting_data.drive(100, 'HDD', 'SATA'), 'rpm': 7200}
        system = fitting_data.system(drives=[local])
        for part, chosen in (
            ({'rpm': 7200}, ()),
            ({'rpm': 10000}, (drive,)),
            ({'interface': 'SAS'}, (drive,)),
            ({'vendor': 'Seagate', 'model': 'Exos'}, (drive,)),
            ({'pooled': True}, (drive,)),
            ({'count': 2, 'type': 'HDD'}, (drive,)),
        ):
            found = fitting_data.match({'storage': [part]}, system, [drive])
            self.assertEqual((chosen, None), tuple(found), part)

    def test_shortages_name_what_is_required(self):
        part = {'type': 'gpu', 'vendor': 'NVIDIA', 'model': ['A100', 'H100']}
        for more, text in (
            (
                {'memory_mib': 40000, 'pooled': True},
                'lacks 1 PCI device in a pool of 40000 MiB of memory, gpu '
                'NVIDIA A100 or H100',
            ),
            (
                {'speed_mhz': {'max': 9}, 'pooled': False},
                'lacks 1 PCI device in the system of at most 9 MHz, gpu '
                'NVIDIA A100 or H100',
            ),
        ):
            found = fitting_data.match({'pci_devices': [{**part, **more}]})
            self.assertEqual(text, found.shortage)
        found = fitting_data.match({'storage': [{'capacity_gib': {'max': 9}}]})
        self.assertEqual('lacks 1 drive of at most 9 GiB', found.shortage)

    def test_each_group_has_its_own_device_types(self):
        drive = fitting_data.device('drive', media_type='SSD', protocol='NVMe')
        volume = fitting_data.device('volume', media_type='SSD')
        nic = fitting_data.device('nic', speed_mbps=100)
        gpu = fitting_data.device('gpu')
        system = fitting_data.system(drives=[], nics=[])
        devices = [gpu, nic, volume, drive]
        for requested, taken in (
            ({'storage': [{'count': 2}]}, (volume, drive)),
            ({'storage': [{'protocol': 'nvme'}]}, (drive,)),
            ({'storage': [{'type': 'ssd', 'count': 2}]}, (volume, drive)),
            ({'network': [{}]}, (nic,)),
            ({'pci_devices': [{'type': 'GPU'}]}, (gpu,)),
            ({'pci_devices': [{'type': 'nic'}]}, (nic,)),
            ({'network': [{'speed_mbps': 100}]}, (nic,)),
        ):
            found = fitting_data.match(requested, system, devices)
            self.assertEqual((taken, None), tuple(found), requested)
        for requested in (
            {'storage': [{'count': 3}]},
            {'network': [{'count': 2}]},
            {'network': [{'speed_mbps': 101}]},
            {'storage': [{'type': 'gpu'}]},
            {'storage': [{'type': 'drive'}]},
        ):
            self.assertIsNotNone(
                fitting_data.match(requested, system, devices).shortage
            )

    def test_a_device_meets_one_group(self):
        nic = fitting_data.device('nic', speed_mbps=10)
        requested = {'network': [{}], 'pci_devices': [{'type': 'nic'}]}
        system = fitting_data.system(nics=[])
        self.assertIsNotNone(
            fitting_data.match(requested, system, [nic]).shortage
        )
        both = [nic, fitting_data.device('nic', speed_mbps=10)]
        self.assertEqual(
            tuple(both), fitting_data.match(requested, system, both).devices
        )

    def test_all_groups_together(self):
        drive, gpu = (
            fitting_data.device('drive', capacity_gib=9000),
            fitting_data.device('gpu'),
        )
        found = fitting_data.match(
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
        drives = [
            fitting_data.device('drive', capacity_gib=n) for n in (9, 3, 6)
        ]
        system = fitting_data.system(drives=[])
        for need, gib in ((1, 3), (4, 6), (6, 6), (7, 9)):
            found = fitting_data.match(
                {'storage': [{'capacity_gib': need}]}, system, drives
            )
            self.assertEqual(
                [gib], [row.capacity_gib for row in found.devices]
            )

    def test_the_order_of_requirements_does_not_matter(self):
        drives = [fitting_data.device('drive', capacity_gib=n) for n in (5, 9)]
        requested = {'storage': [{}, {'capacity_gib': 6}]}
        found = fitting_data.match(
            requested, fitting_data.system(drives=[]), drives
        )
        self.assertEqual({9, 5}, {row.capacity_gib for row in found.devices})

    def test_unknown_size_meets_requirements_without_size(self):
        drives = [fitting_data.drive(1), fitting_data.drive(None)]
        for demands in ([{}, {'capacity_gib': 1}], [{'capacity_gib': 1}, {}]):
            found = fitting_data.match(
                {'storage': demands}, fitting_data.system(drives=drives)
            )
            self.assertIsNone(found.shortage)

    def test_only_shortages_are_pooled(self):
        drive = fitting_data.device('drive', capacity_gib=1000)
        found = fitting_data.match(
            {'storage': [{'count': 4}]}, None, [drive] * 2
        )
        self.assertEqual((drive,), found.devices)

    def test_without_zones_all_devices_match(self):
        requested = {'pci_devices': [{'type': 'gpu'}]}
        for ours, theirs, zoned, joinable in (
            ([], [], False, True),
            ([], ['/b'], True, False),
            (['/a'], [], True, False),
            ([], [], True, False),
            (['/a'], ['/a'], True, True),
            (['/a'], ['/b'], True, False),
        ):
            gpu = fitting_data.device('gpu', zones=theirs)
            found = fitting_data.match(
                requested, fitting_data.system(zones=ours), [gpu], zoned
            )
            self.assertEqual(joinable, found.shortage is None)

    def test_all_parts_are_in_one_zone(self):
        requested = {'storage': [{}], 'network': [{}]}
        system = fitting_data.system(drives=[], nics=[], zones=['/1', '/2'])
        for drive, nic, joinable in (
            ('/1', '/1', True),
            ('/2', '/2', True),
            ('/1', '/2', False),
            ('/3', '/3', False),
        ):
            devices = [
                fitting_data.device('drive', zones=[drive]),
                fitting_data.device('nic', zones=[nic]),
            ]
            found = fitting_data.match(requested, system, devices, True)
            self.assertEqual(joinable, found.shortage is None)

    def test_the_zone_that_has_all(self):
        requested = {'storage': [{}], 'network': [{}]}
        system = fitting_data.system(drives=[], nics=[], zones=['/1', '/2'])
        devices = [
            fitting_data.device('drive', zones=['/1']),
            fitting_data.device('drive', zones=['/2']),
            fitting_data.device('nic', zones=['/2']),
        ]
        found = fitting_data.match(requested, system, devices, True)
        self.assertEqual(tuple(devices[1:]), found.devices)

    def test_without_devices_zones_do_not_matter(self):
        found = fitting_data.match(
            {'storage': [{}]}, fitting_data.system(zones=[]), (), True
        )
        self.assertIsNone(found.shortage)

    def test_volumes_are_no_pci_devices(self):
        volumes = [fitting_data.device('volume') for _ in range(3)]
        for part in ({'count': 3}, {'type': 'volume'}, {}):
            found = fitting_data.match({'pci_devices': [part]}, None, volumes)
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
            devices = [fitting_data.device(kind)]
            found = fitting_data.match({'pci_devices': [{}]}, None, devices)
            self.assertEqual(suits, found.shortage is None, kind)
            if kind != 'drive':
                requested = {'pci_devices': [{'type': kind}]}
                self.assertIsNone(
                    fitting_data.match(requested, None, devices).shortage
                )


class TestExact(base.TestCase):
    """No demand takes what only another one can use."""

    def test_the_only_drive_of_its_kind(self):
        sata = fitting_data.drive(480, 'SSD', 'SATA')
        system = fitting_data.system(
            drives=[sata, *[fitting_data.drive(800)] * 3]
        )
        requested = [
            {'capacity_gib': 400},
            {'type': 'SSD', 'protocol': 'SATA', 'capacity_gib': 300},
        ]
        for demands in (requested, requested[::-1]):
            self.assertIsNone(
                fitting_data.match({'storage': demands}, system).shortage
            )

    def test_a_chain_of_moves(self):
        kinds = 'abcdef'
        devices = [
            fitting_data.device('drive', media_type=kind, protocol=protocol)
            for kind, protocol in zip(kinds, kinds[1:], strict=False)
        ]
        # Each drive but the first meets two demands.
        demands = [{}, *({'protocol': one} for one in kinds[1:-1])]
        found = fitting_data.match(
            {'storage': demands}, fitting_data.system(drives=[]), devices
        )
        self.assertCountEqual(devices, found.devices)

    def test_groups_share_devices(self):
        nics = [fitting_data.device('nic', speed_mbps=n) for n in (1, 2)]
        requested = {
            'network': [{'speed_mbps': 2}],
            'pci_devices': [{'type': 'nic'}],
        }
        found = fitting_data.match(
            requested, fitting_data.system(nics=[]), nics
        )
        self.assertEqual((nics[1], nics[0]), found.devices)

    def test_many_components(self):
        devices = [
            fitting_data.device('drive', capacity_gib=n) for n in range(2000)
        ]
        demands = [
            {'capacity_gib': n, 'count': 10} for n in range(0, 1900, 30)
        ]
        found = fitting_data.match(
            {'storage': demands}, fitting_data.system(drives=[]), devices
        )
        self.assertEqual(640, len({one.uuid for one in found.devices}))
        requested = {'storage': [{'count': 2**31 - 1}]}
        self.assertIsNotNone(
            fitting_data.match(requested, None, devices).shortage
        )


class TestRefused(base.TestCase):
    """What was refused is not chosen again, anything else is."""

    def test_each_combination_once(self):
        system = fitting_data.system(drives=[], nics=[])
        drives = [fitting_data.device('drive') for _ in range(3)]
        nics = [fitting_data.device('nic') for _ in range(2)]
        requested = {'storage': [{'count': 2}], 'network': [{}]}
        refused = []
        while True:
            found = fitting_data.match(
                requested, system, drives + nics, False, refused
            )
            if found.shortage:
                break
            self.assertEqual(3, len(found.devices))
            refused.append(frozenset(one.uuid for one in found.devices))
        self.assertEqual(6, len(set(refused)))
        self.assertEqual(6, len(refused))
        self.assertEqual('was refused by the pod manager', found.shortage)

    def test_without_devices(self):
        refused = [frozenset()]
        self.assertIsNotNone(
            fitting_data.match({}, None, (), False, refused).shortage
        )
        requested = {'pci_devices': [{}]}
        gpus = [fitting_data.device('gpu')]
        self.assertIsNone(
            fitting_data.match(requested, None, gpus, False, refused).shortage
        )

    def test_the_other_zone(self):
        drives = [fitting_data.device('drive', zones=[zone]) for zone in '12']
        system = fitting_data.system(drives=[], zones=['1', '2'])
        refused = [frozenset([drives[0].uuid])]
        found = fitting_data.match(
            {'storage': [{}]}, system, drives, True, refused
        )
        self.assertEqual((drives[1],), found.devices)
