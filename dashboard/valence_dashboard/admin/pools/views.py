# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django.utils.translation import gettext_lazy as _

from valence_dashboard import fields
from valence_dashboard import lists
from valence_dashboard import views
from valence_dashboard.admin.pools import forms
from valence_dashboard.admin.pools import tables
from valence_dashboard.admin.pools import tabs as pool_tabs

_INDEX = 'horizon:admin:pools:index'


class Index(lists.ListView):
    """The list of pools."""

    table_class = tables.Pools
    page_title = _('Pools')
    collection = 'pools'
    query = {'sort_key': 'name'}


class Detail(views.TabsView):
    """A pool with its nodes."""

    tab_group_class = pool_tabs.Pool
    actions_table = tables.Pools
    kind = 'pool'
    index = _INDEX

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the page header shows."""
        return super().get_context_data(**kwargs) | {
            'status': fields.state(self.record.state),
            'warning': self.record.reason,
        }


class Create(views.FormView):
    """Create a pool."""

    action = tables.Create
    form_class = forms.Create
    title = _('Create Pool')
    view = 'horizon:admin:pools:create'
    index = _INDEX


class Edit(views.FormView):
    """Change a pool."""

    action = tables.Edit
    form_class = forms.Edit
    title = _('Edit Pool')
    view = 'horizon:admin:pools:edit'
    index = _INDEX
    kind = 'pool'
    detail = tables.DETAIL
