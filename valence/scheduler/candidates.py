# SPDX-License-Identifier: Apache-2.0
"""Which pod managers to look at, and in which order."""

import dataclasses
import datetime
import functools
import random
from collections import Counter
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from valence.db import api as db
from valence.db import scan
from valence.db.sqlalchemy import models
from valence.scheduler import weighers
from valence.scheduler.request import Request
from valence.scheduler.request import Use

# So many pod managers are looked at first, and then so many more. What fits on
# none of them may fit on any other.
_BATCHES = 8, 16
_Conditions = Callable[
    [sa.SQLColumnExpression[str]], list[sa.ColumnElement[bool]]
]


def batches(
    tx: db.Transaction,
    request: Request,
    conditions: _Conditions,
    weigh: weighers.Weigher,
) -> Iterator[Sequence[models.PodManager]]:
    """A few pod managers that may satisfy a request, the best first.

    There is none with a condition that keeps new nodes away, and none that
    refused a combination of this request, or of another one not long ago. A
    weigher that declares no order gets all of them.

    :param conditions: what their UUIDs meet.
    """
    podm = models.PodManager
    order = weighers.order_of(weigh)
    seen: list[str] = []
    for size in _BATCHES if order else (None,):
        uuids = _uuids(
            tx,
            request,
            sa.not_(_refused(tx, request)),
            podm.uuid.not_in(seen),
            podm.condition_uuid.is_(None),
            *conditions(podm.uuid),
            order=order,
            limit=size,
        )
        if uuids:
            yield tx.list(podm, uuid=uuids).all()
        seen += uuids
        if size is None or len(uuids) < size:
            break


def all_fitting(
    tx: db.Transaction,
    request: Request,
    conditions: _Conditions,
    weigh: weighers.Weigher,
) -> list[str]:
    """The UUIDs of all pod managers that may satisfy a request, best first.

    Those that refused not long ago come last.

    :param conditions: what their UUIDs meet.
    """
    return _uuids(
        tx,
        request,
        *conditions(models.PodManager.uuid),
        order=(_refused(tx, request), *weighers.order_of(weigh)),
    )


def _uuids(
    tx: db.Transaction,
    request: Request,
    *conditions: sa.ColumnElement[bool],
    order: Sequence[sa.ColumnElement[Any]] = (),
    limit: int | None = None,
) -> list[str]:
    podm, capacity = models.PodManager, models.Capacity
    query = (
        sa.select(podm.uuid)
        .join(capacity, capacity.podm_uuid == podm.uuid)
        .where(*conditions)
        .order_by(*order)
        .limit(limit)
    )
    if request.podm_uuid is not None:
        query = query.where(podm.uuid == request.podm_uuid)
    if request.project_id is not None:
        granted = podm.uuid.in_(request.granted)
        query = query.where(sa.or_(podm.is_public, granted))
    return [uuid for (uuid,) in tx.connection.execute(query)]


def _since(tx: db.Transaction) -> datetime.datetime:
    """Who refused after that comes last."""
    pause = datetime.timedelta(seconds=cfg.CONF.scheduler.refusal_seconds)
    return tx.now() - pause


def _refused(tx: db.Transaction, request: Request) -> sa.ColumnElement[bool]:
    """The condition that a pod manager comes last."""
    podm = models.PodManager
    uuids = {one.podm_uuid for one in request.refused if one.podm_uuid}
    return sa.or_(
        podm.uuid.in_(uuids),
        sa.and_(podm.refused_at.is_not(None), podm.refused_at > _since(tx)),
    )


def weighed(
    tx: db.Transaction,
    podms: Collection[models.PodManager],
    request: Request,
    weigh: weighers.Weigher,
) -> list[models.PodManager]:
    """The pod managers, best first; those of equal weight in random order.

    Those that refused a combination of this request, or of another one not
    long ago, come last.
    """
    refusals = Counter(one.podm_uuid for one in request.refused)
    since = _since(tx)
    shuffled = random.sample([*podms], len(podms))
    return sorted(
        shuffled,
        key=lambda podm: (
            refusals[podm.uuid],
            podm.refused_at is not None and podm.refused_at > since,
            -weigh(podm, request.use.get(podm.uuid, Use())),
        ),
    )


class _AllUse(Mapping[str, Use]):
    """The counters of all pod managers, read when the first is needed."""

    def __init__(self, tx: db.Transaction, request: Request) -> None:
        self._tx = tx
        self._request = request

    @functools.cached_property
    def _use(self) -> dict[str, Use]:
        return _read_use(self._tx, self._request)

    def __getitem__(self, uuid: str) -> Use:
        return self._use[uuid]

    def __iter__(self) -> Iterator[str]:
        return iter(self._use)

    def __len__(self) -> int:
        return len(self._use)


def with_use(
    tx: db.Transaction,
    request: Request,
    podms: Collection[models.PodManager] | None = None,
) -> Request:
    """The request with the counters of pod managers.

    :param podms: only of these; by default all, when the first is needed.
    """
    use: Mapping[str, Use] = _AllUse(tx, request)
    if podms is not None:
        uuids = [podm.uuid for podm in podms]
        use = _read_use(tx, request, podm_uuid=uuids)
    return dataclasses.replace(request, use=use)


def _read_use(
    tx: db.Transaction, request: Request, **where: Any
) -> dict[str, Use]:
    only = ('podm_uuid', *Use._fields)
    rows = scan.rows(tx, models.Capacity, only=only, **where)
    chosen = Counter(one.podm_uuid for one in request.chosen)
    return {row.podm_uuid: _use(row, chosen[row.podm_uuid]) for row in rows}


def _use(row: models.Capacity, chosen: int) -> Use:
    """The counters of a pod manager.

    :param chosen: how many systems are chosen for others.
    """
    use = Use(**{name: getattr(row, name) for name in Use._fields})
    return use._replace(
        nodes=use.nodes + chosen, free_systems=use.free_systems - chosen
    )
