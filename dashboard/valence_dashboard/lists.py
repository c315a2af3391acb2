# SPDX-License-Identifier: Apache-2.0
"""Base classes of lists: pages and tabs that show a page of a collection."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import tables as horizon_tables
from horizon import tabs
from horizon.utils import functions

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import live
from valence_dashboard import projects
from valence_dashboard.exceptions import Error
from valence_dashboard.messages import show_error
from valence_dashboard.tables import Table


class PageReader:
    """Reads a page of a collection into a table.

    The API filters, sorts and paginates.

    :cvar collection: the collection name in the proxy.
    :cvar query: the query parameters of every request.
    """

    collection: str
    query: dict[str, Any] = {}

    def read(self, table: Table, **filters: str) -> list[api.Record]:
        """Read the rows of the page in the URL.

        Errors are shown on the page.
        """
        meta, query = table._meta, self.request.GET
        before = query.get(meta.prev_pagination_param)
        marker = before or query.get(meta.pagination_param)
        try:
            page = api.page(
                self.request,
                self.collection,
                functions.get_page_size(self.request),
                marker,
                before is not None,
                **{**self.query, **filters},
            )
            table.complete(page.rows)
        except Error:
            show_error(self.request)
            table._no_data_message = _('The list cannot be loaded.')
            return []
        table.before, table.after = page.before, page.after
        return page.rows


class ListView(PageReader, live.View, horizon_tables.DataTableView):
    """A list."""

    template_name = 'valence/table.html'

    def get_data(self) -> list[api.Record]:
        """Return the rows; with a filter the API chooses the sort key."""
        given = {
            name: self._to_api(name, text)
            for name, text in self.get_filters().items()
        }
        if given:
            self.query = {**self.query}
            self.query.pop('sort_key', None)
            self.table._no_data_message = _('No matching items.')
        return self.read(self.table, **given)

    def _to_api(self, name: str, text: str) -> str:
        """Return the value for the API of a filter."""
        if name == 'project_id':
            return projects.to_filter(self.request, text)
        return fields.to_api(self.table.kind, name, text)


class ListTab(PageReader, tabs.TableTab):
    """A list of resources that belong to the resource of the page."""

    template_name = 'horizon/common/_detail_table.html'
    preload = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.table_classes = tuple(
            _without_filter(one) for one in cls.table_classes
        )

    def query_for(self, record: api.Record) -> dict[str, str]:
        """Return the filter for resources of this resource."""
        return {'podm_uuid': record.id}

    def load_table_data(self) -> None:
        """Read the page once."""
        if not self._table_data_loaded:
            (table,) = self._tables.values()
            table.data = self.read(
                table, **self.query_for(self.tab_group.kwargs['record'])
            )
            self._table_data_loaded = True


def _without_filter(table: type[Table]) -> type[Table]:
    """Return a table without filter, which Horizon does not support in tabs.

    It has its own pagination parameters, because all tabs share one URL.
    """
    actions = tuple(
        action
        for action in getattr(table.Meta, 'table_actions', ())
        if not issubclass(action, horizon_tables.FilterAction)
    )
    name = table.Meta.name
    own = {
        'table_actions': actions,
        'pagination_param': f'{name}_marker',
        'prev_pagination_param': f'{name}_prev_marker',
    }
    meta = type('Meta', (table.Meta,), own)
    return type(table.__name__, (table,), {'Meta': meta})
