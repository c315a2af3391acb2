# SPDX-License-Identifier: Apache-2.0
"""Counters of hardware, kept in the transactions that change it.

A ``Count`` is how many systems or devices of a pod manager have one shape, in
the same zones and with the same reservation; a ``Capacity`` is the sum of all
counts of a pod manager. A transaction adds up its changes, and writes them at
its end: the counters are the last that it locks, those of a pod manager are
locked together, and nothing that two pod managers share is ever locked.
"""

import contextlib
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import NamedTuple
from typing import cast

import sqlalchemy as sa

from valence.common.cache import cached
from valence.db import api as db
from valence.db import capacity
from valence.db import shapes
from valence.db import statements
from valence.db.capacity import Group
from valence.db.capacity import Tally
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable

# The columns that decide about ``Tally``.
_COLUMNS = frozenset(
    ('state', 'missing_since', 'max_nodes', 'count_uuid', 'condition_uuid')
)


class Key(NamedTuple):
    """A counter, apart from its shape.

    :param counted: ``count_uuid`` of what it counts.
    """

    model: type[Allocatable]
    podm_uuid: str
    counted: str
    reserved_to: str | None

    @property
    def uuid(self) -> str:
        """The UUID of its ``Count``."""
        return shapes.reserved_uuid(self.counted, self.reserved_to)


@cached
def tally(model: type[Allocatable]) -> statements.Select:
    """The query for the ``Key`` and the ``Tally`` of rows."""
    return sa.select(
        model.uuid,
        model.podm_uuid,
        model.count_uuid,
        model.reserved_to,
        *_numbers(model),
    )


def _numbers(model: type[Allocatable]) -> list[sa.Label[int]]:
    """What each row adds to the numbers of a ``Tally``."""
    return [
        sa.case((condition, 1), else_=0).label(name)
        for name, condition in (
            ('total', model.missing_since.is_(None)),
            ('is_free', sa.and_(*capacity.unallocated(model))),
            ('nodes', model.node_uuid.is_not(None)),
            ('held', model.hold_uuid.is_not(None)),
        )
    ]


def totals(
    tx: db.Transaction, model: type[Allocatable], podm_uuid: str
) -> dict[Key, Tally]:
    """Count the rows of a pod manager, in the database."""
    keys = model.count_uuid, model.reserved_to
    sums = [sa.func.sum(one) for one in _numbers(model)]
    query = sa.select(*keys, *sums).group_by(*keys)
    return {
        Key(model, podm_uuid, str(counted), project): Tally(*map(int, numbers))
        for counted, project, *numbers in tx.connection.execute(
            query.where(
                model.podm_uuid == podm_uuid, model.count_uuid.is_not(None)
            )
        )
    }


class Changes:
    """How the counters change in a transaction; a ``db.Deferred``."""

    def __init__(self, tx: db.Transaction) -> None:
        self._tx = tx
        self._tallies: dict[Key, Tally] = defaultdict(Tally)

    def add(
        self, model: type[Allocatable], rows: Iterable[Any], sign: int = 1
    ) -> None:
        """Add rows of ``tally``.

        :param sign: -1 subtracts them.
        """
        for row in rows:
            if row.count_uuid is not None:
                key = Key(
                    model, row.podm_uuid, row.count_uuid, row.reserved_to
                )
                one = Tally(row.total, row.is_free, row.nodes, row.held)
                self._tallies[key] = self._tallies[key].plus(one, sign)

    def flush(self) -> None:
        """Change the counters."""
        by_podm: dict[str, dict[Key, Tally]] = defaultdict(dict)
        for key, change in self._tallies.items():
            if any(change):
                by_podm[key.podm_uuid][key] = change
        self._tallies.clear()
        for podm_uuid in sorted(by_podm):
            stored = lock(self._tx, podm_uuid)
            if stored is not None:
                _change(self._tx, stored, by_podm[podm_uuid])


@contextlib.contextmanager
def changing(
    tx: db.Transaction, model: type[Allocatable], uuids: Collection[str]
) -> Iterator[None]:
    """Count rows again whose columns the block changes, or which it deletes.

    The rows are locked: what is subtracted is what others have added.
    """
    query = tally(model).order_by(model.uuid).with_for_update()
    _add(tx, model, query, uuids, -1)
    yield
    added(tx, model, uuids)


def added(
    tx: db.Transaction, model: type[Allocatable], uuids: Collection[str]
) -> None:
    """Count new rows."""
    _add(tx, model, tally(model), uuids)


