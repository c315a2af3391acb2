# SPDX-License-Identifier: Apache-2.0
"""What the tables of all panels share."""

import copy
import sys
from typing import Any
from urllib import parse

from django import http
from django.contrib import messages
from django.utils.translation import gettext_lazy as _
from horizon import exceptions
from horizon import forms
from horizon import tables
from horizon import tabs
from horizon.tables import base
from horizon.utils import functions
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard.exceptions import Error
from valence_dashboard.exceptions import NotFound
from valence_dashboard.exceptions import Unauthorized


def tell(request: http.HttpRequest, **kwargs: Any) -> Any:
    """Show the user the error that is being handled, in its own words.

    What the page before a redirect has said is not said again.
    """
    exc = sys.exc_info()[1]
    shown = messages.get_messages(request)
    again = any(one.message == str(exc) for one in shown)
    shown.used = False  # they are still to be shown
    return exceptions.handle(
        request,
        '%(exc)s',
        details='',
        log_level='info',
        ignore=again and not isinstance(exc, Unauthorized),
        **kwargs,
    )


def column(name: str, show: Any = None, **options: Any) -> tables.Column:
    """A column of a field, under the name that the pages have for it.

    :param show: makes the cell out of the record; without it, the value is
        shown as everywhere.
    """
    return tables.Column(
        show or (lambda record: fields.show(name, record.get(name))),
        verbose_name=options.pop('verbose_name', fields.label(name)),
        **options,
    )


def filters(collection: str, *only: str) -> type[tables.FilterAction]:
    """The filter of a table, by what the API can filter its collection by.

    :param only: the parameters that are offered; the API decides what it
        takes.
    """
    known = schema.parameters('get', collection)
    choices = tuple(
        (
            name,
            f'{fields.measured(name)} =',
            True,
            known[name].get('description', ''),
        )
        for name in only
    )
    return type(
        'Filter',
        (tables.FilterAction,),
        {'filter_type': 'server', 'filter_choices': choices},
    )


# What Horizon answers for a row that cannot be read. To a browser, it means
# that the answer is still to come.
_RECOVERABLE = exceptions.RecoverableError.status_code


class Row(tables.Row):
    """A row that is asked for anew until it has come to rest.

    The table tells by the column ``settled``.
    """

    ajax = True

    def get_data(self, request: http.HttpRequest, obj_id: str) -> Any:
        """The record as it is now."""
        return self.table.read_one(request, obj_id)


def settled(told: Any) -> tables.Column:
    """A hidden column that says whether a row may still change by itself."""
    return tables.Column(
        lambda record: 'true' if told(record) else 'unknown', hidden=True
    )


class Policed:
    """An action that is there for those alone who may do it.

    :cvar verb: what it does in the rules of Valence, such as ``node:delete``.
    """

    verb: str

    def _allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        self.policy_rules = (('composable', f'composable:{self.verb}'),)
        return super()._allowed(request, datum)

    def get_policy_target(
        self, request: http.HttpRequest, datum: Any = None
    ) -> dict[str, Any]:
        """Whose it is."""
        if datum is None or not datum.project_id:
            return {}
        return {'project_id': datum.project_id}


class Link(Policed, tables.LinkAction):
    """Leads to a form."""

    classes = ('ajax-modal',)


class Batch(Policed, tables.BatchAction):
    """Does something to one or several, and tells why it cannot."""

    def handle(
        self,
        table: tables.DataTable,
        request: http.HttpRequest,
        obj_ids: list[str],
    ) -> http.HttpResponse:
        """Do it to those that are there, and tell of the others.

        Horizon would give up at the first one that cannot be read.
        """
        there = []
        for obj_id in obj_ids:
            try:
                table.get_object_by_id(obj_id)
            except Error:
                tell(request)
            else:
                there.append(obj_id)
        return super().handle(table, request, there)

    def action(self, request: http.HttpRequest, obj_id: str) -> None:
        """Do it to one."""
        try:
            self.act(api.client(request), obj_id)
        except Error:
            tell(request, escalate=True)

    def act(self, client: api.Client, uuid: str) -> None:
        """Ask Valence to do it."""
        raise NotImplementedError


class Danger(Batch):
    """Does something that is not to be done by mistake: Horizon asks."""

    icon = 'trash'
    action_type = 'danger'


class Cell(base.Cell):
    """A cell, the same whenever the same is in it.

    The check box has a name for those who do not see what it stands beside.
    """

    def get_data(
        self, datum: api.Record, column: tables.Column, row: tables.Row
    ) -> str:
        """What is shown."""
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


