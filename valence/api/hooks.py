# SPDX-License-Identifier: Apache-2.0
"""The request class, and the hook that runs before each request."""

from collections.abc import Mapping
from wsgiref.types import WSGIEnvironment

import orjson
import pecan
import webob.request
from pecan import hooks

from valence.api import auth
from valence.api import dispatch
from valence.api import versions
from valence.common import exception
from valence.common.types import JsonObject

_DOCUMENTS = (*auth.DOCUMENTS, '/v1/openapi.json')


class Request(pecan.Request):  # type: ignore[misc]
    """A request whose body is parsed once: JSON, or one field of it."""

    @property
    def params(self) -> webob.multidict.MultiDict:
        """The query parameters; Pecan would also parse forms."""
        return self.GET

    @property
    def json(self) -> JsonObject:
        """The body; Pecan reads it for every JSON request."""
        return self.json_object

    @property
    def json_object(self) -> JsonObject:
        """The body as a JSON object; an empty body is an empty object.

        :raises InvalidBody: if it is not a JSON object.
        """
        if 'valence.body' not in self.environ:
            try:
                self.environ['valence.body'] = self._parse()
            except (
                exception.InvalidBody,
                exception.UnsupportedMediaType,
            ) as exc:
                if not self.environ.get('valence.lenient'):
                    raise
                self.environ |= {'valence.body': {}, 'valence.unparsed': exc}
        body: JsonObject = self.environ['valence.body']
        return body

    def _parse(self) -> JsonObject:
        try:
            body = self.body
        except (OSError, ValueError):
            # What the HTTP server raises if the body is not complete.
            raise exception.InvalidBody(
                reason='it ended early, or its transfer encoding is wrong'
            ) from None
        if not body.strip():
            return {}
        field = self.environ.get('valence.field')
        if field is not None:
            return {field: _decoded(body)}
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            raise exception.InvalidBody(
                reason=f'not valid JSON: {exc.msg} at character {exc.pos}'
            ) from None
        if isinstance(parsed, list):
            raise exception.InvalidBody(
                reason='must be a JSON object of the fields to change, such '
                'as {"name": "web"}, not a JSON patch'
            )
        if not isinstance(parsed, dict):
            raise exception.InvalidBody(reason='must be a JSON object')
        return parsed


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise exception.InvalidBody(reason='not valid UTF-8') from None


class ContextHook(hooks.PecanHook):  # type: ignore[misc]
    """Set the request context and the API version."""

    def on_route(self, state: pecan.core.RoutingState) -> None:
        request = state.request
        _check_url(request.environ)
        _check_method(request.environ)
        _check_media_type(request)
        _check_accept(request)
        minor = versions.requested(request)
        ctx = request.environ[auth.CONTEXT]
        ctx.request_id = request.environ.get('openstack.request_id')
        ctx.global_request_id = request.environ.get(
            'openstack.global_request_id'
        )
        ctx.update_store()
        request.context.update(valence=ctx, minor=minor)
        state.response.headers.update(versions.headers(minor))


def _check_media_type(request: Request) -> None:
    """Reject bodies of other content types before they are read.

    Deliveries of events need not have one.

    :raises UnsupportedMediaType: unless it is JSON, or what the verb accepts
        besides.
    """
    environ = request.environ
    has_body = environ.get('CONTENT_LENGTH') not in (None, '', '0')
    if not has_body and 'HTTP_TRANSFER_ENCODING' not in environ:
        return
    given = environ.get('CONTENT_TYPE', '')
    if not given and auth.is_delivery(environ['PATH_INFO']):
        return
    kind, _, parameters = given.lower().partition(';')
    # RFC 4180 has another parameter of tables, which always have a header.
    named = dict(
        one.strip().partition('=')[::2] for one in parameters.split(';')
    )
    if named.get('charset', 'utf-8').strip('"') != 'utf-8':
        raise exception.UnsupportedMediaType(content_type=given[:64])
    if kind.strip() != 'application/json':
        field = _media(environ).get(kind.strip())
        if field is None:
            raise exception.UnsupportedMediaType(content_type=given[:64])
        environ['valence.field'] = field


def _media(environ: WSGIEnvironment) -> Mapping[str, str]:
    """The media types that the verb of a request accepts besides JSON."""
    segments = environ['PATH_INFO'].strip('/').split('/')
    try:
        found, _ = dispatch.match(
            segments[1:] or [''], environ['REQUEST_METHOD']
        )
    except (exception.NotFound, exception.MethodNotAllowed):
        return {}
    body = found.verb.spec.body
    return body.media if segments[0] == 'v1' and body else {}


def _check_accept(request: Request) -> None:
    """Reject requests for a response in another format.

    Pecan does so, too, but logs it as an error of the service.

    :raises NotAcceptable: unless JSON is acceptable.
    """
    if not request.accept.acceptable_offers(['application/json']):
        raise exception.NotAcceptable(
            'Invalid header Accept: responses are application/json only.'
        )


def _check_method(environ: WSGIEnvironment) -> None:
    """Reject other requests for a document than those that read it.

    :raises MethodNotAllowed: for the other methods.
    """
    method = environ['REQUEST_METHOD']
    is_document = environ['PATH_INFO'].rstrip('/') in _DOCUMENTS
    if is_document and method not in ('GET', 'HEAD'):
        raise exception.MethodNotAllowed(method=method[:16], allow='GET')


def _check_url(environ: WSGIEnvironment) -> None:
    """Reject URLs that routing or a database cannot handle."""
    path = environ['PATH_INFO']
    if '\0' in path or '%00' in environ.get('QUERY_STRING', ''):
        raise exception.Invalid(
            'Invalid URL: must not contain a null character.'
        )
    if '//' in path.rstrip('/'):
        # Pecan routes an empty segment to an index page.
        raise exception.NotFound(kind='Path', ident=path[:256])
