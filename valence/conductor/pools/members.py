# SPDX-License-Identifier: Apache-2.0
"""The nodes of a pool, and how each of them stands.

That follows from the node, its open operations, the conditions of its hardware
and what its provisioner shows of it.
"""

import dataclasses
import datetime
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence

from oslo_config import cfg

from valence.conductor import states
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.pools import COMING
from valence.pools import FAILED
from valence.pools import LEAVING
from valence.pools import READY
from valence.pools import STUCK
from valence.pools import USED
from valence.provisioning import base

#: What a provisioner shows of nodes, by UUID.
Seen = Mapping[str, base.Use]
# The actions that make a node ready.
_MAKING = ('compose', 'register')


@dataclasses.dataclass(frozen=True)
class Member:
    """A node of a pool.

    :param standing: one of the words of ``valence.pools``.
    :param is_idle: whether it is coming, but nobody works on it.
    :param is_making: whether an operation makes it.
    :param state: its state in the provisioner, as far as it is shown.
    """

    row: models.Node
    standing: str
    is_idle: bool = False
    is_making: bool = False
    state: str | None = None

    @property
    def uuid(self) -> str:
        """The UUID of the node."""
        return self.row.uuid


def rows(tx: db.Transaction, pool_uuid: str) -> Sequence[models.Node]:
    """The nodes of a pool, the oldest first."""
    node = models.Node
    order = [node.created_at, node.uuid]
    return tx.list(node, order=order, pool_uuid=pool_uuid).all()


def judge(
    tx: db.Transaction,
    pool: models.Pool,
    nodes: Sequence[models.Node],
    seen: Seen,
) -> list[Member]:
    """How the nodes of a pool stand.

    :param seen: what the provisioner showed. A node that it did not show is
        not ready.
    """
    uuids = [row.uuid for row in nodes]
    actions = _actions(tx, uuids)
    kept = kept_away(tx, uuids)
    provides = bool(pool.register.get('provide'))
    return [
        _judge(
            tx.now(),
            row,
            actions.get(row.uuid, ()),
            seen.get(row.uuid),
            row.uuid in kept,
            provides,
        )
        for row in nodes
    ]


def _actions(tx: db.Transaction, uuids: Sequence[str]) -> dict[str, list[str]]:
    """The open operations on nodes."""
    found: dict[str, list[str]] = {}
    for batch in _batches(uuids):
        for row in tx.list(
            models.Operation,
            only=('target_uuid', 'action'),
            target_uuid=batch,
            state=states.OPEN,
        ):
            found.setdefault(row.target_uuid, []).append(row.action)
    return found


def kept_away(tx: db.Transaction, uuids: Sequence[str]) -> set[str]:
    """Those of several nodes of which some hardware has a condition."""
    holders: dict[str, str] = {}
    for batch in _batches(uuids):
        for row in tx.list(
            models.Allocation,
            only=('resource_uuid', 'node_uuid'),
            node_uuid=batch,
        ):
            holders[row.resource_uuid] = str(row.node_uuid)
    return {
        holders[row.uuid]
        for batch in _batches(sorted(holders))
        for model in (models.System, models.Device)
        for row in tx.list(
            model,
            model.condition_uuid.is_not(None),
            only=('uuid',),
            uuid=batch,
        )
    }


def _batches(uuids: Sequence[str]) -> list[list[str]]:
    starts = range(0, len(uuids), db.BATCH)
    return [list(uuids[start : start + db.BATCH]) for start in starts]


def _judge(
    now: datetime.datetime,
    row: models.Node,
    actions: Collection[str],
    use: base.Use | None,
    is_kept_away: bool,
    provides: bool,
) -> Member:
    """How a node stands.

    :param use: how the provisioner shows it.
    :param provides: whether the pool makes its nodes available by itself.
    """
    if 'release' in actions or row.provision_state == 'releasing':
        return Member(row, LEAVING)
    if actions:
        making = any(one in _MAKING for one in actions)
        return Member(row, COMING if making else USED, is_making=making)
    if row.provision_state == 'error':
        # What was ready before is left to operators.
        failed = row.pool_state == COMING and row.fault is None
        return Member(row, FAILED if failed else STUCK)
    if row.managed_by is None:
        # An operator has unregistered it.
        return Member(row, USED)
    if use is None:
        return Member(row, COMING if row.pool_state == COMING else USED)
    if use.kind is base.Kind.READY and not is_kept_away:
        return Member(row, READY, state=use.state)
    if use.kind in (base.Kind.READY, base.Kind.USED):
        return Member(row, USED, state=use.state)
    is_idle = use.kind is base.Kind.IDLE
    stuck = row.pool_state == STUCK or use.kind is base.Kind.BROKEN
    if stuck or (_is_old(row, now) and (provides or not is_idle)):
        return Member(row, STUCK, state=use.state)
    return Member(row, COMING, is_idle=is_idle, state=use.state)


def _is_old(row: models.Node, now: datetime.datetime) -> bool:
    """Whether a node is coming for too long."""
    if row.pool_state != COMING or row.pool_state_at is None:
        return False
    age: float = (now - row.pool_state_at).total_seconds()
    limit: float = cfg.CONF.pool.stuck
    return age > limit
