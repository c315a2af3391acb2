# SPDX-License-Identifier: Apache-2.0
"""Selecting the hardware of a node, from the database alone.

The conductor, which allocates the selected hardware, and the preview of the
API, which has no side effects, use the same code.
"""

import dataclasses
import functools
from collections.abc import Callable
from collections.abc import Iterable
from typing import cast

from oslo_config import cfg
from stevedore import named

from valence.db import access
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.scheduler import candidates
from valence.scheduler import explanation
from valence.scheduler import filters
from valence.scheduler import weighers
from valence.scheduler.exact import ExactSelection
from valence.scheduler.request import Choice
from valence.scheduler.request import Ranking
from valence.scheduler.request import Rejection
from valence.scheduler.request import Request
from valence.scheduler.selection import Selection

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
    return _rank(tx, _granted(tx, request), enough, suits)


def _rank(
    tx: db.Transaction,
    request: Request,
    enough: int,
    suits: Callable[[Choice], bool],
) -> Ranking:
    """Rank for a request that has the granted pod managers."""
    ranking = Ranking()
    podm = models.PodManager
    only = [podm.uuid == request.podm_uuid] if request.podm_uuid else []
    podms = tx.list(podm, *only, order=[podm.name]).all()
    request = candidates.with_use(tx, request)
    accepted = _accepted(
        podms, ranking, lambda row: apply_filters(row, request)
    )
    selection = _selection(tx, request)
    selection.read(accepted, request.use)
    suitable = _accepted(accepted, ranking, selection.reject)
    others = []
    for row in candidates.weighed(tx, suitable, request, _configured()):
        result = selection.select(row)
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


def _accepted(
    podms: Iterable[models.PodManager],
    ranking: Ranking,
    reject: Callable[[models.PodManager], Rejection | None],
) -> list[models.PodManager]:
    """The pod managers that are not rejected; adds the other rejections."""
    accepted = []
    for podm in podms:
        rejection = reject(podm)
        if rejection is None:
            accepted.append(podm)
        else:
            ranking.rejections.append(rejection)
    return accepted


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
        request = _granted(tx, request)
        choice = _first(tx, request, suits)
        if choice is not None:
            return choice
        ranking = _rank(tx, request, 1, suits)
    if ranking.choices:
        return ranking.choices[0]
    # Pod managers that a project may not use are hidden from it, unless the
    # request names one.
    hidden = () if request.podm_uuid else (ACCESS,)
    raise explanation.no_capacity(request, ranking, hidden)


def _first(
    tx: db.Transaction, request: Request, suits: Callable[[Choice], bool]
) -> Choice | None:
    """Select the best hardware on the few pod managers that may have it."""
    other = None
    selection = _selection(tx, request)
    for podms in candidates.batches(
        tx, request, selection.conditions, _configured()
    ):
        request = candidates.with_use(tx, request, podms)
        accepted = [row for row in podms if not apply_filters(row, request)]
        selection.read(accepted, request.use)
        for row in candidates.weighed(tx, accepted, request, _configured()):
            result = selection.select(row)
            if isinstance(result, Choice):
                if suits(result):
                    return result
                other = other or result
    return other


def _granted(tx: db.Transaction, request: Request) -> Request:
    """The request with the pod managers that its project has access to."""
    granted = access.granted(tx, request.project_id)
    return dataclasses.replace(request, granted=granted)


def _selection(
    tx: db.Transaction, request: Request
) -> Selection | ExactSelection:
    if request.resources:
        return ExactSelection(tx, request)
    return Selection(tx, request)


def _configured() -> weighers.Weigher:
    return _weigher(cfg.CONF.scheduler.weigher)


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
