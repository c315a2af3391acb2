# SPDX-License-Identifier: Apache-2.0
"""Deletes what ended long ago, in small transactions.

Rows that another transaction has locked are left for later, so several
processes can do it at once.
"""

import datetime
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

from valence.db import api as db
from valence.db import statements
from valence.db.sqlalchemy import models

#: How many rows a transaction deletes at most.
BATCH = 500


class _Kind(NamedTuple):
    """What can be deleted.

    :param condition: which rows of the model, by the time before which they
        ended.
    """

    model: statements.Model
    condition: Callable[[datetime.datetime], sa.ColumnElement[bool]]


def _findings(before: datetime.datetime) -> sa.ColumnElement[bool]:
    finding = models.Finding
    # On a pod manager it is seen again, and would be found again.
    given_up = sa.and_(
        finding.state == 'forgotten', finding.podm_uuid.is_(None)
    )
    is_over = sa.or_(finding.open_key.is_(None), given_up)
    return sa.and_(is_over, finding.updated_at < before)


# Only what has ended has the time of its end.
_KINDS = (
    _Kind(models.Operation, lambda end: models.Operation.finished_at < end),
    _Kind(models.Finding, _findings),
    _Kind(models.UsageSpan, lambda end: models.UsageSpan.closed_at < end),
)


def take(
    tx: db.Transaction,
    model: statements.Model,
    condition: sa.ColumnElement[bool],
    *columns: sa.SQLColumnExpression[Any],
    order: Iterable[sa.SQLColumnExpression[Any]] = (),
) -> Sequence[sa.Row[Any]]:
    """Delete some rows, up to ``BATCH``.

    :param columns: what to return of each besides its UUID.
    :returns: of each row that was deleted these columns.
    """
    rows = tx.connection.execute(
        sa.select(model.uuid, *columns)
        .where(condition)
        .order_by(*order)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    tx.delete(model, uuid=[row.uuid for row in rows])
    return rows


@db.transaction
def _delete(tx: db.Transaction, kind: _Kind, before: datetime.datetime) -> int:
    return len(take(tx, kind.model, kind.condition(before)))


def batch(before: datetime.datetime) -> list[int]:
    """Delete some of what ended before a time.

    :returns: how many operations, findings and spans of usage were deleted,
        up to ``BATCH`` of each.
    """
    return [_delete(kind, before) for kind in _KINDS]


def everything(before: datetime.datetime) -> list[int]:
    """Delete all that ended before a time; see :func:`batch`."""
    total = [0] * len(_KINDS)
    while any(deleted := batch(before)):
        total = [sum(pair) for pair in zip(total, deleted, strict=True)]
    return total
