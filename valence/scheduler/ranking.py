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
#: So many pod managers that lack hardware are examined, the others counted.
LISTED = 100
# So many pod managers are compared with a request together.
_TOGETHER = 24


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
    return _Search(tx, _granted(tx, request), enough, suits).run()


class _Search:
    """Ranks for a request that has the granted pod managers.

    A query finds those where it may fit. Of the others a limited number is
    examined: what they cost does not depend on how many there are.
    """

    def __init__(
        self,
        tx: db.Transaction,
        request: Request,
        enough: int,
        suits: Callable[[Choice], bool],
    ) -> None:
        self._tx = tx
        self._request = candidates.with_use(tx, conditions.named(tx, request))
        self._selection = _selection(tx, request)
        self._enough = enough
        self._suits = suits
        # What does not suit comes last.
        self._others: list[Choice] = []
        self._ranking = Ranking()

    def run(self) -> Ranking:
        """Select on the best pod managers, and reject others."""
        podms = _podms(self._tx, self._request)
        accepted = {
            podm.uuid: podm
            for podm in self._accepted(
                podms, lambda podm: apply_filters(podm, self._request)
            )
        }
        fitting = candidates.all_fitting(
            self._tx,
            self._request,
            self._selection.conditions,
            _configured(),
        )
        best = [accepted.pop(uuid) for uuid in fitting if uuid in accepted]
        self._choose(best)
        self._ranking.choices += self._others
        self._reject([*accepted.values()], podms)
        conditions.explain(self._tx, self._ranking.rejections)
        return self._ranking

    def _accepted(
        self,
        podms: Iterable[models.PodManager],
        reject: Callable[[models.PodManager], Rejection | None],
    ) -> list[models.PodManager]:
        """The pod managers that are not rejected; adds the rejections."""
        accepted = []
        for podm in podms:
            rejection = reject(podm)
            if rejection is None:
                accepted.append(podm)
            else:
                self._ranking.rejections.append(rejection)
        return accepted

    def _read(self, podms: Sequence[models.PodManager]) -> Request:
        """Read what is free on pod managers; the request with their use."""
        request = candidates.with_use(self._tx, self._request, podms)
        self._selection.read(podms, request.use)
        return request

    def _choose(self, podms: Sequence[models.PodManager]) -> None:
        """Select on pod managers where the request may fit, best first."""
        size = max(self._enough, _TOGETHER)
        if not weighers.order_of(_configured()):
            size = len(podms) or 1
        for start in range(0, len(podms), size):
            some = podms[start : start + size]
            request = self._read(some)
            suitable = self._accepted(some, self._selection.reject)
            weighed = candidates.weighed(
                self._tx, suitable, request, _configured()
            )
            self._select(sorted(weighed, key=self._selection.preference))
            if len(self._ranking.choices) >= self._enough:
                break

    def _select(self, left: list[models.PodManager]) -> None:
        choices = self._ranking.choices
        while left and len(choices) < self._enough:
            size = self._enough - len(choices)
            some, left = left[:size], left[size:]
            if size > 1:
                self._selection.prepare(some)
            for result in map(self._selection.select, some):
                if isinstance(result, Rejection):
                    self._ranking.rejections.append(result)
                else:
                    suits = self._suits(result)
                    (choices if suits else self._others).append(result)

    def _reject(
        self,
        unsuitable: Sequence[models.PodManager],
        podms: Sequence[models.PodManager],
    ) -> None:
        """Find out what pod managers lack, the nearest of them.

        :param podms: all that were looked at.
        """
        some = self._selection.nearest(unsuitable, LISTED)
        self._read(some)
        self._accepted(some, self._selection.reject)
        examined = {podm.uuid for podm in some}
        unlisted = {podm.uuid for podm in unsuitable} - examined
        self._ranking.unlisted = sorted(unlisted)
        if unlisted and not self._ranking.choices:
            others = {podm.uuid for podm in podms} - unlisted
            self._ranking.shortages = self._selection.shortages(
                unlisted, others
            )


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
        ranking = _Search(tx, request, 1, suits).run()
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
