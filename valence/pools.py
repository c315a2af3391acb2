# SPDX-License-Identifier: Apache-2.0
"""Pools: nodes of a flavor that are kept ready in Ironic.

Here is what requests do with them; ``valence.conductor.pools`` makes and
releases their nodes. Whoever changes a pool, or decides about its nodes, locks
its row: so it never has more nodes than ``max_nodes``.
"""

from typing import Any

from valence import objects
from valence.common import exception
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import pool as words

# What a pool forgets when it is changed: it is tried at once.
_FRESH: JsonObject = {
    **{'failures': 0, 'retry_at': None, 'short_at': None},
    'surplus_at': None,
}
#: How nodes of a pool stand, which is stored with each as ``pool_state``.
COMING, READY, USED = 'coming', 'ready', 'used'
STUCK, FAILED, LEAVING = 'stuck', 'failed', 'leaving'


def lock(tx: db.Transaction, uuid: str) -> models.Pool:
    """A pool that nobody else changes until the transaction ends.

    :raises Conflict: when it was deleted.
    """
    # Written, not only locked: nodes of a Galera cluster share no locks.
    if not tx.update(models.Pool, {}, uuid=uuid):
        raise exception.Conflict(f'The pool {uuid} was deleted.')
    return tx.list(models.Pool, uuid=uuid).one()


def most_ready(pool: models.Pool) -> int:
    """How many nodes may be ready without one being released."""
    return pool.min_ready if pool.max_ready is None else pool.max_ready


def create(tx: db.Transaction, **values: Any) -> models.Pool:
    """Create a pool.

    :param values: its columns, as far as they are given.
    :raises Invalid: when its numbers contradict each other.
    :raises Duplicate: when there is a pool of this name.
    """
    columns = {**objects.Pool.defaults(), **values}
    _check(columns)
    if tx.get(models.Pool, name=columns['name']) is not None:
        raise exception.Duplicate(kind='pool', field='name')
    uuid = tx.create(models.Pool, due_at=tx.now(), **columns)
    return tx.list(models.Pool, uuid=uuid).one()


def change(tx: db.Transaction, uuid: str, values: JsonObject) -> models.Pool:
    """Change a pool; what it cannot do is tried again at once.

    :raises Invalid: when its numbers contradict each other.
    """
    row = lock(tx, uuid)
    if values:
        columns = {**_FRESH, **values, 'due_at': tx.now()}
        if values.get('enabled'):
            columns['draining'] = False
        _check({**db.mapping(row), **columns})
        tx.update(models.Pool, columns, uuid=uuid)
    return tx.list(models.Pool, uuid=uuid).one()


def _check(columns: JsonObject) -> None:
    least, most = columns['min_ready'], columns.get('max_ready')
    if most is not None and most < least:
        raise exception.Invalid(
            field='max_ready', reason=f'must be min_ready, {least}, or more'
        )
    least = max(least, most or 0)
    if columns['max_nodes'] < least:
        raise exception.Invalid(
            field='max_nodes',
            reason=f'must be min_ready and max_ready, {least}, or more',
        )


def drain(tx: db.Transaction, uuid: str) -> models.Pool:
    """Have no more nodes made for a pool, and those that are ready released.

    That goes on for those that become ready later.
    """
    lock(tx, uuid)
    columns = {
        **_FRESH,
        **{'enabled': False, 'draining': True, 'due_at': tx.now()},
        **{'state': words.DRAINING, 'reason': None},
    }
    tx.update(models.Pool, columns, uuid=uuid)
    return tx.list(models.Pool, uuid=uuid).one()


def delete(tx: db.Transaction, uuid: str) -> None:
    """Delete a pool; the nodes that are in use become ordinary ones.

    :raises Conflict: when it has other nodes, which nobody would release.
    """
    row = lock(tx, uuid)
    left = tx.count(
        models.Node,
        pool_uuid=uuid,
        pool_state=(COMING, READY, FAILED, LEAVING),
    )
    if left:
        raise exception.Conflict(
            f'The pool {row.name} has {left} nodes that are not in use: drain '
            f'it first, or release them.'
        )
    tx.update(
        models.Node,
        {'pool_uuid': None, 'pool_state': None, 'pool_state_at': None},
        pool_uuid=uuid,
    )
    tx.delete(models.Pool, uuid=uuid)
