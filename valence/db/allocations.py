# SPDX-License-Identifier: Apache-2.0
"""Claims of nodes and projects on hardware.

The table ``allocations`` is the truth: its unique keys decide races. What it
says is repeated in the rows of the hardware, in the same transaction, because
questions for what is free have to be answered by an index.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models

_CLAIMABLE = (models.System, models.Device)


def make(
    tx: db.Transaction,
    podm_uuid: str,
    node_uuid: str,
    uuids: Collection[str],
    project_id: str | None = None,
) -> None:
    """Claim hardware of a pod manager for a node.

    :param project_id: whose node it is: what is reserved to it is claimed.
    :raises LostRace: when a reservation ends meanwhile.
    :raises oslo_db.exception.DBDuplicateEntry: when somebody else has it.
    """
    reserved: set[str] = set()
    if project_id is not None:
        theirs: dict[str, Any] = {'node_uuid': None, 'reserved_to': project_id}
        reserved.update(_resources(tx, resource_uuid=list(uuids), **theirs))
        theirs['resource_uuid'] = list(reserved)
        if change(tx, {'node_uuid': node_uuid}, **theirs) != len(reserved):
            raise exception.LostRace()
    tx.create_many(
        models.Allocation,
        [
            {
                'resource_uuid': uuid,
                'node_uuid': node_uuid,
                'podm_uuid': podm_uuid,
            }
            for uuid in sorted(set(uuids) - reserved)
        ],
    )
    show(tx, uuids)


def change(
    tx: db.Transaction,
    values: dict[str, Any],
    *extra: sa.ColumnElement[bool],
    **where: Any,
) -> int:
    """Change claims; how many there were."""
    uuids = _resources(tx, *extra, **where)
    changed = tx.update(models.Allocation, values, *extra, **where)
    show(tx, uuids)
    return changed


def drop(tx: db.Transaction, **where: Any) -> int:
    """Give up claims; how many there were."""
    uuids = _resources(tx, **where)
    dropped = tx.delete(models.Allocation, **where)
    show(tx, uuids)
    return dropped


def _resources(
    tx: db.Transaction, *extra: sa.ColumnElement[bool], **where: Any
) -> list[str]:
    rows = tx.list(models.Allocation, *extra, only=('resource_uuid',), **where)
    return [row.resource_uuid for row in rows]


def show(tx: db.Transaction, uuids: Collection[str]) -> None:
    """Have hardware say what claims there are on it."""
    ordered = sorted(uuids)
    for model in _CLAIMABLE:
        for start in range(0, len(ordered), db.BATCH):
            _show(tx, model, ordered[start : start + db.BATCH])


def _show(tx: db.Transaction, model: db.Model, uuids: list[str]) -> None:
    # Whoever is at one of these now is waited for: what is asked for next
    # sees what came of it.
    locked = sa.select(model.uuid).where(model.uuid.in_(uuids))
    tx.connection.execute(locked.order_by(model.uuid).with_for_update())
    claim = models.Allocation
    of_it = claim.resource_uuid == model.uuid
    tx.update(
        model,
        {
            'node_uuid': sa.select(claim.node_uuid)
            .where(of_it)
            .scalar_subquery(),
            'reserved_to': sa.select(claim.reserved_to)
            .where(of_it)
            .scalar_subquery(),
            'free': sa.and_(
                model.state == 'free',
                sa.not_(sa.exists().where(of_it)),
            ),
        },
        uuid=uuids,
    )
