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
import os
import random
import signal
import threading
from typing import Any

from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log
from oslo_utils import timeutils

from valence.common import exception
from valence.conductor import states
from valence.conductor.engine import pace
from valence.conductor.engine.model import Step
from valence.conductor.engine.model import TryNext
from valence.conductor.engine.run import Fenced
from valence.conductor.engine.run import Run
from valence.conductor.engine.run import Write
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base

LOG = log.getLogger(__name__)


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
    if isinstance(exc, base.InProgress):
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
    if isinstance(exc, base.InProgress):
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
    return exception.Told(operation.error or '', operation.plain_error or '')


def _wait(run: Run, exc: base.InProgress) -> bool:
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


def _age(row: models.OperationStep) -> float:
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
        if isinstance(exc, base.InProgress) and _await_undo(run, row, exc):
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


def _await_undo(
    run: Run, row: models.OperationStep, exc: base.InProgress
) -> bool:
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
