# SPDX-License-Identifier: Apache-2.0
"""Reading the resources that events name.

An event only names a resource. The name is stored, once however often events
repeat it, and the resource is read as soon as a worker is idle. A storm of
events therefore costs one read.
"""

import contextlib
import datetime
import threading
from collections.abc import Iterable

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log

from valence.common import exception
from valence.conductor import jobs
from valence.conductor import requests
from valence.conductor.inventory import diff
from valence.conductor.inventory import store
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import loader

LOG = log.getLogger(__name__)

# Beyond this many resources a full sync is faster than single reads.
_MAX_URIS = 200
# Stored in place of a URI to request a full sync.
_EVERYTHING = '*'
# Events cause at most this many full syncs per [conductor] sync_interval.
_SYNCS_PER_INTERVAL = 20


def enqueue_refresh(podm_uuid: str, change: base.Change) -> None:
    """Store which resources of a pod manager have to be read."""
    uris = change.uris
    if not uris or len(uris) > _MAX_URIS:
        uris = (_EVERYTHING,)
    # A concurrent transaction that stored the same URI did so for us, too.
    with contextlib.suppress(
        db_exception.DBDuplicateEntry, db_exception.DBReferenceError
    ):
        _enqueue(podm_uuid, uris)


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
        """Wait until something is enqueued, or for a while."""
        self._waking.wait(seconds)
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
            for uuid in pending:
                podm = self._podms.get(uuid)
                if podm is not None and podm.status == 'online':
                    self._jobs.submit(self._pool, uuid, self._run, podm)

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
                models.PendingRefresh, podm_uuid=podm.uuid, limit=_MAX_URIS + 2
            ).all()
        rows = [row for row in pending if row.uri != _EVERYTHING]
        if len(rows) < len(pending) or len(rows) > _MAX_URIS:
            if _request_sync(podm.uuid):
                return
            # Until the next full sync, keep what is named up to date.
            rows = rows[:_MAX_URIS]
        if rows:
            self._read(podm, rows)

    def _read(
        self, podm: models.PodManager, rows: list[models.PendingRefresh]
    ) -> None:
        deadline = base.Deadline(cfg.CONF.redfish.request_timeout)
        uris = [row.uri for row in rows]
        uuids = [row.uuid for row in rows]
        since = db.now()
        # Sets updated_at, which marks them as being read.
        db.update(models.PendingRefresh, {}, uuid=uuids)
        try:
            seen = self._drivers.get(podm).refresh(uris, deadline)
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
