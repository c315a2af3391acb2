# SPDX-License-Identifier: Apache-2.0
"""The lives of nodes and operations, each as one table.

The pictures in the documentation are drawn from these tables.
"""

from typing import Any
from typing import NamedTuple

from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models


class Move(NamedTuple):
    """One way from a state to the next."""

    source: str
    target: str
    when: str


NODE = (
    Move('composing', 'active', 'assembled'),
    Move('composing', 'error', 'failed or cancelled'),
    Move('composing', 'releasing', 'deleted'),
    Move('adopting', 'active', 'taken over'),
    Move('adopting', 'error', 'failed or cancelled'),
    Move('adopting', 'releasing', 'deleted'),
    Move('active', 'updating', 'change asked for'),
    Move('updating', 'active', 'changed'),
    Move('updating', 'error', 'failed'),
    Move('updating', 'releasing', 'deleted'),
    Move('active', 'error', 'gone from its pod manager'),
    Move('active', 'releasing', 'deleted'),
    Move('error', 'releasing', 'deleted'),
    Move('error', 'active', 'seen again'),
    Move('releasing', 'error', 'failed'),
    Move('releasing', 'active', 'deletion cancelled in time'),
)

OPERATION = (
    Move('pending', 'running', 'claimed by a conductor'),
    Move('pending', 'cancelled', 'cancelled'),
    Move('running', 'pending', 'waits its turn on a pod manager'),
    Move('running', 'succeeded', 'every step done'),
    Move('running', 'failed', 'a step failed, what was done is undone'),
    Move('running', 'cancelled', 'cancelled, what was done is undone'),
)

OPEN = ('pending', 'running')

# What is stored of a node that nothing is wrong with, and of how an operation
# ended that somebody stopped.
WELL: dict[str, Any] = {'last_error': None, 'plain_last_error': None}
CANCELLED = exception.Told('cancelled', 'cancelled')


def sources(table: tuple[Move, ...], target: str) -> list[str]:
    """The states from which ``target`` can be reached."""
    return [move.source for move in table if move.target == target]


def move_node(
    tx: db.Transaction, uuid: str, target: str, **values: Any
) -> None:
    """Bring a node to another state.

    :raises Conflict: when its present state does not lead there.
    """
    moved = tx.update(
        models.Node,
        {'provision_state': target, **values},
        uuid=uuid,
        provision_state=[*sources(NODE, target), target],
    )
    if not moved:
        raise exception.Conflict(
            f'The node {uuid} is not in a state that leads to {target}.'
        )


def fail_node(
    tx: db.Transaction, uuid: str, error: exception.Told, **values: Any
) -> None:
    """Note on a node, if it is still there, that an operation failed."""
    tx.update(
        models.Node,
        {
            'provision_state': 'error',
            **error.columns('last_error'),
            **values,
        },
        uuid=uuid,
    )
