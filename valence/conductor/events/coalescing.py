# SPDX-License-Identifier: Apache-2.0
"""Storing what many deliveries name in few transactions.

Deliveries that arrive while others are stored, or shortly after that, are
stored together, whichever pod managers they come from. Each returns when its
transaction is committed: the pod manager repeats what was not acknowledged,
but nothing else. Each names resources only, so that a storm costs no more than
the resources that it is about.
"""

import threading
import time

from valence.common import rpc
from valence.conductor.events.pending import MAX_URIS
from valence.conductor.events.pending import enqueue_refreshes
from valence.podmanagers import base

# Seconds between two transactions, unless so many deliveries wait: each
# occupies a thread, of which the server has twice as many.
_PAUSE = 0.05
_FULL = 8


class _Batch:
    """Changes that are stored together."""

    def __init__(self) -> None:
        # By UUID of the pod manager; None: anything may have changed.
        self._uris: dict[str, dict[str, None] | None] = {}
        self.size = 0
        self.full = threading.Event()
        self.stored = threading.Event()
        self.error: BaseException | None = None

    def add(self, podm_uuid: str, change: base.Change) -> None:
        """Add what a delivery reports."""
        uris = self._uris.setdefault(podm_uuid, {})
        if uris is not None:
            uris.update(dict.fromkeys(change.uris))
            if not change.uris or len(uris) > MAX_URIS:
                self._uris[podm_uuid] = None
        self.size += 1
        if self.size >= _FULL:
            self.full.set()

    def changes(self) -> dict[str, base.Change]:
        """All of it, by UUID of the pod manager."""
        return {
            uuid: base.Change(tuple(uris or ()))
            for uuid, uris in self._uris.items()
        }


class Coalescer:
    """Stores the changes that deliveries to this process report."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = _Batch()
        # Held by who stores; when that was done last, on the monotonic clock.
        self._storing = threading.Lock()
        self._stored_at = float('-inf')

    def store(self, podm_uuid: str, change: base.Change) -> None:
        """Store a change; returns when it is committed."""
        if change.nothing:
            return
        with self._lock:
            batch = self._waiting
            batch.add(podm_uuid, change)
            is_first = batch.size == 1
        if is_first:
            self._store(batch)
        else:
            batch.stored.wait()
        if batch.error is not None:
            raise batch.error

    def _store(self, batch: _Batch) -> None:
        """Store a batch for all who wait."""
        with self._storing:
            passed = time.monotonic() - self._stored_at
            if 0 <= passed < _PAUSE:
                batch.full.wait(_PAUSE - passed)
            with self._lock:
                self._waiting = _Batch()
            try:
                enqueue_refreshes(batch.changes())
            except BaseException as exc:
                batch.error = exc
            else:
                rpc.wake()
            finally:
                self._stored_at = time.monotonic()
                batch.stored.set()
