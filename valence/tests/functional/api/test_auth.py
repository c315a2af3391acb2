# SPDX-License-Identifier: Apache-2.0
"""Who asks, where there is no Keystone."""

import base64
import pathlib

import bcrypt
from oslo_config import cfg

from valence.tests import base
from valence.tests import fixtures


def _basic(user, password):
    text = base64.b64encode(f'{user}:{password}'.encode()).decode()
    return {'Authorization': f'Basic {text}'}


def _take_users_from(path):
    cfg.CONF.set_override(
        'http_basic_auth_user_file', str(path), 'oslo_middleware'
    )


class TestBasic(base.DatabaseTestCase):
    """Users in a file."""

    options = {'auth_strategy': 'http_basic'}

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.Keys())
        self.path = pathlib.Path(self.conf.state_path) / 'htpasswd'
        crypted = bcrypt.hashpw(b'open sesame', bcrypt.gensalt(4)).decode()
        self.path.write_text(f'operator:{crypted}\n')
        _take_users_from(self.path)
        self.client = fixtures.Client()
        self.headers = _basic('operator', 'open sesame')

    def test_a_user_is_an_administrator(self):
        answer = self.client.request(
            'POST', '/v1/nodes', {'name': 'new'}, self.headers
        )
        self.assertEqual(202, answer.status, answer)
        self.assertEqual('operator', answer.json['user_id'])
        self.assertIsNone(answer.json['project_id'])

    def test_refused(self):
        for headers in (
            {},
            _basic('operator', 'wrong'),
            _basic('operator', ''),
            _basic('nobody', 'open sesame'),
            _basic('', ''),
            {'Authorization': 'Basic'},
            {'Authorization': 'Basic !!!'},
            {'Authorization': 'Bearer ' + 'a' * 32},
            {'X-Auth-Token': 'a' * 32},
            {'X-User-Name': 'operator', 'X-Roles': 'admin'},
        ):
            answer = self.client.request('GET', '/v1/nodes', headers=headers)
            self.assertEqual(401, answer.status, (headers, answer))
            self.assertEqual('composable.unauthorized', answer.error['code'])
            self.assertTrue(
                answer.headers['WWW-Authenticate'].startswith('Basic ')
            )

    def test_other_failures_stay_what_they_are(self):
        for path, status in (
            ('/v1/nodes/nothing', 404),
            ('/v1/nothing', 404),
            ('/v1/nodes?nothing=1', 400),
        ):
            answer = self.client.request('GET', path, headers=self.headers)
            self.assertEqual(status, answer.status, answer)

    def test_versions_are_for_everybody(self):
        for path in ('/', '/v1/'):
            self.assertEqual(200, self.client.request('GET', path).status)

    def test_a_user_who_comes_later(self):
        crypted = bcrypt.hashpw(b'later', bcrypt.gensalt(4)).decode()
        with self.path.open('a') as stream:
            stream.write(f'guest:{crypted}\n')
        answer = self.client.request(
            'GET', '/v1/nodes', headers=_basic('guest', 'later')
        )
        self.assertEqual(200, answer.status, answer)


class TestNoauth(base.ServiceTestCase):
    """Everybody is an administrator, and the log says so."""

    def _output(self, **options):
        with fixtures.Service(**options) as service:
            process = service.all_in_one()
            process.wait_for('listens on')
            return process.output()

    def test_loopback_by_default(self):
        output = self._output()
        self.assertIn('every client of the API is an administrator', output)
        self.assertIn('Listening on the loopback address 127.0.0.1', output)
        self.assertNotIn('not a loopback address', output)

    def test_other_address(self):
        output = self._output(api__host='0.0.0.0')
        self.assertIn('0.0.0.0 is not a loopback address', output)


class TestNoUserFile(base.TestCase):
    options = {'auth_strategy': 'http_basic'}

    def test_the_api_does_not_start(self):
        _take_users_from('/nowhere')
        error = self.assertRaises(cfg.ConfigFileValueError, fixtures.Client)
        self.assertIn('/nowhere is not readable', str(error))
