# SPDX-License-Identifier: Apache-2.0
"""The controller of pools: it counts their nodes, and makes or releases some.

Whoever looks at a pool takes a turn first, by the clock of the database. What
the provisioner and the scheduler say is read without a lock. Then one
transaction locks the pool, reads its nodes again, decides, and requests
operations: whenever a conductor is killed, all of that has happened or nothing
has. A turn that somebody else has taken since changes nothing.
"""

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

from oslo_config import cfg
from oslo_log import log

from valence import pools
from valence import quota
from valence.common import exception
from valence.conductor.pools import decision
from valence.conductor.pools import demand
from valence.conductor.pools import making
from valence.conductor.pools import members
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import pool as words
from valence.podmanagers.progress import Deadline
from valence.provisioning import base
from valence.provisioning import loader

LOG = log.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class _Failure:
    """Why a pool is short of nodes.

    :param is_new: whether something was tried, and failed, since the last
        look.
    :param is_of_capacity: whether there is no hardware.
    """

    reason: str
    is_new: bool = False
    is_of_capacity: bool = False


# How many pools are looked at in a round.
_BATCH = 50
# For how long a look at a pool may begin further requests.
_SECONDS = 60.0
# So many nodes that the provisioner does not list are looked at one by one.
_UNSEEN = 20
_AWAY = (exception.ProvisioningError, base.InProgress)


def sweep() -> int:
    """Look at the pools that are due; returns how many."""
    pool = models.Pool
    with db.reader() as tx:
        due = tx.list(
            pool,
            pool.due_at <= tx.now(),
            only=('uuid',),
            order=[pool.due_at],
            limit=_BATCH,
        ).all()
    for row in due:
        turn = _take(row.uuid)
        if turn is None:
            continue
        try:
            _control(turn)
        except exception.ValenceException as exc:
            # Somebody has changed a node meanwhile.
            LOG.warning('The pool %s is looked at later: %s', turn.name, exc)
    return len(due)


def follow(operation: models.Operation) -> None:
    """Have a pool looked at after an operation that was requested for it."""
    uuid = operation.params.get('pool')
    if uuid is not None:
        db.update(models.Pool, {'due_at': db.now()}, uuid=uuid)


@db.transaction
def _take(tx: db.Transaction, uuid: str) -> models.Pool | None:
    """Take a turn at a pool; None: somebody else has taken it."""
    pool = models.Pool
    values = {
        'turn': pool.turn + 1,
        'due_at': tx.in_seconds(cfg.CONF.pool.interval),
    }
    if not tx.update(pool, values, pool.due_at <= tx.now(), uuid=uuid):
        return None
    return tx.get(pool, uuid=uuid)


def _control(pool: models.Pool) -> None:
    """Look at a pool, and do what is to be done."""
    deadline = Deadline(_SECONDS)
    with db.reader() as tx:
        nodes = members.rows(tx, pool.uuid)
        flavor = tx.get(models.Flavor, uuid=pool.flavor_uuid)
    try:
        seen = _look(pool, flavor, nodes, deadline)
    except _AWAY as exc:
        LOG.warning('The pool %s cannot be counted: %s', pool.name, exc)
        _store_unknown(pool, str(exc))
        return
    _settle(pool, seen, _offer(pool, seen))


def _look(
    pool: models.Pool,
    flavor: models.Flavor | None,
    nodes: Sequence[models.Node],
    deadline: Deadline,
) -> members.Seen:
    """What the provisioner shows of the nodes of a pool.

    It is asked even if there are none: what it cannot manage is not made.

    :raises ProvisioningError: when it may not show all of them.
    """
    provisioner = loader.get(cfg.CONF.provisioning.driver)
    registered = [
        row
        for row in nodes
        if row.managed_by is not None
        and row.provision_state == 'active'
        and row.managed_state != base.MISSING
    ]
    classes = {
        str((row.registration or {}).get('resource_class') or '')
        for row in registered
    } - {''}
    default = pool.register.get('resource_class') or (
        flavor.name if flavor else pool.name
    )
    shown = provisioner.uses(classes or {default}, deadline)
    _check_all(provisioner, registered, shown, deadline)
    return shown


def _check_all(
    provisioner: base.Provisioner,
    registered: Sequence[models.Node],
    shown: members.Seen,
    deadline: Deadline,
) -> None:
    """Check that no node is missing of those that should exist.

    :raises ProvisioningError: when one is: a login may have lost a permission.
    """
    unseen = [row for row in registered if row.uuid not in shown]
    for number, row in enumerate(unseen):
        # It may have another resource class now.
        if number < _UNSEEN and provisioner.state(row.uuid, deadline):
            continue
        raise exception.ProvisioningError(
            reason=f'{provisioner.name} does not show the node {row.name}'
        )


def _offer(pool: models.Pool, seen: members.Seen) -> making.Offer:
    """The hardware for what a pool lacks; empty: nothing is tried now."""
    with db.reader() as tx:
        rows = members.rows(tx, pool.uuid)
        judged = members.judge(tx, pool, rows, seen)
        may_try = _may_try(tx, pool)
        plan = decision.decide(pool, judged, tx.now(), may_try)
    if not plan.compose:
        return making.Offer()
    try:
        limits = quota.limits(pool.project_id)
    except exception.ServiceUnavailable as exc:
        return making.Offer(reason=str(exc))
    with db.reader() as tx:
        offer = making.look_for(tx, pool, plan.compose)
    return dataclasses.replace(offer, limits=limits)


