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


def check(podm_uuid: str, repair: bool) -> list[Difference]:
    """Count the hardware of one pod manager, and compare the counters.

    Rows are read in batches, without any lock, to see whether each has the
    right counter. Then the database counts the rows of each counter.

    :param repair: whether to correct what is wrong.
    """
    found = []
    for model in shapes.MODELS:
        wrong = _find_wrong(model, podm_uuid)
        if wrong:
            what = f'rows of {model.__tablename__}'
            found.append(Difference(what, len(wrong), 0))
        if repair:
            for start in range(0, len(wrong), db.BATCH):
                _correct(model, wrong[start : start + db.BATCH])
    return found + _compare(podm_uuid, repair)


# Columns that the counters rely on, by name.
_Columns = tuple[tuple[str, object], ...]


def _find_wrong(model: type[Allocatable], podm_uuid: str) -> list[str]:
    """The UUIDs of the rows of a pod manager with a wrong counter."""
    wrong: list[str] = []
    last = ''
    while True:
        with db.reader() as tx:
            rows = tx.connection.execute(
                _rows(model)
                .add_columns(model.uri_hash)
                .where(model.podm_uuid == podm_uuid, model.uri_hash > last)
                .order_by(model.uri_hash)
                .limit(db.BATCH)
            ).all()
        wrong += [row.uuid for row in rows if _corrections(model, row)]
        if len(rows) < db.BATCH:
            return wrong
        last = rows[-1].uri_hash


def _rows(model: type[Allocatable]) -> sa.Select[*tuple[object, ...]]:
    """The query for what ``_corrections`` compares."""
    names = shapes.columns(model)
    columns = (getattr(model, name) for name in names)
    return counters.tally(model).add_columns(model.free, *columns)


def _corrections(
    model: type[Allocatable], row: sa.Row[*tuple[object, ...]]
) -> _Columns:
    """The right values of the columns of a row, if they are wrong."""
    counted = shapes.count_uuid(model, row._asdict())
    free = bool(row.is_free and row.reserved_to is None)
    if (counted, free) == (row.count_uuid, row.free):
        return ()
    return ('count_uuid', counted), ('free', free)


@db.transaction
def _correct(
    tx: db.Transaction, /, model: type[Allocatable], uuids: list[str]
) -> None:
    """Correct columns that the counters rely on, and the counters."""
    with counters.changing(tx, model, uuids):
        batches: dict[_Columns, list[str]] = defaultdict(list)
        for row in tx.connection.execute(
            _rows(model).where(model.uuid.in_(uuids))
        ):
            batches[_corrections(model, row)].append(row.uuid)
        for columns, same in sorted(batches.items(), key=lambda one: one[1]):
            if columns:
                tx.update(model, dict(columns), uuid=same)


@db.transaction
def _compare(
    tx: db.Transaction, /, podm_uuid: str, repair: bool
) -> list[Difference]:
    """Compare the counters of a pod manager with its rows.

    The counters are locked first: whatever is counted then was added to them
    before, or will be afterwards.
    """
    exists = tx.get(models.PodManager, uuid=podm_uuid)
    stored = counters.lock(tx, podm_uuid) if exists else None
    if stored is None:
        return []
    counted = _Counted(tx, podm_uuid)
    found = counted.differences()
    sums = capacity.Sums(stored).columns()
    if sums != counted.sums():
        found.append(Difference('sums', sums, counted.sums()))
    if repair:
        if found:
            counted.store()
            tx.update(models.Capacity, counted.sums(), uuid=stored.uuid)
        else:
            counted.delete_empty()
    return found


class _Counted:
    """What there is on a pod manager whose counters are locked."""

    def __init__(self, tx: db.Transaction, podm_uuid: str) -> None:
        self._tx = tx
        self._podm_uuid = podm_uuid
        rows = tx.list(models.Count, podm_uuid=podm_uuid).all()
        self._stored = {row.uuid: Tally.of(row) for row in rows}
        self._groups = {row.uuid: Group.of(row) for row in rows}
        self._tallies: dict[str, Tally] = {}
        self._shapes = self._load()
        for model in shapes.MODELS:
            for key, one in counters.totals(tx, model, podm_uuid).items():
                self._add(key, one)
        self._shapes = self._load()

    def _load(self) -> dict[str, shapes.Shape]:
        uuids = {group.shape_uuid for group in self._groups.values()}
        return {one.uuid: one for one in shapes.load(self._tx, uuids)}

    def _add(self, key: counters.Key, one: Tally) -> None:
        known = self._groups.get(key.uuid)
        if known is None or known.shape_uuid not in self._shapes:
            group = counters.create_group(self._tx, key)
            if group is None:
                return
            self._groups[key.uuid] = group
        self._tallies[key.uuid] = one

    def differences(self) -> list[Difference]:
        """The counters that are wrong."""
        none = Tally()
        return [
            Difference(
                f'shape {group.shape_uuid}, zones {group.zones}, reserved to '
                f'{group.reserved_to}',
                self._stored.get(uuid, none),
                self._tallies.get(uuid, none),
            )
            for uuid, group in sorted(self._groups.items())
            if self._stored.get(uuid, none) != self._tallies.get(uuid, none)
        ]

    def sums(self) -> dict[str, object]:
        """The sums of all that was counted."""
        sums = capacity.Sums()
        for uuid, tally in self._tallies.items():
            group = self._groups[uuid]
            sums.add(self._shapes[group.shape_uuid], group, tally)
        return sums.columns()

    def store(self) -> None:
        """Replace the counters of the pod manager."""
        self._tx.delete(models.Count, podm_uuid=self._podm_uuid)
        groups = {uuid: self._groups[uuid] for uuid in self._tallies}
        counters.create(self._tx, groups, self._tallies)

    def delete_empty(self) -> None:
        """Delete the counters of what is not there any more.

        Shapes that none counts can be deleted then; see ``valence.db.purge``.
        """
        empty = [uuid for uuid in self._stored if uuid not in self._tallies]
        if empty:
            self._tx.delete(models.Count, uuid=empty)
