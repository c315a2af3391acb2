# SPDX-License-Identifier: Apache-2.0
"""Counting hardware again, to check and repair its counters.

Counters are wrong only after changes from elsewhere: by an older release that
still runs, or by hand.
"""

from collections import defaultdict
from typing import NamedTuple

import sqlalchemy as sa

from valence.db import api as db
from valence.db import capacity
from valence.db import counters
from valence.db import shapes
from valence.db.capacity import Group
from valence.db.capacity import Tally
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable


class Difference(NamedTuple):
    """A counter that is wrong.

    :param what: what it counts: a shape, or the sums of a pod manager.
    """

    what: str
    stored: object
    counted: object

    def __str__(self) -> str:
        return f'{self.what}: stored {self.stored}, counted {self.counted}'


def fill() -> None:
    """Count the hardware of each pod manager that has no counters."""
    podm = models.PodManager
    counted = sa.select(models.Capacity.podm_uuid)
    with db.reader() as tx:
        rows = tx.list(podm, podm.uuid.not_in(counted), only=('uuid',)).all()
    for row in rows:
        check(row.uuid, repair=True)


@db.transaction
def check(
    tx: db.Transaction, /, podm_uuid: str, repair: bool
) -> list[Difference]:
    """Count the hardware of one pod manager, and compare the counters.

    The counters are locked first: whatever is counted then was added to them
    before, or will be afterwards.

    :param repair: whether to correct what is wrong.
    """
    exists = tx.get(models.PodManager, uuid=podm_uuid)
    stored = counters.lock(tx, podm_uuid) if exists else None
    if stored is None:
        return []
    counted = _Counted()
    found = []
    for model in shapes.MODELS:
        wrong = counted.count(tx, model, podm_uuid)
        number = sum(map(len, wrong.values()))
        if number:
            found.append(
                Difference(f'rows of {model.__tablename__}', number, 0)
            )
        if repair:
            _correct(tx, model, wrong)
    found += counted.compare(tx, stored)
    if repair and found:
        counted.store(tx, stored)
    return found


# Columns that the counters rely on, by name.
_Columns = tuple[tuple[str, object], ...]


class _Counted:
    """What there is on a pod manager."""

    def __init__(self) -> None:
        self._tallies: dict[str, Tally] = defaultdict(Tally)
        self._groups: dict[str, Group] = {}

    def count(
        self, tx: db.Transaction, model: type[Allocatable], podm_uuid: str
    ) -> dict[_Columns, list[str]]:
        """Count the rows of a table.

        :returns: the UUIDs of those with wrong columns, by the right values.
        """
        query = counters.tally(model).add_columns(
            model.free,
            *(getattr(model, name) for name in shapes.columns(model)),
        )
        wrong: dict[_Columns, list[str]] = defaultdict(list)
        for row in tx.connection.execute(
            query.where(model.podm_uuid == podm_uuid)
        ):
            counted = shapes.count_uuid(model, db.mapping(row))
            free = bool(row.is_free and row.reserved_to is None)
            if (counted, free) != (row.count_uuid, row.free):
                wrong[('count_uuid', counted), ('free', free)].append(row.uuid)
            uuid = shapes.reserved_uuid(counted, row.reserved_to)
            if uuid not in self._groups:
                self._groups[uuid] = counters.create_group(
                    tx, model, db.mapping(row), row.reserved_to
                )
            one = Tally(row.total, row.is_free, row.nodes, row.held)
            self._tallies[uuid] = self._tallies[uuid].plus(one)
        return wrong

    def compare(
        self, tx: db.Transaction, stored: models.Capacity
    ) -> list[Difference]:
        """The counters that are wrong, and the sums if they are."""
        rows = tx.list(models.Count, podm_uuid=stored.podm_uuid).all()
        before = {row.uuid: Tally.of(row) for row in rows}
        groups = {row.uuid: Group.of(row) for row in rows} | self._groups
        found = [
            Difference(
                f'shape {groups[uuid].shape_uuid}, zones '
                f'{groups[uuid].zones}, reserved to '
                f'{groups[uuid].reserved_to}',
                before.get(uuid, Tally()),
                self._tallies.get(uuid, Tally()),
            )
            for uuid in sorted(groups)
            if before.get(uuid, Tally()) != self._tallies.get(uuid, Tally())
        ]
        sums = capacity.Sums(stored).columns()
        if sums != self._sums(tx):
            found.append(Difference('sums', sums, self._sums(tx)))
        return found

    def _sums(self, tx: db.Transaction) -> dict[str, object]:
        uuids = {group.shape_uuid for group in self._groups.values()}
        known = {shape.uuid: shape for shape in shapes.load(tx, uuids)}
        sums = capacity.Sums()
        for uuid, group in self._groups.items():
            sums.add(known[group.shape_uuid], group, self._tallies[uuid])
        return sums.columns()

    def store(self, tx: db.Transaction, stored: models.Capacity) -> None:
        """Replace the counters of the pod manager."""
        tx.delete(models.Count, podm_uuid=stored.podm_uuid)
        counters.create(tx, self._groups, self._tallies)
        tx.update(models.Capacity, self._sums(tx), uuid=stored.uuid)


def _correct(
    tx: db.Transaction,
    model: type[Allocatable],
    wrong: dict[_Columns, list[str]],
) -> None:
    """Correct columns that the counters rely on."""
    for columns, uuids in wrong.items():
        for start in range(0, len(uuids), db.BATCH):
            batch = uuids[start : start + db.BATCH]
            tx.update(model, dict(columns), uuid=batch)
