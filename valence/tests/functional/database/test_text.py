# SPDX-License-Identifier: Apache-2.0
"""Text that a database does not accept is made storable."""

import sqlalchemy as sa

from valence import objects
from valence.common import exception
from valence.db import api as db
from valence.db import migration
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures

_ODD = 'a\0b \ud800 \U0001f600'
_STORED = 'a\ufffdb \ufffd \U0001f600'


class SQLiteTest(base.ApiTestCase):
    def write(self):
        values = {
            **objects.Node.defaults(),
            'name': _ODD,
            'scope': '',
            'description': _ODD,
            'last_error': exception.ErrorText(_ODD, _ODD),
            'properties': {_ODD: [_ODD]},
            'provision_state': 'error',
        }
        return db.create(models.Node, **values)

    def test_every_column(self):
        uuid = self.write()
        node = db.get(models.Node, uuid=uuid)
        for name in (
            'name',
            'description',
            'last_error',
            'user_last_error',
        ):
            self.assertEqual(_STORED, getattr(node, name))
        # JSON escapes null characters.
        stored = _STORED.replace('a\ufffd', 'a\0')
        self.assertEqual({stored: [stored]}, node.properties)
        (shown,) = self.client.all('/v1/nodes')
        self.assertEqual(_STORED, shown['name'])
        self.assertEqual({stored: [stored]}, shown['properties'])

    def test_conditions(self):
        self.write()
        self.assertIsNotNone(db.get(models.Node, name=_ODD))
        self.assertIsNotNone(db.get(models.Node, name=[_ODD, 'other']))
        self.assertIsNone(db.get(models.Node, name='a\0'))
        self.assertEqual(1, db.update(models.Node, {}, name=_ODD))


class MariaDBTest(SQLiteTest):
    backend = 'mysql'


class PostgreSQLTest(SQLiteTest):
    backend = 'postgresql'


class ThreeBytesTest(SQLiteTest):
    """A database and a URL of the three-byte character set."""

    backend = 'mysql'

    def fixture(self, backend):
        return _ThreeBytes(backend)


class _ThreeBytes(fixtures.EmptyDatabase):
    def _on_server(self):
        url = super()._on_server()
        with sa.create_engine(url).begin() as connection:
            connection.exec_driver_sql('ALTER DATABASE CHARACTER SET utf8mb3')
        return f'{url}?charset=utf8'

    def _migrate(self):
        migration.sync()
