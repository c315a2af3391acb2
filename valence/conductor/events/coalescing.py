# SPDX-License-Identifier: Apache-2.0
"""Storing what many deliveries name in few transactions.

Deliveries that arrive while others are stored, or shortly after that, are
stored together. Each returns when its transaction is committed: the pod
manager repeats what was not acknowledged, but nothing else. Each names
resources only, so that a storm costs no more than the resources that it is
about.
"""

import threading
import time

from valence.common import rpc
from valence.conductor.events.pending import MAX_URIS
from valence.conductor.events.pending import enqueue_refresh
from valence.podmanagers import base

# Seconds between two transactions for one pod manager, unless so many
# deliveries wait: each occupies a thread of the API.
_PAUSE = 0.05
_FULL = 4


class _Batch:
    """Changes that are stored together."""

    def __init__(self) -> None:
        self.uris: dict[str, None] = {}
        self.anything = False
        self.error: Exception | None = None
        self.full = threading.Event()
        self._deliveries = 0

    def add(self, change: base.Change) -> None:
        """Add what a delivery reports."""
        self.uris.update(dict.fromkeys(change.uris))
        if not change.uris or len(self.uris) > MAX_URIS:
            self.anything = True
            self.uris.clear()
        self._deliveries += 1
        if self._deliveries >= _FULL:
            self.full.set()

    def change(self) -> base.Change:
        """All of it."""
        return base.Change(() if self.anything else tuple(self.uris))


class _Writer:
    """Held by who stores; when that was done last, on the monotonic clock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stored_at = float('-inf')


class Coalescer:
    """Stores the changes that deliveries to this process report."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By UUID of the pod manager: what waits, and who writes.
        self._batches: dict[str, _Batch] = {}
        self._writers: dict[str, _Writer] = {}

    def store(self, podm_uuid: str, change: base.Change) -> None:
        """Store a change; returns when it is committed."""
        if change.nothing:
            return
        with self._lock:
            batch = self._batches.setdefault(podm_uuid, _Batch())
            batch.add(change)
            writer = self._writers.setdefault(podm_uuid, _Writer())
        with writer.lock:
            if self._batches.get(podm_uuid) is batch:
                left = writer.stored_at + _PAUSE - time.monotonic()
                if left > 0:
                    batch.full.wait(left)
                self._write(podm_uuid, batch)
                writer.stored_at = time.monotonic()
        if batch.error is not None:
            raise batch.error

    def _write(self, podm_uuid: str, batch: _Batch) -> None:
        """Store a batch for all who wait."""
        with self._lock:
            del self._batches[podm_uuid]
        try:
            enqueue_refresh(podm_uuid, batch.change())
        except Exception as exc:
            batch.error = exc
        else:
            rpc.wake()
