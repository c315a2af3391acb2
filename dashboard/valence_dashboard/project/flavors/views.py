# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from valence_dashboard import api
from valence_dashboard import lists
from valence_dashboard import views
from valence_dashboard.project.flavors import forms
from valence_dashboard.project.flavors import tables

_INDEX = 'horizon:project:flavors:index'


class Index(lists.ListView):
    """The flavors that the project can use."""

    table_class = tables.Flavors
    page_title = _('Flavors')
    collection = 'flavors'
    query = {'sort_key': 'name'}

    def complete(self, rows: list[api.Record]) -> None:
        """Nothing to add."""


class Detail(views.DetailView):
    """A flavor."""

    kind = 'flavor'
    component = 'Flavor'
    index = _INDEX

    def actions(self, found: api.Record) -> Any:
        """Return the actions of the flavor."""
        return tables.Flavors(self.request).render_row_actions(found)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the URL for the actions."""
        return super().get_context_data(**kwargs) | {'url': reverse(_INDEX)}


class Create(views.FormView):
    """Create a flavor."""

    template_name = 'valence/flavor.html'
    action = tables.Create
    form_class = forms.Create
    title = _('Create Flavor')
    view = 'horizon:project:flavors:create'
    index = _INDEX


class Edit(views.FormView):
    """Change a flavor."""

    template_name = 'valence/flavor.html'
    action = tables.Edit
    form_class = forms.Edit
    title = _('Edit Flavor')
    view = 'horizon:project:flavors:edit'
    index = _INDEX
    kind = 'flavor'
