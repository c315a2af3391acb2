# SPDX-License-Identifier: Apache-2.0
"""Names of any characters."""

import urllib.parse

from valence.tests import base

_PODS = '/v1/pod_managers'
_NAMES = (
    'Łódź',
    'straße',
    'rack “7”',
    'データセンター',
    'مركز',
    '\U0001f680\U0001f9d1',
    'e\u0301',
    'é',
    'É',
    '%41',
    'a+b&c=d?e#f',
    "it's; DROP TABLE nodes--",
    '\\',
)


def _quoted(text):
    return urllib.parse.quote(text, safe='')


class TestUnicode(base.ApiTestCase):
    """Names come back as they went in, and find what they name."""

    def test_round_trip(self):
        for n, name in enumerate(_NAMES):
            self.client.post(
                _PODS,
                {'name': name, 'url': f'http://{n}', 'description': name},
            )
        for name in _NAMES:
            found = self.client.get(f'{_PODS}/{_quoted(name)}')
            self.assertEqual(name, found['name'])
            self.assertEqual(name, found['description'])
            (found,) = self.client.all(f'{_PODS}?name={_quoted(name)}')
            self.assertEqual(name, found['name'])
        names = [row['name'] for row in self.client.all(_PODS)]
        self.assertEqual(list(_NAMES), names)
        ordered = [
            row['name']
            for row in self.client.all(f'{_PODS}?sort_key=name&limit=3')
        ]
        self.assertEqual(sorted(_NAMES, key=str.encode), ordered)

    def test_nodes(self):
        for name in _NAMES:
            self.client.post('/v1/nodes', {'name': name})
        self.assertEqual(
            list(_NAMES), [row['name'] for row in self.client.all('/v1/nodes')]
        )

    def test_the_longest(self):
        name = '\U0001f600' * 255
        self.client.post(_PODS, {'name': name, 'url': 'http://x'})
        self.assertEqual(
            name, self.client.get(f'{_PODS}/{_quoted(name)}')['name']
        )


class TestUnicodeMySQL(TestUnicode):
    backend = 'mysql'


class TestUnicodePostgreSQL(TestUnicode):
    backend = 'postgresql'
