# SPDX-License-Identifier: Apache-2.0
"""Discovery, microversions, request ids and the form of errors."""

import re
import uuid

import webob

from valence.api import app
from valence.api import versions
from valence.tests import base

_HEADER = 'OpenStack-API-Version'


class TestDiscovery(base.ApiTestCase):
    def test_root(self):
        document = self.client.get('/')
        (version,) = document['versions']
        self.assertEqual(version, document['default_version'])
        self.assertEqual('v1', version['id'])
        self.assertEqual('CURRENT', version['status'])
        self.assertEqual(f'1.{versions.MIN_MINOR}', version['min_version'])
        self.assertEqual(f'1.{versions.MAX_MINOR}', version['version'])
        (link,) = version['links']
        self.assertEqual('http://localhost/v1/', link['href'])

    def test_links_where_the_application_is_mounted(self):
        for prefix in ('', '/', '/composable', '/composable/'):
            request = webob.Request.blank('/')
            request.environ['SCRIPT_NAME'] = prefix
            (version,) = request.get_response(app.setup_app()).json['versions']
            self.assertEqual(
                f'http://localhost{prefix.rstrip("/")}/v1/',
                version['links'][0]['href'],
            )

    def test_v1(self):
        for path in ('/v1', '/v1/'):
            self.assertEqual('v1', self.client.get(path)['version']['id'])

    def test_openapi(self):
        document = self.client.get('/v1/openapi.json')
        self.assertTrue(document['openapi'].startswith('3.1'))
        self.assertIn('/v1/pod_managers', document['paths'])

    def test_healthcheck(self):
        for path in ('/healthcheck', '/healthcheck/'):
            answer = self.client.request('GET', path)
            self.assertEqual(200, answer.status)

    def test_a_slash_at_the_end_changes_nothing(self):
        self.assertEqual(
            self.client.get('/v1/nodes'), self.client.get('/v1/nodes/')
        )


class TestMicroversions(base.ApiTestCase):
    def _ask(self, version):
        headers = {} if version is None else {_HEADER: version}
        return self.client.request('GET', '/v1/nodes', headers=headers)

    def test_served(self):
        for asked, got in (
            (None, versions.MIN_MINOR),
            ('composable 1.1', 1),
            ('composable latest', versions.MAX_MINOR),
            ('compute 2.90', versions.MIN_MINOR),
            ('compute 2.90, composable 1.1', 1),
        ):
            answer = self._ask(asked)
            self.assertEqual(200, answer.status, asked)
            self.assertEqual(f'composable 1.{got}', answer.headers[_HEADER])
            self.assertIn(_HEADER, answer.headers['Vary'])

    def test_not_served(self):
        for asked in (
            '1.0',
            '1.99999',
            '2.1',
            '0.1',
            '1',
            '1.',
            '1.-1',
            '1.x',
            '1.٣',
            '1.1.1',
            'x' * 5000,
            '1.' + '9' * 5000,
        ):
            header = {_HEADER: f'composable {asked}'.encode().decode('latin')}
            self.assertRefused(
                406, 'API version', 'GET', '/v1/nodes', headers=header
            )


class TestAccept(base.ApiTestCase):
    def test_no_other_format_than_json(self):
        for accept in ('text/html', 'application/xml;q=0.9', 'text/plain'):
            for path in ('/', '/v1', '/v1/nodes', '/v1/openapi.json'):
                self.assertRefused(
                    *(406, 'Accept', 'GET', path), headers={'Accept': accept}
                )

    def test_whatever_includes_json(self):
        for accept in ('*/*', 'application/*', 'text/html, */*;q=0.1', 'x'):
            for status, method, path in (
                (200, 'GET', '/v1/nodes'),
                (204, 'OPTIONS', '/v1/nodes'),
                (307, 'GET', f'/nodes/{uuid.uuid4()}'),
            ):
                answer = self.client.request(
                    method, path, headers={'Accept': accept}
                )
                self.assertEqual(status, answer.status, (accept, path))


class TestRequestIds(base.ApiTestCase):
    def _id(self, answer):
        return answer.headers['x-openstack-request-id']

    def test_each_answer_has_its_own(self):
        answers = [
            self.client.request('GET', path)
            for path in ('/', '/v1/nodes', '/v1/nowhere', '/healthcheck')
        ]
        ids = {self._id(answer) for answer in answers}
        self.assertEqual(4, len(ids))
        for text in ids:
            self.assertRegex(text, r'^req-[0-9a-f-]{36}$')

    def test_operations_remember_it(self):
        self.client.post(
            '/v1/pod_managers', {'name': 'p', 'url': 'http://127.0.0.1:1'}
        )
        answer = self.client.request('POST', '/v1/pod_managers/p/sync')
        self.assertEqual(202, answer.status)
        self.assertEqual(self._id(answer), answer.json['request_id'])


class TestMethods(base.ApiTestCase):
    def test_not_allowed_says_what_is(self):
        for method, path, allowed in (
            ('DELETE', '/v1/pod_managers', 'GET, POST'),
            ('POST', '/v1/pod_manager/x', 'DELETE, GET, PATCH, PUT'),
            ('POST', '/v1/pod_managers/x', 'DELETE, GET, PATCH, PUT'),
            ('POST', '/v1/systems', 'GET'),
            ('PUT', '/v1/systems/x', 'GET, PATCH'),
            ('PUT', '/v1/nodes', 'GET, POST'),
            ('GET', '/v1/nodes/x/action', 'POST'),
            ('BREW', '/v1/nodes', 'GET, POST'),
            # It is no node with this name.
            ('DELETE', '/v1/nodes/preview', 'POST'),
            ('GET', '/v1/devices/sync', 'POST'),
            # What is left of a path that ends in "..".
            ('DELETE', '/v1/', 'GET'),
            ('DELETE', '/', 'GET'),
            ('POST', '/v1/openapi.json', 'GET'),
        ):
            answer = self.assertRefused(405, method, method, path)
            self.assertEqual(allowed, answer.headers['Allow'])

    def test_head_is_get_without_a_body(self):
        for path, status in (('/v1/nodes', 200), ('/v1/nodes/x', 404)):
            answer = self.client.request('HEAD', path)
            self.assertEqual(status, answer.status)
            self.assertEqual(b'', answer.content)

    def test_nothing_there(self):
        for path in (
            '/v2',
            '/nowhere',
            '/v1/nowhere',
            '/v1/nodes/a/b',
            '/v1/pod_manager',
            '/v1/nodes/x/action/y',
            '/v1//nodes',
            '/v1/' + 'x/' * 200,
            '/v1/../etc/passwd',
            '/v1/nodes.json',
            '/healthcheckx',
        ):
            self.assertRefused(404, None, 'GET', path)

    def test_details_are_short(self):
        answer = self.assertRefused(404, None, 'GET', '/v1/' + 'x' * 4000)
        self.assertLess(len(answer.error['detail']), 400)
        self.assertEqual('Not Found', answer.error['title'])
        self.assertTrue(
            re.fullmatch(r'composable\.[a-z-]+', answer.error['code'])
        )
