# SPDX-License-Identifier: Apache-2.0
"""Valence behind a real Keystone."""

import concurrent.futures
import pathlib

from keystoneauth1 import adapter
from keystoneauth1 import session
from keystoneauth1.identity import v3

from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import keystone

_TOP = pathlib.Path(__file__).parents[4]
_AUDIT_MAP = _TOP / 'etc/valence/api_audit_map.conf'


class KeystoneCase(base.ServiceTestCase):
    """One Keystone, and one Valence that asks it."""

    options: dict = {}

    @classmethod
    def start(cls):
        reason = keystone.missing()
        if reason:
            raise cls.skipException(reason)
        cls.keystone = cls.use(keystone.Keystone())
        cls.service = cls.use(
            fixtures.Service(
                auth_strategy='keystone',
                api__port=cls.keystone.service_port,
                keystone_authtoken__www_authenticate_uri=cls.keystone.url,
                keystone_authtoken__http_request_max_retries=0,
                **cls.keystone.options(),
                **cls.options,
                **(
                    cls.keystone.options('oslo_limit')
                    if 'quota__enforce' in cls.options
                    else {}
                ),
            )
        )
        cls.process = cls.service.all_in_one()

    def client_of(self, cloud):
        """A client with the token of a connection."""
        return fixtures.Client(
            self.service.client.url,
            {'X-Auth-Token': cloud.session.get_token()},
        )


class TestKeystone(KeystoneCase):
    options = {
        'audit__enabled': True,
        'audit__audit_map_file': str(_AUDIT_MAP),
        'audit__ignore_req_list': 'GET',
        'audit_middleware_notifications__use_oslo_messaging': False,
    }

    @classmethod
    def start(cls):
        super().start()
        cls.keystone.user('manager', 'manager', project='demo')
        cls.keystone.user('worker', 'service', project='service')
        cls.keystone.user('auditor', 'reader')
        cls.clouds = {
            'admin': cls.keystone.cloud('admin', 'admin'),
            'system admin': cls.keystone.cloud('admin', system_scope='all'),
            'service': cls.keystone.cloud('worker', 'service'),
            'manager': cls.keystone.cloud('manager', 'demo'),
            'member': cls.keystone.cloud('demo', 'demo'),
            'reader': cls.keystone.cloud('reader', 'demo'),
            'other': cls.keystone.cloud('other', 'other'),
            'system reader': cls.keystone.cloud('auditor', system_scope='all'),
        }

    def test_catalogue(self):
        """keystoneauth finds the service and its versions."""
        for who, cloud in self.clouds.items():
            service = adapter.Adapter(
                cloud.session,
                service_type='composable',
                region_name='RegionOne',
                min_version='1',
                max_version='1.latest',
            )
            data = service.get_endpoint_data()
            self.assertEqual(f'{self.keystone.service_url}/v1/', data.url)
            self.assertEqual(
                ((1, 1), (1, 1)),
                (data.min_microversion, data.max_microversion),
            )
            answer = service.get('/nodes', microversion='1.1')
            self.assertIn('nodes', answer.json(), who)

    def test_personas(self):
        for path, allowed in (
            ('nodes', set(self.clouds)),
            ('pod_managers', set(self.clouds)),
            (
                'racks',
                {'admin', 'system admin', 'service', 'system reader'},
            ),
        ):
            for who, cloud in self.clouds.items():
                answer = self.client_of(cloud).request('GET', f'/v1/{path}')
                self.assertEqual(
                    200 if who in allowed else 403, answer.status, (who, path)
                )

    def test_another_project_finds_nothing(self):
        client = self.client_of(self.clouds['member'])
        made = client.post('/v1/nodes', {'name': 'mine'})
        path = f'/v1/nodes/{made["uuid"]}'
        self.assertEqual('mine', client.get(path)['name'])
        for who, status in (
            ('reader', 200),
            ('manager', 200),
            ('admin', 200),
            ('system reader', 200),
            ('other', 404),
        ):
            answer = self.client_of(self.clouds[who]).request('GET', path)
            self.assertEqual(status, answer.status, (who, answer))
        self.assertEqual(
            self.clouds['member'].current_project_id, made['project_id']
        )

    def test_members_see_the_user_text_of_errors(self):
        pod = self.useFixture(fixtures.Simulator())
        admin = self.client_of(self.clouds['admin'])
        admin.post('/v1/pod_managers', {'name': 'bad', **pod.login})
        admin.wait(
            '/v1/pod_managers/bad', lambda body: body['synced_at'] is not None
        )
        pod.order('/redfish/v1/Nodes/Actions/', 'status', 400, method='POST')
        member = self.client_of(self.clouds['member'])
        made = member.post('/v1/nodes', {'name': 'n', 'pod_manager': 'bad'})
        operation = member.finished(made['operation_uuid'])
        self.assertIn('refused by the pod manager', operation['error'])
        self.assertNotIn('rejected the request: ', operation['error'])
        path = '/v1/nodes/n'
        self.assertEqual(operation['error'], member.get(path)['last_error'])
        self.assertNotIn('resource_uri', member.get(path))
        words = admin.get(path)['last_error']
        self.assertIn('the pod manager rejected the request: ', words)
        self.assertEqual(
            words, admin.get(f'/v1/operations/{operation["uuid"]}')['error']
        )

    def test_access_rules_of_application_credentials(self):
        cloud = self.clouds['member']
        made = cloud.identity.create_application_credential(
            cloud.current_user_id,
            'read-nodes',
            access_rules=[
                {
                    'service': 'composable',
                    'path': '/v1/nodes',
                    'method': 'GET',
                }
            ],
        )
        token = session.Session(
            v3.ApplicationCredential(
                self.keystone.url,
                application_credential_id=made.id,
                application_credential_secret=made.secret,
            )
        ).get_token()
        for method, path, status in (
            ('GET', '/v1/nodes', 200),
            ('GET', '/v1/flavors', 401),
            ('POST', '/v1/nodes', 401),
        ):
            answer = self.service.client.request(
                method, path, headers={'X-Auth-Token': token}
            )
            self.assertEqual(status, answer.status, (method, path))

    def test_access_list(self):
        admin = self.client_of(self.clouds['admin'])
        admin.post(
            '/v1/pod_managers',
            {
                'name': 'closed',
                'url': 'http://podm.invalid',
                'is_public': False,
            },
        )
        member = self.client_of(self.clouds['member'])
        path = '/v1/pod_managers/closed'
        self.assertEqual(404, member.request('GET', path).status)
        project = self.clouds['member'].current_project_id
        admin.post(f'{path}/access', {'project_id': project})
        self.assertEqual(
            {'uuid', 'name', 'status', 'location', 'conditions', 'links'},
            set(member.get(path)),
        )
        other = self.client_of(self.clouds['other'])
        self.assertEqual(404, other.request('GET', path).status)
        admin.delete(f'{path}/access/{project}')
        self.assertEqual(404, member.request('GET', path).status)

    def test_audit(self):
        member = self.client_of(self.clouds['member'])
        answer = member.request('DELETE', '/v1/flavors/none')
        lines = [
            line
            for line in self.process.output().splitlines()
            if 'audit.http.response' in line
            and answer.headers['x-openstack-request-id'] in line
        ]
        (event,) = lines
        user = self.clouds['member'].session.get_user_id()
        for text in (user, 'service/composable/flavors/flavor', 'failure'):
            self.assertIn(text, event)
        self.assertNotIn(self.clouds['member'].session.get_token(), event)

    def test_without_token(self):
        for headers in (None, {'X-Auth-Token': 'wrong'}):
            answer = self.service.client.request(
                'GET', '/v1/nodes', headers=headers
            )
            self.assertEqual(401, answer.status, answer)
            self.assertEqual('composable.unauthorized', answer.error['code'])
            self.assertEqual(
                f'Keystone uri="{self.keystone.url}"',
                answer.headers['WWW-Authenticate'],
            )

    def test_unscoped(self):
        answer = self.client_of(self.keystone.cloud('demo')).request(
            'GET', '/v1/nodes'
        )
        # Keystone scopes to the user's own project by default.
        self.assertEqual(200, answer.status, answer)
        nobody = v3.Password(
            self.keystone.url,
            username='demo',
            password=keystone.PASSWORD,
            user_domain_id='default',
            unscoped=True,
        )
        token = session.Session(nobody).get_token()
        answer = self.service.client.request(
            'GET', '/v1/nodes', headers={'X-Auth-Token': token}
        )
        self.assertEqual(403, answer.status, answer)

    def test_keystone_away(self):
        known = self.client_of(self.clouds['member'])
        known.get('/v1/nodes')
        fresh = self.client_of(self.keystone.cloud('demo', 'demo'))
        self.keystone.stop()
        try:
            answer = fresh.request('GET', '/v1/nodes')
            self.assertEqual(503, answer.status, answer)
            self.assertIn('Keystone', answer.error['detail'])
            self.assertIn('Retry-After', answer.headers)
            # What is remembered of a token holds, and versions need none.
            known.get('/v1/nodes')
            self.service.client.get('/')
        finally:
            self.keystone.start()
        fresh.get('/v1/nodes')
        self.assertIsNotNone(self.process.state)


