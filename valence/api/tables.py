# SPDX-License-Identifier: Apache-2.0
"""Tables in requests: CSV whose first line names the columns."""

import csv
import io
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping

from valence.common import exception


def rows(
    text: str,
    field: str,
    columns: Collection[str],
    renamed: Mapping[str, str],
    required: str,
) -> Iterator[tuple[int, dict[str, str]]]:
    """The number and the cells of each row that has any, by their column.

    The first row after the names has the number 0. Empty cells are left out.

    :param field: the field of the request that has the table, for errors.
    :param columns: the names that are known.
    :param renamed: names of columns by other names of them.
    :param required: a column that a table must have.
    :raises Invalid: if it is not CSV, or for a column that is unknown or
        missing, or a cell without column.
    """
    lines = _lines(text, field)
    names = [renamed.get(one.strip(), one.strip()) for one in next(lines, [])]
    for name in names:
        if name not in columns:
            _refuse(field, f'unknown column {name[:64]} in its first line')
        if names.count(name) > 1:
            _refuse(field, f'two columns {name} in its first line')
    if required not in names:
        _refuse(field, f'no {required} in its first line')
    for number, cells in enumerate(lines):
        texts = [cell.strip() for cell in cells]
        if any(texts[len(names) :]):
            _refuse(f'{field}.{number}', 'more cells than the first line')
        found = dict(zip(names, texts, strict=False))
        if any(texts):
            yield number, {n: one for n, one in found.items() if one}


def _lines(text: str, field: str) -> Iterator[list[str]]:
    # Spreadsheets begin a file with a byte order mark.
    source = io.StringIO(text.removeprefix('\ufeff'), newline='')
    try:
        yield from csv.reader(source)
    except csv.Error as exc:
        _refuse(field, f'not valid CSV: {exc}')


def _refuse(field: str, reason: str) -> None:
    raise exception.Invalid(field=field, reason=reason)
