# SPDX-License-Identifier: Apache-2.0
"""What the panels of hardware share: a list, and all of one."""

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

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import tables
from valence_dashboard import views
from valence_dashboard.admin.pod_managers import tables as pod_tables

# What most hardware can be filtered by.
FILTERS = ('pod_manager', 'name', 'state', 'health', 'model', 'serial_number')


def health(record: api.Record) -> str:
    """Its health; that of what was not seen lately is not to be believed."""
    if record.missing_since or record.stale:
        return fields.state(
            'stale', str(_('The last reading could not confirm it.'))
        )
    return fields.state(record.health)


def use(record: api.Record) -> str:
    """Whether it can be had."""
    if record.node_uuid:
        return fields.state('used', str(_('It belongs to a node.')))
    if record.reserved_to:
        return fields.state(
            'reserved', str(_('To the project that had it last.'))
        )
    return fields.state(record.state)


def pod_manager() -> Any:
    """The column of the pod manager."""
    return tables.column(
        'pod_manager',
        'pod_manager',
        link=lambda record: views.address(pod_tables.DETAIL, record.podm_uuid),
    )


class Compose(tables.Policed, horizon_tables.Action):
    """Leads to the form that composes a node out of what is chosen."""

    name = 'compose'
    verbose_name = _('Compose Node')
    verbose_name_plural = _('Compose Node')
    icon = 'plus'
    verb = 'node:choose'

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Where it can be had."""
        return datum is None or bool(datum.free)

    def handle(
        self,
        data_table: tables.Table,
        request: http.HttpRequest,
        object_ids: list[str],
    ) -> http.HttpResponse:
        """Go there."""
        query = urlencode({'resources': '\n'.join(object_ids)})
        where = reverse('horizon:project:nodes:compose')
        return shortcuts.redirect(f'{where}?{query}')


class Unreserve(tables.Danger):
    """Frees what nobody has erased."""

    name = 'unreserve'
    icon = 'unlock'
    help_text = _(
        'What the project that had it last has left on it can then be read '
        'by the next one.'
    )

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Free for All', 'Free for All', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Freed', 'Freed', count)

    def allowed(self, request: Any, datum: Any = None) -> bool:
        """Where it is reserved."""
        return datum is None or bool(datum.reserved_to)


def urlpatterns(
    kind: str, component: str, collection: str, table: Any
) -> list[Any]:
    """The pages of a kind of hardware.

    :param kind: its name in the proxy.
    :param component: its name in the API's document.
    :param collection: the name of all of them in the proxy.
    :param table: shows them.
    """
    index = f'horizon:admin:{collection}:index'
    title = table._meta.verbose_name

    class Index(tables.ListView):
        table_class = table
        page_title = title

    class Detail(views.DetailView):
        def instead(self, found: api.Record) -> dict[str, str]:
            """With the pod manager's own words."""
            said = fields.source(found.properties)
            return {**super().instead(found), 'properties': said}

    Index.collection = collection
    Detail.kind, Detail.component, Detail.index = kind, component, index
    return [
        path('', Index.as_view(), name='index'),
        path('<uuid>/', Detail.as_view(), name='detail'),
    ]


def filters(collection: str, *more: str) -> Any:
    """The filter of a table of hardware."""
    known = schema.parameters('get', collection)
    wanted = (*FILTERS, *more)
    return tables.filters(collection, *(n for n in wanted if n in known))
