# SPDX-License-Identifier: Apache-2.0
"""Operations, wherever they are shown."""

from collections.abc import Iterable
from typing import Any

from django import http
from django.utils import html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import tables
from valence_dashboard import views
from valence_dashboard.exceptions import Error

OPEN = 'in:pending,running'
DETAIL = 'horizon:project:operations:detail'
# Where what is changed is shown, by its kind.
_TARGETS = {
    'nodes': 'horizon:project:nodes:detail',
    'pod_managers': 'horizon:admin:pod_managers:detail',
}


def is_open(operation: api.Record) -> bool:
    """Whether it has not come to its end."""
    return operation.state in ('pending', 'running')


def progress(operation: api.Record) -> str:
    """How far it is, as a label, or as a bar while it runs."""
    if not is_open(operation):
        return fields.state(operation.state, operation.error)
    doing = (
        _('cancelling')
        if operation.cancel_requested or operation.undoing
        else operation.action
    )
    return html.format_html(
        '<div class="valence-progress"><progress max="100" value="{}"'
        ' aria-label="{}"></progress> <span>{} {}%</span></div>',
        operation.progress,
        doing,
        doing,
        operation.progress,
    )


def of_targets(
    request: http.HttpRequest, uuids: Iterable[str]
) -> dict[str, api.Record]:
    """The open operation of each resource that has one, by one question."""
    wanted = ','.join(sorted(uuids))
    if not wanted:
        return {}
    found = api.many(
        request, 'operations', 100, target_uuid=f'in:{wanted}', state=OPEN
    )
    return {operation.target_uuid: operation for operation in found}


class Cancel(tables.Danger):
    name = 'cancel'
    icon = 'stop'
    verb = 'operation:delete'
    help_text = _('What was done is undone.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Cancel Operation', 'Cancel Operations', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy(
            'Cancelling operation', 'Cancelling operations', count
        )

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """While it is open, and nobody has cancelled it."""
        return datum is not None and (
            is_open(datum) and not datum.cancel_requested
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Cancel it."""
        client.cancel_operation(uuid, ignore_missing=False)


def target(operation: api.Record) -> str:
    """What it changes; what is gone has no name any more."""
    return str(operation.target or operation.target_uuid)


def address(operation: api.Record) -> str | None:
    """Where that is shown, if it is there."""
    view = _TARGETS.get(operation.target_type or '')
    if view is None or not operation.target:
        return None
    return views.address(view, operation.target_uuid)


class Operations(tables.Table):
    kind = 'operation'
    created_at = tables.column('created_at', verbose_name=_('Asked for'))
    action = tables.column('action', 'action', link=DETAIL)
    state = tables.column('state', progress)
    step = tables.column('step')
    error = tables.column('error', classes=('valence-text',))
    finished_at = tables.column('finished_at', verbose_name=_('Ended'))
    settled = tables.settled(lambda record: not is_open(record))

    class Meta:
        name = 'operations'
        verbose_name = _('Operations')
        no_data_message = _('Nothing has been done yet.')
        status_columns = ('settled',)
        row_class = tables.Row
        row_actions = (Cancel,)

    def get_object_display(self, datum: api.Record) -> str:
        """What it is called in messages."""
        return str(datum.action)


class AllOperations(Operations):
    """Operations on whatever there is."""

    target = tables.column('target', target, link=address)

    class Meta(Operations.Meta):
        columns = (
            *('created_at', 'action', 'target', 'state', 'step', 'error'),
            *('finished_at', 'settled'),
        )
        table_actions = (
            tables.filters('operations', 'action', 'state', 'target_uuid'),
        )

    def read_one(self, request: http.HttpRequest, uuid: str) -> api.Record:
        """A row as it is now."""
        operation = super().read_one(request, uuid)
        complete(request, [operation])
        return operation


def complete(request: http.HttpRequest, operations: list[api.Record]) -> None:
    """Add the names of what is changed, by one question a kind."""
    for collection in _TARGETS:
        some = [one for one in operations if one.target_type == collection]
        try:
            named = api.names(
                request, collection, (one.target_uuid for one in some)
            )
        except Error:
            continue  # of a kind that is not for this user
        for one in some:
            one['target'] = named.get(one.target_uuid)


class Index(tables.ListView):
    """Operations, the last ones first."""

    table_class = AllOperations
    page_title = _('Operations')
    collection = 'operations'
    query = {'sort_key': 'created_at', 'sort_dir': 'desc'}

    def complete(self, rows: list[api.Record]) -> None:
        """What they change."""
        complete(self.request, rows)


class Journal(tables.Base):
    """The steps of an operation."""

    n = tables.column('n', verbose_name=_('Step'))
    name = tables.column('name')
    state = tables.column('state')
    result = tables.column('result', classes=('valence-text',))
    created_at = tables.column('created_at', verbose_name=_('Begun'))
    updated_at = tables.column('updated_at', verbose_name=_('Ended'))

    class Meta:
        name = 'journal'
        verbose_name = _('Journal')
        no_data_message = _('No step has been done yet.')
        footer = False

    def get_object_id(self, datum: api.Record) -> str:
        """A step has no UUID of its own."""
        return str(datum.n)


class Tab(tables.ListTab):
    """What was done to the resource that the tabs are about."""

    name = _('Operations')
    slug = 'operations'
    table_classes = (Operations,)
    collection = 'operations'
    query = {'sort_key': 'created_at', 'sort_dir': 'desc'}

    def complete(self, rows: list[api.Record]) -> None:
        """Nothing is missing."""
