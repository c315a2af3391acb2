# SPDX-License-Identifier: Apache-2.0
"""How operations are done, undone, put off and resumed.

The action is one for tests, whose steps do what the test says.
"""

import fixtures
from oslo_db import exception as db_exception

from valence.common import exception
from valence.conductor import requests
from valence.conductor.engine import engine
from valence.conductor.engine import model
from valence.conductor.engine import run as engine_run
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base as driver_base
from valence.tests import base

_AWAY = exception.PodManagerUnavailable(reason='it is away')
_WRONG = exception.RequestRejected(reason='no')


class _Crash(BaseException):
    """The conductor is gone, in the middle of whatever it did."""


class _Step(model.Step):
    """Does what the test has planned, and writes down that it was called."""

    def _meet(self, run, call, result):
        log = run.action.calls
        log.append(f'{call} {self.name}')
        planned = run.action.plans.get(log[-1], [])
        outcome = planned.pop(0) if planned else result
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome(run) if callable(outcome) else outcome

    def find(self, run):
        return self._meet(run, 'find', None)

    def do(self, run):
        return self._meet(run, 'do', {'by': self.name})

    def record(self, tx, run, result):
        self._meet(run, 'record', None)
        run.action.results.append((self.name, result))

    def undo(self, run, result):
        self._meet(run, 'undo', None)
        run.action.results.append((f'undo {self.name}', result))

    def unrecord(self, tx, run, result):
        self._meet(run, 'unrecord', None)
        run.action.results.append((f'unrecord {self.name}', result))


class _First(_Step):
    name = 'first'


class _Second(_Step):
    name = 'second'


class _Third(_Step):
    name = 'third'


class _Toy(model.Action):
    name = 'toy'
    steps = (_First, _Second)

    def __init__(self):
        self.calls = []
        self.plans = {}
        self.results = []
        self.ends = []
        # What telling the target of the end raises.
        self.outcomes = []

    def _tell(self, end):
        if self.outcomes:
            raise self.outcomes.pop(0)
        self.ends.append(end)

    def succeeded(self, tx, run):
        self._tell('succeeded')

    def failed(self, tx, run, error):
        self._tell(error)


class EngineCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.conf.set(conductor__attempts=3, conductor__retry_interval=2)
        self.toy = _Toy()
        self.conductor.actions = {'toy': self.toy}
        self.uuid = self.request()

    def request(self, **more):
        @db.transaction
        def write(tx):
            return requests.request(tx, None, 'toy', 'nodes', 'target', **more)

        return write()

    def another(self):
        """Ask for another operation, when this one has come to its end."""
        self.finish()
        self.uuid = self.request()

    def plan(self, call, *outcomes):
        """Say what the next calls raise or return."""
        self.toy.plans[call] = list(outcomes)

    def finish(self):
        return self.conductor.finish(self.uuid)

    def claim(self):
        return self.conductor.claim(self.uuid)

    def row(self):
        return db.get(models.Operation, uuid=self.uuid)

    def journal(self):
        with db.reader() as tx:
            return [
                (row.name, row.state)
                for row in tx.list(
                    models.OperationStep,
                    order=[models.OperationStep.n],
                    operation_uuid=self.uuid,
                )
            ]

    def put_off(self):
        """For how many seconds the operation waits now."""
        row = self.row()
        self.assertEqual('running', row.state)
        self.assertIsNone(row.claim)
        self.assertIsNone(row.conductor)
        return (row.run_after - self.clock.now()).total_seconds()

    def cancel(self):
        @db.transaction
        def write(tx):
            requests.cancel(tx, self.row())

        write()


class TestForward(EngineCase):
    def test_steps_one_after_the_other(self):
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
        self.assertEqual({'by': 'first'}, run.result(_First))
        self.assertRaises(LookupError, run.result, _Third)
        self.assertEqual(
            [('first', {'by': 'first'}), ('second', {'by': 'second'})],
            self.toy.results,
        )

    def test_nothing_is_begun_once_the_conductor_stops(self):
        run = self.claim()
        self.conductor.step(run, 0)
        self.assertEqual([], self.toy.calls)
        self.assertIsNotNone(self.row().claim)

    def test_an_action_plans_by_what_was_asked_for(self):
        self.toy.plan = lambda params: (_Second,)
        self.finish()
        self.assertEqual(['do second', 'record second'], self.toy.calls)

    def test_what_the_base_of_steps_does(self):
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


