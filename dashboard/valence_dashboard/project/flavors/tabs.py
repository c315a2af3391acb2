# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from horizon import tabs

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import operations
from valence_dashboard import views


class Overview(tabs.Tab):
    """All fields of the flavor."""

    name = _('Overview')
    slug = 'overview'
    template_name = 'valence/_details.html'

    def get_context_data(
        self, request: http.HttpRequest, **kwargs: Any
    ) -> dict[str, Any]:
        """Add the fields."""
        flavor = self.tab_group.kwargs['record']
        shown = views.references(request, flavor)
        return {'details': fields.details('Flavor', flavor, shown)}


class Operations(operations.Tab):
    def query_for(self, record: api.Record) -> dict[str, str]:
        """Filter by the flavor."""
        return {'target_uuid': record.id}


class Flavor(tabs.TabGroup):
    slug = 'flavor'
    tabs = (Overview, Operations)
