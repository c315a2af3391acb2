# SPDX-License-Identifier: Apache-2.0
"""Systems with their parts, and the order in which they are read."""

from valence.podmanagers.redfish import resources
from valence.tests import base
from valence.tests.unit import system_data
from valence.tests.unit.system_data import link as _id

_KINDS = ('Processors', 'Memory', 'EthernetInterfaces', 'Drives')


class _Crawler:
    """Has a tree of resources in memory; see ``redfish.crawler.Crawler``.

    :param missing: URIs that cannot be read.
    """

    def __init__(self, tree, missing=()):
        self._tree = tree
        self._missing = set(missing)
        self.waves = []
        self.doubts = {}

    def get_many(self, uris):
        uris = list(uris)
        self.waves.append(uris)
        return {
            uri: self._tree[uri] for uri in uris if uri not in self._missing
        }

    def get_members(self, uris):
        found = {
            uri: self._tree[uri]
            for uri in uris
            if uri not in self._missing and uri in self._tree
        }
        self.get_many(uri for members in found.values() for uri in members)
        return found

    def lacks(self, uris):
        return bool(self._missing.intersection(uris))


class TestSystem(base.TestCase):
    maxDiff = None

    def system(self, body=None, used=False, **parts):
        bodies = {kind: dict(parts.get(kind, ())) for kind in _KINDS}
        return resources.system_item('/s/1', body or {}, bodies, used)

    def test_all_properties(self):
        item = self.system(system_data.SYSTEM, **system_data.PARTS)
        self.assertEqual('/s/1', item.uri)
        self.assertEqual('/c/1', item.parent)
        self.assertEqual(system_data.SYSTEM, item.properties)
        self.assertEqual(set(), item.unknown)
        self.assertEqual(system_data.VALUES, item.values)

    def test_values_of_the_summaries(self):
        values = self.system(
            {
                'ProcessorSummary': {
                    'Count': 4,
                    'CoreCount': 64,
                    'LogicalProcessorCount': 128,
                },
                'MemorySummary': {'TotalSystemMemoryGiB': 1.5},
            }
        ).values
        self.assertEqual(4, values['cpu_sockets'])
        self.assertEqual(64, values['cpu_cores'])
        self.assertEqual(128, values['cpu_threads'])
        self.assertEqual(1536, values['memory_mib'])
        self.assertIsNone(values['memory_type'])
        self.assertIsNone(values['cpu_model'])
        self.assertIsNone(values['cpu_architecture'])

    def test_boot_modes(self):
        listed = 'BootSourceOverrideMode@Redfish.AllowableValues'
        for boot, expected in (
            (None, None),
            ({}, None),
            ({listed: []}, None),
            ({listed: [7, 'UEFI', 'UEFI']}, ['UEFI']),
            ({'BootSourceOverrideMode': 'Legacy'}, ['Legacy']),
            ({'BootSourceOverrideMode': 7, listed: None}, None),
        ):
            values = self.system({'Boot': boot}).values
            self.assertEqual(expected, values['boot_modes'], boot)

    def test_values_of_the_processors(self):
        values = self.system(
            Processors=[
                ('/p/1', {'Model': 'EPYC', 'TotalThreads': 5}),
                ('/p/2', {'Status': {'State': 'Absent'}, 'TotalCores': 9}),
                ('/p/3', {'ProcessorType': 'FPGA', 'TotalCores': 9}),
            ]
        ).values
        self.assertEqual('EPYC', values['cpu_model'])
        self.assertEqual(1, values['cpu_sockets'])
        self.assertEqual(2, values['cpu_cores'])
        self.assertEqual(5, values['cpu_threads'])

    def test_accelerators_in_the_summary(self):
        for model, count, expected in (
            ('A', 3, (None, 2)),
            ('B', 1, ('B', 0)),
            ('B', 0, ('B', 0)),
        ):
            values = self.system(
                {'ProcessorSummary': {'Model': model, 'Count': count}},
                Processors=[('/p/1', {'ProcessorType': 'GPU', 'Model': 'A'})],
            ).values
            self.assertEqual(
                expected, (values['cpu_model'], values['cpu_sockets'])
            )
        values = self.system(
            Processors=[
                ('/p/1', {'ProcessorType': 'GPU', 'Model': 'A'}),
                ('/p/2', {'Model': 'A'}),
            ]
        ).values
        self.assertEqual('A', values['cpu_model'])

    def test_texts_fit_their_columns(self):
        long = 'x' * 300
        values = self.system(
            {'SystemType': long.upper(), 'ProcessorSummary': {'Model': long}},
            Processors=[('/p', {'InstructionSet': long})],
            Memory=[('/m', {'MemoryDeviceType': long})],
            EthernetInterfaces=[
                ('/n', {'MACAddress': long}),
                ('/o', {'PermanentMACAddress': long}),
            ],
            Drives=[
                ('/d', {'MediaType': long, 'Protocol': long}),
                ('/e', {'Type': long, 'Interface': long}),
            ],
        ).values
        self.assertEqual('x' * 64, values['type'])
        self.assertEqual('x' * 255, values['cpu_model'])
        self.assertEqual('x' * 64, values['cpu_architecture'])
        self.assertEqual('x' * 64, values['memory_type'])
        self.assertEqual({None}, {nic['mac'] for nic in values['nics']})
        for name in ('type', 'protocol'):
            self.assertEqual(
                {'x' * 64}, {drive[name] for drive in values['drives']}
            )

    def test_availability(self):
        for status, used, state in (
            ({'State': 'Enabled'}, True, 'used'),
            ({'Health': 'Critical'}, True, 'used'),
            ({'State': 'Enabled'}, False, 'free'),
            ({'State': 'Disabled'}, False, 'unavailable'),
            ({'State': 'Absent'}, False, 'unavailable'),
            ({'State': 'UnavailableOffline'}, False, 'unavailable'),
            ({'State': 'InTest'}, False, 'unavailable'),
            ({'Health': 'Critical'}, False, 'unavailable'),
            ({'Health': 'Warning'}, False, 'free'),
            (None, False, 'free'),
        ):
            item = self.system({'Status': status}, used)
            self.assertEqual(state, item.values['state'], status)

    def test_no_chassis(self):
        self.assertIsNone(self.system({'Links': {'Chassis': []}}).parent)
        self.assertIsNone(self.system().values['type'])


