# SPDX-License-Identifier: Apache-2.0
"""The request class, and the hook that runs before each request."""

from wsgiref.types import WSGIEnvironment

import orjson
import pecan
import webob.request
from pecan import hooks

from valence.api import auth
from valence.api import versions
from valence.common import exception
from valence.common.types import JsonObject


class Request(pecan.Request):  # type: ignore[misc]
    """A request whose body is parsed once, and only as JSON."""

    @property
    def json(self) -> JsonObject:
        """The body; Pecan reads it for every JSON request."""
        return self.json_object

    @property
    def json_object(self) -> JsonObject:
        """The body as a JSON object; an empty body is an empty object.

        :raises UnsupportedMediaType: for another content type.
        :raises InvalidBody: if it is not a JSON object.
        """
        if 'valence.body' not in self.environ:
            self.environ['valence.body'] = self._parse()
        body: JsonObject = self.environ['valence.body']
        return body

    def _parse(self) -> JsonObject:
        try:
            body = self.body
        except webob.request.DisconnectionError:
            raise exception.InvalidBody(
                reason='shorter than Content-Length'
            ) from None
        if not body.strip():
            return {}
        if self.content_type.lower() not in ('', 'application/json'):
            raise exception.UnsupportedMediaType(
                content_type=self.content_type[:64]
            )
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            raise exception.InvalidBody(
                reason=f'not valid JSON: {exc.msg} at character {exc.pos}'
            ) from None
        if not isinstance(parsed, dict):
            raise exception.InvalidBody(reason='must be a JSON object')
        return parsed


class ContextHook(hooks.PecanHook):  # type: ignore[misc]
    """Set the request context and the API version."""

    def on_route(self, state: pecan.core.RoutingState) -> None:
        request = state.request
        _check_url(request.environ)
        minor = versions.requested(request)
        ctx = request.environ[auth.CONTEXT]
        ctx.request_id = request.environ.get('openstack.request_id')
        request.context.update(valence=ctx, minor=minor)
        state.response.headers['OpenStack-API-Version'] = (
            f'{versions.SERVICE_TYPE} 1.{minor}'
        )
        state.response.headers['Vary'] = 'OpenStack-API-Version'


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