class TestResume(EngineCase):
    def test_what_was_begun_is_looked_for_first(self):
        self.plan('do first', _Crash())
        self.plan('find first', {'found': 1})
        self.assertRaises(_Crash, self.conductor.run, self.claim())
        self.assertEqual([('first', 'running')], self.journal())
        self.conductor.die()
        self.finish()
        self.assertEqual(
            ['do first', 'find first', 'record first'], self.toy.calls[:3]
        )
        self.assertEqual(('first', {'found': 1}), self.toy.results[0])

    def test_what_was_not_done_is_done(self):
        self.plan('do first', _Crash())
        self.assertRaises(_Crash, self.conductor.run, self.claim())
        self.conductor.die()
        self.finish()
        self.assertEqual(
            ['do first', 'find first', 'do first', 'record first'],
            self.toy.calls[:4],
        )

    def test_what_was_done_is_not_done_again(self):
        self.conductor.step(self.claim())
        self.conductor.die()
        self.finish()
        self.assertEqual(1, self.toy.calls.count('do first'))
        self.assertEqual(1, self.toy.calls.count('record first'))

    def test_a_result_whose_storing_failed_is_looked_for(self):
        self.plan('record first', _Crash())
        self.plan('find first', {'found': 2})
        self.assertRaises(_Crash, self.conductor.run, self.claim())
        self.assertEqual([('first', 'running')], self.journal())
        self.conductor.die()
        self.finish()
        self.assertEqual(('first', {'found': 2}), self.toy.results[0])

    def test_in_the_middle_of_undoing(self):
        self.plan('do second', _WRONG)
        self.plan('undo first', _Crash())
        self.assertRaises(_Crash, self.conductor.run, self.claim())
        self.assertTrue(self.row().undoing)
        self.conductor.die()
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertEqual(
            ['undo first', 'undo first', 'unrecord first'],
            self.toy.calls[-3:],
        )

    def test_who_lost_his_claim_changes_nothing(self):
        run = self.claim()
        self.conductor.step(run)
        self.conductor.die()
        self.conductor.step(self.claim())
        calls = list(self.toy.calls)
        self.conductor.run(run)
        self.assertEqual(calls, self.toy.calls)
        self.assertRaises(engine_run.ClaimLost, run.commit, {'progress': 1})
        self.assertNotEqual(1, self.row().progress)

    def test_a_claim_that_is_lost_while_a_step_is_done(self):
        def lose(run):
            self.conductor.die()
            self.claim()
            return {}

        self.plan('do first', lose)
        self.conductor.run(self.claim())
        self.assertEqual(['do first'], self.toy.calls)
        self.assertEqual([('first', 'running')], self.journal())


class TestPutOff(EngineCase):
    def test_in_progress(self):
        self.plan('do first', driver_base.InProgress(0.5))
        self.conductor.work()
        self.assertLess(0, self.put_off())
        self.assertLessEqual(self.put_off(), 0.5)
        self.assertEqual([], self.conductor.due())
        self.assertEqual('succeeded', self.finish().state)
        self.assertEqual(
            ['do first', 'find first', 'do first'], self.toy.calls[:3]
        )

    def test_in_progress_for_too_long(self):
        self.conf.set(conductor__compose_timeout=10)
        still = driver_base.InProgress(4, 'it hangs')
        self.plan('do first', *[still] * 99)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn('it hangs', row.error)
        self.assertIn('first', row.error)
        seconds = (row.finished_at - row.started_at).total_seconds()
        self.assertLess(10, seconds)
        self.assertLess(seconds, 15)

    def test_what_passes_is_tried_ever_more_seldom(self):
        self.plan('do first', _AWAY, _AWAY)
        pauses = []
        while self.conductor.work() and self.row().state == 'running':
            pauses.append(round(self.put_off()))
            self.assertEqual(len(pauses), self.row().attempt)
            self.assertEqual('first', self.row().step)
            self.conductor.wait()
        self.assertEqual([2, 4], pauses)
        self.assertEqual('succeeded', self.row().state)

    def test_each_step_has_attempts_of_its_own(self):
        self.plan('do first', _AWAY, _AWAY)
        self.plan('do second', _AWAY, _AWAY)
        row = self.finish()
        self.assertEqual('succeeded', row.state)
        self.assertEqual(0, row.attempt)

    def test_what_does_not_pass(self):
        self.plan('do first', *[_AWAY] * 3)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn('it is away', row.error)
        self.assertEqual(3, self.toy.calls.count('do first'))

    def test_the_provisioner_may_be_away_too(self):
        gone = exception.ProvisioningUnavailable(reason='x')
        self.plan('do first', gone)
        self.assertEqual('succeeded', self.finish().state)

    def test_a_race_that_was_lost_is_run_again(self):
        for lost in (
            exception.LostRace('gone'),
            db_exception.DBDuplicateEntry(),
        ):
            self.uuid = self.request()
            self.plan('record first', lost)
            self.conductor.run(self.claim())
            self.assertLess(self.put_off(), 0.2)
            self.assertEqual(1, self.row().attempt)
            self.assertEqual('succeeded', self.finish().state)

    def test_a_step_that_gives_the_claim_up(self):
        class Giving(_First):
            def record(self, tx, run, result):
                super().record(tx, run, result)
                tx.update(
                    models.Operation,
                    {'claim': None, 'conductor': None, 'state': 'pending'},
                    uuid=run.operation.uuid,
                )

        self.toy.steps = (Giving, _Second)
        self.conductor.run(self.claim())
        self.assertEqual(['do first', 'record first'], self.toy.calls)
        self.assertEqual('pending', self.row().state)
        self.assertEqual('succeeded', self.finish().state)

    def test_a_race_that_is_lost_for_ever(self):
        self.conf.set(conductor__compose_timeout=10)
        self.plan('record first', *[exception.LostRace('taken')] * 99)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertEqual('taken', row.error)

    def test_a_database_that_is_away(self):
        down = exception.DatabaseUnavailable(reason='it is down')
        for call in ('do first', 'record first', 'do second'):
            self.another()
            self.plan(call, down, down)
            self.conductor.work()
            self.assertEqual(2, round(self.put_off()))
            self.assertEqual('succeeded', self.finish().state, call)

    def test_a_database_that_does_not_serve_a_step(self):
        down = exception.DatabaseUnavailable(reason='it has no tables')
        self.plan('record first', *[down] * 3)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn('it has no tables', row.error)
        self.assertEqual('The database is unavailable.', row.user_error)

    def test_a_database_that_is_away_at_the_end(self):
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

    def test_a_database_that_stores_nothing_at_all(self):
        """That is the business of the conductor, which waits."""
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


