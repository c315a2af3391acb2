# SPDX-License-Identifier: Apache-2.0
"""How a conductor proves that it is alive, and others detect its failure.

A conductor is a row whose ``heartbeat_at`` it keeps fresh by the database's
clock. A conductor that finds a stale row deletes it and requeues the
operations that the other had claimed. If that was only suspended, it finds its
row gone and registers again under a new UUID; its old claims are void.
"""

import datetime
import socket
import threading
import time

import sqlalchemy as sa
from oslo_config import cfg
from oslo_log import log
from oslo_utils import uuidutils
from tooz import hashring

from valence.common import logs
from valence.db import api as db
from valence.db import clock
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.db.sqlalchemy import types
from valence.podmanagers import loader

LOG = log.getLogger(__name__)


class Lease:
    """The time during which no other conductor may declare this one dead."""

    def __init__(self) -> None:
        # UUID and expiry are replaced together: no reader sees the expiry of
        # one registration with the UUID of another.
        self._state = ('', 0.0)
        self._lock = threading.Lock()

    @property
    def uuid(self) -> str:
        """The UUID of this conductor's row; empty when not registered."""
        return self._state[0]

    def left(self, uuid: str | None = None) -> float:
        """Seconds until others may declare this conductor dead.

        :param uuid: the registration that is meant. The lease of an earlier
            one has expired, with all claims under it.
        """
        current, expires_at = self._state
        if uuid not in (None, current):
            return 0.0
        return expires_at - time.monotonic()

    def renew(self) -> None:
        """Write a heartbeat; register again if the row is gone.

        It does not wait for a connection that others use.
        """
        with self._lock, engine.reserved():
            # The lease counts from before the row is written, so it always
            # ends before the row becomes stale.
            started_at = time.monotonic()
            uuid = self.uuid
            if not _heartbeat(uuid):
                if uuid:
                    LOG.warning(
                        'Conductor %s was declared dead; registering again '
                        'under a new UUID',
                        uuid,
                    )
                uuid = _register()
            timeout = cfg.CONF.conductor.heartbeat_timeout
            self._state = uuid, started_at + timeout

    def end(self) -> None:
        """Deregister: others may claim this conductor's operations now."""
        with self._lock:
            if self.uuid:
                deregister(self.uuid)
                self._state = ('', 0.0)


def _register() -> str:
    hostname, drivers = socket.gethostname(), loader.names()
    uuid = db.create(
        models.Conductor,
        uuid=uuidutils.generate_uuid(),
        hostname=hostname,
        heartbeat_at=types.utcnow(),
        drivers=drivers,
    )
    logs.event(
        LOG,
        'conductor registered',
        conductor=uuid,
        host=hostname,
        drivers=drivers,
    )
    return uuid


def _heartbeat(uuid: str) -> bool:
    values = {'heartbeat_at': types.utcnow()}
    return bool(db.update(models.Conductor, values, uuid=uuid))


def alive() -> list[str]:
    """The UUIDs of the conductors whose heartbeat is fresh."""
    with db.reader() as tx:
        now = clock.measure(tx.connection)
        rows = tx.list(models.Conductor, only=('uuid', 'heartbeat_at'))
        return sorted(row.uuid for row in rows if not _stale(row, now))


def ring(conductors: list[str] | None = None) -> hashring.HashRing:
    """The hash ring that shares out periodic work.

    :param conductors: their UUIDs; default: those that are alive.
    """
    result = hashring.HashRing([])
    for uuid in alive() if conductors is None else conductors:
        result.add_node(uuid)
    return result


@engine.reserved()
def reap_stale() -> bool:
    """Requeue what failed conductors had claimed; whether there was any."""
    found = False
    with db.reader() as tx:
        # Claims are read first: the holder of each had a row by then.
        claimants = _claimants(tx)
        # All that this conductor stores is timed by this look at the clock.
        now = clock.measure(tx.connection)
        rows = tx.list(models.Conductor, only=('uuid', 'heartbeat_at')).all()
    for row in rows:
        if _stale(row, now) and deregister(row.uuid, row.heartbeat_at):
            LOG.warning(
                'Conductor %s sends no heartbeat; its operations are requeued',
                row.uuid,
            )
            found = True
    # Conductors that were deregistered while they claimed something.
    for uuid in claimants - {row.uuid for row in rows}:
        found = bool(_requeue_orphaned(uuid)) or found
    return found


def _claimants(tx: db.Transaction) -> set[str]:
    """The UUIDs of the conductors that hold claims."""
    query = (
        sa.select(models.Operation.conductor)
        .where(models.Operation.conductor.is_not(None))
        .distinct()
    )
    found = tx.connection.execute(query).scalars()
    return {uuid for uuid in found if uuid is not None}


@db.transaction
def deregister(
    tx: db.Transaction,
    uuid: str,
    heartbeat_at: datetime.datetime | None = None,
) -> bool:
    """Delete a conductor's row and requeue what it had claimed.

    :param heartbeat_at: do so only if this is still its last heartbeat.
    :returns: whether the row was deleted.
    """
    where = {} if heartbeat_at is None else {'heartbeat_at': heartbeat_at}
    deleted = tx.delete(models.Conductor, uuid=uuid, **where)
    if deleted:
        _requeue(tx, uuid)
    return bool(deleted)


@db.transaction
def _requeue_orphaned(tx: db.Transaction, uuid: str) -> int:
    return _requeue(tx, uuid)


def _requeue(tx: db.Transaction, uuid: str) -> int:
    return tx.update(
        models.Operation, {'claim': None, 'conductor': None}, conductor=uuid
    )


def _stale(row: models.Conductor, now: datetime.datetime) -> bool:
    limit: float = cfg.CONF.conductor.heartbeat_timeout
    return (now - row.heartbeat_at).total_seconds() > limit


def deregister_all() -> None:
    """Requeue what any conductor had claimed, when none of them is alive."""
    with db.reader() as tx:
        rows = tx.list(models.Conductor, only=('uuid',)).all()
    for row in rows:
        deregister(row.uuid)
