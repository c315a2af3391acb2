# SPDX-License-Identifier: Apache-2.0
"""The API of the founding proposal, to the letter."""

import logging
import uuid

import fixtures as pyfixtures
from oslo_config import cfg

from valence.common import secrets
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base

_COLUMNS = {
    'uuid',
    'name',
    'url',
    'username',
    'status',
    'created_at',
    'updated_at',
}
_BODY = {
    'name': 'pod one',
    'url': 'https://podm.example:8443/redfish/v1',
    'username': 'admin',
    'password': 's3cret-w0rd',
}


class PodManagerCase(base.ApiTestCase):
    def create(self, **changes):
        return self.client.post('/v1/pod_managers', {**_BODY, **changes})


class TestPodManagers(PodManagerCase):
    def test_create(self):
        answer = self.client.request('POST', '/v1/pod_managers', _BODY)
        self.assertEqual(201, answer.status, answer)
        body = answer.json
        self.assertLessEqual(_COLUMNS, set(body))
        self.assertEqual(str(uuid.UUID(body['uuid'])), body['uuid'])
        self.assertTrue(
            answer.headers['Location'].endswith(
                f'/v1/pod_managers/{body["uuid"]}'
            )
        )
        self.assertEqual('offline', body['status'])
        self.assertEqual('not contacted yet', body['status_reason'])
        self.assertTrue(body['created_at'].endswith('Z'))
        self.assertIsNone(body['updated_at'])
        self.assertEqual(_BODY['username'], body['username'])

    def test_address_in_no_allowed_network(self):
        cfg.CONF.set_override('allowed_networks', ['192.0.2.0/24'], 'podm')
        self.addCleanup(cfg.CONF.clear_override, 'allowed_networks', 'podm')
        for field, url in (
            ('url', 'http://127.0.0.1:5000'),
            ('url', 'http://[::ffff:10.0.0.1]/redfish/v1'),
            ('proxy_url', 'http://127.0.0.1:3128'),
            ('hardware_url', 'https://169.254.169.254'),
        ):
            answer = self.client.request(
                'POST', '/v1/pod_managers', {**_BODY, field: url}
            )
            self.assertEqual(400, answer.status, answer)
            self.assertIn(f'field {field}:', answer.error['detail'])
            self.assertIn('[podm] allowed_networks', answer.error['detail'])
        self.create(url='https://192.0.2.7')

    def test_show_by_both_paths_by_uuid_and_by_name(self):
        created = self.create()
        for path in ('pod_manager', 'pod_managers'):
            for ident in (
                created['uuid'],
                created['uuid'].upper(),
                'pod%20one',
            ):
                found = self.client.get(f'/v1/{path}/{ident}')
                self.assertEqual(created['uuid'], found['uuid'])

    def test_list(self):
        self.assertEqual(
            {'pod_managers': []}, self.client.get('/v1/pod_managers')
        )
        one = self.create()
        two = self.create(name='two', url='http://two')
        self.assertEqual(
            [one['uuid'], two['uuid']],
            [
                found['uuid']
                for found in self.client.get('/v1/pod_managers')[
                    'pod_managers'
                ]
            ],
        )

    def test_change(self):
        created = self.create()
        for method, path in (
            ('PUT', 'pod_manager'),
            ('PATCH', 'pod_manager'),
            ('PUT', 'pod_managers'),
            ('PATCH', 'pod_managers'),
        ):
            name = f'{method} {path}'
            answer = self.client.request(
                method, f'/v1/{path}/{created["uuid"]}', {'name': name}
            )
            self.assertEqual(200, answer.status, answer)
            self.assertEqual(name, answer.json['name'])
            self.assertEqual(created['url'], answer.json['url'])
            self.assertIsNotNone(answer.json['updated_at'])

    def test_change_of_nothing(self):
        self.create()
        answer = self.client.request('PUT', '/v1/pod_manager/pod%20one', {})
        self.assertEqual(200, answer.status)

    def test_null_takes_an_optional_value_away(self):
        self.create(description='words', location='Kraków')
        body = self.client.patch(
            '/v1/pod_manager/pod%20one',
            {'description': None, 'username': None, 'password': None},
        )
        self.assertIsNone(body['description'])
        self.assertIsNone(body['username'])
        self.assertEqual('Kraków', body['location'])

    def test_delete(self):
        for path in ('pod_manager', 'pod_managers'):
            created = self.create()
            address = f'/v1/{path}/{created["uuid"]}'
            answer = self.client.request('DELETE', address)
            self.assertEqual(204, answer.status)
            self.assertEqual(b'', answer.content)
            self.assertRefused(404, created['uuid'], 'GET', address)
            self.assertRefused(404, created['uuid'], 'DELETE', address)

    def test_a_slash_at_the_end_of_a_url_means_nothing(self):
        self.create(url='http://one/')
        self.assertRefused(
            409,
            'url',
            'POST',
            '/v1/pod_managers',
            {**_BODY, 'name': 'two', 'url': 'http://one'},
        )

    def test_duplicates(self):
        self.create()
        for field, changes in (
            ('name', {'url': 'http://two'}),
            ('url', {'name': 'two'}),
        ):
            self.assertRefused(
                409, field, 'POST', '/v1/pod_managers', {**_BODY, **changes}
            )
        self.create(name='two', url='http://two')
        self.assertRefused(
            409, 'name', 'PUT', '/v1/pod_manager/two', {'name': 'pod one'}
        )

    def test_names_differ_byte_by_byte(self):
        self.create()
        self.create(name='Pod one', url='http://two')
        self.create(name='pöd one', url='http://three')
        self.assertEqual(3, len(self.client.all('/v1/pod_managers')))

    def test_sync_runs_once(self):
        self.create()
        path = '/v1/pod_managers/pod%20one/sync'
        answer = self.client.request('POST', path)
        self.assertEqual(202, answer.status)
        operation = answer.json
        self.assertEqual('sync', operation['action'])
        self.assertTrue(
            answer.headers['Location'].endswith(
                f'/v1/operations/{operation["uuid"]}'
            )
        )
        self.assertRefused(409, operation['uuid'], 'POST', path)

    def test_drivers(self):
        names = [d['name'] for d in self.client.get('/v1/drivers')['drivers']]
        self.assertIn('rsd', names)
        created = self.create(driver='rsd')
        self.assertEqual('rsd', created['driver'])


