# SPDX-License-Identifier: Apache-2.0
"""Lists as CSV: what the columns show, as plain text."""

import csv
import io
import itertools
from collections.abc import Iterable
from collections.abc import Iterator
from html import parser
from typing import Any

from django import http
from django.utils import safestring
from django.utils.translation import gettext as _
from valenceclient import texts

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard.exceptions import Error
from valence_dashboard.tables import Table

#: The most rows of a file.
MOST = 10_000
_BATCH = 500


class _Text(parser.HTMLParser):
    """The text of HTML; times as they are, whatever they are shown as."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._found: list[str] = []
        self._in_time = False
        self.feed(html)
        self.close()

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        """Separate blocks; read a time from its attribute."""
        if tag == 'div' and self._found:
            self._found.append('; ')
        if tag == 'time':
            self._in_time = True
            self._found.append(dict(attrs).get('datetime') or '')

    def handle_endtag(self, tag: str) -> None:
        """Leave a time."""
        self._in_time = self._in_time and tag != 'time'

    def handle_data(self, data: str) -> None:
        """Collect text."""
        if not self._in_time:
            self._found.append(data)

    def __str__(self) -> str:
        return ' '.join(''.join(self._found).split())


def plain(value: Any) -> str:
    """Return what a column shows as a text that is no formula."""
    text = str(value)
    if isinstance(value, safestring.SafeString):
        text = str(_Text(text))
    if text in (fields.EMPTY, 'None'):
        return ''
    return texts.spreadsheet_cell(texts.printable(text))


def response(
    request: http.HttpRequest,
    table: type[Table],
    collection: str,
    query: dict[str, Any],
) -> http.StreamingHttpResponse:
    """Return the first rows of a collection, read page by page.

    :raises Error: if the first page cannot be read.
    """
    batches = _batches(request, collection, query)
    first = next(batches, [])
    lines = _lines(request, table, itertools.chain([first], batches))
    name = f'attachment; filename="{collection}.csv"'
    return http.StreamingHttpResponse(
        lines, 'text/csv; charset=utf-8', headers={'Content-Disposition': name}
    )


def _batches(
    request: http.HttpRequest, collection: str, query: dict[str, Any]
) -> Iterator[list[api.Record]]:
    found = getattr(api.client(request), collection)(
        max_items=MOST + 1, limit=_BATCH, **query
    )
    while batch := [
        api.Record(one.api_fields()) for one in itertools.islice(found, _BATCH)
    ]:
        yield batch


def _lines(
    request: http.HttpRequest,
    table: type[Table],
    batches: Iterable[list[api.Record]],
) -> Iterator[str]:
    """Yield the lines of the file. The last one says if there are more."""
    columns = _columns(table(request))
    yield _line(column.verbose_name for column in columns)
    number = 0
    try:
        for batch in batches:
            rows = batch[: MOST - number]
            number += len(batch)
            yield from _rows(table(request), rows)
    except Error as exc:
        yield _line([_('The list is incomplete: %s') % exc])
        return
    if number > MOST:
        yield _line([_('These are the first %d items only.') % MOST])


def _rows(table: Table, rows: list[api.Record]) -> Iterator[str]:
    table.complete(rows)
    columns = _columns(table)
    for row in rows:
        yield _line(column.get_data(row) for column in columns)


def _columns(table: Table) -> list[Any]:
    """Return the columns but check boxes and actions."""
    return [column for column in table.get_columns() if not column.auto]


def _line(values: Iterable[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([plain(value) for value in values])
    return buffer.getvalue()
