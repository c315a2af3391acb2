# SPDX-License-Identifier: Apache-2.0
import json

from valenceclient.tests.functional import base
from valenceclient.tests.functional import processes


class Shell(base.TestCase):
    def test_connection_refused(self):
        done = self.run_openstack(
            *('--os-auth-type', 'none', '--os-endpoint', 'http://127.0.0.1:9'),
            *'valence node list'.split(),
        )
        self.assertEqual(1, done.returncode)
        self.assertEqual(
            'Valence does not respond: Unable to find a version discovery '
            'document at http://127.0.0.1:9.\n',
            done.stderr,
        )

    def test_clouds_yaml(self):
        path = processes.directory() / 'clouds.yaml'
        cloud = {'auth_type': 'none', 'auth': {'endpoint': self.url}}
        path.write_text(json.dumps({'clouds': {'mine': cloud}}))
        done = self.run_openstack(
            *'--os-cloud mine valence driver list -f json'.split(),
            OS_CLIENT_CONFIG_FILE=str(path),
        )
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn('rsd', [one['name'] for one in json.loads(done.stdout)])

    def test_endpoint_override(self):
        done = self.run_openstack(
            *'--os-auth-type none valence driver list'.split(),
            OS_COMPOSABLE_ENDPOINT_OVERRIDE=self.url,
            OS_ENDPOINT='http://127.0.0.1:9',
        )
        self.assertEqual(0, done.returncode, done.stderr)

    def test_http_basic(self):
        for password, status in (('pw', 0), ('wrong', 1)):
            done = self.run_openstack(
                *'--os-auth-type http_basic --os-username joe'.split(),
                *('--os-endpoint', processes.valence_with_http_basic()),
                *'valence driver list'.split(),
                OS_PASSWORD=password,
            )
            self.assertEqual(status, done.returncode, done.stderr)
        self.assertRegex(
            done.stderr,
            '^Authentication is required: a user name and password'
            r'\. \(Request-ID: req-\S+\)\n$',
        )

    def test_version_header(self):
        done = self.run_openstack(
            *('--debug', '--os-auth-type', 'none', '--os-endpoint', self.url),
            *('valence', 'driver', 'list'),
        )
        self.assertIn('OpenStack-API-Version: composable 1.1', done.stderr)

    def test_unsupported_version(self):
        output = self.fails('driver list', OS_COMPOSABLE_API_VERSION='1.9999')
        self.assertIn('1.9999', output)

    def test_malformed_version(self):
        output = self.fails('driver list', OS_COMPOSABLE_API_VERSION='two')
        self.assertIn('not of the form 1.N', output)

    def test_completion(self):
        done = self.run_openstack('complete')
        self.assertIn('cmds_valence_podmanager=', done.stdout)
        self.assertIn('--password-prompt', done.stdout)