class Base(tables.DataTable):
    """A table that shares nothing that changes with other requests."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._meta.cell_class = Cell
        cls._meta.table_actions_template = 'valence/_table_actions.html'
        cls._meta.row_actions_dropdown_template = 'valence/_row_actions.html'

    def __init__(
        self, request: http.HttpRequest, *args: Any, **kwargs: Any
    ) -> None:
        # Actions know the table that they belong to, and what its page is
        # about; the filter knows what the user has typed.
        self._meta = copy.copy(self._meta)
        self.base_actions = {
            name: type(action)() for name, action in self.base_actions.items()
        }
        if self._meta._filter_action:
            name = self._meta._filter_action.name
            self._meta._filter_action = self.base_actions[name]
        self._found: dict[str, api.Record] = {}
        super().__init__(request, *args, **kwargs)

    def set_multiselect_column_visibility(self, visible: bool = True) -> None:
        """Hide the check boxes where there is no action for them.

        Horizon changes the list of classes that all requests share.
        """
        if self.multi_select:
            column = next(iter(self.columns.values()))
            classes = [one for one in column.classes if one != 'hidden']
            column.classes = classes if visible else [*classes, 'hidden']

    def read_one(self, request: http.HttpRequest, uuid: str) -> api.Record:
        """A row that the table does not show."""
        raise NotFound(_('It does not exist any longer.'))

    def get_object_by_id(self, lookup: str) -> api.Record:
        """The row that an action is for, read once."""
        if lookup not in self._found:
            for row in self.data or ():
                self._found[self.get_object_id(row)] = row
        if lookup not in self._found:
            self._found[lookup] = self.read_one(self.request, lookup)
        return self._found[lookup]


class Table(Base):
    """A table whose pages stay with what the page is about.

    :cvar kind: what its rows are called in the proxy.
    """

    KEPT = ('tab',)
    kind: str
    before = after = False

    def read_one(self, request: http.HttpRequest, uuid: str) -> api.Record:
        """A row as it is now, be it on another page."""
        return api.get(request, self.kind, uuid)

    def maybe_preempt(self) -> http.HttpResponse | None:
        """Answer a row that is asked for anew, if that is what is asked."""
        answer = super().maybe_preempt()
        if answer is not None and answer.status_code == _RECOVERABLE:
            answer.status_code = 503
        return answer

    def has_prev_data(self) -> bool:
        """Whether there is a page before this one."""
        return self.before

    def has_more_data(self) -> bool:
        """Whether there is a page after this one."""
        return self.after

    def _address(self, parameter: str, marker: str) -> str:
        kept = [
            (name, self.request.GET[name])
            for name in self.KEPT
            if name in self.request.GET
        ]
        return parse.urlencode([*kept, (parameter, marker)])

    def get_pagination_string(self) -> str:
        """The query of the next page."""
        return self._address(self._meta.pagination_param, self.data[-1].id)

    def get_prev_pagination_string(self) -> str:
        """The query of the page before."""
        return self._address(self._meta.prev_pagination_param, self.data[0].id)


class Reader:
    """Reads a page of a collection into a table.

    The API filters, sorts and counts off.

    :cvar collection: what the proxy calls it.
    :cvar query: what is always asked for.
    """

    collection: str
    query: dict[str, Any] = {}

    def read(self, table: Table, **filters: str) -> list[api.Record]:
        """Read the page that the address names; the rows of it.

        What goes wrong is told on the page.
        """
        meta, given = table._meta, self.request.GET
        before = given.get(meta.prev_pagination_param)
        marker = before or given.get(meta.pagination_param)
        try:
            rows, further = api.page(
                self.request,
                self.collection,
                functions.get_page_size(self.request),
                marker,
                before is not None,
                **{**self.query, **filters},
            )
            self.complete(rows)
        except Error:
            tell(self.request)
            table._no_data_message = _('They could not be read.')
            return []
        table.after = before is not None or further
        table.before = further if before else marker is not None
        return rows

    def complete(self, rows: list[api.Record]) -> None:
        """Add what the collection does not tell: the names of others."""
        named = api.names(
            self.request, 'pod_managers', (row.podm_uuid for row in rows)
        )
        for row in rows:
            row['pod_manager'] = named.get(row.podm_uuid)


class ListView(Reader, tables.DataTableView):
    """A page of a collection."""

    template_name = 'valence/table.html'

    def get_data(self) -> list[api.Record]:
        """The rows of the page; the API sorts by what suits the filter."""
        given = {
            name: fields.meant(self.table.kind, name, text)
            for name, text in self.get_filters().items()
        }
        if given:
            self.query = {**self.query}
            self.query.pop('sort_key', None)
            self.table._no_data_message = _('Nothing matches.')
        return self.read(self.table, **given)


class ListTab(Reader, tabs.TableTab):
    """A page of what belongs to the resource that the tabs are about."""

    template_name = 'horizon/common/_detail_table.html'
    preload = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.table_classes = tuple(
            _unfiltered(one) for one in cls.table_classes
        )

    def of(self, record: api.Record) -> dict[str, str]:
        """The filter for what belongs to a resource."""
        return {'podm_uuid': record.id}

    def load_table_data(self) -> None:
        """Read the page, once."""
        if not self._table_data_loaded:
            (table,) = self._tables.values()
            table.data = self.read(
                table, **self.of(self.tab_group.kwargs['record'])
            )
            self._table_data_loaded = True


def _unfiltered(table: type[Table]) -> type[Table]:
    """A table without its filter, which Horizon does not know in tabs.

    It turns its pages alone: the tabs of a page have one address.
    """
    actions = tuple(
        action
        for action in getattr(table.Meta, 'table_actions', ())
        if not issubclass(action, tables.FilterAction)
    )
    name = table.Meta.name
    own = {
        'table_actions': actions,
        'pagination_param': f'{name}_marker',
        'prev_pagination_param': f'{name}_prev_marker',
    }
    meta = type('Meta', (table.Meta,), own)
    return type(table.__name__, (table,), {'Meta': meta})
