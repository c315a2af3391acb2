# SPDX-License-Identifier: Apache-2.0
"""Validation and normalization of requirements."""

import importlib

from valence.common import amounts
from valence.common import exception
from valence.common import schemas
from valence.objects import requirements
from valence.tests import base

_MEMORY = 'memory.capacity_mib'


_TEXT, _AMOUNT = 'string array object', 'integer string object'
_TRAITS = [64, 'string']
_PART = {
    'traits': dict.fromkeys(('required', 'forbidden'), _TRAITS),
    'pooled': 'boolean',
    'count': 'integer string',
}
_ALL = {
    'processor': {
        **dict.fromkeys(('model', 'vendor'), _TEXT),
        **dict.fromkeys(('architecture', 'instruction_set'), _TEXT),
        **dict.fromkeys(('total_cores', 'sockets'), _AMOUNT),
        **dict.fromkeys(('cores', 'speed_mhz'), _AMOUNT),
    },
    'memory': {
        **dict.fromkeys(('type', 'vendor'), _TEXT),
        **dict.fromkeys(('capacity_mib', 'speed_mhz'), _AMOUNT),
    },
    'security': {'tpm': _TEXT},
    'firmware': {'boot_mode': _TEXT},
    'traits': dict.fromkeys(('required', 'forbidden', 'preferred'), _TRAITS),
    'storage': [
        64,
        {
            **dict.fromkeys(('type', 'protocol'), _TEXT),
            **dict.fromkeys(('interface', 'vendor'), _TEXT),
            'model': _TEXT,
            **dict.fromkeys(('capacity_gib', 'rpm'), _AMOUNT),
            'capacity_gb': _AMOUNT,
            'serial': 'string array',
            **_PART,
        },
    ],
    'pci_devices': [
        64,
        {
            **dict.fromkeys(('type', 'vendor', 'model'), _TEXT),
            **dict.fromkeys(('memory_mib', 'speed_mhz'), _AMOUNT),
            'speed_mbps': _AMOUNT,
            **_PART,
        },
    ],
    'network': [64, {'speed_mbps': _AMOUNT, **_PART}],
}
_INVALID = (
    ({'cpu': {}}, 'cpu'),
    # No driver can honour these; see decisions.rst.
    ({'power': {'limit_watts': 300}}, 'power'),
    ({'thermal': {'max_celsius': 30}}, 'thermal'),
    ({'system': {'boot_mode': 'UEFI'}}, 'system'),
    ({'boot_mode': 'UEFI'}, 'boot_mode'),
    ({'processor': 4}, 'processor'),
    ({'traits': ['X']}, 'traits'),
    ({'traits': {'required': ['x']}}, 'traits.required.0'),
    (
        {'storage': [{'traits': {'preferred': []}}]},
        'storage.0.traits.preferred',
    ),
    ({'processor': []}, 'processor'),
    ({'processor': None}, 'processor'),
    ({'processor': {'cpus': 4}}, 'processor.cpus'),
    ({'processor': {'total_cores': 0}}, 'processor.total_cores'),
    ({'processor': {'total_cores': -1}}, 'processor.total_cores'),
    ({'processor': {'total_cores': 1.5}}, 'processor.total_cores'),
    ({'processor': {'total_cores': True}}, 'processor.total_cores'),
    ({'processor': {'total_cores': '4x'}}, 'processor.total_cores'),
    ({'processor': {'total_cores': '٤'}}, 'processor.total_cores'),
    ({'processor': {'total_cores': '4\n'}}, 'processor.total_cores'),
    ({'processor': {'total_cores': None}}, 'processor.total_cores'),
    ({'processor': {'total_cores': 2**40}}, 'processor.total_cores'),
    ({'processor': {'model': ''}}, 'processor.model'),
    ({'processor': {'model': 'x' * 256}}, 'processor.model'),
    ({'memory': {'capacity_mib': []}}, 'memory.capacity_mib'),
    ({'storage': {}}, 'storage'),
    ({'storage': [1]}, 'storage.0'),
    ({'storage': [{}, {'size': 1}]}, 'storage.1.size'),
    ({'storage': [{'count': 0}]}, 'storage.0.count'),
    ({'storage': [{'count': 10000}]}, 'storage.0.count'),
    ({'storage': [{'count': '10000'}]}, 'storage.0.count'),
    # Python converts no more than 4,300 digits.
    ({'network': [{'count': '0' * 5000 + '7'}]}, 'network.0.count'),
    ({'memory': {'capacity_mib': '0' * 16 + '7'}}, _MEMORY),
    ({'storage': [{}] * 65}, 'storage'),
    ({'network': [{'speed_mbps': 'fast'}]}, 'network.0.speed_mbps'),
    ({'network': [{'model': 'x'}]}, 'network.0.model'),
    ({'storage': [{'pooled': 'yes'}]}, 'storage.0.pooled'),
    ({'storage': [{'model': []}]}, 'storage.0.model'),
    ({'storage': [{'model': ['']}]}, 'storage.0.model.0'),
    ({'storage': [{'model': {}}]}, 'storage.0.model'),
    ({'storage': [{'model': {'eq': []}}]}, 'storage.0.model.eq'),
    ({'storage': [{'serial': ''}]}, 'storage.0.serial'),
    ({'storage': [{'serial': 'S*'}]}, 'storage.0.serial'),
    ({'storage': [{'serial': ['S', '*']}]}, 'storage.0.serial.1'),
    ({'storage': [{'serial': {'eq': 'S'}}]}, 'storage.0.serial'),
    ({'storage': [{'serial': []}]}, 'storage.0.serial'),
    ({'network': [{'serial': 'S'}]}, 'network.0.serial'),
    ({'memory': {'capacity_mib': {}}}, _MEMORY),
    ({'memory': {'capacity_mib': {'eq': [0]}}}, f'{_MEMORY}.eq.0'),
    ({'memory': {'capacity_mib': {'max': 'x'}}}, f'{_MEMORY}.max'),
    ({'memory': {'capacity_mib': {'most': 1}}}, f'{_MEMORY}.most'),
)


