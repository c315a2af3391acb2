# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django.utils.translation import gettext_lazy as _

from valence_dashboard import api
from valence_dashboard import badge
from valence_dashboard import lists
from valence_dashboard import messages
from valence_dashboard import views
from valence_dashboard.admin.pod_managers import access
from valence_dashboard.admin.pod_managers import expected
from valence_dashboard.admin.pod_managers import forms
from valence_dashboard.admin.pod_managers import tables
from valence_dashboard.admin.pod_managers import tabs as pod_tabs

_INDEX = 'horizon:admin:pod_managers:index'


class Index(badge.WithBadge, lists.ListView):
    """The list of pod managers with their capacity."""

    table_class = tables.PodManagers
    page_title = _('Pod Managers')
    collection = 'pod_managers'
    query = {'sort_key': 'name'}


class Detail(views.TabsView):
    """A pod manager with its resources in tabs."""

    tab_group_class = pod_tabs.PodManager
    actions_table = tables.PodManagers
    kind = 'pod_manager'
    index = _INDEX

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the status."""
        context = super().get_context_data(**kwargs)
        return context | {'status': tables.status(self.record)}


class Register(views.FormView):
    """Register a pod manager."""

    action = tables.Register
    form_class = forms.Register
    title = _('Register Pod Manager')
    view = 'horizon:admin:pod_managers:register'
    index = _INDEX


class Edit(views.FormView):
    """Change a pod manager."""

    action = tables.Edit
    form_class = forms.Edit
    title = _('Edit Pod Manager')
    view = 'horizon:admin:pod_managers:edit'
    index = _INDEX
    kind = 'pod_manager'
    detail = tables.DETAIL


class Grant(views.FormView):
    """Grant a project access to a pod manager."""

    action = access.Grant
    form_class = access.GrantForm
    title = _('Grant Access')
    view = 'horizon:admin:pod_managers:grant'
    index = _INDEX
    kind = 'pod_manager'
    detail = tables.DETAIL


class _Expected(views.FormView):
    index = _INDEX
    kind = 'pod_manager'
    detail = tables.DETAIL

    @property
    def success_url(self) -> str:
        """Return to the tab."""
        return expected.tab_url(self.kwargs['uuid'])


class Expect(_Expected):
    """Upload which hardware should be there."""

    action = expected.Upload
    form_class = expected.UploadForm
    title = _('Upload')
    view = 'horizon:admin:pod_managers:expect'


class Snapshot(_Expected):
    """Expect the hardware that is there."""

    action = expected.Snapshot
    form_class = expected.SnapshotForm
    title = _('Expect What Is There')
    text = _(
        'The hardware that the last sync found is expected from now on, '
        'instead of what was expected before.'
    )
    view = 'horizon:admin:pod_managers:snapshot'


class Unset(_Expected):
    """Expect nothing any more."""

    action = expected.Unset
    form_class = expected.UnsetForm
    title = _('Expect Nothing')
    text = _('What was expected is forgotten, and nothing is compared.')
    view = 'horizon:admin:pod_managers:unset'


class Delete(views.FormView):
    """Delete a pod manager; the form lists the nodes that prevent it."""

    action = tables.Delete
    form_class = forms.Delete
    template_name = 'valence/delete.html'
    title = _('Delete Pod Manager')
    view = 'horizon:admin:pod_managers:delete'
    index = _INDEX
    kind = 'pod_manager'
    MAX_NODES = 20

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the nodes of the pod manager."""
        context = super().get_context_data(**kwargs)
        try:
            page = api.page(
                self.request, 'nodes', self.MAX_NODES, podm_uuid=self.record.id
            )
            context |= {'nodes': page.rows, 'more': page.after}
        except api.exceptions.Error:
            messages.show_error(self.request)
        return context
