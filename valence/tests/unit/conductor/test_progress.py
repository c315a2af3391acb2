# SPDX-License-Identifier: Apache-2.0
"""What drivers record of a step is in its row of the journal."""

from valence.common import exception
from valence.conductor.engine import run as engine_run
from valence.podmanagers.progress import InProgress
from valence.tests.unit.conductor import engine_case

_WRONG = exception.RequestRejected(reason='no')


class TestProgress(engine_case.EngineCase):
    def setUp(self):
        super().setUp()
        self.found = []

    def record(self, value, then=None):
        """Return an outcome that notes the record, and then replaces it."""

        def outcome(run):
            progress = run.progress()
            self.found.append(progress.get('task'))
            progress.record('task', value)
            if then is not None:
                raise then
            return {}

        return outcome

    def test_it_survives_the_conductor(self):
        self.plan(
            'do first',
            self.record('/1', InProgress(1)),
            self.record('/2', engine_case.Crash()),
            self.record(None),
        )
        self.plan('do second', self.record('/3'))
        self.conductor.work()
        self.conductor.wait()
        self.assertRaises(engine_case.Crash, self.conductor.work)
        self.conductor.die()
        self.assertEqual('succeeded', self.finish().state)
        # The second step has its own.
        self.assertEqual([None, '/1', '/2', None], self.found)

    def test_percent(self):
        for step, percents in (('first', (75, 60)), ('second', (100,))):
            working = [InProgress(1, percent=percent) for percent in percents]
            self.plan(f'do {step}', *working)
        shown = []
        for _ in range(3):
            self.conductor.work()
            shown.append(self.row().progress)
            self.conductor.wait()
        self.assertEqual([25, 25, 66], shown)

    def test_an_undo_finds_it(self):
        self.plan('do first', self.record('/1'))
        self.plan('do second', self.record('/2', _WRONG))
        self.plan(
            'undo second',
            self.record('/3', InProgress(1)),
            self.record('/4', InProgress(1)),
            self.record(None),
        )
        self.plan('undo first', self.record(None))
        self.assertEqual('failed', self.finish().state)
        self.assertEqual([None, None, '/2', '/3', '/4', '/1'], self.found)

    def test_an_undo_with_progress_times_out(self):
        self.conf.set(conductor__compose_timeout=10)
        self.plan('do first', _WRONG)
        still = InProgress(4, 'it hangs')
        self.plan(
            'undo first', *[self.record(f'/{n}', still) for n in range(99)]
        )
        row = self.finish()
        self.assertEqual('failed', row.state)
        self.assertIn('it hangs', row.error)
        seconds = (row.finished_at - row.started_at).total_seconds()
        self.assertLess(10, seconds)
        self.assertLess(seconds, 15)

    def test_it_is_recorded_by_the_owner_of_the_claim_only(self):
        run = self.claim()
        self.plan('do first', InProgress(0))
        self.conductor.step(run)
        other = self.claim()
        self.assertRaises(
            engine_run.ClaimLost, run.progress().record, 'task', '/1'
        )
        self.assertIsNone(other.progress().get('task'))
