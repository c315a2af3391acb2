# SPDX-License-Identifier: Apache-2.0
"""Tables in requests: CSV whose first line names the columns."""

import csv
import io
import re
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from valence.common import exception
from valence.common import schemas

# Spreadsheets write whole numbers in several ways.
_INTEGER = re.compile(r'(-?[0-9]{1,20})(\.0*)?')


def rows(
    text: str,
    field: str,
    columns: Mapping[str, schemas.Schema],
    renamed: Mapping[str, str],
    required: str,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The line and the values of each row that has any, by their column.

    Empty cells are left out.

    :param field: the field of the request that has the table, for errors.
    :param columns: the schemas of values, by the names that are known.
    :param renamed: names of columns by other names of them.
    :param required: a column that each row must have.
    :raises Invalid: if it is not CSV, for a column that is unknown or missing,
        and for a cell without column or with another value.
    """
    lines = _lines(text, field)
    _, first = next(lines, (1, []))
    names = [renamed.get(one.strip(), one.strip()) for one in first]
    _check_names(names, field, columns, required)
    for line, cells in lines:
        texts = [cell.strip() for cell in cells]
        if any(texts[len(names) :]):
            _refuse(f'{field}.{line}', 'more cells than the first line')
        if any(texts):
            found = dict(zip(names, texts, strict=False))
            if not found.get(required):
                _refuse(f'{field}.{line}.{required}', 'must not be empty')
            yield (
                line,
                {
                    name: _value(cell, columns[name], f'{field}.{line}.{name}')
                    for name, cell in found.items()
                    if cell
                },
            )


def _check_names(
    names: list[str], field: str, known: Collection[str], required: str
) -> None:
    for name in names:
        if name not in known:
            _refuse(field, f'unknown column {name[:64]} in its first line')
        if names.count(name) > 1:
            _refuse(field, f'two columns {name} in its first line')
    if required not in names:
        _refuse(field, f'no {required} in its first line')


def _lines(text: str, field: str) -> Iterator[tuple[int, list[str]]]:
    """The rows, each with the number of its line in the file."""
    # Spreadsheets begin a file with a byte order mark.
    source = io.StringIO(text.removeprefix('\ufeff'), newline='')
    reader = csv.reader(source, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as exc:
        _refuse(f'{field}.{line}', f'not valid CSV: {exc}')


def _value(text: str, schema: schemas.Schema, field: str) -> object:
    value: object = text
    if 'integer' in schema['type']:
        number = _INTEGER.fullmatch(text)
        value = int(number[1]) if number else text
    try:
        schemas.check(schema, value)
    except schemas.Mismatch as exc:
        _refuse(field, exc.reason)
    return value


def _refuse(field: str, reason: str) -> None:
    raise exception.Invalid(field=field, reason=reason)
