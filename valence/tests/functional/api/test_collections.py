# SPDX-License-Identifier: Apache-2.0
"""Paging, sorting, filters, fields, and names wherever UUIDs go."""

import datetime

from oslo_config import cfg

from valence import objects
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base

_PODS = '/v1/pod_managers'
_UUID = '11111111-2222-3333-4444-555555555555'


class TestPaging(base.ApiTestCase):
    """250 rows, with ties in the sort key."""

    def setUp(self):
        super().setUp()
        _fill(250)

    def _names(self, query):
        return [row['name'] for row in self.client.all(f'{_PODS}?{query}')]

    def test_each_row_comes_once(self):
        for query in (
            'limit=7',
            'limit=100&sort_key=status',
            'limit=33&sort_key=status&sort_dir=desc',
            'limit=49&sort_key=created_at',
            'limit=50&sort_key=uuid',
            'limit=249&sort_key=name&sort_dir=desc',
            'limit=250',
            'limit=1000',
        ):
            names = self._names(query)
            self.assertEqual(250, len(names), query)
            self.assertEqual(250, len(set(names)), query)

    def test_order(self):
        up = self._names('limit=40&sort_key=name')
        self.assertEqual(sorted(up), up)
        down = self._names('limit=40&sort_key=name&sort_dir=desc')
        self.assertEqual(up[::-1], down)

    def test_filters_and_fields_stay_from_page_to_page(self):
        path = f'{_PODS}?limit=20&location=even&fields=name,location'
        first = self.client.get(path)
        self.assertIn('location=even', first['next'])
        rows = self.client.all(path)
        self.assertEqual(125, len(rows))
        for row in rows:
            self.assertEqual({'name', 'location'}, set(row))
            self.assertEqual('even', row['location'])

    def test_the_last_page_has_no_next(self):
        self.assertIn('next', self.client.get(f'{_PODS}?limit=249'))
        self.assertNotIn('next', self.client.get(f'{_PODS}?limit=250'))

    def test_rows_that_come_and_go_do_not_shift_pages(self):
        path = f'{_PODS}?limit=100&sort_key=name'
        first = self.client.get(path)
        self.client.delete(f'{_PODS}/{first["pod_managers"][3]["uuid"]}')
        self.client.post(_PODS, {'name': '000', 'url': 'http://000'})
        rest = self.client.all(first['next'])
        self.assertEqual(150, len(rest))

    def test_a_marker_that_is_gone(self):
        """The next link continues at its place; a UUID alone cannot."""
        for key in ('created_at', 'name', 'status', 'uuid'):
            for direction in ('asc', 'desc'):
                path = f'{_PODS}?sort_key={key}&sort_dir={direction}'
                first = self.client.get(f'{path}&limit=100')
                last = first['pod_managers'][-1]['uuid']
                rest = self.client.all(first['next'])
                self.client.delete(f'{_PODS}/{last}')
                self.assertEqual(rest, self.client.all(first['next']))
                alone = f'{path}&marker={last}'
                if key != 'uuid':
                    self.assertRefused(400, 'begin again', 'GET', alone)

    def test_a_marker_whose_row_changes(self):
        path = f'{_PODS}?sort_key=name&limit=100'
        first = self.client.get(path)
        rest = self.client.all(first['next'])
        last = first['pod_managers'][-1]['uuid']
        self.client.patch(f'{_PODS}/{last}', {'name': 'zzzz'})
        names = [row['name'] for row in self.client.all(first['next'])]
        self.assertEqual([*(row['name'] for row in rest), 'zzzz'], names)

    def test_a_marker_with_a_wrong_value(self):
        wrong = (
            ('created_at', 'yesterday'),
            ('created_at', ''),
            ('status', 'x'),
        )
        for key, value in wrong:
            path = f'{_PODS}?sort_key={key}&marker={_UUID},{value}'
            self.assertRefused(400, 'marker', 'GET', path)

    def test_uuids_in_any_notation(self):
        uuid = self.client.get(f'{_PODS}?limit=1')['pod_managers'][0]['uuid']
        for text in (uuid.replace('-', ''), f'urn:uuid:{uuid}', uuid.upper()):
            path = f'{_PODS}/{text}'
            self.assertEqual(uuid, self.client.get(path)['uuid'])
            (row,) = self.client.all(f'{_PODS}?uuid={text}')
            self.assertEqual(uuid, row['uuid'])
            self.client.get(f'/v1/capacity?pod_managers={text}')
        self.client.get(f'/v1/capacity?pod_managers={uuid},pod-0001')
        for text in (_UUID, 'nothing', f'{uuid},'):
            path = f'/v1/capacity?pod_managers={text}'
            self.assertRefused(400, 'pod_managers', 'GET', path)

    def test_what_has_no_value_differs(self):
        path = f'{_PODS}?location=ne:nowhere'
        for query in ('', '&sort_key=name', '&sort_key=created_at&limit=7'):
            rows = self.client.all(path + query)
            self.assertEqual(250, len({row['uuid'] for row in rows}))

    def test_a_huge_limit(self):
        page = self.client.get(f'{_PODS}?limit={"9" * 4000}')
        self.assertEqual(250, len(page['pod_managers']))


