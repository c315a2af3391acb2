# SPDX-License-Identifier: Apache-2.0
"""Which columns a list shows: those in its URL, or that were chosen last.

A cookie remembers the choice, as Horizon does with the size of pages.
"""

import re
from typing import Any

from django import http
from django.shortcuts import redirect

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
    """Which of the columns that a list offers it shows.

    :param declared: the names of the columns that it has without a choice; it
        offers other fields as well. The first one identifies the row, and is
        shown always.
    :ivar shown: the names of the columns to show.
    """

    def __init__(
        self, request: http.HttpRequest, kind: str, declared: list[str]
    ) -> None:
        self._fixed = declared[:1]
        others = [name for name in optional(kind) if name not in declared]
        self.offered = [*declared, *others]
        names = chosen(request, kind)
        self.shown = (
            [one for one in self.offered if one in (*names, *self._fixed)]
            if names
            else declared
        )

    def boxes(self, labels: dict[str, str]) -> list[dict[str, Any]]:
        """Return what the form offers: first what is declared.

        :param labels: those of columns that are not labelled as their field.
        """
        return [
            {
                'name': name,
                'label': labels.get(name) or fields.label(name),
                'shown': name in self.shown,
                'fixed': name in self._fixed,
            }
            for name in self.offered
        ]