def _shape(schema):
    """What a schema accepts, in short."""
    kinds = schema['type']
    if kinds == 'object':
        assert schema['additionalProperties'] is False
        return {n: _shape(one) for n, one in schema['properties'].items()}
    if kinds == 'array':
        return [schema['maxItems'], _shape(schema['items'])]
    return kinds if isinstance(kinds, str) else ' '.join(kinds)


class TestSchema(base.TestCase):
    def test_complete(self):
        # It is made when the module is imported: have that done again.
        module = importlib.reload(requirements)
        self.assertEqual(_ALL, _shape(module.SCHEMA))


class TestCheck(base.TestCase):
    def test_valid(self):
        for requested in (
            {},
            {'processor': {}},
            {'processor': {'total_cores': 4, 'model': 'Xeon'}},
            {'memory': {'capacity_mib': '4096', 'type': 'DDR4'}},
            {'storage': [{'capacity_gib': 1}, {'type': 'SSD', 'count': 2}]},
            {'pci_devices': [{'type': 'GPU', 'count': 2}]},
            {'network': [{'speed_mbps': 10000}]},
            {'processor': {'model': ['Xeon*', 'EPYC'], 'cores': {'eq': 8}}},
            {'memory': {'capacity_mib': {'min': '1', 'max': 2}}},
            {'storage': [{'model': {'eq': 'X'}, 'pooled': True}]},
            {'pci_devices': [{'memory_mib': {'eq': [1, '2']}}]},
        ):
            self.assertIsNone(schemas.check(requirements.SCHEMA, requested))

    def test_invalid_names_the_field(self):
        for requested, place in _INVALID:
            error = self.assertRaises(
                schemas.Mismatch, schemas.check, requirements.SCHEMA, requested
            )
            self.assertEqual(place, error.path)
            self.assertLess(len(str(error)), 400)

    def test_no_error_shows_a_pattern(self):
        for requested, text in (
            (
                {'traits': {'required': ['avx2']}},
                'traits.required.0: must be capital letters, digits and '
                'underscores',
            ),
            (
                {'processor': {'total_cores': '0x'}},
                'processor.total_cores: must be a whole number above 0 with '
                'at most 9 digits',
            ),
            (
                {'storage': [{'serial': 'S*'}]},
                'storage.0.serial: must be a whole serial number, without *',
            ),
        ):
            error = self.assertRaises(
                schemas.Mismatch, schemas.check, requirements.SCHEMA, requested
            )
            self.assertEqual(text, str(error))


