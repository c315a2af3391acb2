# SPDX-License-Identifier: Apache-2.0
"""Doing the steps of operations, undoing them, resuming them.

An operation is a row that a conductor has claimed; every transaction that it
makes for the operation starts by finding its claim in the row. A conductor
that lost its claim therefore changes nothing any more.

An action is a sequence of steps, written down in a journal: what is meant to
be done before it is done, what came of it in the same transaction that stores
the consequences. What the journal shows as begun is looked for before it is
done again. A failed or cancelled operation undoes its steps, newest first.
"""

import datetime
import math
import os
import random
import signal
import threading
from collections.abc import Callable
from typing import Any
from typing import ClassVar

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log
from oslo_utils import timeutils

from valence.common import exception
from valence.conductor import membership
from valence.conductor import states
from valence.conductor.engine import pace
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import loader

LOG = log.getLogger(__name__)

Write = Callable[[db.Transaction], Any]


class Fenced(Exception):
    """The claim is lost: another conductor works on the operation now."""


class Lapsed(Exception):
    """The lease is over: nothing may be begun before it is renewed."""


class TryNext(exception.ValenceException):
    """This place will not do: undo, and try the next one.

    :param refusal: what to keep in mind when choosing again.
    """

    def __init__(self, **refusal: Any) -> None:
        self.refusal = refusal
        super().__init__(str(refusal.get('reason')))


class Step:
    """One step of an action; a subclass overrides what it needs."""

    name: ClassVar[str]

    def patience(self, run: 'Run') -> float:
        """For how many seconds in all it may say "not yet"."""
        if run.action.long:
            return math.inf
        return cfg.CONF.conductor.compose_timeout

    def find(self, run: 'Run') -> dict[str, Any] | None:
        """The result, if the step was done before a crash."""
        return None

    def do(self, run: 'Run') -> dict[str, Any]:
        """Do it; returns the result that goes into the journal.

        :raises NotYet: to be called again later.
        :raises TryNext: to undo everything and start over.
        """
        return {}

    def record(
        self, tx: db.Transaction, run: 'Run', result: dict[str, Any]
    ) -> None:
        """Store the consequences, together with the journal."""

    def undo(self, run: 'Run', result: dict[str, Any] | None) -> None:
        """Take it back; without a result it may or may not have been done."""

    def unrecord(
        self, tx: db.Transaction, run: 'Run', result: dict[str, Any] | None
    ) -> None:
        """Take the consequences back, together with the journal."""


class Action:
    """What an operation is there for."""

    name: ClassVar[str]
    steps: ClassVar[tuple[type[Step], ...]]
    # Whether a step may hold a worker for many minutes.
    long: ClassVar[bool] = False

    def plan(self, params: dict[str, Any]) -> tuple[type[Step], ...]:
        """The steps of an operation with these parameters."""
        return self.steps

    def succeeded(self, tx: db.Transaction, run: 'Run') -> None:
        """Store that all is well."""

    def failed(
        self, tx: db.Transaction, run: 'Run', error: exception.Told
    ) -> None:
        """Store that it came to nothing: failed, or cancelled."""


