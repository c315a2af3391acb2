# SPDX-License-Identifier: Apache-2.0
"""What the pages of all panels share."""

from typing import Any

from django import http
from django import shortcuts
from django.urls import reverse
from django.utils import html
from django.utils.translation import gettext_lazy as _
from django.views import generic
from horizon import exceptions
from horizon import forms
from horizon import tabs
from horizon import views
from horizon.utils.http import is_ajax
from openstack_dashboard import policy

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import tables
from valence_dashboard.exceptions import Error
from valence_dashboard.exceptions import NotFound
from valence_dashboard.exceptions import Unauthorized


def record(
    request: http.HttpRequest, kind: str, uuid: str, otherwise: str
) -> api.Record:
    """What a page is about.

    :param otherwise: the view to go to where there is none.
    """
    try:
        return api.get(request, kind, uuid)
    except NotFound:
        tables.tell(request, redirect=reverse(otherwise))
        raise


class Steady:
    """A view that stays at its address when what it shows cannot be read."""

    def dispatch(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> http.HttpResponse:
        """Answer, be it that there is no answer."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except Unauthorized:
            tables.tell(request)
            raise
        except Error as exc:
            return _unread(request, exc)


def _unread(request: http.HttpRequest, exc: Error) -> http.HttpResponse:
    """What is answered instead of a page, a part of it, or a form."""
    if is_ajax(request) and 'action' in request.GET:
        # A row: the page asks again, and says itself that it does.
        return http.HttpResponse(status=503)
    if is_ajax(request) and 'tab' in request.GET:
        # Horizon shows no other answer in a tab.
        return http.HttpResponse(html.escape(str(exc)))
    tables.tell(request)
    context = {'page_title': _('Not Available')}
    return shortcuts.render(
        request, 'valence/unread.html', context, status=503
    )


class Guarded:
    """A view for those alone who may do what it is for.

    :cvar action: leads there, and is shown to nobody else.
    """

    action: type[tables.Policed]

    def dispatch(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> http.HttpResponse:
        """Answer those who may."""
        rules = (('composable', f'composable:{self.action.verb}'),)
        if not policy.check(rules, request):
            raise exceptions.NotAuthorized
        return super().dispatch(request, *args, **kwargs)


class TabsView(Steady, tabs.TabbedTableView):
    """A resource, and in tabs what belongs to it."""


def address(view: str, uuid: str | None) -> str | None:
    """Where a resource is shown, if there is one."""
    return reverse(view, args=(uuid,)) if uuid else None


# Fields that refer to something: in which collection it is found, what may be
# seen by those whom the rules allow it, and where it is shown.
_REFERENCES = {
    'podm_uuid': ('pod_managers', 'system:list', 'admin:pod_managers'),
    'chassis_uuid': ('chassis', 'chassis:list', 'admin:chassis'),
    'rack_uuid': ('chassis', 'chassis:list', 'admin:chassis'),
    'parent_uuid': ('chassis', 'chassis:list', 'admin:chassis'),
    'node_uuid': ('nodes', 'node:show', 'project:nodes'),
    'flavor_uuid': ('flavors', 'flavor:show', 'project:flavors'),
}


def references(request: http.HttpRequest, found: api.Record) -> dict[str, str]:
    """The names of what a resource refers to, as links, by field."""
    shown = {}
    for field, (collection, rule, panel) in _REFERENCES.items():
        uuid = found.get(field)
        if not uuid:
            continue
        try:
            name = api.names(request, collection, [uuid]).get(uuid, uuid)
        except Error:
            continue
        shown[field] = name
        if policy.check((('composable', f'composable:{rule}'),), request):
            url = reverse(f'horizon:{panel}:detail', args=(uuid,))
            shown[field] = link(url, name)
    return shown


def link(url: str, text: str) -> str:
    """A link."""
    return html.format_html('<a href="{}">{}</a>', url, text)


class DetailView(Steady, views.HorizonTemplateView):
    """All that the API tells of a resource.

    :cvar kind: its name in the proxy.
    :cvar component: its name in the API's document.
    :cvar index: the view of the list.
    :cvar without: the fields that are not shown among the others.
    """

    template_name = 'valence/detail.html'
    page_title = '{{ record.name }}'
    kind: str
    component: str
    index: str
    without: tuple[str, ...] = ()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The resource, field by field, and where its references lead."""
        context = super().get_context_data(**kwargs)
        found = record(
            self.request, self.kind, self.kwargs['uuid'], self.index
        )
        context['record'] = found
        context['details'] = fields.details(
            self.component, found, self.instead(found), self.without
        )
        context['actions'] = self.actions(found)
        return context

    def instead(self, found: api.Record) -> dict[str, str]:
        """What is shown of some fields in the place of the value."""
        return references(self.request, found)

    def actions(self, found: api.Record) -> Any:
        """The buttons of the page."""


class Live(generic.View):
    """The status of something that may change while its page is open.

    :cvar kind: its name in the proxy.
    """

    kind: str

    def get(self, request: http.HttpRequest, uuid: str) -> http.HttpResponse:
        """The part of the page that changes."""
        try:
            found = api.get(request, self.kind, uuid)
            context = self.status(request, found)
        except NotFound:
            return http.HttpResponse(status=404)
        except Unauthorized:
            return http.HttpResponse(status=401)
        except Error as exc:
            return http.HttpResponse(str(exc), status=503)
        return shortcuts.render(request, 'valence/_status.html', context)

    @staticmethod
    def status(
        request: http.HttpRequest, found: api.Record
    ) -> dict[str, str | None]:
        """What is shown: ``status``, and where there is one an ``error`` or
        a ``warning``; ``live`` is the address of this view until it is at
        rest.
        """
        raise NotImplementedError


class FormView(Guarded, Steady, forms.ModalFormView):
    """A form that opens above the page, or as a page of its own.

    :cvar view: its own address, which takes what is sent.
    :cvar index: the view of the list, to return to.
    :cvar detail: the view of what it is about, to return to instead.
    :cvar title: of the window, and of the button.
    :cvar kind: what it is about, if it is about something that is there.
    """

    template_name = 'valence/form.html'
    view: str
    index: str
    title: str
    kind: str | None = None
    detail: str | None = None

    @property
    def record(self) -> api.Record:
        """What the form is about."""
        if not hasattr(self, '_record'):
            self._record = record(
                self.request, self.kind, self.kwargs['uuid'], self.index
            )
        return self._record

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Titles and addresses, which follow from the view's names."""
        self.page_title = self.modal_header = self.submit_label = self.title
        self.submit_url = reverse(self.view, kwargs=self.kwargs)
        self.modal_id = f'{self.form_id}_modal'
        context = super().get_context_data(**kwargs)
        if self.kind:
            context['record'] = self.record
        return context

    @property
    def form_id(self) -> str:
        """The id of the form in the page."""
        return self.view.replace(':', '_').removeprefix('horizon_')

    @form_id.setter
    def form_id(self, value: None) -> None:
        """Horizon's own default."""

    @property
    def success_url(self) -> str:
        """Where to go when it is done, or is not to be done."""
        if self.detail:
            return reverse(self.detail, kwargs=self.kwargs)
        return reverse(self.index)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Give the form what it is about."""
        kwargs = super().get_form_kwargs()
        if self.kind:
            kwargs['record'] = self.record
        return kwargs
