# SPDX-License-Identifier: Apache-2.0
"""Version 1 of the API: every path of it, on one screen."""

import functools
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import pecan

from valence import objects
from valence.api import openapi
from valence.api import query
from valence.api import render
from valence.api import versions
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import drivers
from valence.api.controllers.v1 import flavors
from valence.api.controllers.v1 import inventory
from valence.api.controllers.v1 import nodes
from valence.api.controllers.v1 import operations
from valence.api.controllers.v1 import pod_managers
from valence.common import exception
from valence.common import policy

_pod_managers = pod_managers.PodManagers()
_nodes = nodes.Nodes()
_operations = operations.Operations()
_racks = inventory.Racks()
_chassis = base.Controller(objects.Chassis)
_systems = inventory.Claimable(objects.System)
_devices = inventory.Devices()
_storages = base.Controller(objects.Storage)
_capacity = inventory.Capacity()
_flavors = flavors.Flavors()
_conductors = base.Controller(objects.Conductor)
_drivers = drivers.Drivers()

_READ_ALL = {'GET': 'list'}
_READ_ONE = {'GET': 'show'}
_POD_MANAGER = {
    'GET': 'show',
    'PUT': 'update',
    'PATCH': 'update',
    'DELETE': 'delete',
}
_RESERVATION = {'DELETE': 'unreserve'}
_OWN = {'GET': 'show', 'PATCH': 'update', 'DELETE': 'delete'}

# Path, resource of the policy rules, controller, verb by HTTP method.
ROUTES: tuple[tuple[str, str, Any, dict[str, str]], ...] = (
    (
        'pod_managers',
        'pod_manager',
        _pod_managers,
        {'GET': 'list', 'POST': 'create'},
    ),
    ('pod_managers/{id}', 'pod_manager', _pod_managers, _POD_MANAGER),
    ('pod_manager/{id}', 'pod_manager', _pod_managers, _POD_MANAGER),
    ('pod_managers/{id}/sync', 'pod_manager', _pod_managers, {'POST': 'sync'}),
    (
        'pod_managers/{id}/topology',
        'pod_manager',
        _pod_managers,
        {'GET': 'topology'},
    ),
    ('capacity', 'capacity', _capacity, {'GET': 'show'}),
    ('racks', 'rack', _racks, _READ_ALL),
    ('racks/{id}', 'rack', _racks, _READ_ONE),
    ('chassis', 'chassis', _chassis, _READ_ALL),
    ('chassis/{id}', 'chassis', _chassis, _READ_ONE),
    ('systems', 'system', _systems, _READ_ALL),
    ('systems/{id}', 'system', _systems, _READ_ONE),
    ('systems/{id}/reservation', 'system', _systems, _RESERVATION),
    ('devices', 'device', _devices, _READ_ALL),
    ('devices/sync', 'device', _devices, {'POST': 'sync'}),
    ('devices/{id}', 'device', _devices, _READ_ONE),
    ('devices/{id}/reservation', 'device', _devices, _RESERVATION),
    ('storages', 'storage', _storages, _READ_ALL),
    ('storages/{id}', 'storage', _storages, _READ_ONE),
    ('flavors', 'flavor', _flavors, {'GET': 'list', 'POST': 'create'}),
    ('flavors/{id}', 'flavor', _flavors, _OWN),
    ('nodes', 'node', _nodes, {'GET': 'list', 'POST': 'create'}),
    ('nodes/{id}', 'node', _nodes, _OWN),
    ('nodes/preview', 'node', _nodes, {'POST': 'preview'}),
    ('nodes/manage', 'node', _nodes, {'POST': 'manage'}),
    ('nodes/{id}/action', 'node', _nodes, {'POST': 'action'}),
    ('nodes/{id}/storages', 'node', _nodes, {'GET': 'storages'}),
    ('operations', 'operation', _operations, _READ_ALL),
    (
        'operations/{id}',
        'operation',
        _operations,
        {'GET': 'show', 'DELETE': 'delete'},
    ),
    ('conductors', 'conductor', _conductors, _READ_ALL),
    ('drivers', 'driver', _drivers, _READ_ALL),
)


class Endpoint(NamedTuple):
    """Where a request is to go."""

    rule: str
    kind: str
    handler: Callable[[base.Call], Any]


def endpoint(resource: str, controller: Any, verb: str) -> Endpoint:
    """The endpoint of one line and one HTTP method of the table."""
    cls = controller.object
    return Endpoint(
        rule=f'composable:{resource}:{verb}',
        kind=cls.KIND if cls else resource,
        handler=getattr(controller, verb),
    )


@functools.cache
def _table() -> dict[tuple[str, ...], dict[str, Endpoint]]:
    """Endpoints by HTTP method, by the path with ``{id}`` for any name."""
    return {
        tuple(path.split('/')): {
            method: endpoint(resource, controller, verb)
            for method, verb in methods.items()
        }
        for path, resource, controller, methods in ROUTES
    }


def match(parts: list[str], method: str) -> tuple[Endpoint, str]:
    """Find the endpoint of a path, and the name that stands in the path.

    :raises NotFound: when there is no such path.
    :raises MethodNotAllowed: when there is, but not with this method.
    """
    table = _table()
    # A word of the table comes before a name that happens to be the same, but
    # only for what can be done to it.
    named = table.get(
        tuple('{id}' if n == 1 else part for n, part in enumerate(parts)), {}
    )
    method = 'GET' if method == 'HEAD' else method
    methods = table.get(tuple(parts), {}) if len(parts) > 1 else {}
    if method not in methods:
        methods = {**methods, **named} if methods else named
    if not methods:
        path = '/'.join(parts)[:256]
        raise exception.NotFound(kind='The path', ident=f'/v1/{path}')
    found = methods.get(method)
    if found is None:
        raise exception.MethodNotAllowed(
            method=method[:16], allow=', '.join(sorted(methods))
        )
    return found, parts[1] if len(parts) > 1 else ''


class V1Controller:
    """Leads every request below ``/v1`` to its endpoint.

    Pecan's own REST controllers spread the paths over the classes and leave
    405 without ``Allow``; a table shows them, and tests can walk it.
    """

    @pecan.expose()
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

    @pecan.expose(content_type='application/json')
    def index(self, *args: Any, **kwargs: Any) -> bytes:
        """Describe this version."""
        base_url = pecan.request.application_url
        return render.dumps({'version': versions.describe(base_url)})

    @pecan.expose(content_type='application/json')
    def openapi(self, *args: Any, **kwargs: Any) -> bytes:
        """The whole of the API in the OpenAPI form."""
        return render.dumps(openapi.document(ROUTES))

    @pecan.expose(content_type='application/json')
    def call(self, *args: Any, **kwargs: Any) -> bytes | None:
        """Ask the policy, run the verb, render what it gives."""
        request, response = pecan.request, pecan.response
        found, ident = request.environ['valence.endpoint']
        ctx = request.context['valence']
        target = {'project_id': ctx.project_id, 'user_id': ctx.user_id}
        policy.authorize(ctx, found.rule, target)
        spec = found.handler.spec
        if not spec.listing:
            query.parameters(request, set(spec.params))
        response.status = spec.status
        answer = found.handler(
            base.Call(
                request=request,
                response=response,
                context=ctx,
                minor=request.context['minor'],
                spec=spec,
                ident=ident,
            )
        )
        if answer is None:
            response.content_type = None
            return None
        return render.dumps(answer)
