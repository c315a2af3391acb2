# SPDX-License-Identifier: Apache-2.0
"""What a conductor works on, and what the database says that it has."""

import threading

from valence.conductor import actions
from valence.conductor import queue
from valence.conductor import requests
from valence.conductor import service
from valence.conductor.engine import model
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests.fixtures import processes

_FREE = {'claim': None, 'conductor': None}


class _Wait(model.Step):
    """Is done when the test says so, or when nothing may be begun."""

    name = 'wait'

    def do(self, run):
        run.action.runs.append(run)
        while not run.action.go_on.wait(0.02):
            run.ensure_lease()
        return {}


class _Toy(model.Action):
    name = 'toy'
    steps = (_Wait,)

    def __init__(self):
        self.runs = []
        self.go_on = threading.Event()


class ReconcileTest(base.DatabaseTestCase):
    options = {
        'conductor__heartbeat_interval': 0.1,
        'conductor__heartbeat_timeout': 600,
        # Work is claimed only when woken.
        'conductor__poll_interval': 3600,
    }

    def setUp(self):
        super().setUp()
        self.toy = _Toy()
        self.patch(actions, 'BY_NAME', {'toy': self.toy})
        self.uuid = db.transaction(requests.request)(
            None, 'toy', 'nodes', 'target'
        )

    def start(self):
        self.conductor = service.Conductor()
        self.addCleanup(self.conductor.stop)
        self.addCleanup(self.toy.go_on.set)
        self.conductor.start()

    def row(self):
        return db.get(models.Operation, uuid=self.uuid)

    def change(self, **values):
        """Change the row behind the conductor's back."""
        db.update(models.Operation, values, uuid=self.uuid)

    def eventually(self, good):
        processes.eventually(good, self.row, pause=0.02)

    def ended(self):
        self.toy.go_on.set()
        self.eventually(lambda: self.row().state == 'succeeded')

    def test_the_response_to_a_claim_is_lost(self):
        claim = queue.claim
        lost = []

        def claim_and_lose(*args):
            claimed = claim(*args)
            if not lost:
                lost.append(claimed)
                raise OSError('the connection is gone')
            return claimed

        self.patch(queue, 'claim', claim_and_lose)
        self.start()
        self.ended()
        self.assertTrue(lost)

    def test_the_database_lost_the_end(self):
        self.start()
        self.ended()
        conductor = (
            self.toy.runs[0].operation.conductor
            or db.get(models.Conductor).uuid
        )
        self.change(
            state='running',
            claim='long forgotten',
            conductor=conductor,
            progress=50,
        )
        self.ended()
        self.assertIsNone(self.row().claim)

    def test_the_database_lost_a_claim(self):
        self.start()
        self.eventually(lambda: self.toy.runs)
        (run,) = self.toy.runs
        # As if it had never been claimed, and not for a while.
        self.change(**_FREE, state='pending', cancel_requested=False)
        self.eventually(lambda: len(self.toy.runs) == 2)
        self.eventually(lambda: not run.lease_valid())
        self.ended()

    def test_the_operation_is_gone(self):
        self.start()
        self.eventually(lambda: self.toy.runs)
        with db.reader() as tx:
            self.assertEqual(1, tx.count(models.Operation))
        db.transaction(lambda tx: tx.delete(models.Operation))()
        (run,) = self.toy.runs
        self.eventually(lambda: not run.lease_valid())

    def test_known_claim_is_kept(self):
        self.start()
        self.eventually(lambda: self.toy.runs)
        before = self.row().claim
        beats = set()

        def beaten():
            beats.add(db.get(models.Conductor).heartbeat_at)
            return len(beats) > 3

        self.eventually(beaten)
        self.assertEqual(before, self.row().claim)
        self.assertTrue(self.toy.runs[0].lease_valid())
        self.ended()
        self.assertEqual(1, len(self.toy.runs))


class ReconcileMySQLTest(ReconcileTest):
    backend = 'mysql'
