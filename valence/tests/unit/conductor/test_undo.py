# SPDX-License-Identifier: Apache-2.0
"""How operations that failed or were cancelled are undone."""

from valence.common import exception
from valence.conductor.engine import endings
from valence.conductor.engine import model
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers.progress import InProgress
from valence.tests.unit.conductor import engine_case


class TestUndo(engine_case.EngineCase):
    def test_a_failure_is_undone_newest_first(self):
        self.plan('do second', engine_case.WRONG)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertEqual(str(engine_case.WRONG), row.error)
        self.assertEqual(
            engine_case.WRONG.error_text().user_message, row.user_error
        )
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
        self.assertEqual(str(engine_case.WRONG), str(error.message))

    def test_unexpected_failure(self):
        self.plan('do first', ZeroDivisionError('secret'))
        row = self.finish()
        self.assertEqual('internal error: ZeroDivisionError', row.error)
        self.assertEqual(row.error, row.user_error)

    def test_what_pod_managers_say_is_for_operators(self):
        for exc, hidden in (
            (
                model.TryNext({'system': 'a', 'reason': '/uri was taken'}),
                'The pod manager failed.',
            ),
            (
                InProgress(1, 'the task /uri is running'),
                'Operation timed out.',
            ),
        ):
            message, user_message = endings.error_text(exc)
            self.assertIn('/uri', message)
            self.assertEqual(hidden, user_message)

    def test_the_database_rejects_a_value(self):
        self.plan('do first', exception.ValueRejected())
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertEqual(str(exception.ValueRejected()), row.error)

    def test_the_next_system_is_tried(self):
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

    def test_cancelled_before_the_start(self):
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

    def test_cancelled_while_requeued(self):
        self.plan('do first', InProgress(100))
        self.conductor.work()
        self.cancel()
        self.assertEqual(1, len(self.conductor.due()))
        self.assertEqual('cancelled', self.finish().state)

    def test_an_undo_fails(self):
        self.plan('do second', engine_case.WRONG)
        never = exception.RequestRejected(reason='never')
        self.plan('undo second', *[never] * 3)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertEqual(3, self.toy.calls.count('undo second'))
        for reason in ('no', 'never'):
            self.assertIn(reason, row.error)
        self.assertEqual(
            [('first', 'done'), ('second', 'running')], self.journal()
        )
        (error,) = self.toy.ends
        self.assertEqual(row.error, error.message)

    def test_an_undo_is_rejected_once(self):
        self.plan('do second', engine_case.WRONG)
        self.plan(
            'undo second',
            exception.RequestRejected(reason='busy'),
            exception.PodManagerError(reason='500'),
        )
        row = self.finish()
        self.assertEqual(str(engine_case.WRONG), row.error)
        self.assertEqual(
            [('first', 'undone'), ('second', 'undone')], self.journal()
        )

    def test_what_is_not_ours_is_looked_at_once(self):
        for exc in (
            exception.NotOurs(uri='/nodes/1', reason='another mark'),
            exception.AnswerLost(reason='away'),
        ):
            self.plan('do second', engine_case.WRONG)
            self.plan('undo second', exc)
            self.toy.calls.clear()
            self.assertEqual('failed', self.finish().state)
            self.assertEqual(1, self.toy.calls.count('undo second'))
            self.uuid = self.request()

    def test_the_undo_of_a_cancelled_operation_fails(self):
        self.conductor.step(self.claim())
        self.conductor.die()
        self.cancel()
        never = exception.RequestRejected(reason='never')
        self.plan('undo first', *[never] * 3)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn('never', row.error)

    def test_an_undo_is_retried(self):
        self.plan('do second', engine_case.WRONG)
        self.plan('undo second', engine_case.AWAY, engine_case.AWAY)
        row = self.finish()
        self.assertEqual(3, self.toy.calls.count('undo second'))
        self.assertEqual(str(engine_case.WRONG), row.error)

    def test_an_undo_that_is_in_progress(self):
        self.plan('do second', engine_case.WRONG)
        self.plan('undo second', InProgress(3))
        self.conductor.work()
        self.assertLess(0, self.delay())
        self.assertLess(self.delay(), 3)
        row = self.finish()
        self.assertEqual(str(engine_case.WRONG), row.error)
        self.assertEqual(
            [('first', 'undone'), ('second', 'undone')], self.journal()
        )

    def test_an_undo_that_is_in_progress_for_too_long(self):
        self.conf.set(conductor__compose_timeout=10)
        still = InProgress(4, 'it hangs')
        self.plan('do second', engine_case.WRONG)
        self.plan('undo second', *[still] * 99)
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn('it hangs', row.error)
        seconds = (row.finished_at - row.started_at).total_seconds()
        self.assertLess(10, seconds)
        self.assertLess(seconds, 15)

    def test_the_database_is_unavailable_while_undoing(self):
        down = exception.DatabaseUnavailable(reason='it is down')
        for call in ('undo second', 'unrecord second', 'unrecord first'):
            self.another()
            self.plan('do second', engine_case.WRONG)
            self.plan(call, down, down)
            row = self.finish()
            self.assertEqual('failed', row.state)
            self.assertEqual(str(engine_case.WRONG), row.error)
            self.assertEqual(
                [('first', 'undone'), ('second', 'undone')], self.journal()
            )

    def test_unrecord_always_fails(self):
        for never in (
            exception.DatabaseUnavailable(reason='never'),
            exception.ValueRejected('never'),
            exception.LostRace('never'),
            ValueError('never'),
        ):
            self.another()
            self.plan('do second', engine_case.WRONG)
            self.plan('unrecord second', *[never] * 99)
            row = self.finish()
            self.assertEqual('failed', row.state)
            self.assertIn(str(engine_case.WRONG), row.error)
            self.assertIn('undoing: ', row.error)
            self.assertIsNone(row.claim)
            self.assertIsNone(row.lock_key)

    def test_updating_the_target_always_fails(self):
        self.plan('do second', engine_case.WRONG)
        self.toy.outcomes = [ValueError('never')] * 99
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn(str(engine_case.WRONG), row.error)
        self.assertIn('ValueError', row.error)

    def test_a_claim_is_removed_from_the_database(self):
        def lose(run):
            values = {'claim': None, 'conductor': None}
            db.update(models.Operation, values, uuid=self.uuid)
            run.abandon()
            # Nothing is sent to the hardware any more.
            self.assertFalse(run.lease_valid())
            raise engine_case.WRONG

        self.plan('do first', lose)
        self.conductor.run(self.claim())
        self.assertEqual(['do first'], self.toy.calls)
        self.assertFalse(self.row().undoing)
        self.assertEqual('succeeded', self.finish().state)
