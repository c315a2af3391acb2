# SPDX-License-Identifier: Apache-2.0
"""The short path of deliveries, by which pod managers send events.

A storm is thousands of requests that are alike. One of the usual form needs
neither routing nor authentication, which cost a multiple of what it does. Any
other takes the usual path, which rejects it and says why.
"""

import io
import re
from collections.abc import Iterable
from wsgiref.types import StartResponse
from wsgiref.types import WSGIApplication
from wsgiref.types import WSGIEnvironment

import orjson
from oslo_config import cfg

from valence.api import auth
from valence.api import dispatch
from valence.api import routes
from valence.api import versions
from valence.common import context
from valence.common import policy

_PATH = re.compile(r'/v1/events/([0-9A-Za-z-]+)/([0-9A-Za-z_-]+)')
_TYPES = (
    '',
    'application/json',
    'application/json;charset=utf-8',
    'application/json; charset=utf-8',
)
# With one of these, a request is not of the usual form.
_UNUSUAL = (
    'QUERY_STRING',
    'HTTP_TRANSFER_ENCODING',
    'HTTP_OPENSTACK_API_VERSION',
    f'HTTP_OPENSTACK_{versions.SERVICE_TYPE.upper()}_API_VERSION',
    f'HTTP_X_OPENSTACK_{versions.SERVICE_TYPE.upper()}_API_VERSION',
)


class Deliveries:
    """Receives events, and passes all else on."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._found = dispatch.match(['events', 'id', 'secret'], 'POST')
        self._nobody = context.anonymous()
        self._headers = versions.headers(versions.MIN_MINOR)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        path = None
        if environ['REQUEST_METHOD'] == 'POST':
            path = _PATH.fullmatch(environ['PATH_INFO'])
        body = _body(environ) if path else None
        if path is None or body is None:
            return self._app(environ, start_response)
        environ |= {
            auth.CONTEXT: self._nobody,
            'valence.endpoint': self._found,
        }
        policy.authorize(self._nobody, self._found[0].rule)
        routes.EVENTS.deliver(path[1], path[2], body)
        start_response('204 No Content', [*self._headers])
        return []


def _body(environ: WSGIEnvironment) -> dict[str, object] | None:
    """The body of a request of the usual form; None: it is another."""
    length = environ.get('CONTENT_LENGTH') or ''
    if (
        any(environ.get(name) for name in _UNUSUAL)
        or environ.get('CONTENT_TYPE', '').lower() not in _TYPES
        or not (length.isascii() and length.isdecimal() and len(length) < 10)
        or int(length) > cfg.CONF.oslo_middleware.max_request_body_size
    ):
        return None
    content = environ['wsgi.input'].read(int(length))
    environ['wsgi.input'] = io.BytesIO(content)
    if len(content) < int(length):
        return None
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
