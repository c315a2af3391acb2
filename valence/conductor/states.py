# SPDX-License-Identifier: Apache-2.0
"""The states of nodes, operations and pod managers, and their changes."""

import functools
import logging
from typing import NamedTuple

from oslo_log import log

from valence.common import exception
from valence.common import logs
from valence.common import metrics
from valence.db import api as db
from valence.db.sqlalchemy import models

LOG = log.getLogger(__name__)


class Transition(NamedTuple):
    """A transition from one state to another."""

    source: str
    target: str
    when: str


NODE = (
    Transition('composing', 'active', 'assembled'),
    Transition('composing', 'error', 'failed or cancelled'),
    Transition('composing', 'releasing', 'deleted'),
    Transition('adopting', 'active', 'adopted'),
    Transition('adopting', 'error', 'failed or cancelled'),
    Transition('adopting', 'releasing', 'deleted'),
    Transition('active', 'updating', 'change requested'),
    Transition('updating', 'active', 'changed'),
    Transition('updating', 'error', 'failed'),
    Transition('updating', 'releasing', 'deleted'),
    Transition('active', 'error', 'missing on its pod manager'),
    Transition('active', 'releasing', 'deleted'),
    Transition('error', 'releasing', 'deleted'),
    Transition('error', 'active', 'found again, or accepted'),
    Transition('releasing', 'error', 'failed'),
    Transition('releasing', 'active', 'deletion cancelled before it began'),
)

OPERATION = (
    Transition('pending', 'running', 'claimed by a conductor'),
    Transition('pending', 'cancelled', 'cancelled'),
    Transition('running', 'pending', 'waits for its turn on a pod manager'),
    Transition('running', 'succeeded', 'all steps done'),
    Transition('running', 'failed', 'a step failed, all steps undone'),
    Transition('running', 'cancelled', 'cancelled, all steps undone'),
)

OPEN = ('pending', 'running')

# The columns of a node that has no error, and is not missing.
NO_ERROR: dict[str, None] = {'last_error': None, 'fault': None}
# The error that a cancelled operation reports to its target.
CANCELLED = exception.ErrorText('cancelled', 'cancelled')


def sources(table: tuple[Transition, ...], target: str) -> list[str]:
    """The states that have a transition to ``target``."""
    return [row.source for row in table if row.target == target]


def move_node(
    tx: db.Transaction, uuid: str, target: str, **values: object
) -> None:
    """Change the provision state of a node.

    :param values: new values of other columns.
    :raises Conflict: when there is no such transition from its state.
    """
    moved = tx.update(
        models.Node,
        {'provision_state': target, **values},
        uuid=uuid,
        provision_state=[*sources(NODE, target), target],
    )
    if not moved:
        raise exception.Conflict(
            f'Node {uuid} cannot change to the state {target} now.'
        )


def fail_node(
    tx: db.Transaction, uuid: str, error: exception.ErrorText, **values: object
) -> None:
    """Store an error on a node, if the node still exists."""
    tx.update(
        models.Node,
        {
            'provision_state': 'error',
            'last_error': error,
            'fault': None,
            **values,
        },
        uuid=uuid,
    )


def set_offline(
    tx: db.Transaction, podm: models.PodManager, reason: str
) -> None:
    """Set a pod manager offline, or only why it is.

    :param reason: is cut to the length of its column.
    """
    reason = reason[:1024]
    if not set_status(tx, podm, 'offline', reason):
        tx.update(
            models.PodManager,
            {'status_reason': reason},
            uuid=podm.uuid,
            url=podm.url,
        )


def set_status(
    tx: db.Transaction,
    podm: models.PodManager,
    status: str,
    reason: str | None,
    **values: object,
) -> bool:
    """Change the status of a pod manager, unless it has it or has moved.

    :param podm: its row.
    :param values: new values of other columns.
    :returns: whether the status changed.
    """
    changed = tx.update(
        models.PodManager,
        {
            'status': status,
            'status_reason': reason,
            'status_changed_at': tx.now(),
            **values,
        },
        models.PodManager.status != status,
        uuid=podm.uuid,
        url=podm.url,
    )
    if changed:
        tx.after_commit.append(metrics.STATUS_CHANGES.labels(status).inc)
        tx.after_commit.append(
            functools.partial(
                logs.event,
                LOG,
                'pod manager status',
                logging.INFO if status == 'online' else logging.WARNING,
                pod_manager=podm.uuid,
                name=podm.name,
                status=status,
                reason=reason,
            )
        )
    return bool(changed)
