# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from horizon import tabs

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import views
from valence_dashboard.admin.nodes import tabs as nodes


class Overview(tabs.Tab):
    """All fields of the pool."""

    name = _('Overview')
    slug = 'overview'
    template_name = 'valence/_details.html'

    def get_context_data(
        self, request: http.HttpRequest, **kwargs: Any
    ) -> dict[str, Any]:
        """Add the fields."""
        pool = self.tab_group.kwargs['record']
        return {
            'details': fields.details(
                'Pool',
                pool,
                views.references(request, pool),
                # The page header shows these.
                exclude=('state', 'reason'),
            )
        }


class Nodes(nodes.Tab):
    def query_for(self, record: api.Record) -> dict[str, str]:
        """Filter by the pool."""
        return {'pool_uuid': record.id}


class Pool(tabs.TabGroup):
    slug = 'pool'
    tabs = (Overview, Nodes)
