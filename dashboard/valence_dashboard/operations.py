# SPDX-License-Identifier: Apache-2.0
"""Lists and states of operations."""

from collections.abc import Iterable
from typing import Any

from django import http
from django.utils import dateparse
from django.utils import html
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from valenceclient.v1 import waiting

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import lists
from valence_dashboard import tables
from valence_dashboard import users
from valence_dashboard import views
from valence_dashboard.exceptions import Error

OPEN = f'in:{",".join(waiting.OPEN_STATES)}'
# What there is to say of a boot source.
_BOOT = ('target', 'enabled', 'mode')
# The API limits how many values the two filters have together.
_AT_ONCE = 8
DETAIL = 'horizon:project:operations:detail'
# The detail views of the targets of operations, by type.
_TARGETS = {
    'nodes': 'horizon:project:nodes:detail',
    'pod_managers': 'horizon:admin:pod_managers:detail',
    'flavors': 'horizon:project:flavors:detail',
}


def is_open(operation: api.Record) -> bool:
    """Return whether an operation has not ended."""
    return operation.state in waiting.OPEN_STATES


def progress(operation: api.Record) -> str:
    """Show the state as a label, or the progress as a bar."""
    if not is_open(operation):
        return fields.state(operation.state, operation.error)
    text = (
        _('cancelling')
        if operation.cancel_requested or operation.undoing
        else operation.action
    )
    return html.format_html(
        '<div class="valence-progress"><progress max="100" value="{}"'
        ' aria-label="{}"></progress> <span>{} {}%</span></div>',
        operation.progress,
        text,
        text,
        operation.progress,
    )


def requested(operation: api.Record) -> str:
    """Show what was requested, as far as the action does not say it."""
    params = operation.params or {}
    if operation.action == 'reset':
        return fields.value_label(params.get('type', fields.EMPTY))
    if operation.action == 'boot':
        texts = [params[name] for name in _BOOT if params.get(name)]
        return ', '.join(str(fields.value_label(text)) for text in texts)
    return fields.render('params', params.get('device') or params)


def duration(operation: api.Record) -> str:
    """Show how long an operation has run."""
    began, ended = (
        dateparse.parse_datetime(text) if text else None
        for text in (operation.started_at, operation.finished_at)
    )
    if began is None:
        return fields.EMPTY
    seconds = ((ended or timezone.now()) - began).total_seconds()
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if not hours and not minutes:
        return _('%s s') % fields.number(round(max(0, seconds), 1))
    text = (
        _('%(hours)d h %(minutes)d min')
        if hours
        else _('%(minutes)d min %(seconds)d s')
    )
    return text % {'hours': hours, 'minutes': minutes, 'seconds': rest}


def open_operations(
    request: http.HttpRequest, uuids: Iterable[str]
) -> dict[str, api.Record]:
    """Return the open operation of each resource."""
    ordered = sorted(uuids)
    return {
        operation.target_uuid: operation
        for n in range(0, len(ordered), _AT_ONCE)
        for operation in api.list_resources(
            request,
            'operations',
            100,
            target_uuid=f'in:{",".join(ordered[n : n + _AT_ONCE])}',
            state=OPEN,
        )
    }


class Cancel(actions.DangerAction):
    name = 'cancel'
    icon = 'stop'
    verb = 'operation:delete'
    help_text = _('Completed steps are undone.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Cancel Operation', 'Cancel Operations', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy(
            'Cancelling operation', 'Cancelling operations', count
        )

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for open operations that are not being cancelled."""
        return datum is not None and (
            is_open(datum) and not datum.cancel_requested
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Cancel the operation."""
        client.cancel_operation(uuid, ignore_missing=False)


def target_name(operation: api.Record) -> str:
    """Return the name of the target, or its UUID if it is deleted."""
    return str(operation.target or operation.target_uuid)


def target_url(operation: api.Record) -> str | None:
    """Return the URL of the target, if it exists."""
    view = _TARGETS.get(operation.target_type or '')
    if view is None or not operation.target:
        return None
    return views.detail_url(view, operation.target_uuid)


class Operations(tables.Table):
    kind = 'operation'
    created_at = tables.column('created_at', verbose_name=_('Requested'))
    action = tables.column('action', 'action', link=DETAIL)
    params = tables.column('params', requested, classes=('valence-text',))
    user_id = tables.column('user_id', lambda one: one.user or _('Valence'))
    state = tables.column('state', progress)
    step = tables.column('step')
    error = tables.column('error', classes=('valence-text',))
    duration = tables.column('duration', duration)

    class Meta:
        name = 'operations'
        verbose_name = _('Operations')
        no_data_message = _('No operations.')
        row_actions = (Cancel,)

    def get_object_display(self, datum: api.Record) -> str:
        """Return the name of an operation for messages."""
        return str(datum.action)

    def complete(self, rows: list[api.Record]) -> None:
        """Add the names of users; all operations have the same target."""
        users.complete(self.request, rows)


class AllOperations(Operations):
    """Operations on any target."""

    filter_by: tuple[str, ...] = ('action', 'state', 'target_uuid')
    target = tables.column('target', target_name, link=target_url)

    class Meta(Operations.Meta):
        columns = (
            *('created_at', 'action', 'params', 'target', 'user_id', 'state'),
            *('step', 'error', 'duration'),
        )

    def complete(self, rows: list[api.Record]) -> None:
        """Add the names of the targets, with one request per type."""
        super().complete(rows)
        for collection in _TARGETS:
            some = [row for row in rows if row.target_type == collection]
            try:
                named = api.names(
                    self.request, collection, (row.target_uuid for row in some)
                )
            except Error:
                continue  # the user may not see this type
            for row in some:
                row['target'] = named.get(row.target_uuid)


class Index(lists.ListView):
    """Operations, newest first."""

    table_class = AllOperations
    page_title = _('Operations')
    collection = 'operations'
    query = {'sort_key': 'created_at', 'sort_dir': 'desc'}


class Steps(tables.BaseTable):
    """The steps of an operation."""

    n = tables.column('n', verbose_name=_('Step'))
    name = tables.column('name')
    state = tables.column('state')
    result = tables.column('result', classes=('valence-text',))
    created_at = tables.column('created_at', verbose_name=_('Started'))
    updated_at = tables.column('updated_at', verbose_name=_('Finished'))

    class Meta:
        name = 'steps'
        verbose_name = _('Steps')
        no_data_message = _('No steps yet.')
        footer = False

    def get_object_id(self, datum: api.Record) -> str:
        """Steps have no UUID."""
        return str(datum.n)


class Tab(lists.ListTab):
    """The operations on the resource of the page."""

    name = _('Operations')
    slug = 'operations'
    table_classes = (Operations,)
    collection = 'operations'
    query = {'sort_key': 'created_at', 'sort_dir': 'desc'}
