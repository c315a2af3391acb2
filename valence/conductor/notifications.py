# SPDX-License-Identifier: Apache-2.0
"""Sends the events of the outbox as notifications, and deletes old ones.

Each event waits in one of a few queues, by its resource. A conductor claims a
queue for a time and sends its events one after the other, so the events of a
resource are sent in their order, whichever conductors send them. What was
sent, but could not be marked as such, is sent again with the same identifier.
"""

import datetime
import socket
import threading
import time
from collections.abc import Sequence

import sqlalchemy as sa
from oslo_config import cfg
from oslo_log import log
from oslo_utils import uuidutils

from valence.common import notifier
from valence.common.types import JsonObject
from valence.db import api as db
from valence.db import outbox
from valence.db import purge
from valence.db.sqlalchemy import models

LOG = log.getLogger(__name__)

# For how long a queue is claimed, and for how long a claim is used: a request
# to the broker can take as long as the rest.
_CLAIM = datetime.timedelta(seconds=60)
_USED_SECONDS = 20.0
_BATCH = 100
# The pauses after failures, and between two looks for events to delete.
_RETRY_SECONDS, _MAX_RETRY_SECONDS = 1.0, 15.0
_PURGE_SECONDS = 60.0


class Publisher:
    """Sends what waits in the queues; used by one thread."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._notifier: notifier.Notifier | None = None
        # After the last failure; 0: the last message was sent.
        self._pause = 0.0
        self._retry_at = self._purge_at = 0.0

    def tick(self) -> None:
        """Send all that waits, and delete some of what is old."""
        now = time.monotonic()
        if notifier.enabled() and now >= self._retry_at:
            self._send_all()
        if now >= self._purge_at:
            deleted = purge_batch() + _purge_others()
            self._purge_at = 0.0 if deleted else now + _PURGE_SECONDS

    def _send_all(self) -> None:
        if self._notifier is None:
            create_queues()
            self._notifier = notifier.Notifier()
        while not self._stopping.is_set():
            claim = uuidutils.generate_uuid()
            number = claim_queue(claim)
            if number is None:
                return
            if not self._send_queue(number, claim):
                self._retry_at = time.monotonic() + self._pause
                return

    def _send_queue(self, number: int, claim: str) -> bool:
        """Send the first events of a queue; whether the broker took them."""
        until = time.monotonic() + _USED_SECONDS
        sent = []
        failure: Exception | None = None
        for event in waiting(number):
            if self._stopping.is_set() or time.monotonic() > until:
                break
            failure = self._try_send(event)
            if failure is not None:
                break
            sent.append(event.uuid)
        mark_sent(number, claim, sent)
        self._report(failure)
        return failure is None

    def _try_send(self, event: models.Event) -> Exception | None:
        """Send an event; why it was not sent, or None."""
        if self._notifier is None:
            return None
        try:
            self._notifier.send(*message(event))
        except Exception as exc:
            return exc
        return None

    def _report(self, failure: Exception | None) -> None:
        """Log when sending begins to fail, and when it works again."""
        if failure is None:
            if self._pause:
                LOG.info('Notifications are sent again')
            self._pause = 0.0
            return
        if not self._pause:
            LOG.warning('Notifications cannot be sent: %s', failure)
        longer = max(_RETRY_SECONDS, 2 * self._pause)
        self._pause = min(longer, _MAX_RETRY_SECONDS)


def message(event: models.Event) -> tuple[JsonObject, JsonObject]:
    """The request of an event, and its message."""
    request = {
        'request_id': event.request_id,
        'global_request_id': event.global_request_id,
        'user_id': event.user_id,
        'project_id': event.project_id,
    }
    failed = event.event_type.endswith('.error')
    return request, {
        'message_id': event.uuid,
        'publisher_id': f'valence-conductor:{socket.gethostname()}',
        'event_type': event.event_type,
        'priority': 'ERROR' if failed else 'INFO',
        'payload': outbox.notification(event.payload),
        'timestamp': str(event.created_at),
    }


@db.transaction
def create_queues(tx: db.Transaction) -> None:
    """Create the rows of the queues, unless they are there."""
    if tx.count(models.EventQueue) < outbox.QUEUES:
        numbers = range(outbox.QUEUES)
        tx.create_missing(models.EventQueue, [{'number': n} for n in numbers])


@db.transaction
def claim_queue(tx: db.Transaction, claim: str) -> int | None:
    """Claim a queue in which events wait.

    :param claim: a new token.
    :returns: the number of the queue; None: there is none to claim.
    """
    queue, now = models.EventQueue, tx.now()
    number = tx.connection.execute(
        sa.select(queue.number)
        .where(
            sa.or_(queue.claimed_until.is_(None), queue.claimed_until < now),
            sa.exists().where(models.Event.queue == queue.number),
        )
        # The one that was claimed longest ago.
        .order_by(queue.updated_at.is_not(None), queue.updated_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).scalar()
    if number is not None:
        values = {'claim': claim, 'claimed_until': now + _CLAIM}
        tx.update(queue, values, number=number)
    return number


def waiting(number: int) -> Sequence[models.Event]:
    """The first events that wait in a queue, in order."""
    event = models.Event
    with db.reader() as tx:
        order = [event.created_at, event.uuid]
        return tx.list(event, order=order, limit=_BATCH, queue=number).all()


@db.transaction
def mark_sent(
    tx: db.Transaction, number: int, claim: str, uuids: Sequence[str]
) -> None:
    """Take events out of their queue, and give up the claim on it.

    It does nothing if another conductor has claimed the queue meanwhile: that
    one sends the events again.
    """
    values = {'claim': None, 'claimed_until': None}
    if tx.update(models.EventQueue, values, number=number, claim=claim):
        tx.update(models.Event, {'queue': None}, uuid=list(uuids))


def purge_batch(before: datetime.datetime | None = None) -> int:
    """Delete some events that are older than [outbox] keep.

    :param before: delete those that are older than this instead.
    :returns: how many were deleted.
    """
    deleted, unsent = _purge(before or db.now() - outbox.keep())
    if unsent:
        LOG.error(
            'Dropped %s events older than [outbox] keep whose notifications '
            'could not be sent',
            unsent,
        )
    return deleted


def _purge_others() -> int:
    """Delete some of what ended long ago; how many rows."""
    days = cfg.CONF.database.purge_after
    if not days:
        return 0
    return sum(purge.batch(db.now() - datetime.timedelta(days=days)))


@db.transaction
def _purge(tx: db.Transaction, before: datetime.datetime) -> tuple[int, int]:
    event = models.Event
    rows = purge.take(
        tx,
        event,
        event.created_at < before,
        event.queue,
        order=(event.created_at, event.uuid),
    )
    return len(rows), sum(row.queue is not None for row in rows)
