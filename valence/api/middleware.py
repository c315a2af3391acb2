# SPDX-License-Identifier: Apache-2.0
"""WSGI middleware: errors in the format of the API."""

import http
import re
import urllib.parse
from collections.abc import Callable
from collections.abc import Iterable
from types import TracebackType
from wsgiref.types import StartResponse
from wsgiref.types import WSGIApplication
from wsgiref.types import WSGIEnvironment

import orjson
import webob
import webob.exc
from keystoneauth1 import exceptions as ksa_exceptions
from oslo_context import context
from oslo_db import exception as db_exception
from oslo_log import log
from oslo_middleware import request_id

from valence.api import access_log
from valence.api import versions
from valence.common import exception
from valence.common.types import JsonObject

LOG = log.getLogger(__name__)

Headers = list[tuple[str, str]]
_ExcInfo = (
    tuple[type[BaseException], BaseException, TracebackType]
    | tuple[None, None, None]
)
# How much of a body that is too large is read and discarded.
_DRAINED_BYTES = 32 * 2**20
_REQUEST_ID = re.compile(request_id.ID_FORMAT)
# The headers of errors of other middleware that are kept.
_KEPT_HEADERS = {'allow', 'retry-after', 'www-authenticate'}


class _Response:
    """A ``start_response`` that stores status and headers."""

    def __init__(self) -> None:
        self.status = ''
        self.headers: Headers = []

    def __call__(
        self, status: str, headers: Headers, exc_info: _ExcInfo | None = None
    ) -> Callable[[bytes], object]:
        self.status, self.headers = status, headers
        return _no_write


def _no_write(data: bytes) -> None:
    raise NotImplementedError('Pecan and the middleware return bodies.')


def only_with(
    names: tuple[str, ...], app: WSGIApplication, other: WSGIApplication
) -> WSGIApplication:
    """Use an application if one of the variables is set, else another."""

    def dispatch(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        chosen = app if any(environ.get(name) for name in names) else other
        return chosen(environ, start_response)

    return dispatch


def with_request_id(app: WSGIApplication) -> WSGIApplication:
    """Give each request an identifier, as ``oslo_middleware.RequestId``."""

    def identify(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        own = context.generate_request_id()
        environ[request_id.ENV_REQUEST_ID] = own
        given = environ.get('HTTP_X_OPENSTACK_REQUEST_ID', '')
        if _REQUEST_ID.match(given):
            environ[request_id.GLOBAL_REQ_ID] = given
        header = (request_id.HTTP_RESP_HEADER_REQUEST_ID, own)

        def respond(
            status: str, headers: Headers, exc_info: _ExcInfo | None = None
        ) -> Callable[[bytes], object]:
            return start_response(status, [*headers, header], exc_info)

        return app(environ, respond)

    return identify


class Errors:
    """Convert every error to the format of the API.

    It converts exceptions, and also the error responses of Pecan and of other
    middleware, so that clients see one format only.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        response = _Response()
        try:
            _check_encoding(environ)
            body = self.app(environ, response)
        except Exception as exc:
            error = to_api_error(exc, environ)
            return self._respond(
                environ,
                start_response,
                f'{error.code} {_phrase(error.code)}',
                list(error.headers.items()),
                error.error_code(),
                str(error),
                error.details,
            )
        status = int(response.status[:3])
        if status < 400:
            start_response(response.status, response.headers)
            return body
        if status == 413:
            _drain(environ)
        return self._respond(
            environ,
            start_response,
            response.status,
            [
                (name, value)
                for name, value in response.headers
                if name.lower() in _KEPT_HEADERS
            ],
            None,
            _foreign_detail(environ, status),
        )

    @staticmethod
    def _respond(
        environ: WSGIEnvironment,
        start_response: StartResponse,
        status: str,
        headers: Headers,
        code: str | None,
        detail: str,
        details: JsonObject | None = None,
    ) -> Iterable[bytes]:
        ident = environ.get(request_id.ENV_REQUEST_ID)
        body = error_body(int(status[:3]), code, detail, ident, details)
        start_response(
            status,
            [
                ('Content-Type', 'application/json'),
                ('Content-Length', str(len(body))),
                *versions.headers(versions.of_error(webob.Request(environ))),
                *headers,
            ],
        )
        return [] if environ['REQUEST_METHOD'] == 'HEAD' else [body]


def error_body(
    status: int,
    code: str | None,
    detail: str,
    ident: str | None = None,
    details: JsonObject | None = None,
) -> bytes:
    """The body of an error response.

    :param code: None: derived from the status.
    :param ident: the identifier of the request.
    :param details: further fields.
    """
    error = {
        'status': status,
        'code': code or _foreign_code(status),
        'title': _phrase(status),
        'detail': detail,
        'request_id': ident,
        **(details or {}),
    }
    return orjson.dumps({'errors': [error]})


def to_api_error(
    exc: Exception, environ: WSGIEnvironment
) -> exception.ValenceException:
    """The error to report to the client for an exception."""
    if isinstance(exc, exception.DatabaseUnavailable):
        LOG.error('The database is unavailable: %s', exc.reason)
    if isinstance(exc, exception.ValueRejected):
        LOG.warning('The database rejected a value', exc_info=exc)
    if isinstance(exc, exception.ValenceException) and exc.code != 500:
        return exc
    if isinstance(exc, db_exception.DBDuplicateEntry):
        return exception.Duplicate(
            kind=environ.get('valence.kind', 'resource'),
            field=_last(exc.columns).removeprefix('canonical_'),
        )
    if isinstance(exc, ksa_exceptions.ClientException):
        LOG.error('Request to Keystone failed: %s', exc)
        return exception.ServiceUnavailable(service='Keystone')
    if isinstance(exc, db_exception.DBReferenceError):
        return exception.Conflict(
            'A resource that the request refers to, or that refers to it, '
            'has changed concurrently.'
        )
    LOG.error(
        'Unexpected error in %s %s',
        environ.get('REQUEST_METHOD'),
        access_log.path_of(environ),
        exc_info=exc,
    )
    return exception.ValenceException()


def _check_encoding(environ: WSGIEnvironment) -> None:
    """Reject URLs that are not text, which WebOb would report as errors.

    :raises Invalid: if path or query are not UTF-8.
    """
    path = environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', '')
    query = urllib.parse.unquote_to_bytes(environ.get('QUERY_STRING', ''))
    try:
        path.encode('latin-1').decode()
        query.decode()
    except UnicodeDecodeError:
        raise exception.Invalid('Invalid URL: must be valid UTF-8.') from None


def _drain(environ: WSGIEnvironment) -> None:
    """Read and discard the rest of a body that is too large.

    A client that is still sending when the connection closes does not read the
    response.
    """
    left = _DRAINED_BYTES
    try:
        while left > 0 and (chunk := environ['wsgi.input'].read(65536)):
            left -= len(chunk)
    except (OSError, webob.exc.HTTPException):
        return


def _last(columns: list[str] | None) -> str:
    return (columns or ['value'])[-1].rpartition('.')[2]


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return 'Error'


def _foreign_code(status: int) -> str:
    return 'composable.' + _phrase(status).lower().replace(' ', '-')


def _foreign_detail(environ: WSGIEnvironment, status: int) -> str:
    if status == 401:
        return (
            'Authentication is required: the header X-Auth-Token has no '
            'valid token.'
        )
    if status == 404:
        return f'Path {access_log.path_of(environ)} could not be found.'
    if status == 413:
        return 'The request body is too large.'
    return http.HTTPStatus(status).description or _phrase(status)
