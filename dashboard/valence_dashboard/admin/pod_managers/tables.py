# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils import html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import tables as base
from valence_dashboard.exceptions import Error

DETAIL = 'horizon:admin:pod_managers:detail'


def status(record: api.Record) -> str:
    """Whether it is online, and whatever else is to be said of it."""
    if record.deleting_at:
        return fields.state('removing')
    shown = [fields.state(record.status, record.status_reason)]
    if record.maintenance:
        shown.append(fields.state('maintenance'))
    if record.sync_error:
        shown.append(fields.state('stale', record.sync_error))
    return html.format_html_join(' ', '{}', ((one,) for one in shown))


def devices(record: api.Record) -> str:
    """How many of its devices are free, whatever they are."""
    kinds = (record.capacity or {}).get('devices', {}).values()
    amounts = {
        name: sum(kind[name] for kind in kinds) for name in ('total', 'free')
    }
    return fields.free(amounts, 'devices')


def amount(name: str) -> Any:
    """A column of what it has, and how much of it is free."""
    return base.column(
        name,
        lambda record: fields.free((record.capacity or {}).get(name), name),
        sortable=False,
    )


class Register(base.Link):
    name = 'register'
    verbose_name = _('Register Pod Manager')
    url = 'horizon:admin:pod_managers:register'
    icon = 'plus'
    verb = 'pod_manager:create'


class Edit(base.Link):
    name = 'edit'
    verbose_name = _('Edit')
    url = 'horizon:admin:pod_managers:edit'
    icon = 'pencil'
    verb = 'pod_manager:update'


class Remove(base.Link):
    name = 'remove'
    verbose_name = _('Remove')
    url = 'horizon:admin:pod_managers:remove'
    icon = 'trash'
    verb = 'pod_manager:delete'
    action_type = 'danger'


class Topology(base.Link):
    name = 'topology'
    verbose_name = _('Topology')
    url = 'horizon:admin:topology:detail'
    icon = 'th'
    classes = ()
    verb = 'pod_manager:topology'


class Sync(base.Batch):
    name = 'sync'
    icon = 'refresh'
    verb = 'pod_manager:sync'
    help_text = _('Their whole inventory is read anew.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Sync', 'Sync', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Syncing', 'Syncing', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Have it read."""
        client.sync_pod_manager(uuid)


class Maintenance(base.Batch):
    name = 'maintenance'
    icon = 'wrench'
    verb = 'pod_manager:update'
    help_text = _('Nothing new is composed on a pod manager in maintenance.')
    value = True

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Begin Maintenance', 'Begin Maintenance', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('In maintenance', 'In maintenance', count)

    def allowed(self, request: http.HttpRequest, datum: Any = None) -> bool:
        """Where it would change something."""
        return datum is None or bool(datum.maintenance) != self.value

    def act(self, client: api.Client, uuid: str) -> None:
        """Begin or end it."""
        client.update_pod_manager(uuid, maintenance=self.value)


class EndMaintenance(Maintenance):
    name = 'end_maintenance'
    value = False

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('End Maintenance', 'End Maintenance', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Out of maintenance', 'Out of maintenance', count)


class RemoveSeveral(base.Danger):
    name = 'remove_several'
    verb = 'pod_manager:delete'
    help_text = _('A pod manager that has nodes is not removed.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy(
            'Remove Pod Manager', 'Remove Pod Managers', count
        )

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy(
            'Removed Pod Manager', 'Removed Pod Managers', count
        )

    def act(self, client: api.Client, uuid: str) -> None:
        """Remove it if it has no nodes."""
        try:
            client.delete_pod_manager(uuid, ignore_missing=False)
        except Error as exc:
            if 'cascade=' not in str(exc):
                raise
            name = self.table.get_object_by_id(uuid).name
            # It speaks of a parameter, where the page has a box to tick.
            raise Error(
                _('%s has nodes. "Remove" in its own row can release them.')
                % name
            ) from exc


def settled(record: api.Record) -> bool:
    """Whether nothing is expected to happen to it soon."""
    new = record.status_changed_at is None or (
        record.status == 'online'
        and record.synced_at is None
        and record.sync_error is None
    )
    return not new and not record.deleting_at


class PodManagers(base.Table):
    kind = 'pod_manager'
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
    settled = base.settled(settled)

    class Meta:
        name = 'pod_managers'
        verbose_name = _('Pod Managers')
        no_data_message = _('There is no pod manager. Register one.')
        status_columns = ('settled',)
        row_class = base.Row
        table_actions = (
            base.filters(
                'pod_managers', 'name', 'status', 'driver', 'location'
            ),
            Register,
            Sync,
            RemoveSeveral,
        )
        table_actions_menu = (Maintenance, EndMaintenance)
        row_actions = (
            *(Sync, Topology, Edit, Maintenance, EndMaintenance),
            Remove,
        )
