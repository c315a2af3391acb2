# SPDX-License-Identifier: Apache-2.0
"""Selecting the hardware of a node, from the database alone.

The conductor, which allocates the selected hardware, and the preview of the
API, which has no side effects, use the same code.
"""

import dataclasses
import functools
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import cast

from oslo_config import cfg
from stevedore import named

from valence.db import access
from valence.db import api as db
from valence.db import scan
from valence.db.sqlalchemy import models
from valence.scheduler import candidates
from valence.scheduler import columns
from valence.scheduler import conditions
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
    """The filters by name, in their order."""
    plugins = _plugins('filters', list(names))
    return {
        ACCESS: filters.access,
        **cast(dict[str, filters.Filter], plugins),
        'register': filters.register,
    }


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
    request = candidates.with_use(tx, conditions.named(tx, request))
    accepted = _accepted(
        _podms(tx, request), ranking, lambda row: apply_filters(row, request)
    )
    selection = _selection(tx, request)
    selection.read(accepted, request.use)
    suitable = _accepted(accepted, ranking, selection.reject)
    others: list[Choice] = []
    left = sorted(
        candidates.weighed(tx, suitable, request, _configured()),
        key=selection.preference,
    )
    while left and len(ranking.choices) < enough:
        size = enough - len(ranking.choices)
        some, left = left[:size], left[size:]
        if size > 1:
            selection.prepare(some)
        for result in map(selection.select, some):
            if isinstance(result, Rejection):
                ranking.rejections.append(result)
            else:
                (ranking.choices if suits(result) else others).append(result)
    ranking.choices += others
    conditions.explain(tx, ranking.rejections)
    return ranking


def _podms(
    tx: db.Transaction, request: Request
) -> Sequence[models.PodManager]:
    """The pod managers that a request may name, by name."""
    podm = models.PodManager
    where: dict[str, Any] = {}
    if request.podm_uuid is not None:
        where['uuid'] = request.podm_uuid
    names = columns.read_by(
        (*_filters(tuple(cfg.CONF.scheduler.filters)).values(), _configured())
    )
    if names:
        rows = scan.rows(tx, podm, only=names, **where)
    else:
        rows = tx.list(podm, **where).all()
    return sorted(rows, key=lambda row: row.name)


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
    """Select hardware that suits on the best of the pod managers."""
    selection = _selection(tx, request)
    for podms in candidates.batches(
        tx, request, selection.conditions, _configured()
    ):
        request = candidates.with_use(tx, request, podms)
        accepted = [row for row in podms if not apply_filters(row, request)]
        selection.read(accepted, request.use)
        weighed = candidates.weighed(tx, accepted, request, _configured())
        for row in sorted(weighed, key=selection.preference):
            result = selection.select(row)
            if isinstance(result, Choice) and suits(result):
                return result
    return None


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
    for name, reject in _filters(tuple(cfg.CONF.scheduler.filters)).items():
        reason = reject(podm, request)
        if reason:
            return Rejection(podm.uuid, podm.name, name, reason)
    return None
