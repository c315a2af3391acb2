# SPDX-License-Identifier: Apache-2.0
"""Instances that found no host in Nova, and the pools that lacked their nodes.

A pool keeps the UUIDs of these instances for as long as Nova's message about
one of them can come again. Each counts for a shorter time, as one more node to
have ready: long enough to have that requested, and no longer, because who asks
Nova again is another instance.
"""

import dataclasses
import datetime
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

from oslo_config import cfg
from oslo_log import log

from valence import pools
from valence.conductor.pools.members import Member
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects.pool import MOST_NODES
from valence.provisioning.ironic import attributes
from valence.provisioning.nova import wanted as nova
from valence.provisioning.nova.notices import Lack

LOG = log.getLogger(__name__)

# An instance is kept for so long; an older message is dropped.
_KEPT = datetime.timedelta(seconds=600)


def wanted(
    pool: models.Pool, members: Sequence[Member], now: datetime.datetime
) -> int:
    """How many instances lack a node of a pool now."""
    times = _kept(pool, since(pool, now)).values()
    if not times:
        return 0
    first = min(times)
    met = sum(
        one.standing == pools.USED and one.row.created_at >= first
        for one in members
    )
    return max(0, len(times) - met)


def since(pool: models.Pool, now: datetime.datetime) -> datetime.datetime:
    """From when on instances count.

    That is held while a pool makes as many nodes as it may at a time.
    """
    seconds = datetime.timedelta(seconds=cfg.CONF.demand.seconds)
    return pool.wanted_since or now - seconds


def record(lacks: Iterable[Lack]) -> None:
    """Have pools topped up for instances that found no host."""
    oldest = db.now() - _KEPT
    with db.reader() as tx:
        candidates = _candidates(tx, oldest)
    chosen: dict[str, list[str]] = {}
    for lack in lacks:
        if lack.sent_at < oldest:
            LOG.info(
                'The instance %s found no host too long ago, at %s',
                *(lack.instance_uuid, lack.sent_at),
            )
            continue
        one = _choose(candidates, lack)
        if one is not None:
            one.room -= 1
            chosen.setdefault(one.uuid, []).append(lack.instance_uuid)
    for uuid, instances in chosen.items():
        _add(uuid, instances)


@dataclasses.dataclass
class _Candidate:
    """A pool that may be topped up.

    :param resource_class: of its nodes in placement.
    :param flavor_uuid: its flavor, if that is published.
    :param room: how many more nodes it may have.
    :param known: the instances that it keeps.
    """

    uuid: str
    project_id: str | None
    resource_class: str
    flavor_uuid: str | None
    room: int
    known: frozenset[str]

    def serves(self, lack: Lack) -> bool:
        """Whether one of its nodes could be given to an instance."""
        if self.project_id not in (None, lack.project_id):
            return False
        if lack.classes:
            return self.resource_class in lack.classes
        published = self.flavor_uuid
        return published is not None and published == lack.flavor_uuid


def _candidates(
    tx: db.Transaction, oldest: datetime.datetime
) -> list[_Candidate]:
    """The pools that are enabled: those of a project first, then by name."""
    pool = models.Pool
    rows = tx.list(
        pool, order=[pool.project_id.is_(None), pool.name], enabled=True
    ).all()
    uuids = {row.flavor_uuid for row in rows}
    flavors = {
        row.uuid: row for row in tx.list(models.Flavor, uuid=sorted(uuids))
    }
    return [
        _candidate(row, flavors[row.flavor_uuid], oldest)
        for row in rows
        if row.flavor_uuid in flavors
    ]


def _candidate(
    row: models.Pool, flavor: models.Flavor, oldest: datetime.datetime
) -> _Candidate:
    name = row.register.get('resource_class') or flavor.name
    nodes = sum(n or 0 for n in (row.ready, row.coming, row.used))
    return _Candidate(
        uuid=row.uuid,
        project_id=row.project_id,
        resource_class=nova.placement_class(attributes.class_name(name)),
        flavor_uuid=flavor.uuid if flavor.published_at else None,
        room=row.max_nodes - nodes,
        known=frozenset(_kept(row, oldest)),
    )


def _choose(candidates: Sequence[_Candidate], lack: Lack) -> _Candidate | None:
    """The pool that is topped up for an instance, unless one was already."""
    serving = [one for one in candidates if one.serves(lack)]
    if any(lack.instance_uuid in one.known for one in serving):
        return None
    with_room = [one for one in serving if one.room > 0]
    return next(iter((*with_room, *serving)), None)


@db.transaction
def _add(tx: db.Transaction, uuid: str, instances: Sequence[str]) -> None:
    """Add instances to those that a pool keeps, and have it looked at."""
    # Written, not only locked, as in valence.pools.
    if not tx.update(models.Pool, {}, uuid=uuid, enabled=True):
        return
    pool, now = tx.list(models.Pool, uuid=uuid).one(), tx.now()
    kept = _kept(pool, min(since(pool, now), now - _KEPT))
    new = [one for one in dict.fromkeys(instances) if one not in kept]
    new = new[: max(0, MOST_NODES - len(kept))]
    if not new:
        return
    times = {**kept, **dict.fromkeys(new, now)}
    texts = {one: time.isoformat() for one, time in times.items()}
    values = {'demands': texts, 'due_at': now}
    tx.update(models.Pool, values, uuid=uuid)
    LOG.info(
        'The pool %s is topped up for %s instances that found no host: %s',
        *(pool.name, len(new), ', '.join(new[:10])),
    )


def _kept(
    pool: models.Pool, after: datetime.datetime
) -> Mapping[str, datetime.datetime]:
    """When a pool came to know the instances that it keeps.

    :param after: only those later than that.
    """
    times = {
        one: datetime.datetime.fromisoformat(text)
        for one, text in (pool.demands or {}).items()
    }
    return {one: time for one, time in times.items() if time > after}
