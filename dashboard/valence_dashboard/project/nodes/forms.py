# SPDX-License-Identifier: Apache-2.0
import json
from typing import Any

from django import forms as django_forms
from django import http
from django.utils.translation import gettext_lazy as _
from horizon import forms
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import forms as base

_ACTIONS = schema.body('post', 'nodes/{id}/action')['properties']
_REGISTER = schema.body('post', 'nodes/{id}/register')['properties']
_NONE = _('The pod manager allows none.')


class Edit(base.ResourceForm):
    """Changes name, description or lease."""

    kind = 'node'
    schema = schema.body('patch', 'nodes/{id}')
    order = ('name', 'description', 'lease_until', 'lease_end')
    success_text = _('Changed %s.')


class Adopt(base.ResourceForm):
    """Adopts a node that exists on a pod manager."""

    kind = 'node'
    schema = schema.body('post', 'nodes/manage')
    order = ('name', 'pod_manager', 'resource_uri')
    success_text = _('Adopting %s.')

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Adopt the node."""
        return client.manage_node(**data)


class _ActionForm(base.Form):
    """An action of a node with its parameters.

    It offers what the pod manager allows for the node, as far as that is
    known.
    """

    action: str

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        known = _ACTIONS[self.action]
        for name, one in known['properties'].items():
            self.fields[name] = base.field(
                name, one, name in known['required']
            )

    def allow(self, name: str, kind: str) -> None:
        """Offer only those values that the pod manager allows.

        :param kind: the name of the list in the node's ``allowable``.
        """
        allowed = (self.record.get('allowable') or {}).get(kind)
        if allowed is None:
            return
        one = self.fields[name]
        one.choices = [
            (value, label) for value, label in one.choices if value in allowed
        ] or [('', _NONE)]


class Power(_ActionForm):
    """Changes the power state."""

    action = 'reset'
    success_text = _('Changing the power state of %s.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        self.allow('Type', 'reset_types')

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Reset the node."""
        return client.reset_node(self.record.id, data['Type'])


class Boot(_ActionForm):
    """Sets the boot device."""

    action = 'boot'
    success_text = _('Setting the boot device of %s.')
    # Targets that Redfish defines, for pod managers that list none.
    TARGETS = ('Pxe', 'Hdd', 'Cd', 'Usb', 'UefiHttp', 'BiosSetup', 'None')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        allowed = (self.record.get('allowable') or {}).get('boot_targets')
        self.fields['Target'] = forms.ChoiceField(
            choices=[
                (target, target)
                for target in (self.TARGETS if allowed is None else allowed)
            ]
            or [('', _NONE)],
            label=fields.label('Target'),
        )
        present = self.record.get('boot') or {}
        self.fields['Target'].initial = present.get('target')
        self.fields['Enabled'].initial = present.get('enabled', 'Once')
        self.allow('Mode', 'boot_modes')
        mode = self.fields['Mode']
        mode.choices = [('', _('Unchanged')), *filter(all, mode.choices)]

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Set the boot device."""
        return client.boot_node(
            self.record.id,
            data['Enabled'],
            data['Target'],
            data['Mode'] or None,
            data['HttpBootUri'] or None,
        )


class Register(base.Form):
    """Registers a node with Ironic."""

    success_text = _('Registering %s with Ironic.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        for name, one in _REGISTER.items():
            self.fields[name] = base.field(name, one, False)
        ports = self.fields['ports']
        self.fields['ports'] = forms.CharField(
            label=ports.label,
            help_text=_('%s A list in JSON.') % ports.help_text,
            required=False,
            widget=forms.Textarea(attrs={'rows': 3}),
        )

    def clean_ports(self) -> Any:
        """Return the ports as the API has them."""
        text = self.cleaned_data['ports'].strip()
        try:
            return json.loads(text) if text else None
        except ValueError as exc:
            reason = _('Invalid JSON: %s') % exc
            raise django_forms.ValidationError(reason) from exc

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Register the node with the given options."""
        options = {name: value for name, value in data.items() if value}
        return client.register_node(self.record.id, **options)
