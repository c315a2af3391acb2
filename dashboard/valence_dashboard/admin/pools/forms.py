# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import choices
from valence_dashboard import criteria
from valence_dashboard import forms as base
from valence_dashboard import projects
from valence_dashboard.exceptions import Error


class Create(base.ResourceForm):
    """Creates a pool."""

    kind = 'pool'
    schema = schema.body('post', 'pools')
    order = tuple(schema['properties'])
    success_text = _('Created %s.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        self._choose_pod_managers(request)
        if self.record is None:
            self._choose(request)

    def _choose(self, request: http.HttpRequest) -> None:
        """Offer what a new pool is for."""
        flavors = choices.of(request, 'flavors', ('', _('Select a flavor')))
        every = [('', _('All projects')), *projects.every(request)]
        for name, offered in (('flavor', flavors), ('project_id', every)):
            self.fields[name] = choices.field(self.fields[name], offered)
        # The API has the same defaults.
        self.fields['register__provide'].initial = True
        self.fields['enabled'].initial = True

    def _choose_pod_managers(self, request: http.HttpRequest) -> None:
        """Have pod managers given by name, in the order of preference."""
        plain = self.fields['pod_managers']
        uuids = (self.record and self.record.pod_managers) or []
        try:
            self._named = api.names(request, 'pod_managers', uuids)
        except Error:
            self._named = {}
        shown = [self._named.get(uuid, uuid) for uuid in uuids]
        self.fields['pod_managers'] = one = criteria.Lines(
            label=plain.label,
            help_text=_('Names, one per line. %s') % plain.help_text,
            required=False,
        )
        one.initial = one.show(shown)

    def clean_pod_managers(self) -> list[str]:
        """Return the UUIDs of those that the pool has, names of others."""
        uuids = {name: uuid for uuid, name in self._named.items()}
        given = self.cleaned_data['pod_managers']
        return [uuids.get(name, name) for name in given]


class Edit(Create):
    """Changes a pool."""

    schema = schema.body('patch', 'pools/{id}')
    order = tuple(schema['properties'])
    success_text = _('Changed %s.')
