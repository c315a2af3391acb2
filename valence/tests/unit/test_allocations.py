# SPDX-License-Identifier: Apache-2.0
"""Allocations of hardware, and the reservations they are made from."""

from oslo_db import exception as db_exception

from valence import objects
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base


class TestAllocations(base.DatabaseTestCase):
    def setUp(self):
        super().setUp()
        self.podm = db.create(
            models.PodManager,
            **{
                **objects.PodManager.defaults(),
                'name': 'pod',
                'url': 'http://pod',
            },
        )
        self.nodes = {}
        for name in ('n', 'm'):
            self.nodes[name] = db.create(
                models.Node,
                **{
                    **objects.Node.defaults(),
                    'name': name,
                    'scope': '',
                    'properties': {},
                    'provision_state': 'composing',
                },
            )

    def reserve(self, resource, project):
        db.create(
            models.Allocation,
            resource_uuid=resource,
            podm_uuid=self.podm,
            reserved_to=project,
        )

    def replace(self, node, *uuids, project='p'):
        @db.transaction
        def write(tx):
            allocations.replace(
                tx, self.nodes[node], self.podm, uuids, project
            )

        write()

    def deallocate(self, node):
        @db.transaction
        def write(tx):
            allocations.deallocate(tx, self.nodes[node])

        write()

    def allocations(self):
        names = {uuid: name for name, uuid in self.nodes.items()}
        with db.reader() as tx:
            return {
                row.resource_uuid: (names.get(row.node_uuid), row.reserved_to)
                for row in tx.list(models.Allocation)
            }

    def test_replace(self):
        self.replace('n', 'a', 'b')
        self.replace('n', 'b', 'c')
        self.replace('n', 'b', 'c')
        self.assertEqual(
            {'b': ('n', None), 'c': ('n', None)}, self.allocations()
        )

    def test_allocated_to_another_node(self):
        self.replace('n', 'a')
        self.replace('m', 'b')
        self.assertRaises(
            db_exception.DBDuplicateEntry, self.replace, 'm', 'a', 'c'
        )
        self.assertEqual(
            {'a': ('n', None), 'b': ('m', None)}, self.allocations()
        )

    def test_reserved(self):
        self.reserve('mine', 'p')
        self.reserve('theirs', 'q')
        self.replace('n', 'mine', 'a')
        self.assertRaises(
            db_exception.DBDuplicateEntry, self.replace, 'n', 'theirs'
        )
        self.assertEqual(
            {
                'mine': ('n', 'p'),
                'a': ('n', None),
                'theirs': (None, 'q'),
            },
            self.allocations(),
        )

    def test_deallocated_hardware_stays_reserved(self):
        self.reserve('mine', 'p')
        self.replace('n', 'mine', 'a')
        self.replace('n', 'a')
        self.assertEqual(
            {'mine': (None, 'p'), 'a': ('n', None)}, self.allocations()
        )
        self.replace('n', 'mine', 'a')
        self.deallocate('n')
        self.assertEqual({'mine': (None, 'p')}, self.allocations())
