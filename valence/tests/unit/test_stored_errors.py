# SPDX-License-Identifier: Apache-2.0
"""The two columns of an error text are changed together, or not at all."""

from valence import objects
from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base

_ERROR = exception.ErrorText('10.0.0.1 rejected it', 'It was rejected.')


class TestStoredErrors(base.DatabaseTestCase):
    def setUp(self):
        super().setUp()
        self.uuid = db.create(
            models.Node,
            **objects.Node.defaults(),
            name='node',
            scope='',
            provision_state='error',
            last_error=_ERROR,
        )

    def stored(self):
        node = db.get(models.Node, uuid=self.uuid)
        return node.last_error, node.user_last_error

    def update(self, **values):
        db.update(models.Node, values, uuid=self.uuid)

    def test_both_are_set_and_cleared(self):
        self.assertEqual(_ERROR, self.stored())
        self.update(last_error=None)
        self.assertEqual((None, None), self.stored())
        self.update(last_error=_ERROR, power_state='on')
        self.assertEqual(_ERROR, self.stored())

    def test_not_one_alone(self):
        for values in (
            {'last_error': 'no'},
            {'user_last_error': 'no'},
            {'user_last_error': None},
        ):
            self.assertRaises(TypeError, self.update, **values)
        self.assertRaises(
            TypeError, db.create, models.Operation, error='it failed'
        )
        self.assertEqual(_ERROR, self.stored())
