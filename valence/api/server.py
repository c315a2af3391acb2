# SPDX-License-Identifier: Apache-2.0
"""The HTTP server of the commands: waitress, for a single machine.

One thread reads all requests and writes all responses. A worker thread gets a
request only when it is complete, so that slow or silent clients occupy none.

For more machines run the application under uwsgi or gunicorn; see
``valence.wsgi.api``.
"""

import ipaddress
import logging
import re
import threading
import time

import waitress.channel
import waitress.parser
import waitress.server
import waitress.task
import waitress.utilities
import waitress.wasyncore
from oslo_config import cfg
from oslo_context import context
from oslo_log import log

from valence.api import access_log
from valence.api import app
from valence.api import exposition
from valence.api import healthcheck
from valence.api import middleware
from valence.api import versions
from valence.common import metrics

LOG = log.getLogger(__name__)

_HEADER_BYTES = 65536
# Larger bodies are not stored; the application rejects much smaller ones.
_BODY_BYTES = 2**20
# How much of them is read: a client that is still sending when the connection
# closes does not read the response.
_DRAINED_BYTES = 32 * 2**20
# How many connections may wait to be accepted; more are reset.
_BACKLOG = 1024
# How often slow and idle connections are looked for, in seconds.
_CLEANUP_SECONDS = 2
# How long the current requests may take when the server stops, in seconds.
_STOP_SECONDS = 5


# What has threads of its own: how paths begin, and the number of threads. All
# others may wait for the database, which a monitor reports; and they must not
# wait for deliveries, which wait for each other.
_POOLS = (
    ((healthcheck.PATH, exposition.PATH), 2),
    (('/v1/events/',), 16),
)

# One value; several are joined by commas.
_HOST = re.compile(r'[^\s,]+')
_CODINGS = re.compile(rb'(?im)^transfer-encoding:(.*)')


