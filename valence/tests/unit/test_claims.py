# SPDX-License-Identifier: Apache-2.0
"""Claims on hardware, and the reservations that they come from."""

from oslo_db import exception as db_exception

from valence import objects
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base


class TestClaims(base.DatabaseTestCase):
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

    def reclaim(self, node, *uuids, project='p'):
        @db.transaction
        def write(tx):
            allocations.reclaim(
                tx, self.nodes[node], self.podm, uuids, project
            )

        write()

    def unclaim(self, node):
        @db.transaction
        def write(tx):
            allocations.unclaim(tx, self.nodes[node])

        write()

    def claims(self):
        names = {uuid: name for name, uuid in self.nodes.items()}
        with db.reader() as tx:
            return {
                row.resource_uuid: (names.get(row.node_uuid), row.reserved_to)
                for row in tx.list(models.Allocation)
            }

    def test_others_instead(self):
        self.reclaim('n', 'a', 'b')
        self.reclaim('n', 'b', 'c')
        self.reclaim('n', 'b', 'c')
        self.assertEqual({'b': ('n', None), 'c': ('n', None)}, self.claims())

    def test_what_another_node_has(self):
        self.reclaim('n', 'a')
        self.reclaim('m', 'b')
        self.assertRaises(
            db_exception.DBDuplicateEntry, self.reclaim, 'm', 'a', 'c'
        )
        self.assertEqual({'a': ('n', None), 'b': ('m', None)}, self.claims())

    def test_what_is_reserved(self):
        self.reserve('mine', 'p')
        self.reserve('theirs', 'q')
        self.reclaim('n', 'mine', 'a')
        self.assertRaises(
            db_exception.DBDuplicateEntry, self.reclaim, 'n', 'theirs'
        )
        self.assertEqual(
            {
                'mine': ('n', 'p'),
                'a': ('n', None),
                'theirs': (None, 'q'),
            },
            self.claims(),
        )

    def test_what_comes_to_nothing_stays_reserved(self):
        self.reserve('mine', 'p')
        self.reclaim('n', 'mine', 'a')
        self.reclaim('n', 'a')
        self.assertEqual(
            {'mine': (None, 'p'), 'a': ('n', None)}, self.claims()
        )
        self.reclaim('n', 'mine', 'a')
        self.unclaim('n')
        self.assertEqual({'mine': (None, 'p')}, self.claims())
