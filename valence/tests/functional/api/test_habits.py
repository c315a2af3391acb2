# SPDX-License-Identifier: Apache-2.0
"""What clients of OpenStack expect of every API."""

from valence.tests import base

_PODS = '/v1/pod_managers'
_POD = {'name': 'p', 'url': 'http://192.0.2.1'}
_ID = 'req-0b7d5c3e-6b1f-4d0e-8a77-6c1f0e9d2b4a'


class TestOptions(base.ApiTestCase):
    def test_methods_of_a_path(self):
        for path, allow in (
            ('pod_managers', 'GET, POST'),
            ('pod_managers/none', 'DELETE, GET, PATCH, PUT'),
            ('nodes/preview', 'DELETE, GET, PATCH, POST'),
            ('operations/x/', 'DELETE, GET'),
        ):
            answer = self.client.request('OPTIONS', f'/v1/{path}')
            self.assertEqual(204, answer.status, answer)
            self.assertEqual(b'', answer.content)
            self.assertEqual(allow, answer.headers['Allow'])
            self.assertIn('OpenStack-API-Version', answer.headers)


class TestBodies(base.ApiTestCase):
    def test_a_json_patch(self):
        self.client.post(_PODS, _POD)
        content = b'[{"op": "replace", "path": "/name", "value": "x"}]'
        answer = self.client.request(
            'PATCH',
            f'{_PODS}/p',
            headers={'Content-Type': 'application/json'},
            content=content,
        )
        self.assertEqual(400, answer.status)
        self.assertIn('{"name": "web"}', answer.error['detail'])

    def test_put_changes_what_is_given(self):
        self.client.post(_PODS, {**_POD, 'description': 'd'})
        answer = self.client.request('PUT', f'{_PODS}/p', {'location': 'l'})
        self.assertEqual(200, answer.status)
        self.assertEqual('d', answer.json['description'])
        self.assertEqual('l', answer.json['location'])

    def test_the_login_of_the_first_valence(self):
        self.assertRefused(
            *(400, 'use username and password', 'POST', _PODS),
            {**_POD, 'authentication': [{'type': 'basic'}]},
        )


class TestRequestIds(base.ApiTestCase):
    def requested(self, given):
        self.client.post(_PODS, _POD)
        answer = self.client.request(
            'POST',
            f'{_PODS}/p/sync',
            headers={'X-OpenStack-Request-ID': given},
        )
        own = answer.headers['X-OpenStack-Request-ID']
        self.assertNotEqual(given, own)
        operation = self.client.get(f'/v1/operations/{answer.json["uuid"]}')
        self.assertEqual(own, operation['request_id'])
        return operation['global_request_id']

    def test_that_of_another_service_is_stored(self):
        self.assertEqual(_ID, self.requested(_ID))

    def test_a_malformed_one_is_ignored(self):
        self.assertIsNone(self.requested('x' * 200))
