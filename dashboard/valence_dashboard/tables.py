# SPDX-License-Identifier: Apache-2.0
"""Base classes of the tables."""

import copy
from typing import Any
from urllib import parse

from django import http
from django.utils import formats
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from horizon import forms
from horizon import tables
from horizon.tables import base
from horizon.utils import functions

from valence_dashboard import api
from valence_dashboard import columns
from valence_dashboard import fields
from valence_dashboard import filters
from valence_dashboard import pods
from valence_dashboard.exceptions import NotFound


def column(name: str, show: Any = None, **options: Any) -> tables.Column:
    """Return a column of a field with its label.

    :param show: renders the cell from the record; by default the value is
        rendered as usual.
    """
    return tables.Column(
        show or (lambda record: fields.render(name, record.get(name))),
        verbose_name=options.pop('verbose_name', fields.label(name)),
        **options,
    )


class Cell(base.Cell):
    """A cell that is the same for the same content.

    The check box has a label for screen readers.
    """

    def get_data(
        self, datum: api.Record, column: tables.Column, row: tables.Row
    ) -> str:
        """Return the content of the cell."""
        if column.auto != 'multi_select':
            return super().get_data(datum, column, row)
        uuid = row.table.get_object_id(datum)
        box = forms.ThemableCheckboxInput(check_test=lambda value: False)
        known = {
            'id': f'{row.table.name}__choose__{uuid}',
            'class': 'table-row-multi-select',
            'aria-label': row.table.get_object_display(datum),
        }
        data = box.render('object_ids', uuid, known)
        row.table._data_cache[column][uuid] = data
        return data


class Row(tables.Row):
    """A row that looks stale if its pod manager is offline."""

    def load_cells(self, datum: api.Record = None) -> None:
        """Load the cells, and set the class of the row."""
        super().load_cells(datum)
        if self.datum.unreachable:
            self.classes.append('valence-stale')


class BaseTable(tables.DataTable):
    """A table that does not share mutable state with other requests.

    :ivar empty_message: what it says without rows; None: that there are none.
    """

    empty_message: str | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._meta.cell_class = Cell
        cls._meta.row_class = Row
        cls._meta.template = 'valence/_data_table.html'
        cls._meta.row_actions_dropdown_template = 'valence/_row_actions.html'

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        # Actions keep their table and its arguments. Horizon shares both
        # between requests.
        self._meta = copy.copy(self._meta)
        self.base_actions = {
            name: type(action)() for name, action in self.base_actions.items()
        }
        self._rows: dict[str, api.Record] = {}
        super().__init__(request, *args, **kwargs)

    def set_multiselect_column_visibility(self, visible: bool = True) -> None:
        """Hide the check boxes if there is no action for them.

        Horizon changes a list of classes that all requests share.
        """
        if self.multi_select:
            column = next(iter(self.columns.values()))
            classes = [one for one in column.classes if one != 'hidden']
            column.classes = classes if visible else [*classes, 'hidden']

    def get_empty_message(self) -> str:
        """Return what the table says without rows."""
        return self.empty_message or super().get_empty_message()

    def count(self) -> str:
        """Return how many rows the table has."""
        number = len(self.data)
        return (
            ngettext('Displaying %s item', 'Displaying %s items', number)
            % number
        )

    def read_row(self, request: http.HttpRequest, uuid: str) -> api.Record:
        """Read a row that is not in the table."""
        raise NotFound(_('The resource no longer exists.'))

    def get_object_by_id(self, lookup: str) -> api.Record:
        """Return the row of an action; read it only once."""
        if lookup not in self._rows:
            for row in self.data or ():
                self._rows[self.get_object_id(row)] = row
        if lookup not in self._rows:
            self._rows[lookup] = self.read_row(self.request, lookup)
        return self._rows[lookup]


class Table(BaseTable):
    """A paginated table.

    :cvar kind: the resource name in the proxy.
    :cvar filter_by: the filters that its list offers.
    :ivar kept: the parameters of the URL that other pages keep.
    :ivar first: the number of the first row on the page.
    :ivar total: the number of rows on all pages; None: not known.
    """

    kind: str
    filter_by: tuple[str, ...] = ()
    before = after = False
    first = 1
    total: int | None = None

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(request, *args, **kwargs)
        self.after_param = self._meta.pagination_param
        self.before_param = self._meta.prev_pagination_param
        self.first_param = self.after_param.replace('marker', 'first')
        self.kept = {'tab': request.GET.get('tab')}
        self._declared = {
            name: one for name, one in self.columns.items() if not one.auto
        }
        self._choice = columns.Choice(request, self.kind, [*self._declared])
        self._show_columns()

    def _show_columns(self) -> None:
        """Show the columns that the user has chosen."""
        automatic = {n: one for n, one in self.columns.items() if one.auto}
        last = {n: automatic.pop(n) for n in [*automatic] if n == 'actions'}
        shown = {
            name: self._declared.get(name) or self._undeclared(name)
            for name in self._choice.shown
        }
        self.columns = {**automatic, **shown, **last}

    def _undeclared(self, name: str) -> tables.Column:
        """Return a column of another field, as Horizon makes the declared."""
        made = column(name)
        made.name, made.table = name, self
        made.classes.append('normal_column')
        self._data_cache[made] = {}
        return made

    def column_boxes(self) -> list[dict[str, Any]]:
        """Return the columns to choose from, for the form."""
        return self._choice.boxes(
            {name: one.verbose_name for name, one in self._declared.items()}
        )

    def sort_on_the_server(self, given: filters.Filters) -> None:
        """Have the heads of columns be links that sort all pages."""
        self.kept = given.kept
        for column in self.columns.values():
            column.order = given.link(column.name)
            if column.order or self.before or self.after:
                # All lists share the list of classes.
                column.classes = [
                    one for one in column.classes if one != 'sortable'
                ]

    def count(self) -> str:
        """Return which of how many rows the page shows."""
        if not self.before and not self.after:
            return super().count()
        last = self.first + len(self.data) - 1
        total = self.total if self.after else last
        text = (
            _('%(first)s–%(last)s of more than %(last)s')
            if total is None
            else _('%(first)s–%(last)s of %(total)s')
        )
        numbers = {'first': self.first, 'last': last, 'total': total or 0}
        return text % {
            name: formats.number_format(one, force_grouping=True)
            for name, one in numbers.items()
        }

    def complete(self, rows: list[api.Record]) -> None:
        """Add to records what the API does not return with them.

        By default this is the name of the pod manager, and whether it is
        offline.
        """
        pods.complete(self.request, rows)

    def read_row(self, request: http.HttpRequest, uuid: str) -> api.Record:
        """Read a row again; it may be on another page."""
        row = api.get(request, self.kind, uuid)
        self.complete([row])
        return row

    def has_prev_data(self) -> bool:
        """Return whether there is a previous page."""
        return self.before

    def has_more_data(self) -> bool:
        """Return whether there is a next page."""
        return self.after

    def _page_query(self, parameter: str, marker: str, first: int) -> str:
        query = {
            **self.kept,
            self.first_param: max(1, first),
            parameter: marker,
        }
        return parse.urlencode({n: one for n, one in query.items() if one})

    def get_pagination_string(self) -> str:
        """Return the query of the next page."""
        return self._page_query(
            self.after_param,
            self.data[-1].id,
            self.first + len(self.data),
        )

    def get_prev_pagination_string(self) -> str:
        """Return the query of the previous page."""
        return self._page_query(
            self.before_param,
            self.data[0].id,
            self.first - functions.get_page_size(self.request),
        )
