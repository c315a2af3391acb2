# SPDX-License-Identifier: Apache-2.0
from valenceclient.tests.functional import base


class Inventory(base.TestCase):
    def setUp(self):
        super().setUp()
        self.pod()

    def test_systems(self):
        systems = self.json('system list --pod-manager pod')
        self.assertEqual(20, len(systems))
        self.assertEqual(
            ['uuid', 'name', 'cpu_cores', 'memory_mib'], [*systems[0]][:4]
        )
        shown = self.json('system show', systems[0]['name'])
        self.assertEqual(systems[0]['uuid'], shown['uuid'])
        self.assertIsInstance(shown['nics'], list)

    def test_sorted_pages(self):
        line = 'system list --sort-key memory_mib --sort-dir desc'
        every = self.json(line)
        sizes = [one['memory_mib'] for one in every]
        self.assertEqual(sorted(sizes, reverse=True), sizes)
        first = self.json(f'{line} --limit 7')
        second = self.json(f'{line} --marker', first[-1]['uuid'])
        self.assertEqual(every, first + second)
        by_name = self.json(f'{line} --marker', first[-1]['name'])
        self.assertEqual(second, by_name)
        names = self.json('system list --fields name --limit 100')
        self.assertEqual(20, len(names))

    def test_filters(self):
        big = self.json('system list --memory-mib gte:65536')
        self.assertTrue(big)
        self.assertTrue(all(one['memory_mib'] >= 65536 for one in big))
        some = self.json(
            'system list --memory-mib gte:65536 --memory-mib lt:131072'
        )
        self.assertEqual(
            [one for one in big if one['memory_mib'] < 131072], some
        )
        self.assertIn(
            'Invalid input for query parameter pod_manager',
            self.fails('system list --pod-manager nobody'),
        )

    def test_filters_by_tags(self):
        (one, other, *_) = self.json('system list --limit 2')
        for system, tags in ((one, 'AB'), (other, 'A')):
            given = [f'--tags=CUSTOM_{tag}' for tag in tags]
            self.valence('system set', system['uuid'], *given)
            self.addCleanup(
                self.run_valence, 'system set --unset tags', system['uuid']
            )
        for line, count in (
            ('--tags CUSTOM_A', 2),
            ('--tags CUSTOM_A --tags CUSTOM_B', 1),
            ('--tags-any CUSTOM_A,CUSTOM_B', 2),
            ('--not-tags CUSTOM_A', 18),
            ('--traits CUSTOM_A --not-traits-any CUSTOM_B', 1),
        ):
            found = self.json(f'system list {line}')
            self.assertEqual(count, len(found), line)

    def test_filters_chassis_by_tags(self):
        name = self.rack()['name']
        self.valence('chassis set', name, '--tags=CUSTOM_ROW_7')
        self.addCleanup(self.run_valence, 'chassis set --unset tags', name)
        every = self.json('chassis list')
        inside = self.json('chassis list --tags CUSTOM_ROW_7')
        others = self.json('chassis list --not-tags CUSTOM_ROW_7')
        self.assertIn(name, [one['name'] for one in inside])
        self.assertNotIn(name, [one['name'] for one in others])
        self.assertEqual(len(every), len(inside) + len(others))

    def test_fields(self):
        (one, *_) = self.json('system list --fields name,cpu_model')
        self.assertEqual(['name', 'cpu_model'], [*one])
        short = self.json('system list --limit 1')[0]
        long = self.json('system list --limit 1 --long')[0]
        self.assertLess(short.keys(), long.keys())
        output = self.fails('rack show --fields y', self.rack()['uuid'])
        self.assertIn('Unknown field y; the fields are: ', output)

    def test_findings(self):
        self.assertEqual(
            [], self.json('finding list --pod-manager pod --kind ghost_part')
        )
        for command in (
            'show nothing',
            'release nothing',
            'forget nothing',
            'accept nothing --until 2030-01-01T00:00Z',
            'adopt nothing --name n',
        ):
            output = self.fails(f'finding {command}')
            self.assertIn('could not be found', output)
        output = self.fails('finding adopt 7 --pod-manager pod --name n')
        self.assertIn('the last sync of pod has seen no node 7', output)

    def test_chassis_and_racks(self):
        rack = self.rack()
        self.assertEqual('rack', rack['type'])
        shown = self.json('rack show', rack['uuid'])
        self.assertEqual(shown, self.json('chassis show', rack['uuid']))
        drawers = self.json('chassis list --long --parent-uuid', rack['uuid'])
        self.assertEqual({'drawer'}, {one['type'] for one in drawers})

    def rack(self) -> dict:
        return self.json('rack list')[0]

    def test_devices_and_storages(self):
        self.assertIsInstance(self.json('device list --long'), list)
        self.assertIsInstance(self.json('storage list --long'), list)
        self.assertEqual(
            'Device nobody could not be found.',
            self.fails('device show nobody'),
        )

    def test_topology(self):
        tree = self.json('podmanager topology show pod')
        self.assertEqual(
            {'nodes', 'conditions', 'chassis', 'systems', 'devices'},
            tree.keys(),
        )
        self.assertTrue(tree['chassis'])

    def test_capacity(self):
        self.assertEqual(20, self.json('capacity show')['systems']['total'])

    def test_unreserve_without_reservation(self):
        system = self.json('system list --limit 1')[0]
        self.assertIn(
            'is not reserved', self.fails('system unreserve', system['uuid'])
        )
