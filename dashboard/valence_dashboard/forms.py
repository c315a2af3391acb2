# SPDX-License-Identifier: Apache-2.0
"""Forms, generated from the request schemas of the API.

Every API field becomes a form field with its name, description and limits. The
API validates the request.
"""

import re
from collections.abc import Mapping
from typing import Any

from django import http
from django.forms import CheckboxSelectMultiple
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from horizon import forms
from horizon import messages

from valence_dashboard import api
from valence_dashboard import criteria
from valence_dashboard import fields
from valence_dashboard.exceptions import Error
from valence_dashboard.exceptions import Unauthorized

_MIB_IN_GIB = 1024
_INVALID = re.compile(
    r'Invalid input for field (?:properties\.)?([\w.]+): (.+)', re.DOTALL
)


def field(name: str, schema: dict[str, Any], required: bool) -> forms.Field:
    """Return the form field for a field of a request."""
    common: dict[str, Any] = {
        'label': fields.label(name),
        'required': required,
        'help_text': fields.translated(schema.get('description', '')),
    }
    types = json_types(schema)
    if 'array' in types:
        return _list_field(schema, common)
    if 'boolean' in types:
        return forms.BooleanField(**{**common, 'required': False})
    if 'enum' in schema:
        values = [value for value in schema['enum'] if value is not None]
        return forms.ChoiceField(
            choices=_choices(values),
            **common,
        )
    if 'integer' in types:
        common['label'] = fields.label_with_unit(name)
        if name.endswith('_mib'):
            common['label'] = format_lazy('{} (GiB)', fields.label(name))
            return forms.FloatField(min_value=1 / _MIB_IN_GIB, **common)
        return forms.IntegerField(
            min_value=schema.get('minimum'),
            max_value=schema.get('maximum'),
            **common,
        )
    return _text_field(schema, common)


def _text_field(schema: dict[str, Any], common: dict[str, Any]) -> forms.Field:
    """Return a field for text, a secret or a time."""
    if schema.get('writeOnly'):
        # Never send a password back to the browser.
        common['widget'] = forms.PasswordInput(
            attrs={'autocomplete': 'new-password'}
        )
        common['strip'] = False
    elif schema.get('maxLength', 0) > 1024:
        common['widget'] = forms.Textarea(attrs={'rows': 3})
    if schema.get('format') == 'date-time':
        return criteria.Time(**common)
    return forms.CharField(max_length=schema.get('maxLength'), **common)


def _list_field(schema: dict[str, Any], common: dict[str, Any]) -> forms.Field:
    """Return check boxes for the values of a list, or a field for names."""
    values = schema.get('items', {}).get('enum')
    if not values:
        return criteria.Names(**common)
    return forms.MultipleChoiceField(
        choices=_choices(values),
        widget=CheckboxSelectMultiple,
        initial=schema.get('default'),
        **common,
    )


def json_types(schema: dict[str, Any]) -> set[str]:
    """Return the JSON types that a schema allows."""
    type_ = schema.get('type', ())
    return {type_} if isinstance(type_, str) else set(type_)


def _choices(values: list[str]) -> list[tuple[str, str]]:
    """Return the choices of a field that has these values."""
    return [(one, fields.value_label(one)) for one in values]


def field_error(
    exc: Error, known: Mapping[str, forms.Field]
) -> tuple[str | None, str]:
    """Return the field and the message of an error.

    :param known: the form fields. An error about none of them belongs to the
        whole form, with the message of the API.
    """
    found = _INVALID.fullmatch(str(*exc.args))
    if found:
        path, reason = found.groups()
        name = path.replace('.', '__')
        # The field of an item of a list is the list.
        while name:
            if name in known:
                return name, reason[:1].upper() + reason[1:]
            name = name.rpartition('__')[0]
    return None, str(exc)


class Form(forms.SelfHandlingForm):
    """A form that keeps its input if Valence rejects the request.

    :cvar success_text: the message on success; ``%s`` is the name.
    """

    success_text = '%s'

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        self.record: api.Record = kwargs.pop('record', None)
        super().__init__(request, *args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Add an error to passwords, which are lost if the form is invalid."""
        data: dict[str, Any] = super().clean()
        if self.errors:
            self._require_passwords_again()
        return data

    def _require_passwords_again(self) -> None:
        """Ask for every given password again, because no page contains it."""
        for name, one in self.fields.items():
            hidden = isinstance(one.widget, forms.PasswordInput)
            if hidden and self.data.get(name) and not self.has_error(name):
                self.add_error(name, _('Enter the password again.'))

    def handle(self, request: http.HttpRequest, data: dict[str, Any]) -> Any:
        """Send the request and show the result."""
        try:
            answer = self.send(api.client(request), data)
        except Unauthorized:
            raise
        except Error as exc:
            self.add_error(*field_error(exc, self.fields))
            self._require_passwords_again()
            return False
        messages.success(request, self.success_text % self.name_in(data))
        return answer or True

    def name_in(self, data: dict[str, Any]) -> Any:
        """Return the name in the message on success."""
        return data.get('name') or (self.record and self.record.name)

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Send the request of the form."""
        raise NotImplementedError


def _is_empty(value: Any) -> bool:
    """Return whether a value says nothing; zero does."""
    return value is None or value is False or value in ('', [], {})


def _or_none(value: Any) -> Any:
    """Return a value to compare with that of a resource."""
    if isinstance(value, dict):
        value = {n: one for n, one in value.items() if not _is_empty(one)}
    return None if _is_empty(value) else value


class ResourceForm(Form):
    """Creates or updates a resource.

    :cvar kind: the resource name in the proxy.
    :cvar schema: the schema of the request body.
    :cvar order: the names of the fields, in their order.
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
            value = self.record and self.record.get(name)
            inner = schema.get('properties', {})
            if not inner:
                one = field(name, schema, name in required)
                self._add(name, one, schema, value)
            for each, part in inner.items():
                one = field(each, part, False)
                given = (value or {}).get(each)
                self._add(f'{name}__{each}', one, part, given)

    def _add(
        self, key: str, one: forms.Field, schema: dict[str, Any], value: Any
    ) -> None:
        """Add the form field for a field of the API, with its value."""
        self.fields[key] = one
        if self.record and not schema.get('writeOnly'):
            one.initial = one.show(value) if hasattr(one, 'show') else value

    def _value(self, name: str, data: dict[str, Any]) -> Any:
        """Return the value of a field of the API."""
        inner = self.schema['properties'][name].get('properties')
        if not inner:
            return data[name]
        given = {each: data[f'{name}__{each}'] for each in inner}
        return {each: one for each, one in given.items() if not _is_empty(one)}

    def body(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the request body: the given values, or the changes."""
        values = {name: self._value(name, data) for name in self.order}
        if self.record is None:
            return {n: v for n, v in values.items() if v not in ('', None)}
        # An empty password field means no change.
        return {
            name: self._cleared(name) if value in ('', None) else value
            for name, value in values.items()
            if _or_none(value) != _or_none(self.record.get(name))
        }

    def _cleared(self, name: str) -> Any:
        """Return what a field is set to if it is emptied."""
        types = json_types(self.schema['properties'][name])
        return [] if types == {'array'} else None

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Create the resource, or send its changes."""
        body = self.body(data)
        if self.record is None:
            return getattr(client, f'create_{self.kind}')(**body)
        if body:
            method = getattr(client, f'update_{self.kind}')
            return method(self.record.id, **body)
        return True
