# SPDX-License-Identifier: Apache-2.0
"""How operations are executed, resumed and protected by a lease."""

import fixtures

from valence.conductor.engine import engine
from valence.conductor.engine import model
from valence.conductor.engine import run as engine_run
from valence.tests.unit.conductor import engine_case


class TestForward(engine_case.EngineCase):
    def test_steps_in_order(self):
        run = self.claim()
        self.assertEqual('running', self.row().state)
        for progress, journal in (
            (33, [('first', 'done')]),
            (66, [('first', 'done'), ('second', 'done')]),
        ):
            self.conductor.step(run)
            row = self.row()
            self.assertEqual(progress, row.progress)
            self.assertEqual(journal, self.journal())
            self.assertEqual('running', row.state)
        self.assertEqual('second', row.step)
        self.conductor.step(run)
        self.assertEqual(
            ['do first', 'record first', 'do second', 'record second'],
            self.toy.calls,
        )
        self.assertEqual(['succeeded'], self.toy.ends)

    def test_the_end(self):
        self.uuid = self.request(lock_key='lock')
        row = self.finish()
        self.assertEqual('succeeded', row.state)
        self.assertEqual(100, row.progress)
        self.assertIsNone(row.claim)
        self.assertIsNone(row.conductor)
        self.assertIsNone(row.lock_key)
        self.assertIsNone(row.error)
        self.assertLess(row.started_at, row.finished_at)

    def test_results_are_kept_in_the_journal(self):
        run = self.claim()
        self.conductor.run(run)
        self.assertEqual({'by': 'first'}, run.result(engine_case.First))
        self.assertRaises(LookupError, run.result, engine_case.Third)
        self.assertEqual(
            [('first', {'by': 'first'}), ('second', {'by': 'second'})],
            self.toy.results,
        )

    def test_no_step_starts_while_the_conductor_stops(self):
        run = self.claim()
        self.conductor.step(run, 0)
        self.assertEqual([], self.toy.calls)
        self.assertIsNotNone(self.row().claim)

    def test_steps_depend_on_the_parameters(self):
        self.toy.plan = lambda params: (engine_case.Second,)
        self.finish()
        self.assertEqual(['do second', 'record second'], self.toy.calls)

    def test_defaults_of_steps(self):
        step, run = model.Step(), self.claim()
        self.assertIsNone(step.find(run))
        self.assertRaises(NotImplementedError, step.do, run)
        for nothing in (
            step.record(None, run, {}),
            step.undo(run, None),
            step.unrecord(None, run, None),
        ):
            self.assertIsNone(nothing)
        self.conf.set(conductor__compose_timeout=7)
        self.assertEqual(7, step.timeout(run))
        self.toy.long = True
        self.conf.set(conductor__long_timeout=8)
        self.assertEqual(8, step.timeout(run))


class TestResume(engine_case.EngineCase):
    def test_results_of_started_steps_are_searched_first(self):
        self.plan('do first', engine_case.Crash())
        self.plan('find first', {'found': 1})
        self.assertRaises(engine_case.Crash, self.conductor.run, self.claim())
        self.assertEqual([('first', 'running')], self.journal())
        self.conductor.die()
        self.finish()
        self.assertEqual(
            ['do first', 'find first', 'record first'], self.toy.calls[:3]
        )
        self.assertEqual(('first', {'found': 1}), self.toy.results[0])

    def test_steps_without_a_result_are_executed(self):
        self.plan('do first', engine_case.Crash())
        self.assertRaises(engine_case.Crash, self.conductor.run, self.claim())
        self.conductor.die()
        self.finish()
        self.assertEqual(
            ['do first', 'find first', 'do first', 'record first'],
            self.toy.calls[:4],
        )

    def test_finished_steps_are_not_executed_again(self):
        self.conductor.step(self.claim())
        self.conductor.die()
        self.finish()
        self.assertEqual(1, self.toy.calls.count('do first'))
        self.assertEqual(1, self.toy.calls.count('record first'))

    def test_results_that_were_not_recorded_are_searched(self):
        self.plan('record first', engine_case.Crash())
        self.plan('find first', {'found': 2})
        self.assertRaises(engine_case.Crash, self.conductor.run, self.claim())
        self.assertEqual([('first', 'running')], self.journal())
        self.conductor.die()
        self.finish()
        self.assertEqual(('first', {'found': 2}), self.toy.results[0])

    def test_crash_while_undoing(self):
        self.plan('do second', engine_case.WRONG)
        self.plan('undo first', engine_case.Crash())
        self.assertRaises(engine_case.Crash, self.conductor.run, self.claim())
        self.assertTrue(self.row().undoing)
        self.conductor.die()
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertEqual(
            ['undo first', 'undo first', 'unrecord first'],
            self.toy.calls[-3:],
        )

    def test_a_lost_claim_prevents_all_changes(self):
        run = self.claim()
        self.conductor.step(run)
        self.conductor.die()
        self.conductor.step(self.claim())
        calls = list(self.toy.calls)
        self.conductor.run(run)
        self.assertEqual(calls, self.toy.calls)
        self.assertRaises(engine_run.ClaimLost, run.commit, {'progress': 1})
        self.assertNotEqual(1, self.row().progress)

    def test_a_claim_is_lost_during_a_step(self):
        def lose(run):
            self.conductor.die()
            self.claim()
            return {}

        self.plan('do first', lose)
        self.conductor.run(self.claim())
        self.assertEqual(['do first'], self.toy.calls)
        self.assertEqual([('first', 'running')], self.journal())


