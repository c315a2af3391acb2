# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from openstack_dashboard import policy

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import tables as base

DETAIL = 'horizon:project:flavors:detail'
PUBLISH = (('composable', 'composable:flavor:publish'),)


def can_change(
    self: Any, request: http.HttpRequest, datum: Any = None
) -> bool:
    """Allow changes of public flavors to users who may publish."""
    return (
        datum is None or not datum.is_public or policy.check(PUBLISH, request)
    )


class Create(actions.LinkAction):
    name = 'create'
    verbose_name = _('Create Flavor')
    url = 'horizon:project:flavors:create'
    icon = 'plus'
    verb = 'flavor:create'


class Compose(actions.LinkAction):
    name = 'compose'
    verbose_name = _('Compose Node')
    classes = ()
    icon = 'play'
    verb = 'node:create'

    def get_link_url(self, datum: api.Record = None) -> str:
        """Return the URL of the form with the flavor selected."""
        query = urlencode({'flavor': datum.id})
        return f'{reverse("horizon:project:nodes:compose")}?{query}'


class Edit(actions.LinkAction):
    name = 'edit'
    verbose_name = _('Edit')
    url = 'horizon:project:flavors:edit'
    icon = 'pencil'
    verb = 'flavor:update'
    allowed = can_change


class Delete(actions.DangerAction):
    name = 'delete'
    verb = 'flavor:delete'
    help_text = _('This does not affect existing nodes.')
    allowed = can_change

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Delete Flavor', 'Delete Flavors', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Deleted flavor', 'Deleted flavors', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Delete the flavor."""
        client.delete_flavor(uuid, ignore_missing=False)


class Flavors(base.Table):
    kind = 'flavor'
    name = base.column('name', 'name', link=DETAIL)
    description = base.column('description')
    properties = base.column('properties', verbose_name=_('Hardware'))
    is_public = base.column('is_public', verbose_name=_('Public'))

    class Meta:
        name = 'flavors'
        verbose_name = _('Flavors')
        no_data_message = _('No flavors.')
        table_actions = (
            actions.filter_action('flavors', 'name', 'is_public'),
            Create,
            Delete,
        )
        row_actions = (Compose, Edit, Delete)
