# SPDX-License-Identifier: Apache-2.0
"""A claim that came true although nobody was told."""

import time

from valence.conductor import queue
from valence.conductor import requests as conductor
from valence.conductor import service
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base

_UUID = '00000000-0000-4000-8000-00000000000'


class TestGivingUp(base.DatabaseTestCase):
    def operation(self, number):
        """A pending operation."""
        return db.transaction(conductor.request)(
            None, 'sync', 'pod_managers', f'{_UUID}{number}'
        )

    def claim(self, who, number):
        """Have it claimed; its token."""
        self.operation(number)
        (candidate,) = queue.due(['sync'])
        return queue.claim(who, candidate)[0].claim

    def test_what_is_not_known(self):
        ours, others = f'{_UUID}8', f'{_UUID}9'
        known = self.claim(ours, 1)
        self.claim(ours, 2)
        theirs = self.claim(others, 3)
        self.assertEqual(1, queue.requeue_unknown(ours, {known}))
        with db.reader() as tx:
            left = {row.claim for row in tx.list(models.Operation)}
        self.assertEqual({known, theirs, None}, left)
        (again,) = queue.due(['sync'])
        self.assertEqual(
            f'{_UUID}2', db.get(models.Operation, uuid=again.uuid).target_uuid
        )
        self.assertEqual(0, queue.requeue_unknown(ours, {known}))

    def test_the_answer_is_lost(self):
        self.operation(1)
        worker = service.Conductor()
        self.addCleanup(worker.stop)
        claim = queue.claim
        lost = []

        def claim_and_lose(*args):
            claimed = claim(*args)
            if not lost:
                lost.append(claimed)
                raise OSError('the connection is gone')
            return claimed

        self.patch(queue, 'claim', claim_and_lose)
        worker.start()
        deadline = time.monotonic() + 60
        while self.state() in ('pending', 'running'):
            self.assertLess(time.monotonic(), deadline, self.state())
            time.sleep(0.05)
        self.assertTrue(lost)

    @staticmethod
    def state():
        return db.get(models.Operation, target_uuid=f'{_UUID}1').state


class TestGivingUpMySQL(TestGivingUp):
    backend = 'mysql'
