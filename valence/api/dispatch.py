# SPDX-License-Identifier: Apache-2.0
"""From a path and a method to an endpoint, and through the policy to it."""

import functools
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import pecan

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
    """Where a request is to go."""

    rule: str
    kind: str
    object: type[objects_base.ValenceObject] | None
    handler: Callable[[base.Call], Any]


def endpoint(resource: str, controller: Any, verb: str) -> Endpoint:
    """The endpoint of one line and one HTTP method of the table."""
    cls = controller.object
    return Endpoint(
        rule=f'composable:{resource}:{verb}',
        kind=cls.KIND if cls else resource,
        object=cls,
        handler=getattr(controller, verb),
    )


@functools.cache
def _table() -> dict[tuple[int, str], list[tuple[list[str], Any]]]:
    """Paths with their endpoints by HTTP method, in parts.

    They are found by the number of parts and the first one. A path with words
    comes before one that has a name in their place.
    """
    table: dict[tuple[int, str], list[tuple[list[str], Any]]] = {}
    for path, resource, controller, methods in routes.ROUTES:
        parts = path.split('/')
        endpoints = {
            method: endpoint(resource, controller, verb)
            for method, verb in methods.items()
        }
        table.setdefault((len(parts), parts[0]), []).append((parts, endpoints))
    for found in table.values():
        found.sort(key=lambda entry: sum(map(_is_name, entry[0])))
    return table


def _is_name(part: str) -> bool:
    return part.startswith('{')


def match(parts: list[str], method: str) -> tuple[Endpoint, list[str]]:
    """Find the endpoint of a path, and the names that stand in the path.

    :raises NotFound: when there is no such path.
    :raises MethodNotAllowed: when there is, but not with this method.
    """
    wanted = 'GET' if method == 'HEAD' else method
    allowed: dict[str, Any] = {}
    for template, endpoints in _table().get((len(parts), parts[0]), ()):
        if not all(
            _is_name(word) or word == part
            for word, part in zip(template, parts, strict=True)
        ):
            continue
        if wanted in endpoints:
            names = [
                part
                for word, part in zip(template, parts, strict=True)
                if _is_name(word)
            ]
            return endpoints[wanted], names
        allowed.update(endpoints)
    if allowed:
        raise exception.MethodNotAllowed(
            method=method[:16], allow=', '.join(sorted(allowed))
        )
    path = '/'.join(parts)[:256]
    raise exception.NotFound(kind='The path', ident=f'/v1/{path}')


class V1Controller:
    """Leads every request below ``/v1`` to its endpoint.

    Pecan's own REST controllers spread the paths over the classes and leave
    405 without ``Allow``; a table shows them, and tests can walk it.
    """

    @pecan.expose()  # type: ignore[untyped-decorator]
    def _route(self, remainder: list[str], request: Any) -> Any:
        parts = list(remainder)
        if parts and parts[-1] == '':
            parts.pop()
        if not parts:
            return self.index, ()
        if parts == ['openapi.json']:
            return self.openapi, ()
        found = match(parts, request.method)
        request.environ['valence.kind'] = found[0].kind
        request.environ['valence.endpoint'] = found
        return self.call, ()

    @pecan.expose(content_type='application/json')  # type: ignore[untyped-decorator]
    def index(self, *args: Any, **kwargs: Any) -> bytes:
        """Describe this version."""
        base_url = pecan.request.application_url
        return render.dumps({'version': versions.describe(base_url)})

    @pecan.expose(content_type='application/json')  # type: ignore[untyped-decorator]
    def openapi(self, *args: Any, **kwargs: Any) -> bytes:
        """The whole of the API in the OpenAPI form."""
        return render.dumps(openapi.document(routes.ROUTES, routes.PARAMETERS))

    @pecan.expose(content_type='application/json')  # type: ignore[untyped-decorator]
    def call(self, *args: Any, **kwargs: Any) -> bytes | None:
        """Authorize and validate the request, run the verb, render."""
        request, response = pecan.request, pecan.response
        found, names = request.environ['valence.endpoint']
        ctx = request.context['valence']
        policy.authorize(ctx, found.rule)
        minor = request.context['minor']
        spec = found.handler.spec
        params, body = {}, {}
        if not spec.listing:
            params = query.parameters(request, spec.params)
        if spec.body is not None:
            body = spec.body.parse(found.object, minor, request.json_object)
        response.status = spec.status
        answer = found.handler(
            base.Call(
                request=request,
                response=response,
                context=ctx,
                minor=minor,
                spec=spec,
                names=tuple(names),
                params=params,
                body=body,
            )
        )
        if answer is None:
            response.content_type = None
            return None
        return render.dumps(answer)
