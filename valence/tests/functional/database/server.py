# SPDX-License-Identifier: Apache-2.0
"""The API in this process, on a database server of the tests' own."""

import sqlalchemy as sa

from valence.db.sqlalchemy import engine
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import dbserver

POD = {'name': 'pod', 'url': 'http://podm'}


class OwnServerTestCase(base.ApiTestCase):
    """With a server that all tests of a class share, and may set up.

    A subclass says which ``backend``; with SQLite there is none.
    """

    server = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        kind = dbserver.SERVERS.get(cls.backend)
        if kind is not None:
            reason = kind.missing()
            if reason:
                cls.skipTest(cls, reason)
            cls.server = cls.enterClassContext(kind())

    def fixture(self, backend):
        """A database on the server."""
        return fixtures.Database(backend, self.server and self.server.url)

    def with_global(self, change, back):
        """Change a setting of the server until the test ends."""
        self.server.execute(*change)
        self.addCleanup(self.server.execute, *back)

    def once(self, event, function):
        """Call a function the next time that something happens."""

        waiting = [function]

        def handler(*args, **kwargs):
            if waiting:
                waiting.pop()()

        sa.event.listen(engine.get_engine(), event, handler)

    def assertUnavailable(self, method, path, *args):
        """A request is answered that it can be repeated later."""
        answer = self.client.request(method, path, *args)
        self.assertEqual(503, answer.status, answer)
        self.assertIn('Retry-After', answer.headers)
        self.assertEqual(
            'composable.database-unavailable', answer.error['code']
        )
        self.assertEqual(
            'The database is currently unavailable; try again later.',
            answer.error['detail'],
        )
