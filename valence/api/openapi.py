# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document, derived from routes, verbs and objects."""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from valence.api import auth
from valence.api import examples
from valence.api import macs
from valence.api import marks
from valence.api import query
from valence.api import responses
from valence.api import routes
from valence.api import topology
from valence.api import versions
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common import schemas
from valence.common.schemas import Schema
from valence.common.types import JsonObject
from valence.objects import base as objects_base
from valence.objects import fields
from valence.objects import requirements

_DESCRIPTION = """\
Valence composes bare-metal servers of pooled hardware. Below `/v1/` no other \
requests are served than these, the version document `/v1/` and \
`/v1/openapi.json`; no response has other fields, headers or statuses.

Only the `Content-Type` `application/json` is accepted, in UTF-8, unless an \
operation names others; an empty body is an empty object. Text must not \
contain control characters other than tabs and line breaks. A request has at \
most {parameters} query parameters. \
`HEAD` is `GET` without the body of the response. `OPTIONS` shows the methods \
of a path in the header `Allow`. Other methods of a path \
are answered with 405 and the header `Allow`, other paths with 404. Requests \
that are not valid HTTP are answered with 400, 413 or 431, those with another \
`Transfer-Encoding` than `chunked` with 501, and the connection is closed.
"""
_SECURITY: Schema = {
    'token': {
        'type': 'apiKey',
        'in': 'header',
        'name': 'X-Auth-Token',
        'description': 'A token of Keystone, with auth_strategy keystone.',
    },
    'password': {
        'type': 'http',
        'scheme': 'basic',
        'description': 'User name and password, with auth_strategy '
        'http_basic. With noauth nothing is needed.',
    },
}
_VERSION = fields.StringField(
    doc='API version that the client wants, such as "composable 1.1" or '
    '"composable latest"; the first one if it is missing.',
    max_length=255,
)

_IF_MATCH = fields.StringField(
    doc='Entity tags (ETag) of which the resource must have one: 412 if '
    'another client changed it. * accepts any.',
    max_length=query.MAX_LENGTH,
)
_IF_NONE = fields.StringField(
    doc='Entity tags that the client knows: 304 if the resource has one.',
    max_length=query.MAX_LENGTH,
)


def document(
    table: Iterable[routes.Route], parameters: Mapping[str, fields.Spec]
) -> Schema:
    """The OpenAPI document of the routes, for the newest minor version.

    :param parameters: the parameters in paths, by name.
    """
    routes_ = list(table)
    components = responses.components()
    components['schemas'].update(_resources(routes_))
    components['parameters'] = {
        'version': _parameter('OpenStack-API-Version', _VERSION, 'header')
    }
    return {
        'openapi': '3.1.0',
        'info': {
            'title': 'Valence',
            'version': f'1.{versions.MAX_MINOR}',
            'description': _DESCRIPTION.format(
                parameters=query.MAX_PARAMETERS
            ),
            'license': {
                'name': 'Apache-2.0',
                'identifier': 'Apache-2.0',
            },
        },
        'servers': [{'url': '/'}],
        'security': [{name: []} for name in _SECURITY],
        'tags': _tags(routes_),
        'paths': _with_references(_paths(routes_, parameters)),
        'components': {
            **{
                kind: {name: _inside(one) for name, one in known.items()}
                for kind, known in components.items()
            },
            'securitySchemes': _SECURITY,
        },
    }


def _with_references(node: Any) -> Any:
    """A part of the document with references to the shared schemas.

    What a schema has in addition, such as its description, remains.
    """
    if isinstance(node, list):
        return [_with_references(one) for one in node]
    if not isinstance(node, dict):
        return node
    for name, shared in requirements.COMPONENTS.items():
        if all(node.get(keyword) == one for keyword, one in shared.items()):
            more = {n: one for n, one in node.items() if n not in shared}
            return {'$ref': schemas.pointer(name), **more}
    return _inside(node)


def _inside(node: Schema) -> Schema:
    return {name: _with_references(one) for name, one in node.items()}


def _resources(table: Iterable[routes.Route]) -> Schema:
    """The schemas of the resources, and of a branch of the topology."""
    kinds = {
        controller.object: None
        for _, _, controller, _ in table
        if controller.object is not None
    }
    return {
        'Branch': topology.BRANCH,
        **requirements.COMPONENTS,
        **{cls.__name__: types.resource_schema(cls) for cls in kinds},
    }


