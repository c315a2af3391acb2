# SPDX-License-Identifier: Apache-2.0
"""An engine with an action for tests, whose steps do what a test plans."""

from valence.common import exception
from valence.conductor import requests
from valence.conductor.engine import model
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base

AWAY = exception.PodManagerUnavailable(reason='it is away')
WRONG = exception.RequestRejected(reason='no')


class Crash(BaseException):
    """The conductor dies in the middle of a step."""


class _Step(model.Step):
    """Does what the test has planned, and logs the call."""

    def _call(self, run, call, result):
        log = run.action.calls
        log.append(f'{call} {self.name}')
        planned = run.action.plans.get(log[-1], [])
        outcome = planned.pop(0) if planned else result
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome(run) if callable(outcome) else outcome

    def find(self, run):
        return self._call(run, 'find', None)

    def do(self, run):
        return self._call(run, 'do', {'by': self.name})

    def record(self, tx, run, result):
        self._call(run, 'record', None)
        run.action.results.append((self.name, result))

    def undo(self, run, result):
        self._call(run, 'undo', None)
        run.action.results.append((f'undo {self.name}', result))

    def unrecord(self, tx, run, result):
        self._call(run, 'unrecord', None)
        run.action.results.append((f'unrecord {self.name}', result))


class First(_Step):
    name = 'first'


class Second(_Step):
    name = 'second'


class Third(_Step):
    name = 'third'


class Toy(model.Action):
    name = 'toy'
    steps = (First, Second)

    def __init__(self):
        self.calls = []
        self.plans = {}
        self.results = []
        self.ends = []
        # What updating the target at the end raises.
        self.outcomes = []

    def _end(self, end):
        if self.outcomes:
            raise self.outcomes.pop(0)
        self.ends.append(end)

    def succeeded(self, tx, run):
        self._end('succeeded')

    def failed(self, tx, run, error):
        self._end(error)


class EngineCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.conf.set(conductor__attempts=3, conductor__retry_interval=2)
        self.toy = Toy()
        self.conductor.actions = {'toy': self.toy}
        self.uuid = self.request()

    def request(self, **more):
        @db.transaction
        def write(tx):
            return requests.request(tx, None, 'toy', 'nodes', 'target', **more)

        return write()

    def another(self):
        """Finish the operation, and request another one."""
        self.finish()
        self.uuid = self.request()

    def plan(self, call, *outcomes):
        """Set what the next calls raise or return."""
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

    def delay(self):
        """Return for how many seconds the operation is requeued."""
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
