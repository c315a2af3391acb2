# SPDX-License-Identifier: Apache-2.0
"""How much there is, and how much of it is free."""

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


def capacity(
    tx: db.Transaction, podm_uuid: str | None = None
) -> dict[str, Any]:
    """What a pod manager, or all of them, have: total and free.

    Cores are counted, memory is in MiB, capacities of devices in GiB.
    """
    system, device = models.System, models.Device
    where = [] if podm_uuid is None else [system.podm_uuid == podm_uuid]
    amounts = {
        'systems': sa.literal(1),
        'cpu_cores': system.cpu_cores,
        'memory_mib': system.memory_mib,
    }
    row = tx.connection.execute(
        sa.select(
            *(_sum(amount) for amount in amounts.values()),
            *(
                _sum(amount, sa.and_(*free(system)))
                for amount in amounts.values()
            ),
        ).where(system.missing_since.is_(None), *where)
    ).one()
    half = len(amounts)
    result: dict[str, Any] = {
        name: {'total': int(row[n]), 'free': int(row[half + n])}
        for n, name in enumerate(amounts)
    }
    where = [] if podm_uuid is None else [device.podm_uuid == podm_uuid]
    one = sa.literal(1)
    rows = tx.connection.execute(
        sa.select(
            device.type,
            _sum(one),
            _sum(one, sa.and_(*free(device))),
            _sum(device.capacity_gib),
            _sum(device.capacity_gib, sa.and_(*free(device))),
        )
        .where(device.missing_since.is_(None), *where)
        .group_by(device.type)
        .order_by(device.type)
    )
    result['devices'] = {
        kind: {
            'total': int(total),
            'free': int(free),
            'capacity_gib': {'total': int(size), 'free': int(free_size)},
        }
        for kind, total, free, size, free_size in rows
    }
    return result
