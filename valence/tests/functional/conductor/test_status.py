# SPDX-License-Identifier: Apache-2.0
"""Whether a pod manager is online, and if not, why, in words."""

import socket
import ssl
import urllib.parse

from valence.tests import base
from valence.tests import fixtures


class TestStatus(base.PodTestCase):
    def _simulator(self, *arguments, **kwargs):
        return self.useFixture(fixtures.Simulator(*arguments, **kwargs))

    def assertOffline(self, reason, name='bad'):
        body = self.client.wait(
            f'/v1/pod_managers/{name}',
            lambda body: reason in (body['status_reason'] or ''),
            why=reason,
        )
        self.assertEqual('offline', body['status'])
        return body

    def _registered(self, url, **more):
        self.addCleanup(self._remove, 'bad')
        self.client.post(
            '/v1/pod_managers', {'name': 'bad', 'url': url, **more}
        )

    def test_online(self):
        self.pod('good')
        body = self.client.get('/v1/pod_managers/good')
        self.assertEqual('online', body['status'])
        self.assertIsNone(body['status_reason'])
        self.assertEqual('rsd', body['driver'])
        self.assertIn('compose', body['capabilities'])
        for name in ('contacted_at', 'status_changed_at', 'synced_at'):
            self.assertTrue(body[name].endswith('Z'), name)

    def test_refused(self):
        with socket.create_server(('127.0.0.1', 0)) as server:
            port = server.getsockname()[1]
        self._registered(f'http://127.0.0.1:{port}')
        self.assertOffline('the connection was refused')

    def test_timed_out(self):
        server = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(server.close)
        self._registered(f'http://127.0.0.1:{server.getsockname()[1]}')
        self.assertOffline('timed out')

    def test_unknown_host(self):
        self._registered('http://podm.invalid')
        self.assertOffline('cannot be resolved')

    def test_wrong_password(self):
        pod = self._simulator()
        for auth_type in ('session', 'basic'):
            self.register('bad', pod, password='no idea', auth_type=auth_type)
            self.assertOffline('wrong user name or password')
            self.client.patch(
                '/v1/pod_managers/bad', {'password': pod.login['password']}
            )
            self.service.wait_ready('bad')
            self._remove('bad')

    def test_login_is_required(self):
        pod = self._simulator()
        self._registered(pod.url)
        self.assertOffline('wrong user name or password')

    def test_certificate(self):
        pod = self._simulator('--tls')
        self.assertTrue(pod.url.startswith('https:'))
        self.register('bad', pod)
        self.assertOffline('certificate')
        self.client.patch('/v1/pod_managers/bad', {'insecure': True})
        self.service.wait_ready('bad')
        parts = urllib.parse.urlsplit(pod.url)
        pem = ssl.get_server_certificate((parts.hostname, parts.port))
        self.client.patch(
            '/v1/pod_managers/bad', {'insecure': False, 'ca_cert': pem}
        )
        self.assertEqual('succeeded', self.sync('bad')['state'])
        self.client.patch('/v1/pod_managers/bad', {'ca_cert': None})
        self.assertOffline('certificate')

    def test_tls_is_required(self):
        pod = self._simulator()
        self._registered(pod.url.replace('http:', 'https:'))
        self.assertOffline('TLS')

    def test_not_a_pod_manager(self):
        for status, kind, body in (
            (200, 'text/html', b'<html>It works!</html>'),
            (404, 'text/html', b'<html>Not found</html>'),
            (200, 'application/json', b'{}'),
            (200, 'application/json', b'[1, 2]'),
            (200, 'application/json', b'{"RedfishVersion": "1.0.0"}'),
            (200, 'application/json', b'\xff' * 100),
            (204, 'application/json', b''),
        ):
            server = self.useFixture(fixtures.Canned(status, kind, body))
            self._registered(server.url)
            self.assertOffline('not a pod manager')
            self._remove('bad')

    def test_a_failing_root(self):
        """It may be a pod manager."""
        server = self.useFixture(fixtures.Canned(500, 'text/plain', b'oops'))
        self._registered(server.url)
        body = self.assertOffline('oops')
        self.assertNotIn('not a pod manager', body['status_reason'])

    def test_away_and_back(self):
        pod = self.pod('pod')
        before = self.client.get('/v1/pod_managers/pod')
        pod.control('POST', 'restart', {'down_seconds': 3})
        self.assertOffline('refused', 'pod')
        after = self.client.wait('/v1/pod_managers/pod', {'status': 'online'})
        self.assertIsNone(after['status_reason'])
        self.assertGreater(
            after['status_changed_at'], before['status_changed_at']
        )

    def test_asleep_and_awake(self):
        pod = self.pod('pod')
        pod.process.freeze()
        self.addCleanup(pod.process.thaw)
        self.assertOffline('timed out', 'pod')
        pod.process.thaw()
        self.client.wait('/v1/pod_managers/pod', {'status': 'online'})

    def test_the_same_service_twice(self):
        pod = self.pod('first')
        first = self.client.get('/v1/pod_managers/first')
        self._registered(
            pod.url.replace('127.0.0.1', 'localhost'),
            username=pod.login['username'],
            password=pod.login['password'],
        )
        body = self.assertOffline('same service as first')
        self.assertIn(first['uuid'], body['status_reason'])
        self.assertEqual([], self.client.all('/v1/systems?pod_manager=bad'))
        self.client.delete('/v1/pod_managers/first')
        self.service.wait_ready('bad')

    def test_a_lost_session_is_not_an_outage(self):
        pod = self.pod('pod')
        fault = pod.order('/redfish/v1/Nodes', 'expire-session', count=1)
        pod.wait_struck(fault)
        self.assertEqual('succeeded', self.sync('pod')['state'])
        self.assertEqual(
            'online', self.client.get('/v1/pod_managers/pod')['status']
        )

    def test_the_password_is_nowhere(self):
        pod = self.pod('pod')
        output = self.process.output()
        self.assertIn('pod manager status', output)
        self.assertNotIn(pod.login['password'], output)
        answer = self.client.request('GET', '/v1/pod_managers/pod')
        self.assertNotIn(pod.login['password'].encode(), answer.content)
