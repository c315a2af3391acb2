# SPDX-License-Identifier: Apache-2.0
"""Events that name the same resource at the same time."""

import threading

from valence.conductor.events import pending
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import PodManager
from valence.podmanagers.base import Change
from valence.tests import base

_ROUNDS = 30


class TestMariaDB(base.DatabaseTestCase):
    backend = 'mysql'

    def test_nothing_is_lost(self):
        uuid = db.create(
            models.PodManager,
            **{**PodManager.defaults(), 'name': 'p', 'url': 'http://p'},
        )
        for number in range(_ROUNDS):
            self.deliver(uuid, number)
        with db.reader() as tx:
            found = {row.uri for row in tx.list(models.PendingRefresh)}
        expected = {f'/{n}/{w}' for n in range(_ROUNDS) for w in 'abcdx'}
        self.assertEqual(set(), expected - found)

    def deliver(self, uuid, number):
        """Four deliveries, each of which names what all others name."""
        barrier = threading.Barrier(4)

        def run(which):
            barrier.wait(60)
            uris = (f'/{number}/x', f'/{number}/{which}')
            pending.enqueue_refresh(uuid, Change(uris))

        threads = [threading.Thread(target=run, args=(w,)) for w in 'abcd']
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)


class TestPostgreSQL(TestMariaDB):
    backend = 'postgresql'
