# SPDX-License-Identifier: Apache-2.0
"""Abandon a node: delete its record, leave its hardware unchanged."""

import functools

from valence import quota
from valence.common import context
from valence.common import exception
from valence.conductor import requests
from valence.conductor.engine import report
from valence.conductor.inventory import findings
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models

_ERROR = exception.ErrorText(
    'the node was deleted by force', 'The node was deleted by force.'
)


def abandon(
    tx: db.Transaction, ctx: context.RequestContext, node: models.Node
) -> str:
    """Delete a node from the database only; see :func:`give_up`.

    The journal of the operation says what is left on the pod manager.

    :returns: the UUID of the operation, which has succeeded.
    """
    requests.lock_node(tx, node.uuid)
    give_up(tx, node)
    uuid = requests.request(
        tx,
        ctx,
        'release',
        'nodes',
        node.uuid,
        podm_uuid=node.podm_uuid,
        project_id=node.project_id,
        params={'force': True},
    )
    tx.create(
        models.OperationStep,
        operation_uuid=uuid,
        n=0,
        name='abandon',
        intent={},
        result={'left_behind': node.resource_uri},
        state='done',
    )
    _end(tx, uuid, 'succeeded', started_at=tx.now(), progress=100)
    return uuid


def give_up(tx: db.Transaction, node: models.Node) -> None:
    """Delete the record of a node, also while its operations wait.

    They end here and now: a conductor that is running one finds its claim
    gone. A finding shows what may be left on the pod manager.
    """
    for operation in requests.open_operations(tx, node.uuid):
        _end(
            tx,
            operation.uuid,
            'cancelled',
            cancel_requested=True,
            error=_ERROR,
        )
    if node.resource_uri is not None or requests.was_sent(tx, node.uuid):
        podm = tx.get(models.PodManager, uuid=node.podm_uuid)
        found = findings.left_behind(tx, node, podm)
        findings.open_finding(tx, node.podm_uuid, found, tx.now())
    findings.resolve_node(tx, node.uuid)
    allocations.release_resources(tx, node.uuid, erased=False)
    quota.delete_node(tx, node.uuid)


def _end(tx: db.Transaction, uuid: str, state: str, **values: object) -> None:
    """End an operation; no conductor runs it any more.

    :param values: new values of other columns.
    """
    tx.update(
        models.Operation,
        {
            'state': state,
            'claim': None,
            'conductor': None,
            'lock_key': None,
            'finished_at': tx.now(),
            **values,
        },
        uuid=uuid,
    )
    ended = tx.list(models.Operation, uuid=uuid).one()
    tx.after_commit.append(functools.partial(report.ended, ended))
