# SPDX-License-Identifier: Apache-2.0
from django.utils.translation import gettext_lazy as _

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import tables
from valence_dashboard.admin import inventory


def room(record: api.Record) -> str:
    """Show the free capacity."""
    return fields.capacity_bar(
        {'total': record.capacity_gib, 'free': record.free_gib},
        'capacity_gib',
    )


class Storages(tables.Table):
    kind = 'storage'
    filter_by = inventory.filters(
        *('storages', 'type', 'capacity_gib', 'free_gib'),
    )
    name = tables.column('name', 'name', link='horizon:admin:storages:detail')
    pod_manager = inventory.pod_manager()
    type = tables.column('type')
    capacity_gib = tables.column('capacity_gib', room)
    model = tables.column('model')
    state = tables.column('state')
    health = tables.column('health', inventory.health)

    class Meta:
        name = 'storages'
        verbose_name = _('Storages')