class TestBack(EngineCase):
    def test_a_failure_is_undone_newest_first(self):
        self.plan('do second', _WRONG)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertEqual(str(_WRONG), row.error)
        self.assertEqual(_WRONG.error_text().user_message, row.user_error)
        self.assertEqual(
            ['undo second', 'unrecord second', 'undo first', 'unrecord first'],
            self.toy.calls[-4:],
        )
        self.assertEqual(
            [
                ('undo second', None),
                ('unrecord second', None),
                ('undo first', {'by': 'first'}),
                ('unrecord first', {'by': 'first'}),
            ],
            self.toy.results[-4:],
        )
        self.assertEqual(
            [('first', 'undone'), ('second', 'undone')], self.journal()
        )
        (error,) = self.toy.ends
        self.assertEqual(str(_WRONG), str(error.message))

    def test_a_failure_nobody_thought_of(self):
        self.plan('do first', ZeroDivisionError('secret'))
        row = self.finish()
        self.assertEqual('internal error: ZeroDivisionError', row.error)
        self.assertEqual(row.error, row.user_error)

    def test_a_value_that_the_database_does_not_take(self):
        self.plan('do first', exception.ValueRejected())
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertEqual(str(exception.ValueRejected()), row.error)

    def test_the_next_place_is_tried(self):
        self.plan(
            'do second',
            model.TryNext({'system': 'a', 'reason': 'full'}),
            model.TryNext({'system': 'b', 'reason': 'broken'}),
        )
        row = self.finish()
        self.assertEqual('succeeded', row.state)
        self.assertEqual(
            [
                {'system': 'a', 'reason': 'full'},
                {'system': 'b', 'reason': 'broken'},
            ],
            row.excluded_systems,
        )
        self.assertEqual(
            [('first', 'undone'), ('second', 'undone')] * 2
            + [('first', 'done'), ('second', 'done')],
            self.journal(),
        )
        self.assertFalse(row.undoing)
        self.assertIsNone(row.error)

    def test_cancelled_before_it_began(self):
        self.cancel()
        row = self.finish()
        self.assertEqual('cancelled', row.state)
        self.assertIsNone(row.error)
        self.assertEqual([], self.toy.calls)
        (error,) = self.toy.ends
        self.assertEqual('cancelled', error.message)

    def test_cancelled_in_the_middle(self):
        run = self.claim()
        self.conductor.step(run)
        self.cancel()
        self.conductor.run(run)
        self.assertEqual('cancelled', self.row().state)
        self.assertEqual([('first', 'undone')], self.journal())

    def test_cancelled_while_it_waits(self):
        self.plan('do first', driver_base.InProgress(100))
        self.conductor.work()
        self.cancel()
        self.assertEqual(1, len(self.conductor.due()))
        self.assertEqual('cancelled', self.finish().state)

    def test_an_undo_that_fails(self):
        self.plan('do second', _WRONG)
        self.plan('undo second', exception.RequestRejected(reason='never'))
        row = self.finish()
        self.assertEqual('failed', row.state)
        for reason in ('no', 'never'):
            self.assertIn(reason, row.error)
        self.assertEqual(
            [('first', 'done'), ('second', 'running')], self.journal()
        )
        (error,) = self.toy.ends
        self.assertEqual(row.error, error.message)

    def test_an_undo_that_fails_of_what_was_cancelled(self):
        self.conductor.step(self.claim())
        self.conductor.die()
        self.cancel()
        self.plan('undo first', exception.RequestRejected(reason='never'))
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn('never', row.error)

    def test_an_undo_is_tried_again(self):
        self.plan('do second', _WRONG)
        self.plan('undo second', _AWAY, _AWAY)
        row = self.finish()
        self.assertEqual(3, self.toy.calls.count('undo second'))
        self.assertEqual(str(_WRONG), row.error)

    def test_an_undo_that_is_in_progress(self):
        self.plan('do second', _WRONG)
        self.plan('undo second', driver_base.InProgress(3))
        self.conductor.work()
        self.assertLess(0, self.put_off())
        self.assertLess(self.put_off(), 3)
        row = self.finish()
        self.assertEqual(str(_WRONG), row.error)
        self.assertEqual(
            [('first', 'undone'), ('second', 'undone')], self.journal()
        )

    def test_an_undo_that_is_in_progress_for_too_long(self):
        self.conf.set(conductor__compose_timeout=10)
        still = driver_base.InProgress(4, 'it hangs')
        self.plan('do second', _WRONG)
        self.plan('undo second', *[still] * 99)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn('it hangs', row.error)
        seconds = (row.finished_at - row.started_at).total_seconds()
        self.assertLess(10, seconds)
        self.assertLess(seconds, 15)

    def test_a_database_that_is_away_while_undoing(self):
        down = exception.DatabaseUnavailable(reason='it is down')
        for call in ('undo second', 'unrecord second', 'unrecord first'):
            self.another()
            self.plan('do second', _WRONG)
            self.plan(call, down, down)
            row = self.finish()
            self.assertEqual('failed', row.state)
            self.assertEqual(str(_WRONG), row.error)
            self.assertEqual(
                [('first', 'undone'), ('second', 'undone')], self.journal()
            )

    def test_what_can_never_be_unrecorded(self):
        for never in (
            exception.DatabaseUnavailable(reason='never'),
            exception.ValueRejected('never'),
            exception.LostRace('never'),
            ValueError('never'),
        ):
            self.another()
            self.plan('do second', _WRONG)
            self.plan('unrecord second', *[never] * 99)
            row = self.finish()
            self.assertEqual('failed', row.state)
            self.assertIn(str(_WRONG), row.error)
            self.assertIn('undoing: ', row.error)
            self.assertIsNone(row.claim)
            self.assertIsNone(row.lock_key)

    def test_what_can_never_be_told_to_the_target(self):
        self.plan('do second', _WRONG)
        self.toy.outcomes = [ValueError('never')] * 99
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn(str(_WRONG), row.error)
        self.assertIn('ValueError', row.error)

    def test_a_claim_that_is_gone_from_the_database(self):
        def lose(run):
            values = {'claim': None, 'conductor': None}
            db.update(models.Operation, values, uuid=self.uuid)
            run.abandon()
            # Nothing is sent to the hardware any more.
            self.assertFalse(run.lease_valid())
            raise _WRONG

        self.plan('do first', lose)
        self.conductor.run(self.claim())
        self.assertEqual(['do first'], self.toy.calls)
        self.assertFalse(self.row().undoing)
        self.assertEqual('succeeded', self.finish().state)


