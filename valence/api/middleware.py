# SPDX-License-Identifier: Apache-2.0
"""What stands between the socket and the controllers."""

import http
import re
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

import orjson
import webob.exc
from keystoneauth1 import exceptions as ksa_exceptions
from oslo_db import exception as db_exception
from oslo_log import log

from valence.common import exception

LOG = log.getLogger(__name__)

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
# How much of a body that is too large is read nonetheless.
_DRAINED_BYTES = 32 * 2**20
# What other people's middleware may say with an error.
_KEPT_HEADERS = {'allow', 'retry-after', 'www-authenticate'}


class Errors:
    """Turn every failure into the API's one form of error.

    It takes exceptions as well as the answers of Pecan and of other
    middleware, so that a client never sees two forms.
    """

    def __init__(self, app: WSGI) -> None:
        self.app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        answered: list[Any] = []

        def remember(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> None:
            answered[:] = [status, headers]

        try:
            body = self.app(environ, remember)
        except Exception as exc:
            failure = understand(exc, environ)
            status = f'{failure.code} {_phrase(failure.code)}'
            return self._answer(
                environ,
                start_response,
                status,
                list(failure.headers.items()),
                failure.error_code(),
                str(failure),
            )
        status, headers = answered
        if int(status[:3]) < 400:
            start_response(status, headers)
            return body
        if int(status[:3]) == 413:
            _drain(environ)
        kept = [item for item in headers if item[0].lower() in _KEPT_HEADERS]
        return self._answer(
            environ,
            start_response,
            status,
            kept,
            None,
            _foreign_detail(environ, int(status[:3])),
        )

    @staticmethod
    def _answer(
        environ: dict[str, Any],
        start_response: Callable[..., Any],
        status: str,
        headers: list[tuple[str, str]],
        code: str | None,
        detail: str,
    ) -> Iterable[bytes]:
        request_id = environ.get('openstack.request_id')
        body = error_body(int(status[:3]), code, detail, request_id)
        start_response(
            status,
            [
                ('Content-Type', 'application/json'),
                ('Content-Length', str(len(body))),
                *headers,
            ],
        )
        return [] if environ['REQUEST_METHOD'] == 'HEAD' else [body]


def error_body(
    status: int,
    code: str | None,
    detail: str,
    request_id: str | None = None,
) -> bytes:
    """An error in the API's form.

    :param code: None: as the status has it.
    """
    error = {
        'status': status,
        'code': code or _foreign_code(status),
        'title': _phrase(status),
        'detail': detail,
        'request_id': request_id,
    }
    return orjson.dumps({'errors': [error]})


def understand(
    exc: Exception, environ: dict[str, Any]
) -> exception.ValenceException:
    """The error that the client is told of, for whatever was raised."""
    if isinstance(exc, exception.DatabaseUnavailable):
        LOG.error('The database cannot be used: %s', exc.reason)
    if isinstance(exc, exception.ValueRejected):
        LOG.warning('The database rejected a value', exc_info=exc)
    if isinstance(exc, exception.ValenceException) and exc.code != 500:
        return exc
    if isinstance(exc, db_exception.DBDuplicateEntry):
        return exception.Duplicate(
            kind=environ.get('valence.kind', 'resource'),
            field=_last(exc.columns),
        )
    if isinstance(exc, ksa_exceptions.ClientException):
        LOG.error('Keystone does not answer as it should: %s', exc)
        return exception.ServiceUnavailable(service='Keystone')
    if isinstance(exc, db_exception.DBReferenceError):
        return exception.Conflict(
            'Something that the request refers to, or that refers to it, '
            'has changed meanwhile.'
        )
    if isinstance(exc, UnicodeDecodeError):
        return exception.Invalid('Invalid URL: must be valid UTF-8.')
    LOG.error(
        'Unexpected failure of %s %s',
        environ.get('REQUEST_METHOD'),
        _path(environ),
        exc_info=exc,
    )
    return exception.ValenceException()


def _drain(environ: dict[str, Any]) -> None:
    """Let a client finish that sends too much, within reason.

    Were the connection closed while it sends, it would not see the answer.
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


def _foreign_detail(environ: dict[str, Any], status: int) -> str:
    if status == 401:
        return (
            'Authentication is required: there is no valid token in the '
            'header X-Auth-Token.'
        )
    if status == 404:
        return f'There is nothing at {_path(environ)}.'
    if status == 413:
        return 'The body of the request is too large.'
    return http.HTTPStatus(status).description or _phrase(status)


def _path(environ: dict[str, Any]) -> str:
    """The path that was asked for, without the secret that may be in it."""
    path = environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', '')
    path = path.encode('latin-1').decode('utf-8', 'replace')
    return re.sub(r'(/v1/events/[^/]*/).*', r'\1***', path)[:256]
