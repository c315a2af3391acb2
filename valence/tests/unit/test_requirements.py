# SPDX-License-Identifier: Apache-2.0
"""Validation and normalization of requirements."""

import importlib

from valence.common import schemas
from valence.objects import requirements
from valence.tests import base

_WORD = {'type': 'string', 'minLength': 1, 'maxLength': 255}
_AMOUNT = {
    'type': ['integer', 'string'],
    'minimum': 1,
    'maximum': 2147483647,
    'maxLength': 16,
    'pattern': r'^0*[1-9][0-9]{0,8}$(?!\n)',
}
_COUNT = {
    **_AMOUNT,
    'maximum': 9999,
    'pattern': r'^0*[1-9][0-9]{0,3}$(?!\n)',
}


def _object(**properties):
    return {
        'type': 'object',
        'properties': properties,
        'additionalProperties': False,
    }


def _list(**properties):
    items = _object(**properties)
    return {'type': 'array', 'maxItems': 64, 'items': items}


_MEMORY = 'memory.capacity_mib'


class TestSchema(base.TestCase):
    def test_complete(self):
        # It is made when the module is imported: have that done again.
        module = importlib.reload(requirements)
        self.assertEqual(
            _object(
                processor=_object(
                    total_cores=_AMOUNT,
                    model=_WORD,
                    architecture=_WORD,
                    sockets=_AMOUNT,
                ),
                memory=_object(capacity_mib=_AMOUNT, type=_WORD),
                storage=_list(
                    capacity_gib=_AMOUNT,
                    capacity_gb=_AMOUNT,
                    type=_WORD,
                    protocol=_WORD,
                    count=_COUNT,
                ),
                pci_devices=_list(type=_WORD, count=_COUNT),
                network=_list(speed_mbps=_AMOUNT, count=_COUNT),
            ),
            module.SCHEMA,
        )


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
        ):
            self.assertIsNone(schemas.check(requirements.SCHEMA, requested))

    def test_invalid_names_the_field(self):
        for requested, place in (
            ({'cpu': {}}, 'cpu'),
            ({'processor': 4}, 'processor'),
            ({'processor': []}, 'processor'),
            ({'processor': None}, 'processor'),
            ({'processor': {'cores': 4}}, 'processor.cores'),
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
        ):
            error = self.assertRaises(
                schemas.Mismatch, schemas.check, requirements.SCHEMA, requested
            )
            self.assertEqual(place, error.path)
            self.assertLess(len(str(error)), 400)


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

    def test_normalize_nothing(self):
        self.assertEqual({}, requirements.normalize({}))

    def test_normalize_text_of_digits(self):
        requested = {
            'processor': {'model': '8168', 'architecture': '64'},
            'memory': {'type': '4'},
            'storage': [{'type': '1', 'protocol': '2', 'count': 1}],
        }
        self.assertEqual(requested, requirements.normalize(requested))
