# SPDX-License-Identifier: Apache-2.0
"""Good resources are read completely: each property in its place."""

from valence.podmanagers import hardware
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish import root
from valence.podmanagers.wire import values
from valence.tests import base

_KINDS = ('Processors', 'Memory', 'EthernetInterfaces', 'Drives')
_UUID = '11111111-2222-3333-4444-5555555555ab'


def _id(uri):
    return {'@odata.id': uri}


class _Crawler:
    """Has a tree of resources in memory; see ``redfish.crawler.Crawler``.

    :param missing: URIs that cannot be read.
    """

    def __init__(self, tree, missing=()):
        self._tree = tree
        self._missing = set(missing)
        self.waves = []

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


class TestWords(base.TestCase):
    def test_each_generation_of_rsd_has_its_own_place(self):
        for body in (
            {'Nodes': _id('/n')},
            {'Oem': {'Intel_RackScale': {'Nodes': _id('/n')}}},
            {'Oem': {'Intel:RackScale': {'Nodes': _id('/n')}}},
        ):
            self.assertEqual('/n', root.rsd_nodes(body))
        self.assertIsNone(root.rsd_nodes({'Oem': {'Other': {}}}))

    def test_text(self):
        self.assertEqual('ab', values.text('a\0b '))
        self.assertEqual('1.5', values.text(1.5))
        self.assertEqual('abc', values.text('abcdef', 3))
        self.assertEqual('?', values.text('\ud800'))
        self.assertEqual(255, len(values.text('x' * 256)))
        self.assertIsNone(values.text(False))

    def test_numbers_end_where_floats_lose_count(self):
        self.assertEqual(2**53 - 1, values.number(2**53 - 1))
        self.assertEqual(0, values.number(2**53))
        self.assertEqual(0.5, values.number('0.5'))
        self.assertEqual(0.0, values.number(0))
        self.assertEqual(1.0, values.number(1))

    def test_whole_numbers_fit_a_column(self):
        self.assertEqual(2**31 - 1, values.whole(2.0**31))
        self.assertEqual(2**31 - 2, values.whole(2**31 - 2))
        self.assertEqual(3, values.whole(3.9))
        self.assertEqual(7, values.count('7.5'))

    def test_names(self):
        for body, uri, name in (
            ({'Name': 'N', 'Id': 'I'}, '/a/b', 'N'),
            ({'Id': 'I'}, '/a/b', 'I'),
            ({}, '/a/b', 'b'),
            ({}, '/a/b/', 'b'),
            ({}, '/', '-'),
            ({}, '/a/' + 'x' * 256, 'x' * 255),
        ):
            self.assertEqual(name, resources.name(body, uri))

    def test_health_and_power(self):
        for value, health in (
            ('OK', 'ok'),
            ('Warning', 'warning'),
            ('Critical', 'critical'),
            ('Fine', 'unknown'),
        ):
            body = {'Status': {'Health': value}}
            self.assertEqual(health, resources.health(body))
        for value, power in (('On', 'on'), ('Off', 'off'), (1, 'unknown')):
            self.assertEqual(power, resources.power({'PowerState': value}))


class TestChassis(base.TestCase):
    def test_all_that_it_says(self):
        body = {
            'Name': 'Rack 7',
            'Manufacturer': 'Maker',
            'Model': 'M 1',
            'SerialNumber': 'S 1',
            'ChassisType': 'Rack',
            'Status': {'State': 'Enabled', 'Health': 'OK'},
            'Location': {'Info': 'Room 1'},
            'Links': {'ContainedBy': _id('/c/0')},
        }
        item = resources.chassis_item('/c/7', body)
        self.assertEqual('/c/7', item.uri)
        self.assertEqual('/c/0', item.parent)
        self.assertEqual(body, item.properties)
        self.assertEqual(
            {
                'name': 'Rack 7',
                'manufacturer': 'Maker',
                'model': 'M 1',
                'serial_number': 'S 1',
                'type': 'rack',
                'state': 'enabled',
                'health': 'ok',
                'location': 'Room 1',
            },
            item.values,
        )

    def test_one_that_says_nothing(self):
        item = resources.chassis_item('/c/7', {})
        self.assertIsNone(item.parent)
        self.assertEqual(
            {
                'name': '7',
                'manufacturer': None,
                'model': None,
                'serial_number': None,
                'type': 'other',
                'state': 'unknown',
                'health': 'unknown',
                'location': None,
            },
            item.values,
        )

    def test_where_rsd_says_that_it_stands(self):
        body = {
            'ChassisType': 'Sled' * 20,
            'Status': {'State': 'Disabled'},
            'Location': {'Id': 'not this'},
            'Oem': {'Intel_RackScale': {'Location': {'Id': 'U 12'}}},
        }
        found = resources.chassis_item('/c/7', body).values
        self.assertEqual('U 12', found['location'])
        self.assertEqual('disabled', found['state'])
        self.assertEqual('sled' * 16, found['type'])

    def test_where_it_stands_by_itself(self):
        found = resources.chassis_item('/c', {'Location': {'Id': 'U'}}).values
        self.assertEqual('U', found['location'])


