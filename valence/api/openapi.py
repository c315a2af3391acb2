# SPDX-License-Identifier: Apache-2.0
"""The API in the OpenAPI form, derived from routes, verbs and objects."""

import re
from typing import Any

from valence.api import query
from valence.api import versions
from valence.api.controllers.v1 import types

_ERROR = {
    'type': 'object',
    'properties': {
        'errors': {
            'type': 'array',
            'items': {
                'type': 'object',
                'properties': {
                    'status': {'type': 'integer'},
                    'code': {'type': 'string'},
                    'title': {'type': 'string'},
                    'detail': {'type': 'string'},
                    'request_id': {'type': ['string', 'null']},
                },
            },
        }
    },
}
_NAMES = {
    'id': 'UUID or name.',
    'project_id': 'Identifier of the project.',
    'secret': 'What the pod manager was told to prove itself with.',
}
_PAGING = {
    'limit': ('integer', 'How many to show at most.'),
    'marker': ('string', 'UUID of the last one of the page before.'),
    'sort_dir': ('string', 'asc or desc.'),
    'fields': ('string', 'Names of the fields to show, with commas.'),
}
# Verbs that answer with something else than the resource.
_OTHER_ANSWERS = {
    'topology': 'The tree.',
    'preview': 'The candidates, and why the others are none.',
    'storages': 'What the node stores on.',
}
_PARAMS = {
    'fields': _PAGING['fields'],
    'force': ('boolean', 'Whether what cannot be reached is forgotten.'),
    'cascade': ('boolean', 'Whether what depends on it goes, too.'),
    'unregister': ('boolean', 'Whether it is taken back from Ironic before.'),
}


def document(routes: Any) -> dict[str, Any]:
    """The OpenAPI document of the routes, for the newest minor version."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {'Error': _ERROR}
    for path, resource, controller, methods in routes:
        cls = controller.object
        if cls is not None:
            schemas[cls.__name__] = types.schema(cls, 'r', versions.MAX_MINOR)
        item = paths.setdefault(f'/v1/{path}', {})
        if '{' in path:
            item['parameters'] = [
                _parameter(name, _NAMES[name], 'path')
                for name in re.findall(r'{(\w+)}', path)
            ]
        for method, verb in methods.items():
            item[method.lower()] = _operation(
                path, resource, controller, method, verb
            )
    return {
        'openapi': '3.1.0',
        'info': {
            'title': 'Valence',
            'version': f'1.{versions.MAX_MINOR}',
            'license': {
                'name': 'Apache-2.0',
                'identifier': 'Apache-2.0',
            },
        },
        'paths': paths,
        'components': {'schemas': schemas},
    }


def _parameter(
    name: str, doc: str, place: str = 'query', kind: str = 'string'
) -> dict[str, Any]:
    result: dict[str, Any] = {
        'name': name,
        'in': place,
        'description': doc,
        'schema': {'type': kind},
    }
    if place == 'path':
        result['required'] = True
    return result


def _operation(
    path: str, resource: str, controller: Any, method: str, verb: str
) -> dict[str, Any]:
    handler = getattr(controller, verb)
    spec = handler.spec
    cls = controller.object
    result: dict[str, Any] = {
        'operationId': f'{method.lower()}_{path}'.translate(
            str.maketrans('/', '_', '{}')
        ),
        'tags': [resource],
        'summary': handler.__doc__.splitlines()[0],
        'responses': {
            str(spec.status): _answer(controller, spec, verb),
            'default': {
                'description': 'What went wrong.',
                'content': _json({'$ref': '#/components/schemas/Error'}),
            },
        },
    }
    parameters = _parameters(cls, spec)
    if parameters:
        result['parameters'] = parameters
    if spec.body:
        schema = spec.body
        if isinstance(schema, str):
            schema = types.schema(cls, schema, versions.MAX_MINOR, spec.absent)
            schema['properties'].update(spec.extra)
        result['requestBody'] = {'required': True, 'content': _json(schema)}
    return result


def _sort_doc(cls: Any) -> str:
    """Which filters go with which key."""
    told = []
    for key in query.sortable(cls):
        names = [name for name, other in cls.pairs() if other == key and name]
        told.append(f'{key} with {", ".join(names)}' if names else key)
    return f'What to sort by, and the filters it goes with: {"; ".join(told)}.'


def _parameters(cls: Any, spec: Any) -> list[dict[str, Any]]:
    if spec.listing:
        filters = query.filterable(cls)
        return [
            *(
                _parameter(name, doc, kind=kind)
                for name, (kind, doc) in _PAGING.items()
            ),
            _parameter('sort_key', _sort_doc(cls))
            | {'schema': {'type': 'string', 'enum': query.sortable(cls)}},
            *(
                _parameter(name, f'Only those: {cls.fields[field].doc}')
                for name, field in filters.items()
            ),
        ]
    return [
        _parameter(name, _PARAMS[name][1], kind=_PARAMS[name][0])
        for name in spec.params
    ]


def _answer(controller: Any, spec: Any, verb: str) -> dict[str, Any]:
    if spec.status == 204:
        return {'description': 'Done.'}
    if controller.object is None:
        return {'description': 'The list.', 'content': _json({})}
    ref = {'$ref': f'#/components/schemas/{controller.object.__name__}'}
    if verb == 'sync':
        ref = {'$ref': '#/components/schemas/Operation'}
    if verb in _OTHER_ANSWERS:
        return {
            'description': _OTHER_ANSWERS[verb],
            'content': _json({'type': 'object'}),
        }
    if not spec.listing:
        return {'description': 'The resource.', 'content': _json(ref)}
    schema = {
        'type': 'object',
        'properties': {
            controller.collection: {'type': 'array', 'items': ref},
            'next': {'type': 'string', 'format': 'uri'},
        },
    }
    return {'description': 'A page of the list.', 'content': _json(schema)}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {'application/json': {'schema': schema}}
