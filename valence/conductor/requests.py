# SPDX-License-Identifier: Apache-2.0
"""How the API requests operations from conductors."""

import hashlib
from collections.abc import Mapping

from valence.common import context
from valence.common import exception
from valence.conductor import states
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects import Operation
from valence.podmanagers import loader

# What an operation records of the request.
_REQUESTER = ('user_id', 'request_id', 'global_request_id')


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
    params: Mapping[str, object] | None = None,
) -> str:
    """Create an operation, which a conductor will run.

    :param ctx: the context of the API request; None: Valence itself.
    :param target: the kind of the target resource, in the plural.
    :param lock_key: key of the lock that the operation holds while it is
        open; None: it excludes no other operation.
    :param params: the parameters of the action, as JSON.
    :returns: the UUID of the operation.
    :raises Conflict: when another open operation holds the lock; names it.
    """
    if lock_key:
        holder = tx.get(models.Operation, lock_key=lock_key)
        if holder is not None:
            raise in_progress(holder)
    values = {**Operation.defaults(), 'action': action}
    if ctx is not None:
        values |= {name: getattr(ctx, name) for name in _REQUESTER}
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


def in_progress(operation: models.Operation) -> exception.Conflict:
    """The error for a resource that has an open operation."""
    return exception.Conflict(
        f'Operation {operation.uuid} ({operation.action}) is in progress on '
        f'{operation.target_type} {operation.target_uuid}.'
    )


def lock_node(tx: db.Transaction, uuid: str) -> None:
    """Make concurrent requests for one node wait for this transaction."""
    tx.lock(models.Node, uuid)


def open_operations(
    tx: db.Transaction, target_uuid: str
) -> list[models.Operation]:
    """The operations on a resource that have not finished."""
    return list(
        tx.list(
            models.Operation, target_uuid=target_uuid, state=states.OPEN
        ).all()
    )


def was_sent(tx: db.Transaction, node_uuid: str) -> bool:
    """Whether a pod manager may have been asked to make a node.

    The journal shows if it was not.
    """
    operations = tx.list(
        models.Operation,
        only=('uuid',),
        target_uuid=node_uuid,
        action=('compose', 'adopt'),
    ).all()
    return not operations or bool(
        tx.count(
            models.OperationStep,
            models.OperationStep.name != 'claim_parts',
            operation_uuid=[row.uuid for row in operations],
        )
    )


def request_on_node(
    tx: db.Transaction,
    ctx: context.RequestContext | None,
    action: str,
    node: models.Node,
    params: Mapping[str, object],
) -> str:
    """Request a change of a node that has no open operation.

    :raises Conflict: when it has one; names it.
    """
    lock_node(tx, node.uuid)
    for operation in open_operations(tx, node.uuid):
        raise in_progress(operation)
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
    force: bool = False,
) -> str:
    """Request the release of a node.

    An open operation on the node is cancelled, and the release runs after it.

    :param unregister: whether to remove it from its provisioner first.
    :param force: whether to do that even if it is in use there.
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
        params={'unregister': unregister} | ({'force': True} if force else {}),
    )
    for operation in pending:
        cancel(tx, operation)
    if not pending:
        states.move_node(tx, node.uuid, 'releasing')
    return uuid


def managed(node: models.Node) -> exception.Conflict:
    """The error for what only the provisioner of a node may do."""
    return exception.Conflict(
        f'Node {node.name} is managed by {node.managed_by} under the UUID '
        f'{node.uuid}: make the request there, or unregister the node first.'
    )


def adoption_lock(podm_uuid: str, uri: str) -> str:
    """Lock key of the adoption of a node: only one may be open."""
    return f'adopt:{hashlib.sha256(f"{podm_uuid} {uri}".encode()).hexdigest()}'


def request_repair(
    tx: db.Transaction,
    ctx: context.RequestContext | None,
    finding: models.Finding,
    *,
    confirmed: bool = False,
) -> str:
    """Request the release of what a finding is about.

    :param confirmed: whether an administrator said that it may be released;
        otherwise only a stray is.
    :raises Conflict: when it is being adopted or released already.
    """
    podm_uuid = str(finding.podm_uuid)
    uuid = request(
        tx,
        ctx,
        'repair',
        'findings',
        finding.uuid,
        podm_uuid=podm_uuid,
        lock_key=adoption_lock(podm_uuid, str(finding.resource_uri)),
        params={'confirmed': confirmed},
    )
    tx.update(models.Finding, {'repair': uuid}, uuid=finding.uuid)
    return uuid


def request_sync(
    tx: db.Transaction, ctx: context.RequestContext | None, podm_uuid: str
) -> str:
    """Request a sync: a read of a pod manager's whole inventory.

    :raises Conflict: when a sync is open already.
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


def request_delete(
    tx: db.Transaction,
    ctx: context.RequestContext,
    podm: models.PodManager,
    params: Mapping[str, bool],
) -> str:
    """Request that a pod manager is deleted with its nodes.

    With ``force``, an operation that does so already goes on by force: a
    conductor that is running it finds its claim gone.

    :raises Conflict: when it is being deleted; names the operation.
    """
    lock_key = f'delete:{podm.uuid}'
    tx.update(
        models.PodManager,
        {'deleting_at': podm.deleting_at or tx.now()},
        uuid=podm.uuid,
    )
    holder = tx.get(models.Operation, lock_key=lock_key)
    if holder is None or not params['force']:
        return request(
            tx,
            ctx,
            'delete',
            'pod_managers',
            podm.uuid,
            podm_uuid=podm.uuid,
            lock_key=lock_key,
            params=params,
        )
    _force(tx, holder, params)
    return holder.uuid


def _force(
    tx: db.Transaction, holder: models.Operation, params: Mapping[str, bool]
) -> None:
    """Have an operation that deletes a pod manager go on by force."""
    if holder.params.get('force') and not holder.undoing:
        return
    tx.update(
        models.Operation,
        {
            'params': {**holder.params, **params},
            **dict.fromkeys(('claim', 'conductor', 'run_after', 'error')),
            **{'cancel_requested': False, 'undoing': False, 'attempt': 0},
        },
        uuid=holder.uuid,
    )


def replaced(tx: db.Transaction, podm_uuid: str) -> models.Finding | None:
    """Why nothing may be sent to a pod manager: it is another service now.

    :returns: the finding that an administrator has to accept.
    """
    return tx.get(
        models.Finding,
        models.Finding.open_key.is_not(None),
        podm_uuid=podm_uuid,
        kind='service_changed',
        subject=podm_uuid,
    )


def request_unsubscribe(
    tx: db.Transaction,
    ctx: context.RequestContext | None,
    podm: models.PodManager,
) -> None:
    """Request the end of a pod manager's event subscription, if it has one.

    The operation keeps the present address and login: the pod manager may be
    removed, or moved, in the same transaction.

    :param podm: its row.
    """
    if podm.event_subscription is None or podm.driver is None:
        return
    if replaced(tx, podm.uuid) is not None:
        # Another service has another subscription at this URI, or none.
        return
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
            'connection': loader.stored_connection(podm),
        },
    )
    tx.update(
        models.PodManager,
        {'event_subscription': None, 'event_secret': None},
        uuid=podm.uuid,
    )


def cancel(tx: db.Transaction, operation: models.Operation) -> None:
    """Request that an operation is stopped and undone.

    :raises Conflict: when it has finished.
    """
    if not tx.update(
        models.Operation,
        {'cancel_requested': True, 'run_after': None},
        uuid=operation.uuid,
        state=states.OPEN,
    ):
        raise exception.Conflict(
            f'Operation {operation.uuid} has finished already.'
        )
