# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import api
from valence_dashboard import tables
from valence_dashboard.admin import inventory

DETAIL = 'horizon:admin:systems:detail'


class Unreserve(inventory.Unreserve):
    verb = 'system:unreserve'

    def act(self, client: api.Client, uuid: str) -> None:
        """Remove the reservation of a system."""
        client.unreserve_system(uuid, ignore_missing=False)


class Systems(tables.Table):
    kind = 'system'
    filter_by = inventory.filters(
        *('systems', 'cpu_cores', 'memory_mib', 'cpu_model', 'power_state'),
        *('free', 'hardware_uuid'),
    )
    name = tables.column('name', 'name', link=DETAIL)
    pod_manager = inventory.pod_manager()
    model = tables.column('model')
    cpu_cores = tables.column('cpu_cores')
    memory_mib = tables.column('memory_mib')
    storage_gib = tables.column('storage_gib')
    power_state = tables.column('power_state')
    state = tables.column('state', inventory.availability)
    health = tables.column('health', inventory.health)

    class Meta:
        name = 'systems'
        verbose_name = _('Systems')
        table_actions = (
            inventory.Compose,
            Unreserve,
        )
        row_actions = (
            inventory.Compose,
            *inventory.links('system', 'systems'),
            Unreserve,
        )
