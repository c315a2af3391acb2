# SPDX-License-Identifier: Apache-2.0
"""The hardware of a pod manager as a tree."""

import sqlalchemy as sa

from valence.db import api as db
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests.fixtures import estate


@db.transaction
def _place(tx, uuid):
    values = {'rack_offset': 0, 'rack_units': 42}
    tx.update(models.Chassis, values, uuid=uuid)


class TestTopology(base.ConductorTestCase):
    options = {'fake__systems': 2, 'fake__devices': 3}

    def setUp(self):
        super().setUp()
        self.pod()

    def tree(self):
        return self.client.get('/v1/pod_managers/pod/topology')['topology']

    def test_content(self):
        self.compose('node')
        (rack,) = self.tree()['chassis']
        self.client.post(
            '/v1/conditions',
            {
                'subject': 'rack',
                'subject_id': rack['uuid'],
                'code': 'water_leak',
                'message': 'Water below the rack.',
            },
        )
        _place(rack['uuid'])
        tree = self.tree()
        (rack,) = tree['chassis']
        self.assertEqual((0, 42), (rack['rack_offset'], rack['rack_units']))
        self.assertEqual(2, len(rack['systems']))
        devices = [*rack['devices'], *tree['devices']]
        self.assertEqual(3, len(devices))
        self.assertTrue(all(one['serial_number'] for one in devices))
        (node,) = tree['nodes']
        self.assertEqual('node', node['name'])
        self.assertIn('project_id', node)
        self.assertEqual(
            [node['uuid']],
            [n for n in (s['node_uuid'] for s in rack['systems']) if n],
        )
        self.assertEqual(
            [(rack['uuid'], 'water_leak')],
            [(one['subject_uuid'], one['code']) for one in tree['conditions']],
        )

    def statements(self, name):
        """Return the tree of a pod, and how many statements it takes."""
        found = []

        def note(connection, cursor, statement, *others):
            found.append(statement)

        executed = engine.get_engine()
        sa.event.listen(executed, 'after_cursor_execute', note)
        tree = self.client.get(f'/v1/pod_managers/{name}/topology')
        sa.event.remove(executed, 'after_cursor_execute', note)
        return tree['topology'], len(found)

    def test_statements_do_not_depend_on_the_hardware(self):
        self.compose('node')
        _, few = self.statements('pod')
        self.assertLessEqual(few, 8)
        estate.fill(1, 120, 240)
        (large,) = self.client.all('/v1/pod_managers?name=ne:pod')
        tree, many = self.statements(large['uuid'])
        self.assertEqual(
            120, sum(len(rack['systems']) for rack in tree['chassis'])
        )
        self.assertEqual(few, many)
