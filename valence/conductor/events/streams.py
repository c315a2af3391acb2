# SPDX-License-Identifier: Apache-2.0
"""Listening to the event streams of pod managers."""

import threading
import time
from collections.abc import Callable
from collections.abc import Iterable

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.common import rpc
from valence.conductor.events.refresher import enqueue_refresh
from valence.db.sqlalchemy import models
from valence.podmanagers import base
from valence.podmanagers import loader

LOG = log.getLogger(__name__)

_MIN_PAUSE = 1.0
_MAX_PAUSE = 60.0


class Streams:
    """The open event streams of this conductor's pod managers."""

    def __init__(self, drivers: loader.Pool) -> None:
        self._drivers = drivers
        self._listeners: dict[str, _Listener] = {}
        # Pod managers that refused to open a stream. They are asked again
        # after they were offline, because they may have been replaced.
        self._unsupported: set[str] = set()

    def supports(self, podm: models.PodManager) -> bool:
        """Whether a pod manager has an event stream that can be opened."""
        return (
            'event_stream' in podm.capabilities
            and podm.uuid not in self._unsupported
        )

    def follow(self, podms: Iterable[models.PodManager]) -> None:
        """Listen to these pod managers, and to no others.

        :param podms: rows of those that this conductor looks after.
        """
        owned = {podm.uuid: podm for podm in podms}
        for uuid, listener in list(self._listeners.items()):
            podm = owned.get(uuid)
            if podm is None or loader.identity(podm) != listener.identity:
                listener.stop()
                self._listeners.pop(uuid, None)
        for uuid, podm in owned.items():
            if podm.status != 'online':
                self._unsupported.discard(uuid)
            elif uuid not in self._listeners and self.supports(podm):
                self._listen(podm)

    def _listen(self, podm: models.PodManager) -> None:
        if len(self._listeners) < cfg.CONF.conductor.event_streams:
            self._listeners[podm.uuid] = _Listener(
                podm, self._drivers, self._give_up
            )

    def _give_up(self, podm_uuid: str) -> None:
        """Remember that a pod manager refuses to open a stream."""
        self._unsupported.add(podm_uuid)
        self._listeners.pop(podm_uuid, None)

    def close(self) -> None:
        """Close all streams."""
        for listener in self._listeners.values():
            listener.stop()


class _Listener:
    """Listens to one pod manager, and opens its stream again when it ends.

    :param on_refused: called with the UUID of a pod manager that refuses to
        open a stream; the listener has stopped then.
    """

    def __init__(
        self,
        podm: models.PodManager,
        drivers: loader.Pool,
        on_refused: Callable[[str], None],
    ) -> None:
        self.identity = loader.identity(podm)
        self._podm = podm
        self._drivers = drivers
        self._on_refused = on_refused
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
        pause = _MIN_PAUSE
        while not self._stopping.is_set():
            started_at = time.monotonic()
            try:
                self._listen()
                # A stream that ends at once is opened less and less often.
                lasted = time.monotonic() - started_at
                pause = _MIN_PAUSE if lasted > pause else pause * 2
            except exception.ValenceException as exc:
                LOG.info('No events from %s: %s', self._podm.name, exc)
                if self._stream is None and not _is_transient(exc):
                    self._on_refused(self._podm.uuid)
                    return
                pause *= 2
            except Exception:
                LOG.exception('Listening to %s failed', self._podm.name)
                pause = _MAX_PAUSE
            pause = min(pause, _MAX_PAUSE)
            self._stopping.wait(pause)

    def _listen(self) -> None:
        """Open the stream and enqueue what it reports, until it ends."""
        deadline = base.Deadline(cfg.CONF.conductor.status_timeout)
        self._stream = None
        self._stream = self._drivers.get(self._podm).listen(deadline)
        # Changes from before the stream was open were missed.
        enqueue_refresh(self._podm.uuid, base.Change())
        for change in self._stream:
            if self._stopping.is_set():
                return
            enqueue_refresh(self._podm.uuid, change)
            rpc.WAKER.notify()


def _is_transient(exc: exception.ValenceException) -> bool:
    """Whether another attempt may succeed."""
    return isinstance(exc, exception.PodManagerUnavailable)