class Run:
    """One operation in the hands of this conductor."""

    def __init__(
        self,
        operation: sa.Row[Any],
        journal: list[sa.Row[Any]],
        own_lease: membership.Lease,
        drivers: loader.Pool,
        actions: dict[str, Action],
    ) -> None:
        self.operation = operation
        self.conductor = operation.conductor
        self.lease = own_lease
        # Whether it was worked on before, and may not be as it was read.
        self.begun = False
        # Whether something was not begun because the lease was over.
        self.lapsed = False
        self.drivers = drivers
        self.action = actions[operation.action]
        self.steps = [step() for step in self.action.plan(operation.params)]
        self.journal = journal

    @property
    def target(self) -> str:
        """The UUID of what is changed."""
        return self.operation.target_uuid

    def result(self, name: str) -> dict[str, Any]:
        """What came of an earlier step."""
        for row in self.journal:
            if row.name == name and row.state == 'done':
                return row.result
        return {}

    def step(self, row: sa.Row[Any]) -> Step:
        """The step that a line of the journal is about."""
        return next(step for step in self.steps if step.name == row.name)

    def driver(self, podm_uuid: str | None = None) -> base.Driver:
        """The driver of the operation's pod manager.

        :raises ResourceGone: when the pod manager is not registered any more.
        :raises PodManagerUnavailable: when its kind is not known yet.
        """
        uuid = podm_uuid or self.operation.podm_uuid
        podm = db.get(models.PodManager, uuid=uuid)
        if podm is None:
            raise exception.ResourceGone(uri=f'the pod manager {uuid}')
        if podm.driver is None:
            raise exception.PodManagerUnavailable(reason=podm.status_reason)
        return self.drivers.get(podm)

    def holds(self) -> bool:
        """Whether nobody else can be at work on the operation.

        Who slept, or could not reach the database, for so long that others
        went on does not touch the hardware any more.
        """
        if self.lease.left(self.conductor) > 0:
            return True
        self.lapsed = True
        return False

    def check(self) -> None:
        """See that nothing was left out for want of a lease.

        :raises Lapsed: when something was: what was found says nothing.
        """
        if not self.holds() or self.lapsed:
            raise Lapsed

    def repeatable(self, seconds: float) -> base.Deadline:
        """The deadline of a request that may be sent twice.

        It is not sent without a lease, but may be waited for longer.
        """
        return base.Deadline(seconds, self.holds)

    def once(self, seconds: float) -> base.Deadline:
        """The deadline of a request that must not be sent twice.

        It ends before anybody could take this conductor for dead.
        """
        if self.lease.left(self.conductor) < seconds:
            self.lease.renew()
        left = self.lease.left(self.conductor)
        return base.Deadline(min(left, seconds), self.holds)

    def commit(self, values: dict[str, Any], *writes: Write) -> None:
        """Change the operation, and what goes with it, if it is still ours.

        :raises Fenced: when it is not.
        """
        self.operation, self.journal = _commit(self.operation, values, writes)

    def live(self) -> list[sa.Row[Any]]:
        """The journal without what was undone."""
        return [row for row in self.journal if row.state != 'undone']


@db.transaction
def _commit(
    tx: db.Transaction,
    operation: sa.Row[Any],
    values: dict[str, Any],
    writes: tuple[Write, ...],
) -> tuple[sa.Row[Any], list[sa.Row[Any]]]:
    if not tx.update(
        models.Operation,
        values,
        uuid=operation.uuid,
        claim=operation.claim,
    ):
        raise Fenced(operation.uuid)
    for write in writes:
        write(tx)
    return load(tx, operation.uuid)


def load(
    tx: db.Transaction, uuid: str
) -> tuple[sa.Row[Any], list[sa.Row[Any]]]:
    """An operation and its journal."""
    journal = tx.list(
        models.OperationStep,
        order=[models.OperationStep.n],
        operation_uuid=uuid,
    ).all()
    return tx.list(models.Operation, uuid=uuid).one(), list(journal)


def work(run: Run, stopping: threading.Event) -> None:
    """Take an operation as far as it goes now.

    It returns when the operation has come to its end, waits for something, or
    is in other hands.

    :param stopping: set when nothing more is to be begun.
    :raises Lapsed: when it may go on later, once the lease is renewed.
    """
    try:
        if run.begun:
            run.lapsed = False
            run.commit({})
        run.begun = True
        while not stopping.is_set() and _advance(run):
            continue
    except Fenced:
        LOG.info('The operation %s is in other hands', run.operation.uuid)


def _advance(run: Run) -> bool:
    """Do one thing; returns whether there is more to do now."""
    operation = run.operation
    if operation.undoing:
        return _undo(run)
    if operation.cancel_requested:
        run.commit({'undoing': True, 'attempt': 0})
        return True
    done = [row for row in run.live() if row.state == 'done']
    if len(done) == len(run.steps):
        _finish(run, 'succeeded', lambda tx: run.action.succeeded(tx, run))
        return False
    return _do(run, run.steps[len(done)], len(done))


