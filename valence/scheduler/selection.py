# SPDX-License-Identifier: Apache-2.0
"""Selecting the system and the devices of a node on one pod manager."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from valence import objects
from valence.common.types import Requirements
from valence.db import api as db
from valence.db import capacity
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy.observed import Allocatable
from valence.scheduler import fitting
from valence.scheduler.affinity import Affinity
from valence.scheduler.request import Choice
from valence.scheduler.request import Rejection
from valence.scheduler.request import Request

# Selects at random among so many systems of the same size, so that concurrent
# requests rarely select the same one.
_TIE_BREAK = 8

# The properties from the vendor are large, and no requirement needs them.
_COLUMNS = tuple(
    name
    for name in objects.System.fields
    if name not in ('properties', 'created_at', 'updated_at')
)


class _Pool(NamedTuple):
    """The free devices of a pod manager that may meet a requirement.

    :param zoned: whether the pod manager joins only what is in one zone.
    """

    devices: Sequence[models.Device]
    zoned: bool


def select(
    tx: db.Transaction,
    podm: models.PodManager,
    request: Request,
    affinity: Affinity,
) -> Choice | Rejection:
    """Select the smallest system of a pod manager that satisfies a request.

    What was refused less often comes first.
    """
    pool = _pool(tx, podm, request)
    found: list[tuple[models.System, tuple[models.Device, ...]]] = []
    rows = _systems(
        tx, podm, request, *fitting.conditions(request.requirements)
    )
    for row in sorted(rows, key=lambda row: _order(row, request, pool)):
        if found and (
            _order(row, request, pool) != _order(found[0][0], request, pool)
        ):
            break
        match = _match(request, row, pool, affinity)
        if match.shortage is None:
            found.append((row, match.devices))
            if len(found) == _TIE_BREAK:
                break
    if not found:
        rows = _systems(tx, podm, request)
        return _rejection(podm, request, rows, pool, affinity)
    system, attached = random.choice(found)  # noqa: S311
    return Choice(
        podm.uuid,
        system.uuid,
        system.resource_uri,
        {device.uuid: device.resource_uri for device in attached},
    )


def _order(
    row: models.System, request: Request, pool: _Pool
) -> tuple[int | bool, ...]:
    """The least refused system comes first, then the smallest.

    One with accelerators is spared for those who request them.

    Where there are zones, some services compose nothing of a system in none.
    """
    refused = sum(one.system_uuid == row.uuid for one in request.refused)
    size = row.cpu_cores, row.memory_mib, row.storage_gib
    extra = len(row.accelerators or ())
    return refused, pool.zoned and not row.zones, extra, *size


def _rejection(
    podm: models.PodManager,
    request: Request,
    systems: Sequence[models.System],
    pool: _Pool,
    affinity: Affinity,
) -> Rejection:
    """Why none of the free systems of a pod manager satisfies a request."""
    shortages = Counter(
        str(_match(request, row, pool, affinity).shortage) for row in systems
    )
    reason = 'no system is free'
    if systems:
        commonest = ', '.join(one for one, _ in shortages.most_common(3))
        reason = f'none of {len(systems)} free systems fits: {commonest}'
    nearest, nearness = _nearest(request, systems, pool, affinity)
    return Rejection(
        podm.uuid,
        podm.name,
        'capacity',
        reason,
        nearest,
        nearness,
        len(systems),
        dict(shortages),
    )


def _systems(
    tx: db.Transaction,
    podm: models.PodManager,
    request: Request,
    *conditions: sa.ColumnElement[bool],
) -> Sequence[models.System]:
    """The free systems of a pod manager, the smallest first."""
    system = models.System
    if request.resources:
        conditions = (*conditions, system.uuid.in_(request.resources))
    return tx.list(
        system,
        *capacity.free(system, request.project_id),
        *conditions,
        podm_uuid=podm.uuid,
        only=_COLUMNS,
        order=[
            system.cpu_cores,
            system.memory_mib,
            system.storage_gib,
            system.uuid,
        ],
    ).all()


def _match(
    request: Request,
    system: models.System,
    pool: _Pool,
    affinity: Affinity,
) -> fitting.Match:
    """Match a request with one system and the free devices."""
    reason = affinity.rejection_reason(system)
    if reason:
        return fitting.Match(shortage=reason)
    refused = {
        one.devices
        for one in request.refused
        if one.system_uuid == system.uuid
    }
    if not request.resources:
        return fitting.match(
            request.requirements, system, pool.devices, pool.zoned, refused
        )
    return _match_exact(request, system, pool, refused)


def _match_exact(
    request: Request,
    system: models.System,
    pool: _Pool,
    refused: set[frozenset[str]],
) -> fitting.Match:
    """Match the resources that a request names with one of its systems."""
    requested = {uuid for uuid in request.resources if uuid != system.uuid}
    devices = list(pool.devices)
    missing = requested - {device.uuid for device in devices}
    if missing:
        uuids = ', '.join(sorted(missing))
        return fitting.Match(shortage=f'not free on this pod manager: {uuids}')
    if devices not in fitting.joinable(system, devices, pool.zoned):
        return fitting.Match(shortage='is in no zone with all of the devices')
    if frozenset(requested) in refused:
        return fitting.Match(shortage=fitting.REFUSED)
    return fitting.Match(tuple(devices))


def _pool(
    tx: db.Transaction, podm: models.PodManager, request: Request
) -> _Pool:
    device = models.Device
    if request.resources:
        only = [device.uuid.in_(request.resources)]
    elif any(request.requirements.get(group) for group in fitting.GROUPS):
        only = []
    else:
        return _Pool([], _has_zones(tx, models.System, podm))
    rows = tx.list(
        device,
        *capacity.free(device, request.project_id),
        *only,
        podm_uuid=podm.uuid,
        order=[device.capacity_gib, device.uuid],
    ).all()
    refused = [uuid for one in request.refused for uuid in one.devices]
    return _Pool(
        sorted(rows, key=lambda row: refused.count(row.uuid)),
        any(
            _has_zones(tx, model, podm)
            for model in (models.System, models.Device)
        ),
    )


def _has_zones(
    tx: db.Transaction,
    model: type[Allocatable],
    podm: models.PodManager,
) -> bool:
    """Whether some hardware of a pod manager is in a zone."""
    listed = sa.cast(model.zones, sa.String(8)) != '[]'
    query = sa.select(model.uuid).where(
        model.podm_uuid == podm.uuid, model.missing_since.is_(None), listed
    )
    return tx.connection.execute(query.limit(1)).first() is not None


def _nearest(
    request: Request,
    systems: Sequence[models.System],
    pool: _Pool,
    affinity: Affinity,
) -> tuple[Requirements | None, float]:
    """The largest similar requirements that one of the systems can meet.

    :returns: also how near that is, from 0 to 1.
    """
    suitable = [
        row for row in systems if affinity.rejection_reason(row) is None
    ]
    if not suitable or request.resources:
        return None, 0.0
    nearness = [
        fitting.nearness(request.requirements, row, *pool) for row in suitable
    ]
    best = max(nearness)
    row = suitable[nearness.index(best)]
    return fitting.nearest(request.requirements, row, *pool), best
