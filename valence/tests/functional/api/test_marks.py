# SPDX-License-Identifier: Apache-2.0
"""Filters of lists by traits and by tags."""

from oslo_config import cfg

from valence.tests import base

_GOLD, _COLD = 'CUSTOM_GOLD', 'CUSTOM_COLD'


class TestMarks(base.ConductorTestCase):
    options = {'fake__systems': 4, 'fake__devices': 2}

    def setUp(self):
        super().setUp()
        self.pod()
        self.systems = sorted(
            one['name'] for one in self.client.all('/v1/systems')
        )
        for name, tags in zip(
            self.systems, ([_GOLD, _COLD], [_GOLD], [_COLD]), strict=False
        ):
            self.tag('systems', name, tags)

    def tag(self, kind, name, tags):
        (row,) = self.client.all(f'/v1/{kind}?name={name}')
        self.client.patch(f'/v1/{kind}/{row["uuid"]}', {'tags': tags})

    def names(self, query, kind='systems'):
        found = self.client.all(f'/v1/{kind}?{query}')
        return sorted(one['name'] for one in found)

    def test_ways(self):
        both = f'{_GOLD},{_COLD}'
        for word in ('tags', 'traits'):
            for name, numbers in (
                (word, [0]),
                (f'{word}-any', [0, 1, 2]),
                (f'not-{word}', [1, 2, 3]),
                (f'not-{word}-any', [3]),
            ):
                self.assertEqual(
                    [self.systems[number] for number in numbers],
                    self.names(f'{name}={both}'),
                    name,
                )
        self.assertEqual(
            [self.systems[1]],
            self.names(f'tags={_GOLD}&not-tags={_COLD}'),
        )
        self.assertEqual([], self.names('tags=CUSTOM_NONE'))
        self.assertRefused(400, 'tags', 'GET', '/v1/systems?tags=,')
        self.assertRefused(400, 'tags', 'GET', '/v1/flavors?tags=x')

    def test_what_contains_it_counts(self):
        (podm,) = self.client.all('/v1/pod_managers')
        self.client.patch('/v1/pod_managers/pod', {'tags': ['CUSTOM_POD']})
        for kind in ('systems', 'devices'):
            every = self.names('', kind)
            self.assertEqual(every, self.names('tags=CUSTOM_POD', kind))
            self.assertEqual([], self.names('not-tags=CUSTOM_POD', kind))
        self.assertEqual(
            [podm['name']], self.names('tags=CUSTOM_POD', 'pod_managers')
        )
        self.assertEqual([], self.names('tags=CUSTOM_X', 'pod_managers'))
        self.assertRefused(400, 'traits', 'GET', '/v1/pod_managers?traits=X')

    def test_nodes(self):
        wanted = {'traits': {'required': [_GOLD, _COLD]}}
        self.compose('both', properties=wanted)
        self.compose('other', properties={'traits': {'required': [_COLD]}})
        self.assertEqual(['both'], self.names(f'traits={_GOLD}', 'nodes'))
        self.assertEqual(
            ['both', 'other'], self.names(f'traits={_COLD}', 'nodes')
        )
        self.assertEqual(['other'], self.names(f'not-traits={_GOLD}', 'nodes'))
        self.assertRefused(400, 'tags', 'GET', f'/v1/nodes?tags={_GOLD}')

    def test_with_other_filters(self):
        self.compose(
            'one', properties={'traits': {'required': [_GOLD, _COLD]}}
        )
        found = self.names(f'tags={_GOLD}&free=false')
        self.assertEqual([self.systems[0]], found)

    def test_pages_and_order(self):
        for query in ('sort_key=name', 'sort_dir=desc', 'free=true'):
            path = f'/v1/systems?tags-any={_GOLD},{_COLD}&limit=1&{query}'
            names = [one['name'] for one in self.client.all(path)]
            self.assertEqual(sorted(names, reverse='desc' in query), names)
            self.assertEqual(3, len(names), query)

    def test_too_many(self):
        cfg.CONF.set_override('max_sorted', 1, 'api')
        self.addCleanup(cfg.CONF.clear_override, 'max_sorted', 'api')
        self.assertRefused(
            400, 'tags', 'GET', f'/v1/systems?tags-any={_GOLD},{_COLD}'
        )
