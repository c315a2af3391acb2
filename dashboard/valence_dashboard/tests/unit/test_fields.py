# SPDX-License-Identifier: Apache-2.0
import datetime

import testtools
from django.utils import timezone

from valence_dashboard import fields


class Fields(testtools.TestCase):
    def test_labels(self):
        for name, label in (
            ('cpu_cores', 'CPU cores'),
            ('memory_mib', 'Memory'),
            ('speed_mbps', 'Speed'),
            ('podm_uuid', 'Pod manager'),
            ('uuid', 'UUID'),
            ('is_public', 'Public'),
        ):
            self.assertEqual(label, fields.label(name))

    def test_values(self):
        for name, value, shown in (
            ('memory_mib', 65536, '64 GiB'),
            ('memory_mib', 512, '512 MiB'),
            ('capacity_gib', 2000, '1.95 TiB'),
            ('capacity_gib', 10**7, '9765.62 TiB'),
            ('speed_mbps', 25000, '25 Gbit/s'),
            ('speed_mbps', 100, '100 Mbit/s'),
            ('maintenance', False, 'No'),
            ('description', None, '-'),
            ('capabilities', ['attach', 'boot'], 'attach, boot'),
            ('cpu_cores', 0, '0'),
        ):
            self.assertEqual(shown, fields.render(name, value))

    def test_values_are_escaped(self):
        evil = '<script>alert(1)</script>'
        for shown in (
            fields.state('offline', evil),
            fields.render('properties', {evil: evil}),
            fields.render('drives', [{'type': evil}]),
        ):
            self.assertNotIn('<script', shown)
            self.assertIn('&lt;script', shown)

    def test_nested_values(self):
        shown = fields.render(
            'result', {'power_state': 'on', 'devices': {}, 'sizes': [{'a': 1}]}
        )
        self.assertIn('>On</span>', shown)
        self.assertIn('Devices: -', shown)
        self.assertIn('Sizes: A 1', shown)

    def test_raw_json(self):
        shown = fields.render_json(
            {'Name': '<b>ü</b>', 'Links': {'Chassis': []}}
        )
        self.assertIn('ü&lt;/b&gt;', shown)
        self.assertIn('&quot;Chassis&quot;: []', shown)

    def test_filter_texts_for_the_api(self):
        for kind, name, text, meant in (
            ('pod_manager', 'status', 'Online', 'online'),
            ('pod_manager', 'is_public', 'Yes', 'true'),
            ('pod_manager', 'is_public', 'false', 'false'),
            ('pod_manager', 'name', 'My Pod', 'My Pod'),
            ('device', 'type', 'GPU', 'gpu'),
            ('node', 'power_state', 'in:On, Off', 'in:on, off'),
            ('system', 'state', 'Not There', 'not_there'),
        ):
            self.assertEqual(meant, fields.to_api(kind, name, text))

    def test_labels_with_units(self):
        self.assertEqual('Memory (MiB)', fields.label_with_unit('memory_mib'))
        self.assertEqual(
            'Speed (Mbit/s)', fields.label_with_unit('speed_mbps')
        )
        self.assertEqual('CPU cores', fields.label_with_unit('cpu_cores'))

    def test_age(self):
        now = timezone.now()
        self.assertIn('just now', fields.age(now.isoformat()))
        before = now - datetime.timedelta(hours=3, minutes=2)
        self.assertIn('3\xa0hours ago', fields.age(before.isoformat()))
        self.assertEqual('-', fields.age(None))

    def test_capacity_bar(self):
        shown = fields.capacity_bar({'total': 200, 'free': 50}, 'cpu_cores')
        self.assertIn('width:75%', shown)
        self.assertIn('50 of 200 free', shown)
        held = {'total': 200, 'free': 50, 'held': 10}
        self.assertIn(
            '50 of 200 free, 10 held', fields.capacity_bar(held, 'cpu_cores')
        )
        self.assertEqual(
            '-', fields.capacity_bar({'total': 0, 'free': 0}, 'x')
        )

    def test_all_fields_are_rendered(self):
        record = {
            name: None for name in fields.schemas('System') if name != 'drives'
        }
        shown = fields.details('System', record, exclude=('uuid',))
        self.assertEqual(len(record) - 1, len(shown))
        self.assertTrue(all(one['about'] for one in shown))
