# SPDX-License-Identifier: Apache-2.0
"""The test cases that others derive from."""

import contextlib
import os
import unittest
import warnings

from oslotest import base

from valence.common import context
from valence.podmanagers import fake
from valence.tests import fixtures
from valence.tests.fixtures import database

#: Whether the tests take the time to do it all.
FULL = os.environ.get('VALENCE_TEST_CRASH') == 'full'
long = unittest.skipUnless(FULL, 'make test-crash runs this')


class TestCase(base.BaseTestCase):
    """With the configuration at its defaults, and a directory of its own."""

    options: dict = {}

    def setUp(self):
        super().setUp()
        warnings.simplefilter('ignore', ResourceWarning)
        self.conf = self.useFixture(fixtures.Conf(**self.options))
        self.addCleanup(self._end_context)

    def _end_context(self):
        left = context.current_request_id()
        context.forget()
        self.assertIsNone(left, 'the context of a request is left behind')


class DatabaseTestCase(TestCase):
    """With a database of its own; derive for the other backends."""

    backend = 'sqlite'
    fixture = fixtures.Database

    def setUp(self):
        super().setUp()
        reason = database.missing(self.backend)
        if reason:
            self.skipTest(reason)
        self.database = self.useFixture(self.fixture(self.backend))


class ApiTestCase(DatabaseTestCase):
    """With the application in this process."""

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.Keys())
        self.client = fixtures.Client()

    def assertRefused(self, status, field, method, path, *args, **kwargs):
        """A request gets a 4xx in the error form, which names a field."""
        answer = self.client.request(method, path, *args, **kwargs)
        self.assertEqual(status, answer.status, answer)
        error = answer.error
        self.assertEqual(
            {'status', 'code', 'title', 'detail', 'request_id'}, set(error)
        )
        self.assertEqual(status, error['status'])
        self.assertEqual(
            answer.headers['x-openstack-request-id'], error['request_id']
        )
        self.assertTrue(error['code'].startswith('composable.'), error)
        self.assertIn('composable 1.', answer.headers['OpenStack-API-Version'])
        self.assertEqual('OpenStack-API-Version', answer.headers['Vary'])
        if field:
            self.assertIn(field, error['detail'])
        return answer


class ConductorTestCase(ApiTestCase):
    """With the application and a conductor in the test's own thread.

    Nothing happens by itself, and no time passes: see ``fixtures.Clock`` and
    ``fixtures.Conductor``. Pod managers are fake.
    """

    fixture = fixtures.QuickDatabase
    options = {'fake__systems': 3, 'fake__devices': 2}

    def setUp(self):
        super().setUp()
        self.clock = self.useFixture(fixtures.Clock())
        self.conductor = self.useFixture(fixtures.Conductor(self.clock))

    def pod(self, name='pod'):
        """A pod whose pod manager is registered and read; see ``fake.pod``."""
        pod = fake.pod(f'http://{name}.fake')
        self.register(name)
        self.conductor.look()
        self.conductor.settle()
        return pod

    def register(self, name, **more):
        """Register the pod manager of a fake pod."""
        url = f'http://{name}.fake'
        return self.client.post(
            '/v1/pod_managers',
            {'name': name, 'url': url, 'driver': 'fake', **more},
        )

    def begin(self, method, path, body=None):
        """Ask for an operation; returns its UUID."""
        answer = self.client.request(method, path, body)
        self.assertEqual(202, answer.status, answer)
        return answer.headers['Location'].rpartition('/')[2]

    def done(self, method, path, body=None, state='succeeded'):
        """Ask for an operation, and have it end; returns it."""
        uuid = self.begin(method, path, body)
        self.conductor.finish(uuid)
        operation = self.client.get(f'/v1/operations/{uuid}')
        self.assertEqual(state, operation['state'], operation)
        return operation

    def compose(self, name, state='succeeded', **body):
        """Compose a node; returns it."""
        self.done('POST', '/v1/nodes', {'name': name, **body}, state)
        return self.client.get(f'/v1/nodes/{name}')


class ServiceTestCase(base.BaseTestCase):
    """With processes of Valence and simulators that a whole class shares.

    A subclass starts them in ``start``, with ``cls.use``.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._shared = contextlib.ExitStack()
        cls._fixtures = []
        cls.addClassCleanup(cls._shared.close)
        cls.start()

    @classmethod
    def start(cls):
        """Start what the class shares."""

    @classmethod
    def use(cls, fixture):
        """Have a fixture for as long as the class's tests run."""
        cls._fixtures.append(fixture)
        return cls._shared.enter_context(fixture)

    def setUp(self):
        super().setUp()
        self.addOnException(self._attach)

    def _attach(self, exc_info):
        """Attach the output of the shared processes when a test fails."""
        for fixture in self._fixtures:
            for name, detail in fixture.getDetails().items():
                self.addDetailUniqueName(name, detail)


class PodTestCase(ServiceTestCase):
    """With all of Valence in one process; each test has its own pods."""

    options: dict = {}

    @classmethod
    def start(cls):
        cls.service = cls.use(fixtures.Service(**cls.options))
        cls.process = cls.service.all_in_one()
        cls.client = cls.service.client

    def pod(self, name, *arguments, **kwargs):
        """A simulated pod manager that is registered and read."""
        pod = self.useFixture(fixtures.Simulator(*arguments, **kwargs))
        self.register(name, pod)
        self.service.wait_ready(name)
        return pod

    def register(self, name, pod, **more):
        """Register a pod manager until the test ends."""
        self.addCleanup(self._remove, name)
        return self.service.register(name, pod, **more)

    def _remove(self, name):
        """Remove a pod manager with all that is on it."""
        path = f'/v1/pod_managers/{name}'
        if self.client.request('GET', path).status == 200:
            for node in self.client.all(f'/v1/nodes?pod_manager={name}'):
                self.client.request('DELETE', f'/v1/nodes/{node["uuid"]}')
            self.client.request('DELETE', f'{path}?cascade=true&force=true')
            self.client.wait_gone(path)

    def sync(self, name):
        """Have an inventory read; returns the operation, at its end."""
        return self.service.sync(name)

    def begin_sync(self, name):
        """Have an inventory read from now on; returns the operation."""
        return self.service.begin_sync(name)
