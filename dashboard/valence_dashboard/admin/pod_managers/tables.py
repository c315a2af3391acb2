# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils import html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import tables as base
from valence_dashboard.admin import inventory
from valence_dashboard.exceptions import Error

DETAIL = 'horizon:admin:pod_managers:detail'


def status(record: api.Record) -> str:
    """Show the status, maintenance mode and sync errors."""
    if record.deleting_at:
        return fields.state('deleting')
    shown = [fields.state(record.status, record.status_reason)]
    if record.maintenance:
        shown.append(fields.state('maintenance'))
    if record.sync_error:
        shown.append(fields.state('stale', record.sync_error))
    return html.format_html_join(' ', '{}', ((one,) for one in shown))


def devices(record: api.Record) -> str:
    """Show how many devices of all types are free."""
    kinds = (record.capacity or {}).get('devices', {}).values()
    amounts = {
        name: sum(kind[name] for kind in kinds) for name in ('total', 'free')
    }
    return fields.capacity_bar(amounts, 'devices')


def amount(name: str) -> Any:
    """Return a column with total and free capacity."""
    return base.column(
        name,
        lambda record: fields.capacity_bar(
            (record.capacity or {}).get(name), name
        ),
        sortable=False,
    )


class Register(actions.LinkAction):
    name = 'register'
    verbose_name = _('Register Pod Manager')
    url = 'horizon:admin:pod_managers:register'
    icon = 'plus'
    verb = 'pod_manager:create'


class Edit(actions.LinkAction):
    name = 'edit'
    verbose_name = _('Edit')
    url = 'horizon:admin:pod_managers:edit'
    icon = 'pencil'
    verb = 'pod_manager:update'


class Delete(actions.LinkAction):
    name = 'delete'
    verbose_name = _('Delete')
    url = 'horizon:admin:pod_managers:delete'
    icon = 'trash'
    verb = 'pod_manager:delete'
    action_type = 'danger'


class Topology(actions.LinkAction):
    name = 'topology'
    verbose_name = _('Topology')
    url = 'horizon:admin:topology:detail'
    icon = 'th'
    classes = ()
    verb = 'pod_manager:topology'


class Sync(actions.BatchAction):
    name = 'sync'
    icon = 'refresh'
    verb = 'pod_manager:sync'
    help_text = _('Reads the full inventory.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Sync', 'Sync', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Syncing', 'Syncing', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Start a sync."""
        client.sync_pod_manager(uuid)


class Maintenance(actions.BatchAction):
    name = 'maintenance'
    icon = 'wrench'
    verb = 'pod_manager:update'
    help_text = _(
        'No nodes are composed on a pod manager in maintenance mode.'
    )
    value = True

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Enable Maintenance', 'Enable Maintenance', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy(
            'Enabled maintenance', 'Enabled maintenance', count
        )

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Allow it if it would change something."""
        return datum is None or bool(datum.maintenance) != self.value

    def act(self, client: api.Client, uuid: str) -> None:
        """Set the maintenance mode."""
        client.update_pod_manager(uuid, maintenance=self.value)


class EndMaintenance(Maintenance):
    name = 'end_maintenance'
    value = False

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy(
            'Disable Maintenance', 'Disable Maintenance', count
        )

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy(
            'Disabled maintenance', 'Disabled maintenance', count
        )


class SetCondition(inventory.SetCondition):
    subject = 'pod_manager'


class DeleteSelected(actions.DangerAction):
    name = 'delete_selected'
    verb = 'pod_manager:delete'
    help_text = _('Pod managers with nodes are not deleted.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy(
            'Delete Pod Manager', 'Delete Pod Managers', count
        )

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy(
            'Deleted Pod Manager', 'Deleted Pod Managers', count
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Delete the pod manager if it has no nodes."""
        try:
            client.delete_pod_manager(uuid, ignore_missing=False)
        except Error as exc:
            if 'cascade=' not in str(exc):
                raise
            name = self.table.get_object_by_id(uuid).name
            # The API message names a query parameter; the page has a check
            # box.
            raise Error(
                _('%s has nodes. Use the row action "Delete" to release them.')
                % name
            ) from exc


class PodManagers(base.Table):
    kind = 'pod_manager'
    filter_by = (
        *('name', 'status', 'driver', 'location', 'maintenance', 'tags'),
    )
    name = base.column('name', 'name', link=DETAIL)
    status = base.column('status', status)
    driver = base.column('driver')
    systems = amount('systems')
    cpu_cores = amount('cpu_cores')
    memory_mib = amount('memory_mib')
    devices = base.column('devices', devices, sortable=False)
    synced_at = base.column(
        'synced_at', verbose_name=_('Inventory'), sortable=False
    )
    location = base.column('location')

    class Meta:
        name = 'pod_managers'
        verbose_name = _('Pod Managers')
        no_data_message = _('No pod managers.')
        table_actions = (
            Register,
            Sync,
            DeleteSelected,
        )
        table_actions_menu = (Maintenance, EndMaintenance)
        row_actions = (
            *(Sync, Topology, Edit, Maintenance, EndMaintenance),
            *(SetCondition, Delete),
        )

    def complete(self, rows: list[api.Record]) -> None:
        """Add the capacity of all rows with one request."""
        lacking = {row.uuid: row for row in rows if row.capacity is None}
        if lacking:
            found = api.client(self.request).get_capacities(*lacking)
            for uuid, row in lacking.items():
                row['capacity'] = found.get(uuid)
