# SPDX-License-Identifier: Apache-2.0
"""Waking conductors. A wake-up saves them a poll and carries no state.

Without a ``transport_url`` a wake-up stays in this process. With one it is
also cast to all conductors over oslo.messaging. A lost wake-up delays work by
at most [conductor] poll_interval.
"""

import queue
import threading
import time
from collections.abc import Callable

import oslo_messaging
from oslo_config import cfg
from oslo_log import log

LOG = log.getLogger(__name__)

_TOPIC = 'valence-conductor'
# Seconds between attempts to reach a broker that is down.
_RETRY_SECONDS = 1.0


class Waker:
    """Wakes the conductors of this process."""

    def __init__(self) -> None:
        # Never changed, only replaced: any thread may be reading it.
        self._subscribers: tuple[Callable[[], None], ...] = ()
        self._lock = threading.Lock()

    def subscribe(self, subscriber: Callable[[], None]) -> None:
        """Call ``subscriber`` at every wake-up; it has to return at once."""
        with self._lock:
            self._subscribers = (*self._subscribers, subscriber)

    def unsubscribe(self, subscriber: Callable[[], None]) -> None:
        """Stop calling ``subscriber``."""
        with self._lock:
            # Bound methods are equal, and seldom identical.
            self._subscribers = tuple(
                one for one in self._subscribers if one != subscriber
            )

    def notify(self, ctxt: object = None) -> None:
        """Wake the conductors of this process.

        :param ctxt: what oslo.messaging passes to every endpoint; unused.
        """
        for subscriber in self._subscribers:
            subscriber()


class Broadcaster:
    """Wakes the conductors of all processes, from a background thread.

    A cast to a broker that is down blocks its caller. Requests therefore only
    fill a queue of length one; further requests are dropped, because all
    wake-ups are alike.
    """

    def __init__(self, transport: oslo_messaging.Transport) -> None:
        self._client = oslo_messaging.get_rpc_client(
            transport,
            oslo_messaging.Target(topic=_TOPIC, fanout=True),
            retry=0,
        )
        self._requests: queue.Queue[None] = queue.Queue(maxsize=1)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        # The number of wake-ups that were sent, and why the next cannot be.
        self._changed = threading.Condition()
        self._sent = 0
        self._failure: str | None = None

    def failure(self, seconds: float) -> str | None:
        """Send a wake-up; why that is not possible, or None.

        :param seconds: how long to wait for it at most.
        """
        with self._changed:
            before = self._sent
        self.notify()
        with self._changed:
            if self._changed.wait_for(lambda: self._sent > before, seconds):
                return None
            return self._failure or f'no response within {seconds:g} seconds'

    def notify(self) -> None:
        """Request a wake-up; returns at once."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name='broadcaster', daemon=True
                )
                self._thread.start()
        try:
            self._requests.put_nowait(None)
        except queue.Full:
            return

    def _run(self) -> None:
        while True:
            self._requests.get()
            self._cast()

    def _cast(self) -> None:
        """Cast until the broker accepts; a late wake-up does no harm."""
        while not self._try_cast():
            time.sleep(_RETRY_SECONDS)

    def _try_cast(self) -> bool:
        try:
            self._client.cast({}, 'notify')
        except Exception as exc:
            with self._changed:
                is_new, self._failure = self._failure is None, str(exc)
            if is_new:
                LOG.warning('Conductors cannot be woken: %s', exc)
            return False
        with self._changed:
            self._sent, self._failure = self._sent + 1, None
            self._changed.notify_all()
        return True


class NullBroadcaster:
    """Stands in for :class:`Broadcaster` where there is no broker."""

    def failure(self, seconds: float) -> str | None:
        """None: there is nothing that could fail."""
        return None

    def notify(self) -> None:
        """Do nothing: there is no other process."""


WAKER = Waker()
_broadcaster: Broadcaster | NullBroadcaster | None = None


def _distributed() -> bool:
    oslo_messaging.set_transport_defaults('valence')
    return bool(oslo_messaging.TransportURL.parse(cfg.CONF).hosts)


def _get_broadcaster() -> Broadcaster | NullBroadcaster:
    global _broadcaster
    if _broadcaster is None:
        if _distributed():
            _broadcaster = Broadcaster(
                oslo_messaging.get_rpc_transport(cfg.CONF)
            )
        else:
            _broadcaster = NullBroadcaster()
    return _broadcaster


def wake() -> None:
    """Let conductors look for work now. Never blocks, never fails."""
    broadcaster = _get_broadcaster()
    WAKER.notify()
    broadcaster.notify()


def failure(seconds: float) -> str | None:
    """Why the broker accepts no messages; None: it does, or there is none.

    :param seconds: how long to wait for it at most.
    """
    return _get_broadcaster().failure(seconds)


def serve(hostname: str) -> None:
    """Receive wake-ups from other processes, if there is a broker.

    A background thread waits for a broker that is down.
    """
    if not _distributed():
        return
    server = oslo_messaging.get_rpc_server(
        oslo_messaging.get_rpc_transport(cfg.CONF),
        oslo_messaging.Target(topic=_TOPIC, server=hostname),
        [WAKER],
        executor='threading',
    )
    threading.Thread(
        target=_receive, args=(server,), name='waker', daemon=True
    ).start()


def _receive(server: oslo_messaging.MessageHandlingServer) -> None:
    server.start()
    LOG.info('Receiving wake-ups from the broker')
