# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import tables
from valence_dashboard.admin import inventory

DETAIL = 'horizon:admin:devices:detail'
_SIZES = ('capacity_gib', 'memory_mib', 'cpu_cores', 'speed_mbps')


def size(record: api.Record) -> str:
    """Return the size of a device in the units of its type."""
    shown = [
        fields.render(name, record[name])
        for name in _SIZES
        if record.get(name)
    ]
    return ', '.join(shown) or fields.EMPTY


class Unreserve(inventory.Unreserve):
    verb = 'device:unreserve'

    def act(self, client: api.Client, uuid: str) -> None:
        """Remove the reservation of a device."""
        client.unreserve_device(uuid, ignore_missing=False)


class Devices(tables.Table):
    kind = 'device'
    filter_by = inventory.filters(
        *('devices', 'type', 'protocol', 'capacity_gib', 'free'),
    )
    name = tables.column('name', 'name', link=DETAIL)
    pod_manager = inventory.pod_manager()
    type = tables.column('type')
    media_type = tables.column('media_type')
    protocol = tables.column('protocol')
    size = tables.column('size', size)
    model = tables.column('model')
    state = tables.column('state', inventory.availability)
    health = tables.column('health', inventory.health)

    class Meta:
        name = 'devices'
        verbose_name = _('Devices')
        table_actions = (
            inventory.Compose,
            Unreserve,
        )
        row_actions = (
            inventory.Compose,
            *inventory.links('device', 'devices'),
            Unreserve,
        )