class TestReadSystems(base.TestCase):
    def tree(self, **more):
        return {
            '/s/1': {
                'Name': 'one',
                'Processors': _id('/s/1/P'),
                'Memory': _id('/s/1/M'),
                'EthernetInterfaces': _id('/s/1/E'),
                'Storage': _id('/s/1/S'),
                'SimpleStorage': _id('/s/1/SS'),
            },
            '/s/1/P': ['/s/1/P/1'],
            '/s/1/P/1': {'TotalCores': 4},
            '/s/1/M': ['/s/1/M/1'],
            '/s/1/M/1': {'CapacityMiB': 512},
            '/s/1/E': ['/s/1/E/1'],
            '/s/1/E/1': {'MACAddress': '0200000000AA'},
            '/s/1/S': ['/s/1/S/1'],
            '/s/1/S/1': {'Drives': [_id('/d/1'), _id('/d/2')]},
            '/s/1/SS': ['/s/1/SS/1'],
            '/s/1/SS/1': {'Devices': [{'CapacityBytes': 2**40}]},
            '/d/1': {'CapacityBytes': 2**30},
            '/d/2': {'CapacityBytes': 2**31},
            **more,
        }

    def read(self, tree, missing=(), used=()):
        self.crawler = _Crawler(tree, missing)
        return resources.read_systems(self.crawler, ['/s/1'], set(used))

    def test_a_system_with_its_parts(self):
        (item,) = self.read(self.tree(), used=['/s/1'])
        self.assertEqual('/s/1', item.uri)
        self.assertEqual('used', item.values['state'])
        self.assertEqual(4, item.values['cpu_cores'])
        self.assertEqual(512, item.values['memory_mib'])
        self.assertEqual(
            ['02:00:00:00:00:aa'], [n['mac'] for n in item.values['nics']]
        )
        # SimpleStorage would list the same drives again.
        self.assertEqual(
            ['/d/1', '/d/2'],
            [drive['resource_uri'] for drive in item.values['drives']],
        )
        self.assertEqual(3, item.values['storage_gib'])
        self.assertEqual(set(), item.unknown)

    def test_parts_of_a_kind_are_read_in_one_wave(self):
        self.read(self.tree())
        self.assertIn(['/d/1', '/d/2'], self.crawler.waves)
        self.assertIn(
            {'/s/1/P/1', '/s/1/M/1', '/s/1/E/1', '/s/1/S/1'},
            [set(wave) for wave in self.crawler.waves],
        )

    def test_an_older_service(self):
        tree = self.tree()
        del tree['/s/1']['Storage']
        (item,) = self.read(tree)
        self.assertEqual('free', item.values['state'])
        self.assertEqual(1024, item.values['storage_gib'])
        self.assertEqual(
            '/s/1/SS/1#/Devices/0', item.values['drives'][0]['resource_uri']
        )

    def test_unreadable_parts_leave_values_unknown(self):
        stored = {'storage_gib', 'drives'}
        cpu = {
            *('cpu_model', 'cpu_architecture', 'cpu_sockets', 'cpu_cores'),
            *('cpu_threads', 'accelerators', 'processors'),
        }
        for missing, unknown in (
            ('/s/1/P', cpu),
            ('/s/1/P/1', cpu),
            ('/s/1/M/1', {'memory_mib', 'memory_type', 'memory_modules'}),
            ('/s/1/E', {'nics'}),
            ('/s/1/S', stored),
            ('/s/1/S/1', stored),
            ('/d/2', stored),
        ):
            (item,) = self.read(self.tree(), [missing])
            self.assertEqual(unknown, item.unknown, missing)

    def test_too_many_parts(self):
        self.patch(resources, '_MAX_PARTS', 1)
        (item,) = self.read(self.tree())
        self.assertEqual({'storage_gib', 'drives'}, item.unknown)
        self.assertEqual({'/s/1': 'more than 1 Drives'}, self.crawler.doubts)
        self.assertEqual(
            ['/d/1'], [one['resource_uri'] for one in item.values['drives']]
        )

    def test_malformed_links_leave_values_unknown(self):
        broken = {'@odata.id': 7}
        for uri, name, unknown in (
            (
                '/s/1',
                'Memory',
                {'memory_mib', 'memory_type', 'memory_modules'},
            ),
            ('/s/1/S/1', 'Drives', {'storage_gib', 'drives'}),
        ):
            tree = self.tree()
            tree[uri][name] = broken
            (item,) = self.read(tree)
            self.assertEqual(unknown, item.unknown, name)

    def test_drives_are_those_of_the_storage(self):
        tree = self.tree(**{'/s/1/D': ['/d/3'], '/d/3': {}})
        tree['/s/1']['Drives'] = _id('/s/1/D')
        self.read(tree)
        self.assertNotIn('/d/3', sum(self.crawler.waves, []))

    def test_unreadable_system(self):
        self.assertEqual([], self.read(self.tree(), ['/s/1']))

    def test_simple_drives(self):
        self.assertEqual(
            {'/x#/Devices/1': {'CapacityBytes': 1}},
            resources.simple_drives(
                {
                    '/x': {'Devices': [{}, {'CapacityBytes': 1}, None]},
                    '/y': {'Devices': None},
                    '/z': {},
                }
            ),
        )


class TestReadChassis(base.TestCase):
    def test_unreadable_chassis_are_left_out(self):
        crawler = _Crawler({'/c/1': {'Name': 'a'}, '/c/2': {}}, ['/c/2'])
        found = resources.read_chassis(crawler, ['/c/1', '/c/2'])
        self.assertEqual(
            [('/c/1', 'a')], [(i.uri, i.values['name']) for i in found]
        )
