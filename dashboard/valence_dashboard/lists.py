# SPDX-License-Identifier: Apache-2.0
"""Base classes of lists: pages and tabs that show a page of a collection."""

from typing import Any

from django import http
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from horizon import tables as horizon_tables
from horizon import tabs
from horizon.utils import functions

from valence_dashboard import api
from valence_dashboard import columns
from valence_dashboard import export
from valence_dashboard import live
from valence_dashboard.exceptions import Error
from valence_dashboard.filters import NAME
from valence_dashboard.filters import ORDER
from valence_dashboard.filters import TEXT
from valence_dashboard.filters import Filters
from valence_dashboard.filters import first
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

    def read(self, table: Table, **given: str) -> list[api.Record]:
        """Read the rows of the page in the URL.

        Errors are shown on the page.
        """
        query = self.request.GET
        table.first = first(self.request, table.first_param)
        before = query.get(table.before_param)
        marker = before or query.get(table.after_param)
        try:
            page = api.page(
                self.request,
                self.collection,
                functions.get_page_size(self.request),
                marker,
                before is not None,
                **{**self.query, **given},
            )
            table.complete(page.rows)
            if page.after:
                table.total = self.count(**given)
        except Error:
            show_error(self.request)
            table.empty_message = _('The list cannot be loaded.')
            return []
        table.before, table.after = page.before, page.after
        if not page.before:
            table.first = 1
        return page.rows

    def count(self, **given: str) -> int | None:
        """Return how many rows there are on all pages, if that is cheap.

        A search for a part of a text would compare all of them.
        """
        if any(text.startswith('contains:') for text in given.values()):
            return None
        query = {**self.query, **given}
        return api.count(
            self.request,
            self.collection,
            **{n: one for n, one in query.items() if n not in ORDER},
        )


class ListView(PageReader, live.View, horizon_tables.DataTableView):
    """A list."""

    template_name = 'valence/table.html'
    #: Whether it shows this project only, even if the user can see others.
    is_own = False

    def get(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> http.HttpResponse:
        """Return the page; its forms lead to its URL."""
        self.filters = Filters(
            request,
            self.table_class.kind,
            self.collection,
            self.table_class.filter_by,
        )
        if columns.COLUMN in request.GET:
            return columns.remember(
                request, self.table_class.kind, self.filters
            )
        url = self.filters.redirect()
        if url:
            return redirect(url)
        if request.GET.get('format') == 'csv':
            return self.export()
        return super().get(request, *args, **kwargs)

    def export(self) -> http.HttpResponse:
        """Return the list as a file, or the page with what is wrong."""
        try:
            return export.response(
                self.request,
                self.table_class,
                self.collection,
                {**self.base_query(), **self.filters.to_api()},
            )
        except Error:
            show_error(self.request)
            return redirect(self.request.path + self.filters.url())

    def get_data(self) -> list[api.Record]:
        """Return the rows of the page."""
        self.query = self.base_query()
        if self.filters.given:
            self.table.empty_message = _('No matching items.')
        try:
            given = self.filters.to_api()
        except Error:
            show_error(self.request)
            return []
        rows = self.read(self.table, **given)
        self.table.sort_on_the_server(self.filters)
        return rows

    def base_query(self) -> dict[str, Any]:
        """Return the query without filters of the user.

        With a filter the API chooses the sort key, unless the user did.
        """
        query = {**self.query}
        if self.filters.given:
            query.pop('sort_key', None)
        if self.filters.order:
            query |= {'sort_dir': 'asc', **self.filters.order}
        if self.is_own:
            query['project_id'] = self.request.user.project_id
        return query

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the forms show."""
        return {
            **super().get_context_data(**kwargs),
            'filters': self.filters,
            'names': {'name': NAME, 'text': TEXT, 'column': columns.COLUMN},
        }


class ListTab(PageReader, tabs.TableTab):
    """A list of resources that belong to the resource of the page."""

    template_name = 'horizon/common/_detail_table.html'
    preload = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.table_classes = tuple(_in_tab(one) for one in cls.table_classes)

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


def _in_tab(table: type[Table]) -> type[Table]:
    """Return a table with its own pagination parameters.

    All tabs share one URL.
    """
    name = table.Meta.name
    own = {
        'pagination_param': f'{name}_marker',
        'prev_pagination_param': f'{name}_prev_marker',
    }
    meta = type('Meta', (table.Meta,), own)
    return type(table.__name__, (table,), {'Meta': meta})
