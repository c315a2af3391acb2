# SPDX-License-Identifier: Apache-2.0
"""How the API leaves work for conductors."""

import hashlib
from typing import Any

import sqlalchemy as sa

from valence.common import context
from valence.common import exception
from valence.conductor import states
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import Operation


def request(
    tx: db.Transaction,
    ctx: context.RequestContext | None,
    action: str,
    target: str,
    target_uuid: str,
    *,
    podm_uuid: str | None = None,
    lock_key: str | None = None,
    project_id: str | None = None,
    params: dict[str, Any] | None = None,
) -> str:
    """Write down what is wanted; a conductor will do it.

    :param ctx: who wants it; None for Valence itself.
    :param target: the kind of resource that is changed, in the plural.
    :param lock_key: what no other open operation may work on.
    :param params: what the action needs to know, as JSON.
    :returns: the UUID of the operation.
    :raises Conflict: when an open operation holds the lock; names it.
    """
    if lock_key:
        holder = tx.get(models.Operation, lock_key=lock_key)
        if holder is not None:
            raise busy(holder)
    values = {**Operation.defaults(), 'action': action}
    if ctx is not None:
        values |= {'user_id': ctx.user_id, 'request_id': ctx.request_id}
    return tx.create(
        models.Operation,
        **values,
        params=params or {},
        target_type=target,
        target_uuid=target_uuid,
        podm_uuid=podm_uuid,
        lock_key=lock_key,
        project_id=project_id,
    )


def busy(operation: models.Operation) -> exception.Conflict:
    """The error for a resource that an operation is at work on."""
    return exception.Conflict(
        f'The operation {operation.uuid} ({operation.action}) is at work on '
        f'{operation.target_type} {operation.target_uuid}.'
    )


def lock_node(tx: db.Transaction, uuid: str) -> None:
    """Make concurrent requests for one node wait for this transaction."""
    tx.connection.execute(
        sa.select(models.Node.uuid)
        .where(models.Node.uuid == uuid)
        .with_for_update()
    )


def open_operations(
    tx: db.Transaction, target_uuid: str
) -> list[models.Operation]:
    """The operations on a resource that have not come to their end."""
    return list(
        tx.list(
            models.Operation, target_uuid=target_uuid, state=states.OPEN
        ).all()
    )


def request_on_node(
    tx: db.Transaction,
    ctx: context.RequestContext,
    action: str,
    node: models.Node,
    params: dict[str, Any],
) -> str:
    """Ask for a change of a node on which nothing else is under way.

    :raises Conflict: when an operation is at work on it; names it.
    """
    lock_node(tx, node.uuid)
    for operation in open_operations(tx, node.uuid):
        raise busy(operation)
    return request(
        tx,
        ctx,
        action,
        'nodes',
        node.uuid,
        podm_uuid=node.podm_uuid,
        lock_key=f'node:{node.uuid}',
        project_id=node.project_id,
        params=params,
    )


def request_release(
    tx: db.Transaction,
    ctx: context.RequestContext | None,
    node: models.Node,
    unregister: bool = False,
) -> str:
    """Ask for a node's hardware to be given back.

    What is under way on the node is cancelled, and the release runs after it.

    :param unregister: whether it is taken from what manages it before.
    :raises Conflict: when the node is being released already.
    """
    lock_node(tx, node.uuid)
    pending = open_operations(tx, node.uuid)
    uuid = request(
        tx,
        ctx,
        'release',
        'nodes',
        node.uuid,
        podm_uuid=node.podm_uuid,
        lock_key=f'release:{node.uuid}',
        project_id=node.project_id,
        params={'unregister': unregister},
    )
    for operation in pending:
        cancel(tx, operation)
    if not pending:
        states.move_node(tx, node.uuid, 'releasing')
    return uuid


def managed(node: models.Node) -> exception.Conflict:
    """The error for what is not ours to do while something manages a node."""
    return exception.Conflict(
        f'The node {node.name} is managed by {node.managed_by}, which knows '
        f'it as {node.uuid}: ask for that there, or unregister the node first.'
    )


def adoption_lock(podm_uuid: str, uri: str) -> str:
    """What two adoptions of the same node contend for."""
    return f'adopt:{hashlib.sha256(f"{podm_uuid} {uri}".encode()).hexdigest()}'


def request_sync(
    tx: db.Transaction, ctx: context.RequestContext | None, podm_uuid: str
) -> str:
    """Ask for a pod manager's inventory to be read.

    :raises Conflict: when that is under way.
    """
    return request(
        tx,
        ctx,
        'sync',
        'pod_managers',
        podm_uuid,
        podm_uuid=podm_uuid,
        lock_key=f'sync:{podm_uuid}',
    )


def leave(
    tx: db.Transaction,
    ctx: context.RequestContext | None,
    podm: models.PodManager,
) -> None:
    """Ask for the end of a pod manager's deliveries, if there are any.

    It is asked as it is now: it may be removed, or moved, in the same
    transaction.

    :param podm: its row.
    """
    if podm.event_subscription is None or podm.driver is None:
        return
    names = ('url', 'username', 'password', 'auth_type', 'insecure', 'ca_cert')
    request(
        tx,
        ctx,
        'unsubscribe',
        'pod_managers',
        podm.uuid,
        podm_uuid=podm.uuid,
        params={
            'driver': podm.driver,
            'subscription': podm.event_subscription,
            'connection': {name: getattr(podm, name) for name in names},
        },
    )
    tx.update(
        models.PodManager,
        {'event_subscription': None, 'event_secret': None},
        uuid=podm.uuid,
    )


def cancel(tx: db.Transaction, operation: models.Operation) -> None:
    """Ask for an operation to be stopped and undone.

    :raises Conflict: when it has come to its end.
    """
    if not tx.update(
        models.Operation,
        {'cancel_requested': True, 'run_after': None},
        uuid=operation.uuid,
        state=states.OPEN,
    ):
        raise exception.Conflict(
            f'The operation {operation.uuid} has come to its end.'
        )
