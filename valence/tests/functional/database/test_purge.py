# SPDX-License-Identifier: Apache-2.0
"""What ended long ago is deleted, a little at a time."""

import datetime
import threading
import uuid

from oslo_config import cfg

from valence import objects
from valence.conductor import notifications
from valence.db import api as db
from valence.db import purge
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures

_MODELS = (
    models.Operation,
    models.Finding,
    models.UsageSpan,
    models.History,
)


def _history(long_ago):
    return (
        models.History,
        {
            **{'resource_type': 'node', 'field': 'power_state'},
            **{'resource_uuid': str(uuid.uuid4()), 'value': 'on'},
            'began_at': long_ago,
        },
        lambda end: {'ended_at': end},
    )


def _kinds(long_ago):
    """Each model, its columns, and those that depend on the end."""
    return (
        (
            models.Operation,
            {
                **objects.Operation.defaults(),
                **{'action': 'sync', 'params': {}, 'target_type': 'things'},
            },
            lambda end: {
                'target_uuid': str(uuid.uuid4()),
                'state': 'succeeded' if end else 'pending',
                'finished_at': end,
            },
        ),
        (
            models.Finding,
            {
                **objects.Finding.defaults(),
                **{'kind': 'lost_node', 'subject': 'one', 'reason': 'it is'},
                **{'first_seen_at': long_ago, 'last_seen_at': long_ago},
            },
            lambda end: {
                'updated_at': end or long_ago,
                'open_key': None if end else str(uuid.uuid4()),
            },
        ),
        (
            models.UsageSpan,
            {
                **{'node_uuid': str(uuid.uuid4()), 'kind': 'system'},
                **{'cores': 1, 'memory_mib': 1, 'devices': 0},
                'opened_at': long_ago,
            },
            lambda end: {'closed_at': end},
        ),
        _history(long_ago),
    )


@db.transaction
def _create(tx, ends):
    """What ended then; None: not yet."""
    long_ago = tx.now() - datetime.timedelta(days=99)
    for model, common, changing in _kinds(long_ago):
        rows = [{**common, **changing(end)} for end in ends]
        tx.create_many(model, rows)


class TestPurge(base.DatabaseTestCase):
    def setUp(self):
        super().setUp()
        self.now = db.now()
        _create([self.before(days) for days in (10, 20, 30)] + [None])

    def counts(self):
        with db.reader() as tx:
            return [tx.count(model) for model in _MODELS]

    def before(self, days):
        return self.now - datetime.timedelta(days=days)

    def test_by_age(self):
        self.assertEqual(
            [0, 0, 0, 0, 0, 0, 0],
            [*purge.everything(self.before(31)).values()],
        )
        self.assertEqual(
            [2, 2, 2, 0, 2, 0, 0],
            [*purge.everything(self.before(15)).values()],
        )
        self.assertEqual([2, 2, 2, 2], self.counts())
        purge.everything(self.now)
        # What has not ended.
        self.assertEqual([1, 1, 1, 1], self.counts())

    def test_bounded(self):
        self.addCleanup(setattr, purge, 'BATCH', purge.BATCH)
        purge.BATCH = 2
        self.assertEqual([2, 2, 2, 0, 2, 0, 0], purge.batch(self.now))
        self.assertEqual([1, 1, 1, 0, 1, 0, 0], purge.batch(self.now))

    def test_what_is_locked_waits(self):
        if self.backend == 'sqlite':
            self.skipTest('SQLite has one writer at a time')
        locked = threading.Event()
        done = threading.Event()

        @db.transaction
        def lock(tx):
            tx.update(models.UsageSpan, {}, cores=1)
            locked.set()
            done.wait(30)

        thread = threading.Thread(target=lock)
        thread.start()
        locked.wait(30)
        try:
            self.assertEqual([3, 3, 0, 0, 3, 0, 0], purge.batch(self.now))
        finally:
            done.set()
            thread.join()
        self.assertEqual([0, 0, 3, 0, 0, 0, 0], purge.batch(self.now))

    def analyze(self):
        """Have the database know how many rows there are."""

    def test_cost_does_not_grow_with_the_tables(self):
        def cost():
            self.analyze()
            with fixtures.RowsRead() as read:
                deleted = purge.batch(self.before(15))
            return deleted, read.count

        many = [None, self.now, self.before(14)]
        _create(10 * many)
        deleted, few = cost()
        self.assertEqual([2, 2, 2, 0, 2, 0, 0], deleted)
        _create(100 * many + [self.before(days) for days in (20, 30)])
        deleted, read = cost()
        self.assertEqual([2, 2, 2, 0, 2, 0, 0], deleted)
        # PostgreSQL also reads what was deleted just before.
        self.assertLess(read, 1.3 * few + 10)

    def test_by_conductors_if_wanted(self):
        publisher = notifications.Publisher(threading.Event())
        publisher.tick()
        self.assertEqual([4, 4, 4, 4], self.counts())
        cfg.CONF.set_override('purge_after', 15, 'database')
        notifications.Publisher(threading.Event()).tick()
        self.assertEqual([2, 2, 2, 2], self.counts())


class TestPurgeMySQL(TestPurge):
    backend = 'mysql'


class TestPurgePostgreSQL(TestPurge):
    backend = 'postgresql'

    def analyze(self):
        # Earlier tests have left statistics of other rows.
        with engine.begin() as connection:
            connection.exec_driver_sql('ANALYZE')
