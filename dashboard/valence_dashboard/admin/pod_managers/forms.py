# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from horizon import forms
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import choices
from valence_dashboard import forms as base
from valence_dashboard import messages
from valence_dashboard.exceptions import Error


def _drivers(request: http.HttpRequest) -> list[tuple[str, str]]:
    """Return the drivers to choose from, preceded by automatic detection."""
    found = [('', _('Detect on first contact'))]
    try:
        found += [
            (driver.name, f'{driver.name}: {driver.description}')
            for driver in api.client(request).drivers()
        ]
    except Error:
        messages.show_error(request)
    return found


class Register(base.ResourceForm):
    """Registers a pod manager."""

    kind = 'pod_manager'
    schema = schema.body('post', 'pod_managers')
    order = tuple(schema['properties'])
    success_text = _(
        'Registered %s. It becomes online after the first contact.'
    )

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields['driver'] = choices.field(
            self.fields['driver'], _drivers(request)
        )
        if self.record is None:
            self.fields['is_public'].initial = True


class Edit(Register):
    """Changes a pod manager."""

    schema = schema.body('patch', 'pod_managers/{id}')
    success_text = _('Changed %s.')


class Delete(base.Form):
    """Deletes a pod manager, optionally with its nodes."""

    cascade = forms.BooleanField(
        label=_('Release its nodes'),
        required=False,
        help_text=_('No new nodes are composed on it.'),
    )
    unregister = forms.BooleanField(
        label=_('Unregister its nodes from Ironic'),
        required=False,
        help_text=_('This fails if Ironic uses a node.'),
    )
    force = forms.BooleanField(
        label=_('Delete nodes that cannot be released'),
        required=False,
        help_text=_(
            'Use this if the pod manager no longer exists. Its hardware '
            'remains composed.'
        ),
    )
    success_text = _('Deleting %s.')

    def clean(self) -> dict[str, Any]:
        """Check that the other options come with "cascade"."""
        data: dict[str, Any] = super().clean()
        if any(data.values()) and not data.get('cascade'):
            self.add_error('cascade', _('The options below require this one.'))
        return data

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Delete the pod manager, directly or with an operation."""
        params = {name: 'true' for name in data if data[name]}
        client.delete_pod_manager(
            self.record.id, ignore_missing=False, **params
        )