class TestSystem(base.TestCase):
    maxDiff = None

    def system(self, body=None, used=False, **parts):
        bodies = {kind: dict(parts.get(kind, ())) for kind in _KINDS}
        return resources.system_item('/s/1', body or {}, bodies, used)

    def test_all_that_it_says(self):
        body = {
            'Name': 'Sled 1',
            'UUID': 'u-1',
            'Manufacturer': 'Maker',
            'Model': 'M',
            'SerialNumber': 'S',
            'SystemType': 'Physical',
            'PowerState': 'Off',
            'Status': {'State': 'Enabled', 'Health': 'OK'},
            'Links': {'Chassis': [_id('/c/1'), _id('/c/2')]},
            'ProcessorSummary': {'Count': 2, 'Model': 'Xeon', 'CoreCount': 1},
            'MemorySummary': {'TotalSystemMemoryGiB': 1},
        }
        cpu = {
            'ProcessorType': 'CPU',
            'InstructionSet': 'x86-64',
            'TotalCores': 8,
            'TotalThreads': 16,
        }
        item = self.system(
            body,
            Processors=[('/p/1', cpu), ('/p/2', cpu)],
            Memory=[
                ('/m/1', {'CapacityMiB': 1024}),
                ('/m/2', {'CapacityMiB': 2048, 'MemoryDeviceType': 'DDR4'}),
                ('/m/3', {'CapacityMiB': 1, 'MemoryDeviceType': 'DDR5'}),
            ],
            EthernetInterfaces=[
                ('/n/1', {'MACAddress': 'AA:BB', 'SpeedMbps': 1000}),
                ('/n/2', {'PermanentMACAddress': 'CC:DD', 'SpeedMbps': 0}),
                ('/n/3', {}),
            ],
            Drives=[
                (
                    '/d/1',
                    {
                        'CapacityBytes': 100 * 2**30 + 1,
                        'MediaType': 'SSD',
                        'Type': 'not this',
                        'Protocol': 'NVMe',
                        'Interface': 'not this',
                    },
                ),
                (
                    '/d/2',
                    {'CapacityGiB': 7, 'Type': 'HDD', 'Interface': 'SATA'},
                ),
            ],
        )
        self.assertEqual('/s/1', item.uri)
        self.assertEqual('/c/1', item.parent)
        self.assertEqual(body, item.properties)
        self.assertEqual(set(), item.unknown)
        self.assertEqual(
            {
                'name': 'Sled 1',
                'hardware_uuid': 'u-1',
                'manufacturer': 'Maker',
                'model': 'M',
                'serial_number': 'S',
                'health': 'ok',
                'type': 'physical',
                'power_state': 'off',
                'state': 'free',
                'cpu_model': 'Xeon',
                'cpu_architecture': 'x86-64',
                'cpu_sockets': 2,
                'cpu_cores': 16,
                'cpu_threads': 32,
                'memory_mib': 3073,
                'memory_type': 'DDR4',
                'storage_gib': 107,
                'drives': [
                    {
                        'resource_uri': '/d/1',
                        'capacity_gib': 100,
                        'type': 'SSD',
                        'protocol': 'NVMe',
                    },
                    {
                        'resource_uri': '/d/2',
                        'capacity_gib': 7,
                        'type': 'HDD',
                        'protocol': 'SATA',
                    },
                ],
                'nics': [
                    {
                        'resource_uri': '/n/1',
                        'mac': 'aa:bb',
                        'speed_mbps': 1000,
                    },
                    {
                        'resource_uri': '/n/2',
                        'mac': 'cc:dd',
                        'speed_mbps': None,
                    },
                    {'resource_uri': '/n/3', 'mac': None, 'speed_mbps': None},
                ],
                'zones': [],
            },
            item.values,
        )

    def test_what_only_the_summaries_say(self):
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

    def test_what_only_the_processors_say(self):
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

    def test_words_fit_their_columns(self):
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
        self.assertEqual({'x' * 64}, {nic['mac'] for nic in values['nics']})
        for name in ('type', 'protocol'):
            self.assertEqual(
                {'x' * 64}, {drive[name] for drive in values['drives']}
            )

    def test_whether_it_can_be_had(self):
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

    def test_one_that_stands_nowhere(self):
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
            '/s/1/E/1': {'MACAddress': 'AA'},
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
        self.assertEqual('used', item.values['state'])
        self.assertEqual(4, item.values['cpu_cores'])
        self.assertEqual(512, item.values['memory_mib'])
        self.assertEqual(['aa'], [n['mac'] for n in item.values['nics']])
        # SimpleStorage would tell the same drives once more.
        self.assertEqual(
            ['/d/1', '/d/2'],
            [drive['resource_uri'] for drive in item.values['drives']],
        )
        self.assertEqual(3, item.values['storage_gib'])
        self.assertEqual(set(), item.unknown)

    def test_all_of_a_kind_is_read_at_once(self):
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

    def test_what_cannot_be_read_is_not_known(self):
        stored = {'storage_gib', 'drives'}
        cpu = {
            *('cpu_model', 'cpu_architecture', 'cpu_sockets', 'cpu_cores'),
            'cpu_threads',
        }
        for missing, unknown in (
            ('/s/1/P', cpu),
            ('/s/1/P/1', cpu),
            ('/s/1/M/1', {'memory_mib', 'memory_type'}),
            ('/s/1/E', {'nics'}),
            ('/s/1/S', stored),
            ('/s/1/S/1', stored),
            ('/d/2', stored),
        ):
            (item,) = self.read(self.tree(), [missing])
            self.assertEqual(unknown, item.unknown, missing)

    def test_a_system_that_cannot_be_read(self):
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

    def test_chassis(self):
        crawler = _Crawler({'/c/1': {'Name': 'a'}, '/c/2': {}}, ['/c/2'])
        found = resources.read_chassis(crawler, ['/c/1', '/c/2'])
        self.assertEqual(
            [('/c/1', 'a')], [(i.uri, i.values['name']) for i in found]
        )


