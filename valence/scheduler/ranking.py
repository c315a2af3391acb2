# SPDX-License-Identifier: Apache-2.0
"""Selecting the hardware of a node, from the database alone.

The conductor, which allocates the selected hardware, and the preview of the
API, which has no side effects, use the same code.
"""

import dataclasses
import functools
import random
from collections.abc import Iterable
from collections.abc import Sequence
from typing import cast

import sqlalchemy as sa
from oslo_config import cfg
from stevedore import named

from valence import objects
from valence.common import exception
from valence.common.types import Requirements
from valence.db import access
from valence.db import api as db
from valence.db import capacity
from valence.db.sqlalchemy import models
from valence.scheduler import filters
from valence.scheduler import fitting
from valence.scheduler import weighers
from valence.scheduler.affinity import Affinity
from valence.scheduler.request import Choice
from valence.scheduler.request import Ranking
from valence.scheduler.request import Rejection
from valence.scheduler.request import Request

# Selects at random among so many systems of the same size, so that concurrent
# requests rarely select the same one.
_TIE_BREAK = 8

# The filter that always comes first: its rejections must be hidden from the
# project.
ACCESS = 'access'

# The properties from the vendor are large, and no requirement needs them.
_COLUMNS = tuple(
    name
    for name in objects.System.fields
    if name not in ('properties', 'created_at', 'updated_at')
)


def _plugins(kind: str, names: list[str]) -> dict[str, object]:
    """The entry points of one kind by name, in the order of the names."""
    manager: named.NamedExtensionManager[object] = named.NamedExtensionManager(
        f'valence.scheduler.{kind}',
        names,
        name_order=True,
        on_missing_entrypoints_callback=_missing,
    )
    return {extension.name: extension.plugin for extension in manager}


@functools.cache
def _filters(names: tuple[str, ...]) -> dict[str, filters.Filter]:
    plugins = _plugins('filters', list(names))
    return cast(dict[str, filters.Filter], plugins)


@functools.cache
def _weigher(name: str) -> weighers.Weigher:
    return cast(weighers.Weigher, _plugins('weighers', [name])[name])


def _missing(names: Iterable[str]) -> None:
    raise ValueError(
        f'[scheduler] names plug-ins that are not installed: '
        f'{", ".join(sorted(names))}'
    )


def rank(tx: db.Transaction, request: Request, enough: int = 1) -> Ranking:
    """Select hardware on each pod manager, or find out why there is none.

    :param enough: stop after so many choices.
    """
    ranking = Ranking()
    request = dataclasses.replace(
        request, granted=access.granted(tx, request.project_id)
    )
    podm = models.PodManager
    wanted = [podm.uuid == request.podm_uuid] if request.podm_uuid else []
    podms = tx.list(podm, *wanted, order=[podm.name]).all()
    accepted = []
    for row in podms:
        rejection = apply_filters(row, request)
        if rejection:
            ranking.rejections.append(rejection)
        else:
            accepted.append(row)
    affinity = Affinity(tx, request.affinity)
    for row in _weighed(tx, accepted, request):
        result = _select(tx, row, request, affinity)
        if isinstance(result, Rejection):
            ranking.rejections.append(result)
            continue
        ranking.choices.append(result)
        if len(ranking.choices) == enough:
            break
    return ranking


def choose(tx: db.Transaction, request: Request) -> Choice:
    """Select the best hardware for a request.

    :raises NoCapacity: with the reason of each pod manager.
    """
    ranking = rank(tx, request)
    if ranking.choices:
        return ranking.choices[0]
    # Pod managers that a project may not use are hidden from it, unless the
    # request names one.
    reasons = [
        f'{rejection.name}: {rejection.reason}'
        for rejection in ranking.rejections
        if rejection.filter != ACCESS or request.podm_uuid
    ]
    failed = [f'system {uuid}: {why}' for uuid, why in request.excluded]
    summary = ['other systems could not be composed'] if failed else []
    failure = exception.NoCapacity(reason=_join(reasons + failed))
    failure.user_message = str(
        exception.NoCapacity(reason=_join(reasons + summary))
    )
    raise failure


def _join(reasons: list[str]) -> str:
    return '; '.join(reasons) or 'no pod manager is registered'


def apply_filters(
    podm: models.PodManager, request: Request
) -> Rejection | None:
    """The rejection by the first filter that rejects a pod manager."""
    configured = _filters(tuple(cfg.CONF.scheduler.filters))
    for name, reject in ((ACCESS, filters.access), *configured.items()):
        reason = reject(podm, request)
        if reason:
            return Rejection(podm.uuid, podm.name, name, reason)
    return None


