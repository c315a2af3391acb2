# SPDX-License-Identifier: Apache-2.0
"""Lanes: what waits for its turn, and works, apart from the rest.

Each lane has workers of its own in every conductor, and those that count have
places of their own on every pod manager. Changes of nodes that exist, and
readings, therefore never wait for composes.
"""

import enum

import sqlalchemy as sa

from valence.db.sqlalchemy import models


class Lane(enum.Enum):
    """A lane; its value names its threads."""

    CHANGE = 'change'
    READING = 'reading'
    # What waits most of the time: for other operations, which must not wait
    # for it in turn, for a provisioner or Nova, or for a former pod manager.
    WAITING = 'waiting'
    COMPOSE = 'compose'

    @property
    def is_counted(self) -> bool:
        """Whether [conductor] podm_parallel limits it."""
        return self in (Lane.CHANGE, Lane.COMPOSE)


# All other actions are changes.
_LANES = {
    'compose': Lane.COMPOSE,
    'adopt': Lane.COMPOSE,
    'sync': Lane.READING,
    'delete': Lane.WAITING,
    'register': Lane.WAITING,
    'unregister': Lane.WAITING,
    'unsubscribe': Lane.WAITING,
    'publish': Lane.WAITING,
    'unpublish': Lane.WAITING,
}


def lane_of(action: str) -> Lane:
    """The lane of an action."""
    return _LANES.get(action, Lane.CHANGE)


def contains(lane: Lane) -> sa.ColumnElement[bool]:
    """The condition that an operation is in a lane."""
    action = models.Operation.action
    if lane is Lane.CHANGE:
        return action.not_in(list(_LANES))
    return action.in_([name for name, its in _LANES.items() if its is lane])
