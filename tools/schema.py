#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draw the tables of the database, and which refer to which, as SVG.

usage: schema.py FILE

A foreign key is a line from its column to the table. The columns that all
tables have, and those without a key, are not shown.
"""

import pathlib
import sys
from typing import NamedTuple
from xml.sax import saxutils

import sqlalchemy as sa

import valence.cmd  # noqa: F401 - selects the backend of oslo.service
from valence.db.sqlalchemy import models

_WIDTH, _GAP, _LINE, _MARGIN = 190, 110, 17, 20
_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
     font-family="sans-serif" font-size="12">
<title>Tables of the database and their foreign keys</title>
<rect width="{width}" height="{height}" fill="white"/>
"""


class Box(NamedTuple):
    """A table in the picture."""

    table: sa.Table
    columns: list[sa.Column]
    x: int
    y: int

    @property
    def height(self) -> int:
        """The height with the name and one line for each column."""
        return _LINE * (len(self.columns) + 1) + 8


def keys(table: sa.Table) -> list[sa.Column]:
    """Return the columns that refer to other tables."""
    return [column for column in table.columns if column.foreign_keys]


def targets(table: sa.Table) -> list[sa.Table]:
    """Return the other tables that a table refers to."""
    found = {
        key.column.table
        for column in keys(table)
        for key in column.foreign_keys
    }
    return list(found - {table})


def depth(table: sa.Table) -> int:
    """Return how long the longest chain of references from a table is."""
    return max((1 + depth(other) for other in targets(table)), default=0)


def boxes() -> dict[str, Box]:
    """Place each table right of those it refers to, and those alone last."""
    tables = sorted(models.Base.metadata.tables.values(), key=str)
    referred = {other for table in tables for other in targets(table)}
    alone = max(map(depth, tables)) + 1
    result: dict[str, Box] = {}
    bottoms = [_MARGIN] * (alone + 1)
    for table in tables:
        linked = table in referred or targets(table)
        column = depth(table) if linked else alone
        x = _MARGIN + column * (_WIDTH + _GAP)
        box = Box(table, keys(table), x, bottoms[column])
        bottoms[column] += box.height + _MARGIN
        result[table.name] = box
    return result


def drawn(box: Box) -> str:
    """Return a table as SVG."""
    name = saxutils.escape(box.table.name)
    lines = [
        f'<rect x="{box.x}" y="{box.y}" width="{_WIDTH}" '
        f'height="{box.height}" fill="#eef3fa" stroke="#345"/>',
        f'<text x="{box.x + 6}" y="{box.y + _LINE}" font-weight="bold">'
        f'{name}</text>',
    ]
    for n, column in enumerate(box.columns, 2):
        optional = ' ?' if column.nullable else ''
        lines.append(
            f'<text x="{box.x + 6}" y="{box.y + n * _LINE}">'
            f'{saxutils.escape(column.name)}{optional}</text>'
        )
    return '\n'.join(lines)


def lines_from(box: Box, placed: dict[str, Box]) -> list[str]:
    """Return the foreign keys of a table as SVG."""
    result = []
    for n, column in enumerate(box.columns, 2):
        for key in sorted(
            column.foreign_keys, key=lambda key: key.target_fullname
        ):
            target = placed[key.column.table.name]
            x, y = box.x, box.y + n * _LINE - 4
            to_x, to_y = target.x + _WIDTH, target.y + _LINE - 4
            result.append(
                f'<path d="M{x} {y} C{x - _GAP} {y} {to_x + _GAP} {to_y} '
                f'{to_x} {to_y}" fill="none" stroke="#89a"/>'
                f'<circle cx="{to_x}" cy="{to_y}" r="3" fill="#345"/>'
            )
    return result


def picture() -> str:
    """Return the whole picture."""
    placed = boxes()
    width = max(box.x for box in placed.values()) + _WIDTH + _MARGIN
    height = max(box.y + box.height for box in placed.values()) + _MARGIN
    parts = [_HEAD.format(width=width, height=height).rstrip()]
    for box in placed.values():
        parts += lines_from(box, placed)
    parts += map(drawn, placed.values())
    return '\n'.join([*parts, '</svg>', ''])


def main() -> int:
    """Write the picture; return the exit status."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    pathlib.Path(sys.argv[1]).write_text(picture())
    return 0


if __name__ == '__main__':
    sys.exit(main())
