# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from django.views import generic
from horizon import views
from horizon.utils import functions

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import live
from valence_dashboard import messages
from valence_dashboard import projects
from valence_dashboard.admin.pod_managers import tables as pod_tables
from valence_dashboard.admin.topology import drawing
from valence_dashboard.admin.topology import search
from valence_dashboard.exceptions import Error

# The fields that show the status of a pod manager.
_STATUS_FIELDS = (
    'uuid,name,status,status_reason,maintenance,sync_error,deleting_at'
)
# Of so many projects the names are requested one by one, and of more at once.
_MAX_PROJECTS = 10


class _Page(views.HorizonTemplateView):
    template_name = 'valence/topology.html'
    page_title = _('Topology')

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the pod managers of the page, with their status."""
        context = super().get_context_data(**kwargs)
        context['text'] = self.request.GET.get('q', '')
        try:
            context |= self.pods()
            found = context['found']
            pod_tables.PodManagers(self.request).complete(found)
            context['pods'] = [_pod(one) for one in found]
        except Error:
            messages.show_error(self.request)
        return context

    def pods(self) -> dict[str, Any]:
        """Return ``found``, the pod managers, and more of the context."""
        raise NotImplementedError


def _pod(record: api.Record) -> Any:
    """Return what the template shows of a pod manager."""
    return {
        'id': record.id,
        'name': record.name,
        'status': pod_tables.status(record),
        'systems': fields.capacity_bar(
            (record.capacity or {}).get('systems'), 'systems'
        ),
        'devices': pod_tables.devices(record),
    }


class Estate(_Page):
    """All pod managers, a page at a time; each is drawn when it is opened."""

    def pods(self) -> dict[str, Any]:
        """Return a page of pod managers, or what was searched."""
        text = self.request.GET.get('q', '').strip()
        if text:
            return {'found': [], 'hits': search.find(self.request, text)}
        before = self.request.GET.get('before')
        marker = before or self.request.GET.get('after')
        page = api.page(
            self.request,
            'pod_managers',
            functions.get_page_size(self.request),
            marker,
            before is not None,
            sort_key='name',
            fields=_STATUS_FIELDS,
        )
        return {
            'found': page.rows,
            'after': page.after and page.rows and page.rows[-1].id,
            'before': page.before and page.rows and page.rows[0].id,
            'is_open': len(page.rows) == 1,
        }


class Pod(_Page):
    """One pod manager."""

    def pods(self) -> dict[str, Any]:
        """Return the pod manager."""
        found = api.list_resources(
            self.request,
            'pod_managers',
            1,
            uuid=self.kwargs['uuid'],
            fields=_STATUS_FIELDS,
        )
        return {'found': found, 'is_open': True, 'is_single': True}


class Data(generic.View):
    """The drawing of a pod, as JSON."""

    def get(self, request: http.HttpRequest, uuid: str) -> http.HttpResponse:
        """Return what the script draws."""
        try:
            client = api.client(request)
            tree = client.get_pod_manager_topology(uuid).api_fields()
        except Error as exc:
            return live.failed(exc)
        names = _projects(
            request, {one['project_id'] for one in tree['nodes']}
        )
        return http.JsonResponse(drawing.Drawing(tree, names).render())


def _projects(
    request: http.HttpRequest, ids: set[str | None]
) -> dict[str, str]:
    if len(ids) > _MAX_PROJECTS:
        return dict(projects.every(request))
    return projects.names(request, ids)
