# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views import generic
from horizon import workflows

from valence_dashboard import api
from valence_dashboard import tables as base_tables
from valence_dashboard import views
from valence_dashboard.exceptions import Error
from valence_dashboard.project.nodes import forms
from valence_dashboard.project.nodes import tables
from valence_dashboard.project.nodes import tabs as node_tabs
from valence_dashboard.project.nodes import workflows as node_workflows

_INDEX = 'horizon:project:nodes:index'


class Index(base_tables.ListView):
    """The nodes of the project."""

    table_class = tables.Nodes
    page_title = _('Nodes')
    collection = 'nodes'

    def get_data(self) -> list[api.Record]:
        """Of the project alone, also for those who see those of all."""
        self.query = {
            **self.query,
            'sort_key': 'name',
            'project_id': self.request.user.project_id,
        }
        return super().get_data()

    def complete(self, rows: list[api.Record]) -> None:
        """What is being done to them."""
        tables.complete(self.request, rows)


def _node(request: http.HttpRequest, uuid: str) -> api.Record:
    node = views.record(request, 'node', uuid, _INDEX)
    try:
        tables.complete(request, [node])
    except Error:
        base_tables.tell(request)
    return node


class Detail(views.TabsView):
    """A node, what it is made of, and what was done to it."""

    template_name = 'valence/node.html'
    tab_group_class = node_tabs.Node
    page_title = '{{ record.name }}'

    def get_tabs(self, request: http.HttpRequest, **kwargs: Any) -> Any:
        """The tabs, which know what they are about."""
        if self._tab_group is None:
            self.record = _node(request, self.kwargs['uuid'])
            kwargs['record'] = self.record
        return super().get_tabs(request, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the head of the page shows."""
        context = super().get_context_data(**kwargs)
        table = tables.Nodes(self.request)
        context['record'] = self.record
        context['url'] = reverse(_INDEX)
        context['actions'] = table.render_row_actions(self.record)
        return context | _status(self.record)


def _status(node: api.Record) -> dict[str, str | None]:
    live = reverse('horizon:project:nodes:live', args=(node.id,))
    return {
        'status': tables.state(node),
        'error': node.last_error,
        'warning': node.drift,
        'live': None if tables.at_rest(node) else live,
    }


class Live(views.Live):
    """The status of a node."""

    kind = 'node'

    @staticmethod
    def status(
        request: http.HttpRequest, found: api.Record
    ) -> dict[str, str | None]:
        """Where in its life it is, and what is being done to it."""
        tables.complete(request, [found])
        return _status(found)


class Compose(views.Guarded, workflows.WorkflowView):
    """Compose a node, and see beforehand where."""

    action = tables.Compose
    workflow_class = node_workflows.Compose
    template_name = 'valence/compose.html'

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With a title for the page's head."""
        context = super().get_context_data(**kwargs)
        # What goes wrong with what they offer is told above them.
        context['workflow'].actions()
        return context | {'page_title': self.workflow_class.name}


class Preview(generic.View):
    """Where a node would be composed, or why not."""

    def post(self, request: http.HttpRequest) -> http.HttpResponse:
        """The answer to what the form says so far."""
        workflow = node_workflows.Compose(request)
        body = workflow.body()
        for name in ('name', 'register'):
            body.pop(name, None)
        context: dict[str, Any] = {'mistakes': workflow.mistakes()}
        try:
            preview = api.client(request).preview_node(**body)
            context['preview'] = preview
            # Who may not choose the very system is not told of it.
            chosen = [one.get('system_uuid') for one in preview['candidates']]
            context['systems'] = api.names(request, 'systems', chosen[:1])
        except Error as exc:
            context['error'] = str(exc)
        return render(request, 'valence/_preview.html', context)


class Adopt(views.FormView):
    """Adopt a node."""

    action = tables.Adopt
    form_class = forms.Adopt
    title = _('Adopt Node')
    view = 'horizon:project:nodes:adopt'
    index = _INDEX


class _Act(views.FormView):
    """Something that is done to a node."""

    index = _INDEX
    kind = 'node'
    detail = tables.DETAIL


class Edit(_Act):
    action = tables.Edit
    form_class = forms.Edit
    title = _('Edit Node')
    view = 'horizon:project:nodes:edit'


class Power(_Act):
    action = tables.Power
    form_class = forms.Power
    title = _('Power')
    view = 'horizon:project:nodes:power'


class Boot(_Act):
    action = tables.Boot
    form_class = forms.Boot
    title = _('Boot From')
    view = 'horizon:project:nodes:boot'


class Register(_Act):
    action = tables.Register
    form_class = forms.Register
    title = _('Register with Ironic')
    view = 'horizon:project:nodes:register'


class Attach(_Act):
    action = tables.Attach
    form_class = forms.Attach
    title = _('Attach Device')
    view = 'horizon:project:nodes:attach'
