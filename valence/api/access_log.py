# SPDX-License-Identifier: Apache-2.0
"""One log line for each request, the same under any HTTP server."""

import re
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from wsgiref.types import StartResponse
from wsgiref.types import WSGIApplication
from wsgiref.types import WSGIEnvironment

from oslo_log import log

from valence.api import auth
from valence.common import context
from valence.common import logs
from valence.common import metrics

LOG = log.getLogger(__name__)

_MAX_PATH = 256
_METHODS = ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
_SECRET = re.compile(r'(/v1/events/[^/]*/).*', re.DOTALL)


def safe_path(path: str) -> str:
    """A path for the log: bounded, and without the secret that may be in it.

    :param path: as in a WSGI environment: bytes as Latin-1.
    """
    text = path.encode('latin-1', 'replace').decode('utf-8', 'replace')
    return _SECRET.sub(r'\1***', text)[:_MAX_PATH]


def path_of(environ: WSGIEnvironment) -> str:
    """The path of a request, as :func:`safe_path`."""
    return safe_path(
        environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', '')
    )


def record(method: str, path: str, status: int, **fields: object) -> None:
    """Log a request.

    :param path: see :func:`safe_path`.
    """
    logs.event(
        LOG, 'request', method=method[:16], path=path, status=status, **fields
    )


class AccessLog:
    """Logs each request when its response is complete.

    All log lines until then name the request.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        request = _Request(environ)
        try:
            body = self.app(environ, request.starting(start_response))
        except BaseException:
            request.end(0)
            raise
        return _Body(body, request.end)


class _Request:
    """A request that is served."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ
        # What a failure that nothing converts becomes.
        self._status = 500
        self._began = time.monotonic()
        self._ids = {
            name: environ.get(f'openstack.{name}')
            for name in ('request_id', 'global_request_id')
        }
        context.bind(context.RequestContext(**self._ids))

    def starting(self, start_response: StartResponse) -> StartResponse:
        """A ``start_response`` that notes the status."""

        def start(
            status: str, headers: list[tuple[str, str]], *exc_info: object
        ) -> Callable[[bytes], object]:
            self._status = int(status[:3])
            return start_response(status, headers, *exc_info)  # type: ignore[arg-type]

        return start

    def end(self, size: int) -> None:
        """Log it.

        :param size: of the body of the response in bytes.
        """
        caller = self._environ.get(auth.CONTEXT)
        duration = time.monotonic() - self._began
        self._measure(duration)
        record(
            self._environ['REQUEST_METHOD'],
            path_of(self._environ),
            self._status,
            duration=duration,
            size=size,
            remote=self._environ.get('REMOTE_ADDR'),
            user_id=getattr(caller, 'user_id', None),
            project_id=getattr(caller, 'project_id', None),
            **self._ids,
        )
        context.forget()

    def _measure(self, duration: float) -> None:
        found = self._environ.get('valence.endpoint')
        method = self._environ['REQUEST_METHOD']
        metrics.REQUESTS.labels(
            method if method in _METHODS else 'other',
            found[0].route if found else 'other',
            self._status,
        ).observe(duration)


class _Body:
    """The body of a response, which is counted.

    :param end: called with the number of bytes when it is closed.
    """

    def __init__(
        self, chunks: Iterable[bytes], end: Callable[[int], None]
    ) -> None:
        self._chunks = chunks
        self._end = end
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._size += len(chunk)
            yield chunk

    def close(self) -> None:
        """Close it; the server does so also when the client is gone."""
        try:
            if hasattr(self._chunks, 'close'):
                self._chunks.close()
        finally:
            self._end(self._size)
