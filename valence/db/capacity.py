# SPDX-License-Identifier: Apache-2.0
"""How much hardware there is, and how much of it is free."""

import functools
from collections.abc import Iterable
from typing import Literal
from typing import TypedDict

import sqlalchemy as sa

from valence.db import api as db
from valence.db import shares
from valence.db import statements
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable
from valence.db.sqlalchemy.observed import Observed


class Amount(TypedDict):
    """A number, or a sum in the unit of its column."""

    total: int
    free: int


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


def free(
    model: type[Allocatable], project_id: str | None = None
) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions under which a system or device is free.

    :param project_id: what is reserved to this project is free for it.
    """
    unreserved: sa.ColumnElement[bool] = model.reserved_to.is_(None)
    if project_id is not None:
        unreserved = sa.or_(unreserved, model.reserved_to == project_id)
    shareable = [shares.is_available()] if model is models.Device else []
    return (
        *shareable,
        model.state == 'free',
        model.missing_since.is_(None),
        model.node_uuid.is_(None),
        unreserved,
    )


def _sum(
    amount: sa.SQLColumnExpression[int],
    condition: sa.ColumnElement[bool] | None = None,
) -> sa.ColumnElement[int]:
    if condition is not None:
        amount = sa.case((condition, amount), else_=0)
    # MariaDB returns decimals.
    return sa.cast(sa.func.coalesce(sa.func.sum(amount), 0), sa.BigInteger)


@functools.cache
def _systems(of_one: bool) -> statements.Select:
    system = models.System
    amounts: dict[str, sa.SQLColumnExpression[int]] = {
        'systems': sa.literal(1),
        'cpu_cores': system.cpu_cores,
        'memory_mib': system.memory_mib,
    }
    is_free = sa.and_(*free(system))
    query = (
        sa.select(
            system.podm_uuid,
            *(_sum(amount).label(name) for name, amount in amounts.items()),
            *(
                _sum(amount, is_free).label(f'free_{name}')
                for name, amount in amounts.items()
            ),
        )
        .where(system.missing_since.is_(None))
        .group_by(system.podm_uuid)
    )
    return query.where(_of(system)) if of_one else query


@functools.cache
def _devices(of_one: bool) -> statements.Select:
    device = models.Device
    is_free, one = sa.and_(*free(device)), sa.literal(1)
    query = (
        sa.select(
            device.podm_uuid,
            device.type,
            _sum(one).label('total'),
            _sum(one, is_free).label('free'),
            _sum(device.capacity_gib).label('size'),
            _sum(device.capacity_gib, is_free).label('free_size'),
        )
        .where(device.missing_since.is_(None))
        .group_by(device.podm_uuid, device.type)
        .order_by(device.type)
    )
    return query.where(_of(device)) if of_one else query


def _of(model: type[Observed]) -> sa.ColumnElement[bool]:
    return model.podm_uuid == sa.bindparam('podm_uuid')


def _none() -> Amount:
    return {'total': 0, 'free': 0}


def _empty() -> Capacity:
    return {
        'systems': _none(),
        'cpu_cores': _none(),
        'memory_mib': _none(),
        'devices': {},
    }


def by_pod_manager(
    tx: db.Transaction, podm_uuid: str | None = None
) -> dict[str, Capacity]:
    """The capacity of each pod manager that has hardware, by its UUID.

    :param podm_uuid: only this pod manager.
    """
    values = {} if podm_uuid is None else {'podm_uuid': podm_uuid}
    found: dict[str, Capacity] = {}
    for row in tx.connection.execute(_systems(bool(values)), values):
        one = found[row.podm_uuid] = _empty()
        for name in _NAMES:
            one[name] = {
                'total': int(getattr(row, name)),
                'free': int(getattr(row, f'free_{name}')),
            }
    for row in tx.connection.execute(_devices(bool(values)), values):
        one = found.setdefault(row.podm_uuid, _empty())
        one['devices'][row.type] = {
            'total': int(row.total),
            'free': int(row.free),
            'capacity_gib': {
                'total': int(row.size),
                'free': int(row.free_size),
            },
        }
    return found


def of_pod_manager(tx: db.Transaction, podm_uuid: str) -> Capacity:
    """The capacity of one pod manager."""
    return by_pod_manager(tx, podm_uuid).get(podm_uuid) or _empty()


def total(capacities: Iterable[Capacity]) -> Capacity:
    """The sum of the capacities of several pod managers."""
    result = _empty()
    devices: dict[str, DeviceCapacity] = {}
    for one in capacities:
        for name in _NAMES:
            _add(result[name], one[name])
        for kind, amount in one['devices'].items():
            into = devices.setdefault(
                kind, {**_none(), 'capacity_gib': _none()}
            )
            _add(into, amount)
            _add(into['capacity_gib'], amount['capacity_gib'])
    result['devices'] = dict(sorted(devices.items()))
    return result


def _add(into: Amount, amount: Amount) -> None:
    into['total'] += amount['total']
    into['free'] += amount['free']
