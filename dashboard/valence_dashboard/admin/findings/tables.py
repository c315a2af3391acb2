# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import tables
from valence_dashboard.admin import inventory

DETAIL = 'horizon:admin:findings:detail'
# The kinds of findings that an action fits; Valence checks it.
_ADOPTABLE = ('existing_node', 'unknown_node', 'left_behind')
_RELEASABLE = ('unknown_node', 'left_behind', 'stray')


def is_over(record: api.Record) -> bool:
    """Return whether nothing can be done about a finding any more."""
    return record.state == 'resolved'


class Adopt(actions.LinkAction):
    name = 'adopt'
    verbose_name = _('Adopt')
    url = 'horizon:admin:findings:adopt'
    icon = 'link'
    verb = 'finding:action'

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for what can become a node."""
        return datum is not None and (
            not is_over(datum) and datum.kind in _ADOPTABLE
        )


class Accept(actions.LinkAction):
    name = 'accept'
    verbose_name = _('Accept')
    url = 'horizon:admin:findings:accept'
    icon = 'check'
    verb = 'finding:action'

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for what is not over."""
        return datum is not None and not is_over(datum)


class Forget(actions.BatchAction):
    name = 'forget'
    icon = 'eye-slash'
    verb = 'finding:action'
    help_text = _('The finding opens again only if it changes.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Forget', 'Forget', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Forgot', 'Forgot', count)

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for what is not over, and needs no decision."""
        return datum is None or not (
            is_over(datum) or datum.kind == 'service_changed'
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Forget the finding."""
        client.forget_finding(uuid)


class Release(actions.DangerAction):
    name = 'release'
    verb = 'finding:action'
    help_text = _(
        'The pod manager releases the hardware, unless it is something else '
        'by now.'
    )

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Release Hardware', 'Release Hardware', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Releasing', 'Releasing', count)

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for what this installation made."""
        return datum is not None and (
            not is_over(datum) and datum.kind in _RELEASABLE
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Start the release."""
        client.release_finding(uuid)


class Findings(tables.Table):
    kind = 'finding'
    filter_by = ('state', 'kind', 'pod_manager', 'project_id')
    kind_ = tables.column('kind', 'kind', link=DETAIL)
    pod_manager = inventory.pod_manager()
    resource_uri = tables.column('resource_uri')
    name = tables.column('name', 'name')
    state = tables.column('state')
    reason = tables.column('reason', classes=('valence-text',))
    first_seen_at = tables.column('first_seen_at')

    class Meta:
        name = 'findings'
        verbose_name = _('Findings')
        no_data_message = _('Nothing was found.')
        table_actions = (Forget,)
        row_actions = (Adopt, Accept, Forget, Release)

    def get_object_display(self, datum: api.Record) -> str:
        """Return what a finding is about, for messages."""
        return str(datum.name or datum.resource_uri or datum.kind)
