# SPDX-License-Identifier: Apache-2.0
"""The service answers as its OpenAPI document says, whatever is asked.

schemathesis sends requests that fit the document, requests that nearly do, and
sequences of requests that follow its links, to a process with a fake pod.
"""

import os
import re

from fixtures import TempDir

from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import keystone
from valence.tests.fixtures import processes

_CHECKS = (
    'not_a_server_error',
    'status_code_conformance',
    'content_type_conformance',
    'response_headers_conformance',
    'response_schema_conformance',
    'missing_required_header',
    'unsupported_method',
    'allow_header_conformance',
    # Of the module hooks.
    'documented_headers',
)
_HOOKS = 'valence.tests.functional.document.hooks'
_SEED = os.environ.get('VALENCE_TEST_SEED', '1')
_FULL = os.environ.get('VALENCE_TEST_FUZZ') == 'full'
# The number of requests, and the classes that share them.
_CASES = int(
    os.environ.get('VALENCE_TEST_CASES', '50000' if _FULL else '1200')
)
_CLASSES = 6 if _FULL else 4


class DocumentCase(base.DatabaseTestCase):
    def setUp(self):
        super().setUp()
        self.service = self.useFixture(
            fixtures.Service(
                database__connection=self.database.connection,
                podm__allowed_networks='127.0.0.0/8',
                fake__systems=3,
                fake__devices=2,
                **self.authentication(),
            )
        )
        self.service.all_in_one()
        self.administrator = self.as_administrator()
        self.administrator.post(
            '/v1/pod_managers',
            {'name': 'pod', 'url': 'http://127.0.0.1:1', 'driver': 'fake'},
        )
        self.administrator.wait(
            '/v1/pod_managers/pod', lambda body: body['synced_at']
        )

    def authentication(self):
        """The options of the service."""
        return {}

    def as_administrator(self):
        """The client that prepares the inventory."""
        return self.service.client

    def check(self, *options):
        """Let schemathesis send requests; all of them have to be as told."""
        document = self.administrator.get('/v1/openapi.json')
        operations = sum(len(item) - 1 for item in document['paths'].values())
        examples = max(1, _CASES // _CLASSES // operations)
        run = self.useFixture(
            processes.Process(
                *('st', 'run', f'{self.service.client.url}/v1/openapi.json'),
                *('--checks', ','.join(_CHECKS)),
                *('--phases', 'coverage,fuzzing,stateful')
                if _FULL
                else ('--phases', 'fuzzing,stateful'),
                *('--max-examples', examples, '--seed', _SEED),
                *('--generation-database', 'none', '--no-shrink'),
                *('--no-color', '--continue-on-failure', *options),
                environment={'SCHEMATHESIS_HOOKS': _HOOKS},
                # It leaves files behind.
                directory=self.useFixture(TempDir()).path,
            )
        )
        status = run.finish(processes.PATIENCE + _CASES)
        output = run.output()
        self.assertEqual(0, status, output[-8000:])
        (sent,) = re.findall(r'(\d+) generated', output)
        self.assertLess(examples * operations // 2, int(sent))


class TestAdministrator(DocumentCase):
    def test_document(self):
        self.check()


class TestAdministratorMySQL(TestAdministrator):
    backend = 'mysql'


class TestAdministratorPostgreSQL(TestAdministrator):
    backend = 'postgresql'


class TestMember(DocumentCase):
    def setUp(self):
        if self.backend != 'sqlite' and not _FULL:
            self.skipTest('VALENCE_TEST_FUZZ is not full')
        reason = keystone.missing()
        if reason:
            self.skipTest(reason)
        self.keystone = self.useFixture(keystone.Keystone())
        super().setUp()

    def authentication(self):
        return {
            'auth_strategy': 'keystone',
            'api__port': self.keystone.service_port,
            'keystone_authtoken__www_authenticate_uri': self.keystone.url,
            **self.keystone.options(),
        }

    def as_administrator(self):
        return fixtures.Client(
            self.service.client.url, self._token('admin', 'admin')
        )

    def _token(self, *who):
        token = self.keystone.cloud(*who).session.get_token()
        return {'X-Auth-Token': token}

    def test_document(self):
        ((name, token),) = self._token('demo', 'demo').items()
        self.check('--header', f'{name}: {token}')


class TestMemberMySQL(TestMember):
    backend = 'mysql'


class TestMemberPostgreSQL(TestMember):
    backend = 'postgresql'
