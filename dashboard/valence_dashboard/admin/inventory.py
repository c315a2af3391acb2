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
from valence_dashboard import lists
from valence_dashboard import tables
from valence_dashboard import views
from valence_dashboard.admin.pod_managers import tables as pod_tables

# Filters that most kinds of hardware have.
FILTERS = ('pod_manager', 'name', 'state', 'health', 'model', 'serial_number')


def health(record: api.Record) -> str:
    """Show the health, or that the row is stale."""
    if record.missing_since or record.stale:
        return fields.state(
            'stale', str(_('The last sync could not read it.'))
        )
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
    return fields.state(record.state)


def pod_manager() -> Any:
    """Return the column of the pod manager."""
    return tables.column(
        'pod_manager',
        'pod_manager',
        link=lambda record: views.detail_url(
            pod_tables.DETAIL, record.podm_uuid
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
    index = f'horizon:admin:{collection}:index'
    title = table._meta.verbose_name

    class Index(lists.ListView):
        table_class = table
        page_title = title

    class Detail(views.DetailView):
        def replacements(self, found: api.Record) -> dict[str, str]:
            """Show the raw vendor properties as JSON."""
            properties = fields.render_json(found.properties)
            return {**super().replacements(found), 'properties': properties}

    Index.collection = collection
    Detail.kind, Detail.component, Detail.index = kind, component, index
    return [
        path('', Index.as_view(), name='index'),
        path('<uuid>/', Detail.as_view(), name='detail'),
    ]


def filters(collection: str, *more: str) -> Any:
    """Return the filter action of a hardware table."""
    known = schema.parameters('get', collection)
    names = (*FILTERS, *more)
    return actions.filter_action(collection, *(n for n in names if n in known))
