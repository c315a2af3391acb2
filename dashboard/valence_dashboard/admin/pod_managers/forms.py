# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from horizon import forms
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import forms as base
from valence_dashboard import tables
from valence_dashboard.exceptions import Error


def _drivers(request: http.HttpRequest) -> list[tuple[str, str]]:
    """The drivers that can be chosen; the first choice is none of them."""
    found = [('', _('Find out on first contact'))]
    try:
        found += [
            (driver.name, f'{driver.name}: {driver.description}')
            for driver in api.client(request).drivers()
        ]
    except Error:
        tables.tell(request)
    return found


class Register(base.ResourceForm):
    """Registers a pod manager."""

    kind = 'pod_manager'
    schema = schema.body('post', 'pod_managers')
    order = tuple(schema['properties'])
    done = _('Registered %s. It is online once it has been reached.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        known = self.fields['driver']
        self.fields['driver'] = forms.ChoiceField(
            choices=_drivers(request),
            label=known.label,
            help_text=known.help_text,
            initial=known.initial,
            required=False,
        )
        if self.record is None:
            self.fields['is_public'].initial = True


class Edit(Register):
    """Changes a pod manager."""

    schema = schema.body('patch', 'pod_managers/{id}')
    done = _('Changed %s.')


class Remove(base.Form):
    """Removes a pod manager, with its nodes if need be."""

    cascade = forms.BooleanField(
        label=_('Release its nodes first'),
        required=False,
        help_text=_('Nothing new is composed on it from then on.'),
    )
    unregister = forms.BooleanField(
        label=_('Take them back from Ironic before'),
        required=False,
        help_text=_('A node that is in use there stands in the way.'),
    )
    force = forms.BooleanField(
        label=_('Forget nodes that cannot be released'),
        required=False,
        help_text=_(
            'For a pod manager that is gone for good: whatever it has '
            'composed stays composed.'
        ),
    )
    done = _('Removing %s.')

    def clean(self) -> dict[str, Any]:
        """The others say how nodes are released."""
        data: dict[str, Any] = super().clean()
        if any(data.values()) and not data.get('cascade'):
            self.add_error(
                'cascade', _('What is ticked below goes with this only.')
            )
        return data

    def ask(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Delete it, at once or by an operation."""
        params = {name: 'true' for name in data if data[name]}
        client.delete_pod_manager(
            self.record.id, ignore_missing=False, **params
        )
