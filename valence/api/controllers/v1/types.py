# SPDX-License-Identifier: Apache-2.0
"""WSME types of request bodies, derived from the versioned objects.

One type a verb: a field that may be given on create is an attribute of the
create type, and so on. WSME finds unknown and missing attributes, the object's
field judges the values.
"""

from typing import Any

import jsonschema
import wsme.exc
from wsme import types as wtypes
from wsme.rest import json as wsme_json

from valence.common import exception
from valence.common.cache import cached
from valence.objects import base
from valence.objects import fields

CREATE = 'c'
UPDATE = 'u'


class FieldType(wtypes.UserType):  # type: ignore[misc]
    """A WSME type that leaves the judgement to an object's field."""

    basetype = wtypes.text

    def __init__(self, field: fields.Spec) -> None:
        self.field = field
        self.name = field.json_name

    def validate(self, value: Any) -> Any:
        return self.field.validate(value)

    def frombasetype(self, value: Any) -> Any:
        # WSME validates when the attribute is set, and names it then.
        return value


def accepted(
    cls: type[base.ValenceObject],
    verb: str,
    minor: int,
    absent: tuple[str, ...] = (),
) -> dict[str, fields.Spec]:
    """The fields that the body of a request may have, by their API name.

    :param absent: fields that this body may not have, though others may.
    """
    return {
        field.refers[0] if field.refers else name: field
        for name, field in cls.fields.items()
        if verb in field.api and field.since <= minor and name not in absent
    }


@cached
def body_type(
    cls: type[base.ValenceObject],
    verb: str,
    minor: int,
    absent: tuple[str, ...] = (),
) -> type[wtypes.Base]:
    """The WSME type of the body with which ``cls`` is created or changed."""
    attributes = {
        name: wtypes.wsattr(
            FieldType(field), mandatory=verb == CREATE and not field.optional
        )
        for name, field in accepted(cls, verb, minor, absent).items()
    }
    title = {CREATE: 'Create', UPDATE: 'Change'}[verb]
    number = '_'.join((str(minor), *absent))
    name = f'{cls.__name__}{title}{number}'
    # Without an order WSME would look for one in source code, which there is
    # none of, and which Python 3.11 cannot parse in two threads at once.
    order = {'_wsme_attr_order': tuple(attributes)}
    return type(name, (wtypes.Base,), {**attributes, **order})


def parse(
    cls: type[base.ValenceObject],
    verb: str,
    minor: int,
    body: dict[str, Any],
    absent: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The fields that a body gives, checked, by their name in the object.

    :raises Invalid: naming the first field that is unknown, missing or wrong.
    """
    type_ = body_type(cls, verb, minor, absent)
    known = accepted(cls, verb, minor, absent)
    for name, value in body.items():
        # WSME lets an explicit null through.
        if value is None and name in known and not known[name].nullable:
            raise exception.Invalid(field=name, reason='it may not be null')
    try:
        parsed = wsme_json.fromjson(type_, body)
    except wsme.exc.UnknownAttribute as exc:
        raise unknown(cls, sorted(exc.attributes)[0]) from None
    except wsme.exc.InvalidInput as exc:
        reason = str(exc.msg).rstrip('.')
        if reason == 'Mandatory field missing':
            reason = 'it is missing'
        raise exception.Invalid(field=exc.fieldname, reason=reason) from None
    return {
        name: getattr(parsed, name)
        for name in known
        if not isinstance(getattr(parsed, name), wtypes.UnsetType)
    }


def unknown(cls: type[base.ValenceObject], name: str) -> exception.Invalid:
    """The error for a field that a body may not have."""
    reason = 'there is no such field'
    if name in cls.fields and cls.fields[name].api:
        reason = 'it cannot be set here'
    return exception.Invalid(field=name[:64], reason=reason)


def checked(cls: type[base.ValenceObject], name: str, value: Any) -> Any:
    """A single value that is meant for a field of an object.

    :raises Invalid: naming the field.
    """
    try:
        return cls.fields[name].validate(value)
    except ValueError as exc:
        raise exception.Invalid(field=name, reason=str(exc)) from None


def check(schema_: dict[str, Any], value: Any, field: str = '') -> None:
    """Hold a value that is no object's against a JSON schema.

    :param field: where the value stands in the body.
    :raises Invalid: naming the place.
    """
    error = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(schema_).iter_errors(value)
    )
    if error is None:
        return
    place = '.'.join(str(part) for part in (field, *error.absolute_path))
    missing = error.validator == 'required' and [
        name for name in error.validator_value if name not in error.instance
    ]
    if missing:
        place, reason = f'{place}.{missing[0]}', 'it is missing'
    else:
        reason = error.message[:200]
    raise exception.Invalid(
        field=place.strip('.') or 'the body', reason=reason
    )


def _given(field: fields.Spec) -> dict[str, Any]:
    """The JSON schema of a field as a body gives it."""
    result = field.schema()
    if field.refers:
        result.pop('format')
        kind = field.refers[0].replace('_', ' ')
        result['description'] = f'UUID or name of the {kind}.'
    return result


def schema(
    cls: type[base.ValenceObject],
    verb: str,
    minor: int,
    absent: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The JSON schema of a body that creates (c), changes (u) or shows (r)."""
    if verb == 'r':
        properties = {
            name: field.schema()
            for name, field in cls.fields.items()
            if 'r' in field.api and field.since <= minor
        }
        return {'type': 'object', 'properties': properties}
    known = accepted(cls, verb, minor, absent)
    result: dict[str, Any] = {
        'type': 'object',
        'properties': {name: _given(field) for name, field in known.items()},
        'additionalProperties': False,
    }
    required = [name for name, field in known.items() if not field.optional]
    if verb == CREATE and required:
        result['required'] = required
    return result
