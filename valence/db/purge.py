# SPDX-License-Identifier: Apache-2.0
"""Deletes what ended long ago, in small transactions.

Rows that another transaction has locked are left for later, so several
processes can do it at once.
"""

import datetime
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

    :param name: what it is, in the plural.
    :param ended: when a row ended.
    :param conditions: which rows have ended; those of each are deleted apart,
        because one index has them in the order of their end.
    """

    name: str
    model: statements.Model
    ended: sa.SQLColumnExpression[Any]
    conditions: tuple[sa.ColumnElement[bool], ...]


_IS_OVER = models.Finding.open_key.is_(None)
# On a pod manager it is seen again, and would be found again.
_GIVEN_UP = sa.and_(
    models.Finding.podm_uuid.is_(None), models.Finding.state == 'forgotten'
)
_COUNTED = sa.select(models.Count.uuid).where(
    models.Count.shape_uuid == models.Shape.uuid
)
_KINDS = (
    # Only what has ended has the time of its end.
    _Kind(
        *('operations', models.Operation, models.Operation.finished_at),
        (sa.true(),),
    ),
    _Kind(
        *('findings', models.Finding, models.Finding.updated_at),
        (_IS_OVER, _GIVEN_UP),
    ),
    _Kind(
        *('spans of usage', models.UsageSpan, models.UsageSpan.closed_at),
        (sa.true(),),
    ),
    _Kind('holds', models.Hold, models.Hold.ended_at, (sa.true(),)),
    _Kind(
        *('periods of the history', models.History, models.History.ended_at),
        (sa.true(),),
    ),
    _Kind(
        *('capacity samples', models.CapacitySample),
        models.CapacitySample.taken_at,
        (sa.true(),),
    ),
    # Whoever begins to use one writes it: what is in use is not old.
    _Kind(
        *('shapes', models.Shape),
        sa.func.coalesce(models.Shape.updated_at, models.Shape.created_at),
        (sa.not_(_COUNTED.exists()),),
    ),
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
def _delete(
    tx: db.Transaction,
    kind: _Kind,
    condition: sa.ColumnElement[bool],
    before: datetime.datetime,
) -> int:
    old = sa.and_(condition, kind.ended < before)
    return len(take(tx, kind.model, old, order=[kind.ended]))


def batch(before: datetime.datetime) -> list[int]:
    """Delete some of what ended before a time.

    :returns: how many of each kind were deleted, up to ``BATCH`` in a
        transaction.
    """
    return [
        sum(_delete(kind, one, before) for one in kind.conditions)
        for kind in _KINDS
    ]


def everything(before: datetime.datetime) -> dict[str, int]:
    """Delete all that ended before a time.

    :returns: how many were deleted, by what they are.
    """
    total = [0] * len(_KINDS)
    while any(deleted := batch(before)):
        total = [sum(pair) for pair in zip(total, deleted, strict=True)]
    return dict(zip((kind.name for kind in _KINDS), total, strict=True))
