# SPDX-License-Identifier: Apache-2.0
"""Asking pod managers whether they are there, and when to read them anew."""

import random
import threading
import time
from concurrent import futures
from typing import Any

from oslo_config import cfg
from oslo_log import log
from oslo_utils import timeutils

from valence.common import exception
from valence.common import rpc
from valence.conductor import membership
from valence.conductor import requests as conductor
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import loader

LOG = log.getLogger(__name__)

# One that stays away is asked ever less often, down to this many times the
# usual interval.
_MAX_BACK_OFF = 4
# Those that did not answer last time are asked by so many times as many
# threads, which wait and do nothing else.
_PATIENT = 16


class Monitor:
    """The periodic work on those pod managers that are this conductor's."""

    def __init__(
        self, own_lease: membership.Lease, drivers: loader.Pool
    ) -> None:
        self._lease = own_lease
        self._drivers = drivers
        workers = cfg.CONF.conductor.probe_workers
        self._pool = futures.ThreadPoolExecutor(
            workers, thread_name_prefix='probe'
        )
        # Who has not answered yet may hang, and is not to delay the others.
        self._strangers = futures.ThreadPoolExecutor(
            workers * _PATIENT, thread_name_prefix='probe-stranger'
        )
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._due: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._known: dict[str, Any] = {}
        self._rows: dict[str, Any] = {}
        self._stamps: dict[str, Any] = {}
        # Who shares what with whom, and what of it is ours.
        self._shared: tuple[list[str], set[str]] = ([], set())
        self._own: set[str] = set()

    def tick(self) -> list[Any]:
        """Begin whatever is due now; returns at once.

        :returns: the rows of the pod managers that are this conductor's.
        """
        self._read()
        self._drivers.keep(set(self._rows))
        self._share()
        owned = [self._rows[uuid] for uuid in self._own]
        for podm in owned:
            self._look_after(podm)
        return owned

    def _read(self) -> None:
        """Have the rows as they are now; only those that changed are read."""
        podm = models.PodManager
        with db.reader() as tx:
            stamps = {
                row.uuid: row.updated_at or row.created_at
                for row in tx.list(
                    podm,
                    podm.deleting_at.is_(None),
                    only=('uuid', 'created_at', 'updated_at'),
                )
            }
            changed = [
                uuid
                for uuid, stamp in stamps.items()
                if self._stamps.get(uuid) != stamp
            ]
            for start in range(0, len(changed), db.BATCH):
                batch = changed[start : start + db.BATCH]
                for row in tx.list(podm, uuid=batch):
                    self._rows[row.uuid] = row
        for uuid in self._rows.keys() - stamps.keys():
            del self._rows[uuid]
        self._stamps = stamps

    def _share(self) -> None:
        """Find out which pod managers are this conductor's."""
        shared = membership.living(), set(self._rows)
        if shared == self._shared:
            return
        conductors, podms = shared
        ring = membership.ring(conductors)
        own = {
            uuid
            for uuid in podms
            if self._lease.uuid in ring.get_nodes(uuid.encode())
        }
        for uuid in self._own - own:
            for known in (self._due, self._failures, self._known):
                known.pop(uuid, None)
            self._due.pop(f'sync:{uuid}', None)
        self._shared, self._own = shared, own

    def close(self) -> None:
        """Begin nothing more."""
        for pool in (self._pool, self._strangers):
            pool.shutdown(wait=False, cancel_futures=True)

    def _look_after(self, podm: Any) -> None:
        now = time.monotonic()
        identity = loader.identity(podm)
        if self._known.get(podm.uuid) != identity:
            # New here, or changed: nothing that was learnt holds.
            self._known[podm.uuid] = identity
            self._due.pop(podm.uuid, None)
        if now >= self._due.get(podm.uuid, 0):
            with self._lock:
                if podm.uuid in self._busy:
                    return
                self._busy.add(podm.uuid)
            self._due[podm.uuid] = now + cfg.CONF.conductor.status_interval
            answered = podm.status == 'online'
            pool = self._pool if answered else self._strangers
            pool.submit(self._probe, podm.uuid)
        elif podm.status == 'online' and self._sync_due(podm, now):
            request_sync(podm.uuid)

    def _sync_due(self, podm: Any, now: float) -> bool:
        key = f'sync:{podm.uuid}'
        if podm.synced_at is not None:
            age = (timeutils.utcnow() - podm.synced_at).total_seconds()
            if age < cfg.CONF.conductor.sync_interval:
                return False
        # One that failed is not begun again and again.
        if now < self._due.get(key, 0):
            return False
        self._due[key] = now + min(
            cfg.CONF.conductor.sync_interval,
            cfg.CONF.conductor.status_interval,
        )
        return True

    def _probe(self, uuid: str) -> None:
        try:
            podm = db.get(models.PodManager, uuid=uuid)
            if podm is not None:
                self._ask(podm)
        except Exception:
            LOG.exception('The status of pod manager %s is not known', uuid)
        finally:
            with self._lock:
                self._busy.discard(uuid)

    def _ask(self, podm: Any) -> None:
        interval = cfg.CONF.conductor.status_interval
        reason = self._try(podm)
        if reason is not None and podm.status == 'online':
            # One lost packet is not an outage.
            time.sleep(min(1.0, interval / 4))
            reason = self._try(podm)
        if reason is None:
            self._failures.pop(podm.uuid, None)
            pause = interval
        else:
            failures = self._failures.get(podm.uuid, 0) + 1
            self._failures[podm.uuid] = failures
            _set_offline(podm, reason)
            pause = interval * min(2 ** (failures - 1), _MAX_BACK_OFF)
        jitter = random.uniform(0.9, 1.1)  # noqa: S311
        self._due[podm.uuid] = time.monotonic() + pause * jitter

    def _try(self, podm: Any) -> str | None:
        """Ask once; returns why it is not well."""
        deadline = base.Deadline(cfg.CONF.conductor.status_timeout)
        try:
            if podm.driver is None:
                name = loader.recognize(loader.connection(podm), deadline)
                db.update(
                    models.PodManager,
                    {'driver': name},
                    uuid=podm.uuid,
                    url=podm.url,
                    driver=None,
                )
                podm = db.get(models.PodManager, uuid=podm.uuid)
            if podm is None:
                return 'removed'
            found = self._drivers.get(podm).probe(deadline)
            if _set_online(podm, found):
                request_sync(podm.uuid)
        except exception.ValenceException as exc:
            return str(exc)
        except KeyError:
            return f'the driver {podm.driver} is not installed'
        except Exception as exc:
            LOG.exception('The driver of pod manager %s failed', podm.uuid)
            return f'the driver failed: {type(exc).__name__}'
        return None


