# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document, derived from routes, verbs and objects."""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import cast

from valence.api import query
from valence.api import routes
from valence.api import versions
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common.schemas import Schema
from valence.objects import base as objects_base
from valence.objects import fields

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


def document(
    table: Iterable[routes.Route], parameters: Mapping[str, fields.Spec]
) -> Schema:
    """The OpenAPI document of the routes, for the newest minor version.

    :param parameters: the parameters in paths, by name.
    """
    paths: Schema = {}
    schemas: Schema = {'Error': _ERROR}
    for path, resource, controller, methods in table:
        cls = controller.object
        if cls is not None:
            schemas[cls.__name__] = types.resource_schema(
                cls, versions.MAX_MINOR
            )
        item = paths.setdefault(f'/v1/{path}', {})
        if '{' in path:
            item['parameters'] = [
                _parameter(name, parameters[name], 'path')
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


def _parameter(name: str, field: fields.Spec, place: str = 'query') -> Schema:
    schema = field.schema()
    result: Schema = {
        'name': name,
        'in': place,
        'description': schema.pop('description'),
        'schema': schema,
    }
    if place == 'path':
        result['required'] = True
    return result


def _operation(
    path: str,
    resource: str,
    controller: base.Endpoints,
    method: str,
    name: str,
) -> Schema:
    verb: base.Verb = getattr(controller, name)
    spec = verb.spec
    result: Schema = {
        'operationId': f'{method.lower()}_{path}'.translate(
            str.maketrans('/', '_', '{}')
        ),
        'tags': [resource],
        'summary': str(verb.__doc__).splitlines()[0],
        'responses': {
            str(spec.status): _answer(controller, spec),
            'default': {
                'description': 'An error.',
                'content': _json({'$ref': '#/components/schemas/Error'}),
            },
        },
    }
    parameters = [
        _parameter(name, field) for name, field in spec.params.items()
    ]
    if spec.listing and controller.object is not None:
        parameters = _collection_parameters(controller.object)
    if parameters:
        result['parameters'] = parameters
    if spec.body:
        schema = spec.body.schema(controller.object, versions.MAX_MINOR)
        result['requestBody'] = {'required': True, 'content': _json(schema)}
    return result


def _sort_doc(cls: objects_base.Kind) -> str:
    """The sort keys with their filters."""
    entries = []
    for key in query.sortable(cls):
        names = [name for name, other in cls.pairs() if other == key and name]
        entries.append(f'{key} with {", ".join(names)}' if names else key)
    return f'Sort key, and the filters it allows: {"; ".join(entries)}.'


def _collection_parameters(cls: objects_base.Kind) -> list[Schema]:
    key = fields.EnumField(query.sortable(cls), doc=_sort_doc(cls))
    return [
        *(_parameter(name, field) for name, field in query.PAGING.items()),
        _parameter('sort_key', key),
        *(
            # Filters have a syntax of their own.
            _parameter(name, fields.StringField(doc=_filter_doc(cls, field)))
            for name, field in query.filterable(cls).items()
        ),
    ]


def _filter_doc(cls: objects_base.Kind, field: str) -> str:
    return f'Filter: {cls.fields[field].doc}'


def _answer(controller: base.Endpoints, spec: base.Spec) -> Schema:
    if spec.status == 204:
        return {'description': 'Success.'}
    if isinstance(spec.answer, dict):
        schema = dict(spec.answer)
        description = schema.pop('description')
        return {'description': description, 'content': _json(schema)}
    cls = cast('objects_base.Kind', spec.answer or controller.object)
    ref = {'$ref': f'#/components/schemas/{cls.__name__}'}
    if not (spec.listing and isinstance(controller, base.Controller)):
        return {'description': f'The {cls.KIND}.', 'content': _json(ref)}
    schema = {
        'type': 'object',
        'properties': {
            controller.collection: {'type': 'array', 'items': ref},
            'next': {'type': 'string', 'format': 'uri'},
        },
    }
    return {'description': 'A page of the list.', 'content': _json(schema)}


def _json(schema: Schema) -> Schema:
    return {'application/json': {'schema': schema}}
