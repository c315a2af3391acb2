# SPDX-License-Identifier: Apache-2.0
"""The pages that compose a node."""

import json
from typing import Any

from django import http
from django.shortcuts import redirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views import generic
from horizon import messages as horizon_messages
from horizon import workflows as horizon_workflows
from openstack_dashboard import policy

from valence_dashboard import api
from valence_dashboard import messages
from valence_dashboard import views
from valence_dashboard.exceptions import Error
from valence_dashboard.project.holds import tables as hold_tables
from valence_dashboard.project.nodes import limits
from valence_dashboard.project.nodes import requests
from valence_dashboard.project.nodes import shortages
from valence_dashboard.project.nodes import tables
from valence_dashboard.project.nodes import workflows

_KEEP = (('composable', 'composable:hold:create'),)


class Compose(views.PolicyView, horizon_workflows.WorkflowView):
    """Compose a node, with a preview."""

    action = tables.Compose
    workflow_class = workflows.Compose
    template_name = 'valence/compose.html'

    def get_initial(self) -> dict[str, Any]:
        """Return the values of the URL, or of another node."""
        values = self.request.GET.dict()
        node = self._node(values.pop('clone', None))
        if node:
            return requests.to_initial(requests.of_node(self.request, node))
        node = self._node(values.get('replaces'))
        if node:
            body = requests.of_node(self.request, node) | {
                'name': node.name,
                'pod_manager': node.podm_uuid,
                'lease_until': node.lease_until,
            }
            return values | requests.to_initial(body)
        return values

    def _node(self, uuid: str | None) -> api.Record | None:
        """Return the node whose request is repeated, if it exists."""
        if not uuid:
            return None
        try:
            return api.get(self.request, 'node', uuid)
        except Error:
            messages.show_error(self.request)
            return None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the page title."""
        context = super().get_context_data(**kwargs)
        # Create the forms first, so that the page shows their errors.
        first, *_others = context['workflow'].forms()
        return context | {
            'page_title': self.workflow_class.name,
            'replaces': first['replaces'].value(),
        }


class Fill(Compose):
    """Show a request in the form."""

    http_method_names = ('post',)

    def post(self, request: http.HttpRequest) -> http.HttpResponse:
        """Show the form with the values of a request."""
        body: dict[str, Any] = {}
        self._pasted = ''
        try:
            body = requests.parse(request)
        except Error as exc:
            horizon_messages.error(request, str(exc))
            self._pasted = request.POST.get('request', '')
        self._initial = requests.to_initial(body)
        # Nothing of the form was sent yet.
        request.method = 'GET'
        return self.get(request)

    def get_initial(self) -> dict[str, Any]:
        """Return the values of the request, and how many nodes it is for."""
        names = self.request.POST.keys() & set(workflows.EXTRAS)
        sent = {name: self.request.POST[name] for name in names}
        return sent | self._initial

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what the form does not show."""
        context = super().get_context_data(**kwargs)
        unshown = context['workflow'].unshown(self._initial)
        if unshown:
            horizon_messages.warning(
                self.request,
                _('The form does not show: %s.') % ', '.join(unshown),
            )
        return context | {'pasted': self._pasted}


class Preview(generic.View):
    """Where a node would be composed, or why it cannot be."""

    def post(self, request: http.HttpRequest) -> http.HttpResponse:
        """Render the preview of the current form data."""
        workflow = workflows.Compose(request)
        values, body = workflow.values(), workflow.body()
        context: dict[str, Any] = {
            'form_errors': workflow.form_errors(),
            'hold': body.get('hold'),
            'keeps': policy.check(_KEEP, request),
            'count': values.get('count', 1),
            'extras': {
                name: values[name]
                for name in workflows.EXTRAS
                if name in values
            },
            'request_text': json.dumps(body, indent=2, ensure_ascii=False),
        }
        try:
            preview = api.client(request).preview_node(
                **requests.previewed(body)
            )
            context['preview'] = preview
            context['limits'] = limits.of(preview, context['count'])
            context['shortage'] = shortages.nearest(body, preview)
            # Without permission to choose systems, the response has none.
            uuids = [one.get('system_uuid') for one in preview['candidates']]
            context['systems'] = api.names(request, 'systems', uuids[:1])
        except Error as exc:
            context['error'] = str(exc)
        return render(request, 'valence/_preview.html', context)


class Keep(generic.View):
    """Hold what a preview shows, for ten minutes."""

    def post(self, request: http.HttpRequest) -> http.HttpResponse:
        """Hold it, and show the hold."""
        body = requests.previewed(workflows.Compose(request).body())
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