class TestPasswords(PodManagerCase):
    """A password goes in and never comes out."""

    def test_never_in_an_answer_nor_in_the_log_nor_in_the_database(self):
        log = self.useFixture(pyfixtures.FakeLogger(level=logging.DEBUG))
        secrets = [f's3cret-w0rd-{n}' for n in range(3)]
        answers = [
            self.client.request(
                'POST', '/v1/pod_managers', {**_BODY, 'password': secrets[0]}
            )
        ]
        for method, path, body in (
            ('GET', '/v1/pod_managers', None),
            ('GET', '/v1/pod_manager/pod%20one', None),
            ('PUT', '/v1/pod_manager/pod%20one', {'password': secrets[1]}),
            ('PATCH', '/v1/pod_manager/pod%20one', {'name': 'x'}),
            ('POST', '/v1/pod_managers', {'password': [secrets[2]]}),
            ('POST', '/v1/pod_managers', {'password': secrets[2] * 200}),
            ('POST', '/v1/pod_managers', {'name': {}, 'password': secrets[2]}),
        ):
            answers.append(self.client.request(method, path, body))
        for answer in answers:
            self.assertNotIn(b's3cret-w0rd', answer.content)
        self.assertNotIn('s3cret-w0rd', log.output)
        for path in self.database.path.parent.iterdir():
            self.assertNotIn(b's3cret-w0rd', path.read_bytes(), path)

    def test_cannot_be_requested(self):
        self.create()
        for query in (
            'fields=password',
            'fields=name,password',
            'password=s3cret-w0rd',
            'sort_key=password',
        ):
            self.assertRefused(400, None, 'GET', f'/v1/pod_managers?{query}')

    def test_moving_asks_for_it_again(self):
        self.create()
        path = '/v1/pod_manager/pod%20one'
        for url in (
            'http://podm.example:8443/redfish/v1',
            'https://other.example:8443/redfish/v1',
            'https://podm.example:9443/redfish/v1',
            'https://podm.example/redfish/v1',
        ):
            self.assertRefused(400, 'password', 'PUT', path, {'url': url})
            self.assertEqual(_BODY['url'], self.client.get(path)['url'])
        elsewhere = 'https://podm.example:8443/other'
        self.assertEqual(
            elsewhere, self.client.patch(path, {'url': elsewhere})['url']
        )
        moved = {'url': 'http://new', 'password': 'another'}
        self.assertEqual('http://new', self.client.patch(path, moved)['url'])

    def test_another_proxy_asks_for_both_again(self):
        proxy = {'proxy_url': 'http://proxy:3128'}
        login = {'proxy_username': 'me', 'proxy_password': 'hidden-w0rd'}
        body = self.create(**proxy, **login)
        self.assertEqual('http://proxy:3128', body['proxy_url'])
        self.assertEqual('me', body['proxy_username'])
        self.assertNotIn('proxy_password', body)
        with db.reader() as tx:
            (row,) = tx.list(models.PodManager)
        self.assertEqual('hidden-w0rd', secrets.decrypt(row.proxy_password))
        self.assertNotIn('hidden', row.proxy_password)
        path = '/v1/pod_managers/pod%20one'
        new = {'proxy_url': 'http://other:3128/', 'password': 'x'}
        self.assertRefused(400, 'proxy_password', 'PATCH', path, new)
        new = {'proxy_url': 'http://other:3128', 'proxy_password': 'x'}
        self.assertRefused(400, 'field password', 'PATCH', path, new)
        new['password'] = 'x'
        self.assertEqual(200, self.client.request('PATCH', path, new).status)
        # Nobody else sees them without it, but anybody may with a new one.
        none = {'proxy_url': None}
        self.assertEqual(200, self.client.request('PATCH', path, none).status)
        new.pop('password')
        self.assertRefused(400, 'field password', 'PATCH', path, new)

    def test_without_one_there_is_nothing_to_ask_for(self):
        self.create(password=None)
        body = self.client.patch(
            '/v1/pod_manager/pod%20one', {'url': 'http://other'}
        )
        self.assertEqual('http://other', body['url'])
