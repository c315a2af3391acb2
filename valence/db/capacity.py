# SPDX-License-Identifier: Apache-2.0
"""How much hardware there is and was, and how much of it is free.

``valence.db.counters`` keeps the sums that are read here.
"""

import datetime
import types
from collections.abc import Collection
from typing import Any
from typing import Literal
from typing import NamedTuple
from typing import TypedDict

import sqlalchemy as sa

from valence.common.types import DeviceCounts
from valence.db import api as db
from valence.db import scan
from valence.db import shapes
from valence.db import shares
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable


class Amount(TypedDict):
    """A number, or a sum in the unit of its column."""

    total: int
    free: int
    held: int


class DeviceCapacity(Amount):
    """The devices of one type, and their capacity in GiB."""

    capacity_gib: Amount


class Capacity(TypedDict):
    """The hardware of one or several pod managers.

    ``memory_mib`` is in MiB; ``devices`` are by type.
    """

    systems: Amount
    cpu_cores: Amount
    memory_mib: Amount
    devices: dict[str, DeviceCapacity]


_Name = Literal['systems', 'cpu_cores', 'memory_mib']
_NAMES: tuple[_Name, ...] = ('systems', 'cpu_cores', 'memory_mib')


_PARTS = ('', 'free_', 'held_')
_NO_DEVICES: DeviceCounts = {
    'total': 0,
    'free': 0,
    'held': 0,
    'capacity_gib': 0,
    'free_capacity_gib': 0,
    'held_capacity_gib': 0,
}


def _devices(row: models.Capacity) -> dict[str, DeviceCounts]:
    """The devices of a pod manager, also of what an older release stored."""
    return {kind: {**_NO_DEVICES, **one} for kind, one in row.devices.items()}


class Tally(NamedTuple):
    """Numbers of systems or devices.

    :param free: those that a node could have, but for reservations.
    :param nodes: those that nodes have.
    :param held: those that holds have.
    """

    total: int = 0
    free: int = 0
    nodes: int = 0
    held: int = 0

    @classmethod
    def of(cls, row: models.Count) -> 'Tally':
        """The numbers of a counter."""
        return cls(row.total, row.free, row.nodes, row.held)

    def plus(self, other: 'Tally', sign: int = 1) -> 'Tally':
        """The sum of both."""
        return Tally(
            *(one + sign * two for one, two in zip(self, other, strict=True))
        )


class Group(NamedTuple):
    """What a counter counts."""

    podm_uuid: str
    shape_uuid: str
    zones: list[str]
    reserved_to: str | None

    @classmethod
    def of(cls, row: models.Count) -> 'Group':
        """What a counter counts."""
        return cls(row.podm_uuid, row.shape_uuid, row.zones, row.reserved_to)


class Sums:
    """The sums of the counters of a pod manager.

    :param stored: those to add to; None: all are 0.
    """

    def __init__(self, stored: models.Capacity | None = None) -> None:
        self._numbers, self._zoned = {'nodes': 0}, 0
        self._devices: dict[str, DeviceCounts] = {}
        for name in _NAMES:
            self._numbers |= {f'{part}{name}': 0 for part in _PARTS}
        if stored is not None:
            self._numbers = {
                name: getattr(stored, name) for name in self._numbers
            }
            self._zoned = stored.zoned
            self._devices = _devices(stored)

    def totals(self) -> dict[str, object]:
        """The columns of a ``CapacitySample``."""
        return {**self._numbers, 'devices': self._devices}

    def columns(self) -> dict[str, object]:
        """The columns of a ``Capacity``."""
        return {**self.totals(), 'zoned': self._zoned}

    def add(self, shape: shapes.Shape, group: Group, tally: Tally) -> None:
        """Add what a counter counts."""
        # What is reserved is free for one project only.
        free = 0 if group.reserved_to is not None else tally.free
        if group.zones:
            self._zoned += tally.total
        if shape.model is models.Device:
            self._add_devices(shape, tally._replace(free=free))
            return
        self._numbers['nodes'] += tally.nodes
        for name in _NAMES:
            size = 1 if name == 'systems' else getattr(shape.part, name)
            self._numbers[name] += size * tally.total
            self._numbers[f'free_{name}'] += size * free
            self._numbers[f'held_{name}'] += size * tally.held

    def _add_devices(self, shape: shapes.Shape, tally: Tally) -> None:
        kind, size = shape.part.type, shape.part.capacity_gib
        sums = self._devices.setdefault(kind, _NO_DEVICES.copy())
        sums['total'] += tally.total
        sums['free'] += tally.free
        sums['held'] += tally.held
        sums['capacity_gib'] += size * tally.total
        sums['free_capacity_gib'] += size * tally.free
        sums['held_capacity_gib'] += size * tally.held
        if not any(sums.values()):
            del self._devices[kind]


