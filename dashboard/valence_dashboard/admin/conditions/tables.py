# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import tables
from valence_dashboard import views

DETAIL = 'horizon:admin:conditions:detail'
_PANELS = {
    'pod_manager': 'pod_managers',
    'rack': 'chassis',
    'chassis': 'chassis',
    'system': 'systems',
    'device': 'devices',
}


def subject_url(record: api.Record) -> str | None:
    """Return the URL of what has a condition."""
    panel = _PANELS[record.subject]
    return views.detail_url(
        f'horizon:admin:{panel}:detail', record.subject_uuid
    )


def set_url(subject: str, uuid: str) -> str:
    """Return the URL of the form for a condition of a resource."""
    query = urlencode({'subject': subject, 'subject_id': uuid})
    return f'{reverse("horizon:admin:conditions:set")}?{query}'


def effects(record: api.Record) -> str:
    """Return what follows of a condition."""
    return ', '.join(
        str(fields.value_label(one)) for one in record.effects or ()
    )


def until(record: api.Record) -> str:
    """Return when a condition ends."""
    return fields.age(record.until)


class Set(actions.LinkAction):
    name = 'set'
    verbose_name = _('Set Condition')
    url = 'horizon:admin:conditions:set'
    icon = 'exclamation-triangle'
    verb = 'condition:create'


class Change(actions.LinkAction):
    name = 'change'
    verbose_name = _('Change')
    url = 'horizon:admin:conditions:change'
    icon = 'pencil'
    verb = 'condition:create'

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for what was set by a request."""
        return datum is not None and datum.source == 'operator'


class Lift(actions.DangerAction):
    name = 'lift'
    icon = 'check'
    verb = 'condition:delete'
    help_text = _('It has no effects any more.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Lift Condition', 'Lift Conditions', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Lifted condition', 'Lifted conditions', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Delete the condition."""
        client.delete_condition(uuid, ignore_missing=False)


class Conditions(tables.Table):
    kind = 'condition'
    filter_by = ('subject', 'code', 'pod_manager', 'source', 'state')
    code = tables.column('code', 'code', link=DETAIL)
    subject = tables.column('subject')
    subject_name = tables.column(
        'subject_name', 'subject_name', link=subject_url
    )
    pod_manager = tables.column(
        'pod_manager',
        'pod_manager',
        link=lambda record: views.detail_url(
            'horizon:admin:pod_managers:detail', record.podm_uuid
        ),
    )
    message = tables.column('message', classes=('valence-text',))
    effects = tables.column('effects', effects)
    until = tables.column('until', until)
    state = tables.column('state')

    class Meta:
        name = 'conditions'
        verbose_name = _('Conditions')
        no_data_message = _('No conditions.')
        table_actions = (
            Set,
            Lift,
        )
        row_actions = (Change, Lift)

    def get_object_display(self, datum: api.Record) -> str:
        """Return what a condition is about, for messages."""
        return f'{datum.subject_name}: {datum.code}'
