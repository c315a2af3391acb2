# SPDX-License-Identifier: Apache-2.0
"""Reading the resources that events name.

An event only names a resource. The name is stored, once however often events
repeat it, and the resource is read as soon as a worker is idle. A storm of
events therefore costs one read.
"""

import datetime
import threading
import time
from collections.abc import Iterable

import sqlalchemy as sa
import yarl
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log

from valence.common import exception
from valence.common import identity
from valence.conductor import jobs
from valence.conductor import polling
from valence.conductor import requests
from valence.conductor.events import pending
from valence.conductor.inventory import store
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import loader
from valence.podmanagers.progress import Deadline

LOG = log.getLogger(__name__)

# Seconds between two readings of what events of one pod manager name. They
# double while events keep coming.
_MIN_PAUSE = 1.0
_MAX_PAUSE = 15.0
# Events cause at most this many full syncs per sync_interval.
_SYNCS_PER_INTERVAL = 20


class Refresher:
    """Reads what events named on this conductor's pod managers."""

    def __init__(self, drivers: loader.Pool) -> None:
        self._drivers = drivers
        # Most of the threads wait, if any, for pod managers that hang.
        self._pool = jobs.Pool(
            'refresh', cfg.CONF.conductor.probe_workers * jobs.FACTOR
        )
        self._jobs = jobs.KeyedJobs()
        self._podms: dict[str, models.PodManager] = {}
        # By UUID of a pod manager: when the last reading began, on the
        # monotonic clock, and the pause after it.
        self._lock = threading.Lock()
        self._paces: dict[str, tuple[float, float]] = {}
        self._next_at = 0.0
        self._waking = threading.Event()

    def follow(self, podms: Iterable[models.PodManager]) -> None:
        """Replace the pod managers that this conductor refreshes.

        :param podms: their rows.
        """
        self._podms = {podm.uuid: podm for podm in podms}

    def wake(self) -> None:
        """End ``wait``: something was enqueued."""
        self._waking.set()

    def wait(self, seconds: float) -> None:
        """Wait until something is enqueued or due, or for a while."""
        left = self._next_at - time.monotonic()
        self._waking.wait(min(seconds, left) if left > 0 else seconds)
        self._waking.clear()

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.close()

    def tick(self) -> None:
        """Begin to read what is enqueued; returns at once."""
        with db.reader() as tx:
            found = tx.connection.execute(
                sa.select(models.PendingRefresh.podm_uuid).distinct()
            ).scalars()
            uuids = list(found)
        self._next_at = 0.0
        for uuid in uuids:
            podm = self._podms.get(uuid)
            if podm is not None and podm.status == 'online':
                self._begin(podm)

    def _begin(self, podm: models.PodManager) -> None:
        """Read what is enqueued of a pod manager, unless it is too early."""
        now = time.monotonic()
        with self._lock:
            began, pause = self._paces.get(podm.uuid, (now, 0.0))
        left = began + pause - now
        if left > 0:
            self._next_at = min(self._next_at or now + left, now + left)
        else:
            self._jobs.submit(self._pool, podm.uuid, self._run, podm)

    def _pace(self, podm_uuid: str) -> None:
        """Note that a reading begins, and how long the next one waits."""
        now = time.monotonic()
        with self._lock:
            began, pause = self._paces.get(podm_uuid, (0.0, 0.0))
            quiet = now - began > 2 * max(pause, _MIN_PAUSE)
            next_pause = _MIN_PAUSE if quiet else pause * 2
            self._paces[podm_uuid] = now, min(next_pause, _MAX_PAUSE)

    def _run(self, podm: models.PodManager) -> None:
        try:
            self._refresh(podm)
        except (exception.ValenceException, db_exception.DBError) as exc:
            LOG.info('Refreshing %s failed: %s', podm.name, exc)
        except Exception:
            LOG.exception('Refreshing %s failed', podm.name)

    def _refresh(self, podm: models.PodManager) -> None:
        with db.reader() as tx:
            found = tx.list(
                models.PendingRefresh,
                podm_uuid=podm.uuid,
                limit=pending.MAX_URIS + 2,
            ).all()
        rows = [row for row in found if row.uri != pending.EVERYTHING]
        if len(rows) < len(found) or len(rows) > pending.MAX_URIS:
            if _request_sync(podm.uuid):
                return
            # Until the next full sync, keep what is named up to date.
            rows = rows[: pending.MAX_URIS]
        if rows:
            self._read(podm, rows)

    def _read(
        self, podm: models.PodManager, rows: list[models.PendingRefresh]
    ) -> None:
        # Events may name the path that a proxy adds.
        url = yarl.URL(identity.canonical_url(podm.url))
        prefix = url.raw_path.rstrip('/')
        uris = [identity.canonical_uri(row.uri, prefix) for row in rows]
        uuids = [row.uuid for row in rows]
        self._pace(podm.uuid)
        since = db.now()
        # Sets updated_at, which marks them as being read.
        db.update(models.PendingRefresh, {}, uuid=uuids)
        try:
            driver = self._drivers.get(podm)
            deadline = Deadline(driver.connection.request_timeout)
            seen = driver.refresh(uris, deadline)
            _store(podm.uuid, seen, since, uuids)
        except (exception.PodManagerError, exception.ValueRejected):
            # A full sync makes up for it, or reports the error.
            pending.enqueue_refresh(podm.uuid, base.Change())
            _dequeue(uuids)
            raise
        if seen.unrecognized:
            LOG.info(
                'An event of %s names an unknown resource: %s',
                podm.name,
                min(seen.unrecognized),
            )
            pending.enqueue_refresh(podm.uuid, base.Change())


def _request_sync(podm_uuid: str) -> bool:
    """Request a full sync; whether that was accepted.

    It is not while a sync is running, because that may have read some of the
    changes too early, nor shortly after one: a pod manager that sends events
    all the time is not read all the time.
    """
    try:
        return _request_due_sync(podm_uuid)
    except (exception.Conflict, db_exception.DBDuplicateEntry):
        return False


@db.transaction
def _request_due_sync(tx: db.Transaction, podm_uuid: str) -> bool:
    podm = tx.get(models.PodManager, uuid=podm_uuid)
    if podm is None:
        return False
    pause = polling.sync_interval(podm) / _SYNCS_PER_INTERVAL
    if podm.synced_at is not None:
        age = (tx.now() - podm.synced_at).total_seconds()
        if age < pause:
            return False
    requests.request_sync(tx, None, podm_uuid)
    tx.delete(models.PendingRefresh, podm_uuid=podm_uuid)
    return True


@db.transaction
def _store(
    tx: db.Transaction,
    podm_uuid: str,
    seen: hardware.Inventory,
    since: datetime.datetime,
    uuids: list[str],
) -> None:
    store.write(tx, podm_uuid, seen, partial=True, since=since)
    tx.delete(models.PendingRefresh, uuid=uuids)


@db.transaction
def _dequeue(tx: db.Transaction, uuids: list[str]) -> None:
    tx.delete(models.PendingRefresh, uuid=uuids)