def _point(run: Run, step: str, place: str) -> None:
    """A place at which tests let a conductor die or fall asleep.

    ``VALENCE_CRASH_AT`` names some, as ``action:step:place``, with commas
    between them; ``VALENCE_CRASH_SIGNAL`` is STOP for sleep, else it is death.
    """
    wanted = os.environ.get('VALENCE_CRASH_AT', '').split(',')
    if f'{run.action.name}:{step}:{place}' in wanted:
        sleep = os.environ.get('VALENCE_CRASH_SIGNAL') == 'STOP'
        os.kill(os.getpid(), signal.SIGSTOP if sleep else signal.SIGKILL)


def _do(run: Run, step: Step, position: int) -> bool:
    begun = next((r for r in run.live() if r.state == 'running'), None)
    if begun is None:
        run.commit({'step': step.name}, lambda tx: _begin(tx, run, step))
    try:
        _point(run, step.name, 'begun')
        result = step.find(run) if begun is not None else None
        if result is None:
            result = step.do(run)
        _point(run, step.name, 'done')
        _complete(run, step, position, result)
        _point(run, step.name, 'recorded')
    except Exception as exc:
        return _stumble(run, exc)
    # The operation may have learnt its pod manager, and has to wait its turn.
    return run.operation.claim is not None


def _begin(tx: db.Transaction, run: Run, step: Step) -> None:
    tx.create(
        models.OperationStep,
        operation_uuid=run.operation.uuid,
        n=len(run.journal),
        name=step.name,
        intent={},
        result=None,
        state='running',
    )


def _complete(
    run: Run, step: Step, position: int, result: dict[str, Any]
) -> None:
    row = run.live()[-1]
    pace.took(run.operation.podm_uuid, row.name, _age(row))

    def write(tx: db.Transaction) -> None:
        tx.update(
            models.OperationStep,
            {'state': 'done', 'result': result},
            uuid=row.uuid,
        )
        step.record(tx, run, result)

    run.commit(
        {
            'progress': 100 * (position + 1) // (len(run.steps) + 1),
            'attempt': 0,
        },
        write,
    )


def _stumble(run: Run, exc: Exception) -> bool:
    """Decide what follows from a step that did not come to its end."""
    if isinstance(exc, Fenced):
        raise exc
    run.check()
    if isinstance(exc, base.NotYet):
        return _wait(run, exc)
    if isinstance(exc, TryNext):
        params = run.operation.params
        refusals = [*params.get('refusals', ()), exc.refusal]
        run.commit(
            {
                'undoing': True,
                'attempt': 0,
                'params': {**params, 'refusals': refusals},
            }
        )
        return True
    if isinstance(exc, db_exception.DBDuplicateEntry | exception.LostRace):
        # Somebody else was quicker: look again, at what is there by now.
        _let_go(run, random.uniform(0, 0.1))  # noqa: S311
        return False
    if isinstance(exc, db.FAILURES) and not db.refuses(exc):
        raise exc
    if _passes(exc) and _retry(run, exc):
        return False
    told = _describe(exc).columns('error')
    run.commit({'undoing': True, 'attempt': 0, **told})
    return True


def _passes(exc: Exception) -> bool:
    return isinstance(
        exc,
        exception.PodManagerUnavailable | exception.ProvisioningUnavailable,
    )


def _describe(exc: Exception) -> exception.Told:
    if isinstance(exc, exception.ValenceException):
        return exc.told()
    if isinstance(exc, base.NotYet):
        text = exc.reason
    elif isinstance(exc, db.FAILURES):
        LOG.error('The database refuses a value', exc_info=exc)
        text = 'the database does not take a value of what was read'
    else:
        LOG.error('An operation met an unexpected failure', exc_info=exc)
        text = f'internal error: {type(exc).__name__}'
    return exception.Told(text, text)


def _told(run: Run) -> exception.Told:
    """What the operation has failed of so far."""
    operation = run.operation
    return exception.Told(operation.error, operation.plain_error)


