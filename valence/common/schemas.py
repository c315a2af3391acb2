# SPDX-License-Identifier: Apache-2.0
"""JSON schemas: the dialect, its formats and the texts of its errors.

The dialect is that of OpenAPI 3.1, JSON Schema 2020-12, with two additions. A
string must be valid Unicode without control characters other than tabs and
line breaks: databases reject some of the others, and terminals obey them. A
format is checked if :func:`format_check` knows it.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Callable
from collections.abc import Collection
from typing import Any
from typing import TypeVar

import jsonschema

T = TypeVar('T', str, int)
Schema = dict[str, Any]

# Control characters other than tabs and line breaks.
_CONTROL = re.compile(r'[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]')
_DIALECT = jsonschema.Draft202012Validator
_FORMATS = jsonschema.FormatChecker(formats=())
_DESCRIPTIONS: dict[str, str] = {}


class Mismatch(ValueError):
    """A value that does not match its schema.

    :param path: the place within the value, with dots; empty: the value.
    :param keyword: the keyword of the schema that it violates.
    :param reason: what is wrong, without the value itself: it may be secret.
    """

    def __init__(self, path: str, keyword: str, reason: str) -> None:
        super().__init__(f'{path}: {reason}' if path else reason)
        self.path = path
        self.keyword = keyword
        self.reason = reason


def format_check(
    name: str, type_: type[T]
) -> Callable[[Callable[[T], None]], Callable[[T], None]]:
    """Make a function the check of a format.

    The function gets values of the type, and raises ValueError with the
    reason.
    """

    def register(check: Callable[[T], None]) -> Callable[[T], None]:
        def conforms(value: object) -> bool:
            if isinstance(value, type_):
                check(value)
            return True

        _FORMATS.checks(name, raises=ValueError)(conforms)
        _DESCRIPTIONS[name] = ' '.join(str(check.__doc__).split())
        return check

    return register


def formats() -> dict[str, str]:
    """What is accepted as each format."""
    return {
        name: text.removeprefix('Accept ').removesuffix('.')
        for name, text in sorted(_DESCRIPTIONS.items())
    }


def check(schema: Schema, value: object) -> None:
    """Validate a value against a schema.

    :raises Mismatch: for the most relevant error.
    """
    validator = _Validator(schema, format_checker=_FORMATS)
    try:
        error = jsonschema.exceptions.best_match(validator.iter_errors(value))
    except RecursionError:
        raise Mismatch('', 'type', 'must not be nested so deeply') from None
    if error is not None:
        raise _mismatch(error)


def accepts(schema: Schema, value: object) -> bool:
    """Whether a value matches a schema."""
    try:
        check(schema, value)
    except Mismatch:
        return False
    return True


_PLAIN: dict[Any, str] = {
    str: 'string',
    int: 'integer',
    float: 'number',
    bool: 'boolean',
    types.NoneType: 'null',
}


def of_type(kind: Any) -> Schema:
    """The JSON schema of the values of a type.

    :param kind: a plain type, a list, a dictionary, a TypedDict, a dataclass,
        or an alternative of them.
    """
    if kind in _PLAIN:
        return {'type': _PLAIN[kind]}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Required, typing.NotRequired):
        return of_type(arguments[0])
    if origin in (types.UnionType, typing.Union):
        return {'anyOf': [of_type(one) for one in arguments]}
    if origin is list:
        return {'type': 'array', 'items': of_type(arguments[0])}
    if origin is dict:
        return {
            'type': 'object',
            'additionalProperties': of_type(arguments[1]),
        }
    required = getattr(kind, '__required_keys__', None)
    if required is None:
        required = {field.name for field in dataclasses.fields(kind)}
    return closed(
        {
            name: of_type(one)
            for name, one in typing.get_type_hints(kind).items()
        },
        required,
    )


def closed(
    properties: Schema, required: Collection[str] | None = None
) -> Schema:
    """The schema of an object that has no other properties.

    :param required: those that it always has; None: all.
    """
    result: Schema = {
        'type': 'object',
        'properties': properties,
        'additionalProperties': False,
    }
    always = [
        name for name in properties if required is None or name in required
    ]
    return {**result, 'required': always} if always else result


def pointer(name: str) -> str:
    """The reference to a schema that the API document declares by name."""
    return f'#/components/schemas/{name}'


def is_text(value: object) -> bool:
    """Whether a value is a string that every database can store."""
    return isinstance(value, str) and not _defect(value)


def _defect(text: str) -> str:
    """What keeps a string from being stored; empty: nothing."""
    if _CONTROL.search(text):
        return 'must not contain control characters'
    try:
        text.encode()
    except UnicodeEncodeError:
        return 'must be valid Unicode text'
    return ''


_Validator = jsonschema.validators.extend(
    _DIALECT,
    type_checker=_DIALECT.TYPE_CHECKER.redefine(
        'string', lambda _, value: is_text(value)
    ),
)


def _mismatch(error: jsonschema.ValidationError) -> Mismatch:
    path = [str(part) for part in error.absolute_path]
    keyword, limit = str(error.validator), error.validator_value
    reason = _REASONS.get(keyword, _other)(error, limit)
    if keyword == 'required':
        path.append(next(name for name in limit if name not in error.instance))
    if keyword == 'additionalProperties':
        known = error.schema.get('properties', {})
        path.append(min(error.instance.keys() - known.keys())[:64])
    return Mismatch('.'.join(path), keyword, reason)


def _wrong_type(error: jsonschema.ValidationError, types: Any) -> str:
    if error.instance is None:
        return 'must not be null'
    if isinstance(error.instance, str) and 'string' in types:
        return _defect(error.instance)
    types = [types] if isinstance(types, str) else types
    return f'must be of type {" or ".join(types)}'


def _count(unit: str, bound: str) -> Callable[[Any, int], str]:
    def reason(error: jsonschema.ValidationError, limit: int) -> str:
        if bound == 'at least' and limit == 1:
            return 'must not be empty'
        return f'must have {bound} {limit} {unit}{"s" if limit > 1 else ""}'

    return reason


def _other(error: jsonschema.ValidationError, limit: Any) -> str:
    """The description of the schema, for keywords without a text."""
    return str(error.schema.get('description', f'violates {error.validator}'))


# The texts by keyword; they get the error and the value of the keyword.
_REASONS: dict[str, Callable[[jsonschema.ValidationError, Any], str]] = {
    'type': _wrong_type,
    'required': lambda *_: 'is required',
    'additionalProperties': lambda *_: 'unknown field',
    'enum': lambda _, values: (
        f'must be one of: {", ".join(str(v) for v in values if v is not None)}'
    ),
    'format': lambda error, _: str(error.cause),
    'not': lambda error, schema: (
        f'must be none of: {", ".join(schema["enum"])}'
        if 'enum' in schema
        else _other(error, schema)
    ),
    # The title says what the pattern is.
    'pattern': lambda error, _: f'must be {error.schema["title"]}',
    'minimum': lambda _, limit: f'must be at least {limit}',
    'maximum': lambda _, limit: f'must be at most {limit}',
    'minLength': _count('character', 'at least'),
    'maxLength': _count('character', 'at most'),
    'minItems': _count('item', 'at least'),
    'maxItems': _count('item', 'at most'),
    'uniqueItems': lambda *_: 'must not contain duplicates',
    'minProperties': _count('field', 'at least'),
    'maxProperties': _count('field', 'at most'),
}
