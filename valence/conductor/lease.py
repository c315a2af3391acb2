# SPDX-License-Identifier: Apache-2.0
"""How a conductor shows that it lives, and how others notice that it died.

A conductor is a row whose ``heartbeat_at`` it keeps fresh by the database's
clock. Whoever finds a stale row deletes it and frees the operations that its
owner had claimed. The owner, should it only have been asleep, finds its row
gone, and takes a new identity; its old claims bind nobody any more.
"""

import datetime
import socket
import threading
import time

import sqlalchemy as sa
from oslo_config import cfg
from oslo_log import log
from oslo_utils import uuidutils

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import loader

LOG = log.getLogger(__name__)


class Lease:
    """The time for which this conductor is certainly taken for alive."""

    def __init__(self) -> None:
        self.uuid = ''
        self._until = 0.0
        self._lock = threading.Lock()

    def renew(self) -> None:
        """Tell the database that this conductor lives."""
        with self._lock:
            # The lease counts from before the row is written: the database
            # cannot have a later time than that in mind.
            begun = time.monotonic()
            if not _beat(self.uuid):
                if self.uuid:
                    LOG.warning(
                        'The conductor %s was taken for dead; it goes on '
                        'under another name',
                        self.uuid,
                    )
                self.uuid = _register()
            self._until = begun + cfg.CONF.conductor.heartbeat_timeout

    def deadline(self) -> base.Deadline:
        """When others may take this conductor for dead."""
        return base.Deadline(self._until - time.monotonic())

    def end(self) -> None:
        """Take leave: what was claimed is free for others at once."""
        with self._lock:
            if self.uuid:
                bury(self.uuid)
                self.uuid = ''
                self._until = 0.0


def _register() -> str:
    return db.create(
        models.Conductor,
        uuid=uuidutils.generate_uuid(),
        hostname=socket.gethostname(),
        heartbeat_at=db.now(),
        drivers=loader.names(),
    )


def _beat(uuid: str) -> int:
    return db.update(models.Conductor, {'heartbeat_at': db.now()}, uuid=uuid)


def living() -> list[str]:
    """The conductors that have been heard of lately."""
    with db.reader() as tx:
        now = _database_time(tx)
        rows = tx.list(models.Conductor, only=('uuid', 'heartbeat_at'))
        return sorted(row.uuid for row in rows if not _stale(row, now))


def bury_the_dead() -> None:
    """Free what silent conductors have claimed."""
    with db.reader() as tx:
        now = _database_time(tx)
        rows = tx.list(models.Conductor, only=('uuid', 'heartbeat_at')).all()
    for row in rows:
        if _stale(row, now) and bury(row.uuid, row.heartbeat_at):
            LOG.warning('The conductor %s is silent; others go on', row.uuid)


@db.transaction
def bury(
    tx: db.Transaction, uuid: str, heard_at: datetime.datetime | None = None
) -> int:
    """Delete a conductor and free the operations that it had claimed.

    :param heard_at: only if nothing was heard of it since.
    :returns: whether it was there.
    """
    where = {} if heard_at is None else {'heartbeat_at': heard_at}
    found = tx.delete(models.Conductor, uuid=uuid, **where)
    if found:
        tx.update(
            models.Operation,
            {'claim': None, 'conductor': None},
            conductor=uuid,
        )
    return found


def _database_time(tx: db.Transaction) -> datetime.datetime:
    now = tx.connection.execute(sa.select(db.now())).scalar_one()
    if isinstance(now, str):
        return datetime.datetime.fromisoformat(now)
    return now


def _stale(row: sa.Row, now: datetime.datetime) -> bool:
    silent = now - row.heartbeat_at
    return silent.total_seconds() > cfg.CONF.conductor.heartbeat_timeout


def bury_all() -> None:
    """Free what any conductor has claimed, knowing that all are dead."""
    with db.reader() as tx:
        rows = tx.list(models.Conductor, only=('uuid',)).all()
    for row in rows:
        bury(row.uuid)
