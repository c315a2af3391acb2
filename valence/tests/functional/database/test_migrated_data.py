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


class TestIdentity(MigrationCase):
    """What identifies hardware is stored in one form."""

    def podm(self, name, url):
        return self.insert(
            'pod_managers',
            name=name,
            url=url,
            auth_type='session',
            insecure=False,
            status='offline',
            maintenance=False,
            is_public=True,
            capabilities=[],
        )

    def node(self, name, podm_uuid, resource_uri):
        return self.insert(
            'nodes',
            name=name,
            scope='',
            podm_uuid=podm_uuid,
            properties={},
            resource_uri=resource_uri,
            provision_state='active',
            power_state='on',
            charged_cores=0,
            charged_memory_mib=0,
            charged_devices=0,
        )

    def test_spellings(self):
        migration.sync('0004')
        first = self.podm('a', 'HTTP://H/')
        second = self.podm('b', 'http://h:80')
        slash = self.node('n', first, '/redfish/v1/Nodes/1/')
        task = self.node('t', first, '/tasks/7#marker=x&system=/1')
        nothing = self.node('o', None, None)
        migration.sync()
        urls = {
            uuid: db.get(models.PodManager, uuid=uuid).canonical_url
            for uuid in (first, second)
        }
        # One of two rows that are one service keeps its URL only.
        self.assertEqual({'http://h', None}, set(urls.values()))
        self.assertEqual(
            ['/redfish/v1/Nodes/1', '/tasks/7#marker=x&system=/1', None],
            [
                db.get(models.Node, uuid=uuid).resource_uri
                for uuid in (slash, task, nothing)
            ],
        )
        self.assertIsNotNone(db.get(models.Node, uuid=slash).uri_hash)
        self.assertIsNone(db.get(models.Node, uuid=nothing).uri_hash)

    def test_the_installation_stays(self):
        migration.sync()
        with db.reader() as tx:
            (before,) = tx.list(models.Installation).all()
        migration.sync()
        with db.reader() as tx:
            (after,) = tx.list(models.Installation).all()
        self.assertEqual(before.uuid, after.uuid)


class TestIdentityMySQL(TestIdentity):
    backend = 'mysql'


class TestIdentityPostgreSQL(TestIdentity):
    backend = 'postgresql'
