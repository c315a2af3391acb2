# SPDX-License-Identifier: Apache-2.0
"""Reasons and errors of the service, in the language of the user.

The service makes its texts of templates and values. A text that can be made of
one of these templates is translated, and so are the values.
"""

import functools
import json
import pathlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext

#: The templates of the service; ``make samples`` writes the file.
PATH = pathlib.Path(__file__).parent / 'conf' / 'reasons.json'
_VALUE = re.compile(r'%\((\w+)\)s')
# How often a value may have been made of values.
_DEPTH = 3
# No reason of the service is longer.
_MAX_LENGTH = 4096


class _Template(NamedTuple):
    """A text with values.

    :param parts: the text before, between and after the values.
    """

    text: str
    parts: tuple[str, ...]
    names: tuple[str, ...]

    def values(self, text: str) -> Mapping[str, str] | None:
        """Return the values that make a text, or None.

        It takes one pass, because a text may come from a pod manager.
        """
        first, *middle = self.parts
        if not text.startswith(first):
            return None
        position, found = len(first), []
        for number, part in enumerate(middle, 1):
            is_last = number == len(middle)
            start = (
                len(text) - len(part)
                if is_last and text.endswith(part)
                else text.find(part, position)
            )
            if start < position or (is_last and start + len(part) < len(text)):
                return None
            found.append(text[position:start])
            position = start + len(part)
        if position != len(text):
            return None
        return dict(zip(self.names, found, strict=True))


@functools.cache
def _templates() -> list[_Template]:
    """Return all templates, the most specific ones first."""
    made = []
    for text in json.loads(PATH.read_text(encoding='utf-8')):
        parts = _VALUE.split(text)
        literals = tuple(part.replace('%%', '%') for part in parts[::2])
        made.append(_Template(text, literals, tuple(parts[1::2])))
    return sorted(made, key=lambda one: [-len(part) for part in one.parts])


def translated(text: str, depth: int = _DEPTH) -> str:
    """Return a text of the service in the language of the user.

    :param depth: how often the values are translated, too.
    """
    is_english = (get_language() or 'en').startswith('en')
    if is_english or not depth or len(text) > _MAX_LENGTH:
        return text
    for template in _templates():
        values = template.values(text)
        if values is not None:
            done = {
                name: translated(value, depth - 1)
                for name, value in values.items()
            }
            return str(gettext(template.text) % done)
    return text