def unallocated(
    model: type[Allocatable],
) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions under which anybody may get a system or device."""
    shareable = [shares.is_available()] if model is models.Device else []
    return (
        *shareable,
        model.state == 'free',
        model.missing_since.is_(None),
        model.node_uuid.is_(None),
        model.hold_uuid.is_(None),
        model.condition_uuid.is_(None),
    )


def free(
    model: type[Allocatable], project_id: str | None = None
) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions under which a system or device is free.

    :param project_id: what is reserved to this project is free for it.
    """
    return *unallocated(model), unreserved(model.reserved_to, project_id)


def unreserved(
    column: sa.SQLColumnExpression[str | None], project_id: str | None
) -> sa.ColumnElement[bool]:
    """The condition that a reservation does not exclude a project."""
    if project_id is None:
        return column.is_(None)
    return sa.or_(column.is_(None), column == project_id)


def _none() -> Amount:
    return {'total': 0, 'free': 0, 'held': 0}


def _empty() -> Capacity:
    return {
        'systems': _none(),
        'cpu_cores': _none(),
        'memory_mib': _none(),
        'devices': {},
    }


def by_pod_manager(
    tx: db.Transaction, podm_uuids: Collection[str] | None = None
) -> dict[str, Capacity]:
    """The capacity of each pod manager that has hardware, by its UUID.

    :param podm_uuids: only of these pod managers.
    """
    where: dict[str, Any] = {}
    if podm_uuids is not None:
        where['podm_uuid'] = list(podm_uuids)
    return {
        row.podm_uuid: _capacity(row)
        for row in scan.rows(tx, models.Capacity, only=_COLUMNS, **where)
        if row.systems or row.devices
    }


_COLUMNS = (
    'podm_uuid',
    'devices',
    *(f'{part}{name}' for name in _NAMES for part in _PARTS),
)


def _capacity(row: Any) -> Capacity:
    return {
        'systems': {
            'total': row.systems,
            'free': row.free_systems,
            'held': row.held_systems,
        },
        'cpu_cores': {
            'total': row.cpu_cores,
            'free': row.free_cpu_cores,
            'held': row.held_cpu_cores,
        },
        'memory_mib': {
            'total': row.memory_mib,
            'free': row.free_memory_mib,
            'held': row.held_memory_mib,
        },
        'devices': {
            kind: {
                'total': one['total'],
                'free': one['free'],
                'held': one['held'],
                'capacity_gib': {
                    'total': one['capacity_gib'],
                    'free': one['free_capacity_gib'],
                    'held': one['held_capacity_gib'],
                },
            }
            for kind, one in sorted(_devices(row).items())
        },
    }


def of_pod_manager(tx: db.Transaction, podm_uuid: str) -> Capacity:
    """The capacity of one pod manager."""
    return by_pod_manager(tx, [podm_uuid]).get(podm_uuid) or _empty()


def overall(tx: db.Transaction) -> Capacity:
    """The capacity of all pod managers together."""
    return _capacity(types.SimpleNamespace(**_overall(tx).totals()))


def _overall(tx: db.Transaction) -> Sums:
    """The sums of all pod managers.

    The database adds up the counters of each shape: nothing is read of each
    pod manager, and there is no sum that all of them would change.
    """
    count = models.Count
    free = sa.case((count.reserved_to.is_(None), count.free), else_=0)
    numbers = count.total, free, count.nodes, count.held
    query = sa.select(
        # MariaDB returns decimals.
        count.shape_uuid,
        *(sa.cast(sa.func.sum(one), sa.BigInteger) for one in numbers),
    ).group_by(count.shape_uuid)
    found = {
        uuid: Tally(*tally) for uuid, *tally in tx.connection.execute(query)
    }
    sums = Sums()
    for shape in shapes.load(tx, found):
        sums.add(shape, Group('', shape.uuid, [], None), found[shape.uuid])
    return sums


def sample(taken_at: datetime.datetime) -> None:
    """Store the sums of all pod managers, unless they are stored already.

    :param taken_at: the time for which they are stored.
    """
    model = models.CapacitySample
    with db.reader() as tx:
        if tx.get(model, taken_at=taken_at) is not None:
            return
        found = _overall(tx)
    _store(taken_at, found)


@db.transaction
def _store(
    tx: db.Transaction, taken_at: datetime.datetime, found: Sums
) -> None:
    row = {'taken_at': taken_at, **found.totals()}
    tx.create_missing(models.CapacitySample, [row])
