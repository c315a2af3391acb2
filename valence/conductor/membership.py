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
from tooz import hashring

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import loader

LOG = log.getLogger(__name__)


class Lease:
    """The time for which this conductor is certainly taken for alive."""

    def __init__(self) -> None:
        # Name and end are replaced together: no reader sees the end of one
        # life with the name of another.
        self._held = ('', 0.0)
        self._lock = threading.Lock()

    @property
    def uuid(self) -> str:
        """The name under which this conductor is known; empty: none."""
        return self._held[0]

    def left(self, uuid: str | None = None) -> float:
        """For how many seconds nobody may take this conductor for dead.

        :param uuid: the name to be known by; what was claimed under another
            one is not this conductor's any more.
        """
        name, until = self._held
        if uuid not in (None, name):
            return 0.0
        return until - time.monotonic()

    def renew(self) -> None:
        """Tell the database that this conductor lives."""
        with self._lock:
            # The lease counts from before the row is written: the database
            # cannot have a later time than that in mind.
            begun = time.monotonic()
            uuid = self.uuid
            if not _beat(uuid):
                if uuid:
                    LOG.warning(
                        'The conductor %s was taken for dead; it goes on '
                        'under another name',
                        uuid,
                    )
                uuid = _register()
            self._held = uuid, begun + cfg.CONF.conductor.heartbeat_timeout

    def end(self) -> None:
        """Take leave: what was claimed is free for others at once."""
        with self._lock:
            if self.uuid:
                bury(self.uuid)
                self._held = ('', 0.0)


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


def ring(conductors: list[str] | None = None) -> hashring.HashRing:
    """What shares out the periodic work over conductors; the living ones."""
    made = hashring.HashRing([])
    for uuid in living() if conductors is None else conductors:
        made.add_node(uuid)
    return made


def bury_the_dead() -> bool:
    """Free what silent conductors have claimed; whether there were any."""
    found = False
    with db.reader() as tx:
        # Claims are read first: who has one had a row before.
        claimants = _claimants(tx)
        now = _database_time(tx)
        rows = tx.list(models.Conductor, only=('uuid', 'heartbeat_at')).all()
    for row in rows:
        if _stale(row, now) and bury(row.uuid, row.heartbeat_at):
            LOG.warning('The conductor %s is silent; others go on', row.uuid)
            found = True
    # One that was buried while it claimed something.
    for uuid in claimants - {row.uuid for row in rows}:
        found = bool(_free(uuid)) or found
    return found


def _claimants(tx: db.Transaction) -> set[str]:
    """The conductors that have claimed something."""
    query = (
        sa.select(models.Operation.conductor)
        .where(models.Operation.conductor.is_not(None))
        .distinct()
    )
    found = tx.connection.execute(query).scalars()
    return {uuid for uuid in found if uuid is not None}


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
        _let_go(tx, uuid)
    return found


@db.transaction
def _free(tx: db.Transaction, uuid: str) -> int:
    return _let_go(tx, uuid)


def _let_go(tx: db.Transaction, uuid: str) -> int:
    return tx.update(
        models.Operation, {'claim': None, 'conductor': None}, conductor=uuid
    )


def _database_time(tx: db.Transaction) -> datetime.datetime:
    now: datetime.datetime | str = tx.connection.execute(
        sa.select(db.now())
    ).scalar_one()
    if isinstance(now, str):
        return datetime.datetime.fromisoformat(now)
    return now


def _stale(row: models.Conductor, now: datetime.datetime) -> bool:
    limit: float = cfg.CONF.conductor.heartbeat_timeout
    return (now - row.heartbeat_at).total_seconds() > limit


def bury_all() -> None:
    """Free what any conductor has claimed, knowing that all are dead."""
    with db.reader() as tx:
        rows = tx.list(models.Conductor, only=('uuid',)).all()
    for row in rows:
        bury(row.uuid)