def _wait(run: Run, exc: base.NotYet) -> bool:
    row = run.live()[-1]
    age = _age(row)
    if age > run.step(row).patience(run):
        late = exception.StepTimedOut(
            step=row.name, seconds=age, reason=exc.reason
        )
        return _stumble(run, late)
    podm_uuid = run.operation.podm_uuid
    _let_go(run, pace.pause(podm_uuid, row.name, age, exc.seconds))
    return False


def _age(row: sa.Row[Any]) -> float:
    """How many seconds ago a step was begun."""
    return (timeutils.utcnow() - row.created_at).total_seconds()


def _retry(run: Run, exc: Exception) -> bool:
    """Put the step off, unless it was tried often enough."""
    attempt = run.operation.attempt + 1
    if attempt >= cfg.CONF.conductor.attempts:
        return False
    LOG.info(
        'Operation %s, step %s, attempt %d: %s',
        run.operation.uuid,
        run.operation.step,
        attempt,
        exc,
    )
    pause = cfg.CONF.conductor.retry_interval * 2 ** (attempt - 1)
    _let_go(run, pause, attempt=attempt)
    return True


def _let_go(run: Run, seconds: float, **values: Any) -> None:
    """Give the claim up; the operation is due again after a while."""
    after = timeutils.utcnow() + datetime.timedelta(seconds=seconds)
    run.commit(
        {'claim': None, 'conductor': None, 'run_after': after, **values}
    )


def _undo(run: Run) -> bool:
    """Undo the newest step that is not undone yet."""
    live = run.live()
    if not live:
        return _undone(run)
    row = live[-1]
    step = run.step(row)
    try:
        _point(run, row.name, 'undoing')
        step.undo(run, row.result)
        _point(run, row.name, 'undone')
    except (Fenced, *db.FAILURES):
        raise
    except Exception as exc:
        run.check()
        if isinstance(exc, base.NotYet) and _await_undo(run, row, exc):
            return False
        if _passes(exc) and _retry(run, exc):
            return False
        error = exception.Told(
            *(
                '; '.join(filter(None, (before, f'undoing: {more}')))
                for before, more in zip(
                    _told(run), _describe(exc), strict=True
                )
            )
        )
        _finish(
            run,
            'failed',
            lambda tx: run.action.failed(tx, run, error),
            **error.columns('error'),
        )
        return False

    def write(tx: db.Transaction) -> None:
        tx.update(models.OperationStep, {'state': 'undone'}, uuid=row.uuid)
        step.unrecord(tx, run, row.result)

    run.commit({'attempt': 0}, write)
    return True


def _await_undo(run: Run, row: sa.Row[Any], exc: base.NotYet) -> bool:
    """Let the pod manager finish what undoes a step, unless that drags on."""
    now = timeutils.utcnow()
    begun = row.intent.get('undo begun')
    if begun is None:
        intent = {**row.intent, 'undo begun': now.isoformat()}
        run.commit(
            {},
            lambda tx: tx.update(
                models.OperationStep, {'intent': intent}, uuid=row.uuid
            ),
        )
    else:
        age = now - datetime.datetime.fromisoformat(begun)
        if age.total_seconds() > run.step(row).patience(run):
            return False
    _let_go(run, exc.seconds)
    return True


def _undone(run: Run) -> bool:
    """All is as it was: the end, or another start."""
    operation = run.operation
    if operation.error is not None:
        error = _told(run)
        _finish(run, 'failed', lambda tx: run.action.failed(tx, run, error))
        return False
    if operation.cancel_requested:
        _finish(
            run,
            'cancelled',
            lambda tx: run.action.failed(tx, run, states.CANCELLED),
        )
        return False
    run.commit({'undoing': False, 'progress': 0})
    return True


def _finish(run: Run, state: str, write: Write, **values: Any) -> None:
    if state == 'succeeded':
        values['progress'] = 100
    run.commit(
        {
            'state': state,
            'claim': None,
            'conductor': None,
            'lock_key': None,
            'finished_at': timeutils.utcnow(),
            **values,
        },
        write,
    )
