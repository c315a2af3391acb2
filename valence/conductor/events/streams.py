# SPDX-License-Identifier: Apache-2.0
"""Listening to the event streams of pod managers."""

import threading
import time
from collections.abc import Callable
from collections.abc import Iterable

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.common import metrics
from valence.common import rpc
from valence.conductor.events.pending import enqueue_refresh
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import loader
from valence.podmanagers.progress import Deadline

LOG = log.getLogger(__name__)

_MIN_PAUSE = 1.0
_MAX_PAUSE = 60.0
# A stream that never could be opened is given up after so many attempts, and
# tried again after so many seconds.
_ATTEMPTS = 5
_GIVEN_UP_SECONDS = 3600.0


class Streams:
    """The open event streams of this conductor's pod managers."""

    def __init__(self, drivers: loader.Pool) -> None:
        self._drivers = drivers
        # Listeners give up in threads of their own.
        self._lock = threading.Lock()
        self._listeners: dict[str, _Listener] = {}
        # When to try the streams again that could not be opened, on the
        # monotonic clock. Those of pod managers that were offline are tried
        # at once, because they may have been replaced.
        self._given_up: dict[str, float] = {}

    def supports(self, podm: models.PodManager) -> bool:
        """Whether a pod manager has an event stream that can be opened."""
        with self._lock:
            until = self._given_up.get(podm.uuid, 0.0)
        return 'event_stream' in podm.capabilities and (
            time.monotonic() >= until
        )

    def is_open(self, podm_uuid: str) -> bool:
        """Whether the event stream of a pod manager is open now."""
        with self._lock:
            listener = self._listeners.get(podm_uuid)
        return listener is not None and listener.is_open

    def follow(self, podms: Iterable[models.PodManager]) -> None:
        """Listen to these pod managers, and to no others.

        :param podms: rows of those that this conductor looks after.
        """
        owned = {podm.uuid: podm for podm in podms}
        with self._lock:
            listeners = dict(self._listeners)
        for uuid, listener in listeners.items():
            podm = owned.get(uuid)
            if podm is None or loader.identity(podm) != listener.identity:
                listener.stop()
                self._forget(uuid, listener)
        for uuid, podm in owned.items():
            if podm.status != 'online':
                with self._lock:
                    self._given_up.pop(uuid, None)
            elif self.supports(podm):
                self._listen(podm)

    def _listen(self, podm: models.PodManager) -> None:
        with self._lock:
            full = len(self._listeners) >= cfg.CONF.conductor.event_streams
            if podm.uuid not in self._listeners and not full:
                self._listeners[podm.uuid] = _Listener(
                    podm, self._drivers, self._give_up
                )

    def _give_up(self, listener: '_Listener') -> None:
        """Leave a pod manager alone whose stream cannot be opened."""
        uuid = listener.podm.uuid
        with self._lock:
            self._given_up[uuid] = time.monotonic() + _GIVEN_UP_SECONDS
        self._forget(uuid, listener)

    def _forget(self, uuid: str, listener: '_Listener') -> None:
        with self._lock:
            if self._listeners.get(uuid) is listener:
                del self._listeners[uuid]

    def close(self) -> None:
        """Close all streams."""
        with self._lock:
            listeners = list(self._listeners.values())
        for listener in listeners:
            listener.stop()


class _Listener:
    """Listens to one pod manager, and opens its stream again when it ends.

    A stream that was open once is opened again however often that fails.

    :param on_refused: called with the listener when its stream cannot be
        opened; it has stopped then.
    """

    def __init__(
        self,
        podm: models.PodManager,
        drivers: loader.Pool,
        on_refused: Callable[['_Listener'], None],
    ) -> None:
        self.identity = loader.identity(podm)
        self.podm = podm
        self._drivers = drivers
        self._on_refused = on_refused
        self.is_open = False
        self._stopping = threading.Event()
        self._stream: base.ChangeStream | None = None
        threading.Thread(
            target=self._run, name=f'events-{podm.name}', daemon=True
        ).start()

    def stop(self) -> None:
        """Close the stream and do not open it again."""
        self._stopping.set()
        if self._stream is not None:
            self._stream.close()

    def _run(self) -> None:
        pause, failures = _MIN_PAUSE, 0
        while not self._stopping.is_set():
            started_at = time.monotonic()
            try:
                self._listen()
                # A stream that ends at once is opened less and less often.
                lasted = time.monotonic() - started_at
                pause = _MIN_PAUSE if lasted > pause else pause * 2
            except exception.ValenceException as exc:
                LOG.info('No events from %s: %s', self.podm.name, exc)
                failures += 1
                if self._is_hopeless(exc, failures):
                    self._on_refused(self)
                    return
                pause *= 2
            except Exception:
                LOG.exception('Listening to %s failed', self.podm.name)
                pause = _MAX_PAUSE
            pause = min(pause, _MAX_PAUSE)
            self._stopping.wait(pause)

    def _is_hopeless(
        self, exc: exception.ValenceException, failures: int
    ) -> bool:
        """Whether a stream that was never open cannot be opened."""
        refused = isinstance(exc, exception.RequestRejected)
        return self._stream is None and (refused or failures >= _ATTEMPTS)

    def _listen(self) -> None:
        """Open the stream and enqueue what it reports, until it ends."""
        driver = self._drivers.get(self.podm)
        deadline = Deadline(driver.connection.status_timeout)
        self._stream = driver.listen(deadline)
        # Changes from before the stream was open were missed.
        enqueue_refresh(self.podm.uuid, base.Change())
        if self._stopping.is_set():
            # It was stopped while the stream was being opened.
            self._stream.close()
        self.is_open = True
        try:
            self._receive(self._stream)
        finally:
            self.is_open = False

    def _receive(self, stream: base.ChangeStream) -> None:
        """Enqueue what a stream reports, until it ends."""
        for change in stream:
            if self._stopping.is_set():
                return
            metrics.EVENTS.labels('stream').inc()
            enqueue_refresh(self.podm.uuid, change)
            rpc.WAKER.notify()
