# SPDX-License-Identifier: Apache-2.0
"""Base classes of the views."""

from collections import defaultdict
from typing import Any

from django import http
from django import shortcuts
from django.urls import reverse
from django.utils import html
from django.utils.translation import gettext_lazy as _
from horizon import exceptions
from horizon import forms
from horizon import tabs
from horizon import views
from horizon.utils.http import is_ajax
from openstack_dashboard import policy

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import live
from valence_dashboard import messages
from valence_dashboard import pods
from valence_dashboard import projects
from valence_dashboard.exceptions import Error
from valence_dashboard.exceptions import NotFound
from valence_dashboard.exceptions import Unauthorized


def record(
    request: http.HttpRequest, kind: str, uuid: str, fallback: str
) -> api.Record:
    """Return the resource of a page.

    :param fallback: the view to redirect to if it does not exist.
    """
    try:
        return api.get(request, kind, uuid)
    except NotFound:
        messages.show_error(request, redirect=reverse(fallback))
        raise


class ErrorPageView:
    """A view that shows an error page at its own URL."""

    def dispatch(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> http.HttpResponse:
        """Show the page, or an error page."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except Error as exc:
            if live.is_update(request):
                return live.failed(exc)
            if isinstance(exc, Unauthorized):
                messages.show_error(request)
                raise
            return _error_response(request, exc)


def _error_response(
    request: http.HttpRequest, exc: Error
) -> http.HttpResponse:
    """Return an error instead of a page, a part of it, or a form."""
    if is_ajax(request) and 'tab' in request.GET:
        # Horizon ignores error responses in tabs.
        return http.HttpResponse(html.escape(str(exc)))
    messages.show_error(request)
    context = {'page_title': _('Not Available')}
    return shortcuts.render(
        request, 'valence/unavailable.html', context, status=503
    )


class PolicyView:
    """A view that requires the permission of its action.

    :cvar action: the table action that opens the view.
    """

    action: type[actions.PolicyAction]

    def dispatch(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> http.HttpResponse:
        """Show the page if the policy allows it."""
        rules = (('composable', f'composable:{self.action.verb}'),)
        if not policy.check(rules, request):
            raise exceptions.NotAuthorized
        return super().dispatch(request, *args, **kwargs)


def unreachable(request: http.HttpRequest, found: api.Record) -> str | None:
    """Return that the pod manager of a resource is offline, if it is."""
    try:
        pods.complete(request, [found])
    except Error:
        return None  # not known; the page shows the rest
    return found.unreachable


class TabsView(live.View, ErrorPageView, tabs.TabbedTableView):
    """A resource with related resources in tabs.

    :cvar kind: the resource name in the proxy.
    :cvar index: the view of the list.
    :cvar actions_table: the table with the actions of the page.
    """

    template_name = 'valence/tabs.html'
    page_title = '{{ record.name }}'
    kind: str
    index: str
    actions_table: Any
    record: api.Record | None = None

    def read(self) -> api.Record:
        """Read the resource."""
        return record(self.request, self.kind, self.kwargs['uuid'], self.index)

    def get_tabs(self, request: http.HttpRequest, **kwargs: Any) -> Any:
        """Return the tabs, which get the resource as an argument."""
        if self.record is None:
            self.record = kwargs['record'] = self.read()
        return super().get_tabs(request, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the page header shows."""
        context = super().get_context_data(**kwargs)
        context['record'] = self.record
        context['unreachable'] = unreachable(self.request, self.record)
        context['url'] = reverse(self.index)
        table = self.actions_table(self.request)
        context['actions'] = table.render_row_actions(self.record)
        return context


def detail_url(view: str, uuid: str | None) -> str | None:
    """Return the URL of a resource, if there is one."""
    return reverse(view, args=(uuid,)) if uuid else None


# Reference fields: the collection they refer to, the policy rule to see the
# resource, and the panel that shows it.
_REFERENCES = {
    'podm_uuid': ('pod_managers', 'system:list', 'admin:pod_managers'),
    'chassis_uuid': ('chassis', 'chassis:list', 'admin:chassis'),
    'rack_uuid': ('chassis', 'chassis:list', 'admin:chassis'),
    'parent_uuid': ('chassis', 'chassis:list', 'admin:chassis'),
    'node_uuid': ('nodes', 'node:show', 'project:nodes'),
    'pool_uuid': ('pools', 'pool:show', 'admin:pools'),
    'flavor_uuid': ('flavors', 'flavor:show', 'project:flavors'),
}


def references(request: http.HttpRequest, found: api.Record) -> dict[str, str]:
    """Return the names of referenced resources as links, by field."""
    shown = {}
    uuids = defaultdict(set)
    for field, (collection, _rule, _panel) in _REFERENCES.items():
        uuids[collection].add(found.get(field))
    if found.project_id:
        shown['project_id'] = projects.name(request, found.project_id)
    for field, (collection, rule, panel) in _REFERENCES.items():
        uuid = found.get(field)
        if not uuid:
            continue
        try:
            names = api.names(request, collection, uuids[collection])
        except Error:
            continue
        name = shown[field] = names.get(uuid, uuid)
        if policy.check((('composable', f'composable:{rule}'),), request):
            url = reverse(f'horizon:{panel}:detail', args=(uuid,))
            shown[field] = link(url, name)
    return shown


def link(url: str, text: str) -> str:
    """Return a link."""
    return html.format_html('<a href="{}">{}</a>', url, text)


class DetailView(live.View, ErrorPageView, views.HorizonTemplateView):
    """All fields of a resource.

    :cvar kind: the resource name in the proxy.
    :cvar component: the schema name in the OpenAPI document.
    :cvar index: the view of the list.
    :cvar exclude: the fields to omit.
    """

    template_name = 'valence/detail.html'
    page_title = '{{ record.name }}'
    kind: str
    component: str
    index: str
    exclude: tuple[str, ...] = ()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the fields and actions of the resource."""
        context = super().get_context_data(**kwargs)
        found = record(
            self.request, self.kind, self.kwargs['uuid'], self.index
        )
        context['record'] = found
        context['unreachable'] = unreachable(self.request, found)
        context['url'] = reverse(self.index)
        context['details'] = fields.details(
            self.component, found, self.replacements(found), self.exclude
        )
        context['actions'] = self.actions(found)
        return context

    def replacements(self, found: api.Record) -> dict[str, str]:
        """Return what to show instead of the values of some fields."""
        return references(self.request, found)

    def actions(self, found: api.Record) -> Any:
        """Return the actions of the page."""


class FormView(PolicyView, ErrorPageView, forms.ModalFormView):
    """A form in a dialog, or as a page of its own.

    :cvar view: the name of this view.
    :cvar index: the view of the list, to return to.
    :cvar detail: the detail view to return to instead.
    :cvar title: the title of the dialog and the label of its button.
    :cvar text: what the dialog says above its fields.
    :cvar kind: the resource name in the proxy, if the form is for an existing
        resource.
    """

    template_name = 'valence/form.html'
    text = ''
    view: str
    index: str
    title: str
    kind: str | None = None
    detail: str | None = None

    @property
    def record(self) -> api.Record:
        """Return the resource of the form."""
        if not hasattr(self, '_record'):
            self._record = record(
                self.request, self.kind, self.kwargs['uuid'], self.index
            )
        return self._record

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add titles and URLs."""
        self.page_title = self.modal_header = self.submit_label = self.title
        self.submit_url = reverse(self.view, kwargs=self.kwargs)
        self.modal_id = f'{self.form_id}_modal'
        context = super().get_context_data(**kwargs)
        if self.kind:
            context['record'] = self.record
        context['text'] = self.text
        return context

    @property
    def form_id(self) -> str:
        """Return the HTML ID of the form."""
        return self.view.replace(':', '_').removeprefix('horizon_')

    @form_id.setter
    def form_id(self, value: None) -> None:
        """Ignore the default that Horizon sets."""

    @property
    def success_url(self) -> str:
        """Return the URL after success or cancel."""
        if self.detail:
            return reverse(self.detail, kwargs=self.kwargs)
        return reverse(self.index)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Pass the resource to the form."""
        kwargs = super().get_form_kwargs()
        if self.kind:
            kwargs['record'] = self.record
        return kwargs