class TestLease(engine_case.EngineCase):
    """No step starts or ends without a lease."""

    def outlive(self, run):
        self.clock.advance(1000)
        self.assertFalse(run.lease_valid())
        raise engine_case.WRONG

    def test_a_failure_without_a_lease_is_ignored(self):
        self.plan('do first', self.outlive)
        run = self.claim()
        self.assertRaises(engine_run.LeaseExpired, self.conductor.run, run)
        self.assertIsNone(self.row().error)
        self.conductor.lease.renew()
        self.conductor.run(run)
        self.assertEqual('succeeded', self.row().state)

    def test_a_lease_that_expired_and_was_renewed(self):
        def sleep(run):
            self.clock.advance(1000)
            run.lease_valid()
            self.conductor.lease.renew()
            raise engine_case.WRONG

        self.plan('do first', sleep)
        self.assertRaises(
            engine_run.LeaseExpired, self.conductor.run, self.claim()
        )

    def test_an_undo_without_a_lease(self):
        self.plan('do second', engine_case.WRONG)
        self.plan('undo second', self.outlive)
        self.assertRaises(
            engine_run.LeaseExpired, self.conductor.run, self.claim()
        )
        self.assertTrue(self.row().undoing)

    def test_deadlines(self):
        self.conf.set(conductor__heartbeat_timeout=60)
        run = self.claim()
        self.assertEqual(100, run.idempotent(100).left())
        self.assertEqual(60, run.non_idempotent(100).left())
        self.assertEqual(30, run.non_idempotent(30).left())
        self.clock.advance(50)
        # It is renewed where too little is left.
        self.assertEqual(5, run.non_idempotent(5).left())
        self.assertEqual(10, self.conductor.lease.left())
        self.assertEqual(20, run.non_idempotent(20).left())
        self.assertEqual(60, self.conductor.lease.left())
        deadline = run.idempotent(100)
        self.clock.advance(61)
        self.assertEqual(0, deadline.left())

    def test_an_abandoned_run_has_no_lease(self):
        run = self.claim()
        run.abandon()
        self.assertFalse(run.lease_valid())
        self.assertRaises(engine_run.ClaimLost, run.ensure_lease)

    def test_the_lease_of_another_start_is_not_valid(self):
        run = self.claim()
        self.assertTrue(run.lease_valid())
        self.conductor.lease.end()
        self.conductor.lease.renew()
        self.assertFalse(run.lease_valid())
        self.assertEqual(0, run.idempotent(100).left())


class TestFaultPoints(engine_case.EngineCase):
    """Where crash tests kill or suspend the conductor."""

    def test_only_at_the_configured_points(self):
        killed = []
        self.patch(engine.os, 'kill', lambda pid, sig: killed.append(sig))
        for places, how, signals in (
            ('', '', []),
            ('toy:first:begun', '', [engine.signal.SIGKILL]),
            (
                'x:first:begun,toy:second:recorded',
                'STOP',
                [engine.signal.SIGSTOP],
            ),
            ('toy:first:undone', '', []),
        ):
            self.useFixture(
                fixtures.EnvironmentVariable('VALENCE_CRASH_AT', places)
            )
            self.useFixture(
                fixtures.EnvironmentVariable('VALENCE_CRASH_SIGNAL', how)
            )
            self.uuid = self.request()
            self.finish()
            self.assertEqual(signals, killed, places)
            killed.clear()
