# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.urls import reverse
from django.utils import html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from openstack_dashboard import policy

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import operations
from valence_dashboard import tables as base

DETAIL = 'horizon:project:flavors:detail'
PUBLISH = (('composable', 'composable:flavor:publish'),)


def in_nova(flavor: api.Record) -> str:
    """Show since when a flavor is published, and the open operation."""
    shown = [fields.render('published_at', flavor.published_at)]
    if flavor.operation:
        shown.append(operations.progress(flavor.operation))
    return html.format_html_join(' ', '{}', ((one,) for one in shown))


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


class Publish(actions.LinkAction):
    name = 'publish'
    verbose_name = _('Publish in Nova')
    url = 'horizon:project:flavors:publish'
    icon = 'cloud-upload'
    verb = 'flavor:publish_to_nova'


class Unpublish(actions.DangerAction):
    name = 'unpublish'
    icon = 'cloud-download'
    verb = 'flavor:unpublish_from_nova'
    help_text = _(
        'Nova deletes the flavor; servers keep what they were created with.'
    )

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Delete in Nova', 'Delete in Nova', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Deleting in Nova', 'Deleting in Nova', count)

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for flavors that are published."""
        return datum is not None and bool(datum.published_at)

    def act(self, client: api.Client, uuid: str) -> None:
        """Delete the flavor in Nova."""
        client.unpublish_flavor(uuid)


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
    filter_by = ('name', 'is_public')
    name = base.column('name', 'name', link=DETAIL)
    description = base.column('description')
    properties = base.column('properties', verbose_name=_('Hardware'))
    is_public = base.column('is_public', verbose_name=_('Public'))

    published_at = base.column(
        'published_at', in_nova, verbose_name=_('In Nova')
    )

    class Meta:
        name = 'flavors'
        verbose_name = _('Flavors')
        no_data_message = _('No flavors.')
        table_actions = (
            Create,
            Delete,
        )
        row_actions = (Compose, Edit, Publish, Unpublish, Delete)

    def complete(self, rows: list[api.Record]) -> None:
        """Add the open operations, which only published flavors have."""
        published = [row.id for row in rows if row.published_at]
        pending = operations.open_operations(self.request, published)
        for row in rows:
            row['operation'] = pending.get(row.id)
