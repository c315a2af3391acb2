# SPDX-License-Identifier: Apache-2.0
"""Leases: until when a project has a node, and what happens then.

``valence.conductor.leases`` looks at a node at its ``lease_due_at``, which is
set here.
"""

import datetime
from typing import Any

from oslo_config import cfg

from valence import quota
from valence.common import exception
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db.sqlalchemy import models

#: The fields of a node that a request can have.
FIELDS = ('lease_until', 'lease_end', 'force_at')


def grant(tx: db.Transaction, values: JsonObject) -> JsonObject:
    """The columns of the lease of a new node.

    :param values: columns of the node that the request has.
    :raises Invalid: when the lease is over already, or too long.
    """
    flavor = tx.get(models.Flavor, uuid=values.get('flavor_uuid'))
    most = _longest(flavor)
    until = values.get('lease_until')
    if until is None and 'lease_until' not in values:
        seconds = _of(flavor, 'lease_seconds', cfg.CONF.lease.seconds) or most
        if seconds:
            until = tx.in_seconds(min(seconds, most or seconds))
    _check(tx, until, most)
    end = _of(flavor, 'lease_end', cfg.CONF.lease.end)
    return {
        'lease_end': values.get('lease_end') or end,
        **_columns(tx, until),
    }


def change(
    tx: db.Transaction,
    node: models.Node,
    values: JsonObject,
    limits: dict[str, int],
) -> JsonObject:
    """The columns of a node whose lease is changed.

    :param node: its row.
    :param values: new values of its columns.
    :param limits: those of its project.
    :raises Invalid: when the lease is over already, or too long.
    :raises OverLimit: when the project has more than it may have.
    :raises Conflict: when the lease is being ended.
    """
    if node.lease_state == 'ending':
        raise exception.Conflict(
            f'The lease of the node {node.name} is being ended.'
        )
    if 'lease_until' not in values:
        # Whether something is to be done now is looked at.
        return {'lease_due_at': node.lease_until and tx.now()}
    until = values['lease_until']
    _check(tx, until, _longest(tx.get(models.Flavor, uuid=node.flavor_uuid)))
    quota.enforce_used(tx, node.project_id, limits)
    return _columns(tx, until)


def follow(tx: db.Transaction, operation: models.Operation) -> None:
    """Have a lease looked at whose operation ends now."""
    if operation.target_type == 'nodes':
        tx.update(
            models.Node,
            {'lease_due_at': tx.now()},
            uuid=operation.target_uuid,
            lease_operation=operation.uuid,
        )


def _of(flavor: models.Flavor | None, name: str, default: Any) -> Any:
    """What a flavor says, or else the configuration."""
    said = getattr(flavor, name) if flavor is not None else None
    return default if said is None else said


def _longest(flavor: models.Flavor | None) -> int:
    """The longest lease in seconds; 0: any, and none at all."""
    found: int = _of(flavor, 'lease_max_seconds', cfg.CONF.lease.max_seconds)
    return found


def _check(
    tx: db.Transaction, until: datetime.datetime | None, most: int
) -> None:
    reason = None
    if until is None:
        reason = f'is required, within {most} seconds from now'
    elif until <= tx.now():
        raise exception.Invalid(
            field='lease_until', reason='must be in the future'
        )
    elif until > tx.in_seconds(most):
        reason = f'must be within {most} seconds from now'
    if most and reason:
        raise exception.Invalid(field='lease_until', reason=reason)


def _columns(
    tx: db.Transaction, until: datetime.datetime | None
) -> JsonObject:
    return {
        'lease_until': until,
        'lease_state': 'none' if until is None else 'running',
        'lease_due_at': until and max(tx.now(), min(times(until))),
        'lease_operation': None,
    }


def times(until: datetime.datetime) -> list[datetime.datetime]:
    """When a lease is looked at: to warn, and to end it."""
    before = (0, *cfg.CONF.lease.warn_before)
    return [until - datetime.timedelta(seconds=one) for one in before]
