# SPDX-License-Identifier: Apache-2.0
"""What the demo prints: headings, sentences and tables."""

import os
import sys
import textwrap
from collections.abc import Iterable
from typing import Any

BOLD, RED, GREEN, CYAN = '1', '31', '32', '36'


def paint(code: str, text: str) -> str:
    """Return text in a colour, if the output is a terminal."""
    if sys.stdout.isatty() and 'NO_COLOR' not in os.environ:
        return f'\033[{code}m{text}\033[0m'
    return text


def heading(text: str) -> None:
    """Print the title of a step."""
    print(paint(BOLD, text), flush=True)


def say(text: str) -> None:
    """Print a sentence or two, wrapped and indented."""
    print(textwrap.indent(textwrap.fill(text, 74), '   '), flush=True)


def show(rows: Iterable[dict[str, Any]]) -> None:
    """Print a table, with the keys of the first row as its column titles."""
    rows = [
        {title: cell(value) for title, value in row.items()} for row in rows
    ]
    if not rows:
        print('     (none)\n', flush=True)
        return
    widths = {
        title: max(len(title), *(len(row[title]) for row in rows))
        for title in rows[0]
    }
    print()
    for row in (
        {title: title for title in widths},
        {title: '-' * width for title, width in widths.items()},
        *rows,
    ):
        cells = (row[title].ljust(width) for title, width in widths.items())
        print(('     ' + '  '.join(cells)).rstrip())
    print(flush=True)


def cell(value: Any) -> str:
    """Return a value as text for a table."""
    if value is None:
        return '-'
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    return str(value)
