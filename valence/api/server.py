# SPDX-License-Identifier: Apache-2.0
"""The HTTP server of the commands: cheroot, for a single machine.

For more machines run the application under uwsgi or gunicorn; see
``valence.wsgi.api``.
"""

import contextlib
import ipaddress
import threading

from cheroot import server
from cheroot import wsgi
from oslo_config import cfg
from oslo_log import log

from valence.api import app
from valence.api import middleware

LOG = log.getLogger(__name__)

# By default cheroot does not limit the size of headers.
_HEADER_BYTES = 65536
# How many connections may wait to be accepted; more are reset.
_BACKLOG = 1024


class _Request(server.HTTPRequest):
    """A request; malformed HTTP also gets errors in the API's format."""

    def simple_response(self, status: str, msg: str = '') -> None:
        """Respond with an error, and close the connection."""
        body = middleware.error_body(int(status[:3]), None, msg or status[4:])
        head = (
            f'{self.server.protocol} {status}\r\n'
            f'Content-Type: application/json\r\n'
            f'Content-Length: {len(body)}\r\n'
            f'Connection: close\r\n\r\n'
        )
        self.close_connection = True
        # The client may have closed the connection.
        with contextlib.suppress(OSError):
            self.conn.wfile.write(head.encode() + body)


class _Connection(server.HTTPConnection):
    RequestHandlerClass = _Request


class Server:
    """The API on [api] host and port."""

    def __init__(self) -> None:
        options = cfg.CONF.api
        self._server = wsgi.Server(
            (options.host, options.port),
            app.setup_app(),
            numthreads=options.threads,
            server_name='valence',
            request_queue_size=_BACKLOG,
        )
        self._server.max_request_header_size = _HEADER_BYTES
        self._server.ConnectionClass = _Connection

    def start(self) -> None:
        """Listen and serve requests."""
        self._server.prepare()
        host, port = self._server.bind_addr[:2]
        if cfg.CONF.auth_strategy == 'noauth':
            if _is_loopback(str(host)):
                LOG.info('Listening on the loopback address %s only', host)
            else:
                LOG.warning(
                    '%s is not a loopback address, and auth_strategy is '
                    'noauth: every client is an administrator',
                    host,
                )
        threading.Thread(
            target=self._server.serve, name='api', daemon=True
        ).start()
        LOG.info('The API listens on http://%s:%s', host, port)

    def stop(self) -> None:
        """Finish the current requests, and stop listening."""
        self._server.stop()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'
