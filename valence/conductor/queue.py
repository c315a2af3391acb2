# SPDX-License-Identifier: Apache-2.0
"""Which operations are due, and taking them.

A conductor claims an operation by compare-and-swap with a fresh token. A pod
manager that has [conductor] podm_parallel operations running gets no further
ones; those wait, and others go before them.
"""

from collections.abc import Collection
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_utils import timeutils
from oslo_utils import uuidutils

from valence.conductor import states
from valence.conductor.engine.run import load
from valence.db import api as db
from valence.db.sqlalchemy import models

# Actions that mostly wait for others: for operations, which must not wait for
# them in turn, or for what is no business of the pod manager.
_WAITING = ('delete', 'register', 'unregister')

BATCH = 20


def due(actions: Iterable[str]) -> list[models.Operation]:
    """Some operations that may be claimed now, oldest first.

    :param actions: the actions that there is a worker for.
    """
    op = models.Operation
    with db.reader() as tx:
        return list(
            tx.list(
                op,
                *_due(),
                sa.or_(
                    op.state == 'running',
                    op.cancel_requested,
                    op.podm_uuid.is_(None),
                    op.podm_uuid.not_in(_busy()),
                ),
                only=(
                    'uuid',
                    'action',
                    'podm_uuid',
                    'state',
                    'started_at',
                    'cancel_requested',
                ),
                order=[op.created_at, op.uuid],
                limit=BATCH,
                action=list(actions),
            )
        )


@db.transaction
def claim(
    tx: db.Transaction, conductor: str, candidate: models.Operation
) -> tuple[models.Operation, list[models.OperationStep]] | None:
    """Take an operation that was due; None when it is not any more.

    :param conductor: the UUID of who takes it.
    :returns: the operation and its journal.
    """
    waits = candidate.state == 'pending' and not candidate.cancel_requested
    if waits and not _has_room(tx, candidate.podm_uuid):
        return None
    values = {
        'state': 'running',
        'claim': uuidutils.generate_uuid(),
        'conductor': conductor,
        'run_after': None,
        'started_at': candidate.started_at or timeutils.utcnow(),
    }
    if tx.update(models.Operation, values, *_due(), uuid=candidate.uuid):
        return load(tx, candidate.uuid)
    return None


@db.transaction
def give_up(tx: db.Transaction, conductor: str, held: Collection[str]) -> int:
    """Give back what a conductor has claimed without knowing of it.

    A claim may have come true although the database was gone before it said
    so.

    :param held: the tokens of the claims that the conductor does know.
    :returns: how many operations others may take now.
    """
    op = models.Operation
    return tx.update(
        op,
        {'claim': None, 'conductor': None},
        op.claim.is_not(None),
        op.claim.not_in(held),
        conductor=conductor,
        state='running',
    )


def _due() -> tuple[sa.ColumnElement[bool], ...]:
    op = models.Operation
    return (
        op.claim.is_(None),
        op.state.in_(states.OPEN),
        sa.or_(op.run_after.is_(None), op.run_after <= timeutils.utcnow()),
    )


def _busy() -> sa.Select[Any]:
    """The pod managers that have as many operations as they may."""
    op = sa.orm.aliased(models.Operation)
    return (
        sa.select(op.podm_uuid)
        .where(
            op.state == 'running',
            op.podm_uuid.is_not(None),
            op.action.not_in(_WAITING),
        )
        .group_by(op.podm_uuid)
        .having(sa.func.count() >= cfg.CONF.conductor.podm_parallel)
    )


def _has_room(tx: db.Transaction, podm_uuid: str | None) -> bool:
    """Look again, with other conductors kept from claiming meanwhile."""
    if podm_uuid is None:
        return True
    tx.connection.execute(
        sa.select(models.PodManager.uuid)
        .where(models.PodManager.uuid == podm_uuid)
        .with_for_update()
    )
    running = tx.count(
        models.Operation,
        models.Operation.action.not_in(_WAITING),
        podm_uuid=podm_uuid,
        state='running',
    )
    limit: int = cfg.CONF.conductor.podm_parallel
    return running < limit
