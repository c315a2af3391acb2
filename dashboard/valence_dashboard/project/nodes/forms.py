# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from horizon import forms
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import forms as base
from valence_dashboard import tables
from valence_dashboard.exceptions import Error

_ACTIONS = schema.body('post', 'nodes/{id}/action')['properties']
_HANDOVER = schema.body('post', 'nodes/{id}/register')['properties']
_DEVICES = 1000  # more than can be chosen from on one page


class Edit(base.ResourceForm):
    """Changes name or description."""

    kind = 'node'
    schema = schema.body('patch', 'nodes/{id}')
    order = ('name', 'description')
    done = _('Changed %s.')


class Adopt(base.ResourceForm):
    """Takes over a node that exists on a pod manager."""

    kind = 'node'
    schema = schema.body('post', 'nodes/manage')
    order = ('name', 'pod_manager', 'resource_uri')
    done = _('Adopting %s.')

    def ask(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Have it adopted."""
        return client.manage_node(**data)


class _Act(base.Form):
    """One of the actions on a node, with the values that it takes."""

    action: str

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        known = _ACTIONS[self.action]['properties']
        for name, one in known.items():
            self.fields[name] = base.field(name, one, True)


class Power(_Act):
    """Switches on or off, or restarts."""

    action = 'Reset'
    done = _('Switching %s.')

    def ask(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Reset it."""
        return client.reset_node(self.record.id, data['Type'])


class Boot(_Act):
    """Chooses what to boot from."""

    action = 'Boot'
    done = _('Setting what %s boots from.')
    # What Redfish knows; the pod manager decides what it takes.
    TARGETS = ('Pxe', 'Hdd', 'Cd', 'Usb', 'UefiHttp', 'BiosSetup', 'None')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields['Target'] = forms.ChoiceField(
            choices=[(target, target) for target in self.TARGETS],
            label=fields.label('Target'),
        )
        self.fields['Enabled'].initial = 'Once'

    def ask(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Set it."""
        return client.boot_node(
            self.record.id, data['Enabled'], data['Target']
        )


class Register(base.Form):
    """Hands a node over to Ironic."""

    done = _('Registering %s with Ironic.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        for name, one in _HANDOVER.items():
            self.fields[name] = base.field(name, one, False)

    def ask(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Register it as is wished."""
        wishes = {name: value for name, value in data.items() if value}
        if 'traits' in wishes:
            wishes['traits'] = wishes['traits'].replace(',', ' ').split()
        return client.register_node(self.record.id, **wishes)


class Attach(base.Form):
    """Joins a free device of the node's pod manager to it."""

    device = forms.ChoiceField(label=_('Device'))
    done = _('Attaching a device to %s.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        try:
            found = api.many(
                request,
                'devices',
                _DEVICES,
                podm_uuid=self.record.podm_uuid,
                state='free',
                sort_key='name',
            )
        except Error:
            tables.tell(request)
            found = []
        self.fields['device'].choices = [
            (device.id, self._named(device))
            for device in found
            if not device.node_uuid
        ] or [('', _('No device is free.'))]

    @staticmethod
    def _named(device: api.Record) -> str:
        size = fields.show('capacity_gib', device.capacity_gib or None)
        told = (device.type, device.media_type, device.protocol, size)
        known = ', '.join(one for one in told if one and one != fields.NOTHING)
        return f'{device.name} ({known})'

    def ask(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Attach it."""
        return client.attach_to_node(self.record.id, data['device'])
