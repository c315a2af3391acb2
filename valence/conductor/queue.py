# SPDX-License-Identifier: Apache-2.0
"""The queue of operations: which ones are due, and claiming them.

A conductor claims an operation by compare-and-swap with a new token. While a
pod manager has [conductor] podm_parallel operations running, its further ones
stay pending, and those of other pod managers overtake them.
"""

from collections.abc import Collection
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_utils import uuidutils

from valence.conductor import states
from valence.conductor.engine.run import load
from valence.db import api as db
from valence.db.sqlalchemy import models

# Actions that need no place of podm_parallel: they mostly wait, either for
# other operations, which must not wait for them in turn, or for a provisioner.
_NOT_COUNTED = ('delete', 'register', 'unregister')

BATCH = 20


def due(actions: Iterable[str]) -> list[models.Operation]:
    """The first ``BATCH`` operations that may be claimed now, oldest first.

    :param actions: the actions for which a worker is idle.
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
                    op.action.in_(_NOT_COUNTED),
                    op.podm_uuid.is_(None),
                    op.podm_uuid.not_in(_saturated()),
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
    """Claim an operation.

    :param conductor: the UUID of the conductor.
    :param candidate: a row of ``due``.
    :returns: the operation and its journal; None when it is not due any more.
    """
    counted = (
        candidate.state == 'pending'
        and not candidate.cancel_requested
        and candidate.action not in _NOT_COUNTED
    )
    if counted and not _has_capacity(tx, candidate.podm_uuid):
        return None
    values = {
        'state': 'running',
        'claim': uuidutils.generate_uuid(),
        'conductor': conductor,
        'run_after': None,
        'started_at': candidate.started_at or tx.now(),
    }
    if tx.update(models.Operation, values, *_due(), uuid=candidate.uuid):
        return load(tx, candidate.uuid)
    return None


def claims(conductor: str) -> set[str]:
    """The tokens of a conductor's claims on operations that are open."""
    op = models.Operation
    with db.reader() as tx:
        rows = tx.list(
            op,
            op.claim.is_not(None),
            only=('claim',),
            conductor=conductor,
            state=states.OPEN,
        )
        return {str(row.claim) for row in rows}


@db.transaction
def release_claims(
    tx: db.Transaction, conductor: str, tokens: Collection[str]
) -> int:
    """Requeue what a conductor has claimed, and does not work on.

    :param tokens: of the claims.
    :returns: the number of requeued operations.
    """
    return tx.update(
        models.Operation,
        {'claim': None, 'conductor': None},
        conductor=conductor,
        claim=list(tokens),
    )


def _due() -> tuple[sa.ColumnElement[bool], ...]:
    op = models.Operation
    return (
        op.claim.is_(None),
        op.state.in_(states.OPEN),
        sa.or_(op.run_after.is_(None), op.run_after <= db.now()),
    )


def _saturated() -> sa.Select[Any]:
    """The pod managers that have podm_parallel operations running."""
    op = sa.orm.aliased(models.Operation)
    return (
        sa.select(op.podm_uuid)
        .where(
            op.state == 'running',
            op.podm_uuid.is_not(None),
            op.action.not_in(_NOT_COUNTED),
        )
        .group_by(op.podm_uuid)
        .having(sa.func.count() >= cfg.CONF.conductor.podm_parallel)
    )


def _has_capacity(tx: db.Transaction, podm_uuid: str | None) -> bool:
    """Count again, with the pod manager locked against other conductors."""
    if podm_uuid is None:
        return True
    tx.connection.execute(
        sa.select(models.PodManager.uuid)
        .where(models.PodManager.uuid == podm_uuid)
        .with_for_update()
    )
    running = tx.count(
        models.Operation,
        models.Operation.action.not_in(_NOT_COUNTED),
        podm_uuid=podm_uuid,
        state='running',
    )
    limit: int = cfg.CONF.conductor.podm_parallel
    return running < limit
