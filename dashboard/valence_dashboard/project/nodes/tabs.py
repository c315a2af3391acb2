# SPDX-License-Identifier: Apache-2.0

from django import http
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from horizon import tabs

from valence_dashboard import actions
from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import history
from valence_dashboard import messages
from valence_dashboard import operations
from valence_dashboard import overview
from valence_dashboard import tables as base
from valence_dashboard.exceptions import Error


class Overview(overview.Tab):
    component = 'Node'
    in_header = ('provision_state', 'last_error', 'drift')


class Detach(actions.DangerAction):
    name = 'detach'
    icon = 'eject'
    verb = 'node:action'
    help_text = _('The device is released; data on it is lost.')

    @staticmethod
    def action_present(count: int) -> str:
        return ngettext_lazy('Detach Device', 'Detach Devices', count)

    @staticmethod
    def action_past(count: int) -> str:
        return ngettext_lazy('Detaching device', 'Detaching devices', count)

    def act(self, client: api.Client, uuid: str) -> None:
        """Detach the device from this node."""
        client.detach_from_node(self.table.kwargs['uuid'], uuid)

    def get_success_url(self, request: http.HttpRequest) -> str:
        """Return to this tab, which is not in the current URL."""
        return f'{request.path}?tab={Node.slug}__{Hardware.slug}'


class Systems(base.BaseTable):
    name = base.column('name', 'name')
    cpu_model = base.column('cpu_model')
    cpu_sockets = base.column('cpu_sockets')
    cpu_cores = base.column('cpu_cores')
    memory_mib = base.column('memory_mib')
    storage_gib = base.column('storage_gib')
    nics = base.column('nics')
    health = base.column('health')

    class Meta:
        name = 'systems'
        verbose_name = _('Systems')
        no_data_message = _('No systems.')
        footer = False


class Devices(base.BaseTable):
    name = base.column('name', 'name')
    type = base.column('type')
    media_type = base.column('media_type')
    protocol = base.column('protocol')
    capacity_gib = base.column('capacity_gib')
    health = base.column('health')

    class Meta:
        name = 'devices'
        verbose_name = _('Attached devices')
        no_data_message = _('No devices.')
        row_actions = (Detach,)
        footer = False


class Hardware(tabs.TableTab):
    """The systems and devices of the node."""

    name = _('Hardware')
    slug = 'hardware'
    table_classes = (Systems, Devices)
    template_name = 'valence/_hardware.html'

    def _resources(self, name: str) -> list[api.Record]:
        record = self.tab_group.kwargs['record']
        return [api.Record(part) for part in record.get(name, ())]

    def get_systems_data(self) -> list[api.Record]:
        """Return the systems, which are part of the node."""
        return self._resources('systems')

    def get_devices_data(self) -> list[api.Record]:
        """Return the devices, which are part of the node."""
        return self._resources('devices')


class Storages(base.BaseTable):
    resource_uri = base.column('resource_uri', verbose_name=_('Drive'))
    type = base.column('type')
    protocol = base.column('protocol')
    capacity_gib = base.column('capacity_gib')
    pooled = base.column(
        'pooled', lambda record: fields.render('', bool(record.device_uuid))
    )

    class Meta:
        name = 'storages'
        verbose_name = _('Storage')
        no_data_message = _('No storage.')
        footer = False

    def get_object_id(self, datum: api.Record) -> str:
        """Local drives have no UUID."""
        return str(datum.device_uuid or datum.resource_uri)


class Storage(tabs.TableTab):
    """The drives and storage devices of the node."""

    name = _('Storage')
    slug = 'storage'
    table_classes = (Storages,)
    template_name = 'horizon/common/_detail_table.html'
    preload = False

    def get_storages_data(self) -> list[api.Record]:
        """Return local drives and attached devices."""
        client = api.client(self.request)
        uuid = self.tab_group.kwargs['record'].id
        try:
            return [
                api.Record(found.api_fields())
                for found in client.node_storages(uuid)
            ]
        except Error:
            messages.show_error(self.request)
            return []


class Operations(operations.Tab):
    def query_for(self, record: api.Record) -> dict[str, str]:
        """Filter by the node."""
        return {'target_uuid': record.id}


class History(history.Tab):
    collection = 'nodes'


class Node(tabs.TabGroup):
    slug = 'node'
    tabs = (Overview, Hardware, Storage, Operations, History)