class TestParents(base.TestCase):
    """What does not say where it is, is said by what contains it."""

    def chassis(self, uri, parent=None, contains=(), systems=()):
        links = {
            'Contains': [_id(one) for one in contains],
            'ComputerSystems': [_id(one) for one in systems],
        }
        return hardware.Item(
            uri, {}, parent=parent, properties={'Links': links}
        )

    def find(self, chassis, systems=()):
        seen = hardware.Inventory(
            chassis=chassis,
            systems=[hardware.Item(uri, {}, up) for uri, up in systems],
        )
        resources.find_parents(seen)
        return {i.uri: i.parent for i in (*seen.chassis, *seen.systems)}

    def test_the_innermost_holds_a_system(self):
        rack = self.chassis('/rack', contains=['/sled'], systems=['/s'])
        sled = self.chassis('/sled', systems=['/s'])
        for order in ([rack, sled], [sled, rack]):
            for one in order:
                one.parent = None
            self.assertEqual(
                {'/rack': None, '/sled': '/rack', '/s': '/sled'},
                self.find(order, [('/s', None)]),
            )

    def test_who_says_it_himself_is_right(self):
        found = self.find(
            [
                self.chassis('/a', contains=['/b'], systems=['/s']),
                self.chassis('/b', parent='/c'),
            ],
            [('/s', '/b')],
        )
        self.assertEqual({'/a': None, '/b': '/c', '/s': '/b'}, found)

    def test_nothing_contains_itself(self):
        self.assertEqual(
            {'/a': None}, self.find([self.chassis('/a', contains=['/a'])])
        )

    def test_circles_have_an_end(self):
        found = self.find(
            [
                self.chassis('/a', contains=['/b'], systems=['/s']),
                self.chassis('/b', contains=['/a']),
            ],
            [('/s', None)],
        )
        self.assertEqual({'/a': '/b', '/b': '/a', '/s': '/a'}, found)


class TestDevice(base.TestCase):
    def test_all_that_is_known(self):
        body = {
            'Name': 'GPU 1',
            'Manufacturer': 'Maker',
            'Model': 'M',
            'SerialNumber': 'S',
            'Status': {'Health': 'Warning'},
        }
        item = resources.device_item(
            '/d/1', body, used=True, parent='/c', type='gpu', zones=['/z']
        )
        self.assertEqual('/d/1', item.uri)
        self.assertEqual('/c', item.parent)
        self.assertEqual(body, item.properties)
        self.assertEqual(
            {
                'name': 'GPU 1',
                'manufacturer': 'Maker',
                'model': 'M',
                'serial_number': 'S',
                'health': 'warning',
                'state': 'used',
                'type': 'gpu',
                'zones': ['/z'],
                'media_type': None,
                'protocol': None,
                'capacity_gib': 0,
                'memory_mib': 0,
                'cpu_cores': 0,
                'speed_mbps': 0,
                'pooled_group_id': None,
            },
            item.values,
        )

    def test_one_that_says_nothing(self):
        item = resources.device_item('/d/1', {}, used=False)
        self.assertIsNone(item.parent)
        self.assertEqual('1', item.values['name'])
        self.assertEqual('free', item.values['state'])
        self.assertEqual([], item.values['zones'])
