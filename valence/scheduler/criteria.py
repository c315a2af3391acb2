# SPDX-License-Identifier: Apache-2.0
"""Comparing what hardware has with what is required. Pure functions.

Text is compared without case, trade marks, and all that is neither a letter
nor a digit: vendors spell x86-64 in several ways. ``*`` is any characters.
Free text, such as a model, may go on after the last required word: ``Xeon
Gold`` is met by ``Xeon Gold 6226R``, and ``A10`` is not met by ``A100``.
Serial numbers are compared as they are: an index finds them.
"""

import functools
import re
from collections.abc import Iterable
from typing import Any

from valence.common.types import Amount
from valence.common.types import Name

#: The requirements that are free text.
FREE = frozenset(('model', 'vendor'))
_JUNK = r'[\W_]*'
_ENDS = r'(?![^\W_])'
# Registered and other trade marks.
_MARKS = re.compile(r'\((?:r|tm|c)\)')


def meets(name: str, need: Amount | Name | bool, has: Any) -> bool:
    """Whether a value of the hardware meets a requirement.

    :param name: of the requirement.
    :param has: a text, a number or a boolean; None or 0: it is unknown, and
        meets nothing.
    """
    if name == 'serial':
        return has in _listed(need)
    if isinstance(need, bool):
        return bool(need == has)
    if isinstance(need, int):
        return bool((has or 0) >= need)
    if isinstance(has, str):
        return _text(name, need, has)
    return bool(has) and isinstance(need, dict) and _within(need, has)


def meets_any(name: str, need: Amount | Name, values: Iterable[Any]) -> bool:
    """Whether one of several values meets a requirement."""
    return any(meets(name, need, has) for has in values)


def _within(limits: dict[str, Any], has: int) -> bool:
    exact = _listed(limits.get('eq', has))
    least, most = limits.get('min', has), limits.get('max', has)
    return bool(has in exact and least <= has <= most)


def _text(name: str, need: Any, has: str) -> bool:
    free = name in FREE
    if isinstance(need, dict):
        need, free = need.get('eq', []), False
    text = _plain(has)
    return any(_pattern(one, free).match(text) for one in _listed(need))


def _plain(text: str) -> str:
    return _MARKS.sub('', text.casefold())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@functools.lru_cache(maxsize=4096)
def _pattern(text: str, free: bool) -> re.Pattern[str]:
    """The expression of a required text.

    What precedes each ``*`` is matched once: no text takes long.

    :param free: whether other words may follow.
    """
    first, *others = [
        _JUNK.join(re.escape(one) for one in part if one.isalnum())
        for part in _plain(text).split('*')
    ]
    if not (first or others):
        return re.compile(r'(?!)')
    ending = _ENDS if free else rf'{_JUNK}\Z'
    if not others:
        return re.compile(f'{_JUNK}{first}{ending}')
    *inner, last = others
    found = ''.join(f'(?>.*?{one})' for one in inner if one)
    rest = f'.*?{last}{ending}' if last else ''
    return re.compile(f'{_JUNK}{first}{found}{rest}', re.DOTALL)


def describe(need: Amount | Name | bool) -> str:
    """A requirement for people: ``8 to 16``, ``A100 or H100``."""
    if not isinstance(need, dict):
        return ' or '.join(map(str, _listed(need)))
    texts = []
    if 'eq' in need:
        texts.append(' or '.join(map(str, _listed(need['eq']))))
    if 'min' in need and 'max' in need:
        texts.append(f'{need["min"]} to {need["max"]}')
    elif 'max' in need:
        texts.append(f'at most {need["max"]}')
    elif 'min' in need:
        texts.append(f'at least {need["min"]}')
    return ' and '.join(texts)
