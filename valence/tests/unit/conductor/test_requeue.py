# SPDX-License-Identifier: Apache-2.0
"""When operations are requeued, and when they fail instead."""

from oslo_db import exception as db_exception

from valence.common import exception
from valence.conductor.engine import run as engine_run
from valence.db.sqlalchemy import models
from valence.podmanagers.progress import InProgress
from valence.tests.unit.conductor import engine_case


class TestRequeue(engine_case.EngineCase):
    def test_in_progress(self):
        self.plan('do first', InProgress(0.5))
        self.conductor.work()
        self.assertLess(0, self.delay())
        self.assertLessEqual(self.delay(), 0.5)
        self.assertEqual([], self.conductor.due())
        self.assertEqual('succeeded', self.finish().state)
        self.assertEqual(
            ['do first', 'find first', 'do first'], self.toy.calls[:3]
        )

    def test_in_progress_for_too_long(self):
        self.conf.set(conductor__compose_timeout=10)
        still = InProgress(4, 'it hangs')
        self.plan('do first', *[still] * 99)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn('it hangs', row.error)
        self.assertIn('first', row.error)
        seconds = (row.finished_at - row.started_at).total_seconds()
        self.assertLess(10, seconds)
        self.assertLess(seconds, 15)

    def test_temporary_failures_back_off(self):
        self.plan('do first', engine_case.AWAY, engine_case.AWAY)
        pauses = []
        while self.conductor.work() and self.row().state == 'running':
            pauses.append(round(self.delay()))
            self.assertEqual(len(pauses), self.row().attempt)
            self.assertEqual('first', self.row().step)
            self.conductor.wait()
        self.assertEqual([2, 4], pauses)
        self.assertEqual('succeeded', self.row().state)

    def test_each_step_has_attempts_of_its_own(self):
        self.plan('do first', engine_case.AWAY, engine_case.AWAY)
        self.plan('do second', engine_case.AWAY, engine_case.AWAY)
        row = self.finish()
        self.assertEqual('succeeded', row.state)
        self.assertEqual(0, row.attempt)

    def test_temporary_failures_exhaust_the_attempts(self):
        self.plan('do first', *[engine_case.AWAY] * 3)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn('it is away', row.error)
        self.assertEqual(3, self.toy.calls.count('do first'))

    def test_the_root_is_not_understood_for_a_moment(self):
        html = exception.NotAPodManager(reason='it is no JSON object')
        self.plan('do first', html)
        self.plan('do second', engine_case.WRONG)
        self.plan('undo second', html)
        row = self.finish()
        self.assertEqual(2, self.toy.calls.count('do first'))
        self.assertEqual(2, self.toy.calls.count('undo second'))
        self.assertEqual(str(engine_case.WRONG), row.error)

    def test_the_provisioner_is_unavailable(self):
        gone = exception.ProvisioningUnavailable(reason='x')
        self.plan('do first', gone)
        self.assertEqual('succeeded', self.finish().state)

    def test_lost_races_are_retried(self):
        for lost in (
            exception.LostRace('gone'),
            db_exception.DBDuplicateEntry(),
        ):
            self.uuid = self.request()
            self.plan('record first', lost)
            self.conductor.run(self.claim())
            self.assertLess(self.delay(), 0.2)
            self.assertEqual(1, self.row().attempt)
            self.assertEqual('succeeded', self.finish().state)

    def test_a_step_releases_the_claim(self):
        class Giving(engine_case.First):
            def record(self, tx, run, result):
                super().record(tx, run, result)
                tx.update(
                    models.Operation,
                    {'claim': None, 'conductor': None, 'state': 'pending'},
                    uuid=run.operation.uuid,
                )

        self.toy.steps = (Giving, engine_case.Second)
        self.conductor.run(self.claim())
        self.assertEqual(['do first', 'record first'], self.toy.calls)
        self.assertEqual('pending', self.row().state)
        self.assertEqual('succeeded', self.finish().state)

    def test_a_race_is_always_lost(self):
        self.conf.set(conductor__compose_timeout=10)
        self.plan('record first', *[exception.LostRace('taken')] * 99)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertEqual('taken', row.error)

    def test_the_database_is_unavailable(self):
        down = exception.DatabaseUnavailable(reason='it is down')
        for call in ('do first', 'record first', 'do second'):
            self.another()
            self.plan(call, down, down)
            self.conductor.work()
            self.assertEqual(2, round(self.delay()))
            self.assertEqual('succeeded', self.finish().state, call)

    def test_the_database_rejects_a_step(self):
        down = exception.DatabaseUnavailable(reason='it has no tables')
        self.plan('record first', *[down] * 3)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn('it has no tables', row.error)
        self.assertEqual('The database is unavailable.', row.user_error)

    def test_the_database_is_unavailable_at_the_end(self):
        down = exception.DatabaseUnavailable(reason='it is down')
        self.toy.outcomes = [down, down]
        self.assertEqual('succeeded', self.finish().state)
        self.uuid = self.request()
        self.toy.outcomes = [down] * 3
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn('it is down', row.error)
        self.assertEqual(
            [('first', 'undone'), ('second', 'undone')], self.journal()
        )

    def test_the_database_rejects_everything(self):
        """The conductor waits for the database."""
        down = exception.DatabaseUnavailable(reason='it is down')

        def go_down(run):
            commit = engine_run._commit
            self.patch(engine_run, '_commit', fail)
            self.addCleanup(setattr, engine_run, '_commit', commit)
            self.up = lambda: self.patch(engine_run, '_commit', commit)
            raise down

        def fail(*args):
            raise down

        self.plan('do first', go_down)
        run = self.claim()
        self.assertRaises(
            exception.DatabaseUnavailable, self.conductor.run, run
        )
        self.assertIsNotNone(self.row().claim)
        self.up()
        self.conductor.run(run)
        self.assertEqual('succeeded', self.row().state)
