# SPDX-License-Identifier: Apache-2.0
"""How much there is, and how much of it is free."""

import functools
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from valence.db import api as db
from valence.db.sqlalchemy import models


def free(
    model: Any, project_id: str | None = None
) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions under which a system or device can be had.

    :param project_id: by whom: what is reserved to a project is free for it.
    """
    unreserved = model.reserved_to.is_(None)
    if project_id is not None:
        unreserved = sa.or_(unreserved, model.reserved_to == project_id)
    return (
        model.state == 'free',
        model.missing_since.is_(None),
        model.node_uuid.is_(None),
        unreserved,
    )


def _sum(amount: Any, condition: Any = None) -> sa.ColumnElement[int]:
    if condition is not None:
        amount = sa.case((condition, amount), else_=0)
    # MariaDB gives decimals.
    return sa.cast(sa.func.coalesce(sa.func.sum(amount), 0), sa.BigInteger)


@functools.cache
def _systems(of_one: bool) -> Any:
    system = models.System
    amounts = {
        'systems': sa.literal(1),
        'cpu_cores': system.cpu_cores,
        'memory_mib': system.memory_mib,
    }
    here = sa.and_(*free(system))
    query = (
        sa.select(
            system.podm_uuid,
            *(_sum(amount).label(name) for name, amount in amounts.items()),
            *(
                _sum(amount, here).label(f'free_{name}')
                for name, amount in amounts.items()
            ),
        )
        .where(system.missing_since.is_(None))
        .group_by(system.podm_uuid)
    )
    return query.where(_of(system)) if of_one else query


@functools.cache
def _devices(of_one: bool) -> Any:
    device = models.Device
    here, one = sa.and_(*free(device)), sa.literal(1)
    query = (
        sa.select(
            device.podm_uuid,
            device.type,
            _sum(one).label('total'),
            _sum(one, here).label('free'),
            _sum(device.capacity_gib).label('size'),
            _sum(device.capacity_gib, here).label('free_size'),
        )
        .where(device.missing_since.is_(None))
        .group_by(device.podm_uuid, device.type)
        .order_by(device.type)
    )
    return query.where(_of(device)) if of_one else query


def _of(model: type[models.Observed]) -> sa.ColumnElement[bool]:
    return model.podm_uuid == sa.bindparam('podm_uuid')


def _empty() -> dict[str, Any]:
    return {
        **{
            name: {'total': 0, 'free': 0}
            for name in ('systems', 'cpu_cores', 'memory_mib')
        },
        'devices': {},
    }


def by_pod_manager(
    tx: db.Transaction, podm_uuid: str | None = None
) -> dict[str, dict[str, Any]]:
    """What each pod manager that has anything has, by its UUID.

    :param podm_uuid: look at this one only.
    """
    values = {} if podm_uuid is None else {'podm_uuid': podm_uuid}
    found: dict[str, dict[str, Any]] = {}
    for row in tx.connection.execute(_systems(bool(values)), values):
        one = found[row.podm_uuid] = _empty()
        for name in ('systems', 'cpu_cores', 'memory_mib'):
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


def capacity(tx: db.Transaction, podm_uuid: str) -> dict[str, Any]:
    """What a pod manager has: total and free.

    Cores are counted, memory is in MiB, capacities of devices in GiB.
    """
    return by_pod_manager(tx, podm_uuid).get(podm_uuid) or _empty()


def together(capacities: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What several pod managers have together."""
    result = _empty()
    for one in capacities:
        _add(result, one)
    result['devices'] = dict(sorted(result['devices'].items()))
    return result


def _add(to: dict[str, Any], what: dict[str, Any]) -> None:
    for name, value in what.items():
        if isinstance(value, dict):
            _add(to.setdefault(name, {}), value)
        else:
            to[name] = to.get(name, 0) + value
