# SPDX-License-Identifier: Apache-2.0
"""Requests with an end: one deadline for all of a request, not for a read.

``requests`` bounds every single read, so a server that sends a byte now and
then holds a caller for ever. Here a connection knows the deadline of the
request it carries: nothing is sent after it, and a reaper cuts the socket when
it passes.
"""

import contextlib
import heapq
import itertools
import socket
import threading
from collections.abc import Iterator
from typing import Any

import requests.adapters
import urllib3.connection
import urllib3.connectionpool

from valence.podmanagers import base

_current = threading.local()
# An open stream that hears nothing has to notice when its peer is gone.
_SOCKET_OPTIONS = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
]


class _Reaper:
    """Cuts sockets whose deadline has passed."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, base.Deadline, socket.socket]] = []
        self._alive: set[int] = set()
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, sock: socket.socket, deadline: base.Deadline) -> int:
        """Cut the socket at its deadline, unless it is forgotten before."""
        with self._changed:
            number = next(self._numbers)
            heapq.heappush(self._heap, (deadline.at, number, deadline, sock))
            self._alive.add(number)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name='reaper', daemon=True
                )
                self._thread.start()
            if self._heap[0][1] == number:
                self._changed.notify()
            return number

    def forget(self, number: int) -> None:
        """The request is through."""
        with self._changed:
            self._alive.discard(number)

    def _run(self) -> None:
        with self._changed:
            while True:
                while self._heap and self._heap[0][1] not in self._alive:
                    heapq.heappop(self._heap)
                if not self._heap:
                    self._changed.wait()
                    continue
                _, number, deadline, sock = self._heap[0]
                if deadline.left() > 0:
                    self._changed.wait(deadline.left())
                    continue
                heapq.heappop(self._heap)
                self._alive.discard(number)
                _cut(sock)


_REAPER = _Reaper()


class Sent:
    """The sockets that a request went over."""

    def __init__(self, deadline: base.Deadline) -> None:
        self.deadline = deadline
        self.watched: list[int] = []
        self.socket: socket.socket | None = None

    def watch(self, sock: socket.socket) -> None:
        """Have a socket cut at the deadline."""
        self.socket = sock
        self.watched.append(_REAPER.watch(sock, self.deadline))

    def cut(self) -> None:
        """Cut the connection now; its reader sees it end."""
        if self.socket is not None:
            _cut(self.socket)


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Past the TLS layer, which is in use by another thread.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


@contextlib.contextmanager
def within(deadline: base.Deadline) -> Iterator[Sent]:
    """Let the requests of this thread end at the deadline."""
    sent = _current.sent = Sent(deadline)
    try:
        yield sent
    finally:
        for number in sent.watched:
            _REAPER.forget(number)


class _Bounded:
    """Mixed into the connection classes of urllib3."""

    sock: Any

    def send(self, data: Any) -> None:
        if _current.sent.deadline.left() <= 0:
            raise TimeoutError('the deadline passed before anything was sent')
        super().send(data)  # type: ignore[misc]

    def getresponse(self, *args: Any, **kwargs: Any) -> Any:
        _current.sent.watch(self.sock)
        return super().getresponse(*args, **kwargs)  # type: ignore[misc]


class _HTTPConnection(_Bounded, urllib3.connection.HTTPConnection):
    pass


class _HTTPSConnection(_Bounded, urllib3.connection.HTTPSConnection):
    pass


class _HTTPPool(urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class Adapter(requests.adapters.HTTPAdapter):
    """Requests' own adapter over connections that know their deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        kwargs['socket_options'] = _SOCKET_OPTIONS
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            'http': _HTTPPool,
            'https': _HTTPSPool,
        }
