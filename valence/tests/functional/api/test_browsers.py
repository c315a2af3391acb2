# SPDX-License-Identifier: Apache-2.0
"""Requests of web pages."""

from valence.tests import base
from valence.tests import fixtures


class TestNoauth(base.ApiTestCase):
    """Without authentication, pages of other origins are refused."""

    def _refused(self, **headers):
        self.assertRefused(
            403,
            'cross-site',
            'POST',
            '/v1/flavors',
            {'name': 'x', 'properties': {}},
            headers={k.replace('_', '-'): v for k, v in headers.items()},
        )
        self.assertEqual([], self.client.all('/v1/flavors'))

    def test_another_origin(self):
        for origin in ('http://evil.example', 'null', 'http://localhost:99'):
            self._refused(Host='localhost', Origin=origin)

    def test_a_name_that_was_rebound(self):
        for host in (
            'evil.example',
            'evil.example:8181',
            'localhost.evil',
            '[',
            '127.0.0.1.evil',
        ):
            self._refused(Host=host)

    def test_own_names(self):
        self.conf.set(api__allowed_hosts=['valence.example'])
        self.client = fixtures.Client()
        for host in (
            *('localhost', 'LOCALHOST:80', '127.0.0.1:8181', '[::1]:8181'),
            *('192.0.2.7', 'valence.example', 'valence.example.'),
        ):
            for headers in ({}, {'Origin': f'http://{host}'}):
                answer = self.client.request(
                    'GET', '/v1/nodes', headers={'Host': host, **headers}
                )
                self.assertEqual(200, answer.status, (host, answer))


class TestCors(base.ApiTestCase):
    _PREFLIGHT = {
        'Host': 'localhost',
        'Origin': 'https://ui.example',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'X-Auth-Token',
    }

    def _preflight(self):
        return self.client.request(
            'OPTIONS', '/v1/nodes', headers=self._PREFLIGHT
        )

    def test_off_by_default(self):
        answer = self._preflight()
        self.assertNotIn('Access-Control-Allow-Origin', answer.headers)

    def test_allowed(self):
        self.conf.set(cors__allowed_origin=['https://ui.example'])
        self.client = fixtures.Client()
        answer = self._preflight()
        self.assertEqual(204, answer.status)
        self.assertEqual(
            'https://ui.example', answer.headers['Access-Control-Allow-Origin']
        )
        self.assertIn('POST', answer.headers['Access-Control-Allow-Methods'])
        answer = self.client.request(
            'GET',
            '/v1/nodes',
            headers={'Host': 'localhost', 'Origin': 'https://ui.example'},
        )
        self.assertEqual(200, answer.status)
        self.assertEqual(
            'https://ui.example', answer.headers['Access-Control-Allow-Origin']
        )
