# SPDX-License-Identifier: Apache-2.0
"""Storing what many deliveries name in few transactions.

Deliveries that arrive while others are stored are stored together after them.
Those beyond [api] event_rate are held for a second first. Each names resources
only, so that a storm costs no more than the resources that it is about.
"""

import threading

from oslo_config import cfg
from oslo_log import log

from valence.common import rpc
from valence.conductor.events.refresher import MAX_URIS
from valence.conductor.events.refresher import enqueue_refresh
from valence.podmanagers import base

LOG = log.getLogger(__name__)

_HOLD_SECONDS = 1.0


class _Batch:
    """Changes that are stored together."""

    def __init__(self) -> None:
        self.uris: dict[str, None] = {}
        self.anything = False
        self.error: Exception | None = None

    def add(self, change: base.Change) -> None:
        """Add what a delivery reports."""
        self.uris.update(dict.fromkeys(change.uris))
        if not change.uris or len(self.uris) > MAX_URIS:
            self.anything = True
            self.uris.clear()

    def change(self) -> base.Change:
        """All of it."""
        return base.Change(() if self.anything else tuple(self.uris))


class Coalescer:
    """Stores the changes that deliveries to this process report."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By UUID of the pod manager: what waits, and who writes.
        self._batches: dict[str, _Batch] = {}
        self._writers: dict[str, threading.Lock] = {}
        self._held: set[str] = set()
        self._counts: dict[str, tuple[int, int]] = {}

    def store(self, podm_uuid: str, change: base.Change, second: int) -> None:
        """Store a change, or hold it for a moment.

        :param second: the present time in seconds.
        """
        if change.nothing:
            return
        with self._lock:
            batch = self._batches.setdefault(podm_uuid, _Batch())
            batch.add(change)
            if self._is_too_many(podm_uuid, second):
                self._hold(podm_uuid)
                return
        self._write(podm_uuid, batch)

    def _is_too_many(self, podm_uuid: str, second: int) -> bool:
        """Count a delivery; whether the limit per second is exceeded."""
        since, count = self._counts.get(podm_uuid, (second, 0))
        count = count + 1 if since == second else 1
        self._counts[podm_uuid] = (second, count)
        limit: int = cfg.CONF.api.event_rate
        return count > limit

    def _hold(self, podm_uuid: str) -> None:
        """Store in a while what waits."""
        if podm_uuid in self._held:
            return
        self._held.add(podm_uuid)
        timer = threading.Timer(_HOLD_SECONDS, self._flush, (podm_uuid,))
        timer.daemon = True
        timer.start()

    def _flush(self, podm_uuid: str) -> None:
        with self._lock:
            self._held.discard(podm_uuid)
            batch = self._batches.get(podm_uuid)
        if batch is None:
            return
        try:
            self._write(podm_uuid, batch)
        except Exception as exc:
            LOG.warning('The events of %s are not stored: %s', podm_uuid, exc)

    def _write(self, podm_uuid: str, batch: _Batch) -> None:
        """Store a batch, unless another delivery has stored it."""
        with self._lock:
            writer = self._writers.setdefault(podm_uuid, threading.Lock())
        with writer:
            with self._lock:
                mine = self._batches.get(podm_uuid) is batch
                if mine:
                    del self._batches[podm_uuid]
            if mine:
                try:
                    enqueue_refresh(podm_uuid, batch.change())
                except Exception as exc:
                    batch.error = exc
        if batch.error is not None:
            raise batch.error
        rpc.wake()
