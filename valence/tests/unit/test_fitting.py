# SPDX-License-Identifier: Apache-2.0
"""Matching of requirements with a system and pooled devices."""

from valence.objects import requirements
from valence.scheduler import fitting
from valence.tests import base
from valence.tests.unit import fitting_data


class TestMatch(base.TestCase):
    def test_fits(self):
        for requested in (
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
            self.assertIsNone(
                fitting_data.match(requested).shortage, requested
            )

    def test_lacks(self):
        for requested, words in (
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
            self.assertIn(
                words, fitting_data.match(requested).shortage or '', requested
            )

    def test_a_component_meets_one_requirement(self):
        requested = {
            'storage': [{'capacity_gib': 900}, {'capacity_gib': 1900}]
        }
        self.assertIsNone(fitting_data.match(requested).shortage)
        requested['storage'].append({'capacity_gib': 500})
        self.assertIn('lacks 1 drive', fitting_data.match(requested).shortage)

    def test_unknown_attributes_do_not_match(self):
        system = fitting_data.system(
            cpu_model=None, memory_type=None, drives=[{}]
        )
        for requested in (
            {'processor': {'model': 'Xeon'}},
            {'memory': {'type': 'DDR4'}},
            {'storage': [{'capacity_gib': 1}]},
            {'storage': [{'type': 'SSD'}]},
        ):
            self.assertIsNotNone(
                fitting_data.match(requested, system).shortage
            )

    def test_pooled_devices_meet_what_the_system_lacks(self):
        gpus = [
            fitting_data.device('gpu'),
            fitting_data.device('gpu'),
            fitting_data.device('nic'),
        ]
        found = fitting_data.match(
            {'pci_devices': [{'type': 'gpu', 'count': 2}]}, None, gpus
        )
        self.assertEqual(tuple(gpus[:2]), found.devices)
        found = fitting_data.match(
            {'pci_devices': [{'type': 'gpu', 'count': 3}]}, None, gpus
        )
        self.assertIn('lacks 1 PCI device', found.shortage)

    def test_local_parts_are_used_first(self):
        pooled = [
            fitting_data.device('drive', capacity_gib=4000, media_type='SSD')
        ]
        found = fitting_data.match(
            {'storage': [{'capacity_gib': 1000}]}, None, pooled
        )
        self.assertEqual(((), None), tuple(found))
        found = fitting_data.match(
            {'storage': [{'capacity_gib': 3000}]}, None, pooled
        )
        self.assertEqual((tuple(pooled), None), tuple(found))

    def test_devices_of_other_zones_do_not_match(self):
        pooled = [fitting_data.device('gpu', zones=['/b'])]
        requested = {'pci_devices': [{'type': 'gpu'}]}
        for zones, joinable in (
            (['/a'], False),
            ([], False),
            (['/a', '/b'], True),
        ):
            found = fitting_data.match(
                requested, fitting_data.system(zones=zones), pooled, True
            )
            self.assertEqual(joinable, found.shortage is None)


def _cpu(**values):
    return {
        'manufacturer': 'Intel(R) Corporation',
        'model': 'Xeon Gold 6226',
        'architecture': 'x86',
        'instruction_set': 'x86-64',
        'cores': 12,
        'speed_mhz': 2700,
        **values,
    }


def _module(**values):
    return {
        'manufacturer': 'Hynix',
        'type': 'DDR4',
        'speed_mhz': 2933,
        **values,
    }


class TestParts(base.TestCase):
    """What is required of each processor and memory module."""

    def setUp(self):
        super().setUp()
        self.system = fitting_data.system(
            processors=[_cpu(), _cpu(model='Xeon Gold 6242', cores=16)],
            memory_modules=[_module(), _module(speed_mhz=2666)],
            tpm='TPM2_0',
            boot_modes=['Legacy', 'UEFI'],
        )

    def test_fits(self):
        for requested in (
            {'processor': {'model': 'Xeon Gold 62*', 'vendor': 'intel'}},
            {'processor': {'cores': 12, 'speed_mhz': {'max': 2700}}},
            {'processor': {'cores': {'eq': [12, 16]}}},
            {'processor': {'architecture': 'x86'}},
            {'processor': {'architecture': ['arm*', 'x86-64']}},
            {'processor': {'instruction_set': 'x86-64'}},
            {'memory': {'speed_mhz': 2666, 'vendor': ['Micron', 'Hynix']}},
            {'security': {'tpm': 'TPM2*'}},
            {'firmware': {'boot_mode': 'uefi'}},
            {'firmware': {'boot_mode': ['Legacy', 'Other']}},
        ):
            found = fitting_data.match(requested, self.system)
            self.assertIsNone(found.shortage, requested)

    def test_lacks(self):
        for requested, text in (
            (
                {'processor': {'model': 'Xeon Gold 6226'}},
                'CPU model is Xeon Gold 6226, Xeon Gold 6242, not Xeon Gold '
                '6226',
            ),
            (
                {'processor': {'vendor': ['AMD', 'Ampere']}},
                'CPU vendor is Intel(R) Corporation, not AMD or Ampere',
            ),
            ({'processor': {'cores': 13}}, 'less than 13 cores of each CPU'),
            (
                {'processor': {'cores': {'max': 12}}},
                'cores of each CPU: 12, 16, not at most 12',
            ),
            (
                {'processor': {'instruction_set': 'x86'}},
                'CPU instruction set is x86-64, not x86',
            ),
            ({'memory': {'speed_mhz': 2933}}, 'less than 2933 MHz of the'),
            ({'memory': {'vendor': 'Micron'}}, 'memory vendor is Hynix, not'),
            ({'security': {'tpm': 'TPM1_2'}}, 'TPM is TPM2_0, not TPM1_2'),
            (
                {'firmware': {'boot_mode': 'HTTP'}},
                'boot mode is Legacy or UEFI, not HTTP',
            ),
        ):
            found = fitting_data.match(requested, self.system).shortage
            self.assertTrue((found or '').startswith(text), found)

    def test_what_is_unknown_is_not_met(self):
        system = fitting_data.system(cpu_model=None)
        for requested, text in (
            ({'processor': {'vendor': '*'}}, 'CPU vendor is unknown, not *'),
            (
                {'processor': {'speed_mhz': {'max': 9}}},
                'MHz of each CPU: unkn',
            ),
            ({'memory': {'vendor': 'x'}}, 'memory vendor is unknown, not x'),
            ({'security': {'tpm': '*'}}, 'TPM is unknown, not *'),
            (
                {'firmware': {'boot_mode': 'UEFI'}},
                'boot mode is unknown, not UEFI',
            ),
        ):
            found = fitting_data.match(requested, system).shortage
            self.assertTrue((found or '').startswith(text), found)

    def test_rows_of_earlier_releases(self):
        for requested in (
            {'processor': {'cores': 8}},
            {'processor': {'model': 'Intel Xeon Platinum'}},
            {'processor': {'instruction_set': 'x86-64'}},
            {'memory': {'type': 'DDR4'}},
        ):
            self.assertIsNone(fitting_data.match(requested).shortage)

    def test_nearest(self):
        for requested, nearest in (
            ({'cores': 99, 'model': 'xeon*'}, {'cores': 12, 'model': 'xeon*'}),
            ({'model': 'EPYC'}, {'model': 'Xeon Gold 6226'}),
            ({'cores': {'max': 1}}, {'cores': 12}),
        ):
            self.assertEqual(
                {'processor': nearest},
                fitting.nearest({'processor': requested}, self.system),
            )


class TestShortages(base.TestCase):
    """The texts are part of the API's answers."""

    def test_texts(self):
        for requested, text in (
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
            self.assertEqual(text, fitting_data.match(requested).shortage)

    def test_unknown_attribute(self):
        system = fitting_data.system(cpu_model=None)
        self.assertEqual(
            'CPU model is unknown, not Xeon',
            fitting_data.match(
                {'processor': {'model': 'Xeon'}}, system
            ).shortage,
        )

    def test_first_shortage(self):
        requested = {
            'processor': {'total_cores': 99},
            'memory': {'capacity_mib': 10**6},
            'storage': [{'count': 9}],
        }
        self.assertIn('CPU cores', fitting_data.match(requested).shortage)


class TestNearest(base.TestCase):
    """The share of requirements met, and the largest similar ones."""

    def nearness(self, requested, system=None, *pool):
        return fitting.nearness(
            requirements.normalize(requested),
            system or fitting_data.system(),
            *(pool or ((),)),
        )

    def nearest(self, requested, system=None, *pool):
        return fitting.nearest(
            requirements.normalize(requested),
            system or fitting_data.system(),
            *(pool or ((),)),
        )

    def test_devices_of_other_zones(self):
        requested = {'pci_devices': [{'type': 'gpu'}]}
        system = fitting_data.system(zones=['/a'])
        pool = [fitting_data.device('gpu', zones=['/b'])], True
        self.assertEqual(0, self.nearness(requested, system, *pool))
        self.assertEqual({}, self.nearest(requested, system, *pool))

    def test_nearness(self):
        for requested, share in (
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
            self.assertEqual(share, self.nearness(requested), requested)

    def test_devices_increase_nearness(self):
        requested = {'pci_devices': [{'type': 'gpu'}]}
        self.assertEqual(0, self.nearness(requested))
        self.assertEqual(
            1, self.nearness(requested, None, [fitting_data.device('gpu')])
        )

    def test_nearest(self):
        for requested, most in (
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
            self.assertEqual(most, self.nearest(requested))

    def test_nearest_devices(self):
        most = {'pci_devices': [{'type': 'gpu', 'count': 1}]}
        devices = iter([fitting_data.device('gpu')])
        requested = {'pci_devices': [{'type': 'gpu'}] * 2}
        self.assertEqual(most, self.nearest(requested, None, devices))
