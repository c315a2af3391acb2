# SPDX-License-Identifier: Apache-2.0
"""Each property of a valid resource is read into its field."""

from valence.podmanagers import hardware
from valence.podmanagers.redfish import parents
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish import root
from valence.podmanagers.wire import values
from valence.tests import base


def _id(uri):
    return {'@odata.id': uri}


class TestProperties(base.TestCase):
    def test_nodes_of_each_generation_of_rsd(self):
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

    def test_numbers_are_those_that_floats_represent_exactly(self):
        self.assertEqual(2**53 - 1, values.number(2**53 - 1))
        self.assertEqual(2**53 + 1, values.number(2**53 + 1))
        self.assertEqual(0, values.number(2**70))
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
    def test_all_properties(self):
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
                'rack_offset': None,
                'rack_units': None,
            },
            item.values,
        )

    def test_no_properties(self):
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
                'rack_offset': None,
                'rack_units': None,
            },
            item.values,
        )

    def test_location_of_rsd(self):
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

    def test_place_in_a_rack(self):
        def place(offset=None, **body):
            location = {'Placement': {'RackOffset': offset}}
            body = {'Location': location, **body}
            found = resources.chassis_item('/c', body).values
            return found['rack_offset'], found['rack_units']

        self.assertEqual((0, 1), place(0, HeightRackUnits=1))
        self.assertEqual((12, 2), place(12, HeightMm=89))
        self.assertEqual((12, 2), place(12, HeightMm=96, RackUnits='OpenU'))
        self.assertEqual((None, 42), place(-1, HeightMm=42 * 44.45))
        for wrong in (True, '12', 1.5, [], 10**9, -(10**9)):
            self.assertIsNone(place(wrong)[0], wrong)
            height = place(HeightRackUnits=wrong, HeightMm=wrong)[1]
            self.assertIn(height, (None, 2, 12), wrong)

    def test_location_of_redfish(self):
        found = resources.chassis_item('/c', {'Location': {'Id': 'U'}}).values
        self.assertEqual('U', found['location'])


class TestParents(base.TestCase):
    """A resource without ContainedBy has the parent that contains it."""

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
        parents.find_parents(seen)
        return {i.uri: i.parent for i in (*seen.chassis, *seen.systems)}

    def test_a_system_is_in_the_innermost_chassis(self):
        for outer, inner in (('/a', '/b'), ('/b', '/a')):
            rack = self.chassis(outer, contains=[inner], systems=['/s'])
            sled = self.chassis(inner, systems=['/s'])
            for order in ([rack, sled], [sled, rack]):
                for one in order:
                    one.parent = None
                self.assertEqual(
                    {outer: None, inner: outer, '/s': inner},
                    self.find(order, [('/s', None)]),
                )

    def test_malformed_links(self):
        broken = {'@odata.id': 7}
        for links, unknown in (
            ({'Chassis': [broken]}, {hardware.PARENT}),
            ({'ContainedBy': broken}, {hardware.PARENT}),
            ({'Drives': [broken]}, set()),
        ):
            item = hardware.Item('/s', {}, properties={'Links': links})
            parents.mark_parent(item)
            self.assertEqual(unknown, item.unknown, links)

    def test_own_links_take_precedence(self):
        found = self.find(
            [
                self.chassis('/a', contains=['/b'], systems=['/s']),
                self.chassis('/b', parent='/c'),
            ],
            [('/s', '/b')],
        )
        self.assertEqual({'/a': None, '/b': '/c', '/s': '/b'}, found)

    def test_no_chassis_contains_itself(self):
        self.assertEqual(
            {'/a': None}, self.find([self.chassis('/a', contains=['/a'])])
        )

    def test_cycles(self):
        found = self.find(
            [
                self.chassis('/a', contains=['/b'], systems=['/s']),
                self.chassis('/b', contains=['/a']),
            ],
            [('/s', None)],
        )
        self.assertEqual({'/a': '/b', '/b': '/a', '/s': '/a'}, found)


class TestDevice(base.TestCase):
    def test_all_properties(self):
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
                'rpm': None,
                'speed_mhz': None,
                'onboard_memory_mib': None,
                'mac_addresses': None,
                'max_nodes': 1,
                'pooled_group_id': None,
            },
            item.values,
        )

    def test_no_properties(self):
        item = resources.device_item('/d/1', {}, used=False)
        self.assertIsNone(item.parent)
        self.assertEqual('1', item.values['name'])
        self.assertEqual('free', item.values['state'])
        self.assertEqual([], item.values['zones'])
