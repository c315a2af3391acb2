# SPDX-License-Identifier: Apache-2.0
"""Warns of the ends of leases, and ends them.

Each node has the time when its lease is looked at next, by the clock of the
database. Whoever looks locks the row, so that a lease is ended once. A node
that a provisioner has in use is left to it until ``force_at``; what cannot be
ended, or is kept as it is by a condition of its hardware, is overdue, which is
reported at each interval.
"""

import datetime

from oslo_config import cfg
from oslo_log import log

from valence import leases
from valence.common import exception
from valence.conductor import requests
from valence.conductor import states
from valence.db import api as db
from valence.db import conditions
from valence.db import outbox
from valence.db.sqlalchemy import models
from valence.objects.condition import NO_CHANGE
from valence.objects.condition import NO_RELEASE
from valence.provisioning import loader

LOG = log.getLogger(__name__)

# How many leases are looked at in a round.
_BATCH = 200
# How often an operation that ends a lease is looked at.
_SECONDS = 60
# The effect of a condition that forbids what ends a lease.
_RULED_OUT_BY = {'release': NO_RELEASE, 'power_off': NO_CHANGE}
_OFF = ('ForceOff', 'GracefulShutdown', 'PushPowerButton')


def sweep() -> int:
    """Look at some leases that are due; returns how many."""
    node = models.Node
    with db.reader() as tx:
        due = tx.list(
            node,
            node.lease_due_at <= tx.now(),
            only=('uuid',),
            order=[node.lease_due_at],
            limit=_BATCH,
        ).all()
    for row in due:
        try:
            _look(row.uuid)
        except exception.ValenceException as exc:
            LOG.warning('The lease of node %s is not ended: %s', row.uuid, exc)
            _give_up(row.uuid)
    return len(due)


def _lock(tx: db.Transaction, uuid: str) -> models.Node | None:
    """A node whose lease is still due, which nobody else changes."""
    node = models.Node
    tx.lock(node, uuid)
    return tx.get(node, node.lease_due_at <= tx.now(), uuid=uuid)


@db.transaction
def _look(tx: db.Transaction, uuid: str) -> None:
    node = _lock(tx, uuid)
    if node is None:
        return
    if node.lease_until is None:
        tx.update(models.Node, {'lease_due_at': None}, uuid=uuid)
    elif node.lease_until > tx.now():
        _warn(tx, node, node.lease_until)
    else:
        _end(tx, node)


@db.transaction
def _give_up(tx: db.Transaction, uuid: str) -> None:
    """Try again later."""
    node = _lock(tx, uuid)
    if node is not None:
        _overdue(tx, node)


def _store(
    tx: db.Transaction,
    node: models.Node,
    state: str,
    due_at: datetime.datetime,
    operation: str | None = None,
) -> None:
    values: dict[str, object] = {
        'lease_due_at': due_at,
        'lease_operation': operation,
    }
    if state != node.lease_state:
        values['lease_state'] = state
    tx.update(models.Node, values, uuid=node.uuid)


def _warn(
    tx: db.Transaction, node: models.Node, until: datetime.datetime
) -> None:
    now = tx.now()
    due_at = min(one for one in leases.times(until) if one > now)
    if min(leases.times(until)) <= now:
        _store(tx, node, 'warned', due_at)
        outbox.say(tx, models.Node, node.uuid, 'lease.warned')
    else:
        # The configuration has changed.
        _store(tx, node, node.lease_state, due_at)


def _overdue(
    tx: db.Transaction, node: models.Node, operation: str | None = None
) -> None:
    """Report that a lease is over, and the node still there.

    :param operation: the operation that has ended the lease, if one did.
    """
    due_at = tx.in_seconds(cfg.CONF.lease.interval)
    if node.force_at is not None and node.force_at > tx.now():
        due_at = min(due_at, node.force_at)
    _store(tx, node, 'overdue', due_at, operation)
    outbox.say(tx, models.Node, node.uuid, 'lease.overdue')


def _end(tx: db.Transaction, node: models.Node) -> None:
    """End a lease, or report that it is overdue."""
    if node.lease_operation is not None:
        _follow(tx, node, node.lease_operation)
        return
    forced = node.force_at is not None and node.force_at <= tx.now()
    left = node.lease_end == 'notify' or (_is_used(node) and not forced)
    if left or _is_ruled_out(tx, node):
        _overdue(tx, node)
        return
    pending = requests.open_operations(tx, node.uuid)
    releases = [row.uuid for row in pending if row.action == 'release']
    if releases:
        uuid: str | None = releases[0]
    elif pending and node.lease_end != 'release':
        # It is ended after that.
        _store(tx, node, 'ending', tx.in_seconds(_SECONDS))
        return
    else:
        uuid = _request(tx, node, forced)
    if uuid is None:
        _overdue(tx, node)
        return
    _store(tx, node, 'ending', tx.in_seconds(_SECONDS), uuid)
    outbox.say(tx, models.Node, node.uuid, 'lease.ended')


def _follow(tx: db.Transaction, node: models.Node, uuid: str) -> None:
    """Look whether the operation that ends a lease has succeeded."""
    operation = tx.get(models.Operation, uuid=uuid)
    if operation is not None and operation.state in states.OPEN:
        _store(tx, node, 'ending', tx.in_seconds(_SECONDS), uuid)
        return
    # What was purged had succeeded: others are not waited for so long.
    ended = operation is None or operation.state == 'succeeded'
    _overdue(tx, node, uuid if ended else None)


def _is_ruled_out(tx: db.Transaction, node: models.Node) -> bool:
    """Whether a condition keeps the node as it is, whoever wants to end it."""
    effect = _RULED_OUT_BY.get(node.lease_end)
    held = conditions.of_node(tx, node)
    return effect is not None and held.first(effect) is not None


def _is_used(node: models.Node) -> bool:
    """Whether a provisioner has, or may have, given the node to somebody."""
    if node.managed_by is None:
        return False
    return not loader.get(node.managed_by).is_idle(node.managed_state)


def _request(
    tx: db.Transaction, node: models.Node, forced: bool
) -> str | None:
    """Request the operation that ends a lease.

    :returns: its UUID; None: there is nothing to do, or no way to do it.
    """
    managed = node.managed_by is not None
    if node.lease_end == 'release':
        return requests.request_release(tx, None, node, managed, forced)
    if node.lease_end == 'unregister':
        if not managed:
            return None
        params: dict[str, object] = {'force': forced}
        action = 'unregister'
    elif managed:
        # Its provisioner would switch it on again.
        return None
    else:
        action, params = 'reset', {'type': _off(node)}
    uuid = requests.request_on_node(tx, None, action, node, params)
    if node.provision_state != 'error' or action == 'reset':
        states.move_node(tx, node.uuid, 'updating')
    return uuid


def _off(node: models.Node) -> str:
    """The type of the reset that switches a node off."""
    known = node.allowable['reset_types'] if node.allowable else None
    allowed = known or _OFF
    return next((one for one in _OFF if one in allowed), _OFF[0])
