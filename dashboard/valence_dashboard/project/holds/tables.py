# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import tables as base

DETAIL = 'horizon:project:holds:detail'
#: For how long the pages hold hardware, in seconds.
SECONDS = 600


def is_active(self: Any, request: http.HttpRequest, datum: Any = None) -> bool:
    """Allow an action on holds that keep something."""
    return datum is None or datum.state == 'active'


class Compose(actions.LinkAction):
    name = 'compose'
    verbose_name = _('Compose Node')
    classes = ()
    icon = 'play'
    verb = 'node:create'
    allowed = is_active

    def get_link_url(self, datum: api.Record = None) -> str:
        """Return the URL of the form with the hold selected."""
        query = urlencode({'hold': datum.id})
        return f'{reverse("horizon:project:nodes:compose")}?{query}'


class Extend(actions.BatchAction):
    name = 'extend'
    icon = 'clock-o'
    verb = 'hold:update'
    allowed = is_active

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy(
            'Keep for 10 Minutes', 'Keep for 10 Minutes', count
        )

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy(
            'Kept for 10 minutes', 'Kept for 10 minutes', count
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Have the hold expire in ten minutes."""
        client.update_hold(uuid, seconds=SECONDS)


class Delete(actions.DangerAction):
    name = 'delete'
    verb = 'hold:delete'
    help_text = _('What the holds keep is free again.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Delete Hold', 'Delete Holds', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Deleted hold', 'Deleted holds', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Delete the hold."""
        client.delete_hold(uuid, ignore_missing=False)


class Holds(base.Table):
    kind = 'hold'
    filter_by = ('name', 'state', 'pod_manager')
    name = base.column('name', 'name', link=DETAIL)
    state = base.column('state')
    remaining = base.column('remaining', verbose_name=_('Nodes left'))
    expires_at = base.column('expires_at', verbose_name=_('Expires'))
    pod_manager = base.column('pod_manager', 'pod_manager')
    properties = base.column('properties', verbose_name=_('Hardware'))

    class Meta:
        name = 'holds'
        verbose_name = _('Holds')
        no_data_message = _('No holds.')
        table_actions = (Delete,)
        row_actions = (Compose, Extend, Delete)
