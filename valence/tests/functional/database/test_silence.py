# SPDX-License-Identifier: Apache-2.0
"""A database that goes silent neither answers nor closes connections."""

import threading
from concurrent import futures

import sqlalchemy as sa

from valence.db import api as db
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import database
from valence.tests.functional.database.server import POD


class MariaDBTest(base.ApiTestCase):
    backend = 'mysql'
    port = 3306
    options = {
        'database__connect_timeout': 1,
        'database__read_timeout': 2,
    }

    def fixture(self, backend):
        """A database that is reached over a proxy."""
        url = sa.make_url(database.SERVERS[backend])
        self.proxy = self.useFixture(
            fixtures.Proxy((url.host, url.port or self.port))
        )
        return fixtures.Database(backend, url.set(port=self.proxy.port))

    def assertUnavailable(self, method, path, *args):
        answer = self.client.request(method, path, *args)
        self.assertEqual(503, answer.status, answer)
        self.assertIn('Retry-After', answer.headers)

    def test_silence(self):
        self.client.post('/v1/pod_managers', POD)
        self.proxy.silence()
        # On a connection that is there, and on a new one.
        for _ in range(2):
            self.assertUnavailable('GET', '/v1/nodes')
            self.assertUnavailable('POST', '/v1/nodes', {'name': 'n'})
        self.proxy.resume()
        self.client.post('/v1/nodes', {'name': 'n'})
        self.assertEqual(1, len(self.client.all('/v1/nodes')))

    def test_a_lock_that_is_held_for_long(self):
        """Waiting for it is no silence: the transaction is repeated."""
        self.client.post('/v1/nodes', {'name': 'n'})
        change = {'description': 'changed'}
        attempts = []
        repeated = threading.Event()

        @db.transaction
        def update(tx):
            attempts.append(tx)
            if len(attempts) > 2:
                repeated.set()
            return tx.update(models.Node, change, name='n')

        with futures.ThreadPoolExecutor() as pool, engine.begin() as holder:
            db.Transaction(holder).update(models.Node, {}, name='n')
            updated = pool.submit(update)
            self.assertTrue(repeated.wait(60))
            holder.rollback()
            self.assertEqual(1, updated.result(60))


class PostgreSQLTest(MariaDBTest):
    backend = 'postgresql'
    port = 5432
