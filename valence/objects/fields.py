# SPDX-License-Identifier: Apache-2.0
"""Field types that carry everything the other layers ask of a field.

A field is declared once, in its object. Its type, limits, prose, place in the
API and first API version are read from there by the API types, the JSON
schema, the OpenAPI document, the renderer and the command line.
"""

import enum
import json
from collections.abc import Callable
from typing import Any

from oslo_utils import timeutils
from oslo_utils import uuidutils
from oslo_versionedobjects import fields

Check = Callable[[Any], None]


class Audience(enum.IntEnum):
    """Who gets to see a field; each sees what those before it see."""

    PROJECT = 1
    SYSTEM = 2
    ADMIN = 3


class Spec(fields.Field[Any]):
    """What a field knows besides its type.

    :param doc: one sentence for people: API reference, CLI help, column title.
    :param api: any of ``c``, ``u``, ``r``: may be given on create, on update,
        and is shown. Empty: never leaves the server.
    :param since: the first minor API version that knows the field.
    :param max_length: of a string, in characters.
    :param minimum: the smallest number allowed.
    :param filter: whether collections can be filtered by it.
    :param sort: collections can be sorted by it (it is never null then), and
        meanwhile be filtered by the fields that are named here. Each of these
        pairs has an index, which the tables derive from here. None: they
        cannot be sorted by it.
    :param refers: ``(name, kind)`` of a field that holds another resource's
        UUID: the API takes UUID or name under ``name``; ``kind`` is the class
        name of the object meant.
    :param lists: whether collections show it without being asked to.
    :param audience: from whom on it is shown: members of a project, readers
        of the whole system, or administrators. None: as the object says.
    :param has_user_text: whether members of projects see another text under
        its name: that of the field ``user_<name>``.
    :param secret: kept encrypted; no value of it is ever shown.
    :param check: called with the value; raises ValueError saying what is
        wrong with it.
    """

    json_types: tuple[type, ...] = ()
    json_name = ''
    # Whether a filter may ask for more or less than a value.
    ordered = False
    # All values there are, where these are few.
    values: tuple[Any, ...] = ()

    def __init__(
        self,
        *args: Any,
        doc: str,
        api: str = '',
        since: int = 1,
        max_length: int | None = None,
        minimum: int | None = None,
        filter: bool = False,
        sort: tuple[str, ...] | None = None,
        refers: tuple[str, str] | None = None,
        lists: bool = True,
        audience: Audience | None = None,
        has_user_text: bool = False,
        secret: bool = False,
        check: Check | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.doc = doc
        self.api = api
        self.since = since
        self.max_length = max_length
        self.minimum = minimum
        self.filter = filter
        self.sort = sort
        self.refers = refers
        self.lists = lists
        self.audience = audience
        self.has_user_text = has_user_text
        self.secret = secret
        self.check = check

    @property
    def optional(self) -> bool:
        """Whether a create request may leave the field out."""
        return self.nullable or self.default is not fields.UnspecifiedDefault

    def validate(self, value: Any) -> Any:
        """The value of a request body, coerced and within its limits.

        Stricter than ``coerce``: a number is no string, a null only where the
        field is nullable.

        :raises ValueError: saying what is wrong, without the value itself.
        """
        if value is None:
            if not self.nullable:
                raise ValueError('it may not be null')
            return None
        kinds: Any = self.json_types
        if not isinstance(value, kinds) or (
            isinstance(value, bool) and bool not in kinds
        ):
            raise ValueError(f'it has to be of type {self.json_name}')
        if self.max_length is not None and len(value) > self.max_length:
            raise ValueError(
                f'it has {len(value)} characters, at most '
                f'{self.max_length} are allowed'
            )
        if self.minimum is not None and value < self.minimum:
            raise ValueError(f'it has to be at least {self.minimum}')
        if self.refers:
            return value
        self.validate_kind(value)
        if self.check:
            self.check(value)
        return self.coerce(None, '', value)

    def validate_kind(self, value: Any) -> None:
        """What only this kind of field asks of a value."""

    def from_text(self, text: str) -> Any:
        """The value of a query parameter.

        :raises ValueError: saying what is wrong.
        """
        return self.validate(text)

    def schema(self) -> dict[str, Any]:
        """The field as JSON schema."""
        result: dict[str, Any] = {'description': self.doc}
        result['type'] = (
            [self.json_name, 'null'] if self.nullable else self.json_name
        )
        if self.max_length is not None:
            result['maxLength'] = self.max_length
        if self.minimum is not None:
            result['minimum'] = self.minimum
        if self.secret:
            result['writeOnly'] = True
        return result


class StringField(Spec, fields.StringField):
    """Text."""

    json_types = (str,)
    json_name = 'string'

    def validate_kind(self, value: str) -> None:
        if '\0' in value:
            raise ValueError('it may not contain a null character')
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError('it is not valid Unicode text') from None


class NameField(StringField):
    """A name that can stand wherever a UUID can."""

    def validate_kind(self, value: str) -> None:
        super().validate_kind(value)
        if not value or value != value.strip():
            raise ValueError(
                'it may not be empty, nor begin or end with white space'
            )
        if '/' in value:
            raise ValueError('it may not contain a slash')
        if not value.isprintable():
            raise ValueError('it may contain printable characters only')
        if uuidutils.is_uuid_like(value):
            raise ValueError('it may not look like a UUID')

    def from_text(self, text: str) -> str:
        # Any text may be looked for; names that cannot exist match nothing.
        return text


class UUIDField(Spec, fields.UUIDField):
    """A UUID in its canonical form."""

    json_types = (str,)
    json_name = 'string'

    def validate_kind(self, value: str) -> None:
        if not uuidutils.is_uuid_like(value):
            raise ValueError('it is not a UUID')

    def schema(self) -> dict[str, Any]:
        return {**super().schema(), 'format': 'uuid'}


class IntegerField(Spec, fields.IntegerField):
    """A whole number that fits a signed column of 64 bits."""

    json_types = (int,)
    json_name = 'integer'
    ordered = True

    def validate_kind(self, value: int) -> None:
        if not -(2**63) <= value < 2**63:
            raise ValueError('it is out of range')

    def from_text(self, text: str) -> int:
        if not text.lstrip('-').isdecimal():
            raise ValueError('it has to be a whole number')
        number: int = self.validate(int(text))
        return number


class BooleanField(Spec, fields.BooleanField):
    """True or false."""

    values = (False, True)

    json_types = (bool,)
    json_name = 'boolean'

    def from_text(self, text: str) -> bool:
        if text.lower() not in ('true', 'false'):
            raise ValueError('it has to be true or false')
        return text.lower() == 'true'


class DateTimeField(Spec, fields.DateTimeField):
    """A moment in UTC, to the microsecond."""

    ordered = True
    json_types = (str,)
    json_name = 'string'

    def from_text(self, text: str) -> Any:
        return timeutils.normalize_time(timeutils.parse_isotime(text))

    def schema(self) -> dict[str, Any]:
        return {**super().schema(), 'format': 'date-time'}


class EnumField(Spec, fields.EnumField):
    """One of a few words."""

    json_types = (str,)
    json_name = 'string'

    @property
    def values(self) -> tuple[Any, ...]:  # type: ignore[override]
        return tuple(self.valid_values)

    def validate_kind(self, value: str) -> None:
        if value not in self.valid_values:
            raise ValueError(
                f'it has to be one of: {", ".join(self.valid_values)}'
            )

    def schema(self) -> dict[str, Any]:
        values = list(self.valid_values)
        return {
            **super().schema(),
            'enum': [*values, None] if self.nullable else values,
        }


class _Json(fields.FieldType[Any]):
    """JSON as it is; numbers, lists and objects all the way down."""

    def coerce(self, obj: Any, attr: str, value: Any) -> Any:
        json.dumps(value)
        return value

    def stringify(self, value: Any) -> str:
        return json.dumps(value)


class ObjectField(Spec, fields.AutoTypedField[Any]):
    """A JSON object.

    :param inner: the JSON schema of what is in it, where that is known.
    """

    AUTO_TYPE = _Json()
    json_types = (dict,)
    json_name = 'object'

    def __init__(
        self, *, inner: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.inner = inner or {}

    def schema(self) -> dict[str, Any]:
        return {**self.inner, **super().schema()}


class ListField(Spec, fields.AutoTypedField[Any]):
    """A JSON list.

    :param items: the JSON schema of one item.
    """

    AUTO_TYPE = _Json()
    json_types = (list,)
    json_name = 'array'

    def __init__(self, *, items: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.items = items

    def schema(self) -> dict[str, Any]:
        return {**super().schema(), 'items': self.items}


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
