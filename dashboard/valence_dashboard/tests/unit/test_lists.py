# SPDX-License-Identifier: Apache-2.0
"""Filters, sorting and totals of lists."""

import csv
import io
import urllib.parse
from unittest import mock

from django.test import override_settings

from valence_dashboard import export
from valence_dashboard import fields
from valence_dashboard.tests.unit import fakes

_UUID = '00000000-0000-4000-8000-00000000000{}'
_NODES = '/admin/nodes/'
LISTS = (
    *('/project/nodes/', '/project/flavors/', '/project/operations/'),
    *('/project/holds/', '/admin/pod_managers/', '/admin/systems/'),
    *('/admin/chassis/', '/admin/devices/', '/admin/storages/'),
    *('/admin/operations/', '/admin/findings/', '/admin/conditions/'),
    *('/admin/nodes/', '/admin/pools/'),
)


def _nodes(*names, **fields):
    return {
        'nodes': [
            {
                **{'uuid': _UUID.format(n), 'name': name},
                **{'provision_state': 'active', 'power_state': 'on', **fields},
            }
            for n, name in enumerate(names)
        ]
    }


class Lists(fakes.TestCase):
    def setUp(self):
        super().setUp()
        self.answers['nodes'] = _nodes('one', 'two', 'three')

    def query(self, collection='nodes'):
        """The query of the last request for a page of a list."""
        for path, query in reversed(self.asked):
            if path == collection and 'with_count' not in query:
                return query
        return None

    def test_filters_of_the_url(self):
        page = self.page(f'{_NODES}?provision_state=Active&name=web%25')
        sent = self.query()
        self.assertEqual('active', sent['provision_state'])
        self.assertEqual('contains:web%', sent['name'])
        self.assertIn('Provision state: Active', page)
        self.assertIn('Name: web%', page)
        self.page(f'{_NODES}?state=active&name=web')
        self.assertEqual('active', self.query()['provision_state'])

    def test_filters_of_the_api(self):
        for text, expected in (
            ('eq:web', 'eq:web'),
            ('in:a,b', 'in:a,b'),
            ('ne:x', 'ne:x'),
        ):
            self.page(f'{_NODES}?name={text}')
            self.assertEqual(expected, self.query()['name'])

    def test_amounts_as_columns_show_them(self):
        for text, expected in (
            ('128 GiB', '131072'),
            ('gte:1.5TiB', 'gte:1572864'),
            ('64', '64'),
        ):
            query = urllib.parse.urlencode({'memory_mib': text})
            self.page(f'/admin/systems/?{query}')
            self.assertEqual(expected, self.query('systems')['memory_mib'])

    def test_references_by_a_part_of_the_name(self):
        uuid = _UUID.format(7)
        self.answers['pod_managers'] = {
            'pod_managers': [
                {'uuid': uuid, 'name': 'East', 'status': 'online'}
            ]
        }
        self.page(f'{_NODES}?pod_manager=eas')
        self.assertEqual(f'in:{uuid}', self.query()['podm_uuid'])
        asked = [one for path, one in self.asked if path == 'pod_managers'][0]
        self.assertEqual('contains:eas', asked['name'])
        self.answers['pod_managers'] = {'pod_managers': []}
        self.page(f'{_NODES}?pod_manager=none')
        self.assertRegex(self.query()['podm_uuid'], '^in:0[0-]*$')

    def test_the_form_leads_to_the_url(self):
        answer = self.client.get(
            f'{_NODES}?name=web&sort_key=name&filter=power_state&text=+On+'
        )
        self.assertEqual(302, answer.status_code)
        self.assertEqual(
            f'{_NODES}?name=web&sort_key=name&power_state=On', answer.url
        )
        answer = self.client.get(f'{_NODES}?name=web&filter=name&text=')
        self.assertEqual(_NODES + '?', answer.url)
        answer = self.client.get(f'{_NODES}?filter=unknown&text=x')
        self.assertEqual(200, answer.status_code)

    def test_hostile_filters(self):
        text = '"><script>alert(1)</script>{{ x }}%_\\'
        query = urllib.parse.urlencode({'name': text})
        page = self.page(f'{_NODES}?{query}')
        self.assertEqual(f'contains:{text}', self.query()['name'])
        self.assertNotIn('<script>alert', page)

    def test_columns_sort_on_the_server(self):
        page = self.page(f'{_NODES}?name=web')
        self.assertIn(
            'href="?name=web&amp;sort_key=created_at&amp;sort_dir=asc"', page
        )
        page = self.page(f'{_NODES}?sort_key=name&sort_dir=asc')
        self.assertIn('aria-sort="ascending"', page)
        self.assertIn('href="?sort_key=name&amp;sort_dir=desc"', page)
        self.page(f'{_NODES}?sort_key=name&sort_dir=desc')
        self.assertEqual(
            ('name', 'desc'),
            (self.query()['sort_key'], self.query()['sort_dir']),
        )
        self.page(f'{_NODES}?sort_key=password&sort_dir=x')
        self.assertEqual('name', self.query()['sort_key'])

    @override_settings(API_RESULT_PAGE_SIZE=2)
    def test_totals(self):
        self.answers['nodes'] |= {'count': 1234}
        page = self.page(f'{_NODES}?power_state=On')
        self.assertIn('1–2 of 1,234', page)
        self.assertIn('?power_state=On&amp;first=3&amp;marker=', page)
        # The whole list is not searched once more to count what was found.
        page = self.page(f'{_NODES}?name=o')
        self.assertIn('1–2 of more than 2', page)
        self.answers['nodes'] |= {'count': None}
        page = self.page(f'{_NODES}?marker={_UUID.format(9)}&first=21')
        self.assertIn('21–22 of more than 22', page)
        self.answers['nodes'] = _nodes('last')
        page = self.page(f'{_NODES}?marker={_UUID.format(9)}&first=21')
        self.assertIn('21–21 of 21', page)
        for text in ('x', '-1', '²', '9' * 40):
            self.page(f'{_NODES}?marker={_UUID.format(9)}&first={text}')
        self.answers['nodes'] = _nodes('only')
        self.assertIn('Displaying 1 item<', self.page(_NODES))

    @override_settings(API_RESULT_PAGE_SIZE=2)
    def test_a_page_costs_one_request_more_for_the_total(self):
        self.page(_NODES)
        asked = [one for path, one in self.asked if path == 'nodes']
        self.assertEqual(2, len(asked))
        self.assertEqual((1, 'uuid'), (asked[1]['limit'], asked[1]['fields']))


