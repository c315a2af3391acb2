# SPDX-License-Identifier: Apache-2.0
"""API and conductors as processes of their own, on each database.

A conductor that dies, or only sleeps too long, is followed by another.
"""

import pathlib
import sqlite3

from valence.tests import base
from valence.tests import fixtures
from valence.tests.functional.crash import cluster

_ALLOCATE = '/redfish/v1/Nodes/Actions/.*Allocate'


class ProcessesCase(base.DatabaseTestCase):
    settings: dict = {}

    def setUp(self):
        super().setUp()
        self.service = self.useFixture(
            fixtures.Service(
                database__connection=self.database.connection, **self.settings
            )
        )
        self.service.manage('credential-keys', 'create')
        self.api = self.service.api()
        self.client = self.service.client
        self.pod = self.useFixture(fixtures.Simulator('--no-sse', '--no-push'))

    def compose_until(self, fault, value=None, name='n'):
        """Begin to compose, up to the point where a fault strikes."""
        number = self.pod.order(_ALLOCATE, fault, value, method='POST')
        node = self.client.post('/v1/nodes', {'name': name})
        self.pod.wait_struck(number)
        return node['operation_uuid'], number

    def assertComposed(self, operation, name='n'):
        operation = self.client.finished(operation)
        self.assertEqual('succeeded', operation['state'], operation)
        node = self.client.get(f'/v1/nodes/{name}')
        self.assertEqual('active', node['provision_state'])
        (there,) = self.pod.nodes()
        self.assertEqual(there['uri'], node['resource_uri'])
        (system,) = node['systems']
        self.assertEqual(there['system'], system['resource_uri'])


class TestApart(ProcessesCase):
    def test_from_nothing_to_a_node_and_back(self):
        self.service.register('pod', self.pod)
        self.assertEqual([], self.client.all('/v1/conductors'))
        waiting = self.client.post('/v1/nodes', {'name': 'early'})
        operation = self.client.get(
            f'/v1/operations/{waiting["operation_uuid"]}'
        )
        self.assertEqual('pending', operation['state'])
        self.service.conductor()
        self.service.wait_ready('pod')
        self.client.finished(waiting['operation_uuid'])
        self.service.release('early')
        operation = self.client.post('/v1/nodes', {'name': 'n'})
        self.assertComposed(operation['operation_uuid'])
        (conductor,) = self.client.all('/v1/conductors')
        self.assertIn('rsd', conductor['drivers'])
        self.service.release('n')
        self.assertEqual([], self.pod.nodes())


@cluster.long
class TestApartMySQL(TestApart):
    backend = 'mysql'


class TestApartPostgreSQL(TestApart):
    backend = 'postgresql'


class TestTakeover(ProcessesCase):
    def test_child_of_a_killed_process(self):
        first = self.service.conductor()
        self.service.ready('pod', self.pod)
        (dead,) = self.client.all('/v1/conductors')
        operation, fault = self.compose_until('delay', 2)
        second = self.service.conductor()
        self.client.wait(
            '/v1/conductors', lambda body: len(body['conductors']) == 2
        )
        first.kill()
        self.pod.control('DELETE', f'faults/{fault}')
        self.assertComposed(operation)
        (alive,) = self.client.wait(
            '/v1/conductors', lambda body: len(body['conductors']) == 1
        )['conductors']
        self.assertNotEqual(dead['uuid'], alive['uuid'])
        self.assertEqual(0, second.end())
        self.assertEqual([], self.client.all('/v1/conductors'))

    def test_of_one_that_slept_too_long(self):
        sleeper = self.service.conductor()
        self.service.ready('pod', self.pod)
        operation, fault = self.compose_until('delay', 2)
        sleeper.freeze()
        self.addCleanup(sleeper.thaw)
        self.service.conductor()
        self.pod.control('DELETE', f'faults/{fault}')
        self.assertComposed(operation)
        before = self._story(operation)
        sleeper.thaw()
        # Awake, it finds another's name on everything and takes a new one.
        self.client.wait(
            '/v1/conductors', lambda body: len(body['conductors']) == 2
        )
        for name in ('a', 'b'):
            node = self.service.compose(name)
            self.assertEqual('active', node['provision_state'], node)
        self.assertEqual(before, self._story(operation))
        self.assertEqual(3, len(self.pod.nodes()))
        self.assertEqual(3, len({n['system'] for n in self.pod.nodes()}))

    def _story(self, operation):
        return (
            self.client.get(f'/v1/operations/{operation}'),
            {
                n: self.client.get('/v1/nodes/n')[n]
                for n in ('resource_uri', 'provision_state', 'podm_uuid')
            },
        )


@cluster.long
class TestTakeoverMySQL(TestTakeover):
    backend = 'mysql'


class TestKeys(ProcessesCase):
    """Passwords are kept encrypted, and keys change while all runs."""

    def test_rotation(self):
        self.service.conductor()
        self.service.ready('pod', self.pod)
        before = self._stored()
        self.assertNotIn(self.pod.login['password'], before)
        for _ in range(4):
            output = self.service.manage('credential-keys', 'rotate')
            self.assertIn('1 passwords', output)
            self.assertNotIn(self.pod.login['password'], output)
        self.assertNotEqual(before, self._stored())
        keys = pathlib.Path(self.service.state_path) / 'credential-keys'
        self.assertEqual(3, len(list(keys.iterdir())))
        # A new session has to be made: the password is needed again.
        self.pod.control('POST', 'restart')
        operation = self.service.sync('pod')
        self.assertEqual('succeeded', operation['state'], operation)
        body = self.client.get('/v1/pod_managers/pod')
        self.assertEqual('online', body['status'], body)

    def _stored(self):
        connection = sqlite3.connect(self.database.path)
        self.addCleanup(connection.close)
        ((token,),) = connection.execute('SELECT password FROM pod_managers')
        return token


class TestManage(ProcessesCase):
    def test_database(self):
        self.assertIn('at revision', self.service.manage('db', 'sync'))
        version = self.service.manage('db', 'version').split()
        self.assertRegex(version[-1], r'^\w+$')
        self.assertIn(
            'Deleted 0', self.service.manage('db', 'purge', '--days', 1)
        )

    def test_purge(self):
        self.service.conductor()
        node = self.service.compose('n')
        self.assertEqual('error', node['provision_state'])
        self.service.release('n')
        self.assertIn(
            'Deleted 0', self.service.manage('db', 'purge', '--days', 1)
        )
        self.assertIn(
            'Deleted 2', self.service.manage('db', 'purge', '--days', 0)
        )
        self.assertEqual([], self.client.all('/v1/operations'))

    def test_status(self):
        process = self.service.status()
        self.assertEqual(0, process.finish(), process.output())
        self.assertIn('Success', process.output())

    def test_status_without_keys(self):
        self.client.post(
            '/v1/pod_managers',
            {'name': 'p', 'url': 'http://p', 'password': 'x'},
        )
        keys = pathlib.Path(self.service.state_path) / 'credential-keys'
        for key in keys.iterdir():
            key.unlink()
        process = self.service.status()
        self.assertEqual(2, process.finish(), process.output())
        self.assertIn('credential-keys create', process.output())
