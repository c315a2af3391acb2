# SPDX-License-Identifier: Apache-2.0
"""Choosing what is due costs the same however long the queue is."""

import re

import sqlalchemy as sa
from oslo_utils import uuidutils

from valence.conductor import queue
from valence.db import api as db
from valence.db.sqlalchemy import engine as db_engine
from valence.db.sqlalchemy import models
from valence.objects import Operation
from valence.tests import base

_PODMS = [uuidutils.generate_uuid() for _ in range(2)] + [None]


class _Cost:
    @staticmethod
    @db.transaction
    def fill(tx, count):
        """Let operations wait on two pod managers, for three projects."""
        tx.create_many(
            models.Operation,
            [
                {
                    **Operation.defaults(),
                    'action': 'compose',
                    'params': {},
                    'target_type': 'nodes',
                    'target_uuid': uuidutils.generate_uuid(),
                    'podm_uuid': podm,
                    'project_id': project,
                }
                for podm in _PODMS
                for project in ('a', 'b', None)
                for _ in range(count)
            ],
        )

    def cost(self):
        """How many rows the server reads to find what is due."""
        with db.reader() as tx:
            before = self.rows_read(tx)
            found = queue.look(tx, ['compose', 'reset'], queue.Turns())
            after = self.rows_read(tx)
        self.assertEqual(20, len(found))
        return after - before

    def test_it_does_not_grow_with_the_queue(self):
        self.fill(25)
        self.analyze()
        few = self.cost()
        self.fill(300)
        self.analyze()
        self.assertLess(self.cost(), few + 30)

    def analyze(self):
        with db_engine.begin() as connection:
            connection.execute(sa.text(self.ANALYZE))


class TestMariaDB(_Cost, base.DatabaseTestCase):
    backend = 'mysql'
    ANALYZE = 'ANALYZE TABLE operations'

    @staticmethod
    def rows_read(tx):
        rows = tx.connection.execute(
            sa.text("SHOW SESSION STATUS LIKE 'Handler_read%'")
        )
        return sum(int(count) for _, count in rows)


class TestPostgreSQL(_Cost, base.DatabaseTestCase):
    """There the plans are asked for: the counts of rows come too late."""

    backend = 'postgresql'
    ANALYZE = 'ANALYZE operations'

    def cost(self):
        plans = []

        @sa.event.listens_for(sa.Engine, 'before_cursor_execute')
        def explain(connection, cursor, statement, parameters, *args):
            if statement.startswith('SELECT'):
                cursor.execute(f'EXPLAIN ANALYZE {statement}', parameters)
                plans.extend(line for (line,) in cursor.fetchall())

        try:
            with db.reader() as tx:
                queue.look(tx, ['compose', 'reset'], queue.Turns())
        finally:
            sa.event.remove(sa.Engine, 'before_cursor_execute', explain)
        return sum(
            int(float(rows)) * int(loops)
            for line in plans
            for rows, loops in re.findall(
                r'Scan .*actual .*rows=([\d.]+) loops=(\d+)', line
            )
        )
