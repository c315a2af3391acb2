# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.shortcuts import redirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views import generic
from horizon import messages as horizon_messages
from horizon import workflows
from openstack_dashboard import policy
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import lists
from valence_dashboard import messages
from valence_dashboard import views
from valence_dashboard.exceptions import Error
from valence_dashboard.project.holds import tables as hold_tables
from valence_dashboard.project.nodes import forms
from valence_dashboard.project.nodes import tables
from valence_dashboard.project.nodes import tabs as node_tabs
from valence_dashboard.project.nodes import workflows as node_workflows

_INDEX = 'horizon:project:nodes:index'
_KEEP = (('composable', 'composable:hold:create'),)


class Index(lists.ListView):
    """The nodes of the project."""

    table_class = tables.Nodes
    page_title = _('Nodes')
    collection = 'nodes'

    def get_data(self) -> list[api.Record]:
        """Show only this project, even if the user can see others."""
        self.query = {
            **self.query,
            'sort_key': 'name',
            'project_id': self.request.user.project_id,
        }
        return super().get_data()


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


class Compose(views.PolicyView, workflows.WorkflowView):
    """Compose a node, with a preview."""

    action = tables.Compose
    workflow_class = node_workflows.Compose
    template_name = 'valence/compose.html'

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the page title."""
        context = super().get_context_data(**kwargs)
        # Create the forms first, so that the page shows their errors.
        context['workflow'].forms()
        return context | {'page_title': self.workflow_class.name}


class Preview(generic.View):
    """Where a node would be composed, or why it cannot be."""

    def post(self, request: http.HttpRequest) -> http.HttpResponse:
        """Render the preview of the current form data."""
        workflow = node_workflows.Compose(request)
        body = workflow.body()
        context: dict[str, Any] = {
            'form_errors': workflow.form_errors(),
            'hold': body.get('hold'),
            'keeps': policy.check(_KEEP, request),
        }
        body = _previewed(body)
        try:
            preview = api.client(request).preview_node(**body)
            context['preview'] = preview
            # Without permission to choose systems, the response has none.
            uuids = [one.get('system_uuid') for one in preview['candidates']]
            context['systems'] = api.names(request, 'systems', uuids[:1])
        except Error as exc:
            context['error'] = str(exc)
        return render(request, 'valence/_preview.html', context)


def _previewed(body: dict[str, Any]) -> dict[str, Any]:
    """Return what a preview has of the body of a request."""
    names = schema.body('post', 'nodes/preview')['properties'].keys()
    return {n: v for n, v in body.items() if n in names - {'hold'}}


class Keep(generic.View):
    """Hold what a preview shows, for ten minutes."""

    def post(self, request: http.HttpRequest) -> http.HttpResponse:
        """Hold it, and show the hold."""
        body = _previewed(node_workflows.Compose(request).body())
        try:
            answer = api.client(request).preview_node(
                **body, hold={'seconds': hold_tables.SECONDS}
            )
        except Error:
            messages.show_error(request)
            return redirect('horizon:project:nodes:compose')
        hold = answer.get('hold')
        if hold is None:
            horizon_messages.error(
                request, _('There is nothing to keep for the node now.')
            )
            return redirect('horizon:project:nodes:compose')
        horizon_messages.success(request, _('Kept for 10 minutes.'))
        return redirect(hold_tables.DETAIL, hold['uuid'])


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


class Register(_NodeForm):
    action = tables.Register
    form_class = forms.Register
    title = _('Register with Ironic')
    view = 'horizon:project:nodes:register'


class Attach(_NodeForm):
    action = tables.Attach
    form_class = forms.Attach
    title = _('Attach Device')
    view = 'horizon:project:nodes:attach'
