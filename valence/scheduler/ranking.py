# SPDX-License-Identifier: Apache-2.0
"""Choosing where a node is composed, from the database alone.

The same code serves the conductor, which claims what was chosen, and the
preview of the API, which has no side effects.
"""

import dataclasses
import functools
import random
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from stevedore import named

from valence import objects
from valence.common import exception
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
from valence.scheduler.request import Refusal
from valence.scheduler.request import Request

# Systems of about the same size are chosen from at random, so that requests
# that arrive together do not all run for the same one.
_AMONG = 8


# The filter that always comes first: what it sorts out is not to be spoken of
# to the project.
ACCESS = 'access'


_NOT_READ = ('properties', 'created_at', 'updated_at')


@functools.cache
def _plugins(kind: str, names: tuple[str, ...]) -> list[Any]:
    """The entry points of one kind, in the order of their names."""
    manager: Any = named.NamedExtensionManager(
        f'valence.scheduler.{kind}',
        list(names),
        name_order=True,
        on_missing_entrypoints_callback=_missing,
    )
    return list(manager)


def _missing(names: Iterable[str]) -> None:
    raise ValueError(
        f'[scheduler] names what is not installed: {", ".join(sorted(names))}'
    )


def rank(tx: db.Transaction, request: Request, enough: int = 1) -> Ranking:
    """The places for a request, and why the others are none.

    :param enough: stop after so many choices.
    """
    ranking = Ranking()
    request = dataclasses.replace(
        request, granted=access.granted(tx, request.project_id)
    )
    where: dict[str, Any] = {}
    if request.podm_uuid is not None:
        where['uuid'] = request.podm_uuid
    podms = tx.list(
        models.PodManager, order=[models.PodManager.name], **where
    ).all()
    usable = []
    for podm in podms:
        refusal = _sort_out(podm, request)
        if refusal:
            ranking.refusals.append(refusal)
        else:
            usable.append(podm)
    near = Affinity(tx, request.affinity)
    for podm in _by_weight(tx, usable, request):
        choice = _place(tx, podm, request, near)
        if isinstance(choice, Choice):
            ranking.choices.append(choice)
            if len(ranking.choices) == enough:
                break
        else:
            ranking.refusals.append(choice)
    return ranking


def choose(tx: db.Transaction, request: Request) -> Choice:
    """The best place for a request.

    :raises NoCapacity: telling for every pod manager why it is none.
    """
    ranking = rank(tx, request)
    if ranking.choices:
        return ranking.choices[0]
    # What a project may not use is not there for it, unless it was named.
    reasons = [
        f'{refusal.name}: {refusal.reason}'
        for refusal in ranking.refusals
        if refusal.filter != ACCESS or request.podm_uuid
    ]
    full = [f'system {uuid}: {why}' for uuid, why in request.excluded]
    plain = ['other systems turned out not to do'] if full else []
    failure = exception.NoCapacity(reason=_words(reasons + full))
    failure.user_message = str(
        exception.NoCapacity(reason=_words(reasons + plain))
    )
    raise failure


def _words(reasons: list[str]) -> str:
    return '; '.join(reasons) or 'no pod manager is registered'


def _sort_out(podm: Any, request: Request) -> Refusal | None:
    reason = filters.access(podm, request)
    if reason:
        return Refusal(podm.uuid, podm.name, ACCESS, reason)
    for plugin in _plugins('filters', tuple(cfg.CONF.scheduler.filters)):
        reason = plugin.plugin(podm, request)
        if reason:
            return Refusal(podm.uuid, podm.name, plugin.name, reason)
    return None


def _by_weight(
    tx: db.Transaction, podms: list[Any], request: Request
) -> list[Any]:
    """The pod managers, best first; equals in any order."""
    nodes = _counts(tx, models.Node)
    free = _counts(
        tx, models.System, *capacity.free(models.System, request.project_id)
    )
    weigh: Callable[..., float] = _plugins(
        'weighers', (cfg.CONF.scheduler.weigher,)
    )[0].plugin
    random.shuffle(podms)
    return sorted(
        podms,
        key=lambda podm: weigh(
            podm,
            weighers.Use(nodes.get(podm.uuid, 0), free.get(podm.uuid, 0)),
        ),
        reverse=True,
    )


