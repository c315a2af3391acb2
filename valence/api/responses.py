# SPDX-License-Identifier: Apache-2.0
"""The responses in the OpenAPI document: statuses, headers and bodies."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import cast

from valence.api import etags
from valence.api.controllers.v1 import answers
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import types
from valence.common import exception
from valence.common import schemas
from valence.common.schemas import Schema
from valence.objects import base as objects_base
from valence.objects import fields

#: The media type of all bodies.
JSON = 'application/json'

_HEADERS: dict[str, fields.Spec] = {
    'OpenStack-API-Version': fields.StringField(
        doc='API version of the response.'
    ),
    'Vary': fields.StringField(doc='Request headers that it depends on.'),
    'X-Openstack-Request-Id': fields.StringField(
        doc='Identifier of the request, also in the log.'
    ),
    'Location': fields.StringField(
        doc='URL of what was created: the operation, if the status is 202.',
        format='uri',
    ),
    'ETag': fields.StringField(
        doc='Entity tag of the resource, for If-Match and If-None-Match.'
    ),
    'Retry-After': fields.IntegerField(
        doc='After how many seconds to try again.', minimum=0
    ),
    'WWW-Authenticate': fields.StringField(doc='How to authenticate.'),
}
_ALWAYS = ('OpenStack-API-Version', 'Vary', 'X-Openstack-Request-Id')
# The headers that only some errors have.
_OF_ERROR = {401: ('WWW-Authenticate',), 503: ('Retry-After',)}
_ERRORS: dict[int, str] = {
    **{
        cls.code: str(cls.__doc__).splitlines()[0]
        for cls in (
            exception.Invalid,
            exception.NotFound,
            exception.NotAcceptable,
            exception.Conflict,
            exception.PreconditionFailed,
            exception.UnsupportedMediaType,
        )
    },
    401: 'The request is not authenticated.',
    403: 'A policy rule or a quota denies the request.',
    413: 'The request body is too large.',
    431: 'The headers of the request are too large.',
    503: 'The database or Keystone is unavailable.',
}
_OF_EVERY_REQUEST = (400, 401, 403, 406, 413, 415, 431, 503)
_ERROR_FIELDS = ('status', 'code', 'title', 'detail', 'request_id')
_ERROR = schemas.closed(
    {
        'errors': {
            'type': 'array',
            'minItems': 1,
            'maxItems': 1,
            'items': schemas.closed(
                {
                    'status': {'type': 'integer'},
                    'code': {
                        'type': 'string',
                        'description': 'Name of the error for programs.',
                    },
                    'title': {'type': 'string'},
                    'detail': {
                        'type': 'string',
                        'description': 'What is wrong, and with which field.',
                    },
                    'request_id': {'type': ['string', 'null']},
                    'rejections': answers.REJECTIONS.schema(),
                    'unlisted': answers.UNLISTED.schema(),
                },
                required=_ERROR_FIELDS,
            ),
        }
    }
)


def components() -> Schema:
    """The components that :func:`of_verb` refers to."""
    return {
        'headers': {name: _header(field) for name, field in _HEADERS.items()},
        'responses': {
            f'Error{status}': {
                'description': text,
                'headers': _headers(*_ALWAYS, *_OF_ERROR.get(status, ())),
                'content': json({'$ref': schemas.pointer('Error')}),
            }
            for status, text in sorted(_ERRORS.items())
        },
        'schemas': {'Error': _ERROR},
    }


def of_verb(
    path: str,
    method: str,
    controller: base.Endpoints,
    spec: base.Spec,
    public: bool,
    targets: Mapping[str, list[str]],
) -> Schema:
    """The responses of an endpoint by status.

    :param public: whether it needs no authentication.
    :param targets: the identifiers of the operations on a resource, by the
        name of its collection.
    """
    result: Schema = {}
    if spec.status != 202 or not spec.operation:
        result[str(spec.status)] = _success(controller, spec, targets)
    if method == 'GET' and spec.has_tag(controller.object):
        result['304'] = {
            'description': 'If-None-Match has the entity tag of the resource.',
            'headers': _headers(*_ALWAYS, 'ETag'),
        }
    if spec.operation:
        result['202'] = _accepted(controller, targets)
    for status in _error_statuses(path, method, controller, spec):
        if not (public and status in (401, 403)):
            ref = f'#/components/responses/Error{status}'
            result[str(status)] = {'$ref': ref}
    return result


def _error_statuses(
    path: str, method: str, controller: base.Endpoints, spec: base.Spec
) -> list[int]:
    statuses = {*_OF_EVERY_REQUEST}
    if '{' in path:
        # A name may fit several resources.
        statuses |= {404, 409}
    if can_match(path, controller):
        statuses.add(412)
    if method != 'GET' or (spec.listing and _refers(controller.object)):
        statuses.add(409)
    return sorted(statuses)


def can_match(path: str, controller: base.Endpoints) -> bool:
    """Whether the header If-Match is about the resource in a path."""
    cls = controller.object
    return '{' in path and cls is not None and bool(etags.changeable(cls))


def _refers(cls: objects_base.Kind | None) -> bool:
    """Whether a filter of a collection is a name."""
    return cls is not None and any(
        field.filter and field.refers for field in cls.fields.values()
    )


def _links(targets: Iterable[str], pointer: str) -> Schema:
    """The operations on a resource of which a body has the UUID."""
    return {
        name: {
            'operationId': name,
            'parameters': {'id': f'$response.body#/{pointer}'},
        }
        for name in targets
    }


def _success(
    controller: base.Endpoints,
    spec: base.Spec,
    targets: Mapping[str, list[str]],
) -> Schema:
    if spec.status == 204:
        return {'description': 'Success.', 'headers': _headers(*_ALWAYS)}
    description, schema, is_resource = _body(controller, spec)
    result: Schema = {
        'description': description,
        'headers': _headers(*_ALWAYS),
        'content': json(schema),
    }
    if spec.has_tag(controller.object):
        result['headers'] |= _headers('ETag')
    links: Schema = {}
    if spec.status > 200 and is_resource:
        result['headers'] |= _headers('Location')
        links = _links(
            targets.get(_kind(controller, spec).RESOURCE, ()), 'uuid'
        )
    elif spec.listing and isinstance(controller, base.Controller):
        pointer = f'{controller.collection}/0/uuid'
        links = _links(targets.get(controller.collection, ()), pointer)
    return {**result, 'links': links} if links else result


def _kind(controller: base.Endpoints, spec: base.Spec) -> objects_base.Kind:
    """The kind of resource that a verb returns."""
    return cast('objects_base.Kind', spec.answer or controller.object)


def _body(
    controller: base.Endpoints, spec: base.Spec
) -> tuple[str, Schema, bool]:
    """Description and schema of a body, and whether it is a resource."""
    if isinstance(spec.answer, dict):
        properties = {n: one.schema() for n, one in spec.answer.items()}
        text = ' '.join(one.doc for one in spec.answer.values())
        return text, schemas.closed(properties), False
    cls = _kind(controller, spec)
    schema = types.reference(cls, spec.added)
    if not (spec.listing and isinstance(controller, base.Controller)):
        return f'The {cls.KIND}.', schema, True
    page = schemas.closed(
        {
            controller.collection: {'type': 'array', 'items': schema},
            'next': {
                'type': 'string',
                'format': 'uri',
                'description': 'URL of the next page, unless this is the '
                'last one.',
            },
            'count': {
                'type': ['integer', 'null'],
                'minimum': 0,
                'description': 'With with_count: the number of resources on '
                'all pages; null if more than [api] max_sorted.',
            },
        },
        required=(controller.collection,),
    )
    return 'A page of the list.', page, False


def _accepted(
    controller: base.Endpoints, targets: Mapping[str, list[str]]
) -> Schema:
    """The response of :meth:`base.Call.accept`."""
    cls = cast('objects_base.Kind', controller.object)
    schema = types.reference(cls, answers.OPERATION)
    return {
        'description': f'The {cls.KIND}. An operation does the rest.',
        'headers': _headers(*_ALWAYS, 'Location'),
        'content': json({**schema, 'required': list(answers.OPERATION)}),
        'links': {
            **_links(targets[cls.RESOURCE], 'uuid'),
            **_links(targets['operations'], 'operation_uuid'),
        },
    }


def _header(field: fields.Spec) -> Schema:
    schema = field.schema()
    return {
        'description': schema.pop('description'),
        'required': True,
        'schema': schema,
    }


def _headers(*names: str) -> Schema:
    return {name: {'$ref': f'#/components/headers/{name}'} for name in names}


def json(schema: Schema) -> Schema:
    """The content of a body."""
    return {JSON: {'schema': schema}}
