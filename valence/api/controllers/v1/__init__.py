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
from valence.api.controllers.v1 import access
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import drivers
from valence.api.controllers.v1 import events
from valence.api.controllers.v1 import flavors
from valence.api.controllers.v1 import inventory
from valence.api.controllers.v1 import nodes
from valence.api.controllers.v1 import operations
from valence.api.controllers.v1 import pod_managers
from valence.common import exception
from valence.common import policy

_pod_managers = pod_managers.PodManagers()
_access = access.Access()
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
_events = events.Events()

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
    (
        'pod_managers/{id}/access',
        'pod_manager_access',
        _access,
        {'GET': 'list', 'POST': 'create'},
    ),
    (
        'pod_managers/{id}/access/{project_id}',
        'pod_manager_access',
        _access,
        {'DELETE': 'delete'},
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
    ('nodes/{id}/register', 'node', _nodes, {'POST': 'register'}),
    ('nodes/{id}/unregister', 'node', _nodes, {'POST': 'unregister'}),
    ('nodes/{id}/storages', 'node', _nodes, {'GET': 'storages'}),
    ('operations', 'operation', _operations, _READ_ALL),
    (
        'operations/{id}',
        'operation',
        _operations,
        {'GET': 'show', 'DELETE': 'delete'},
    ),
    ('events/{id}/{secret}', 'event', _events, {'POST': 'create'}),
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
def _table() -> dict[tuple[int, str], list[tuple[list[str], Any]]]:
    """Paths with their endpoints by HTTP method, in parts.

    They are found by the number of parts and the first one. A path with words
    comes before one that has a name in their place.
    """
    table: dict[tuple[int, str], list[tuple[list[str], Any]]] = {}
    for path, resource, controller, methods in ROUTES:
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
        found, names = request.environ['valence.endpoint']
        ctx = request.context['valence']
        policy.authorize(ctx, found.rule)
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
                names=tuple(names),
            )
        )
        if answer is None:
            response.content_type = None
            return None
        return render.dumps(answer)