class TestPagingMySQL(TestPaging):
    backend = 'mysql'


class TestPagingPostgreSQL(TestPaging):
    backend = 'postgresql'


class TestMaxLimit(base.ApiTestCase):
    options = {'api__max_limit': 10}

    def test_holds_with_and_without_a_limit(self):
        _fill(25)
        for query in ('', '?limit=11', '?limit=25'):
            body = self.client.get(_PODS + query)
            self.assertEqual(10, len(body['pod_managers']))
            self.assertEqual(25, len(self.client.all(_PODS + query)))


class TestQueries(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        _fill(4)

    def test_bad(self):
        for field, query in (
            ('limit', 'limit=-1'),
            ('limit', 'limit=ten'),
            ('limit', 'limit='),
            ('limit', 'limit=1.5'),
            ('limit', 'limit=%D9%A3'),
            ('marker', f'marker={_UUID}'),
            ('marker', 'marker=pod-0001'),
            ('marker', 'marker='),
            ('sort_key', 'sort_key=password'),
            ('sort_key', 'sort_key=location'),
            ('sort_key', 'sort_key='),
            ('sort_key', 'sort_key=name,uuid'),
            ('sort_dir', 'sort_dir=up'),
            ('fields', 'fields='),
            ('fields', 'fields=name,,uuid'),
            ('fields', 'fields=colour'),
            ('colour', 'colour=red'),
            ('limit', 'limit=1&limit=2'),
            ('status', 'status=asleep'),
            ('uuid', 'uuid=abc'),
            ('maintenance', 'maintenance=maybe'),
        ):
            self.assertRefused(400, field, 'GET', f'{_PODS}?{query}')
        for path in ('systems', 'chassis', 'racks', 'nodes'):
            self.assertRefused(
                400,
                'pod_manager',
                'GET',
                f'/v1/{path}?pod_manager=nobody',
            )
        self.assertRefused(400, 'cpu_cores', 'GET', '/v1/systems?cpu_cores=x')

    def test_parameters_where_there_are_none(self):
        self.client.post('/v1/nodes', {'name': 'n'})
        for method, path, body in (
            ('GET', f'{_PODS}/pod-0001?name=x', None),
            ('POST', f'{_PODS}?name=x', {'name': 'x', 'url': 'http://x'}),
            ('DELETE', f'{_PODS}/pod-0001?force-it=true', None),
            ('DELETE', f'{_PODS}/pod-0001?cascade=maybe', None),
            ('PATCH', '/v1/nodes/n?x=y', {}),
        ):
            self.assertRefused(400, None, method, path, body)
        self.assertEqual(4, len(self.client.all(_PODS)))

    def test_filters(self):
        for query, count in (
            ('name=pod-0001', 1),
            ('name=POD-0001', 0),
            ('name=a%2Fb', 0),
            ('location=even', 2),
            ('status=offline', 4),
            ('status=online', 0),
            ('maintenance=true', 0),
            ('maintenance=False', 4),
            ('url=http://pod-0001', 1),
            ('location=even&name=pod-0001', 0),
            (f'uuid={_UUID}', 0),
            ('name=%25', 0),
            ('name=pod-0001%20', 0),
            ('location=ne:even', 2),
            ('location=in:even,odd', 4),
            ('location=in:odd,none', 2),
            ('status=ne:online', 4),
            ('maintenance=in:true,false', 4),
            ('maintenance=ne:false', 0),
            ('name=gt:pod-0001', 0),
            ("name=' OR '1'='1", 0),
        ):
            found = self.client.all(f'{_PODS}?{query.replace(" ", "%20")}')
            self.assertEqual(count, len(found), query)

    def test_fields(self):
        for path in (f'{_PODS}/pod-0001', '/v1/pod_manager/pod-0001'):
            self.assertEqual(
                {'name': 'pod-0001', 'status': 'offline'},
                self.client.get(f'{path}?fields=name,status'),
            )


class TestQueriesMySQL(TestQueries):
    backend = 'mysql'


class TestQueriesPostgreSQL(TestQueries):
    backend = 'postgresql'


class TestOrder(base.ApiTestCase):
    """Which filters go with which order."""

    def setUp(self):
        super().setUp()
        _fill(30)
        _age()

    def test_refused(self):
        values = ','.join('abcdefghijklmnopq')
        self.assertRefused(400, 'driver', 'GET', f'{_PODS}?driver=in:{values}')

    _SORTED = (
        ('location=even', 'name'),
        ('location=in:even,odd', 'name'),
        ('location=ne:even', 'created_at'),
        ('location=even&status=offline', 'status'),
        ('url=http://pod-0001', 'created_at'),
        ('name=in:pod-0001,pod-0003,a', 'status'),
    )

    def test_sorted_without_an_index(self):
        for query, key in self._SORTED:
            expected = [
                (row[key], row['uuid'])
                for row in self.client.all(f'{_PODS}?{query}')
            ]
            expected.sort()
            both = (('asc', expected), ('desc', expected[::-1]))
            for direction, rows in both:
                found = self.client.all(
                    f'{_PODS}?{query}&sort_key={key}&sort_dir={direction}'
                    '&limit=4'
                )
                self.assertEqual(
                    rows, [(row[key], row['uuid']) for row in found], query
                )

    def test_too_many_to_sort(self):
        cfg.CONF.set_override('max_sorted', 10, 'api')
        self.addCleanup(cfg.CONF.clear_override, 'max_sorted', 'api')
        path = f'{_PODS}?location=even&sort_key=name'
        self.assertRefused(400, 'more than 10 rows', 'GET', path)
        # One filter that passes few is enough.
        self.client.all(f'{path}&url=http://pod-0001')

    def test_a_marker_of_those_that_are_sorted(self):
        path = f'{_PODS}?location=even&sort_key=name&limit=3'
        names = [row['name'] for row in self.client.all(path)]
        first = self.client.get(path)
        self.client.delete(f'{_PODS}/{first["pod_managers"][-1]["uuid"]}')
        rest = self.client.all(first['next'])
        self.assertEqual(names[3:], [row['name'] for row in rest])

    def test_taken(self):
        for query in (
            'sort_key=name',
            'sort_key=memory_mib&memory_mib=gte:65536&memory_mib=lt:131072',
            'sort_key=memory_mib&free=true&pod_manager=pod-0001',
            'memory_mib=gte:65536&free=true&pod_manager=pod-0001',
            'serial_number=x&health=ok',
            'model=ne:x&stale=true&cpu_cores=gt:8',
            'health=ne:ok&state=ne:free&sort_key=name',
            'memory_mib=gte:1&sort_key=name',
            'memory_mib=gte:1&cpu_cores=gte:1&sort_key=cpu_cores',
            'pod_manager=pod-0001&memory_mib=gte:1&sort_key=name',
        ):
            self.assertEqual([], self.client.all(f'/v1/systems?{query}'))

    def test_pages_of_several_values(self):
        for query in (
            'driver=in:expether,fake,rsd&sort_key=created_at',
            'driver=ne:redfish',
            'driver=in:expether,fake,rsd',
            'driver=in:expether,fake,rsd&status=in:online,offline',
            'maintenance=in:true,false',
        ):
            for direction in ('asc', 'desc'):
                rows = self.client.all(
                    f'{_PODS}?{query}&sort_dir={direction}&limit=7'
                )
                self.assertEqual(30, len({row['uuid'] for row in rows}))
                self.assertEqual(30, len(rows))
                ages = [row['created_at'] for row in rows]
                if 'ne:' not in query:
                    self.assertEqual(
                        sorted(ages, reverse=direction == 'desc'), ages
                    )


class TestOrderMySQL(TestOrder):
    backend = 'mysql'


class TestOrderPostgreSQL(TestOrder):
    backend = 'postgresql'


@db.transaction
def _fill(tx, count):
    """Pod managers that are alike in all but their names."""
    tx.create_many(
        models.PodManager,
        [
            {
                **objects.PodManager.defaults(),
                'name': f'pod-{n:04}',
                'url': f'http://pod-{n:04}',
                'location': ('even', 'odd')[n % 2],
            }
            for n in range(count)
        ],
    )


@db.transaction
def _age(tx):
    """Make them of several drivers and ages, with ties."""
    rows = tx.list(models.PodManager).all()
    for n, row in enumerate(rows):
        tx.update(
            models.PodManager,
            {
                'driver': ('rsd', 'fake', 'expether')[n % 3],
                'created_at': datetime.datetime(2026, 1, 1 + n % 4),
            },
            uuid=row.uuid,
        )
