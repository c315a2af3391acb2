# SPDX-License-Identifier: Apache-2.0
"""What is done for a pool, by how its nodes stand: a function of these alone.

Nodes are composed when less than ``min_ready``, and those that Nova lacked,
are ready or coming. They are released when more than that, and more than
``max_ready``, are ready for ``idle_seconds``. As the one number is never
greater than the other, no node is composed in place of another that was
released.
"""

import dataclasses
import datetime
from collections.abc import Sequence

from oslo_config import cfg

from valence import pools
from valence.conductor.pools import demand
from valence.conductor.pools.members import Member
from valence.db.sqlalchemy import models
from valence.objects import pool as words


@dataclasses.dataclass(frozen=True)
class Counts:
    """How many nodes of a pool stand how.

    :param total: all of them, also those that are being released.
    :param wanted: how many are to be ready besides ``min_ready``.
    """

    total: int
    ready: int
    coming: int
    used: int
    making: int
    leaving: int
    wanted: int


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do.

    :param compose: how many nodes to compose.
    :param release: the nodes to release.
    :param register: the nodes to register once more, which makes them ready.
    :param surplus_at: since when there are too many ready nodes.
    :param is_limited: whether more nodes are composed when others are ready.
    :param state: of the pool, if all of that succeeds.
    """

    compose: int
    release: tuple[Member, ...]
    register: tuple[Member, ...]
    surplus_at: datetime.datetime | None
    is_limited: bool
    state: str
    reason: str | None


def count(
    pool: models.Pool, members: Sequence[Member], now: datetime.datetime
) -> Counts:
    """How many nodes of a pool stand how."""

    def number(*standings: str) -> int:
        return sum(one.standing in standings for one in members)

    return Counts(
        total=len(members),
        ready=number(pools.READY),
        coming=number(pools.COMING),
        used=number(pools.USED, pools.STUCK),
        making=sum(one.is_making for one in members),
        leaving=number(pools.LEAVING),
        wanted=demand.wanted(pool, members, now) if pool.enabled else 0,
    )


def wanted(pool: models.Pool, counts: Counts) -> int:
    """How many more nodes a pool should have made."""
    if not pool.enabled:
        return 0
    return max(0, min(_missing(pool, counts), pool.max_nodes - counts.total))


def _least_ready(pool: models.Pool, counts: Counts) -> int:
    """How many nodes should be ready."""
    return pool.min_ready + counts.wanted


def _missing(pool: models.Pool, counts: Counts) -> int:
    return _least_ready(pool, counts) - counts.ready - counts.coming


def decide(
    pool: models.Pool,
    members: Sequence[Member],
    now: datetime.datetime,
    may_try: bool,
) -> Plan:
    """What to do for a pool, and how it is called.

    :param may_try: whether to make nodes again after some failed.
    """
    counts = count(pool, members, now)
    parallel: int = cfg.CONF.pool.parallel
    surplus_at = _surplus_since(pool, counts, now)
    failed = [one for one in members if one.standing == pools.FAILED]
    # The next one may fail as well: it is tried later.
    may_try = may_try and not failed
    room = max(0, parallel - counts.making) if may_try else 0
    idle = [one for one in members if one.is_idle] if pool.enabled else []
    provides = bool(pool.register.get('provide'))
    state, reason = _said(pool, counts)
    lacking = wanted(pool, counts)
    return Plan(
        compose=min(room, lacking),
        release=(
            *failed[:parallel],
            *_superfluous(pool, members, counts, surplus_at, now),
        ),
        register=tuple(idle[:room]) if provides else (),
        surplus_at=surplus_at,
        is_limited=may_try and lacking > room,
        state=state,
        reason=reason,
    )


def _surplus_since(
    pool: models.Pool, counts: Counts, now: datetime.datetime
) -> datetime.datetime | None:
    most = max(pools.most_ready(pool), _least_ready(pool, counts))
    if not pool.enabled or counts.ready <= most:
        return None
    return pool.surplus_at or now


def _superfluous(
    pool: models.Pool,
    members: Sequence[Member],
    counts: Counts,
    surplus_at: datetime.datetime | None,
    now: datetime.datetime,
) -> list[Member]:
    """The node that is released next, if there is one: the oldest.

    One whose release was refused is the youngest then.
    """
    ready = [one for one in members if one.standing == pools.READY]
    ready.sort(key=_ready_since)
    if pool.draining:
        ready += [one for one in members if one.is_idle]
        due = True
    elif surplus_at is None:
        due = False
    else:
        due = (now - surplus_at).total_seconds() >= pool.idle_seconds
    return ready[:1] if due and not counts.leaving else []


def _ready_since(member: Member) -> tuple[bool, object]:
    is_new = member.row.pool_state != pools.READY
    return is_new, member.row.pool_state_at or member.row.created_at


def _said(pool: models.Pool, counts: Counts) -> tuple[str, str | None]:
    """The state of a pool, and its reason."""
    if pool.draining:
        left = counts.ready + counts.coming + counts.leaving
        if left:
            text = f'{left} nodes are not released yet'
            return words.DRAINING, text
        text = f'{counts.used} nodes are in use'
        return words.DRAINED, text
    if not pool.enabled:
        return words.PAUSED, 'it is not enabled'
    if _missing(pool, counts) > 0 and counts.total >= pool.max_nodes:
        text = f'it has max_nodes, {counts.total}, and {counts.used} are used'
        return words.SHORT, text
    return words.OK, None
