# SPDX-License-Identifier: Apache-2.0
"""Request bodies: one JSON schema and one WSME type for each verb.

Both are derived from the fields of the versioned object, plus the fields that
the verb adds. The schema decides what is valid; it is also the one in the
OpenAPI document. The WSME type converts a valid body to Python values.
"""

import dataclasses
from collections.abc import Collection
from collections.abc import Mapping

from wsme import types as wtypes
from wsme.rest import json as wsme_json

from valence.api import render
from valence.api import versions
from valence.common import exception
from valence.common import schemas
from valence.common.cache import cached
from valence.common.schemas import Schema
from valence.common.types import JsonObject
from valence.objects import base
from valence.objects import fields


@dataclasses.dataclass(frozen=True, eq=False)
class Body:
    """The body that a verb accepts.

    :param access: ``c`` or ``u``: the fields of the resource that are
        accepted on create or on update; empty: none of them.
    :param added: the fields that the verb adds, by name.
    :param without: fields of the resource that this verb does not accept.
    :param partial: whether every field may be omitted.
    :param renamed: the present names of fields by earlier ones, which are
        still accepted.
    :param keywords: JSON schema keywords about the body as a whole.
    :param media: the fields that can be the whole body, by the media type that
        it has then.
    :param lenient: whether the verb is also called for what cannot be parsed,
        with an empty body, and the error as ``valence.unparsed``.
    """

    access: str = ''
    added: Mapping[str, fields.Spec] = dataclasses.field(default_factory=dict)
    without: tuple[str, ...] = ()
    partial: bool = False
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    keywords: Schema = dataclasses.field(default_factory=dict)
    media: Mapping[str, str] = dataclasses.field(default_factory=dict)
    lenient: bool = False

    @cached
    def accepted(
        self, cls: base.Kind | None, minor: int
    ) -> dict[str, fields.Spec]:
        """The fields of a body by their name in the API.

        :param cls: the resource that the verb is about.
        """
        own = cls.fields if cls is not None and self.access else {}
        known = {
            field.refers[0] if field.refers else name: field
            for name, field in own.items()
            if self.access in field.api and name not in self.without
        }
        return {
            name: field
            for name, field in {**known, **self.added}.items()
            if field.since <= minor
        }

    @cached
    def schema(self, cls: base.Kind | None, minor: int) -> Schema:
        """The JSON schema of a body."""
        known = self.accepted(cls, minor)
        result: Schema = {
            'type': 'object',
            'properties': {
                name: field.input_schema() for name, field in known.items()
            },
            'additionalProperties': False,
        }
        required = [
            name for name, field in known.items() if not field.optional
        ]
        if required and not self.partial:
            result['required'] = required
        return {**result, **self.keywords}

    def parse(
        self, cls: base.Kind | None, minor: int, body: JsonObject
    ) -> JsonObject:
        """Validate a body and convert its values.

        :raises Invalid: for a field that is unknown, missing or wrong.
        :raises InvalidBody: if the body as a whole is wrong.
        """
        body = {
            self.renamed.get(name, name)
            if self.renamed.get(name) not in body
            else name: value
            for name, value in body.items()
        }
        known = self.accepted(cls, minor)
        try:
            schemas.check(self.schema(cls, minor), body)
        except schemas.Mismatch as exc:
            raise _invalid(cls, known, exc) from None
        given = {name: body[name] for name in known if name in body}
        parsed = wsme_json.fromjson(_wsme_type(self, cls, minor), given)
        return {**body, **{name: getattr(parsed, name) for name in given}}


_LINKS: Schema = {
    'description': 'Links to the resource: self with the version of the API, '
    'bookmark without it.',
    'type': 'array',
    'items': schemas.closed(
        {
            'rel': {'type': 'string', 'enum': ['self', 'bookmark']},
            'href': {'type': 'string', 'format': 'uri'},
        }
    ),
}

CREATE = Body('c')
UPDATE = Body('u', partial=True)


# What clients of the first Valence send, and the fields to use instead.
_INSTEAD = {
    'flavor_id': ('flavor',),
    'podm_id': ('pod_manager',),
    'node_index': ('resource_uri',),
    'authentication': ('username', 'password'),
}


def _invalid(
    cls: base.Kind | None, known: Collection[str], error: schemas.Mismatch
) -> exception.ValenceException:
    if not error.path:
        return exception.InvalidBody(reason=error.reason)
    reason = error.reason
    if error.keyword == 'additionalProperties' and cls is not None:
        field = cls.fields.get(error.path)
        if field is not None and field.api:
            reason = 'must not be set in this request'
    instead = _INSTEAD.get(error.path, ())
    if instead and set(instead) <= set(known):
        reason = f'unknown field; use {" and ".join(instead)}'
    return exception.Invalid(field=error.path, reason=reason)


class _FieldType(wtypes.UserType):  # type: ignore[misc]
    """The WSME type of a field: converts values that the schema accepted."""

    basetype = wtypes.text

    def __init__(self, field: fields.Spec) -> None:
        self.field = field
        self.name = field.json_type

    def validate(self, value: object) -> object:
        return self.field.from_body(value)

    def frombasetype(self, value: object) -> object:
        # WSME calls validate() when it sets the attribute.
        return value


@cached
def _wsme_type(
    body: Body, cls: base.Kind | None, minor: int
) -> type[wtypes.Base]:
    attributes = {
        name: wtypes.wsattr(_FieldType(field))
        for name, field in body.accepted(cls, minor).items()
    }
    name = f'{cls.__name__ if cls else ""}Body{minor}'
    # Without an order WSME would search the source code for one, which Python
    # 3.11 cannot parse in two threads at once.
    order = {'_wsme_attr_order': tuple(attributes)}
    return type(name, (wtypes.Base,), {**attributes, **order})


def resource_schema(cls: base.Kind) -> Schema:
    """The JSON schema of a resource in an answer, in the newest version.

    No field is required: requests select fields, and hide some.
    """
    properties = {
        name: field.schema()
        for name, field in cls.fields.items()
        if 'r' in field.api and field.since <= versions.MAX_MINOR
    }
    if cls.LINKED:
        properties[render.LINKS] = _LINKS
    return {'type': 'object', 'properties': properties}


def closed_schema(
    cls: base.Kind, names: Collection[str] | None = None
) -> Schema:
    """The schema of a resource that has no other fields.

    :param names: its fields; None: all.
    """
    properties = resource_schema(cls)['properties']
    return schemas.closed(
        {
            n: one
            for n, one in properties.items()
            if names is None or n in names
        },
        required=(),
    )


def reference(
    cls: base.Kind, added: Mapping[str, fields.Spec] | None = None
) -> Schema:
    """The schema of a resource that is a component of the document.

    :param added: other fields that it has.
    """
    result: Schema = {
        '$ref': schemas.pointer(cls.__name__),
        'unevaluatedProperties': False,
    }
    if added:
        result['properties'] = {n: one.schema() for n, one in added.items()}
    return result