def _counts(
    tx: db.Transaction, model: Any, *conditions: sa.ColumnElement[bool]
) -> dict[str, int]:
    query = (
        sa.select(model.podm_uuid, sa.func.count())
        .where(*conditions)
        .group_by(model.podm_uuid)
    )
    return {uuid: count for uuid, count in tx.connection.execute(query)}


# What is looked at of a system; its vendor's words are long.
_COLUMNS = tuple(
    name for name in objects.System.fields if name not in _NOT_READ
)


def _place(
    tx: db.Transaction, podm: Any, request: Request, near: 'Affinity'
) -> Choice | Refusal:
    """The best system of one pod manager, or why there is none."""
    devices = _devices(tx, podm, request)
    found: list[tuple[Any, tuple[Any, ...]]] = []
    for row in _systems(
        tx, podm, request, *fitting.conditions(request.wanted)
    ):
        if found and _size(row) != _size(found[0][0]):
            break
        match = _match(request, row, devices, near)
        if match.shortage is None:
            found.append((row, match.devices))
            if len(found) == _AMONG:
                break
    if found:
        row, joined = random.choice(found)  # noqa: S311
        return Choice(
            podm.uuid,
            row.uuid,
            row.resource_uri,
            {device.uuid: device.resource_uri for device in joined},
        )
    rows = _systems(tx, podm, request)
    reasons = dict.fromkeys(
        str(_match(request, row, devices, near).shortage) for row in rows
    )
    reason = f'none of {len(rows)} free systems fits: ' + ', '.join(
        list(reasons)[-5:]
    )
    return Refusal(
        podm.uuid,
        podm.name,
        'capacity',
        reason if rows else 'no system is free',
        _nearest(request, rows, devices, near),
    )


def _systems(
    tx: db.Transaction,
    podm: Any,
    request: Request,
    *conditions: sa.ColumnElement[bool],
) -> list[Any]:
    """The free systems of a pod manager, the smallest first."""
    system = models.System
    excluded = [uuid for uuid, _ in request.excluded]
    if request.resources:
        conditions = (*conditions, system.uuid.in_(request.resources))
    rows = tx.list(
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
    )
    return list(rows.all())


def _match(
    request: Request, system: Any, devices: list[Any], near: 'Affinity'
) -> fitting.Match:
    reason = near.against(system)
    if reason:
        return fitting.Match(shortage=reason)
    if not request.resources:
        return fitting.match(request.wanted, system, devices)
    wanted = {uuid for uuid in request.resources if uuid != system.uuid}
    lacking = wanted - {device.uuid for device in devices}
    if lacking:
        words = ', '.join(sorted(lacking))
        return fitting.Match(shortage=f'not free on this pod manager: {words}')
    return fitting.Match(tuple(devices))


def _devices(tx: db.Transaction, podm: Any, request: Request) -> list[Any]:
    """The free devices of a pod manager that may be of use."""
    device = models.Device
    if request.resources:
        only = [device.uuid.in_(request.resources)]
    elif any(
        request.wanted.get(group)
        for group in ('storage', 'network', 'pci_devices')
    ):
        only = []
    else:
        return []
    return list(
        tx.list(
            device,
            *capacity.free(device, request.project_id),
            *only,
            podm_uuid=podm.uuid,
            order=[device.capacity_gib, device.uuid],
        ).all()
    )


def _size(row: Any) -> tuple[int, ...]:
    return row.cpu_cores, row.memory_mib, row.storage_gib


def _nearest(
    request: Request, rows: Any, devices: list[Any], near: 'Affinity'
) -> dict[str, Any] | None:
    """The most of what is wanted that the best of the systems has."""
    suitable = [row for row in rows if near.against(row) is None]
    if not suitable or request.resources:
        return None
    best = max(
        suitable,
        key=lambda row: fitting.nearness(request.wanted, row, devices),
    )
    return fitting.nearest(request.wanted, best, devices)
