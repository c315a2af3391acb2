# SPDX-License-Identifier: Apache-2.0
"""Finds the endpoint of a request, checks the request and calls it."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import pecan

from valence.api import etags
from valence.api import openapi
from valence.api import query
from valence.api import render
from valence.api import routes
from valence.api import versions
from valence.api.controllers.v1 import base
from valence.common import exception
from valence.common import policy
from valence.objects import base as objects_base


class Endpoint(NamedTuple):
    """A verb, and its policy rule.

    :param route: the template of the path.
    :param kind: the name of the resource in texts.
    """

    route: str
    rule: str
    kind: str
    object: objects_base.Kind | None
    verb: base.Verb


# The segments of a path, and the endpoints by HTTP method.
Entry = tuple[list[str], dict[str, Endpoint]]


def endpoint(
    path: str, resource: str, controller: base.Endpoints, verb: str
) -> Endpoint:
    """The endpoint of a route and one of its verbs."""
    cls = controller.object
    return Endpoint(
        route=f'/v1/{path}',
        rule=f'composable:{resource}:{verb}',
        kind=cls.KIND if cls else resource,
        object=cls,
        verb=getattr(controller, verb),
    )


@functools.cache
def _table() -> dict[tuple[int, str], list[Entry]]:
    """The routes by number of segments and first segment.

    Those with the fewest parameters come first.
    """
    table: dict[tuple[int, str], list[Entry]] = {}
    for path, resource, controller, methods in routes.ROUTES:
        segments = path.split('/')
        endpoints = {
            method: endpoint(path, resource, controller, verb)
            for method, verb in methods.items()
        }
        key = len(segments), segments[0]
        table.setdefault(key, []).append((segments, endpoints))
    for entries in table.values():
        entries.sort(key=lambda entry: sum(map(_is_parameter, entry[0])))
    return table


@functools.cache
def _document() -> bytes:
    return render.dumps(openapi.document(routes.ROUTES, routes.PARAMETERS))


def _is_parameter(segment: str) -> bool:
    return segment.startswith('{')


def match(
    segments: list[str], method: str
) -> tuple[Endpoint, tuple[str, ...]]:
    """Find the endpoint of a path, and the values of its parameters.

    :raises NotFound: if no route has this path.
    :raises MethodNotAllowed: if one has, but not with this method.
    """
    endpoints, names = _find(segments)
    found = endpoints.get('GET' if method == 'HEAD' else method)
    if found is None:
        raise exception.MethodNotAllowed(
            method=method[:16], allow=allowed_methods(segments)
        )
    return found, names


def allowed_methods(segments: list[str]) -> str:
    """The methods of a path, separated by commas.

    :raises NotFound: if no route has this path.
    """
    return ', '.join(sorted(_find(segments)[0]))


def _find(
    segments: list[str],
) -> tuple[dict[str, Endpoint], tuple[str, ...]]:
    """The route of a path, with the values of its parameters.

    As in OpenAPI, a path without parameters has priority over one with them.

    :raises NotFound: if no route has this path.
    """
    for template, endpoints in _table().get((len(segments), segments[0]), ()):
        pairs = list(zip(template, segments, strict=True))
        if all(_is_parameter(own) or own == it for own, it in pairs):
            names = tuple(it for own, it in pairs if _is_parameter(own))
            return endpoints, names
    path = '/'.join(segments)[:256]
    raise exception.NotFound(kind='Path', ident=f'/v1/{path}')


class V1Controller:
    """Dispatches every request below ``/v1`` by the table of routes.

    Pecan's REST controllers distribute the paths over classes, and return 405
    without ``Allow``.
    """

    @pecan.expose()  # type: ignore[untyped-decorator]
    def _route(
        self, remainder: list[str], request: pecan.Request
    ) -> tuple[Callable[..., bytes | None], tuple[()]]:
        segments = list(remainder)
        if segments and segments[-1] == '':
            segments.pop()
        if not segments:
            return self.index, ()
        if segments == ['openapi.json']:
            return self.openapi, ()
        if request.method == 'OPTIONS':
            request.environ['valence.allow'] = allowed_methods(segments)
            return self.options, ()
        found = match(segments, request.method)
        request.environ['valence.kind'] = found[0].kind
        request.environ['valence.endpoint'] = found
        body = found[0].verb.spec.body
        request.environ['valence.lenient'] = body and body.lenient
        return self.call, ()

    @pecan.expose(content_type='application/json')  # type: ignore[untyped-decorator]
    def index(self, *args: str, **kwargs: str) -> bytes:
        """Describe this version."""
        base_url = pecan.request.application_url
        return render.dumps({'version': versions.describe(base_url)})

    @pecan.expose(content_type='application/json')  # type: ignore[untyped-decorator]
    def openapi(self, *args: str, **kwargs: str) -> bytes:
        """The OpenAPI document."""
        return _document()

    @pecan.expose(content_type='application/json')  # type: ignore[untyped-decorator]
    def options(self, *args: str, **kwargs: str) -> None:
        """Show which methods a path has."""
        response = pecan.response
        response.status = 204
        response.content_type = None
        response.headers['Allow'] = pecan.request.environ['valence.allow']

    @pecan.expose(content_type='application/json')  # type: ignore[untyped-decorator]
    def call(self, *args: str, **kwargs: str) -> bytes | None:
        """Authorize and validate the request, run the verb, render."""
        request, response = pecan.request, pecan.response
        found, names = request.environ['valence.endpoint']
        ctx = request.context['valence']
        policy.authorize(ctx, found.rule)
        minor = request.context['minor']
        spec = found.verb.spec
        params, body = {}, {}
        if not spec.listing:
            params = query.parameters(request, spec.params)
        if spec.body is not None:
            body = spec.body.parse(found.object, minor, request.json_object)
        elif request.json_object:
            raise exception.InvalidBody(
                reason=f'{request.method} takes none here'
            )
        response.status = spec.status
        call = base.Call(
            request=request,
            response=response,
            context=ctx,
            minor=minor,
            spec=spec,
            names=names,
            params=params,
            body=body,
        )
        answer = found.verb(call)
        content = None if answer is None else render.dumps(answer)
        if content is not None and spec.has_tag(found.object):
            content = _tagged(call, found.object, content)
        if content is None:
            response.content_type = None
        return content


def _tagged(
    call: base.Call, cls: objects_base.Kind, content: bytes
) -> bytes | None:
    """The content of a response with an entity tag; None if it is known."""
    version = '' if call.row is None else etags.version(cls, call.row)
    tag = etags.tag(version, content)
    call.response.headers['ETag'] = tag
    reads = call.request.method in ('GET', 'HEAD')
    if reads and etags.is_known(call.request, tag):
        call.response.status = 304
        return None
    return content
