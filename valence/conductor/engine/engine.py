# SPDX-License-Identifier: Apache-2.0
"""Running operations: doing their steps, undoing them, resuming them.

An operation is a row that a conductor has claimed. Every transaction that the
conductor makes for it first checks the claim in that row. A conductor that
lost its claim therefore changes nothing any more.

An action is a sequence of steps, recorded in a journal. A row is written
before a step is done; its result is written in the transaction that stores
the consequences. A step that was begun before a crash is looked for before it
is done again. A failed or cancelled operation undoes its steps, newest first.
"""

import datetime
import os
import signal
import threading

from oslo_log import log

from valence.common import context
from valence.common import exception
from valence.common import metrics
from valence.common.types import JsonObject
from valence.conductor import states
from valence.conductor.engine import endings
from valence.conductor.engine import pace
from valence.conductor.engine import report
from valence.conductor.engine import settling
from valence.conductor.engine.model import AnyStep
from valence.conductor.engine.model import TryNext
from valence.conductor.engine.run import ClaimLost
from valence.conductor.engine.run import LeaseExpired
from valence.conductor.engine.run import Run
from valence.conductor.engine.run import Write
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers.progress import InProgress

LOG = log.getLogger(__name__)

# At most so many systems are excluded, even if the scheduler allows more.
_MAX_EXCLUDED = 100


def work(run: Run, stopping: threading.Event, resuming: bool = False) -> None:
    """Run an operation as far as it goes now.

    It returns when the operation has finished, waits for something, or was
    claimed by another conductor.

    :param stopping: set when nothing more is to be begun.
    :param resuming: whether an earlier call was interrupted by an exception.
    :raises LeaseExpired: when it may be resumed once the lease is renewed.
    """
    try:
        if resuming:
            run.resume()
        operation = run.operation
        with context.working_for(
            # What Valence does for itself can be followed as well.
            operation.request_id or f'req-{operation.uuid}',
            operation.global_request_id,
            operation.user_id,
        ):
            while not stopping.is_set() and _advance(run):
                continue
    except ClaimLost:
        metrics.CLAIMS.labels('lost').inc()
        LOG.info('The claim on operation %s is lost', run.operation.uuid)


def _advance(run: Run) -> bool:
    """Do or undo one step; whether there is more to do now."""
    undoing = run.operation.undoing
    try:
        return _undo_newest(run) if undoing else _do_next(run)
    except (ClaimLost, LeaseExpired):
        raise
    except Exception as raised:
        run.ensure_lease()
        exc = settling.judge(run, raised)
        if undoing:
            _handle_undo_error(run, exc)
            return False
        return _handle_step_error(run, exc)


def _do_next(run: Run) -> bool:
    done = [row for row in run.not_undone() if row.state == 'done']
    complete = len(done) == len(run.steps)
    too_late = complete and not run.action.reversible
    if run.operation.cancel_requested and not too_late:
        run.commit({'undoing': True, 'attempt': 0})
        return True
    if complete:
        endings.finish(
            run, 'succeeded', lambda tx: run.action.succeeded(tx, run)
        )
        return False
    return _do(run, run.steps[len(done)], len(done))


def _fault_point(run: Run, step: str, place: str) -> None:
    """A place at which tests kill or suspend a conductor.

    ``VALENCE_CRASH_AT`` names such places as ``action:step:place``, separated
    by commas. With ``VALENCE_CRASH_SIGNAL=STOP`` the process is suspended,
    otherwise it is killed.
    """
    places = os.environ.get('VALENCE_CRASH_AT', '').split(',')
    if f'{run.action.name}:{step}:{place}' in places:
        suspend = os.environ.get('VALENCE_CRASH_SIGNAL') == 'STOP'
        os.kill(os.getpid(), signal.SIGSTOP if suspend else signal.SIGKILL)


def _do(run: Run, step: AnyStep, position: int) -> bool:
    begun = any(row.state == 'running' for row in run.not_undone())
    if not begun:
        is_first = not run.journal
        run.commit({'step': step.name}, lambda tx: _begin(tx, run, step))
        if is_first:
            report.begun(run.operation)
        report.step_begun(run.operation)
    _fault_point(run, step.name, 'begun')
    result = step.find(run) if begun else None
    if result is None:
        result = step.do(run)
    _fault_point(run, step.name, 'done')
    _complete(run, step, position, result)
    _fault_point(run, step.name, 'recorded')
    # A step that chose a pod manager has given the claim up: the operation
    # has to wait for its turn there.
    return run.operation.claim is not None


def _begin(tx: db.Transaction, run: Run, step: AnyStep) -> None:
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
    run: Run, step: AnyStep, position: int, result: JsonObject
) -> None:
    row = run.not_undone()[-1]
    pace.record_duration(run.operation.podm_uuid, row.name, _age(row))

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
    report.step(run.operation, row, 'done')


