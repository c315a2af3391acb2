# SPDX-License-Identifier: Apache-2.0
"""Texts that are found by a part of them, and how many there are."""

import urllib.parse

from oslo_config import cfg

from valence import objects
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests.fixtures import rows_read

_PODS = '/v1/pod_managers'
_NAMES = (
    *('Web-1', 'web-2', 'WEB_3', '100%', '100', 'a_b', 'axb', r'c\d', 'cd'),
    *(
        '\u0141\xf3d\u017a',
        'stra\xdfe',
        'e\u0301',
        '\xe9',
        '\xc9',
        'E',
        '\u0130',
    ),
    *("it's", '"x"', '\U0001f680', 'contains:x'),
)


def _path(collection, **query):
    return f'/v1/{collection}?{urllib.parse.urlencode(query)}'


class TestContains(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        for n, name in enumerate(_NAMES):
            self.client.post(
                _PODS,
                {
                    **{'name': name, 'url': f'http://{n}'},
                    'location': 'Even/0' if n % 2 == 0 else 'odd',
                },
            )

    def found(self, **query):
        return [
            row['name']
            for row in self.client.all(_path('pod_managers', **query))
        ]

    def test_parts(self):
        for text, expected in (
            ('web', {'Web-1', 'web-2', 'WEB_3'}),
            ('EB-', {'Web-1', 'web-2'}),
            ('%', {'100%'}),
            ('_', {'WEB_3', 'a_b'}),
            ('\\', {r'c\d'}),
            ("'", {"it's"}),
            ('"', {'"x"'}),
            ('contains:', {'contains:x'}),
            ('nothing', set()),
        ):
            self.assertEqual(expected, {*self.found(name=f'contains:{text}')})

    def test_letters_of_all_scripts(self):
        for text, expected in (
            ('\u0142\xd3D', {'\u0141\xf3d\u017a'}),
            ('\xdf', {'stra\xdfe'}),
            ('\xe9', {'\xe9', '\xc9'}),
            ('\xc9', {'\xe9', '\xc9'}),
            ('\U0001f680', {'\U0001f680'}),
        ):
            self.assertEqual(expected, {*self.found(name=f'contains:{text}')})

    def test_each_name_has_itself(self):
        for name in _NAMES:
            self.assertIn(name, self.found(name=f'contains:{name}'))

    def test_pages_and_other_filters(self):
        every = sorted(name for name in _NAMES if 'e' in name.lower())
        for query in ({}, {'sort_key': 'name'}, {'sort_key': 'created_at'}):
            pages = self.found(name='contains:E', limit=2, **query)
            self.assertEqual(every, sorted(pages), query)
        down = self.found(name='contains:E', limit=2, sort_dir='desc')
        self.assertEqual(every[::-1], down)
        self.assertEqual(
            ['Web-1', 'WEB_3'],
            self.found(
                name='contains:web',
                location='contains:EVEN/',
                sort_key='created_at',
            ),
        )
        self.assertEqual(
            ['web-2'], self.found(name='contains:web', location='odd')
        )

    def test_bad_input(self):
        for query in (
            {'name': 'contains:'},
            {'name': 'contains:' + 'x' * 256},
            # Of what is no text the operator is a part of the value.
            {'status': 'contains:on'},
            {'uuid': 'contains:1'},
            {'is_public': 'contains:t'},
            {'with_count': 'maybe'},
        ):
            answer = self.client.request('GET', _path('pod_managers', **query))
            self.assertEqual(400, answer.status, query)
            self.assertIn(next(iter(query)), str(answer.error))

    def test_count(self):
        path = _path('pod_managers', with_count='true', limit=1)
        self.assertEqual(len(_NAMES), self.client.get(path)['count'])
        found = self.client.get(f'{path}&location=odd&name=contains:e')
        odd = [name for name in _NAMES[1::2] if 'e' in name.lower()]
        self.assertEqual(len(odd), found['count'])
        self.assertNotIn('count', self.client.get(_PODS))
        self.assertEqual(0, self.client.get(f'{path}&driver=x')['count'])

    def test_no_more_are_counted_than_allowed(self):
        path = _path('pod_managers', with_count='true', limit=1)
        for most, expected in ((len(_NAMES), len(_NAMES)), (5, None)):
            cfg.CONF.set_override('max_sorted', most, 'api')
            self.assertEqual(expected, self.client.get(path)['count'])

    def test_the_count_does_not_read_all(self):
        cfg.CONF.set_override('max_sorted', 10, 'api')
        path = _path(
            'pod_managers', with_count='true', limit=1, sort_key='uuid'
        )

        def cost():
            with rows_read.RowsRead() as read:
                self.client.get(path)
            return read.count

        few = cost()
        _fill(2000)
        self.assertLess(cost(), 3 * few + 100)


@db.transaction
def _fill(tx, number):
    tx.create_many(
        models.PodManager,
        [
            {
                **objects.PodManager.defaults(),
                'name': f'n{n}',
                'url': f'http://x{n}',
            }
            for n in range(number)
        ],
    )


class TestContainsMySQL(TestContains):
    backend = 'mysql'


class TestContainsPostgreSQL(TestContains):
    backend = 'postgresql'
