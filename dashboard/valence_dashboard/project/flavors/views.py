# SPDX-License-Identifier: Apache-2.0
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from valence_dashboard import lists
from valence_dashboard import views
from valence_dashboard.project.flavors import forms
from valence_dashboard.project.flavors import tables
from valence_dashboard.project.flavors import tabs as flavor_tabs

_INDEX = 'horizon:project:flavors:index'


class Index(lists.ListView):
    """The flavors that the project can use."""

    table_class = tables.Flavors
    page_title = _('Flavors')
    collection = 'flavors'
    query = {'sort_key': 'name'}


class Detail(views.TabsView):
    """A flavor, with the operations that change it in Nova."""

    tab_group_class = flavor_tabs.Flavor
    actions_table = tables.Flavors
    kind = 'flavor'
    index = _INDEX


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


class Publish(views.FormView):
    """Publish a flavor in Nova."""

    action = tables.Publish
    form_class = forms.Publish
    title = _('Publish in Nova')
    text = _(
        'Nova gets a flavor whose servers run on nodes with this resource '
        'class and these traits: those that the nodes are registered with.'
    )
    view = 'horizon:project:flavors:publish'
    index = _INDEX
    kind = 'flavor'

    @property
    def success_url(self) -> str:
        """Return to the operation that follows."""
        detail = reverse(tables.DETAIL, kwargs=self.kwargs)
        tab = flavor_tabs.Flavor.slug, flavor_tabs.Operations.slug
        return f'{detail}?tab={"__".join(tab)}'
