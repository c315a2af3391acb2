# SPDX-License-Identifier: Apache-2.0
"""Form fields whose values are chosen."""

from typing import Any

from django import http
from horizon import forms

from valence_dashboard import api
from valence_dashboard import messages
from valence_dashboard.exceptions import Error

_MOST = 1000  # more than can be chosen from on one page


def of(
    request: http.HttpRequest,
    collection: str,
    *first: tuple[str, Any],
    **query: Any,
) -> list[tuple[str, Any]]:
    """Return the choices from a collection, after the given ones."""
    try:
        found = api.list_resources(
            request, collection, _MOST, sort_key='name', **query
        )
    except Error:
        messages.show_error(request)
        found = []
    return [*first] + [
        (record.id, f'{record.name} ({record.status})')
        if record.status not in (None, 'online')
        else (record.id, record.name)
        for record in found
    ]


def field(
    plain: forms.Field, choices: list[tuple[str, Any]]
) -> forms.ChoiceField:
    """Return a field with choices instead of a plain one."""
    return forms.ChoiceField(
        choices=choices,
        label=plain.label,
        help_text=plain.help_text,
        required=plain.required,
        initial=plain.initial,
    )