class TestNormalize(base.TestCase):
    def test_normalize(self):
        self.assertEqual(
            {
                'processor': {'total_cores': 4, 'model': '8168x'},
                'storage': [
                    {'count': 1, 'capacity_gib': 100},
                    {'count': 2, 'type': 'SSD'},
                ],
            },
            requirements.normalize(
                {
                    'processor': {'total_cores': '04', 'model': '8168x'},
                    'storage': [
                        {'capacity_gib': '100'},
                        {'count': '2', 'type': 'SSD'},
                    ],
                }
            ),
        )

    def test_serial_numbers_are_those_of_pooled_drives(self):
        for part in ({}, {'pooled': True}):
            self.assertEqual(
                {'storage': [{'count': 1, 'serial': 'S', 'pooled': True}]},
                requirements.normalize({'storage': [{'serial': 'S', **part}]}),
            )
        error = self.assertRaises(
            exception.Invalid,
            requirements.normalize,
            {'storage': [{'serial': 'S', 'pooled': False}]},
        )
        self.assertIn('serial', str(error))

    def test_serial_numbers(self):
        self.assertEqual([], requirements.serials({}))
        storage = [{'serial': 'S'}, {}, {'serial': ['T', 'U']}]
        self.assertEqual(
            ['S', 'T', 'U'], requirements.serials({'storage': storage})
        )
        self.assertNotIn('serial', requirements.texts()['storage'])

    def test_normalize_gb(self):
        for part, gib in (
            ({'capacity_gb': '480'}, 447),
            ({'capacity_gb': 1}, 1),
            ({'capacity_gb': 480, 'capacity_gib': 480}, 480),
            ({'capacity_gb': 480, 'capacity_gib': 400}, 447),
        ):
            self.assertEqual(
                {'storage': [{'count': 1, 'capacity_gib': gib}]},
                requirements.normalize({'storage': [part]}),
            )

    def test_normalize_limits(self):
        for amount, normal in (
            ({'min': '8'}, 8),
            ({'max': '8'}, {'max': 8}),
            ({'min': 1, 'max': '08'}, {'min': 1, 'max': 8}),
            ({'eq': ['8', 16]}, {'eq': [8, 16]}),
            ({'eq': '8'}, {'eq': 8}),
        ):
            requested = {'processor': {'cores': amount}}
            normalized = {'processor': {'cores': normal}}
            self.assertEqual(normalized, requirements.normalize(requested))
            self.assertEqual(normalized, requirements.normalize(normalized))

    def test_what_nothing_can_meet(self):
        both = {'required': ['A', 'B'], 'forbidden': ['B']}
        for field, properties in (
            (
                'properties.processor.total_cores',
                {'processor': {'total_cores': {'min': 64, 'max': '32'}}},
            ),
            (
                'properties.memory.capacity_mib',
                {'memory': {'capacity_mib': {'eq': [1, 9], 'min': 16}}},
            ),
            (
                'properties.storage.1.capacity_gb',
                {'storage': [{}, {'capacity_gb': {'min': 9, 'max': 8}}]},
            ),
            ('properties.traits', {'traits': both}),
            ('properties.network.0.traits', {'network': [{'traits': both}]}),
            (
                'properties.storage.0',
                {'storage': [{'serial': ['A', 'B'], 'count': 3}]},
            ),
            (
                'properties.storage.1.serial',
                {'storage': [{'serial': 'A'}, {'serial': ['A']}]},
            ),
        ):
            exc = self.assertRaises(
                exception.Invalid, requirements.normalize, properties
            )
            self.assertIn(f'{field}:', str(exc))

    def test_what_just_can_be_met(self):
        for properties in (
            {'processor': {'total_cores': {'min': 8, 'max': 8, 'eq': 8}}},
            {'processor': {'model': {'eq': 'Xeon'}, 'vendor': ['A', 'B']}},
            {'storage': [{'serial': ['A', 'B'], 'count': 2}]},
            {'storage': [{'serial': ['A', 'B']}, {'serial': 'A'}]},
        ):
            requirements.normalize(properties)

    def test_normalize_limits_in_gb(self):
        requested = {'storage': [{'capacity_gb': {'min': 480, 'max': 1000}}]}
        self.assertEqual(
            {
                'storage': [
                    {'count': 1, 'capacity_gib': {'min': 447, 'max': 931}}
                ]
            },
            requirements.normalize(requested),
        )
        requested['storage'][0]['capacity_gib'] = 1
        self.assertRaises(exception.Invalid, requirements.normalize, requested)

    def test_least(self):
        for amount, number in (
            (None, 0),
            (7, 7),
            ({'max': 7}, 0),
            ({'min': 3, 'max': 7}, 3),
            ({'eq': 7}, 7),
            ({'eq': [9, 7]}, 7),
            ({'eq': [9, 7], 'min': 8}, 8),
        ):
            self.assertEqual(number, amounts.least(amount))

    def test_numbers(self):
        schema = requirements._number(500, digits=3)
        for good in (1, 500, '1', '999', '0' * 13 + '999'):
            schemas.check(schema, good)
        for bad in (0, 501, '0', '1000', '0' * 14 + '999', '', '1\n', 1.5):
            self.assertRaises(schemas.Mismatch, schemas.check, schema, bad)

    def test_normalize_lists_of_limits_in_gb(self):
        requested = {'storage': [{'capacity_gb': {'eq': [480, 1000]}}]}
        self.assertEqual(
            {'storage': [{'count': 1, 'capacity_gib': {'eq': [447, 931]}}]},
            requirements.normalize(requested),
        )

    def test_normalize_nothing(self):
        self.assertEqual({}, requirements.normalize({}))

    def test_normalize_text_of_digits(self):
        requested = {
            'processor': {'model': '8168', 'architecture': '64'},
            'memory': {'type': '4'},
            'storage': [{'type': '1', 'protocol': '2', 'count': 1}],
        }
        self.assertEqual(requested, requirements.normalize(requested))
