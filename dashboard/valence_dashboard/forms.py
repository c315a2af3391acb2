# SPDX-License-Identifier: Apache-2.0
"""Forms made from the schemas of the API's requests.

A field of the API becomes a field of its name, with its description and its
limits; the API has the last word on what is sent.
"""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from django import http
from django.utils.translation import gettext as _
from horizon import forms
from horizon import messages

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard.exceptions import Error
from valence_dashboard.exceptions import Unauthorized

_MIB_IN_GIB = 1024
_INVALID = re.compile(
    r'Invalid input for field (?:properties\.)?([\w.]+): (.+)', re.DOTALL
)


def field(name: str, schema: dict[str, Any], required: bool) -> forms.Field:
    """The field of a form that takes a field of a request."""
    common: dict[str, Any] = {
        'label': fields.label(name),
        'required': required,
        'help_text': schema.get('description', ''),
    }
    kinds = _kinds(schema)
    if 'boolean' in kinds:
        return forms.BooleanField(**{**common, 'required': False})
    if 'enum' in schema:
        values = [value for value in schema['enum'] if value is not None]
        return forms.ChoiceField(
            choices=[(value, _spaced(value)) for value in values], **common
        )
    if 'integer' in kinds:
        if name.endswith(('_mib', '_gib')):
            common['label'] += ' (GiB)'
        elif name.endswith('_mbps'):
            common['label'] += ' (Mbit/s)'
        if name.endswith('_mib'):
            return forms.FloatField(min_value=1 / _MIB_IN_GIB, **common)
        return forms.IntegerField(min_value=1, **common)
    if schema.get('writeOnly'):
        # What was typed never comes back in a page.
        common['widget'] = forms.PasswordInput(
            attrs={'autocomplete': 'new-password'}
        )
        common['strip'] = False
    elif schema.get('maxLength', 0) > 1024:
        common['widget'] = forms.Textarea(attrs={'rows': 3})
    return forms.CharField(max_length=schema.get('maxLength'), **common)


def _kinds(schema: dict[str, Any]) -> set[str]:
    """The JSON types that a value may have."""
    kind = schema.get('type', ())
    return {kind} if isinstance(kind, str) else set(kind)


def _spaced(value: str) -> str:
    """``ForceOff`` as people write it."""
    words = ''.join(f' {c}' if c.isupper() else c for c in value).strip()
    return words.capitalize() if ' ' in words else value


def blamed(
    exc: Error, known: Mapping[str, forms.Field]
) -> tuple[str | None, str]:
    """The field that an error is about, and what is wrong with it.

    :param known: the fields there are; what is about none of them is about
        the whole form, in the API's own words.
    """
    found = _INVALID.fullmatch(str(exc))
    if found:
        place, reason = found.groups()
        name = place.replace('.', '__')
        if name in known:
            return name, reason[:1].upper() + reason[1:]
    return None, str(exc)


