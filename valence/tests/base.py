# SPDX-License-Identifier: Apache-2.0
"""The test cases that others derive from."""

import contextlib
import warnings

from oslotest import base

from valence.tests import fixtures
from valence.tests.fixtures import database


class TestCase(base.BaseTestCase):
    """With the configuration at its defaults, and a directory of its own."""

    options: dict = {}

    def setUp(self):
        super().setUp()
        warnings.simplefilter('ignore', ResourceWarning)
        self.conf = self.useFixture(fixtures.Conf(**self.options))


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
        if field:
            self.assertIn(field, error['detail'])
        return answer


class ServiceTestCase(base.BaseTestCase):
    """With processes of Valence and simulators that a whole class shares.

    A subclass starts them in ``start``, with ``cls.use``.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._shared = contextlib.ExitStack()
        cls.addClassCleanup(cls._shared.close)
        cls.start()

    @classmethod
    def start(cls):
        """Start what the class shares."""

    @classmethod
    def use(cls, fixture):
        """Have a fixture for as long as the class's tests run."""
        return cls._shared.enter_context(fixture)

    def attach(self, fixture):
        """Show what a shared fixture's processes said if this test fails."""
        for name, detail in fixture.getDetails().items():
            self.addDetail(name, detail)