def _tags(table: Iterable[routes.Route]) -> list[Schema]:
    """The resources, with the first line about each."""
    tags: dict[str, str] = {}
    for _, resource, controller, _ in table:
        about = (controller.object or controller).__doc__
        tags.setdefault(resource, str(about).splitlines()[0])
    return [{'name': name, 'description': tags[name]} for name in tags]


def _paths(
    table: list[routes.Route], parameters: Mapping[str, fields.Spec]
) -> Schema:
    paths: Schema = {}
    targets = _targets(table)
    for path, resource, controller, methods in table:
        item = paths.setdefault(
            f'/v1/{path}',
            {'parameters': [{'$ref': '#/components/parameters/version'}]},
        )
        item['parameters'] += [
            _parameter(name, parameters[name], 'path')
            for name in re.findall(r'{(\w+)}', path)
        ]
        for method, verb in methods.items():
            identifier = operation_id(path, method)
            item[method.lower()] = {
                'operationId': identifier,
                'tags': [resource],
                **_with_examples(
                    _operation(path, controller, method, verb, targets),
                    examples.of_operation(identifier),
                ),
            }
    return paths


def _with_examples(operation: Schema, example: JsonObject) -> Schema:
    """An operation with examples of its request and its responses."""
    bodies = [(operation.get('requestBody'), example.get('request'))]
    bodies += [
        (operation['responses'][status], body)
        for status, body in example.get('responses', {}).items()
    ]
    for owner, body in bodies:
        if owner and body is not None:
            owner['content'][responses.JSON]['example'] = body
    return operation


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


def operation_id(path: str, method: str) -> str:
    """The identifier of an operation in the document."""
    return f'{method.lower()}_{path}'.translate(str.maketrans('/', '_', '{}'))


def _targets(table: Iterable[routes.Route]) -> dict[str, list[str]]:
    """The operations on one resource, by the name of its collection."""
    targets: dict[str, list[str]] = {}
    for path, _, _, methods in table:
        collection, _, rest = path.partition('/')
        if rest.startswith('{id}') and rest.count('{') == 1:
            names = [operation_id(path, method) for method in methods]
            targets.setdefault(collection, []).extend(names)
    return targets


def _operation(
    path: str,
    controller: base.Endpoints,
    method: str,
    name: str,
    targets: Mapping[str, list[str]],
) -> Schema:
    verb: base.Verb = getattr(controller, name)
    spec = verb.spec
    public = auth.is_public(f'/v1/{path}')
    result: Schema = {
        'summary': str(verb.__doc__).splitlines()[0],
        'responses': responses.of_verb(
            path, method, controller, spec, public, targets
        ),
    }
    if public:
        result['security'] = []
    parameters = [
        _parameter(name, field) for name, field in spec.params.items()
    ]
    if spec.listing and controller.object is not None:
        parameters = _collection_parameters(controller.object)
    if responses.can_match(path, controller):
        parameters.append(_parameter('If-Match', _IF_MATCH, 'header'))
    if spec.has_tag(controller.object) and method == 'GET':
        parameters.append(_parameter('If-None-Match', _IF_NONE, 'header'))
    if parameters:
        result['parameters'] = parameters
    if spec.body:
        schema = spec.body.schema(controller.object, versions.MAX_MINOR)
        result['requestBody'] = _request_body(spec.body, schema)
    return result


def _request_body(body: types.Body, schema: Schema) -> Schema:
    return {
        'required': not schemas.accepts(schema, {}),
        'content': {
            **responses.json(schema),
            **{
                kind: {'schema': schema['properties'][name]}
                for kind, name in body.media.items()
            },
        },
    }


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
            _parameter(
                name,
                fields.StringField(
                    doc=_filter_doc(cls, field), max_length=query.MAX_LENGTH
                ),
            )
            for name, field in query.filterable(cls).items()
        ),
        *(
            _parameter(
                name,
                fields.StringField(
                    doc=marks.describe(name, *known),
                    max_length=query.MAX_LENGTH,
                ),
            )
            for name, known in marks.parameters(cls).items()
        ),
    ]


def _filter_doc(cls: objects_base.Kind, field: str) -> str:
    if cls.fields[field].mac is not None:
        return macs.DOC
    return f'Filter: {cls.fields[field].doc}'