class TestQuota(KeystoneCase):
    """Unified limits."""

    options = {'quota__enforce': True}

    @classmethod
    def start(cls):
        super().start()
        cls.identity = cls.keystone.cloud('admin', 'admin').identity
        cls.service_id = next(cls.identity.services(type='composable')).id

    def _register(self, name, limit):
        made = self.identity.create_registered_limit(
            service_id=self.service_id,
            region_id='RegionOne',
            resource_name=name,
            default_limit=limit,
        )
        self.addCleanup(self.identity.delete_registered_limit, made)

    def _compose(self, cloud, count):
        client = self.client_of(cloud)

        def ask(number):
            return client.request(
                'POST', '/v1/nodes', {'name': f'{self.id()}-{number}'[-99:]}
            )

        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            return list(pool.map(ask, range(count)))

    def test_fifty_at_once(self):
        self._register('nodes', 10)
        member = self.keystone.cloud('demo', 'demo')
        answers = self._compose(member, 50)
        codes = sorted(answer.status for answer in answers)
        self.assertEqual([202] * 10 + [403] * 40, codes)
        self.assertEqual(10, len(self.client_of(member).all('/v1/nodes')))
        refused = next(one for one in answers if one.status == 403)
        self.assertIn('nodes: the limit is 10', refused.error['detail'])

    def test_a_limit_of_one_project(self):
        other = self.keystone.cloud('other', 'other')
        (free,) = self._compose(other, 1)
        self.assertEqual(202, free.status, free)
        self._register('cores', 100)
        made = self.identity.create_limit(
            service_id=self.service_id,
            region_id='RegionOne',
            resource_name='cores',
            resource_limit=1,
            project_id=other.current_project_id,
        )
        self.addCleanup(self.identity.delete_limit, made)
        answer = self.client_of(other).request(
            'POST',
            '/v1/nodes',
            {'name': 'many', 'properties': {'processor': {'total_cores': 2}}},
        )
        self.assertEqual(403, answer.status, answer)
        self.assertIn('cores: the limit is 1', answer.error['detail'])
