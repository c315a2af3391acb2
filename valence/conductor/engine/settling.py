# SPDX-License-Identifier: Apache-2.0
"""How far a step in progress is, and how long it may take to show.

Both are stored with the operation, timed by the database.
"""

import datetime

from oslo_config import cfg

from valence.common import exception
from valence.conductor.engine.run import ClaimLost
from valence.conductor.engine.run import LeaseExpired
from valence.conductor.engine.run import Run
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers.outcomes import Settling
from valence.podmanagers.progress import InProgress


def judge(run: Run, exc: Exception) -> Exception:
    """What a step, or its undo, has raised; an error if it took too long.

    :returns: ``NotAsRequested`` when what was requested has not shown for
        ``[redfish] settle_timeout``.
    """
    try:
        return _judge(run, exc)
    except (ClaimLost, LeaseExpired):
        raise
    except Exception as failure:
        return failure


def _judge(run: Run, exc: Exception) -> Exception:
    if not isinstance(exc, InProgress) or not run.not_undone():
        return exc
    if exc.percent is not None and not run.operation.undoing:
        _record_percent(run, exc.percent)
    if isinstance(exc, Settling) and _is_overdue(run):
        return exception.NotAsRequested(reason=exc.reason)
    return exc


def _record_percent(run: Run, percent: int) -> None:
    """Show how much of the current step is done."""
    rows = run.not_undone()
    done = len(rows) - 1 + percent / 100
    progress = int(100 * done / (len(run.steps) + 1))
    if progress > run.operation.progress:
        run.commit({'progress': progress})


def _is_overdue(run: Run) -> bool:
    """Whether the change should show by now; stores when that began."""
    key = 'undo_settling_since' if run.operation.undoing else 'settling_since'
    row, now = run.not_undone()[-1], db.now()
    since = row.intent.get(key)
    if since is None:
        intent = {**row.intent, key: now.isoformat()}
        run.commit(
            {},
            lambda tx: tx.update(
                models.OperationStep, {'intent': intent}, uuid=row.uuid
            ),
        )
        return False
    age = now - datetime.datetime.fromisoformat(since)
    return bool(age.total_seconds() > cfg.CONF.redfish.settle_timeout)
