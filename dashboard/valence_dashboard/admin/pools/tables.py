# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import projects
from valence_dashboard import tables
from valence_dashboard import views

DETAIL = 'horizon:admin:pools:detail'


def every_project(pool: api.Record) -> str:
    """Show the project that the nodes of a pool are for."""
    return str(pool.project or _('All'))


class Create(actions.LinkAction):
    name = 'create'
    verbose_name = _('Create Pool')
    url = 'horizon:admin:pools:create'
    icon = 'plus'
    verb = 'pool:create'


class Edit(actions.LinkAction):
    name = 'edit'
    verbose_name = _('Edit')
    url = 'horizon:admin:pools:edit'
    icon = 'pencil'
    verb = 'pool:update'


class Enable(actions.BatchAction):
    name = 'enable'
    icon = 'play'
    verb = 'pool:update'

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Enable Pool', 'Enable Pools', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Enabled pool', 'Enabled pools', count)

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for pools that are disabled."""
        return datum is None or not datum.enabled

    def act(self, client: api.Client, uuid: str) -> None:
        """Enable the pool, which ends that it is drained."""
        client.update_pool(uuid, enabled=True)


class Disable(actions.BatchAction):
    name = 'disable'
    icon = 'pause'
    verb = 'pool:update'
    help_text = _('No nodes are made or released; those that exist stay.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Disable Pool', 'Disable Pools', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Disabled pool', 'Disabled pools', count)

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for pools that are enabled."""
        return datum is None or bool(datum.enabled)

    def act(self, client: api.Client, uuid: str) -> None:
        """Disable the pool."""
        client.update_pool(uuid, enabled=False)


class Drain(actions.DangerAction):
    name = 'drain'
    icon = 'sign-out'
    verb = 'pool:action'
    help_text = _(
        'No more nodes are made; those that are ready, or become ready, are '
        'unregistered and released. Nodes in use stay.'
    )

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Drain Pool', 'Drain Pools', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Draining pool', 'Draining pools', count)

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it for pools that are not drained already."""
        return datum is None or not datum.draining

    def act(self, client: api.Client, uuid: str) -> None:
        """Drain the pool."""
        client.drain_pool(uuid)


class Delete(actions.DangerAction):
    name = 'delete'
    verb = 'pool:delete'
    help_text = _(
        'A pool with nodes that are ready, or made ready, has to be drained '
        'first. Nodes in use stay, as ordinary nodes.'
    )

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Delete Pool', 'Delete Pools', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Deleted pool', 'Deleted pools', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Delete the pool."""
        client.delete_pool(uuid, ignore_missing=False)


class Pools(tables.Table):
    kind = 'pool'
    filter_by = ('name', 'flavor', 'project_id', 'state', 'enabled')
    name = tables.column('name', 'name', link=DETAIL)
    flavor = tables.column(
        'flavor',
        'flavor',
        link=lambda record: views.detail_url(
            'horizon:project:flavors:detail', record.flavor_uuid
        ),
    )
    project = tables.column('project', every_project)
    state = tables.column('state')
    reason = tables.column('reason', classes=('valence-text',))
    ready = tables.column('ready')
    coming = tables.column('coming')
    used = tables.column('used')
    min_ready = tables.column('min_ready')
    max_nodes = tables.column('max_nodes')

    class Meta:
        name = 'pools'
        verbose_name = _('Pools')
        no_data_message = _('No pools.')
        table_actions = (
            Create,
            Delete,
        )
        table_actions_menu = (Enable, Disable, Drain)
        row_actions = (Edit, Enable, Disable, Drain, Delete)

    def complete(self, rows: list[api.Record]) -> None:
        """Add the names of the flavors and projects."""
        named = api.names(
            self.request, 'flavors', (row.flavor_uuid for row in rows)
        )
        for row in rows:
            # The flavor may have been deleted.
            row['flavor'] = named.get(row.flavor_uuid, row.flavor_uuid)
        projects.complete(self.request, rows)
