# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import tables
from valence_dashboard.admin import inventory


class Chassis(tables.Table):
    kind = 'chassis'
    filter_by = inventory.filters('chassis', 'type')
    name = tables.column('name', 'name', link='horizon:admin:chassis:detail')
    pod_manager = inventory.pod_manager()
    type = tables.column('type')
    location = tables.column('location')
    manufacturer = tables.column('manufacturer')
    model = tables.column('model')
    serial_number = tables.column('serial_number')
    state = tables.column('state')
    health = tables.column('health', inventory.health)

    class Meta:
        name = 'chassis'
        verbose_name = _('Chassis')
        row_actions = inventory.links('chassis', 'chassis')