class Export(fakes.TestCase):
    def export(self, path):
        answer = self.client.get(path)
        self.assertEqual('text/csv; charset=utf-8', answer['Content-Type'])
        text = b''.join(answer.streaming_content).decode()
        return list(csv.reader(io.StringIO(text)))

    def test_what_the_columns_show(self):
        self.answers['nodes'] = _nodes(
            *('=1+1', ' +x', '<b>&amp;', 'a,"b"\nc'),
            created_at='2026-01-31T12:00:00+00:00',
            charged_cores=4,
        )
        head, *rows = self.export(f'{_NODES}?power_state=on&format=csv')
        self.assertEqual(['Name', 'Project'], head[:2])
        self.assertEqual("'=1+1", rows[0][0])
        self.assertEqual("' +x", rows[1][0])
        self.assertEqual('<b>&amp;', rows[2][0])
        self.assertEqual('a,"b"\nc', rows[3][0])
        self.assertEqual('Active', rows[0][head.index('Provision state')])
        self.assertEqual('4 cores', rows[0][head.index('Size')])
        self.assertEqual('', rows[0][head.index('Lease')])
        self.assertEqual('2026-01-31T12:00:00+00:00', rows[0][-1])
        query = [one for path, one in self.asked if path == 'nodes'][0]
        self.assertEqual('on', query['power_state'])

    def test_all_lists(self):
        for path in LISTS:
            with self.subTest(path):
                self.assertTrue(self.export(f'{path}?format=csv')[0])
                self.assertIn('format=csv', self.page(path))

    def test_there_is_an_end(self):
        with mock.patch('valence_dashboard.export.MOST', 2):
            self.answers['nodes'] = _nodes('a', 'b', 'c')
            rows = self.export(f'{_NODES}?format=csv')
        self.assertEqual(['These are the first 2 items only.'], rows[-1])
        self.assertEqual(4, len(rows))

    def test_errors_are_shown_on_the_page(self):
        self.failing = 503
        answer = self.client.get(f'{_NODES}?name=x&format=csv')
        self.assertEqual(f'{_NODES}?name=x', answer.url)

    def test_plain(self):
        for shown, text in (
            (fields.render('state', 'in_use'), 'In use'),
            (fields.state('error', '<b>'), 'Error: <b>'),
            (fields.render('properties', {'a': 1, 'b': 2}), 'A: 1; B: 2'),
            (fields.render('memory_mib', 2048), '2 GiB'),
            (fields.EMPTY, ''),
            ('@x', "'@x"),
            ('a\x1b[2J', 'a\ufffd[2J'),
        ):
            self.assertEqual(text, export.plain(shown))
