# SPDX-License-Identifier: Apache-2.0
"""Polling pod managers: their status, and when their inventory is due."""

import datetime
import random
import time
import zlib
from collections.abc import Callable

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.common import identity
from valence.common import metrics
from valence.common import rpc
from valence.conductor import jobs
from valence.conductor import membership
from valence.conductor import requests
from valence.conductor import states
from valence.conductor.inventory import replacement
from valence.db import api as db
from valence.db import recount
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import loader
from valence.podmanagers.progress import Deadline

LOG = log.getLogger(__name__)

# The job that checks counters: one at a time, whatever the pod manager.
_CAPACITY = 'capacity'
# A pod manager that stays offline is polled less and less often: at most this
# many times the usual interval is between two probes.
_MAX_BACK_OFF = 4
# The inventories that were read at one time are not due at one time again.
_SPREAD = 0.1


class Monitor:
    """The periodic work on the pod managers of this conductor.

    :param is_followed: whether the event stream of the pod manager with a
        UUID is open.
    """

    def __init__(
        self,
        lease: membership.Lease,
        drivers: loader.Pool,
        is_followed: Callable[[str], bool],
    ) -> None:
        self._lease = lease
        self._drivers = drivers
        self._is_followed = is_followed
        self._jobs = jobs.KeyedJobs()
        workers = cfg.CONF.conductor.probe_workers
        self._online = jobs.Pool('probe', workers)
        # A pod manager that hangs must not delay those that answer.
        self._offline = jobs.Pool('probe-offline', workers * jobs.FACTOR)
        self._rows: dict[str, models.PodManager] = {}
        self._row_times: dict[str, datetime.datetime] = {}
        # The conductors and pod managers that the hash ring was made of, and
        # this conductor's share.
        self._members: tuple[list[str], set[str]] = ([], set())
        self._own: set[str] = set()
        # By UUID of a pod manager of this conductor: when to probe it, to sync
        # it and to check its counters, on the monotonic clock; how many probes
        # failed in a row; the connection that was probed.
        self._probe_at: dict[str, float] = {}
        self._sync_at: dict[str, float] = {}
        self._check_at: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._identities: dict[str, tuple[object, ...]] = {}

    def tick(self) -> list[models.PodManager]:
        """Begin what is due now; returns at once.

        :returns: the rows of this conductor's pod managers.
        """
        # One that is being removed is not polled, but operations use its
        # driver until it is gone.
        self._drivers.keep(self._read_rows())
        self._share()
        owned = [self._rows[uuid] for uuid in self._own]
        for podm in owned:
            self._poll(podm)
        return owned

    def close(self) -> None:
        """Begin nothing more."""
        for pool in (self._online, self._offline):
            pool.close()

    def _read_rows(self) -> set[str]:
        """Read the rows that changed since the last time.

        :returns: the UUIDs of all pod managers, also of those being removed.
        """
        podm = models.PodManager
        with db.reader() as tx:
            stored = tx.list(
                podm, only=('uuid', 'created_at', 'updated_at', 'deleting_at')
            ).all()
            times = {
                row.uuid: row.updated_at or row.created_at
                for row in stored
                if row.deleting_at is None
            }
            changed = [
                uuid
                for uuid, time_ in times.items()
                if self._row_times.get(uuid) != time_
            ]
            for start in range(0, len(changed), db.BATCH):
                batch = changed[start : start + db.BATCH]
                for row in tx.list(podm, uuid=batch):
                    self._rows[row.uuid] = row
        for uuid in self._rows.keys() - times.keys():
            del self._rows[uuid]
        self._row_times = times
        return {row.uuid for row in stored}

    def _share(self) -> None:
        """Find out which pod managers are this conductor's."""
        members = membership.alive(), set(self._rows)
        if members == self._members:
            return
        conductors, podms = members
        ring = membership.ring(conductors)
        own = {
            uuid
            for uuid in podms
            if self._lease.uuid in ring.get_nodes(uuid.encode())
        }
        for uuid in self._own - own:
            for state in (
                self._probe_at,
                self._sync_at,
                self._check_at,
                self._failures,
                self._identities,
            ):
                state.pop(uuid, None)
        self._members, self._own = members, own

    def _poll(self, podm: models.PodManager) -> None:
        now = time.monotonic()
        identity = loader.identity(podm)
        if self._identities.get(podm.uuid) != identity:
            # It is new to this conductor, or its address or login changed.
            self._identities[podm.uuid] = identity
            self._probe_at.pop(podm.uuid, None)
        if now >= self._probe_at.get(podm.uuid, 0):
            if not self._jobs.is_running(podm.uuid):
                # The probe sets a more exact time when it is done.
                interval = cfg.CONF.conductor.status_interval
                self._probe_at[podm.uuid] = now + interval
                online = podm.status == 'online'
                pool = self._online if online else self._offline
                self._jobs.submit(pool, podm.uuid, self._run, podm.uuid)
        elif podm.status == 'online' and self._is_sync_due(podm, now):
            request_sync(podm.uuid)
        self._check_capacity(podm.uuid, now)

    def _check_capacity(self, uuid: str, now: float) -> None:
        """Check the counters of a pod manager if that is due.

        The first time is at random, so that not all are due at once.
        """
        interval = cfg.CONF.conductor.capacity_check_interval
        first = now + random.uniform(0, interval)  # noqa: S311
        if now >= self._check_at.setdefault(uuid, first) and self._jobs.submit(
            self._online, _CAPACITY, _check_capacity, uuid
        ):
            self._check_at[uuid] = now + interval

    def _is_sync_due(self, podm: models.PodManager, now: float) -> bool:
        if podm.synced_at is not None:
            age = (db.now() - podm.synced_at).total_seconds()
            if age < self._sync_interval(podm) * _spread(podm):
                return False
        # A sync that failed is not requested again at every tick.
        if now < self._sync_at.get(podm.uuid, 0):
            return False
        self._sync_at[podm.uuid] = now + min(
            sync_interval(podm), cfg.CONF.conductor.status_interval
        )
        return True

    def _sync_interval(self, podm: models.PodManager) -> float:
        """What a stream reports needs no reading of everything."""
        interval = sync_interval(podm)
        if podm.sync_interval is None and self._is_followed(podm.uuid):
            followed = cfg.CONF.conductor.followed_sync_interval
            return max(interval, float(followed))
        return interval

    def _run(self, uuid: str) -> None:
        try:
            podm = db.get(models.PodManager, uuid=uuid)
            if podm is not None:
                self._probe(podm)
        except Exception:
            LOG.exception('Probing pod manager %s failed', uuid)

    def _probe(self, podm: models.PodManager) -> None:
        interval = cfg.CONF.conductor.status_interval
        reason = self._try_probe(podm)
        if reason is not None and podm.status == 'online':
            # One lost packet is not an outage.
            time.sleep(min(1.0, interval / 4))
            reason = self._try_probe(podm)
        if reason is None:
            self._failures.pop(podm.uuid, None)
            pause = interval
        else:
            failures = self._failures.get(podm.uuid, 0) + 1
            self._failures[podm.uuid] = failures
            db.transaction(states.set_offline)(podm, reason)
            pause = interval * min(2 ** (failures - 1), _MAX_BACK_OFF)
        jitter = random.uniform(0.9, 1.1)  # noqa: S311
        self._probe_at[podm.uuid] = time.monotonic() + pause * jitter

    def _try_probe(self, podm: models.PodManager) -> str | None:
        """Probe once; the reason why it is offline, or None."""
        try:
            conn = loader.connection(podm)
            deadline = Deadline(conn.status_timeout)
            known = (
                podm if podm.driver else _detect_driver(podm, conn, deadline)
            )
            if known is None:
                return 'removed'
            with metrics.PROBES.labels(podm.name).time():
                found = self._drivers.get(known).probe(deadline)
            if _set_online(known, found):
                request_sync(podm.uuid)
        except exception.ValenceException as exc:
            return str(exc)
        except KeyError:
            return f'the driver {podm.driver} is not installed'
        except Exception as exc:
            LOG.exception('The driver of pod manager %s failed', podm.uuid)
            return f'the driver failed: {type(exc).__name__}'
        return None


