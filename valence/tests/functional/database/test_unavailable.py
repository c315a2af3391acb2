# SPDX-License-Identifier: Apache-2.0
"""A database that does not serve is a 503, and nothing is lost by it."""

import sqlalchemy as sa
from oslo_config import cfg

from valence.db.sqlalchemy import engine
from valence.tests.functional.database import server
from valence.tests.functional.database.server import POD

_REQUESTS = (('GET', None), ('POST', {'name': 'm'}))


class SQLiteTest(server.OwnServerTestCase):
    def reopen(self, query):
        """Open the file in another way."""
        engine.dispose()
        cfg.CONF.set_override(
            'connection',
            f'sqlite:///file:{self.database.path}?{query}&uri=true',
            'database',
        )

    def test_read_only(self):
        self.client.post('/v1/pod_managers', POD)
        self.reopen('mode=ro')
        self.assertUnavailable('POST', '/v1/nodes', {'name': 'n'})
        self.assertEqual(1, len(self.client.all('/v1/pod_managers')))
        self.reopen('mode=rw')
        self.client.post('/v1/nodes', {'name': 'n'})

    def test_no_file(self):
        engine.dispose()
        self.database.path.rename(self.database.path.with_suffix('.away'))
        self.reopen('mode=rw')
        for method, body in _REQUESTS:
            self.assertUnavailable(method, '/v1/nodes', body)

    def test_no_tables(self):
        with engine.begin() as connection:
            connection.exec_driver_sql('DROP TABLE nodes')
        for method, body in _REQUESTS:
            self.assertUnavailable(method, '/v1/nodes', body)
        self.assertEqual([], self.client.all('/v1/pod_managers'))

    def test_locked(self):
        self.assertEqual([], self.client.all('/v1/nodes'))
        engine.dispose()
        self.patch(engine, '_LOCK_WAIT_SECONDS', 0)
        other = sa.create_engine(f'sqlite:///{self.database.path}')
        with other.connect() as connection:
            connection.exec_driver_sql('BEGIN IMMEDIATE')
            self.assertUnavailable('POST', '/v1/nodes', {'name': 'n'})
            self.assertEqual([], self.client.all('/v1/nodes'))
        self.client.post('/v1/nodes', {'name': 'n'})


class MariaDBTest(server.OwnServerTestCase):
    backend = 'mysql'
    # The smallest that MariaDB knows, and one more for the administrator.
    connections = 10

    def limit_connections(self):
        self.with_global(
            [f'SET GLOBAL max_connections = {self.connections}'],
            ['SET GLOBAL max_connections = 100'],
        )

    def test_too_many_connections(self):
        self.limit_connections()
        engine.dispose()
        others = sa.create_engine(
            self.database.connection, pool_size=self.connections
        )
        self.addCleanup(others.dispose)
        for _ in range(self.connections):
            self.addCleanup(others.connect().close)
        for method, body in _REQUESTS:
            self.assertUnavailable(method, '/v1/nodes', body)
        self.server.kill_connections()
        self.client.post('/v1/nodes', {'name': 'n'})

    def test_read_only(self):
        self.client.post('/v1/pod_managers', POD)
        self.addCleanup(self.server.accept_writes)
        self.server.refuse_writes()
        self.assertUnavailable('POST', '/v1/nodes', {'name': 'n'})
        self.assertEqual(1, len(self.client.all('/v1/pod_managers')))
        self.server.accept_writes()
        self.client.post('/v1/nodes', {'name': 'n'})

    def test_switched_over(self):
        """Sessions that are read-only are left for others."""
        self.begin_read_only_sessions()
        engine.dispose()
        self.assertEqual([], self.client.all('/v1/nodes'))
        self.end_read_only_sessions()
        self.client.post('/v1/nodes', {'name': 'n'})

    def begin_read_only_sessions(self):
        self.server.execute('SET GLOBAL tx_read_only = 1')
        self.addCleanup(self.end_read_only_sessions)

    def end_read_only_sessions(self):
        self.server.execute('SET GLOBAL tx_read_only = 0')

    def test_no_tables(self):
        with engine.begin() as connection:
            for table in ('allocations', 'shares', 'nodes'):
                connection.exec_driver_sql(f'DROP TABLE {table}')
        for method, body in _REQUESTS:
            self.assertUnavailable(method, '/v1/nodes', body)
        self.assertEqual([], self.client.all('/v1/pod_managers'))

    def test_stopped(self):
        self.client.post('/v1/nodes', {'name': 'n'})
        self.server.stop()
        self.addCleanup(self.server.start)
        for method, body in _REQUESTS:
            self.assertUnavailable(method, '/v1/nodes', body)

    def test_started_again(self):
        self.client.post('/v1/nodes', {'name': 'n'})
        self.server.stop()
        self.server.start()
        self.assertEqual(1, len(self.client.all('/v1/nodes')))
        self.client.post('/v1/nodes', {'name': 'm'})

    def test_lost_before_commit(self):
        self.once('before_cursor_execute', self.server.kill_connections)
        self.client.post('/v1/nodes', {'name': 'n'})
        self.assertEqual(1, len(self.client.all('/v1/nodes')))

    def test_lost_at_commit(self):
        """Whether it was stored is not known, so it is not repeated."""
        self.once('commit', self.server.kill_connections)
        self.assertUnavailable('POST', '/v1/nodes', {'name': 'n'})
        self.assertEqual([], self.client.all('/v1/nodes'))
        self.client.post('/v1/nodes', {'name': 'n'})

    def test_lost_while_reading(self):
        self.once('before_cursor_execute', self.server.kill_connections)
        self.assertUnavailable('GET', '/v1/nodes')
        self.assertEqual([], self.client.all('/v1/nodes'))


class PostgreSQLTest(MariaDBTest):
    backend = 'postgresql'
    # Of 20, some are reserved for superusers.
    connections = 17

    def limit_connections(self):
        """It was started with that limit."""

    def begin_read_only_sessions(self):
        self.server.execute(
            'ALTER ROLE valence SET default_transaction_read_only = on'
        )
        self.addCleanup(self.end_read_only_sessions)

    def end_read_only_sessions(self):
        self.server.execute('ALTER ROLE valence RESET ALL')
