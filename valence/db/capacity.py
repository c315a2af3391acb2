# SPDX-License-Identifier: Apache-2.0
"""How much there is, and how much of it is free."""

import functools
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
def _systems(all_of_them: bool) -> Any:
    system = models.System
    amounts = {
        'systems': sa.literal(1),
        'cpu_cores': system.cpu_cores,
        'memory_mib': system.memory_mib,
    }
    here = sa.and_(*free(system))
    query = sa.select(
        *(_sum(amount).label(name) for name, amount in amounts.items()),
        *(
            _sum(amount, here).label(f'free_{name}')
            for name, amount in amounts.items()
        ),
    ).where(system.missing_since.is_(None))
    return query if all_of_them else query.where(_of(system))


@functools.cache
def _devices(all_of_them: bool) -> Any:
    device = models.Device
    here, one = sa.and_(*free(device)), sa.literal(1)
    query = (
        sa.select(
            device.type,
            _sum(one).label('total'),
            _sum(one, here).label('free'),
            _sum(device.capacity_gib).label('size'),
            _sum(device.capacity_gib, here).label('free_size'),
        )
        .where(device.missing_since.is_(None))
        .group_by(device.type)
        .order_by(device.type)
    )
    return query if all_of_them else query.where(_of(device))


def _of(model: Any) -> sa.ColumnElement[bool]:
    return model.podm_uuid == sa.bindparam('podm_uuid')


def capacity(
    tx: db.Transaction, podm_uuid: str | None = None
) -> dict[str, Any]:
    """What a pod manager, or all of them, have: total and free.

    Cores are counted, memory is in MiB, capacities of devices in GiB.
    """
    values = {} if podm_uuid is None else {'podm_uuid': podm_uuid}
    row = tx.connection.execute(_systems(not values), values).one()
    result: dict[str, Any] = {
        name: {
            'total': int(getattr(row, name)),
            'free': int(getattr(row, f'free_{name}')),
        }
        for name in ('systems', 'cpu_cores', 'memory_mib')
    }
    result['devices'] = {
        row.type: {
            'total': int(row.total),
            'free': int(row.free),
            'capacity_gib': {
                'total': int(row.size),
                'free': int(row.free_size),
            },
        }
        for row in tx.connection.execute(_devices(not values), values)
    }
    return result
