# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from openstack_dashboard import policy
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import forms as base
from valence_dashboard import requirements
from valence_dashboard.project.flavors import tables

_PUBLISH = schema.body('post', 'flavors/{id}/publish')['properties']


class Create(base.ResourceForm):
    """Creates a flavor."""

    kind = 'flavor'
    schema = schema.body('post', 'flavors')
    order = ('name', 'description', 'is_public')
    success_text = _('Created %s.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        if not policy.check(tables.PUBLISH, request):
            self.order = tuple(n for n in self.order if n != 'is_public')
        super().__init__(request, *args, **kwargs)
        self.requirements = requirements.Requirements(
            self.schema['properties']['properties'],
            self.record and self.record.properties,
            self.data,
        )
        self.fields.update(self.requirements.fields())

    def general_fields(self) -> list[Any]:
        """Return the fields that are not requirements."""
        return [self[name] for name in self.order]

    def groups(self) -> list[dict[str, Any]]:
        """Return the requirements in the order of the page."""
        return self.requirements.groups(self)

    def suggestions(self) -> list[dict[str, Any]]:
        """Return the texts that the page suggests for requirements."""
        return requirements.suggestions(self.request)

    def body(self, data: dict[str, Any]) -> dict[str, Any]:
        """Add the requirements."""
        body = super().body(data)
        if self.record is None:
            body.setdefault('is_public', False)
        properties = self.requirements.to_properties(data)
        if self.record is None or properties != self.record.properties:
            body['properties'] = properties
        return body


class Edit(Create):
    """Changes a flavor."""

    schema = schema.body('patch', 'flavors/{id}')
    order = ('name', 'description')
    success_text = _('Changed %s.')


class Publish(base.Form):
    """Creates a flavor in Nova, or brings it up to date there."""

    success_text = _('Publishing %s in Nova.')

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        for name, one in _PUBLISH.items():
            self.fields[name] = base.field(name, one, False)

    def send(self, client: api.Client, data: dict[str, Any]) -> Any:
        """Publish the flavor with the given options."""
        options = {name: value for name, value in data.items() if value}
        return client.publish_flavor(self.record.id, **options)
