# SPDX-License-Identifier: Apache-2.0
"""The queue of operations: which ones are due, and claiming them.

What waits for its first turn is chosen in turn: by lane, by pod manager, and
there by project. The cost grows with the number of pod managers and projects
that are visited, not with the number of operations that wait: each look goes
to one end of a range of ``ix_operations_turn``.

A conductor claims an operation by compare-and-swap with a new token. While a
pod manager has [conductor] podm_parallel operations of a lane running, its
further ones stay pending, and those of other pod managers overtake them.
"""

import functools
import itertools
import threading
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import cast

import sqlalchemy as sa
from oslo_config import cfg
from oslo_utils import uuidutils

from valence.conductor import lanes
from valence.conductor import states
from valence.conductor.engine.run import load
from valence.db import api as db
from valence.db import statements
from valence.db.sqlalchemy import models

# How many operations of each lane are looked at at a time.
BATCH = 20

#: The columns that are read of what is due.
COLUMNS = (
    *('uuid', 'action', 'podm_uuid', 'project_id', 'created_at', 'state'),
    *('started_at', 'cancel_requested'),
)
_Condition = sa.ColumnElement[bool]
# Values of columns; None: without a value.
_Where = dict[str, str | None]


class Turns:
    """Whose turn it was last, in the memory of one conductor."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._podms: dict[lanes.Lane, str | None] = {}
        self._projects: dict[tuple[lanes.Lane, str | None], str | None] = {}

    def podm(self, lane: lanes.Lane) -> str | None:
        """The pod manager whose turn it was last in a lane."""
        with self._lock:
            return self._podms.get(lane)

    def project(self, lane: lanes.Lane, podm_uuid: str | None) -> str | None:
        """The project whose turn it was last there."""
        with self._lock:
            return self._projects.get((lane, podm_uuid))

    def take(self, candidate: models.Operation) -> None:
        """Note that an operation has had its turn."""
        lane = lanes.lane_of(candidate.action)
        with self._lock:
            self._podms[lane] = candidate.podm_uuid
            key = lane, candidate.podm_uuid
            self._projects[key] = candidate.project_id


def due(
    actions: Iterable[str], turns: Turns | None = None
) -> list[models.Operation]:
    """Operations that may be claimed now, at most ``BATCH`` of each lane.

    :param actions: the actions for which a worker is idle.
    :param turns: whose turn it was last.
    """
    with db.reader() as tx:
        return look(tx, list(actions), turns or Turns())


def look(
    tx: db.Transaction, names: list[str], turns: Turns
) -> list[models.Operation]:
    """See ``due``."""
    found = _without_turn(tx, names, 'running')
    found += _without_turn(tx, names, 'pending')
    waiting = _waiting(tx, names)
    running = _running(tx) if waiting else {}
    for lane, those in waiting.items():
        chosen = _Chooser(tx, lane, those, turns, running)
        found += itertools.islice(chosen.chosen(), BATCH)
    return found


def _without_turn(
    tx: db.Transaction, names: list[str], state: str
) -> list[models.Operation]:
    """What is running, or pending but cancelled: it needs no place."""
    rows = tx.connection.execute(
        _without_turn_statement(state), {'names': names, 'now': db.now()}
    )
    return cast('list[models.Operation]', [*rows])


@functools.lru_cache
def _without_turn_statement(state: str) -> statements.Select:
    op = models.Operation
    columns = statements.columns(op)
    query = (
        sa.select(*(columns[name] for name in COLUMNS))
        .where(
            op.state == state,
            op.action.in_(sa.bindparam('names', expanding=True)),
            *_due(sa.bindparam('now', type_=op.run_after.type)),
        )
        .limit(BATCH * len(lanes.Lane))
    )
    if state == 'pending':
        return query.where(op.cancel_requested == sa.true())
    return query.order_by(op.run_after, op.uuid)


def _pending(action: str, *conditions: _Condition) -> tuple[_Condition, ...]:
    """The condition that an operation waits for its turn."""
    op = models.Operation
    return (
        op.state == 'pending',
        op.cancel_requested == sa.false(),
        op.action == action,
        *conditions,
    )


def _first(
    tx: db.Transaction,
    names: Iterable[str],
    column: str,
    where: _Where,
    after: str | None = None,
) -> list[Any]:
    """The smallest value of a column among what waits, of each action.

    :param after: only values that are greater than this one.
    """
    shape = statements.shape(where)
    values = statements.values(where)
    if after is not None:
        values['after'] = after
    union = _union(tuple(names), column, shape, after is not None)
    return list(tx.connection.execute(union, values).scalars())


@functools.lru_cache
def _union(
    names: tuple[str, ...], column: str, shape: statements.Shape, after: bool
) -> sa.CompoundSelect[Any]:
    """The statement of ``_first``; it takes longer to build than to execute.

    :param after: whether there is a bind parameter of this name.
    """
    op = models.Operation
    value = getattr(op, column)
    conditions = [*statements.conditions(op, shape)]
    if after:
        conditions.append(value > sa.bindparam('after'))
    # With one value only MariaDB would sort all rows nonetheless.
    is_constant = column in ('action', *dict(shape))
    queries = [
        sa.select(value.label('value'))
        .where(*_pending(name, *conditions))
        .order_by(*(() if is_constant else (value,)))
        .limit(1)
        .subquery()
        for name in names
    ]
    # SQLite takes a LIMIT in a subquery only.
    return sa.union_all(*(sa.select(query.c.value) for query in queries))


def _waiting(
    tx: db.Transaction, names: list[str]
) -> dict[lanes.Lane, list[str]]:
    """The actions of which something waits, by lane."""
    result: dict[lanes.Lane, list[str]] = {}
    if names:
        for name in sorted(set(_first(tx, names, 'action', {}))):
            result.setdefault(lanes.lane_of(name), []).append(name)
    return result


def _running(tx: db.Transaction) -> dict[tuple[lanes.Lane, str], int]:
    """How many operations of each lane run on each pod manager."""
    op = models.Operation
    rows = tx.connection.execute(
        sa.select(op.action, op.podm_uuid, sa.func.count())
        .where(op.state == 'running', op.podm_uuid.is_not(None))
        .group_by(op.action, op.podm_uuid)
    )
    result: dict[tuple[lanes.Lane, str], int] = {}
    for action, podm_uuid, count in rows:
        key = lanes.lane_of(action), str(podm_uuid)
        result[key] = result.get(key, 0) + count
    return result


class _Chooser:
    """Chooses what is next in a lane.

    :param names: the actions of which something waits there.
    :param running: how many operations run, by lane and pod manager.
    """

    def __init__(
        self,
        tx: db.Transaction,
        lane: lanes.Lane,
        names: list[str],
        turns: Turns,
        running: dict[tuple[lanes.Lane, str], int],
    ) -> None:
        self._tx = tx
        self._lane = lane
        self._names = names
        self._turns = turns
        self._running = running

    def chosen(self) -> Iterator[models.Operation]:
        """One after the other: a round of pod managers after the other."""
        podms = [
            self._on(uuid) for uuid in itertools.islice(self._podms(), BATCH)
        ]
        return _in_turn(podms)

    def _podms(self) -> Iterator[str | None]:
        """The pod managers with a place for what waits, in turn."""
        last = self._turns.podm(self._lane)
        for uuid in self._ring('podm_uuid', last, {}):
            if self._places(uuid) > 0:
                yield uuid

    def _places(self, podm_uuid: str | None) -> int:
        """How many operations may begin on a pod manager."""
        if podm_uuid is None or not self._lane.is_counted:
            return BATCH
        limit: int = cfg.CONF.conductor.podm_parallel
        return limit - self._running.get((self._lane, podm_uuid), 0)

    def _on(self, podm_uuid: str | None) -> Iterator[models.Operation]:
        """What is next on a pod manager, project by project."""
        places = min(BATCH, self._places(podm_uuid))
        where = {'podm_uuid': podm_uuid}
        last = self._turns.project(self._lane, podm_uuid)
        projects = self._ring('project_id', last, where)
        heads = [
            self._oldest(places, {**where, 'project_id': project})
            for project in itertools.islice(projects, places)
        ]
        return itertools.islice(_in_turn(heads), places)

    def _ring(
        self, column: str, last: str | None, where: _Where
    ) -> Iterator[str | None]:
        """The values of a column among what waits, those after one first."""
        value = last or ''
        while (found := self._next(column, where, value)) is not None:
            yield (value := found)
        if _first(self._tx, self._names, column, {**where, column: None}):
            yield None
        value = ''
        while (found := self._next(column, where, value)) is not None:
            if last is None or found > last:
                return
            yield (value := found)

    def _next(self, column: str, where: _Where, after: str) -> str | None:
        """The smallest value that is greater than another one."""
        found = _first(self._tx, self._names, column, where, after)
        return min(found, default=None)

    def _oldest(self, limit: int, where: _Where) -> Iterator[models.Operation]:
        """What has waited longest."""
        op = models.Operation
        rows = [
            row
            for name in self._names
            for row in self._tx.list(
                op,
                *_pending(name),
                *_due(),
                only=COLUMNS,
                order=[op.created_at, op.uuid],
                limit=limit,
                **where,
            )
        ]
        rows.sort(key=lambda row: (row.created_at, row.uuid))
        return iter(rows)


def _in_turn(
    queues: list[Iterator[models.Operation]],
) -> Iterator[models.Operation]:
    """One of each queue, then the next one of each."""
    for items in itertools.zip_longest(*queues):
        yield from (item for item in items if item is not None)


@db.transaction
def claim(
    tx: db.Transaction, conductor: str, candidate: models.Operation
) -> tuple[models.Operation, list[models.OperationStep]] | None:
    """Claim an operation.

    :param conductor: the UUID of the conductor.
    :param candidate: a row of ``due``.
    :returns: the operation and its journal; None when it is not due any more.
    """
    counted = candidate.state == 'pending' and not candidate.cancel_requested
    if counted and not _has_place(tx, candidate):
        return None
    values = {
        'state': 'running',
        'claim': uuidutils.generate_uuid(),
        'conductor': conductor,
        'run_after': None,
        **({} if candidate.started_at else {'started_at': tx.now()}),
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


def _due(
    now: sa.ColumnElement[Any] | None = None,
) -> tuple[sa.ColumnElement[bool], ...]:
    """The condition that an operation may be claimed.

    :param now: the present time, if it is a parameter of the statement.
    """
    op = models.Operation
    if now is None:
        now = sa.literal(db.now(), op.run_after.type)
    return (
        op.claim.is_(None),
        op.state.in_(states.OPEN),
        sa.or_(op.run_after.is_(None), op.run_after <= now),
    )


def _has_place(tx: db.Transaction, candidate: models.Operation) -> bool:
    """Count again, with the pod manager locked against other conductors."""
    podm_uuid, lane = candidate.podm_uuid, lanes.lane_of(candidate.action)
    if podm_uuid is None or not lane.is_counted:
        return True
    tx.lock(models.PodManager, podm_uuid)
    running = tx.count(
        models.Operation,
        lanes.contains(lane),
        podm_uuid=podm_uuid,
        state='running',
    )
    limit: int = cfg.CONF.conductor.podm_parallel
    return running < limit