def _may_try(tx: db.Transaction, pool: models.Pool) -> bool:
    """Whether to make a node: the last time is over, or hardware is free."""
    if pool.retry_at is None or pool.retry_at <= tx.now():
        return True
    if pool.short_at is None:
        return False
    capacity = models.Capacity
    where: dict[str, Any] = {}
    if pool.pod_managers:
        where['podm_uuid'] = pool.pod_managers
    changed = tx.list(
        capacity,
        capacity.updated_at > pool.short_at,
        only=('uuid',),
        limit=1,
        **where,
    )
    return changed.first() is not None


@db.transaction
def _store_unknown(tx: db.Transaction, pool: models.Pool, reason: str) -> None:
    """Say that it is not known what a pool has."""
    values = {
        'state': words.UNKNOWN,
        'reason': reason[:4096],
        **dict.fromkeys(('ready', 'coming', 'used')),
    }
    if any(getattr(pool, name) != value for name, value in values.items()):
        tx.update(models.Pool, values, uuid=pool.uuid, turn=pool.turn)


@db.transaction
def _settle(
    tx: db.Transaction,
    before: models.Pool,
    seen: members.Seen,
    offer: making.Offer,
) -> None:
    """Decide about a pool, and request what is to be done."""
    if not tx.update(models.Pool, {}, uuid=before.uuid, turn=before.turn):
        return
    pool = tx.list(models.Pool, uuid=before.uuid).one()
    rows = members.rows(tx, pool.uuid)
    making.recover(tx, _recovered(rows, seen))
    judged = members.judge(tx, pool, rows, seen)
    may_try = _may_try(tx, pool)
    plan = decision.decide(pool, judged, tx.now(), may_try)
    for one in judged:
        if one.standing == pools.STUCK != one.row.pool_state and one.state:
            making.give_up(tx, pool, one)
        making.store(tx, one, one.standing)
    for one in plan.release:
        making.release(tx, pool, one)
    for one in plan.register:
        making.register(tx, pool, one)
    counts = decision.count(pool, judged, tx.now())
    waits = not may_try and decision.wanted(pool, counts) > 0
    made, reason = _compose(tx, pool, offer, plan.compose)
    counts = dataclasses.replace(counts, coming=counts.coming + made)
    _store(tx, pool, plan, _failure(pool, plan, reason, waits), counts)


def _recovered(rows: Sequence[models.Node], seen: members.Seen) -> list[str]:
    """The nodes that were given up, and are of use again."""
    of_use = (base.Kind.READY, base.Kind.USED)
    return [
        row.uuid
        for row in rows
        if row.pool_state == pools.STUCK
        and row.uuid in seen
        and seen[row.uuid].kind in of_use
    ]


def _compose(
    tx: db.Transaction, pool: models.Pool, offer: making.Offer, count: int
) -> tuple[int, str | None]:
    """Request nodes; how many, and why no more of them."""
    made = 0
    for choice in offer.choices[:count]:
        try:
            making.compose(tx, pool, offer, choice)
        except exception.OverLimit as exc:
            return made, str(exc)
        made += 1
    return made, offer.reason if made < count else None


def _failure(
    pool: models.Pool, plan: decision.Plan, reason: str | None, waits: bool
) -> _Failure | None:
    """Why a pool is short of nodes, if it is.

    :param reason: why there is no hardware for them.
    :param waits: whether nothing is tried at present.
    """
    for one in plan.release:
        if one.standing == pools.FAILED:
            return _Failure(str(one.row.last_error), is_new=True)
    if reason is not None:
        return _Failure(reason, is_new=True, is_of_capacity=True)
    if not waits:
        return None
    known = pool.reason if pool.state == words.SHORT else None
    return _Failure(known or 'no node could be made')


def _store(
    tx: db.Transaction,
    pool: models.Pool,
    plan: decision.Plan,
    failure: _Failure | None,
    counts: decision.Counts,
) -> None:
    """Store what a pool has, and when it is tried again."""
    now = tx.now()
    values: dict[str, Any] = {
        **{'state': plan.state, 'reason': plan.reason},
        **{'ready': counts.ready, 'coming': counts.coming},
        **{'used': counts.used, 'wanted': counts.wanted},
        'surplus_at': plan.surplus_at,
        'wanted_since': demand.since(pool, now) if plan.is_limited else None,
        'checked_at': now,
    }
    if failure is None:
        values |= {'retry_at': None, 'short_at': None}
        if counts.ready >= pool.min_ready:
            values['failures'] = 0
    elif pool.enabled:
        values |= {'state': words.SHORT, 'reason': failure.reason[:4096]}
        if failure.is_new:
            values |= _later(now, pool, failure)
    tx.update(models.Pool, values, uuid=pool.uuid)


def _later(
    now: datetime.datetime, pool: models.Pool, failure: _Failure
) -> dict[str, Any]:
    """When to try again: after the double time at each failure in a row."""
    options = cfg.CONF.pool
    doubled = options.retry * 2 ** min(pool.failures, 20)
    seconds = min(doubled, options.max_retry)
    return {
        'failures': pool.failures + 1,
        # Hardware that what failed has given back is no reason to repeat it.
        'short_at': now if failure.is_of_capacity else None,
        'retry_at': now + datetime.timedelta(seconds=seconds),
    }
