# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from horizon import views

from valence_dashboard import api
from valence_dashboard import messages
from valence_dashboard.admin.pod_managers import tables as pod_tables
from valence_dashboard.admin.topology import drawing
from valence_dashboard.exceptions import Error

_POD_MANAGERS = 1000  # more than can be chosen from on one page
# The fields that show the status of a pod manager.
_STATUS_FIELDS = (
    'uuid,name,status,status_reason,maintenance,sync_error,deleting_at'
)


class Topology(views.HorizonTemplateView):
    """The racks of a pod manager with their content."""

    template_name = 'valence/topology.html'
    page_title = _('Topology')

    def get(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> http.HttpResponse:
        """Show the page, by default of the first pod manager."""
        chosen = request.GET.get('pod_manager')
        if chosen:
            return redirect('horizon:admin:topology:detail', chosen)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the pod managers to choose from, and the drawing of one."""
        context = super().get_context_data(**kwargs)
        chosen = self.kwargs.get('uuid')
        try:
            found = api.list_resources(
                self.request,
                'pod_managers',
                _POD_MANAGERS,
                sort_key='name',
                fields=_STATUS_FIELDS,
            )
            context['pod_managers'] = found
            if chosen is None and found:
                chosen = found[0].id
            if chosen:
                client = api.client(self.request)
                tree = client.get_pod_manager_topology(chosen)
                context['drawing'] = drawing.draw(tree.api_fields())
            context['status'] = [
                pod_tables.status(one) for one in found if one.id == chosen
            ]
        except Error:
            messages.show_error(self.request)
        context['chosen'] = chosen
        return context