def _handle_step_error(run: Run, exc: Exception) -> bool:
    """Run the step again later, or undo; whether there is more to do now."""
    if isinstance(exc, TryNext) and _exclude(run, exc):
        return True
    rows = run.not_undone()
    age = _age(rows[-1]) if rows else 0.0
    if _run_again(run, exc, age):
        return False
    if isinstance(exc, InProgress) and rows:
        exc = exception.StepTimedOut(
            step=rows[-1].name, seconds=age, reason=exc.reason
        )
    following = run.step(rows[-1]).failed(run, exc) if rows else None
    if following is not None and _exclude(run, following):
        return True
    nearest = exc.nearest if isinstance(exc, exception.NoCapacity) else None
    run.commit(
        {
            'undoing': True,
            'attempt': 0,
            'error': endings.error_text(exc),
            'nearest': nearest,
        }
    )
    if rows:
        report.step(run.operation, rows[-1], 'failed', run.operation.error)
    return True


def _exclude(run: Run, exc: TryNext) -> bool:
    """Start over without what was chosen; False when that leads nowhere."""
    known = run.operation.excluded_systems or []
    again = any(
        {**item, 'reason': exc.excluded['reason']} == exc.excluded
        for item in known
    )
    if again or len(known) >= _MAX_EXCLUDED:
        return False
    run.commit(
        {
            'undoing': True,
            'attempt': 0,
            'excluded_systems': [*known, exc.excluded],
        },
        lambda tx: run.action.refused(tx, run, exc.excluded),
    )
    if run.journal:
        report.step(run.operation, run.not_undone()[-1], 'rejected', exc)
    return True


def _age(row: models.OperationStep) -> float:
    """How many seconds ago a step was begun."""
    return (db.now() - row.created_at).total_seconds()


def _run_again(
    run: Run, exc: Exception, age: float, write: Write | None = None
) -> bool:
    """Requeue a step, or its undo; False when it was tried long enough.

    :param age: how many seconds ago it was begun.
    :param write: called in the same transaction.
    """
    operation, rows = run.operation, run.not_undone()
    name, limit = 'end', 0.0
    if rows:
        name = f'{"undo " * operation.undoing}{rows[-1].name}'
        limit = run.step(rows[-1]).timeout(run)
    tries = pace.Tries(
        operation.podm_uuid,
        name,
        operation.attempt,
        age,
        limit,
        bool(operation.undoing),
    )
    found = pace.again(exc, tries)
    if found is None:
        return False
    if found.attempt and rows:
        report.step(
            operation,
            rows[-1],
            'retried',
            exc,
            attempt=found.attempt,
            undoing=operation.undoing,
        )
    _requeue(run, found, *filter(None, (write,)))
    return True


def _requeue(run: Run, found: pace.Again, *writes: Write) -> None:
    """Give the claim up; the operation is due again after a while."""
    run.commit(
        {
            'claim': None,
            'conductor': None,
            'run_after': db.now() + datetime.timedelta(seconds=found.seconds),
            'attempt': found.attempt,
        },
        *writes,
    )


def _undo_newest(run: Run) -> bool:
    """Undo the newest step that is not undone yet."""
    rows = run.not_undone()
    if not rows:
        return _finish_undo(run)
    row = rows[-1]
    step = run.step(row)
    _fault_point(run, row.name, 'undoing')
    step.undo(run, row.result)
    _fault_point(run, row.name, 'undone')

    def write(tx: db.Transaction) -> None:
        tx.update(models.OperationStep, {'state': 'undone'}, uuid=row.uuid)
        step.unrecord(tx, run, row.result)

    run.commit({'attempt': 0}, write)
    report.step(run.operation, row, 'undone')
    return True


def _handle_undo_error(run: Run, exc: Exception) -> None:
    """Run the undo again later, or give the operation up."""
    rows = run.not_undone()
    age, write = _undo_age(rows[-1]) if rows else (0.0, None)

    def again(exc: Exception) -> bool:
        return _run_again(run, exc, age, write)

    if not again(exc):
        endings.give_up(run, exc, again)


def _undo_age(row: models.OperationStep) -> tuple[float, Write | None]:
    """How long a step is being undone, and what stores when that began."""
    now, key = db.now(), 'undo_started_at'
    # The driver may have recorded something in it, too.
    started_at = row.intent.get(key)
    if started_at is not None:
        began = datetime.datetime.fromisoformat(started_at)
        return (now - began).total_seconds(), None
    intent = {**row.intent, key: now.isoformat()}
    return 0.0, lambda tx: tx.update(
        models.OperationStep, {'intent': intent}, uuid=row.uuid
    )


def _finish_undo(run: Run) -> bool:
    """Every step is undone: finish, or start over."""
    operation = run.operation
    error = endings.stored_error(run)
    if error is not None:
        endings.finish(
            run, 'failed', lambda tx: run.action.failed(tx, run, error)
        )
        return False
    if operation.cancel_requested:
        endings.finish(
            run,
            'cancelled',
            lambda tx: run.action.failed(tx, run, states.CANCELLED),
        )
        return False
    run.commit({'undoing': False, 'progress': 0})
    return True
