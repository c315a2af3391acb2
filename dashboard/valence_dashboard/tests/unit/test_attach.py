# SPDX-License-Identifier: Apache-2.0
from typing import Any

from valence_dashboard.tests.unit import fakes

_NODE, _SYSTEM, *_IDS = (f'00000000-0000-4000-8000-{n:012}' for n in range(12))
_ATTACH = f'/project/nodes/{_NODE}/attach/'

_DEVICES: tuple[dict[str, Any], ...] = (
    {
        'name': 'a',
        'manufacturer': 'Acme',
        'model': 'X1',
        'media_type': 'SSD',
        'protocol': 'NVMe',
        'capacity_gib': 1536,
        'memory_mib': 0,
    },
    {'name': 'b', 'media_type': 'HDD', 'capacity_gib': 500, 'rpm': 7200},
    {'name': 'c', 'type': 'network_interface', 'speed_mbps': 25000},
    {
        'name': 'd',
        'type': 'gpu',
        'model': 'A100',
        'onboard_memory_mib': 81920,
        'speed_mhz': 1410,
    },
    {'name': 'e', 'type': 'processor', 'cpu_cores': 32},
    {'name': 'f', 'type': 'volume'},
)


class TestAttach(fakes.TestCase):
    def setUp(self):
        super().setUp()
        self.answers[f'nodes/{_NODE}'] = {
            'uuid': _NODE,
            'name': 'web',
            'podm_uuid': _NODE,
            'provision_state': 'active',
            'systems': [{'uuid': _SYSTEM, 'name': 's'}],
        }

    def offered(self, *devices):
        """Return what the form offers, by type."""
        self.answers['devices'] = {
            'devices': [
                {'uuid': uuid, 'type': 'drive', **device}
                for uuid, device in zip(_IDS, devices, strict=False)
            ]
        }
        form = self.page_context(_ATTACH)['form']
        return {
            group: [label for _value, label in listed]
            for group, listed in form.fields['device'].choices
        }

    def page_context(self, path):
        return self.client.get(path).context

    def test_what_devices_are(self):
        self.assertEqual(
            {
                'Drive': [
                    'a (Acme, X1, SSD, NVMe, 1.5 TiB)',
                    'b (HDD, 500 GiB, 7200 rpm)',
                ],
                'Network interface': ['c (25 Gbit/s)'],
                'Gpu': ['d (A100, 80 GiB, 1410 MHz)'],
                'Processor': ['e (32 cores)'],
                'Volume': ['f'],
            },
            self.offered(*_DEVICES),
        )

    def test_what_cannot_be_attached(self):
        self.assertEqual(
            {'Drive': ['free']},
            self.offered(
                {'name': 'free', 'stale': False},
                {'name': 'taken', 'node_uuid': _SYSTEM},
                {'name': 'held', 'hold_uuid': _SYSTEM},
                {'name': 'broken', 'condition_uuid': _SYSTEM},
                {'name': 'stale', 'stale': True},
            ),
        )

    def test_zones(self):
        devices = (
            {'name': 'near', 'zones': ['1', '2']},
            {'name': 'far', 'zones': ['3']},
            {'name': 'nowhere', 'zones': []},
        )
        self.answers['systems'] = {
            'systems': [{'uuid': _SYSTEM, 'name': 's', 'zones': ['2', '4']}]
        }
        offered = self.offered(*devices)
        self.assertEqual({'Drive': ['near (zone 1, 2)']}, offered)

    def test_nothing(self):
        self.answers['devices'] = {'devices': []}
        form = self.page_context(_ATTACH)['form']
        self.assertEqual(
            [('', 'No free devices.')], form.fields['device'].choices
        )
