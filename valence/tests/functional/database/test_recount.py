# SPDX-License-Identifier: Apache-2.0
"""Hardware that was stored before there were counters, and their check."""

import pathlib
import subprocess
import sys
import uuid

import sqlalchemy as sa
from fixtures import TempDir

from valence import objects
from valence.db import api as db
from valence.db import capacity
from valence.db import migration
from valence.db import recount
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import types
from valence.tests import base
from valence.tests import fixtures


class TestRecount(base.DatabaseTestCase):
    fixture = fixtures.EmptyDatabase

    def insert(self, table, **values):
        """Insert a row at the revision before the counters."""
        row = {'uuid': str(uuid.uuid4()), 'created_at': db.now(), **values}
        kinds = {list: types.Json, dict: types.Json}
        columns = [
            sa.column(name, kinds.get(type(value)))
            for name, value in row.items()
        ]
        with engine.begin() as connection:
            connection.execute(sa.insert(sa.table(table, *columns)), row)
        return row['uuid']

    def setUp(self):
        super().setUp()
        migration.sync('0013')
        self.podm = self.insert(
            'pod_managers',
            **objects.PodManager.defaults()
            | {'name': 'pod', 'url': 'http://pod', 'capabilities': []}
            | {'shares_service_uuid': False},
        )
        for name, state, cores in (
            ('a', 'free', 8),
            ('b', 'free', 8),
            ('c', 'used', 16),
        ):
            self.insert(
                'systems',
                **{'podm_uuid': self.podm, 'name': name, 'state': state},
                **{'health': 'ok', 'resource_uri': name, 'uri_hash': name},
                **{'power_state': 'off', 'cpu_cores': cores},
                **{'free': state == 'free', 'seen_at': db.now()},
                **dict.fromkeys(('refreshed', 'stale'), False),
                **dict.fromkeys(('missed_syncs', 'memory_mib'), 0),
                **dict.fromkeys(('cpu_sockets', 'cpu_threads'), 1),
                **{'storage_gib': 0, 'properties': {}},
                **{'drives': [], 'nics': [], 'zones': []},
            )
        migration.sync()

    def test_an_upgrade_counts(self):
        self.assertEqual([], recount.check(self.podm, repair=False))
        with db.reader() as tx:
            found = capacity.of_pod_manager(tx, self.podm)
            self.assertEqual(2, tx.count(models.Count))
        self.assertEqual({'total': 3, 'free': 2, 'held': 0}, found['systems'])
        self.assertEqual(
            {'total': 32, 'free': 16, 'held': 0}, found['cpu_cores']
        )

    def check(self, *options):
        """Run the command; returns its status and the lines it printed."""
        done = subprocess.run(
            [
                pathlib.Path(sys.executable).with_name('valence-manage'),
                *('--config-file', self.config, 'capacity', 'check'),
                *options,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.returncode, done.stdout.splitlines()

    def test_the_command(self):
        directory = pathlib.Path(self.useFixture(TempDir()).path)
        self.config = directory / 'valence.conf'
        self.config.write_text(
            f'[DEFAULT]\nstate_path = {directory}\n'
            f'[database]\nconnection = {self.database.connection}\n'
        )
        self.assertEqual((0, ['Found 0 wrong counters.']), self.check())
        db.update(models.Capacity, {'free_systems': 7}, podm_uuid=self.podm)
        status, (first, last) = self.check()
        self.assertEqual((1, 'Found 1 wrong counters.'), (status, last))
        self.assertIn('pod: sums: stored', first)
        status, (_, last) = self.check('--repair')
        self.assertEqual((0, 'Repaired 1 wrong counters.'), (status, last))
        self.assertEqual([], recount.check(self.podm, repair=False))


class TestRecountMySQL(TestRecount):
    backend = 'mysql'


class TestRecountPostgreSQL(TestRecount):
    backend = 'postgresql'
