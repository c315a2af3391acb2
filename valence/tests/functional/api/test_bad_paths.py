# SPDX-License-Identifier: Apache-2.0
"""Paths and texts that are invalid, or that a database rejects."""

from valence.tests import base

_PODS = '/v1/pod_managers'
_GOOD = {'name': 'pod', 'url': 'http://podm'}
_UUID = '11111111-2222-3333-4444-555555555555'


class TestPaths(base.ApiTestCase):
    def test_unknown(self):
        for path in ('pod_manager', 'pod_managers', 'nodes', 'systems'):
            for ident in (_UUID, 'nobody', '%20', '%F0%9F%98%80', "';--"):
                self.assertRefused(404, None, 'GET', f'/v1/{path}/{ident}')

    def test_not_utf8(self):
        for path in (
            '/v1/nodes/%FF',
            '/v1/nodes/%C3%28',
            '/%FF',
            '/v1/%FF',
            '/v1/nodes/%FF/action',
        ):
            answer = self.client.request('GET', path)
            self.assertIn(answer.status, (400, 404, 405), path)
            self.assertEqual(answer.status, answer.error['status'])

    def test_not_utf8_in_a_query(self):
        for query in ('name=%FF', 'marker=%C3%28', '%FF=1', 'fields=%FF'):
            self.assertRefused(400, None, 'GET', f'/v1/nodes?{query}')

    def test_null_characters(self):
        for path in ('/v1/nodes/%00', '/v1/pod_manager/a%00b', '/%00'):
            self.assertRefused(400, 'null character', 'GET', path)
        for query in ('name=%00', 'marker=%00', 'pod_manager=a%00'):
            self.assertRefused(
                400, 'null character', 'GET', f'/v1/nodes?{query}'
            )
        self.assertRefused(
            400, 'control characters', 'GET', '/v1/nodes?name=%1b'
        )

    def test_very_many_parameters(self):
        for query in (
            '&'.join(['name=a'] * 2500),
            '&'.join(f'x{n}=a' for n in range(2500)),
        ):
            self.assertRefused(
                400, 'query parameters', 'GET', f'/v1/nodes?{query}'
            )

    def test_filters_that_multiply(self):
        for one in ('name=ne:a', 'provision_state=in:active,error'):
            query = '&'.join([one] * 30)
            name = one.partition('=')[0]
            self.assertRefused(400, name, 'GET', f'/v1/nodes?{query}')

    def test_a_slash_within_a_name(self):
        self.assertRefused(404, None, 'GET', '/v1/nodes/a%2Fb')

    def test_very_long(self):
        self.assertRefused(404, None, 'GET', '/v1/nodes/' + 'x' * 30000)


class TestText(base.ApiTestCase):
    def test_control_characters(self):
        """Terminals obey them, databases reject some."""
        for character in '\0\x01\x1b\x7f\x9b':
            for field in ('username', 'password', 'description', 'location'):
                self.assertRefused(
                    400,
                    f'{field}: must not contain control characters',
                    'POST',
                    _PODS,
                    {**_GOOD, field: f'a{character}b'},
                )

    def test_lines_are_no_control_characters(self):
        body = {**_GOOD, 'description': 'one\n\ttwo\r\n'}
        answer = self.client.post(_PODS, body)
        self.assertEqual(body['description'], answer['description'])

    def test_names_that_clients_remove_from_a_path(self):
        for path, body in (
            (_PODS, {'url': 'http://p'}),
            ('/v1/flavors', {'properties': {}}),
            ('/v1/nodes', {}),
        ):
            for name in ('.', '..'):
                self.assertRefused(
                    400, 'name', 'POST', path, {'name': name, **body}
                )


class TestPathsMySQL(TestPaths):
    backend = 'mysql'


class TestPathsPostgreSQL(TestPaths):
    backend = 'postgresql'
