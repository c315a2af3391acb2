# SPDX-License-Identifier: Apache-2.0
"""Pages that are open follow what others do."""

import re

import fixtures

from valence_dashboard.tests.unit import fakes

_UUID = '00000000-0000-4000-8000-000000000001'
_SYSTEMS = '/admin/systems/'
_SYSTEM = {
    **{'uuid': _UUID, 'name': 'one', 'power_state': 'on', 'state': 'free'},
    **{'health': 'ok', 'properties': {}},
}


class Live(fakes.TestCase):
    def setUp(self):
        super().setUp()
        self.now = 60_000_000
        self.useFixture(
            fixtures.MonkeyPatch(
                'valence_dashboard.live.time.time', lambda: self.now
            )
        )
        self.answers['systems'] = {'systems': [_SYSTEM]}

    def open(self, path):
        """Return the ETag that a page gives its script."""
        (etag,) = re.findall('data-etag="([^ ]*)" ', self.page(path))
        return etag.replace('&quot;', '"')

    def update(self, path, etag=''):
        headers = {'X-Valence-Live': '1', 'If-None-Match': etag}
        return self.client.get(path, headers=headers)

    def test_nothing_is_rendered_until_something_changes(self):
        etag = self.open(_SYSTEMS)
        answer = self.update(_SYSTEMS, etag)
        self.assertEqual((304, b''), (answer.status_code, answer.content))
        self.answers['systems'] = {
            'systems': [{**_SYSTEM, 'power_state': 'off'}]
        }
        answer = self.update(_SYSTEMS, etag)
        self.assertContains(answer, 'Off')
        etag = answer.headers['ETag']
        self.assertEqual(304, self.update(_SYSTEMS, etag).status_code)
        # What is shown depends on the time, too.
        self.now += 60
        self.assertEqual(200, self.update(_SYSTEMS, etag).status_code)

    def test_an_update_has_only_the_content(self):
        page = self.update(_SYSTEMS).content.decode()
        self.assertIn('id="systems"', page)
        for absent in ('<script', 'sidebar', '<html'):
            self.assertNotIn(absent, page)

    def test_an_update_costs_as_many_requests_as_the_page(self):
        self.page(_SYSTEMS)
        cost = len(self.asked)
        self.update(_SYSTEMS)
        self.assertEqual(2 * cost, len(self.asked))

    def test_rows_that_appear_and_vanish(self):
        etag = self.open(_SYSTEMS)
        for rows in ([], [_SYSTEM, {**_SYSTEM, 'uuid': 'other'}]):
            self.answers['systems'] = {'systems': rows}
            answer = self.update(_SYSTEMS, etag)
            self.assertContains(answer, 'data-object-id="', len(rows))

    def test_detail_pages_and_their_tabs(self):
        self.answers[f'systems/{_UUID}'] = _SYSTEM
        self.answers[f'pod_managers/{_UUID}'] = {
            **{'uuid': _UUID, 'name': 'pod', 'status': 'online'},
            'capacity': {},
        }
        pod = f'/admin/pod_managers/{_UUID}/'
        for path, resource in (
            (f'/admin/systems/{_UUID}/', f'systems/{_UUID}'),
            (pod, f'pod_managers/{_UUID}'),
            (f'{pod}?tab=pod_manager__systems', 'systems'),
        ):
            etag = self.open(path)
            self.assertEqual(304, self.update(path, etag).status_code, path)
            self.answers[resource] = {**self.answers[resource], 'changed': 1}
            answer = self.update(path, etag)
            self.assertContains(answer, 'valence-live', msg_prefix=path)

    def test_errors(self):
        path = f'/admin/systems/{_UUID}/'
        for status, expected in ((404, 404), (401, 401), (500, 503)):
            self.answers[f'systems/{_UUID}'] = status
            self.assertEqual(expected, self.update(path).status_code)
        self.answers['systems'] = 500
        answer = self.update(_SYSTEMS)
        self.assertEqual(503, answer.status_code)
        self.assertEqual('text/plain', answer.headers['Content-Type'])
        # The next page does not repeat the errors of updates.
        self.answers['systems'] = {'systems': []}
        self.assertNotIn('Oops', self.page(_SYSTEMS))

    def test_an_update_does_not_extend_the_session(self):
        self.update(_SYSTEMS)
        self.assertNotIn('sessionid', self.client.cookies)
