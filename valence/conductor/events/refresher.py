# SPDX-License-Identifier: Apache-2.0
"""Reading the resources that events name.

An event only names a resource. The name is stored, once however often events
repeat it, and the resource is read as soon as a worker is idle. A storm of
events therefore costs one read.
"""

import contextlib
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
from valence.conductor import requests
from valence.conductor.inventory import diff
from valence.conductor.inventory import store
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import loader
from valence.podmanagers.progress import Deadline

LOG = log.getLogger(__name__)

# Beyond this many resources a full sync is faster than single reads.
MAX_URIS = 200
# Stored in place of a URI to request a full sync.
_EVERYTHING = '*'
# How often URIs are stored again that others store at the same time.
_DUPLICATES = 10
# Seconds between two readings of what events of one pod manager name. They
# double while events keep coming.
_MIN_PAUSE = 1.0
_MAX_PAUSE = 15.0
# Events cause at most this many full syncs per [conductor] sync_interval.
_SYNCS_PER_INTERVAL = 20


def enqueue_refresh(podm_uuid: str, change: base.Change) -> None:
    """Store which resources of a pod manager have to be read."""
    if change.nothing:
        return
    uris = _canonical(change.uris)
    if not uris or len(uris) > MAX_URIS:
        uris = {_EVERYTHING}
    # The pod manager may have been removed.
    with contextlib.suppress(db_exception.DBReferenceError):
        for _ in range(_DUPLICATES):
            # A concurrent transaction has stored one of them. That one is
            # found then, and the others are stored.
            with contextlib.suppress(db_exception.DBDuplicateEntry):
                _enqueue(podm_uuid, uris)
                return
        with contextlib.suppress(db_exception.DBDuplicateEntry):
            _enqueue(podm_uuid, {_EVERYTHING})


def _canonical(uris: Iterable[str]) -> set[str]:
    """The URIs by which resources are known, without query and fragment.

    :returns: none if one of them is no URI: that may mean anything.
    """
    try:
        return {identity.canonical_uri(uri) for uri in uris}
    except ValueError:
        return set()


@db.transaction
def _enqueue(tx: db.Transaction, podm_uuid: str, uris: Iterable[str]) -> None:
    hashes = {diff.uri_hash(uri): uri for uri in uris if len(uri) <= 2048}
    for uri in _wake_operations(tx, podm_uuid, list(hashes.values())):
        del hashes[diff.uri_hash(uri)]
    keys = list(hashes)
    # A read in progress may have happened before this change.
    tx.delete(
        models.PendingRefresh,
        models.PendingRefresh.updated_at.is_not(None),
        podm_uuid=podm_uuid,
        uri_hash=keys,
    )
    pending = {
        row.uri_hash
        for row in tx.list(
            models.PendingRefresh, podm_uuid=podm_uuid, uri_hash=keys
        )
    }
    tx.create_many(
        models.PendingRefresh,
        [
            {'podm_uuid': podm_uuid, 'uri': uri, 'uri_hash': key}
            for key, uri in hashes.items()
            if key not in pending
        ],
    )


def _wake_operations(
    tx: db.Transaction, podm_uuid: str, uris: list[str]
) -> list[str]:
    """Make operations due that wait for one of these nodes.

    :returns: the URIs of those nodes. They need no refresh: the operation
        reads the node now, and its parts at its end.
    """
    nodes = tx.list(
        models.Node,
        only=('uuid', 'resource_uri'),
        podm_uuid=podm_uuid,
        resource_uri=uris,
        provision_state=('composing', 'updating', 'releasing'),
    ).all()
    if nodes:
        tx.update(
            models.Operation,
            {'run_after': None},
            models.Operation.run_after.is_not(None),
            target_uuid=[row.uuid for row in nodes],
            state='running',
            attempt=0,
        )
    return [row.resource_uri for row in nodes if row.resource_uri]


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
            pending = tx.connection.execute(
                sa.select(models.PendingRefresh.podm_uuid).distinct()
            ).scalars()
            uuids = list(pending)
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
            pending = tx.list(
                models.PendingRefresh, podm_uuid=podm.uuid, limit=MAX_URIS + 2
            ).all()
        rows = [row for row in pending if row.uri != _EVERYTHING]
        if len(rows) < len(pending) or len(rows) > MAX_URIS:
            if _request_sync(podm.uuid):
                return
            # Until the next full sync, keep what is named up to date.
            rows = rows[:MAX_URIS]
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
            enqueue_refresh(podm.uuid, base.Change())
            _dequeue(uuids)
            raise
        if seen.unrecognized:
            LOG.info(
                'An event of %s names an unknown resource: %s',
                podm.name,
                min(seen.unrecognized),
            )
            enqueue_refresh(podm.uuid, base.Change())


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
    pause = cfg.CONF.conductor.sync_interval / _SYNCS_PER_INTERVAL
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
    pending: list[str],
) -> None:
    store.write(tx, podm_uuid, seen, partial=True, since=since)
    tx.delete(models.PendingRefresh, uuid=pending)


@db.transaction
def _dequeue(tx: db.Transaction, pending: list[str]) -> None:
    tx.delete(models.PendingRefresh, uuid=pending)