class _Parser(waitress.parser.HTTPRequestParser):  # type: ignore[misc]
    """Rejects requests that a proxy may understand in another way."""

    # Of a request whose first line could not be parsed.
    command = path = ''

    def __init__(self, adj: waitress.server.Adjustments) -> None:
        super().__init__(adj)
        self.began = time.monotonic()
        self._to_drain = 0

    def received(self, data: bytes) -> int:
        """Take bytes of the request; returns how many belong to it."""
        if self._to_drain:
            drained = min(len(data), self._to_drain)
            self._to_drain -= drained
            self.completed = not self._to_drain
            return drained
        taken: int = super().received(data)
        if (
            isinstance(self.error, waitress.utilities.RequestEntityTooLarge)
            and not (self.chunked or self.expect_continue)
            and self.content_length <= _DRAINED_BYTES
        ):
            self._to_drain = self.content_length
            self.completed = False
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request line and the headers.

        :raises ParsingError: for an ambiguous length or host.
        """
        try:
            super().parse_header(header_plus)
        except ValueError:
            raise waitress.parser.ParsingError('Malformed URL') from None
        # It would wait for a body that does not follow.
        self.expect_continue &= self.body_rcv is not None
        reason = None
        codings = b','.join(_CODINGS.findall(header_plus))
        if b',' in codings:
            reason = 'Transfer-Encoding must be chunked, once'
        elif 'TRANSFER_ENCODING' in self.headers:
            reason = 'Transfer-Encoding requires HTTP/1.1'
        elif self.chunked and 'CONTENT_LENGTH' in self.headers:
            reason = 'Both Transfer-Encoding and Content-Length'
        elif self.version not in ('1.0', '1.1'):
            reason = 'HTTP/1.0 or HTTP/1.1 is required'
        elif self.version == '1.1' and not _HOST.fullmatch(
            self.headers.get('HOST', '')
        ):
            reason = 'Exactly one Host header is required'
        if reason is not None:
            raise waitress.parser.ParsingError(reason)


class _ErrorTask(waitress.task.ErrorTask):  # type: ignore[misc]
    """Answers malformed HTTP with an error in the format of the API."""

    def execute(self) -> None:
        """Write the response; the connection is closed after it."""
        error = self.request.error
        request_id = context.generate_request_id()
        body = middleware.error_body(error.code, None, error.body, request_id)
        self.status = f'{error.code} {error.reason}'
        self.response_headers += [
            ('Content-Type', 'application/json'),
            ('X-Openstack-Request-Id', request_id),
            *versions.headers(versions.MIN_MINOR),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
        access_log.record(
            self.request.command or '-',
            access_log.safe_path(self.request.path or '-'),
            error.code,
            size=len(body),
            remote=self.channel.addr[0],
            request_id=request_id,
        )


class _Channel(waitress.channel.HTTPChannel):  # type: ignore[misc]
    """A connection."""

    parser_class = _Parser
    error_task_class = _ErrorTask

    def waits_since(self) -> float | None:
        """When the request began that is not complete yet.

        By the monotonic clock; None if there is no such request.
        """
        request = self.request
        return None if request is None else float(request.began)

    def is_busy(self) -> bool:
        """Whether a request is served, or its response written."""
        return bool(self.requests or self.total_outbufs_len)


class _Listener(waitress.server.TcpWSGIServer):  # type: ignore[misc]
    """The listening socket, and all connections."""

    channel_class = _Channel

    def __init__(
        self,
        *args: object,
        pools: list[waitress.task.ThreadedTaskDispatcher],
        **kwargs: object,
    ) -> None:
        self._pools = pools
        super().__init__(*args, **kwargs)

    def add_task(self, task: _Channel) -> None:
        """Queue a request for the threads that serve such."""
        path = task.requests[0].path
        chosen = self.task_dispatcher
        for (starts, _), pool in zip(_POOLS, self._pools, strict=True):
            if path.startswith(starts):
                chosen = pool
        chosen.add_task(task)

    def maintenance(self, now: float) -> None:
        """Close connections that are idle, or too slow with a request."""
        super().maintenance(now)
        earliest = time.monotonic() - cfg.CONF.api.receive_timeout
        for channel in self.active_channels.values():
            began = channel.waits_since()
            if began is not None and began < earliest:
                channel.will_close = True

    def stop_accepting(self) -> None:
        """Close the listening socket, but no connection."""
        self.accepting = False
        self.del_channel()
        self.socket.close()


class Server:
    """The API on [api] host and port."""

    def __init__(self) -> None:
        options = cfg.CONF.api
        # It logs each time that all its threads are busy.
        logging.getLogger('waitress.queue').setLevel(logging.ERROR)
        self._app = app.setup_app()
        self._settings = {
            'listen': f'{_bracketed(options.host)}:{options.port}',
            'threads': options.threads,
            'connection_limit': options.max_connections,
            'channel_timeout': options.receive_timeout,
            'cleanup_interval': _CLEANUP_SECONDS,
            'backlog': _BACKLOG,
            'max_request_header_size': _HEADER_BYTES,
            'max_request_body_size': _BODY_BYTES,
            'asyncore_use_poll': True,
            'ident': 'valence',
            # The middleware of oslo decides about these headers.
            'clear_untrusted_proxy_headers': False,
            'log_socket_errors': False,
        }
        self._map: dict[int, waitress.wasyncore.dispatcher] = {}
        self._workers = waitress.task.ThreadedTaskDispatcher()
        self._pools = [waitress.task.ThreadedTaskDispatcher() for _ in _POOLS]
        self._listeners: list[_Listener] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._serve, name='api', daemon=True
        )

    def start(self) -> None:
        """Listen and serve requests.

        :raises OSError: if the address is in use.
        """
        adj = waitress.server.Adjustments(**self._settings)
        # A name can have several addresses.
        for sockinfo in adj.listen[: 1 if cfg.CONF.api.port == 0 else None]:
            self._listeners.append(
                _Listener(
                    self._app,
                    map=self._map,
                    adj=adj,
                    dispatcher=self._workers,
                    pools=self._pools,
                    sockinfo=sockinfo,
                )
            )
        self._workers.set_thread_count(adj.threads)
        for (_, threads), pool in zip(_POOLS, self._pools, strict=True):
            pool.set_thread_count(threads)
        host, port = cfg.CONF.api.host, self._listeners[0].effective_port
        if cfg.CONF.auth_strategy == 'noauth':
            if _is_loopback(host):
                LOG.info('Listening on the loopback address %s only', host)
            else:
                LOG.warning(
                    '%s is not a loopback address, and auth_strategy is '
                    'noauth: every client is an administrator',
                    host,
                )
        self._thread.start()
        options = cfg.CONF.metrics
        if options.enabled and options.api_port is not None:
            metrics.serve(options.api_port, *exposition.collected())
        LOG.info('The API listens on http://%s:%s', host, port)

    def stop(self) -> None:
        """Finish the current requests, and stop listening."""
        self._stopping.set()
        self._listeners[0].pull_trigger()
        self._thread.join(2 * _STOP_SECONDS)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._poll()
        for listener in self._listeners:
            listener.stop_accepting()
        until = time.monotonic() + _STOP_SECONDS
        while self._is_busy() and time.monotonic() < until:
            self._poll()
        for pool in (self._workers, *self._pools):
            pool.shutdown(timeout=1)
        waitress.wasyncore.close_all(self._map)

    def _poll(self) -> None:
        waitress.wasyncore.loop(
            timeout=0.5, use_poll=True, map=self._map, count=1
        )

    def _is_busy(self) -> bool:
        return any(
            channel.is_busy()
            for listener in self._listeners
            for channel in listener.active_channels.values()
        )


def _bracketed(host: str) -> str:
    return f'[{host}]' if ':' in host else host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'
