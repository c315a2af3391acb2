# SPDX-License-Identifier: Apache-2.0
"""The history of resources: what they were, from when to when, and why."""

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base


class TestHistory(base.ConductorTestCase):
    options = {'fake__systems': 1, 'fake__devices': 1}

    def setUp(self):
        super().setUp()
        self.fake = self.pod()
        (self.system,) = self.client.all('/v1/systems')

    def of(self, path, field=None):
        """Field, value and whether it has not ended, the oldest first."""
        query = f'?field={field}' if field else ''
        rows = self.client.all(f'/v1/{path}/history{query}')
        for one, other in zip(rows, rows[1:], strict=False):
            self.assertLessEqual(one['began_at'], other['began_at'])
        return [
            (row['field'], row['value'], row['ended_at'] is None)
            for row in rows
        ]

    def test_hardware(self):
        path = f'systems/{self.system["uuid"]}'
        self.assertEqual([], self.of(path))
        for health in ('critical', 'critical', 'warning'):
            self.fake.hardware['/systems/1'].values['health'] = health
            self.done('POST', '/v1/pod_managers/pod/sync')
        self.assertEqual(
            [
                ('health', 'ok', False),
                ('health', 'critical', False),
                ('health', 'warning', True),
            ],
            self.of(path, 'health'),
        )

    def test_node(self):
        node = self.compose('node')
        self.assertEqual(
            [
                ('provision_state', 'composing', False),
                ('provision_state', 'active', True),
            ],
            self.of('nodes/node', 'provision_state'),
        )
        claims = self.of('nodes/node', 'claim')
        self.assertEqual([('claim', self.system['uuid'], True)], claims)
        path = f'systems/{self.system["uuid"]}'
        self.assertEqual(
            [('claim', node['uuid'], True)], self.of(path, 'claim')
        )
        self.done('DELETE', '/v1/nodes/node')
        self.assertEqual(
            [('claim', node['uuid'], False)], self.of(path, 'claim')
        )
        with db.reader() as tx:
            left = tx.count(
                models.History, resource_uuid=node['uuid'], ended_at=None
            )
        self.assertEqual(0, left)

    def test_pod_manager(self):
        self.client.patch('/v1/pod_managers/pod', {'maintenance': True})
        self.client.patch('/v1/pod_managers/pod', {'maintenance': False})
        self.assertEqual(
            [('offline', False), ('online', True)],
            [one[1:] for one in self.of('pod_managers/pod', 'status')],
        )
        self.assertEqual(
            [('condition', 'maintenance', False)],
            self.of('pod_managers/pod', 'condition'),
        )
        (row,) = self.client.all(
            '/v1/pod_managers/pod/history?field=condition'
        )
        self.assertEqual('it is in maintenance', row['reason'])
        self.assertIsNotNone(row['request_id'])

    def test_conditions_above(self):
        self.compose('node')
        (rack,) = self.client.all('/v1/racks')
        self.client.post(
            '/v1/conditions',
            {
                **{'subject': 'rack', 'subject_id': rack['uuid']},
                **{'code': 'leak', 'message': 'Water.'},
            },
        )
        for path in ('nodes/node', f'systems/{self.system["uuid"]}'):
            self.assertEqual(
                [('condition', 'leak', True)], self.of(path, 'condition')
            )
