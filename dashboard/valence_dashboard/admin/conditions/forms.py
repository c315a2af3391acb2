# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import forms as base

# What a condition is of, and which of its conditions it is.
_KEYS = ('subject', 'subject_id', 'code')


class Set(base.ResourceForm):
    """Sets a condition."""

    kind = 'condition'
    schema = schema.body('post', 'conditions')
    order = (*_KEYS, 'message', 'tenant_message', 'effects', 'until')
    success_text = _('Set the condition %s.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        # Without any, the API has a default.
        self.fields['effects'].required = True

    def name_in(self, data: dict[str, Any]) -> Any:
        """Return the code."""
        return data['code']


class Change(Set):
    """Sets a condition again, with other values."""

    success_text = _('Changed the condition %s.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields['subject_id'].initial = self.record.subject_uuid
        for name in _KEYS:
            self.fields[name].disabled = True
        self.fields['message'].required = True

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Replace the condition, which has the same code."""
        given = {n: one for n, one in data.items() if one not in ('', None)}
        return client.create_condition(**given)
