# SPDX-License-Identifier: Apache-2.0
"""Shared code of the hardware panels: lists and detail pages."""

from typing import Any

from django import http
from django import shortcuts
from django.urls import path
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from horizon import tables as horizon_tables
from valenceclient import schema

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import forms
from valence_dashboard import history
from valence_dashboard import lists
from valence_dashboard import pods
from valence_dashboard import tables
from valence_dashboard import views
from valence_dashboard.admin.conditions import tables as conditions

# Filters that most kinds of hardware have.
FILTERS = (
    *('pod_manager', 'name', 'state', 'health', 'model', 'serial_number'),
    *('tags', 'traits', 'mac_address'),
)


def health(record: api.Record) -> str:
    """Show the health, or that the row is stale."""
    if record.missing_since or record.stale:
        return fields.state(
            'stale', str(_('The last sync could not read it.'))
        )
    if record.unreachable:
        return fields.state('stale', record.unreachable)
    return fields.state(record.health)


def availability(record: api.Record) -> str:
    """Show whether the hardware is available."""
    if record.node_uuid:
        return fields.state('used', str(_('It is allocated to a node.')))
    if record.hold_uuid:
        return fields.state('held', str(_('A hold keeps it for a time.')))
    if record.reserved_to:
        return fields.state(
            'reserved', str(_('For the project that used it last.'))
        )
    if record.unreachable:
        return pods.state(record)
    return fields.state(record.state)


def pod_manager() -> Any:
    """Return the column of the pod manager."""
    return tables.column(
        'pod_manager',
        'pod_manager',
        link=lambda record: views.detail_url(
            'horizon:admin:pod_managers:detail', record.podm_uuid
        ),
    )


class Compose(actions.PolicyAction, horizon_tables.Action):
    """Opens the compose form with the selected hardware."""

    name = 'compose'
    verbose_name = _('Compose Node')
    verbose_name_plural = _('Compose Node')
    icon = 'plus'
    verb = 'node:choose'

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for free hardware."""
        return datum is None or bool(datum.free)

    def handle(
        self,
        data_table: tables.Table,
        request: http.HttpRequest,
        object_ids: list[str],
    ) -> http.HttpResponse:
        """Redirect to the form."""
        query = urlencode({'resources': '\n'.join(object_ids)})
        url = reverse('horizon:project:nodes:compose')
        return shortcuts.redirect(f'{url}?{query}')


class SetCondition(conditions.Set):
    """Opens the form for a condition of the row."""

    name = 'condition'
    subject: str

    def get_link_url(self, datum: api.Record) -> str:
        """Return the URL of the form."""
        is_rack = self.subject == 'chassis' and datum.type == 'rack'
        return conditions.set_url(
            'rack' if is_rack else self.subject, datum.id
        )


class SetTags(actions.LinkAction):
    """Opens the form for the tags of the row."""

    name = 'tags'
    verbose_name = _('Edit Tags')
    icon = 'tags'


def links(kind: str, collection: str) -> tuple[Any, Any]:
    """Return the actions that open forms of a hardware panel."""
    url = f'horizon:admin:{collection}:tags'
    tags = {'url': url, 'verb': f'{kind}:update'}
    return (
        type('SetTags', (SetTags,), tags),
        type('SetCondition', (SetCondition,), {'subject': kind}),
    )


class Unreserve(actions.DangerAction):
    """Removes the reservation of hardware that was not erased."""

    name = 'unreserve'
    icon = 'unlock'
    help_text = _(
        'The next project can read the data that the last project left on it.'
    )

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy(
            'Remove Reservation', 'Remove Reservations', count
        )

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy(
            'Removed reservation', 'Removed reservations', count
        )

    def allowed(self, request: Any, datum: Any = None) -> bool:
        """Allow it for reserved hardware."""
        return datum is None or bool(datum.reserved_to)


def urlpatterns(
    kind: str, component: str, collection: str, table: Any
) -> list[Any]:
    """Return the URL patterns of a hardware panel.

    :param kind: the resource name in the proxy.
    :param component: the schema name in the OpenAPI document.
    :param collection: the collection name in the proxy.
    :param table: the table class of the list.
    """
    title = table.Meta.verbose_name

    class Index(lists.ListView):
        table_class = table
        page_title = title

    Index.collection = collection
    found = [
        path('', Index.as_view(), name='index'),
        path(
            '<uuid>/',
            _detail(kind, component, collection, table),
            name='detail',
        ),
    ]
    if _tags_body(collection)['properties']:
        view = _tags_view(kind, collection, table)
        found.append(path('<uuid>/tags/', view, name='tags'))
    return found


def _tags_body(collection: str) -> dict[str, Any]:
    return schema.body('patch', f'{collection}/{{id}}')


def _detail(kind: str, component: str, collection: str, table: Any) -> Any:
    """Return the view of one resource, with its history if it has one."""

    class Detail(views.DetailView):
        template_name = 'valence/inventory.html'

        def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
            """Add the history."""
            context = super().get_context_data(**kwargs)
            if schema.summary('get', f'{collection}/{{id}}/history'):
                context['history'] = history.periods(
                    self.request, collection, context['record'].id
                )
            return context

        def replacements(self, found: api.Record) -> dict[str, str]:
            """Show the raw vendor properties as JSON."""
            properties = fields.render_json(found.properties)
            return {**super().replacements(found), 'properties': properties}

        def actions(self, found: api.Record) -> Any:
            """Return the actions of the row."""
            return table(self.request).render_row_actions(found)

    Detail.kind, Detail.component = kind, component
    Detail.index = f'horizon:admin:{collection}:index'
    return Detail.as_view()


def _tags_view(kind: str, collection: str, table: Any) -> Any:
    """Return the view of the form for tags."""

    class Tags(forms.ResourceForm):
        order = ('tags',)
        success_text = _('Changed the tags of %s.')

    Tags.kind, Tags.schema = kind, _tags_body(collection)

    class View(views.FormView):
        action = links(kind, collection)[0]
        form_class = Tags
        title = _('Edit Tags')

    View.kind = kind
    View.view = f'horizon:admin:{collection}:tags'
    View.index = f'horizon:admin:{collection}:index'
    View.detail = f'horizon:admin:{collection}:detail'
    return View.as_view()


def filters(collection: str, *more: str) -> tuple[str, ...]:
    """Return the filters of a hardware table."""
    known = schema.parameters('get', collection)
    return tuple(name for name in (*FILTERS, *more) if name in known)