class Form(forms.SelfHandlingForm):
    """A form that keeps what was typed when Valence refuses it.

    :cvar done: what is said when it is done; ``%s`` is the name.
    """

    done = '%s'

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        self.record: api.Record = kwargs.pop('record', None)
        super().__init__(request, *args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """With a word on what is lost when the form comes back."""
        data: dict[str, Any] = super().clean()
        if self.errors:
            self._forget()
        return data

    def _forget(self) -> None:
        """Tell of each password that was typed: it is in no page."""
        for name, one in self.fields.items():
            hidden = isinstance(one.widget, forms.PasswordInput)
            if hidden and self.data.get(name) and not self.has_error(name):
                self.add_error(name, _('Type it again.'))

    def handle(self, request: http.HttpRequest, data: dict[str, Any]) -> Any:
        """Ask Valence for it."""
        try:
            answer = self.ask(api.client(request), data)
        except Unauthorized:
            raise
        except Error as exc:
            self.add_error(*blamed(exc, self.fields))
            self._forget()
            return False
        name = data.get('name') or (self.record and self.record.name)
        messages.success(request, self.done % name)
        return answer or True

    def ask(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Send the request that the form is for."""
        raise NotImplementedError


class ResourceForm(Form):
    """Creates or changes a resource.

    :cvar kind: its name in the proxy.
    :cvar schema: of the body that is sent.
    :cvar order: the fields that are asked for, the first ones first.
    """

    kind: str
    schema: dict[str, Any]
    order: tuple[str, ...]

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        required = () if self.record else self.schema.get('required', ())
        for name in self.order:
            schema = self.schema['properties'][name]
            self.fields[name] = field(name, schema, name in required)
            if self.record and not schema.get('writeOnly'):
                self.fields[name].initial = self.record.get(name)

    def body(self, data: dict[str, Any]) -> dict[str, Any]:
        """What is to be sent: what was given, or what has changed."""
        values = {name: data[name] for name in self.order}
        if self.record is None:
            return {n: v for n, v in values.items() if v not in ('', None)}
        # A password that was not typed stays as it is.
        return {
            name: None if value == '' else value
            for name, value in values.items()
            if (value or None) != (self.record.get(name) or None)
        }

    def ask(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Create it, or change what is to be another way."""
        body = self.body(data)
        if self.record is None:
            return getattr(client, f'create_{self.kind}')(**body)
        if body:
            method = getattr(client, f'update_{self.kind}')
            return method(self.record.id, **body)
        return True


class Requirements:
    """The part of a form that says what hardware is wanted.

    Made from the schema of ``properties``. What may be wanted several times
    has a row for each, and a page may add more.

    :param properties: the requirements to begin with.
    :param data: what the form was sent with, if it was.
    """

    ROWS = 2

    def __init__(
        self,
        schema: dict[str, Any],
        properties: dict[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self._groups = schema['properties']
        self._properties = properties or {}
        self._sent = ' '.join(data or ())

    def _rows(self, group: str, most: int) -> int:
        """How many rows a group has, some of which may stay empty."""
        sent = re.findall(rf'\b{group}__([0-9]{{1,4}})__', self._sent)
        rows = max(
            self.ROWS,
            len(self._properties.get(group) or ()),
            *(int(row) + 1 for row in sent),
        )
        return min(rows, most)

    def _places(self) -> Iterable[tuple[str, int | None, dict[str, Any]]]:
        for group, schema in self._groups.items():
            if 'array' in _kinds(schema):
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
        """The fields by their names in the form."""
        made = {}
        for group, row, names in self._places():
            values = self._properties.get(group) or {}
            if row is not None:
                values = values[row] if row < len(values) else {}
            for name, schema in names.items():
                one = field(name, schema, False)
                one.initial = _shown(name, values.get(name))
                made[self._field_name(group, row, name)] = one
        return made

    def collect(self, data: dict[str, Any]) -> dict[str, Any]:
        """The requirements that the fields hold."""
        properties: dict[str, Any] = {}
        for group, row, names in self._places():
            values = {}
            for name in names:
                value = data.get(self._field_name(group, row, name))
                if value not in ('', None):
                    values[name] = _meant(name, value)
            if values and row is None:
                properties[group] = values
            elif values:
                properties.setdefault(group, []).append(values)
        return properties

    def groups(self, form: forms.SelfHandlingForm) -> list[dict[str, Any]]:
        """The fields of a form in the order of a page."""
        found: dict[str, dict[str, Any]] = {}
        for group, row, names in self._places():
            entry = found.setdefault(
                group,
                {
                    'label': fields.label(group),
                    'rows': [],
                    'most': self._groups[group].get('maxItems'),
                },
            )
            entry['rows'].append(
                [form[self._field_name(group, row, name)] for name in names]
            )
        return list(found.values())


def _shown(name: str, value: Any) -> Any:
    """What stands in a field for a value; memory stands there in GiB."""
    if value is None or not name.endswith('_mib'):
        return value
    whole, rest = divmod(int(value), _MIB_IN_GIB)
    return whole + rest / _MIB_IN_GIB if rest else whole


def _meant(name: str, value: Any) -> Any:
    """The value that stands in a field."""
    return round(value * _MIB_IN_GIB) if name.endswith('_mib') else value
