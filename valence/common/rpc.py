# SPDX-License-Identifier: Apache-2.0
"""Waking conductors. It saves them a poll and carries no state.

Without a ``transport_url`` the wake-up stays in this process. With one it is
also cast to all conductors over oslo.messaging. Losing one costs at most
[conductor] poll_interval.
"""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import oslo_messaging
from oslo_config import cfg
from oslo_log import log

LOG = log.getLogger(__name__)

_TOPIC = 'valence-conductor'
# Between the attempts to reach a broker that is away.
_PAUSE = 1.0


class Bell:
    """What wakes the conductors of this process."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` at every ring; it has to return at once."""
        self._listeners.append(listener)

    def silence(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` no more."""
        self._listeners.remove(listener)

    def ring(self, ctxt: Any = None) -> None:
        """Wake the conductors of this process."""
        for listener in self._listeners:
            listener()


class Caster:
    """Rings the bells of all processes, from a thread of its own.

    A cast to a broker that is away blocks its caller, so requests only leave
    a note here; notes that find the place taken are dropped, being all alike.
    """

    def __init__(self, transport: Any) -> None:
        self._client = oslo_messaging.get_rpc_client(
            transport,
            oslo_messaging.Target(topic=_TOPIC, fanout=True),
            retry=0,
        )
        self._notes: queue.Queue[None] = queue.Queue(maxsize=1)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def ring(self) -> None:
        """Leave a note that conductors are to be woken."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name='caster', daemon=True
                )
                self._thread.start()
        try:
            self._notes.put_nowait(None)
        except queue.Full:
            return

    def _run(self) -> None:
        while True:
            self._notes.get()
            self._cast()

    def _cast(self) -> None:
        """Cast until it leaves; what it tells is true later as well."""
        told = False
        while True:
            try:
                self._client.cast({}, 'ring')
                return
            except Exception as exc:
                if not told:
                    LOG.warning('Conductors cannot be woken: %s', exc)
                told = True
                time.sleep(_PAUSE)


class NoCaster:
    """Stands for a :class:`Caster` where there is no broker."""

    def ring(self) -> None:
        """Do nothing: there is nobody beyond this process."""


BELL = Bell()
_caster: Caster | NoCaster | None = None


def _distributed() -> bool:
    oslo_messaging.set_transport_defaults('valence')
    return bool(oslo_messaging.TransportURL.parse(cfg.CONF).hosts)


def wake() -> None:
    """Let conductors look for work now. Never blocks, never fails."""
    global _caster
    if _caster is None:
        if _distributed():
            _caster = Caster(oslo_messaging.get_rpc_transport(cfg.CONF))
        else:
            _caster = NoCaster()
    BELL.ring()
    _caster.ring()


def serve(hostname: str) -> None:
    """Take wake-ups from other processes, if there is a broker.

    A broker that is away is waited for in the background.
    """
    if not _distributed():
        return
    server = oslo_messaging.get_rpc_server(
        oslo_messaging.get_rpc_transport(cfg.CONF),
        oslo_messaging.Target(topic=_TOPIC, server=hostname),
        [BELL],
        executor='threading',
    )
    threading.Thread(
        target=_listen, args=(server,), name='bell', daemon=True
    ).start()


def _listen(server: Any) -> None:
    server.start()
    LOG.info('Wake-ups are heard from the broker')
