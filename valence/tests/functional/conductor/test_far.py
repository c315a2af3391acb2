# SPDX-License-Identifier: Apache-2.0
"""Pod managers behind a proxy, or at the end of a long and narrow line."""

import ssl
import tempfile
import urllib.parse

from valence.tests import base
from valence.tests import fixtures
from valence_simulator import tls

_LOGIN = ('proxy user', 'pässword')
_LOGIN_FIELDS = {'proxy_username': _LOGIN[0], 'proxy_password': _LOGIN[1]}
# There and back takes twice as long.
_DELAY = 0.15
_BYTES_PER_SECOND = 125_000


def _certificate(pod):
    parts = urllib.parse.urlsplit(pod.url)
    return ssl.get_server_certificate((parts.hostname, parts.port))


class TestProxy(base.PodTestCase):
    def simulator(self, *arguments):
        return self.useFixture(fixtures.Simulator(*arguments))

    def proxy(self, *arguments, **kwargs):
        return self.useFixture(fixtures.HttpProxy(*arguments, **kwargs))

    def wait_reason(self, reason):
        self.client.wait(
            '/v1/pod_managers/pod',
            lambda body: reason in (body['status_reason'] or ''),
            why=reason,
        )

    def test_everything_passes_through_it(self):
        proxy = self.proxy(_LOGIN)
        pod = self.simulator('--tls', '--personality', 'redfish')
        self.register(
            'pod',
            pod,
            ca_cert=_certificate(pod),
            proxy_url=proxy.url,
            **_LOGIN_FIELDS,
        )
        body = self.service.wait_ready('pod')
        self.assertEqual(proxy.url, body['proxy_url'])
        self.assertNotIn('proxy_password', body)
        self.assertNotIn(_LOGIN[1], str(body))
        self.assertEqual(
            'active', self.service.compose('n')['provision_state']
        )
        # An event that arrives, arrives through the proxy.
        system = self.client.all('/v1/systems?pod_manager=pod')[0]
        pod.change(system['resource_uri'], PowerState='Off')
        self.client.wait(
            f'/v1/systems/{system["uuid"]}',
            lambda one: one['power_state'] == 'off',
        )
        host = urllib.parse.urlsplit(pod.url).netloc
        self.assertEqual({('CONNECT', host)}, set(proxy.seen))
        output = self.process.output()
        self.assertNotIn(_LOGIN[1], output)
        self.assertNotIn(proxy.login, output)

    def test_without_tls(self):
        proxy = self.proxy()
        pod = self.simulator()
        self.register('pod', pod, proxy_url=proxy.url)
        self.service.wait_ready('pod')
        self.assertNotIn('CONNECT', {method for method, _ in proxy.seen})
        for _, target in proxy.seen:
            self.assertTrue(target.startswith(pod.origin), target)

    def test_behind_tls(self):
        """The certificate of the proxy is verified like that of the pod."""
        pem = tls.self_signed('127.0.0.1')
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as file:
            file.write(pem)
            file.flush()
            context.load_cert_chain(file.name)
        proxy = self.proxy(tls=context)
        pod = self.simulator('--tls')
        self.register(
            'pod',
            pod,
            ca_cert=_certificate(pod),
            proxy_url=proxy.url,
            timeout=30,
        )
        self.wait_reason('certificate')
        self.assertEqual([], proxy.seen)
        self.client.patch('/v1/pod_managers/pod', {'insecure': True})
        self.service.wait_ready('pod')

    def test_a_wrong_login(self):
        proxy = self.proxy(_LOGIN)
        for arguments in ((), ('--tls',)):
            pod = self.simulator(*arguments)
            self.register('pod', pod, insecure=True, proxy_url=proxy.url)
            self.wait_reason('407')
            self.client.patch('/v1/pod_managers/pod', _LOGIN_FIELDS)
            self.service.wait_ready('pod')
            self._remove('pod')

    def test_no_proxy_there(self):
        proxy = self.proxy()
        pod = self.simulator()
        self.register('pod', pod, proxy_url='http://127.0.0.1:1')
        self.wait_reason('the proxy cannot be used')
        new = {'proxy_url': proxy.url, 'password': pod.login['password']}
        self.client.patch('/v1/pod_managers/pod', new)
        self.service.wait_ready('pod')
        self.client.patch('/v1/pod_managers/pod', {'proxy_url': None})
        self.service.wait_ready('pod')


class TestAllowedNetworks(base.PodTestCase):
    options = {'podm__allowed_networks': '192.0.2.0/24'}

    def test_the_proxy_has_to_be_in_one(self):
        proxy = self.useFixture(fixtures.HttpProxy())
        # A name is compared when it is connected to.
        url = proxy.url.replace('127.0.0.1', 'localhost')
        self.addCleanup(self._remove, 'pod')
        self.client.post(
            '/v1/pod_managers',
            {'name': 'pod', 'url': 'http://192.0.2.1', 'proxy_url': url},
        )
        self.client.wait(
            '/v1/pod_managers/pod',
            lambda body: 'allowed_networks' in (body['status_reason'] or ''),
        )
        self.assertEqual([], proxy.seen)


class TestLongLine(base.PodTestCase):
    # Nothing but events, and what a test requests. The requests before the one
    # that composes have to fit into the lease of the conductor, too.
    options = {
        'conductor__sync_interval': 3600,
        'conductor__heartbeat_timeout': 60,
    }

    def far(self, *arguments, **limits):
        """A pod manager at the end of a line."""
        pod = self.useFixture(fixtures.Simulator('--tls', *arguments))
        parts = urllib.parse.urlsplit(pod.url)
        line = self.useFixture(
            fixtures.Proxy(
                (parts.hostname, parts.port), _DELAY, _BYTES_PER_SECOND
            )
        )
        url = parts._replace(netloc=f'127.0.0.1:{line.port}').geturl()
        self.register('far', pod, url=url, insecure=True, **limits)
        self.service.wait_ready('far')
        return pod

    def assertReadOnce(self, pod):
        counts = pod.requests()
        rows = self.client.all('/v1/devices?pod_manager=far')
        read = {
            row['resource_uri']: counts.get(('GET', row['resource_uri']))
            for row in rows
        }
        # Another reading is due once the stream of events is open.
        self.assertLessEqual(max(read.values()), 2, read)

    def test_its_own_limits(self):
        near = self.pod('near')
        pod = self.far(
            '--personality',
            'redfish',
            '--no-expand',
            timeout=30,
            max_parallel=4,
        )
        pod.control('DELETE', 'requests')
        sync = self.begin_sync('far')
        # Others are as fast as ever.
        self.assertEqual(
            'active',
            self.service.compose('n', pod_manager='near')['provision_state'],
        )
        self.assertEqual(1, len(near.nodes()))
        self.assertEqual(
            'running', self.client.get(f'/v1/operations/{sync}')['state']
        )
        self.assertEqual('succeeded', self.client.finished(sync)['state'])
        self.assertReadOnce(pod)
        system = self.client.all('/v1/systems?pod_manager=far')[0]
        pod.change(system['resource_uri'], PowerState='On')
        self.client.wait(
            f'/v1/systems/{system["uuid"]}',
            lambda one: one['power_state'] == 'on',
        )
        node = self.service.compose('m', pod_manager='far')
        self.assertEqual('active', node['provision_state'], node)
        self.service.release('m')
        self.assertEqual([], pod.nodes())
        body = self.client.get('/v1/pod_managers/far')
        self.assertEqual('online', body['status'])
        self.assertIsNone(body['sync_error'])