def _add(
    tx: db.Transaction,
    model: type[Allocatable],
    query: statements.Select,
    uuids: Collection[str],
    sign: int = 1,
) -> None:
    changes, ordered = tx.deferred(Changes), sorted(uuids)
    for start in range(0, len(ordered), db.BATCH):
        batch = query.where(model.uuid.in_(ordered[start : start + db.BATCH]))
        changes.add(model, tx.connection.execute(batch), sign)


def concerns(model: type[Allocatable], names: Collection[str]) -> bool:
    """Whether counters change with one of these columns."""
    return not _columns(model).isdisjoint(names)


@cached
def _columns(model: type[Allocatable]) -> frozenset[str]:
    return _COLUMNS.union(shapes.columns(model))


def identify(
    model: type[Allocatable],
    values: dict[str, Any],
    row: Allocatable | None = None,
) -> None:
    """Add ``count_uuid`` to the new values of a row, if it changes.

    :param row: the row as it is stored; nobody else may change it meanwhile.
    """
    before = None if row is None else row.count_uuid
    if before is None or not values.keys().isdisjoint(shapes.columns(model)):
        stored = {} if row is None else db.mapping(row)
        found = shapes.count_uuid(model, {**stored, **values})
        if found != before:
            values['count_uuid'] = found


def lock(tx: db.Transaction, podm_uuid: str) -> models.Capacity | None:
    """Lock the counters of a pod manager until the transaction ends.

    :returns: their sums; None: it is gone.
    """
    query = statements.select_one(
        models.Capacity, statements.shape({'podm_uuid': podm_uuid})
    ).with_for_update()
    values = {'where_podm_uuid': podm_uuid}
    row = tx.connection.execute(query, values).first()
    if row is None:
        tx.create_missing(
            models.Capacity,
            [{'podm_uuid': podm_uuid, **capacity.Sums().columns()}],
        )
        row = tx.connection.execute(query, values).first()
    return cast('models.Capacity | None', row)


def _change(
    tx: db.Transaction, stored: models.Capacity, changes: dict[Key, Tally]
) -> None:
    """Add changes to the counters of a pod manager."""
    rows = tx.list(models.Count, uuid=[key.uuid for key in changes]).all()
    found: dict[str, Group] = {row.uuid: Group.of(row) for row in rows}
    before = {row.uuid: Tally.of(row) for row in rows}
    tx.update_many(
        models.Count,
        [
            {'uuid': key.uuid, **before[key.uuid].plus(change)._asdict()}
            for key, change in sorted(changes.items(), key=_by_uuid)
            if key.uuid in before
        ],
    )
    new = {k: one for k, one in changes.items() if k.uuid not in before}
    found |= _create(tx, new)
    counted = {k: one for k, one in changes.items() if k.uuid in found}
    uuids = {found[key.uuid].shape_uuid for key in counted}
    known = {shape.uuid: shape for shape in shapes.load(tx, uuids)}
    sums = capacity.Sums(stored)
    for key, change in counted.items():
        group = found[key.uuid]
        sums.add(known[group.shape_uuid], group, change)
    tx.update(models.Capacity, sums.columns(), uuid=stored.uuid)


def _by_uuid(change: tuple[Key, Tally]) -> str:
    return change[0].uuid


def _create(tx: db.Transaction, new: dict[Key, Tally]) -> dict[str, Group]:
    """Create counters; what each counts, by UUID."""
    groups: dict[str, Group] = {}
    for key in new:
        group = create_group(tx, key)
        if group is not None:
            groups[key.uuid] = group
    create(tx, groups, {key.uuid: one for key, one in new.items()})
    return groups


def create_group(tx: db.Transaction, key: Key) -> Group | None:
    """What a counter counts; stores its shape.

    :returns: None: there is no such row any more.
    """
    # All rows that it counts are equal in what matters.
    row = tx.get(key.model, count_uuid=key.counted)
    if row is None:
        return None
    shape = shapes.create(tx, key.model, db.mapping(row))
    return Group(row.podm_uuid, shape, sorted(row.zones), key.reserved_to)


def create(
    tx: db.Transaction,
    groups: Mapping[str, Group],
    tallies: Mapping[str, Tally],
) -> None:
    """Create counters.

    :param groups: what each counts, by UUID.
    """
    tx.create_many(
        models.Count,
        [
            {'uuid': uuid, **group._asdict(), **tallies[uuid]._asdict()}
            for uuid, group in sorted(groups.items())
        ],
    )
