# SPDX-License-Identifier: Apache-2.0
"""JSON of any origin, decoded so that it can be stored and shown."""

import json

import orjson

Content = bytes | bytearray

# No Redfish schema nests half as deep; databases and clients take little more.
_MAX_DEPTH = 64
# Numbers that have more are beyond those of other JSON libraries.
_MAX_DIGITS = 300
# Some hundred thousand members of a collection have fewer.
_MAX_VALUES = 1_000_000


def count_values(content: Content) -> int:
    """At least as many as the values that are in JSON."""
    return 1 + sum(content.count(mark) for mark in (b',', b'[', b'{'))


def decode(content: Content) -> object:
    """Decode JSON.

    Invalid Unicode is replaced, a byte order mark skipped.

    :raises ValueError: when it is not JSON, nested too deeply, or so large
        that it would fill the memory.
    """
    value: object
    if count_values(content) > _MAX_VALUES:
        raise ValueError(f'it has more than {_MAX_VALUES} values')
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        value = _decode_leniently(content)
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(_MAX_DEPTH + 1):
        if not level:
            return value
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    raise ValueError(f'it is nested deeper than {_MAX_DEPTH} levels')


def _decode_leniently(content: Content) -> object:
    try:
        value = json.loads(
            content.decode('utf-8-sig', 'replace'),
            parse_constant=_refuse,
            parse_int=_integer,
        )
        # Escaped surrogates that stand alone are valid in Python's str only.
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise ValueError('it is nested too deeply') from None
    return orjson.loads(text.encode('utf-8', 'replace'))


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f'a number has more than {_MAX_DIGITS} digits')
    return int(text)


def _refuse(constant: str) -> None:
    raise ValueError(f'{constant} is no number of JSON')