class TestLease(EngineCase):
    """Nothing is begun, nor concluded, without a lease."""

    def outlive(self, run):
        self.clock.advance(1000)
        self.assertFalse(run.lease_valid())
        raise _WRONG

    def test_a_failure_without_a_lease_says_nothing(self):
        self.plan('do first', self.outlive)
        run = self.claim()
        self.assertRaises(engine_run.LeaseExpired, self.conductor.run, run)
        self.assertIsNone(self.row().error)
        self.conductor.lease.renew()
        self.conductor.run(run)
        self.assertEqual('succeeded', self.row().state)

    def test_a_lease_that_was_over_for_a_while(self):
        def sleep(run):
            self.clock.advance(1000)
            run.lease_valid()
            self.conductor.lease.renew()
            raise _WRONG

        self.plan('do first', sleep)
        self.assertRaises(
            engine_run.LeaseExpired, self.conductor.run, self.claim()
        )

    def test_an_undo_without_a_lease(self):
        self.plan('do second', _WRONG)
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

    def test_another_life_has_no_say(self):
        run = self.claim()
        self.assertTrue(run.lease_valid())
        self.conductor.lease.end()
        self.conductor.lease.renew()
        self.assertFalse(run.lease_valid())
        self.assertEqual(0, run.idempotent(100).left())


class TestFaultPoints(EngineCase):
    """Where the tests of crashes kill and suspend."""

    def test_only_at_the_places_that_are_named(self):
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
