# SPDX-License-Identifier: Apache-2.0
"""Nodes that take the places of a shared device at once."""

import concurrent.futures

from oslo_db import exception as db_exception

from valence import objects
from valence.common import exception
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base


class TestShares(base.DatabaseTestCase):
    places = 3

    def setUp(self):
        super().setUp()
        self.podm = db.create(
            models.PodManager,
            **objects.PodManager.defaults() | {'name': 'p', 'url': 'http://p'},
        )
        self.device = db.create(
            models.Device,
            podm_uuid=self.podm,
            **{'name': 'd', 'type': 'nic', 'state': 'free', 'health': 'ok'},
            **{'resource_uri': '/d', 'uri_hash': 'd', 'properties': {}},
            **dict.fromkeys(('capacity_gib', 'speed_mbps', 'cpu_cores'), 0),
            **{'memory_mib': 0, 'missed_syncs': 0, 'zones': []},
            seen_at=db.now(),
            stale=False,
            max_nodes=self.places,
        )
        self.nodes = [self.node(f'n{number}') for number in range(8)]

    def node(self, name):
        return db.create(
            models.Node,
            **objects.Node.defaults()
            | {'name': name, 'scope': '', 'properties': {}},
            provision_state='composing',
        )

    @db.transaction
    def allocate(tx, self, node):
        allocations.allocate(tx, node, self.podm, [], [self.device])

    @db.transaction
    def free(tx, self, node):
        allocations.release_resources(tx, node, erased=False)

    def take(self, node):
        """Whether a node got a place, as a conductor tries."""
        while True:
            try:
                self.allocate(node)
                return True
            except exception.LostRace:
                return False
            except db_exception.DBDuplicateEntry:
                continue

    def test_no_more_nodes_than_places(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(self.take, self.nodes))
        self.assertEqual(self.places, sum(taken))
        row = db.get(models.Device, uuid=self.device)
        self.assertEqual((3, False), (row.sharers, row.free))
        for node in self.nodes:
            self.free(node)
        row = db.get(models.Device, uuid=self.device)
        self.assertEqual((0, True), (row.sharers, row.free))


class TestSharesMySQL(TestShares):
    backend = 'mysql'


class TestSharesPostgreSQL(TestShares):
    backend = 'postgresql'
