# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _

from valence_dashboard import api
from valence_dashboard import lists
from valence_dashboard import messages
from valence_dashboard import views
from valence_dashboard.exceptions import Error
from valence_dashboard.project.nodes import attaching
from valence_dashboard.project.nodes import forms
from valence_dashboard.project.nodes import tables
from valence_dashboard.project.nodes import tabs as node_tabs

_INDEX = 'horizon:project:nodes:index'


class Index(lists.ListView):
    """The nodes of the project."""

    table_class = tables.Nodes
    page_title = _('Nodes')
    collection = 'nodes'
    query = {'sort_key': 'name'}
    is_own = True


def _node(request: http.HttpRequest, uuid: str) -> api.Record:
    node = views.record(request, 'node', uuid, _INDEX)
    try:
        tables.Nodes(request).complete([node])
    except Error:
        messages.show_error(request)
    return node


class Detail(views.TabsView):
    """A node with its hardware and operations."""

    tab_group_class = node_tabs.Node
    actions_table = tables.Nodes

    def read(self) -> api.Record:
        """Read the node."""
        return _node(self.request, self.kwargs['uuid'])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the status, and the list to return to."""
        self.index = _index(self.request, self.record)
        return super().get_context_data(**kwargs) | {
            'status': tables.state(self.record),
            'error': self.record.last_error,
            'warning': self.record.drift,
        }


def _index(request: http.HttpRequest, node: api.Record) -> str:
    """Return the list that has a node: not that of the user's project."""
    own = node.project_id in (None, request.user.project_id)
    return _INDEX if own else 'horizon:admin:nodes:index'


class Adopt(views.FormView):
    """Adopt a node."""

    action = tables.Adopt
    form_class = forms.Adopt
    title = _('Adopt Node')
    view = 'horizon:project:nodes:adopt'
    index = _INDEX


class _NodeForm(views.FormView):
    """A form for an existing node."""

    index = _INDEX
    kind = 'node'
    detail = tables.DETAIL


class Edit(_NodeForm):
    action = tables.Edit
    form_class = forms.Edit
    title = _('Edit Node')
    view = 'horizon:project:nodes:edit'


class Power(_NodeForm):
    action = tables.Power
    form_class = forms.Power
    title = _('Set Power State')
    view = 'horizon:project:nodes:power'


class Boot(_NodeForm):
    action = tables.Boot
    form_class = forms.Boot
    title = _('Set Boot Device')
    view = 'horizon:project:nodes:boot'

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the boot source that was last set."""
        context = super().get_context_data(**kwargs)
        present = self.record.boot
        if present:
            values = ', '.join(filter(None, present.values()))
            context['text'] = _('Last set: %s.') % values
        return context


class Register(_NodeForm):
    action = tables.Register
    form_class = forms.Register
    title = _('Register with Ironic')
    view = 'horizon:project:nodes:register'


class Attach(_NodeForm):
    action = tables.Attach
    form_class = attaching.Attach
    title = _('Attach Device')
    view = 'horizon:project:nodes:attach'
