# SPDX-License-Identifier: Apache-2.0
"""What clients of OpenStack expect of every API."""

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base

_PODS = '/v1/pod_managers'
_POD = {'name': 'p', 'url': 'http://192.0.2.1'}
_ID = 'req-0b7d5c3e-6b1f-4d0e-8a77-6c1f0e9d2b4a'


class TestOptions(base.ApiTestCase):
    def test_methods_of_a_path(self):
        for path, allow in (
            ('pod_managers', 'GET, POST'),
            ('pod_managers/none', 'DELETE, GET, PATCH, PUT'),
            ('nodes/preview', 'POST'),
            ('operations/x/', 'DELETE, GET'),
        ):
            answer = self.client.request('OPTIONS', f'/v1/{path}')
            self.assertEqual(204, answer.status, answer)
            self.assertEqual(b'', answer.content)
            self.assertEqual(allow, answer.headers['Allow'])
            self.assertIn('OpenStack-API-Version', answer.headers)

    def test_documents(self):
        for path, status in (
            ('/', 405),
            ('/v1/', 405),
            ('/v1/openapi.json', 405),
            ('/healthcheck', 405),
            ('/healthcheck/ready', 405),
            ('/v1/nothing', 404),
        ):
            for method in ('OPTIONS', 'DELETE', 'TRACE'):
                answer = self.client.request(method, path)
                self.assertEqual(status, answer.status, (method, path))
                self.assertEqual(
                    'GET' if status == 405 else None,
                    answer.headers.get('Allow'),
                )
                self.assertIn('OpenStack-API-Version', answer.headers)


class TestLinks(base.ApiTestCase):
    def follow(self, links, rel):
        (href,) = [one['href'] for one in links if one['rel'] == rel]
        self.assertTrue(href.startswith('http://localhost/'), href)
        return self.client.request(
            'GET', href.removeprefix('http://localhost')
        )

    def test_both_lead_to_the_resource(self):
        created = self.client.post(_PODS, _POD)
        (listed,) = self.client.all(_PODS)
        shown = self.client.get(f'{_PODS}/p')
        self.assertEqual(created['links'], listed['links'])
        self.assertEqual(created['links'], shown['links'])
        answer = self.follow(created['links'], 'self')
        self.assertEqual(shown, answer.json)
        moved = self.follow(created['links'], 'bookmark')
        self.assertEqual(307, moved.status, moved)
        self.assertEqual(
            f'http://localhost{_PODS}/{created["uuid"]}',
            moved.headers['Location'],
        )

    def test_with_a_query(self):
        moved = self.client.request('GET', '/pod_managers/a b?fields=name')
        self.assertEqual(
            f'http://localhost{_PODS}/a%20b?fields=name',
            moved.headers['Location'],
        )

    def test_selected(self):
        created = self.client.post(_PODS, _POD)
        for selection, expected in (
            ('name', {'name': 'p'}),
            ('links', {'links': created['links']}),
        ):
            (row,) = self.client.all(f'{_PODS}?fields={selection}')
            self.assertEqual(expected, row)

    def test_nothing_else_is_redirected(self):
        for method, path in (
            ('POST', '/pod_managers/p'),
            ('GET', '/pod_managers'),
            ('GET', '/events/p/secret'),
            ('GET', '/capacity/p'),
            ('GET', '/nodes/n/storages'),
        ):
            answer = self.client.request(method, path)
            self.assertEqual(404, answer.status, (method, path))
            self.assertNotIn('Location', answer.headers)

    def test_behind_a_proxy(self):
        self.conf.set(oslo_middleware__enable_proxy_headers_parsing=True)
        headers = {'X-Forwarded-Proto': 'https'}
        created = self.client.request('POST', _PODS, _POD, headers).json
        self.assertTrue(created['links'][0]['href'].startswith('https://'))


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

    def test_verbs_that_take_none(self):
        self.client.post(_PODS, _POD)
        for method, path in (
            ('GET', _PODS),
            ('GET', f'{_PODS}/p'),
            ('DELETE', f'{_PODS}/p'),
            ('POST', f'{_PODS}/p/sync'),
        ):
            self.assertRefused(
                400, f'{method} takes none', method, path, {'force': True}
            )
            for content in (b'{}', b' ', b''):
                headers = {'Content-Type': 'application/json'}
                answer = self.client.request(
                    'GET', _PODS, content=content, headers=headers
                )
                self.assertEqual(200, answer.status, answer)
        self.client.get(f'{_PODS}/p')


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