def _weighed(
    tx: db.Transaction, podms: list[models.PodManager], request: Request
) -> list[models.PodManager]:
    """The pod managers, best first; those of equal weight in random order."""
    nodes = _count(tx, models.Node)
    free = _count(
        tx, models.System, *capacity.free(models.System, request.project_id)
    )
    weigh = _weigher(cfg.CONF.scheduler.weigher)
    random.shuffle(podms)
    return sorted(
        podms,
        key=lambda podm: weigh(
            podm,
            weighers.Use(nodes.get(podm.uuid, 0), free.get(podm.uuid, 0)),
        ),
        reverse=True,
    )


def _count(
    tx: db.Transaction,
    model: type[models.Node] | type[models.System],
    *conditions: sa.ColumnElement[bool],
) -> dict[str | None, int]:
    """The number of rows by pod manager."""
    query = (
        sa.select(model.podm_uuid, sa.func.count())
        .where(*conditions)
        .group_by(model.podm_uuid)
    )
    return {uuid: count for uuid, count in tx.connection.execute(query)}


def _select(
    tx: db.Transaction,
    podm: models.PodManager,
    request: Request,
    affinity: Affinity,
) -> Choice | Rejection:
    """Select the smallest system of a pod manager that satisfies a request."""
    devices = _devices(tx, podm, request)
    found: list[tuple[models.System, tuple[models.Device, ...]]] = []
    for row in _systems(
        tx, podm, request, *fitting.conditions(request.wanted)
    ):
        if found and _size(row) != _size(found[0][0]):
            break
        match = _match(request, row, devices, affinity)
        if match.shortage is None:
            found.append((row, match.devices))
            if len(found) == _TIE_BREAK:
                break
    if not found:
        rows = _systems(tx, podm, request)
        return _rejection(podm, request, rows, devices, affinity)
    system, attached = random.choice(found)  # noqa: S311
    return Choice(
        podm.uuid,
        system.uuid,
        system.resource_uri,
        {device.uuid: device.resource_uri for device in attached},
    )


def _rejection(
    podm: models.PodManager,
    request: Request,
    systems: Sequence[models.System],
    devices: Sequence[models.Device],
    affinity: Affinity,
) -> Rejection:
    """Why none of the free systems of a pod manager satisfies a request."""
    shortages = dict.fromkeys(
        str(_match(request, row, devices, affinity).shortage)
        for row in systems
    )
    reason = 'no system is free'
    if systems:
        last = ', '.join(list(shortages)[-5:])
        reason = f'none of {len(systems)} free systems fits: {last}'
    return Rejection(
        podm.uuid,
        podm.name,
        'capacity',
        reason,
        _nearest(request, systems, devices, affinity),
    )


def _systems(
    tx: db.Transaction,
    podm: models.PodManager,
    request: Request,
    *conditions: sa.ColumnElement[bool],
) -> Sequence[models.System]:
    """The free systems of a pod manager, the smallest first."""
    system = models.System
    excluded = [uuid for uuid, _ in request.excluded]
    if request.resources:
        conditions = (*conditions, system.uuid.in_(request.resources))
    return tx.list(
        system,
        *capacity.free(system, request.project_id),
        *conditions,
        system.uuid.not_in(excluded),
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
    devices: Sequence[models.Device],
    affinity: Affinity,
) -> fitting.Match:
    """Match a request with one system and the free devices."""
    reason = affinity.rejection_reason(system)
    if reason:
        return fitting.Match(shortage=reason)
    if not request.resources:
        return fitting.match(request.wanted, system, devices)
    wanted = {uuid for uuid in request.resources if uuid != system.uuid}
    missing = wanted - {device.uuid for device in devices}
    if missing:
        uuids = ', '.join(sorted(missing))
        return fitting.Match(shortage=f'not free on this pod manager: {uuids}')
    return fitting.Match(tuple(devices))


def _devices(
    tx: db.Transaction, podm: models.PodManager, request: Request
) -> Sequence[models.Device]:
    """The free devices of a pod manager that may meet a requirement."""
    device = models.Device
    if request.resources:
        only = [device.uuid.in_(request.resources)]
    elif any(request.wanted.get(group) for group in fitting.GROUPS):
        only = []
    else:
        return []
    return tx.list(
        device,
        *capacity.free(device, request.project_id),
        *only,
        podm_uuid=podm.uuid,
        order=[device.capacity_gib, device.uuid],
    ).all()


def _size(row: models.System) -> tuple[int, ...]:
    return row.cpu_cores, row.memory_mib, row.storage_gib


def _nearest(
    request: Request,
    systems: Sequence[models.System],
    devices: Sequence[models.Device],
    affinity: Affinity,
) -> Requirements | None:
    """The largest similar requirements that one of the systems can meet."""
    suitable = [
        row for row in systems if affinity.rejection_reason(row) is None
    ]
    if not suitable or request.resources:
        return None
    best = max(
        suitable,
        key=lambda row: fitting.nearness(request.wanted, row, devices),
    )
    return fitting.nearest(request.wanted, best, devices)
