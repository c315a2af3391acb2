# SPDX-License-Identifier: Apache-2.0
"""The search for everything, and the summary."""

import datetime
import urllib.parse

from valence_dashboard import search
from valence_dashboard.admin.summary import views as summary
from valence_dashboard.tests.unit import fakes

_UUID = '00000000-0000-4000-8000-000000000001'
_SYSTEM = {
    **{'uuid': _UUID, 'name': 'one', 'serial_number': 'ABC'},
    **{'model': 'R740', 'podm_uuid': None},
}


class Search(fakes.TestCase):
    def search(self, text):
        query = urllib.parse.urlencode({'q': text})
        return self.client.get(f'/admin/search/?{query}')

    def filters(self, collection):
        """What the requests to a collection asked for."""
        return [
            (name, text)
            for path, query in self.asked
            for name, text in query.items()
            if path == collection and name != 'limit'
        ]

    def test_an_identifier_leads_to_its_page(self):
        self.answers['systems'] = {'systems': [_SYSTEM]}
        for text in (_UUID, 'ABC', 'one'):
            answer = self.search(text)
            self.assertEqual(f'/admin/systems/{_UUID}/', answer.url)
        asked = self.filters('systems')
        self.assertIn(('serial_number', 'ABC'), asked)
        self.assertIn(('hardware_uuid', _UUID), asked)
        self.assertNotIn('contains:', str(asked))

    def test_parts(self):
        answer = self.search(' r74% ')
        self.assertContains(answer, 'Nothing has this text')
        for collection, kind in search.KINDS.items():
            asked = self.filters(collection)
            for name in {*kind.parts} - {'mac_address'}:
                self.assertIn((name, 'contains:r74%'), asked)
        self.answers['systems'] = {
            'systems': [_SYSTEM, {**_SYSTEM, 'uuid': _UUID[:-1] + '2'}]
        }
        answer = self.search('o')
        self.assertContains(answer, f'href="/admin/systems/{_UUID}/"')
        self.assertContains(answer, 'R740')

    def test_mac_addresses(self):
        self.answers['devices'] = {'devices': [{**_SYSTEM, 'name': 'nic'}]}
        for text in ('02:00:00:00:09:0A', '0200.0000.090a', '02000000090a'):
            answer = self.search(text)
            self.assertEqual(f'/admin/devices/{_UUID}/', answer.url)
            for collection in ('systems', 'devices'):
                self.assertIn(('mac_address', text), self.filters(collection))
        self.assertNotIn('mac_address', str(self.filters('chassis')))

    def test_parts_of_mac_addresses(self):
        for text in ('02:00', '3cec', 'EF-00-'):
            self.search(text)
            part = ('mac_address', f'contains:{text}')
            self.assertIn(part, self.filters('systems'))

    def test_what_is_no_mac_address(self):
        for text in (
            '00:00:00:00:00:00',
            _UUID,
            'R740',
            'ab',
            '1' * 13,
            'x:y',
        ):
            self.search(text)
            asked = [
                (name, one)
                for name, one in self.filters('systems')
                if name == 'mac_address' and 'contains:0' not in one
            ]
            self.assertEqual([], asked, text)

    def test_hostile_text(self):
        answer = self.search('"><script>alert(1)</script>')
        self.assertNotContains(answer, '<script>alert')

    def test_errors(self):
        self.failing = 503
        self.assertContains(self.search('x'), 'The service returned 503.')

    def test_the_topology_searches_in_the_same_way(self):
        self.answers['systems'] = {
            'systems': [{**_SYSTEM, 'podm_uuid': _UUID}]
        }
        page = self.page('/admin/topology/?q=on')
        self.assertIn(f'/admin/topology/{_UUID}/?q={_UUID}', page)


class Summary(fakes.TestCase):
    def setUp(self):
        super().setUp()
        self.answers['capacity'] = {
            'capacity': {
                'systems': {'total': 10, 'free': 4, 'held': 0},
                'devices': {},
            }
        }
        self.answers['usage'] = {
            'usage': [
                {'kind': 'system', 'core_seconds': 7200 * 1000},
                {'kind': 'held', 'core_seconds': 99999},
            ]
        }

    def test_numbers_with_links(self):
        now = datetime.datetime.now(datetime.UTC)
        ends = [now, now - datetime.timedelta(days=2), None]
        self.answers['operations'] = {
            'operations': [
                {'uuid': _UUID, 'finished_at': end and end.isoformat()}
                for end in ends
            ],
            'count': 1234,
        }
        page = self.page('/admin/summary/')
        self.assertIn('<strong>1,234</strong> Operations under way', page)
        self.assertIn('<strong>1</strong> Failed in the last day', page)
        self.assertIn('/admin/operations/?state=failed', page)
        self.assertIn('/admin/pod_managers/?status=offline', page)
        self.assertIn('4 of 10 free', page)
        self.assertIn('2,000', page)
        self.answers['operations']['count'] = None
        self.assertIn('<strong>Many</strong>', self.page('/admin/summary/'))

    def test_each_link_has_filters_of_its_list(self):
        for one in (*summary.COUNTS, summary.FAILED):
            page = self.page(one.url)
            for name in one.filters:
                self.assertIn('href="?"', page, name)

    def test_the_last_sample_of_each_day(self):
        now = datetime.datetime.now(datetime.UTC)
        taken_at = now - datetime.timedelta(days=3)
        sample = {'systems': 8, 'free_systems': 3, 'held_systems': 2}
        for name in ('cpu_cores', 'memory_mib'):
            sample |= {name: 0, f'free_{name}': 0, f'held_{name}': 0}
        self.answers['capacity_samples'] = {
            'capacity_samples': [{**sample, 'taken_at': taken_at.isoformat()}]
        }
        page = self.page('/admin/summary/')
        # The answers have it on each day, but it is not of the last three.
        self.assertEqual(4, page.count('3 of 8 free, 2 held'))
        asked = [
            query['taken_at']
            for path, query in self.asked
            if path == 'capacity_samples'
        ]
        self.assertEqual(7, len(asked))
        tomorrow = now.date() + datetime.timedelta(days=1)
        self.assertEqual(f'lt:{tomorrow}T00:00:00+00:00', asked[-1])

    def test_updates_do_not_read_past_days(self):
        headers = {'X-Valence-Live': '1'}
        answer = self.client.get('/admin/summary/', headers=headers)
        self.assertEqual(200, answer.status_code)
        asked = {path for path, _query in self.asked}
        self.assertEqual(set(), asked & {'usage', 'capacity_samples'})
        etag = answer.headers['ETag']
        again = self.client.get(
            '/admin/summary/', headers={**headers, 'If-None-Match': etag}
        )
        self.assertEqual(304, again.status_code)

    def test_errors(self):
        self.failing = 503
        self.answers.clear()
        self.assertIn(
            'The service returned 503.', self.page('/admin/summary/')
        )
