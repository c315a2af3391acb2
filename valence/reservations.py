# SPDX-License-Identifier: Apache-2.0
"""What pod managers reserve for the places of holds.

A hold is kept by Valence alone. Where a pod manager can reserve hardware, a
conductor has it do so for each place, so that other clients see it; whether
that succeeds changes nothing for the hold: see ``conductor.reservations``.
"""

from collections.abc import Iterable

from valence.common.types import HeldPlace
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects.hold import PENDING
from valence.objects.hold import SENDING


def create(
    tx: db.Transaction, hold_uuid: str, name: str, places: Iterable[HeldPlace]
) -> None:
    """Have the pod managers that can do so reserve what a hold has.

    :param name: that of the hold.
    """
    listed = [one for one in places if not _is_shared(tx, hold_uuid, one)]
    able = _able(tx, {one['podm_uuid'] for one in listed})
    tx.create_many(
        models.Reservation,
        [
            {
                'hold_uuid': hold_uuid,
                'node_uuid': one['node_uuid'],
                'podm_uuid': one['podm_uuid'],
                'name': name,
                'place': one,
                'state': PENDING,
                'progress': {},
                'attempts': 0,
                'due_at': tx.now(),
            }
            for one in listed
            if one['podm_uuid'] in able
        ],
    )


def _is_shared(tx: db.Transaction, hold_uuid: str, place: HeldPlace) -> bool:
    """Whether a device of a place can be part of several nodes.

    A reservation would keep it from all others.
    """
    devices = list(place['devices'])
    return bool(
        tx.count(models.Share, hold_uuid=hold_uuid, resource_uuid=devices)
    )


def _able(tx: db.Transaction, uuids: set[str]) -> set[str]:
    """Those of some pod managers that can reserve hardware."""
    rows = tx.list(
        models.PodManager, only=('uuid', 'capabilities'), uuid=sorted(uuids)
    )
    return {row.uuid for row in rows if 'reserve' in row.capabilities}


def wake(tx: db.Transaction, hold_uuid: str) -> None:
    """Have the reservations of a hold looked at, because it has changed."""
    tx.update(models.Reservation, {'due_at': tx.now()}, hold_uuid=hold_uuid)


def is_sending(tx: db.Transaction, node_uuid: str) -> bool:
    """Whether hardware may be being reserved for a node right now."""
    return bool(
        tx.count(models.Reservation, node_uuid=node_uuid, state=SENDING)
    )
