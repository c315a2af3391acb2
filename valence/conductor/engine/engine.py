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
import random
import signal
import threading

from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log

from valence.common import exception
from valence.common.types import JsonObject
from valence.conductor import states
from valence.conductor.engine import pace
from valence.conductor.engine.model import AnyStep
from valence.conductor.engine.model import TryNext
from valence.conductor.engine.run import ClaimLost
from valence.conductor.engine.run import LeaseExpired
from valence.conductor.engine.run import Run
from valence.conductor.engine.run import Write
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base

LOG = log.getLogger(__name__)

# What may pass: the step is run again.
_TRANSIENT = (
    exception.PodManagerUnavailable,
    exception.ProvisioningUnavailable,
    exception.DatabaseUnavailable,
)
# Another operation was quicker: the step is run again on what is left.
_RACES = (db_exception.DBDuplicateEntry, exception.LostRace)


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
        while not stopping.is_set() and _advance(run):
            continue
    except ClaimLost:
        LOG.info('The claim on operation %s is lost', run.operation.uuid)


def _advance(run: Run) -> bool:
    """Do or undo one step; whether there is more to do now."""
    undoing = run.operation.undoing
    try:
        return _undo_newest(run) if undoing else _do_next(run)
    except (ClaimLost, LeaseExpired):
        raise
    except Exception as exc:
        run.ensure_lease()
        if undoing:
            _handle_undo_error(run, exc)
            return False
        return _handle_step_error(run, exc)


def _do_next(run: Run) -> bool:
    if run.operation.cancel_requested:
        run.commit({'undoing': True, 'attempt': 0})
        return True
    done = [row for row in run.not_undone() if row.state == 'done']
    if len(done) == len(run.steps):
        _finish(run, 'succeeded', lambda tx: run.action.succeeded(tx, run))
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
        run.commit({'step': step.name}, lambda tx: _begin(tx, run, step))
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


def _handle_step_error(run: Run, exc: Exception) -> bool:
    """Wait, retry, or undo; whether there is more to do now."""
    if isinstance(exc, base.InProgress):
        return _wait(run, exc)
    if isinstance(exc, TryNext):
        known = run.operation.excluded_systems or ()
        excluded = [*known, exc.excluded]
        run.commit(
            {'undoing': True, 'attempt': 0, 'excluded_systems': excluded}
        )
        return True
    if isinstance(exc, _RACES) and _retry_race(run):
        return False
    if isinstance(exc, _TRANSIENT) and _retry(run, exc):
        return False
    run.commit({'undoing': True, 'attempt': 0, 'error': _error_text(exc)})
    return True


def _error_text(exc: Exception) -> exception.ErrorText:
    if isinstance(exc, exception.ValenceException):
        return exc.error_text()
    if isinstance(exc, base.InProgress):
        text = exc.reason
    else:
        LOG.error('An operation met an unexpected failure', exc_info=exc)
        text = f'internal error: {type(exc).__name__}'
    return exception.ErrorText(text, text)


def _stored_error(run: Run) -> exception.ErrorText | None:
    """The error that made the operation undo its steps, if any did."""
    operation = run.operation
    if operation.error is None:
        return None
    return exception.ErrorText(operation.error, operation.user_error or '')


def _wait(run: Run, exc: base.InProgress) -> bool:
    """Requeue a step that is in progress, unless it has timed out."""
    row = run.not_undone()[-1]
    age = _age(row)
    if age > run.step(row).timeout(run):
        timed_out = exception.StepTimedOut(
            step=row.name, seconds=age, reason=exc.reason
        )
        return _handle_step_error(run, timed_out)
    podm_uuid = run.operation.podm_uuid
    _requeue(run, pace.next_delay(podm_uuid, row.name, age, exc.seconds))
    return False


def _age(row: models.OperationStep) -> float:
    """How many seconds ago a step was begun."""
    return (db.now() - row.created_at).total_seconds()


def _retry(run: Run, exc: Exception) -> bool:
    """Requeue a step that failed, unless that was its last attempt."""
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
    _requeue(run, pause, attempt=attempt)
    return True


def _retry_race(run: Run) -> bool:
    """Requeue a step that lost a race, unless it has timed out."""
    rows = run.not_undone()
    age = _age(rows[-1]) if rows else 0.0
    if rows and age > run.step(rows[-1]).timeout(run):
        return False
    _requeue(run, random.uniform(0, max(0.1, age / 10)))  # noqa: S311
    return True


def _requeue(run: Run, seconds: float, **values: object) -> None:
    """Give the claim up; the operation is due again after a while."""
    after = db.now() + datetime.timedelta(seconds=seconds)
    run.commit(
        {'claim': None, 'conductor': None, 'run_after': after, **values}
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
    return True


def _handle_undo_error(run: Run, exc: Exception) -> None:
    """Wait, retry, or give the operation up."""
    if isinstance(exc, base.InProgress) and _wait_undo(run, exc):
        return
    if isinstance(exc, (*_TRANSIENT, *_RACES)) and _retry(run, exc):
        return
    error = _error_text(exc).while_undoing(_stored_error(run))
    try:
        _finish(
            run,
            'failed',
            lambda tx: run.action.failed(tx, run, error),
            error=error,
        )
    except ClaimLost:
        raise
    except Exception as last:
        # Whatever its target looks like now, the operation has to end.
        error = _error_text(last).while_undoing(error)
        _finish(run, 'failed', lambda tx: None, error=error)


def _wait_undo(run: Run, exc: base.InProgress) -> bool:
    """Requeue an undo that is in progress; False when it has timed out."""
    now = db.now()
    # The driver may have recorded something in it.
    row = run.not_undone()[-1]
    started_at = row.intent.get('undo_started_at')
    if started_at is None:
        intent = {**row.intent, 'undo_started_at': now.isoformat()}
        run.commit(
            {},
            lambda tx: tx.update(
                models.OperationStep, {'intent': intent}, uuid=row.uuid
            ),
        )
    else:
        age = now - datetime.datetime.fromisoformat(started_at)
        if age.total_seconds() > run.step(row).timeout(run):
            return False
    _requeue(run, exc.seconds)
    return True


def _finish_undo(run: Run) -> bool:
    """Every step is undone: finish, or start over."""
    operation = run.operation
    error = _stored_error(run)
    if error is not None:
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


def _finish(run: Run, state: str, write: Write, **values: object) -> None:
    if state == 'succeeded':
        values['progress'] = 100
    run.commit(
        {
            'state': state,
            'claim': None,
            'conductor': None,
            'lock_key': None,
            'finished_at': db.now(),
            **values,
        },
        write,
    )