@db.transaction
def _set_online(tx: db.Transaction, podm: Any, found: base.Probe) -> bool:
    """Note that a pod manager answered.

    :returns: whether it was not online before.
    :raises PodManagerError: when it is another's service.
    """
    if found.service_uuid is not None:
        twin = tx.get(
            models.PodManager,
            models.PodManager.uuid != podm.uuid,
            models.PodManager.status == 'online',
            service_uuid=found.service_uuid,
        )
        if twin is not None:
            raise exception.NotAPodManager(
                f'same service as {twin.name} ({twin.uuid})'
            )
    now = timeutils.utcnow()
    values: dict[str, Any] = {
        'contacted_at': now,
        'service_uuid': found.service_uuid,
        'capabilities': sorted(found.capabilities),
    }
    same = {'uuid': podm.uuid, 'url': podm.url}
    changed = tx.update(
        models.PodManager,
        {
            **values,
            'status': 'online',
            'status_reason': None,
            'status_changed_at': now,
        },
        status='offline',
        **same,
    )
    if changed:
        LOG.info('The pod manager %s is online', podm.name)
        return True
    tx.update(models.PodManager, values, **same)
    return False


@db.transaction
def _set_offline(tx: db.Transaction, podm: Any, reason: str) -> None:
    now = timeutils.utcnow()
    same = {'uuid': podm.uuid, 'url': podm.url}
    reason = reason[:1024]
    changed = tx.update(
        models.PodManager,
        {
            'status': 'offline',
            'status_reason': reason,
            'status_changed_at': now,
        },
        status='online',
        **same,
    )
    if changed:
        LOG.warning('The pod manager %s is offline: %s', podm.name, reason)
    else:
        tx.update(models.PodManager, {'status_reason': reason}, **same)


def request_sync(podm_uuid: str) -> None:
    """Have an inventory read, unless that is under way."""
    try:
        _request_sync(podm_uuid)
    except exception.Conflict:
        return
    rpc.BELL.ring()


@db.transaction
def _request_sync(tx: db.Transaction, podm_uuid: str) -> None:
    conductor.request_sync(tx, None, podm_uuid)
