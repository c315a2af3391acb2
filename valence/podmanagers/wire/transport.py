# SPDX-License-Identifier: Apache-2.0
"""One deadline for a whole request, instead of one for each read.

``requests`` limits every single read, so a server that sends a byte now and
then blocks its caller for ever. Here a connection knows the deadline of its
current request: nothing is sent after it, and a thread shuts the socket down
when it passes.
"""

import base64
import contextlib
import heapq
import itertools
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

import requests.adapters
import urllib3.connection
import urllib3.connectionpool
from oslo_config import cfg

from valence.podmanagers import base
from valence.podmanagers.progress import Deadline
from valence.podmanagers.wire import networks

# User name and password; as bytes, names beyond Latin-1 pass.
Credentials = tuple[bytes, bytes]

_current = threading.local()
# The reader of an idle event stream has to notice when the peer is gone.
_SOCKET_OPTIONS = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
]


class _Reaper:
    """Shuts sockets down whose deadline has passed."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Deadline, socket.socket]] = []
        self._watched: set[int] = set()
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, sock: socket.socket, deadline: Deadline) -> int:
        """Shut the socket down at its deadline.

        :returns: what to give to :meth:`forget`.
        """
        with self._changed:
            number = next(self._numbers)
            heapq.heappush(self._heap, (deadline.at, number, deadline, sock))
            self._watched.add(number)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name='reaper', daemon=True
                )
                self._thread.start()
            if self._heap[0][1] == number:
                self._changed.notify()
            return number

    def forget(self, number: int) -> None:
        """Leave a socket alone: its request has ended."""
        with self._changed:
            self._watched.discard(number)

    def _run(self) -> None:
        with self._changed:
            while True:
                while self._heap and self._heap[0][1] not in self._watched:
                    heapq.heappop(self._heap)
                if not self._heap:
                    self._changed.wait()
                    continue
                _, number, deadline, sock = self._heap[0]
                if deadline.left() > 0:
                    self._changed.wait(deadline.left())
                    continue
                heapq.heappop(self._heap)
                self._watched.discard(number)
                _shut_down(sock)


_REAPER = _Reaper()


class Sent:
    """The sockets that a request was sent over."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.watched: list[int] = []
        self.socket: socket.socket | None = None

    def watch(self, sock: socket.socket) -> None:
        """Shut a socket down at the deadline."""
        # That of TLS within the TLS of a proxy is no socket, but has one.
        self.socket = getattr(sock, 'socket', sock)
        self.watched.append(_REAPER.watch(self.socket, self.deadline))

    def shut_down(self) -> None:
        """Shut the connection down now; its reader sees the end of file."""
        if self.socket is not None:
            _shut_down(self.socket)


def _shut_down(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Below the TLS layer, which another thread is using.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


@contextlib.contextmanager
def within(deadline: Deadline) -> Iterator[Sent]:
    """End the requests of this thread at the deadline."""
    sent = _current.sent = Sent(deadline)
    try:
        yield sent
    finally:
        for number in sent.watched:
            _REAPER.forget(number)


class _Bounded:
    """Mixin that adds the deadline to urllib3's connections."""

    sock: Any
    _dns_host: str
    port: int

    def _new_conn(self) -> Any:
        sock = self._connect()
        # A proxy may take long to make its connection.
        _current.sent.watch(sock)
        return sock

    def _connect(self) -> Any:
        if not cfg.CONF.podm.allowed_networks:
            return super()._new_conn()  # type: ignore[misc]
        # That of the proxy, where there is one.
        host = self._dns_host
        try:
            return self._connect_allowed(host)
        finally:
            # Certificates are for the name.
            self._dns_host = host

    def _connect_allowed(self, host: str) -> Any:
        """Connect to the first address that responds of those allowed.

        The address that was compared is the one that is connected to: a
        second look-up may find another.
        """
        try:
            *others, last = networks.allowed_addresses(host, self.port)
        except OSError:
            # The name cannot be resolved, which is reported as usual.
            return super()._new_conn()  # type: ignore[misc]
        for self._dns_host in others:
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                return super()._new_conn()  # type: ignore[misc]
        self._dns_host = last
        return super()._new_conn()  # type: ignore[misc]

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


_POOLS = {'http': _HTTPPool, 'https': _HTTPSPool}


class Adapter(requests.adapters.HTTPAdapter):
    """The adapter of ``requests`` over connections with a deadline.

    :param size: how many connections are kept.
    :param proxy: the URL of a proxy, without credentials.
    :param credentials: user name and password for the proxy.
    """

    def __init__(
        self, size: int, proxy: str | None, credentials: Credentials | None
    ) -> None:
        self._credentials = credentials
        self._proxies = {'http': proxy, 'https': proxy} if proxy else None
        super().__init__(pool_connections=2, pool_maxsize=size)

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs['proxies'] = self._proxies
        return super().send(*args, **kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        kwargs['socket_options'] = _SOCKET_OPTIONS
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        kwargs['socket_options'] = _SOCKET_OPTIONS
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        if self._credentials is None:
            return {}
        login = base64.b64encode(b':'.join(self._credentials)).decode()
        return {'Proxy-Authorization': f'Basic {login}'}


def trust(connection: base.Connection) -> tuple[bool | str, object]:
    """How to verify certificates, and the temporary file that it names."""
    if connection.insecure:
        return False, None
    if connection.ca_cert is not None:
        file = tempfile.NamedTemporaryFile('w', suffix='.pem')
        file.write(connection.ca_cert)
        file.flush()
        return file.name, file
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or True, None
