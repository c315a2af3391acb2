# SPDX-License-Identifier: Apache-2.0
"""Resources of bad services are read for what they are worth."""

import itertools
import random

from valence.db.sqlalchemy import models
from valence.objects import inventory
from valence.podmanagers.redfish import resources
from valence.podmanagers.wire import values
from valence.tests import base

_HUGE = 10**400
_VALUES = (
    None,
    True,
    False,
    'true',
    'false',
    0,
    -1,
    3,
    2**31,
    2**32 - 1,
    9e15,
    2**63,
    2**64,
    _HUGE,
    1.5,
    1e308,
    float('nan'),
    float('inf'),
    '',
    ' ',
    '12',
    '12 GiB',
    'On',
    'Enabled',
    'x' * 10240,
    'ä' * 10240,
    '\U0001f600' * 300,
    'a\0b',
    '\ud800',
    [],
    [None],
    ['/a'],
    [[]],
    {},
    {'@odata.id': None},
    {'@odata.id': 7},
    {'@odata.id': '/redfish/v1/Chassis/1'},
    [{'@odata.id': '/redfish/v1/Chassis/1'}],
    {'State': 'Enabled', 'Health': 'OK'},
    {'State': None, 'Health': []},
)
_NAMES = (
    'Name',
    'Id',
    'UUID',
    'Manufacturer',
    'Model',
    'SerialNumber',
    'Status',
    'PowerState',
    'SystemType',
    'ChassisType',
    'Links',
    'Location',
    'Oem',
    'ProcessorSummary',
    'MemorySummary',
    'InstructionSet',
    'TotalCores',
    'TotalThreads',
    'ProcessorType',
    'CapacityMiB',
    'MemoryDeviceType',
    'CapacityBytes',
    'CapacityGiB',
    'MediaType',
    'Type',
    'Protocol',
    'Interface',
    'MACAddress',
    'SpeedMbps',
)


def _parts(processors=(), memory=(), nics=(), drives=()):
    """The parts of a system, each at a URI of its own."""
    kinds = {
        'Processors': processors,
        'Memory': memory,
        'EthernetInterfaces': nics,
        'Drives': drives,
    }
    return {
        kind: {f'/{kind}/{n}': body for n, body in enumerate(bodies)}
        for kind, bodies in kinds.items()
    }


class TestHostile(base.TestCase):
    """Whatever comes: every value fits its column, and nothing is raised."""

    def _fits(self, item, cls, model):
        for name, value in item.values.items():
            field = cls.fields[name]
            column = model.__table__.columns[name]
            shown = (name, value if len(str(value)) < 200 else '...')
            if value is None:
                self.assertTrue(field.nullable, shown)
            elif isinstance(value, str):
                value.encode()
                self.assertNotIn('\0', value)
                limit = getattr(column.type, 'length', None)
                self.assertLessEqual(len(value), limit or 2**16, shown)
                if hasattr(field, 'valid_values'):
                    self.assertIn(value, field.valid_values, shown)
            elif isinstance(value, int):
                bits = 31 if name.startswith('cpu_') else 63
                self.assertTrue(0 <= value < 2**bits, shown)
            else:
                self.assertIsInstance(value, list, shown)

    def _system(self, body, part):
        parts = _parts([part] * 3, [part] * 3, [part], [part] * 3)
        item = resources.system_item('/s', body, parts, False)
        self._fits(item, inventory.System, models.System)

    def test_each_value_in_each_place(self):
        for name, value in itertools.product(_NAMES, _VALUES):
            body = {name: value}
            self._system(body, {})
            self._system({}, body)
            item = resources.chassis_item('/c', body)
            self._fits(item, inventory.Chassis, models.Chassis)

    def test_sizes_by_the_thousand(self):
        """A size is at most what 32 bits hold, so that sums fit 64."""
        most = 2**31 - 1
        item = resources.system_item(
            '/s',
            {'MemorySummary': {'TotalSystemMemoryGiB': 9e15}},
            _parts(
                processors=[{'TotalCores': 2**32 - 1}] * 2,
                drives=[{'CapacityGiB': 9e15}] * 2,
            ),
            False,
        )
        for name in ('cpu_cores', 'memory_mib', 'storage_gib'):
            self.assertEqual(most, item.values[name], name)
        self.assertEqual(most, item.values['drives'][0]['capacity_gib'])

    def test_many_at_once(self):
        chance = random.Random(2)
        for _ in range(500):
            body, part = (
                {name: chance.choice(_VALUES) for name in _NAMES}
                for _ in range(2)
            )
            self._system(body, part)

    def test_nothing_but_a_long_uri(self):
        uri = '/redfish/v1/Systems/' + 'x' * 3000
        item = resources.system_item(uri, {}, _parts(), False)
        self.assertEqual('x' * 255, item.values['name'])


class TestValues(base.TestCase):
    def test_text(self):
        for value, text in (
            (' a ', 'a'),
            (12, '12'),
            (True, None),
            ([], None),
            ('', None),
            ('x' * 300, 'x' * 255),
        ):
            self.assertEqual(text, values.text(value))

    def test_number(self):
        for value, number in (
            ('12', 12),
            (12.5, 12.5),
            (-3, 0),
            (True, 0),
            ('many', 0),
            (float('nan'), 0),
            (_HUGE, 0),
            (None, 0),
        ):
            self.assertEqual(number, values.number(value))

    def test_a_system_as_it_should_be(self):
        item = resources.system_item(
            '/redfish/v1/Systems/1',
            {
                'Name': 'Sled 1',
                'UUID': 'abc',
                'SystemType': 'Physical',
                'PowerState': 'On',
                'Status': {'State': 'Enabled', 'Health': 'Warning'},
                'Links': {'Chassis': [{'@odata.id': '/redfish/v1/Chassis/9'}]},
            },
            _parts(
                processors=[
                    {'TotalCores': 8, 'TotalThreads': 16},
                    {'TotalCores': 8, 'TotalThreads': 16},
                    {'ProcessorType': 'FPGA', 'TotalCores': 99},
                ],
                memory=[{'CapacityMiB': 1024}] * 4,
                nics=[{'MACAddress': 'AA:BB:CC:00:11:22'}],
                drives=[{'CapacityBytes': 480 * 2**30}],
            ),
            False,
        )
        expected = {
            'name': 'Sled 1',
            'type': 'physical',
            'power_state': 'on',
            'health': 'warning',
            'state': 'free',
            'cpu_sockets': 2,
            'cpu_cores': 16,
            'cpu_threads': 32,
            'memory_mib': 4096,
            'storage_gib': 480,
        }
        self.assertEqual(
            expected, {name: item.values[name] for name in expected}
        )
        self.assertEqual('/redfish/v1/Chassis/9', item.parent)
        self.assertEqual('aa:bb:cc:00:11:22', item.values['nics'][0]['mac'])
