# SPDX-License-Identifier: Apache-2.0
"""Migrations keep what is stored, in its new form."""

import datetime
import uuid

import sqlalchemy as sa

from valence.db import api as db
from valence.db import migration
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import types
from valence.tests import base
from valence.tests import fixtures

_NOW = datetime.datetime(2026, 1, 1)
_TYPES = {
    datetime.datetime: types.DateTime,
    dict: types.Json,
    list: types.Json,
}


class MigrationCase(base.DatabaseTestCase):
    """Rows of an old schema, and what becomes of them."""

    fixture = fixtures.EmptyDatabase

    def insert(self, table, **values):
        """Insert a row at the present revision; returns its UUID."""
        row = {'uuid': str(uuid.uuid4()), 'created_at': _NOW, **values}
        columns = [
            sa.column(name, _TYPES.get(type(value)))
            for name, value in row.items()
        ]
        with engine.begin() as connection:
            connection.execute(sa.insert(sa.table(table, *columns)), row)
        return row['uuid']

    def operation(self, action, **values):
        return self.insert(
            'operations',
            **{
                'action': action,
                'params': {},
                'target_type': 'nodes',
                'target_uuid': str(uuid.uuid4()),
                'state': 'running',
                'progress': 0,
                'undoing': False,
                'attempt': 0,
                'cancel_requested': False,
                **values,
            },
        )


class TestStepNames(MigrationCase):
    def step(self, operation, n, name, state='done', **values):
        return self.insert(
            'operation_steps',
            **{
                'operation_uuid': operation,
                'n': n,
                'name': name,
                'intent': {},
                'state': state,
                **values,
            },
        )

    def journal(self, operation):
        with db.reader() as tx:
            return [
                (row.name, row.intent, row.result)
                for row in tx.list(
                    models.OperationStep,
                    operation_uuid=operation,
                    order=[models.OperationStep.n],
                )
            ]

    def test_names_and_keys(self):
        migration.sync('0002')
        reset = self.operation('reset', step='look')
        self.step(reset, 0, 'reset', result={})
        self.step(reset, 1, 'look', 'running')
        adopt = self.operation('adopt', step='look')
        self.step(adopt, 0, 'look', result={'resources': ['/1']})
        delete = self.operation('delete', step='wait')
        self.step(delete, 0, 'wait', result={'left behind': [{'node': 'n'}]})
        undoing = self.operation('register', step='enrol', undoing=True)
        self.step(undoing, 0, 'examine', result={'uri': '/', 'known as': None})
        self.step(undoing, 1, 'enrol', 'running', intent={'undo begun': 'x'})
        migration.sync()
        self.assertEqual(
            [('reset', {}, {}), ('read_power_state', {}, None)],
            self.journal(reset),
        )
        self.assertEqual(
            [('claim_parts', {}, {'resources': ['/1']})], self.journal(adopt)
        )
        self.assertEqual(
            [('wait_for_nodes', {}, {'left_behind': [{'node': 'n'}]})],
            self.journal(delete),
        )
        self.assertEqual(
            [
                ('read_system', {}, {'uri': '/', 'known_as': None}),
                ('enroll', {'undo_started_at': 'x'}, None),
            ],
            self.journal(undoing),
        )
        self.assertEqual(
            'wait_for_nodes', db.get(models.Operation, uuid=delete).step
        )


_MISSING = 'The node is missing on its pod manager.'


class TestFaults(MigrationCase):
    def node(self, name, **values):
        return self.insert(
            'nodes',
            **{
                'name': name,
                'scope': '',
                'properties': {},
                'provision_state': 'error',
                'power_state': 'unknown',
                'charged_cores': 0,
                'charged_memory_mib': 0,
                'charged_devices': 0,
                **values,
            },
        )

    def test_missing_nodes_have_a_fault(self):
        migration.sync('0003')
        missing = self.node(
            'missing', last_error='/1 is not on the pod manager any more'
        )
        failed = self.node('failed', last_error='x', user_last_error='y')
        drifting = self.node('drifting', drift='lost /1')
        migration.sync()
        self.assertEqual(
            {
                missing: (
                    'missing',
                    'The node is missing on its pod manager.',
                ),
                failed: (None, 'y'),
                drifting: (None, None),
            },
            self.faults(),
        )
        self.assertIsNone(db.get(models.Node, uuid=drifting).drift)

    @staticmethod
    def faults():
        with db.reader() as tx:
            return {
                row.uuid: (row.fault, row.user_last_error)
                for row in tx.list(models.Node)
            }


class TestFaultsMySQL(TestFaults):
    backend = 'mysql'


class TestFaultsPostgreSQL(TestFaults):
    backend = 'postgresql'


class TestStepNamesMySQL(TestStepNames):
    backend = 'mysql'


class TestStepNamesPostgreSQL(TestStepNames):
    backend = 'postgresql'
