# SPDX-License-Identifier: Apache-2.0
"""The rows of reservations: who works on them, and what is stored of them.

Each row has the time when it is looked at next, by the clock of the database.
A claim is a later time until which nobody else looks at it.
"""

import dataclasses
import datetime
import time
from collections.abc import Mapping

import sqlalchemy as sa

from valence import holds
from valence.common import exception
from valence.conductor import requests
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.objects.hold import SENDING

# How many reservations of a pod manager are looked at in a round.
_BATCH = 10
# A claim lasts for the requests that are sent under it, and so much longer.
_MARGIN_SECONDS = 10.0


@dataclasses.dataclass
class Claim:
    """A reservation that this conductor has to itself until a time.

    :param until: that time, which also tells one claim from the next.
    :param at: the same, or earlier, by the monotonic clock.
    """

    row: models.Reservation
    until: datetime.datetime
    at: float

    @property
    def ours(self) -> dict[str, object]:
        """The conditions that the row is still claimed."""
        return {'uuid': self.row.uuid, 'claimed_until': self.until}


def due() -> list[models.PodManager]:
    """The pod managers that can be reached, and have reservations due."""
    row = models.Reservation
    with db.reader() as tx:
        found = sa.select(row.podm_uuid).where(*_due(tx)).distinct()
        uuids = list(tx.connection.execute(found).scalars())
        return [
            *tx.list(
                models.PodManager,
                uuid=sorted(uuids),
                status='online',
                deleting_at=None,
            )
        ]


def _due(tx: db.Transaction) -> tuple[sa.ColumnElement[bool], ...]:
    row = models.Reservation
    unclaimed = sa.or_(
        row.claimed_until.is_(None), row.claimed_until <= tx.now()
    )
    return row.due_at <= tx.now(), unclaimed


@db.transaction
def claim(tx: db.Transaction, podm_uuid: str, seconds: float) -> list[Claim]:
    """Claim some reservations of a pod manager that are due.

    :param seconds: what a request takes at most.
    """
    began = time.monotonic()
    row = models.Reservation
    found = tx.list(
        row,
        *_due(tx),
        podm_uuid=podm_uuid,
        order=[row.due_at],
        limit=_BATCH,
    ).all()
    lasting = (len(found) + 2) * seconds + _MARGIN_SECONDS
    until = tx.in_seconds(lasting)
    values = {'claimed_until': until}
    return [
        Claim(one, until, began + lasting)
        for one in found
        if tx.update(row, values, *_due(tx), uuid=one.uuid)
    ]


def is_held(tx: db.Transaction, row: models.Reservation) -> bool:
    """Whether the hold still has the place."""
    hold = tx.get(models.Hold, uuid=row.hold_uuid)
    if hold is None or holds.has_ended(tx, hold):
        return False
    nodes = [place.get('node_uuid') for place in hold.places]
    return row.node_uuid in nodes


def is_used(tx: db.Transaction, row: models.Reservation) -> bool:
    """Whether an operation is making the node of it."""
    return bool(requests.open_operations(tx, row.node_uuid))


@db.transaction
def begin(tx: db.Transaction, claim: Claim, seconds: float) -> Claim | None:
    """Record that a request is going to be sent, if the place is held.

    Whoever uses the place from now on waits until its outcome is known.

    :param seconds: what a request takes at most.
    :returns: the claim from now on; None: it is not held any more.
    """
    lasting = 2 * seconds + _MARGIN_SECONDS
    at = time.monotonic() + lasting
    tx.lock(models.Hold, claim.row.hold_uuid)
    if not is_held(tx, claim.row):
        return None
    until = tx.in_seconds(lasting)
    values = {
        'state': SENDING,
        'progress': {},
        'attempts': models.Reservation.attempts + 1,
        'sent_at': tx.now(),
        'claimed_until': until,
    }
    if not tx.update(models.Reservation, values, **claim.ours):
        return None
    return dataclasses.replace(claim, until=until, at=at)


@db.transaction
def record(tx: db.Transaction, claim: Claim, facts: dict[str, str]) -> None:
    tx.update(models.Reservation, {'progress': facts}, **claim.ours)


@db.transaction
def store(
    tx: db.Transaction,
    claim: Claim,
    values: Mapping[str, object],
    seconds: float | None,
) -> None:
    """Store the outcome of a look, and end the claim.

    :param seconds: when it is looked at again; None: when the hold changes.
    """
    row = claim.row
    tx.lock(models.Hold, row.hold_uuid)
    now = tx.get(models.Reservation, **claim.ours)
    if now is None:
        return
    due_at = None if seconds is None else tx.in_seconds(seconds)
    if now.due_at != row.due_at:
        # The hold has changed meanwhile.
        due_at = now.due_at
    tx.update(
        models.Reservation,
        {**values, 'due_at': due_at, 'claimed_until': None},
        **claim.ours,
    )
    _report(tx, row.hold_uuid)


@db.transaction
def delete(tx: db.Transaction, claim: Claim) -> None:
    tx.lock(models.Hold, claim.row.hold_uuid)
    tx.delete(models.Reservation, **claim.ours)
    _report(tx, claim.row.hold_uuid)


def _report(tx: db.Transaction, hold_uuid: str) -> None:
    """Store with a hold what is wrong with its reservations."""
    hold = tx.get(models.Hold, uuid=hold_uuid)
    rows = tx.list(
        models.Reservation,
        models.Reservation.error.is_not(None),
        only=('error', 'user_error'),
        order=[models.Reservation.created_at, models.Reservation.uuid],
        hold_uuid=hold_uuid,
    ).all()
    error = None
    if rows:
        both = zip(*((row.error, row.user_error) for row in rows), strict=True)
        texts = ('; '.join(dict.fromkeys(map(str, one))) for one in both)
        error = exception.ErrorText(*texts)
    known = error.message[:4096] if error else None
    if hold is not None and hold.reservation_error != known:
        tx.update(models.Hold, {'reservation_error': error}, uuid=hold_uuid)
