# SPDX-License-Identifier: Apache-2.0
"""How a worker keeps an operation through interruptions."""

import fixtures

from valence.common import exception
from valence.conductor.engine import endings
from valence.conductor.engine import engine
from valence.conductor.engine import worker
from valence.conductor.engine.run import LeaseExpired
from valence.tests.unit.conductor import engine_case


class Stopping:
    """An event that is set after some waits."""

    def __init__(self, waits=100):
        self.pauses = []
        self._waits = waits

    def is_set(self):
        return len(self.pauses) >= self._waits

    def wait(self, seconds):
        self.pauses.append(seconds)


class TestWorker(engine_case.EngineCase):
    def setUp(self):
        super().setUp()
        self.conf.set(conductor__heartbeat_interval=7)
        self.run_ = self.claim()
        self.resumed = []
        self.stopping = Stopping()
        self.log = self.useFixture(fixtures.FakeLogger('valence.conductor'))

    def persist(self, *outcomes):
        """Let the engine raise, one after the other; the operation then."""
        planned = [*outcomes]

        def work(run, stopping, resuming):
            self.assertIs(self.run_, run)
            self.assertIs(self.stopping, stopping)
            self.resumed.append(resuming)
            if planned:
                raise planned.pop(0)

        self.patch(engine, 'work', work)
        worker.persist(self.run_, self.stopping)
        return self.row()

    def test_nothing_interrupts_it(self):
        self.persist()
        self.assertEqual([False], self.resumed)
        self.assertEqual([], self.stopping.pauses)
        self.assertEqual('', self.log.output)

    def test_it_is_resumed(self):
        row = self.persist(SystemExit(), ZeroDivisionError())
        self.assertEqual([False, True, True], self.resumed)
        self.assertEqual([1, 1], self.stopping.pauses)
        self.assertEqual('running', row.state)
        first = self.log.output.splitlines()[0]
        self.assertEqual(f'Operation {self.uuid} is interrupted', first)
        self.assertIn('ZeroDivisionError', self.log.output)

    def test_it_waits_for_the_next_heartbeat(self):
        self.persist(LeaseExpired())
        self.assertEqual([7], self.stopping.pauses)
        self.assertEqual(
            f'Operation {self.uuid} waits until the lease is renewed\n',
            self.log.output,
        )

    def test_nothing_begins_while_the_conductor_stops(self):
        self.stopping = Stopping(0)
        self.persist()
        self.assertEqual([], self.resumed)

    def test_the_conductor_stops_during_a_pause(self):
        self.stopping = Stopping(3)
        row = self.persist(*[SystemExit()] * 3)
        self.assertEqual('running', row.state)

    def test_too_many_interruptions(self):
        row = self.persist(*[ZeroDivisionError()] * 3)
        self.assertEqual('failed', row.state)
        self.assertEqual(
            'undoing: internal error: ZeroDivisionError', row.error
        )
        self.assertEqual(3, len(self.resumed))
        self.assertIn(
            f'Operation {self.uuid} has failed: it cannot go on\n',
            self.log.output,
        )

    def test_neither_database_nor_lease_end_it(self):
        for exc in (
            LeaseExpired(),
            exception.DatabaseUnavailable(reason='it is away'),
        ):
            row = self.persist(*[exc] * 3)
            self.assertEqual('running', row.state)
            self.assertIsNotNone(row.claim)
            self.assertIn(
                f'Operation {self.uuid} is left for later\n', self.log.output
            )
        self.assertIn(
            'The database is unavailable: it is away\n', self.log.output
        )

    def test_one_that_cannot_be_ended(self):
        def give_up(run, exc):
            raise SystemExit('not now')

        self.patch(endings, 'give_up', give_up)
        row = self.persist(*[ZeroDivisionError()] * 3)
        self.assertEqual('running', row.state)
        self.assertIn(
            f"Operation {self.uuid} cannot be ended: SystemExit('not now')\n"
            f'Operation {self.uuid} is left for later\n',
            self.log.output,
        )
