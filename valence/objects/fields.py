# SPDX-License-Identifier: Apache-2.0
"""Field types that carry everything the other layers need to know of a field.

A field is declared once, in its object. API types, JSON schema, OpenAPI
document, renderer and command line derive type, limits, description, access
and API version from there.
"""

import datetime
import enum
import json
from collections.abc import Callable
from typing import Any

from oslo_utils import timeutils
from oslo_versionedobjects import fields

from valence.common import identity
from valence.common import schemas
from valence.common.schemas import Schema
from valence.objects import formats  # noqa: F401 - registers them

_UNSPECIFIED = fields.UnspecifiedDefault


class Audience(enum.IntEnum):
    """Who can see a field; each level sees all that lower levels see."""

    PROJECT = 1
    SYSTEM = 2
    ADMIN = 3


class Spec(fields.Field[Any]):
    """What a field declares in addition to its type.

    :param doc: description: API reference, CLI help, column title.
    :param api: any of ``c``, ``u``, ``r``: accepted on create, accepted on
        update, returned. Empty: internal.
    :param since: the first minor API version with the field.
    :param max_length: of a string, in characters.
    :param min_length: the same, the least.
    :param minimum: the smallest number accepted.
    :param maximum: the greatest one.
    :param format: JSON schema format of a string: ``schemas.format_check``.
    :param filter: whether collections can be filtered by it.
    :param sort: collections can be sorted by it (it is never null then) while
        they are filtered by the fields named here. Each of these pairs has an
        index; the tables derive it from here. None: no sort key.
    :param refers: ``(name, kind)`` of a field that holds the UUID of another
        resource: requests give UUID or name under ``name``; ``kind`` is the
        class name of the object referred to.
    :param lists: whether collections show it by default.
    :param audience: the lowest level that can see it. None: the object's.
    :param has_user_text: whether project members see another text under its
        name: that of the field ``user_<name>``.
    :param secret: stored encrypted and never returned.
    :param shape: whether it is in ``db.shapes``; of a list: of which items.
    """

    json_type: str = ''
    format: str | None = None
    max_length: int | None = None
    # Whether filters may compare it (gt, lte …).
    ordered = False
    # Whether filters may find it by a part of it.
    textual = False
    # All possible values, where these are few.
    values: tuple[Any, ...] = ()
    # Of a list: what of an item is a MAC address; see ``ListField``.
    mac: str | None = None
    # Makes of a stored value what answers show; None: the value itself.
    convert: Callable[[Any], Any] | None = None

    def __init__(
        self,
        *args: Any,
        doc: str,
        api: str = '',
        since: int = 1,
        max_length: int | None = None,
        min_length: int | None = None,
        minimum: int | None = None,
        maximum: int | None = None,
        format: str | None = None,
        filter: bool = False,
        sort: tuple[str, ...] | None = None,
        refers: tuple[str, str] | None = None,
        lists: bool = True,
        audience: Audience | None = None,
        has_user_text: bool = False,
        secret: bool = False,
        shape: bool | tuple[str, ...] = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.doc = doc
        self.api = api
        self.since = since
        if max_length is not None:
            self.max_length = max_length
        self.min_length = min_length
        self.minimum = minimum
        self.maximum = maximum
        if format is not None:
            self.format = format
        self.filter = filter
        self.sort = sort
        self.refers = refers
        self.lists = lists
        self.audience = audience
        self.has_user_text = has_user_text
        self.secret = secret
        self.shape = shape

    @property
    def optional(self) -> bool:
        """Whether a create request may omit the field."""
        return self.nullable or self.default is not _UNSPECIFIED

    @property
    def default_value(self) -> Any:
        """The default; None if there is none."""
        return None if self.default is _UNSPECIFIED else self.default

    def validate(self, value: Any) -> Any:
        """Check a value against the schema and coerce it.

        Stricter than ``coerce``: a number is no string, and null is accepted
        only if the field is nullable.

        :raises Mismatch: with the reason, without the value itself.
        """
        schemas.check(self.schema(), value)
        return self.coerce(None, '', value)

    def from_body(self, value: Any) -> Any:
        """Coerce a value of a request body that matches the schema."""
        # What a reference refers to is looked up later.
        return value if self.refers else self.coerce(None, '', value)

    def from_text(self, text: str) -> Any:
        """The value of a query parameter.

        :raises ValueError: with the reason.
        """
        return self.validate(text)

    def schema(self) -> Schema:
        """The JSON schema of the field in an answer."""
        result: Schema = {'description': self.doc}
        if self.json_type:
            result['type'] = (
                [self.json_type, 'null'] if self.nullable else self.json_type
            )
        for keyword, limit in (
            ('minLength', self.min_length),
            ('maxLength', self.max_length),
            ('minimum', self.minimum),
            ('maximum', self.maximum),
            ('format', self.format),
            ('writeOnly', self.secret or None),
        ):
            if limit is not None:
                result[keyword] = limit
        return result

    def input_schema(self) -> Schema:
        """The JSON schema of the field in a request body."""
        if self.refers is None:
            return self.schema()
        kind = self.refers[0].replace('_', ' ')
        return {
            **reference_schema(f'UUID or name of the {kind}.'),
            'type': self.schema()['type'],
        }


def reference_schema(doc: str) -> Schema:
    """The JSON schema of a UUID or name."""
    return {
        'description': doc,
        'type': 'string',
        'minLength': 1,
        'maxLength': 255,
    }


class StringField(Spec, fields.StringField):
    """Text."""

    json_type = 'string'
    textual = True


class NameField(StringField):
    """A name that can be used wherever a UUID can.

    :param reserved: names that have another meaning in paths.
    """

    format = 'resource-name'

    def __init__(self, *, reserved: tuple[str, ...] = (), **kwargs: Any):
        super().__init__(**kwargs)
        self.reserved = reserved

    def input_schema(self) -> Schema:
        schema = super().input_schema()
        if self.reserved:
            schema['not'] = {'enum': [*self.reserved]}
        return schema

    def from_text(self, text: str) -> str:
        # A search for an impossible name finds nothing; it is no error.
        return text


class UUIDField(Spec, fields.UUIDField):
    """A UUID."""

    json_type = 'string'
    format = 'uuid'

    def from_text(self, text: str) -> str:
        uuid: str = super().from_text(text)
        return identity.canonical_uuid(uuid) or uuid


class IntegerField(Spec, fields.IntegerField):
    """An integer that fits a signed 64-bit column."""

    json_type = 'integer'
    ordered = True
    format = 'int64'

    def from_text(self, text: str) -> int:
        if not text.lstrip('-').isdecimal():
            raise ValueError('must be an integer')
        number: int = self.validate(int(text))
        return number


class BooleanField(Spec, fields.BooleanField):
    """True or false."""

    values = (False, True)
    json_type = 'boolean'

    def from_text(self, text: str) -> bool:
        if text.lower() not in ('true', 'false'):
            raise ValueError('must be true or false')
        return text.lower() == 'true'


@schemas.format_check('date-time', str)
def check_time(text: str) -> None:
    """Accept a time in any notation of ISO 8601."""
    _time(text)


def _time(text: str) -> datetime.datetime:
    """A time in UTC.

    :raises ValueError: also for one whose year in UTC is none of 1 to 9999.
    """
    try:
        found: datetime.datetime = timeutils.normalize_time(
            timeutils.parse_isotime(text)
        )
    except (ValueError, OverflowError):
        raise ValueError('must be a time, such as 2030-01-31T12:00Z') from None
    return found


class DateTimeField(Spec, fields.DateTimeField):
    """A time in UTC, to the microsecond."""

    ordered = True
    json_type = 'string'
    format = 'date-time'
    max_length = 64

    def from_text(self, text: str) -> Any:
        return _time(text)


class EnumField(Spec, fields.EnumField):
    """One of a few strings."""

    json_type = 'string'

    @property
    def values(self) -> tuple[Any, ...]:  # type: ignore[override]
        return tuple(self.valid_values)

    def schema(self) -> Schema:
        values = list(self.valid_values)
        return {
            **super().schema(),
            'enum': [*values, None] if self.nullable else values,
        }


class _Json(fields.FieldType[Any]):
    """JSON, unchanged."""

    def coerce(self, obj: Any, attr: str, value: Any) -> Any:
        json.dumps(value)
        return value

    def stringify(self, value: Any) -> str:
        return json.dumps(value)


class JsonField(Spec, fields.AutoTypedField[Any]):
    """JSON that a schema describes.

    :param inner: the keywords of the schema other than type and description.
    """

    AUTO_TYPE = _Json()

    def __init__(self, *, inner: Schema | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = inner or {}

    def schema(self) -> Schema:
        return {**self.inner, **super().schema()}


class DescribedField(JsonField):
    """JSON that answers show as text.

    :param to_text: makes the text of the stored value.
    """

    json_type = 'string'

    def __init__(
        self, *, to_text: Callable[[Any], str | None], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.convert = to_text


class ObjectField(JsonField):
    """A JSON object.

    :param shown: the properties that answers show; default: all.
    """

    json_type = 'object'

    def __init__(self, *, shown: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shown = shown
        if shown:
            self.convert = lambda value: (
                value
                and {name: value[name] for name in shown if name in value}
            )


class ListField(JsonField):
    """A JSON list.

    :param items: the JSON schema of an item.
    :param mac: the property of an item that is a MAC address, or '' if the
        item itself is: collections can be filtered by ``mac_address``.
    """

    json_type = 'array'

    def __init__(
        self,
        *,
        items: Schema,
        inner: Schema | None = None,
        mac: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(inner={'items': items, **(inner or {})}, **kwargs)
        self.mac = mac


def error_text(name: str, doc: str) -> dict[str, Spec]:
    """The fields of an error: for operators, and for members of projects.

    See ``ErrorText`` of ``common.exception``.
    """
    kind: dict[str, Any] = {'nullable': True, 'max_length': 4096}
    return {
        name: StringField(doc=doc, api='r', has_user_text=True, **kind),
        f'user_{name}': StringField(
            doc=f'{doc[:-1]}, without text of a pod manager.', **kind
        ),
    }
