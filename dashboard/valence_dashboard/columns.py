# SPDX-License-Identifier: Apache-2.0
"""Which columns a list shows: those in its URL, or that were chosen last.

A cookie remembers the choice, as Horizon does with the size of pages.
"""

import re
from typing import Any

from django import http
from django.shortcuts import redirect
from horizon import tables

from valence_dashboard import fields
from valence_dashboard import filters

#: What the form sends, once for each column.
COLUMN = 'column'
_COOKIE = 'valence_columns_{}'
_YEAR = 365 * 24 * 3600
_NAMES = re.compile('[a-z_,]{1,2000}')


def chosen(request: http.HttpRequest, kind: str) -> list[str]:
    """Return the names of the columns that the user has chosen, if any.

    :param kind: the resource name in the proxy.
    """
    remembered = request.COOKIES.get(_COOKIE.format(kind), '')
    text = request.GET.get(filters.COLUMNS) or remembered
    return text.split(',') if _NAMES.fullmatch(text) else []


def remember(
    request: http.HttpRequest, kind: str, given: filters.Filters
) -> http.HttpResponse:
    """Return the URL of the columns that the form has sent.

    Without any, the list shows what it does by default again.
    """
    text = ','.join(filter(None, request.GET.getlist(COLUMN)))
    if not _NAMES.fullmatch(text):
        text = ''
    response = redirect(request.path + given.url(columns=text or None))
    cookie = {'key': _COOKIE.format(kind), 'samesite': 'Lax'}
    if text:
        response.set_cookie(
            **cookie,
            value=text,
            max_age=_YEAR,
            secure=request.is_secure(),
            httponly=True,
        )
    else:
        response.delete_cookie(**cookie)
    return response


def optional(kind: str) -> list[str]:
    """Return the fields of a resource that fit in a column.

    :param kind: the resource name in the proxy.
    """
    return [
        name for name, one in fields.of_kind(kind).items() if _is_plain(one)
    ]


def _is_plain(schema: dict[str, Any]) -> bool:
    if 'array' in schema.get('type', ()):
        return 'string' in schema['items'].get('type', ())
    return 'type' in schema and 'object' not in schema['type']


class Choice:
    """The columns that a list offers, and which of them it shows.

    :param declared: the columns that it has without a choice.
    :param others: columns of other fields.
    """

    def __init__(
        self,
        request: http.HttpRequest,
        kind: str,
        declared: dict[str, tables.Column],
        others: dict[str, tables.Column],
    ) -> None:
        self._offered = {**declared, **others}
        names = chosen(request, kind)
        #: What identifies the row is shown always.
        self.fixed = next(iter(declared), None)
        found = [
            name
            for name in self._offered
            if name in names or name == self.fixed
        ]
        self.shown = found if names else [*declared]

    def columns(self) -> dict[str, tables.Column]:
        """Return the columns to show, by name."""
        return {name: self._offered[name] for name in self.shown}

    def boxes(self) -> list[dict[str, Any]]:
        """Return what the form offers: first what is declared."""
        return [
            {
                'name': name,
                'label': column.verbose_name,
                'shown': name in self.shown,
                'fixed': name == self.fixed,
            }
            for name, column in self._offered.items()
        ]
