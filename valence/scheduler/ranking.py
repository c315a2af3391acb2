# SPDX-License-Identifier: Apache-2.0
"""Selecting the hardware of a node, from the database alone.

The conductor, which allocates the selected hardware, and the preview of the
API, which has no side effects, use the same code.
"""

import dataclasses
import datetime
import functools
import random
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterable
from typing import cast

import sqlalchemy as sa
from oslo_config import cfg
from stevedore import named

from valence.db import access
from valence.db import api as db
from valence.db import capacity
from valence.db.sqlalchemy import models
from valence.scheduler import explanation
from valence.scheduler import filters
from valence.scheduler import selection
from valence.scheduler import weighers
from valence.scheduler.affinity import Affinity
from valence.scheduler.request import Choice
from valence.scheduler.request import Ranking
from valence.scheduler.request import Rejection
from valence.scheduler.request import Request

# The filter that always comes first: its rejections must be hidden from the
# project.
ACCESS = 'access'


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


def _any(choice: Choice) -> bool:
    return True


def rank(
    tx: db.Transaction,
    request: Request,
    enough: int = 1,
    suits: Callable[[Choice], bool] = _any,
) -> Ranking:
    """Select hardware on each pod manager, or find out why there is none.

    :param enough: stop after so many choices that suit.
    :param suits: whether a choice does; those that do not come last.
    """
    ranking = Ranking()
    request = dataclasses.replace(
        request, granted=access.granted(tx, request.project_id)
    )
    podm = models.PodManager
    only = [podm.uuid == request.podm_uuid] if request.podm_uuid else []
    podms = tx.list(podm, *only, order=[podm.name]).all()
    accepted = []
    for row in podms:
        rejection = apply_filters(row, request)
        if rejection:
            ranking.rejections.append(rejection)
        else:
            accepted.append(row)
    affinity = Affinity(tx, request.affinity)
    others = []
    for row in _weighed(tx, accepted, request):
        result = selection.select(tx, row, request, affinity)
        if isinstance(result, Rejection):
            ranking.rejections.append(result)
            continue
        if not suits(result):
            others.append(result)
            continue
        ranking.choices.append(result)
        if len(ranking.choices) == enough:
            break
    ranking.choices += others
    return ranking


def choose(
    tx: db.Transaction,
    request: Request,
    suits: Callable[[Choice], bool] = _any,
) -> Choice:
    """Select the best hardware for a request.

    :param suits: whether a choice does; others are returned if none does.
    :raises NoCapacity: with the commonest reasons.
    """
    attempts = cfg.CONF.scheduler.max_attempts
    ranking = Ranking()
    if len(request.refused) < attempts:
        ranking = rank(tx, request, suits=suits)
    if ranking.choices:
        return ranking.choices[0]
    # Pod managers that a project may not use are hidden from it, unless the
    # request names one.
    hidden = () if request.podm_uuid else (ACCESS,)
    raise explanation.no_capacity(request, ranking, hidden)


def apply_filters(
    podm: models.PodManager, request: Request
) -> Rejection | None:
    """The rejection by the first filter that rejects a pod manager."""
    configured = _filters(tuple(cfg.CONF.scheduler.filters))
    for name, reject in (
        (ACCESS, filters.access),
        *configured.items(),
        ('register', filters.register),
    ):
        reason = reject(podm, request)
        if reason:
            return Rejection(podm.uuid, podm.name, name, reason)
    return None


def _weighed(
    tx: db.Transaction, podms: list[models.PodManager], request: Request
) -> list[models.PodManager]:
    """The pod managers, best first; those of equal weight in random order.

    Those that refused a combination of this request, or of another one not
    long ago, come last.
    """
    nodes = _count(tx, models.Node)
    free = _count(
        tx, models.System, *capacity.free(models.System, request.project_id)
    )
    weigh = _weigher(cfg.CONF.scheduler.weigher)
    refusals = Counter(one.podm_uuid for one in request.refused)
    pause = datetime.timedelta(seconds=cfg.CONF.scheduler.refusal_seconds)
    recent = tx.now() - pause
    random.shuffle(podms)
    return sorted(
        podms,
        key=lambda podm: (
            refusals[podm.uuid],
            podm.refused_at is not None and podm.refused_at > recent,
            -weigh(
                podm,
                weighers.Use(nodes.get(podm.uuid, 0), free.get(podm.uuid, 0)),
            ),
        ),
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
