# SPDX-License-Identifier: Apache-2.0
"""Hardware requirements in forms, generated from their schema."""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from django import http
from horizon import forms

from valence_dashboard import api
from valence_dashboard import criteria
from valence_dashboard import fields
from valence_dashboard import forms as base
from valence_dashboard.exceptions import Error


class Requirements:
    """The requirements part of a form.

    It is generated from the schema of ``properties``. Requirements that can be
    repeated have several rows, and the page can add more.

    :param properties: the initial requirements.
    :param data: the submitted data of the form.
    """

    MIN_ROWS = 2

    def __init__(
        self,
        schema: dict[str, Any],
        properties: dict[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self._groups = schema['properties']
        self._properties = properties or {}
        self._submitted = ' '.join(data or ())

    def _rows(self, group: str, max_rows: int) -> int:
        """Return the number of rows of a group; rows may be empty."""
        sent = re.findall(rf'\b{group}__([0-9]{{1,4}})__', self._submitted)
        rows = max(
            self.MIN_ROWS,
            len(self._properties.get(group) or ()),
            *(int(row) + 1 for row in sent),
        )
        return min(rows, max_rows)

    def _rows_by_group(
        self,
    ) -> Iterable[tuple[str, int | None, dict[str, Any]]]:
        for group, schema in self._groups.items():
            if 'array' in base.json_types(schema):
                for row in range(self._rows(group, schema['maxItems'])):
                    yield group, row, schema['items']['properties']
            else:
                yield group, None, schema['properties']

    @staticmethod
    def _field_name(group: str, row: int | None, name: str) -> str:
        return '__'.join(
            str(part) for part in (group, row, name) if part is not None
        )

    def fields(self) -> dict[str, forms.Field]:
        """Return the form fields by name."""
        made = {}
        for group, row, names in self._rows_by_group():
            values = self._properties.get(group) or {}
            if row is not None:
                values = values[row] if row < len(values) else {}
            for name, schema in names.items():
                one, value = _requirement(name, schema), values.get(name)
                if {*base.json_types(schema)} & {'object', 'array'}:
                    one.widget.attrs['list'] = _suggested_for(group, name)
                show = getattr(one, 'show', _shown)
                one.initial = show(value)
                made[self._field_name(group, row, name)] = one
        return made

    def to_properties(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the requirements from the cleaned data."""
        properties: dict[str, Any] = {}
        for group, row, names in self._rows_by_group():
            values = {}
            for name in names:
                value = data.get(self._field_name(group, row, name))
                if value not in ('', None):
                    values[name] = _sent(value)
            if values and row is None:
                properties[group] = values
            elif values:
                properties.setdefault(group, []).append(values)
        return properties

    def groups(self, form: forms.SelfHandlingForm) -> list[dict[str, Any]]:
        """Return the bound fields in the order of the page."""
        found: dict[str, dict[str, Any]] = {}
        for group, row, names in self._rows_by_group():
            entry = found.setdefault(
                group,
                {
                    'label': fields.label(group),
                    'rows': [],
                    'max_rows': self._groups[group].get('maxItems'),
                },
            )
            entry['rows'].append(
                [form[self._field_name(group, row, name)] for name in names]
            )
        return list(found.values())


def _suggested_for(group: str, name: str) -> str:
    """Return the HTML identifier of the suggestions for a requirement."""
    traits = 'traits' in (group, name)
    return 'choices-traits' if traits else f'choices-{group}-{name}'


def suggestions(request: http.HttpRequest) -> list[dict[str, Any]]:
    """Return what requirements can have, as some hardware has it.

    Without an answer there is nothing to suggest: the form does not need it.
    """
    try:
        choices = api.client(request).get_choices()
    except Error:
        return []
    return [
        {'id': _suggested_for(group, name), 'choices': listed}
        for group, names in choices.items()
        for name, listed in names.items()
    ]


def _requirement(name: str, schema: dict[str, Any]) -> forms.Field:
    """Return the form field of a requirement."""
    plain = base.field(name, schema, False)
    made = criteria.field(
        name,
        base.json_types(schema),
        label=plain.label,
        required=False,
        help_text=plain.help_text,
    )
    return made or plain


def _shown(value: Any) -> Any:
    """Return a plain value as the form shows it."""
    return str(value).lower() if isinstance(value, bool) else value


def _sent(value: Any) -> Any:
    """Return a cleaned value of the form as the API has it."""
    return value == 'true' if value in ('true', 'false') else value


def describe(
    schema: dict[str, Any], properties: dict[str, Any]
) -> dict[tuple[str, str | int], tuple[str, str]]:
    """Return requirements as labels and texts, as the forms show them.

    :param schema: that of ``properties``.
    :returns: by group, and name or number within that.
    """
    found: dict[tuple[str, str | int], tuple[str, str]] = {}
    for group, known in schema['properties'].items():
        title, given = fields.label(group), properties.get(group)
        if 'array' in base.json_types(known):
            for row, part in enumerate(given or ()):
                texts = _texts(known['items']['properties'], part).values()
                joined = ', '.join(f'{name} {text}' for name, text in texts)
                found[group, row] = title, joined
        else:
            texts = _texts(known['properties'], given or {})
            for name, (about, text) in texts.items():
                found[group, name] = f'{title}: {about}', text
    return found


def _texts(
    schemas: dict[str, Any], values: dict[str, Any]
) -> dict[str, tuple[str, str]]:
    """Return the label and the text of each value that there is."""
    found = {}
    for name, schema in schemas.items():
        if name in values:
            one = _requirement(name, schema)
            show = getattr(one, 'show', _shown)
            found[name] = str(one.label), str(show(values[name]))
    return found
