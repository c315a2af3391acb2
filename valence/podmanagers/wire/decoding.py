# SPDX-License-Identifier: Apache-2.0
"""JSON of any origin, such that it can be stored and shown."""

import json
from typing import Any

import orjson

# No schema nests half as deep; what is to store or show it bears little more.
_MAX_DEPTH = 64
_CONTAINERS = (dict, list)


def decode(content: bytes) -> Any:
    """The value that JSON stands for.

    What is no Unicode in it is replaced, a byte order mark left out.

    :raises ValueError: when it is no JSON, or nested too deeply.
    """
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        value = _leniently(content)
    level = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(_MAX_DEPTH + 1):
        if not level:
            return value
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, _CONTAINERS)
        ]
    raise ValueError(f'it is nested deeper than {_MAX_DEPTH} levels')


def _leniently(content: bytes) -> Any:
    try:
        value = json.loads(
            content.decode('utf-8-sig', 'replace'), parse_constant=_refuse
        )
        # Escaped surrogates that stand alone are text to Python only.
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise ValueError('it is nested too deeply') from None
    return orjson.loads(text.encode('utf-8', 'replace'))


def _refuse(constant: str) -> None:
    raise ValueError(f'{constant} is no number of JSON')
