# SPDX-License-Identifier: Apache-2.0
"""Values out of JSON whose types cannot be trusted.

On real services counts are null or text, names are missing or kilobytes long,
and an object may be anything else. Each function returns a value that the
database can store.
"""

import re

from valence.common.types import JsonObject

# The largest value of an integer column, and more bytes than any drive has.
_MAX_INTEGER = 2**31 - 1
_MAX_NUMBER = 2**70
_DIGITS = re.compile(r'[0-9]{1,30}')


def text(value: object, length: int = 255) -> str | None:
    """Text of at most ``length`` characters; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    value = value.replace('\0', '').strip()
    return value.encode('utf-8', 'replace').decode()[:length] or None


def number(value: object) -> float:
    """A number that is not negative; 0 for anything else.

    Integers, also as text, are exact.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return 0.0
    try:
        result: float = float(value)
        if isinstance(value, int) or _DIGITS.fullmatch(str(value).strip()):
            result = int(value)
    except (ValueError, OverflowError):
        return 0.0
    # False for NaN as well.
    return result if 0 <= result < _MAX_NUMBER else 0.0


def count(value: object) -> int:
    """A count that fits an integer column."""
    return whole(number(value))


def whole(value: float) -> int:
    """A number rounded down to an integer that fits an integer column."""
    return min(int(value), _MAX_INTEGER)


def obj(value: object) -> JsonObject:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def array(value: object) -> list[object]:
    """A JSON array; an empty one for anything else."""
    return value if isinstance(value, list) else []


def entries(value: object, key: str) -> list[object] | None:
    """What is listed: in an array, or as a single object, or by name.

    :param key: the property that identifies a single object.
    :returns: None where this is no list in any of these forms.
    """
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return None
    return [value] if key in value else list(value.values())


def objects(value: object) -> list[JsonObject]:
    """The objects of a JSON array; none for anything else."""
    return [item for item in array(value) if isinstance(item, dict)]