class TestEntityTags(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        answer = self.client.request('POST', _PODS, _POD)
        self.path = f'{_PODS}/{answer.json["uuid"]}'
        self.first = answer.headers['ETag']

    def tag(self, query=''):
        return self.client.request('GET', self.path + query).headers['ETag']

    def ask(self, method, body=None, **headers):
        headers = {name.replace('_', '-'): v for name, v in headers.items()}
        return self.client.request(method, self.path, body, headers)

    def test_a_lost_update(self):
        for method in ('PATCH', 'PUT'):
            tag = self.tag()
            changed = self.ask(method, {'location': method}, If_Match=tag)
            self.assertEqual(200, changed.status, changed)
            lost = self.ask(method, {'location': 'other'}, If_Match=tag)
            self.assertEqual(412, lost.status, lost)
            self.assertIn('changed meanwhile', lost.error['detail'])
            self.assertEqual(412, self.ask('DELETE', If_Match=tag).status)
            self.assertEqual(method, self.client.get(self.path)['location'])
            again = self.ask(
                method, {'location': ''}, If_Match=changed.headers['ETag']
            )
            self.assertEqual(200, again.status, again)
        self.assertEqual(204, self.ask('DELETE', If_Match='*').status)

    def test_each_form(self):
        own = self.tag()
        for given, status in (
            ('*', 200),
            (f'"x", {own}', 200),
            (self.tag('?fields=name'), 200),
            (self.first, 200),
            (f'W/{own}', 412),
            ('"x"', 412),
            ('', 412),
            ('x', 412),
        ):
            answer = self.ask('PATCH', {'location': None}, If_Match=given)
            self.assertEqual(status, answer.status, given)

    def test_what_no_client_changes_is_no_lost_update(self):
        tag = self.tag()
        self.touch()
        self.assertNotEqual(tag, self.tag())
        answer = self.ask('PATCH', {'location': 'l'}, If_Match=tag)
        self.assertEqual(200, answer.status, answer)

    def touch(self):
        db.update(
            models.PodManager,
            {'status_reason': 'no answer'},
            uuid=self.path.rpartition('/')[2],
        )

    def test_not_modified(self):
        tag = self.tag()
        for given in (tag, f'W/{tag}', f'"x",{tag}', '*'):
            answer = self.ask('GET', If_None_Match=given)
            self.assertEqual((304, b''), (answer.status, answer.content))
            self.assertEqual(tag, answer.headers['ETag'])
        self.assertEqual(200, self.ask('GET', If_None_Match='"x"').status)
        self.touch()
        self.assertEqual(200, self.ask('GET', If_None_Match=tag).status)

    def test_only_what_can_be_changed(self):
        answer = self.client.request('GET', _PODS)
        self.assertNotIn('ETag', answer.headers)
        for path in ('flavors', 'nodes'):
            body = {'name': 'n', 'properties': {'memory': {'capacity_mib': 1}}}
            self.client.request('POST', f'/v1/{path}', body)
            answer = self.client.request('GET', f'/v1/{path}/n')
            self.assertIn('ETag', answer.headers, path)


class TestEntityTagsMySQL(TestEntityTags):
    backend = 'mysql'


class TestEntityTagsPostgreSQL(TestEntityTags):
    backend = 'postgresql'
