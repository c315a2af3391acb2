# SPDX-License-Identifier: Apache-2.0
"""What is known of tokens is in memcached, for all copies of the API."""

import memcache

from valence.tests import fixtures
from valence.tests.fixtures import memcached
from valence.tests.functional.api import test_keystone


class TestTokenCache(test_keystone.KeystoneCase):
    @classmethod
    def start(cls):
        reason = memcached.missing()
        if reason:
            raise cls.skipException(reason)
        cls.memcached = cls.use(memcached.Memcached())
        cls.options = {
            'keystone_authtoken__memcached_servers': cls.memcached.address,
            'keystone_authtoken__memcache_security_strategy': 'ENCRYPT',
            'keystone_authtoken__memcache_secret_key': 'a key',
        }
        super().start()

    def _copy(self):
        """A client of another Valence that asks the same memcached."""
        service = self.useFixture(
            fixtures.Service(
                auth_strategy='keystone',
                keystone_authtoken__http_request_max_retries=0,
                **self.keystone.options(),
                **self.options,
            )
        )
        service.all_in_one()
        return service.client

    def _items(self):
        ((_, stats),) = memcache.Client([self.memcached.address]).get_stats()
        return int(stats['curr_items'])

    def test_cache(self):
        first = self.client_of(self.keystone.cloud('demo', 'demo'))
        headers = first._headers
        second = self._copy()
        fresh = self.client_of(self.keystone.cloud('other', 'other'))
        first.get('/v1/nodes')
        self.assertLess(0, self._items())
        self.keystone.stop()
        try:
            # The other one has never asked Keystone of this token.
            answer = second.request('GET', '/v1/nodes', headers=headers)
            self.assertEqual(200, answer.status, answer)
            answer = fresh.request('GET', '/v1/nodes')
            self.assertEqual(503, answer.status, answer)
            self.assertIn('Retry-After', answer.headers)
        finally:
            self.keystone.start()
        fresh.get('/v1/nodes')
        # Without memcached each question goes to Keystone.
        self.memcached.kill()
        for client in (first, fresh):
            client.get('/v1/nodes')
        answer = second.request('GET', '/v1/nodes', headers=headers)
        self.assertEqual(200, answer.status, answer)
