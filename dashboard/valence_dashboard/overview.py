# SPDX-License-Identifier: Apache-2.0
"""The first tab of the page of a resource: all its fields."""

from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from horizon import tabs

from valence_dashboard import fields
from valence_dashboard import views


class Tab(tabs.Tab):
    """All fields of the resource of the page.

    :cvar component: its schema in the OpenAPI document.
    :cvar in_header: the fields that the page header shows instead.
    """

    name = _('Overview')
    slug = 'overview'
    template_name = 'valence/_details.html'
    component: str
    in_header: tuple[str, ...] = ()

    def get_context_data(
        self, request: http.HttpRequest, **kwargs: Any
    ) -> dict[str, Any]:
        """Add the fields."""
        record = self.tab_group.kwargs['record']
        shown = views.references(request, record)
        return {
            'details': fields.details(
                self.component, record, shown, self.in_header
            )
        }
