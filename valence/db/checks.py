# SPDX-License-Identifier: Apache-2.0
"""What is checked by the transaction that claims hardware.

The rows are locked: a condition that keeps nodes away from them is committed
before, and seen, or after the transaction. So is one of their pod manager.
"""

from collections.abc import Collection

import sqlalchemy as sa

from valence.common import exception
from valence.db import api as db
from valence.db import capacity
from valence.db.sqlalchemy import models
from valence.objects.condition import public_text


def check_free(
    tx: db.Transaction,
    system_uuids: Collection[str],
    device_uuids: Collection[str],
    project_id: str | None,
) -> None:
    """Check that systems and devices are free for a project.

    :raises LostRace: when something is no longer free.
    """
    for model, uuids in (
        (models.System, system_uuids),
        (models.Device, device_uuids),
    ):
        query = sa.select(model.uuid).where(
            model.uuid.in_(uuids), *capacity.free(model, project_id)
        )
        locked = query.order_by(model.uuid).with_for_update()
        if uuids and len(tx.connection.execute(locked).all()) != len(uuids):
            raise exception.LostRace()
    if system_uuids:
        _check_pod_managers(tx, system_uuids)


def check_conditions(tx: db.Transaction, uuids: Collection[str]) -> None:
    """Check that no condition keeps new nodes away from what is held.

    :raises Conflict: when one does.
    """
    for model in (models.System, models.Device):
        query = sa.select(model.condition_uuid).where(model.uuid.in_(uuids))
        locked = query.order_by(model.uuid).with_for_update()
        for row in tx.connection.execute(locked).all():
            if row.condition_uuid is not None:
                raise _kept_away(tx, row.condition_uuid)
    _check_pod_managers(tx, uuids)


def _kept_away(tx: db.Transaction, uuid: str) -> exception.Conflict:
    """The refusal by a condition, as every project may read it."""
    row = tx.get(models.Condition, uuid=uuid)
    if row is None:
        # It has ended just now.
        return exception.LostRace()
    text = public_text(row.subject, row.message, row.tenant_message)
    return exception.Conflict(
        f'A condition keeps new nodes away from the hardware: {text}'
    )


def _check_pod_managers(
    tx: db.Transaction, system_uuids: Collection[str]
) -> None:
    """Check that no condition keeps nodes away from where systems are."""
    podm, system = models.PodManager, models.System
    of_systems = sa.select(system.podm_uuid).where(
        system.uuid.in_(system_uuids)
    )
    query = sa.select(podm.condition_uuid).where(podm.uuid.in_(of_systems))
    locked = query.with_for_update(read=True, of=podm)
    if any(row.condition_uuid for row in tx.connection.execute(locked)):
        raise exception.LostRace()
