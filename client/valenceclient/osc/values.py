# SPDX-License-Identifier: Apache-2.0
"""What is written in the values of options."""

import argparse
import datetime
import json
import pathlib
import sys
from typing import Any

from valenceclient.schema import JSON

_UNITS = {'s': 1, 'm': 60, 'h': 3600, 'd': 86400}
_UNIT_NAMES = ', '.join(_UNITS)
TIME_HELP = ' Or from now on, such as +3d or +12h.'


def parse_pairs(text: str) -> JSON:
    """Parse ``key=value,key=value``; decimal values are numbers.

    ``a|b`` is any of both, ``8..16``, ``8..`` and ``..16`` are ranges, and
    ``key==value`` requires exactly that.
    """
    found: JSON = {}
    for part in text.split(','):
        key, equals, value = part.partition('=')
        if not (key.strip() and equals):
            raise argparse.ArgumentTypeError(
                f'"{part}" is not of the form key=value'
            )
        exact = value.startswith('=')
        needed = _any_of(value.removeprefix('='))
        found[key.strip()] = {'eq': needed} if exact else needed
    return found


def _any_of(text: str) -> Any:
    """Parse one value, or several that are separated by ``|``."""
    values = [_value(one.strip()) for one in text.split('|')]
    if len(values) == 1:
        return values[0]
    numbers = all(isinstance(one, int) for one in values)
    return {'eq': values} if numbers else [str(one) for one in values]


def _value(text: str) -> Any:
    if text in ('true', 'false'):
        return text == 'true'
    least, dots, most = text.partition('..')
    if dots and all(map(_is_number, filter(None, (least, most)))):
        limits = {'min': least, 'max': most}
        return {name: int(one) for name, one in limits.items() if one}
    return int(text) if _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def parse_json(text: str) -> Any:
    """Parse JSON, or with ``@file`` a JSON file."""
    if text.startswith('@'):
        text = read_file(text[1:])
    try:
        return json.loads(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f'invalid JSON: {exc}') from None


def parse_time(text: str) -> str:
    """Parse a time, or one from now on: ``+3d``, ``+12h``, ``+30m``, ``+9s``.

    Other times are left to the service.
    """
    if not text.startswith('+'):
        return text
    number, unit = text[1:-1], text[-1:]
    if not (number.isascii() and number.isdecimal() and unit in _UNITS):
        raise argparse.ArgumentTypeError(
            f'"{text}" is not of the form +3d; the units are {_UNIT_NAMES}'
        )
    try:
        later = datetime.timedelta(seconds=int(number) * _UNITS[unit])
        until = datetime.datetime.now(datetime.UTC) + later
    except OverflowError:
        raise argparse.ArgumentTypeError(f'"{text}" is too late') from None
    return until.isoformat(timespec='seconds')


def read_file(path: str) -> str:
    """Read a file, or with ``-`` the standard input."""
    try:
        if path == '-':
            return sys.stdin.read()
        return pathlib.Path(path).read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as exc:
        raise argparse.ArgumentTypeError(
            f'cannot read {path}: {exc}'
        ) from None
