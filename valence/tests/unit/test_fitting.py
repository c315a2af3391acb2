# SPDX-License-Identifier: Apache-2.0
"""Whether a system has what is wanted."""

import types

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
            'type': kind,
            'media_type': None,
            'protocol': None,
            'capacity_gib': None,
            'speed_mbps': None,
            'zones': [],
            **values,
        }
    )


def _match(wanted, system=None, devices=()):
    return fitting.match(
        requirements.normalize(wanted), system or _system(), devices
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
            ({'processor': {'total_cores': 17}}, 'total_cores is 16 of 17'),
            ({'processor': {'sockets': 4}}, 'sockets is 2 of 4'),
            ({'processor': {'model': '8168'}}, 'not 8168'),
            ({'processor': {'architecture': 'arm64'}}, 'not arm64'),
            ({'memory': {'capacity_mib': 65537}}, 'is 65536 of 65537'),
            ({'memory': {'type': 'DDR5'}}, 'not DDR5'),
            ({'storage': [{'count': 4}]}, 'storage lacks count=1'),
            ({'storage': [{'capacity_gib': 2001}]}, 'storage lacks'),
            ({'storage': [{'type': 'SSD', 'capacity_gib': 961}]}, 'storage'),
            ({'network': [{'speed_mbps': 10000, 'count': 2}]}, 'network'),
            ({'pci_devices': [{'type': 'GPU'}]}, 'pci_devices lacks'),
        ):
            self.assertIn(words, _match(wanted).shortage or '', wanted)

    def test_a_part_serves_one_wish(self):
        wanted = {'storage': [{'capacity_gib': 900}, {'capacity_gib': 1900}]}
        self.assertIsNone(_match(wanted).shortage)
        wanted['storage'].append({'capacity_gib': 500})
        self.assertIn('storage lacks', _match(wanted).shortage)

    def test_what_is_not_known_is_not_there(self):
        system = _system(cpu_model=None, memory_type=None, drives=[{}])
        for wanted in (
            {'processor': {'model': 'Xeon'}},
            {'memory': {'type': 'DDR4'}},
            {'storage': [{'capacity_gib': 1}]},
            {'storage': [{'type': 'SSD'}]},
        ):
            self.assertIsNotNone(_match(wanted, system).shortage)

    def test_pooled_devices_make_up_for_what_is_lacking(self):
        gpus = [_device('gpu'), _device('gpu'), _device('nic')]
        found = _match(
            {'pci_devices': [{'type': 'gpu', 'count': 2}]}, None, gpus
        )
        self.assertEqual(tuple(gpus[:2]), found.devices)
        found = _match(
            {'pci_devices': [{'type': 'gpu', 'count': 3}]}, None, gpus
        )
        self.assertIn('pci_devices lacks', found.shortage)

    def test_what_is_built_in_is_used_first(self):
        pooled = [_device('drive', capacity_gib=4000, media_type='SSD')]
        found = _match({'storage': [{'capacity_gib': 1000}]}, None, pooled)
        self.assertEqual(((), None), tuple(found))
        found = _match({'storage': [{'capacity_gib': 3000}]}, None, pooled)
        self.assertEqual((tuple(pooled), None), tuple(found))

    def test_zones_keep_apart(self):
        pooled = [_device('gpu', zones=['/b'])]
        wanted = {'pci_devices': [{'type': 'gpu'}]}
        self.assertIsNotNone(
            _match(wanted, _system(zones=['/a']), pooled).shortage
        )
        self.assertIsNone(
            _match(wanted, _system(zones=['/a', '/b']), pooled).shortage
        )
