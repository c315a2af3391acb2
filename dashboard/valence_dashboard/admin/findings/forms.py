# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import forms as base

_ACTIONS = schema.body('post', 'findings/{id}/action')['properties']


class _ActionForm(base.Form):
    """An action on a finding with its parameters.

    :cvar action: its name in the API.
    """

    action: str

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        for name, one in _ACTIONS[self.action]['properties'].items():
            self.fields[name] = base.field(name, one, False)

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Perform the action with the given parameters."""
        given = {name: value for name, value in data.items() if value}
        method = getattr(client, f'{self.action}_finding')
        return method(self.record.id, **given)


class Adopt(_ActionForm):
    """Makes the hardware a node."""

    action = 'adopt'
    success_text = _('Adopting %s.')


class Accept(_ActionForm):
    """Hides a finding."""

    action = 'accept'
    success_text = _('Accepted the finding about %s.')
