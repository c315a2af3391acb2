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

OPEN = 'in:pending,running'


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


class Operations(tables.Table):
    kind = 'operation'
    created_at = tables.column('created_at', verbose_name=_('Asked for'))
    action = tables.column('action', 'action')
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


class Tab(tables.ListTab):
    """What was done to the resource that the tabs are about."""

    name = _('Operations')
    slug = 'operations'
    table_classes = (Operations,)
    collection = 'operations'
    query = {'sort_key': 'created_at', 'sort_dir': 'desc'}

    def complete(self, rows: list[api.Record]) -> None:
        """Nothing is missing."""