def _check_capacity(uuid: str) -> None:
    try:
        for difference in recount.check(uuid, repair=True):
            LOG.warning(
                'A counter of pod manager %s was wrong: %s', uuid, difference
            )
    except Exception:
        LOG.exception('Checking the counters of %s failed', uuid)


def _detect_driver(
    podm: models.PodManager, conn: base.Connection, deadline: Deadline
) -> models.PodManager | None:
    """Find and store the driver; the current row, if it still exists."""
    name = loader.recognize(conn, deadline)
    db.update(
        models.PodManager,
        {'driver': name},
        uuid=podm.uuid,
        url=podm.url,
        driver=None,
    )
    return db.get(models.PodManager, uuid=podm.uuid)


@db.transaction
def _set_online(
    tx: db.Transaction, podm: models.PodManager, found: base.Probe
) -> bool:
    """Store that a pod manager answered.

    :returns: whether its inventory has to be read: it was offline before, or
        may be another service.
    :raises NotAPodManager: when it is the service of another pod manager.
    """
    service_uuid = identity.identifying_uuid(found.service_uuid)
    podm = tx.get(models.PodManager, uuid=podm.uuid, url=podm.url) or podm
    if service_uuid is not None and replacement.is_other(podm, service_uuid):
        return replacement.suspend(tx, podm, service_uuid)
    replacement.resume(tx, podm)
    _check_unique(tx, podm, service_uuid)
    values = {
        'contacted_at': tx.now(),
        # A service that reports none is not another one.
        'service_uuid': service_uuid or podm.service_uuid,
        'capabilities': sorted(found.capabilities),
    }
    if states.set_status(tx, podm, 'online', None, **values):
        return True
    tx.update(models.PodManager, values, uuid=podm.uuid, url=podm.url)
    return False


def _check_unique(
    tx: db.Transaction, podm: models.PodManager, service_uuid: str | None
) -> None:
    """Check that no other pod manager is the same service.

    :param service_uuid: the UUID that identifies the service, if one does.
    :raises NotAPodManager: when one is.
    """
    if service_uuid is None or podm.shares_service_uuid:
        return
    other = tx.get(
        models.PodManager,
        models.PodManager.uuid != podm.uuid,
        models.PodManager.status == 'online',
        service_uuid=service_uuid,
        shares_service_uuid=False,
    )
    if other is not None:
        raise exception.NotAPodManager(
            f'same service as {other.name} ({other.uuid}); if these are two '
            f'services, set shares_service_uuid'
        )


def sync_interval(podm: models.PodManager) -> float:
    """How often the full inventory of a pod manager is read, in seconds."""
    return podm.sync_interval or float(cfg.CONF.conductor.sync_interval)


def _spread(podm: models.PodManager) -> float:
    """A factor of the interval; another one after each sync."""
    key = f'{podm.uuid} {podm.synced_at}'.encode()
    return 1 - _SPREAD * zlib.crc32(key) / 2**32


def request_sync(podm_uuid: str) -> None:
    """Request a sync of a pod manager, unless one is open."""
    try:
        _request_sync(podm_uuid)
    except exception.Conflict:
        return
    rpc.WAKER.notify()


@db.transaction
def _request_sync(tx: db.Transaction, podm_uuid: str) -> None:
    requests.request_sync(tx, None, podm_uuid)
