# SPDX-License-Identifier: Apache-2.0
import hashlib
import json
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
#: Which pods are drawn, as UUIDs separated by commas.
OPEN = 'open'
# Of so many projects the names are requested one by one, and of more at once.
_MAX_PROJECTS = 10


class _Page(live.View, views.HorizonTemplateView):
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
            drawn = self.drawn(found)
            context['pods'] = [
                _pod(one, self._version(one.id, drawn)) for one in found
            ]
        except Error:
            messages.show_error(self.request)
        return context

    def drawn(self, found: list[api.Record]) -> set[str]:
        """Return the UUIDs of the pods that are drawn."""
        opened = set(self.request.GET.get(OPEN, '').split(','))
        if OPEN not in self.request.GET and len(found) == 1:
            return {found[0].id}
        return opened & {one.id for one in found}

    def _version(self, uuid: str, drawn: set[str]) -> str | None:
        """Return the version of a drawing; None: it is not drawn.

        It is read for updates only: the script asks for the drawings of a new
        page, with their versions.
        """
        if uuid not in drawn:
            return None
        if not live.is_update(self.request):
            return ''
        return _version(_tree(self.request, uuid))

    def pods(self) -> dict[str, Any]:
        """Return ``found``, the pod managers, and more of the context."""
        raise NotImplementedError


def _pod(record: api.Record, version: str | None) -> Any:
    """Return what the template shows of a pod manager.

    :param version: that of its drawing, if it is drawn.
    """
    return {
        'is_open': version is not None,
        'version': version,
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
        return {'found': found, 'is_single': True}


class Data(generic.View):
    """The drawing of a pod, as JSON."""

    def get(self, request: http.HttpRequest, uuid: str) -> http.HttpResponse:
        """Return what the script draws."""
        try:
            tree = _tree(request, uuid)
        except Error as exc:
            return live.failed(exc)
        names = _projects(
            request, {one['project_id'] for one in tree['nodes']}
        )
        drawn = drawing.Drawing(tree, names).render()
        return http.JsonResponse({**drawn, 'version': _version(tree)})


def _tree(request: http.HttpRequest, uuid: str) -> dict[str, Any]:
    client = api.client(request)
    tree: dict[str, Any] = client.get_pod_manager_topology(uuid).api_fields()
    return tree


def _version(tree: dict[str, Any]) -> str:
    """Return what another tree does not have."""
    text = json.dumps(tree, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _projects(
    request: http.HttpRequest, ids: set[str | None]
) -> dict[str, str]:
    if len(ids) > _MAX_PROJECTS:
        return dict(projects.every(request))
    return projects.names(request, ids)
