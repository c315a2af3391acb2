# SPDX-License-Identifier: Apache-2.0
from typing import Any

from django import http
from django.utils.translation import gettext_lazy as _
from horizon import tabs

from valence_dashboard import fields
from valence_dashboard import history
from valence_dashboard import lists
from valence_dashboard import operations
from valence_dashboard import overview
from valence_dashboard.admin.chassis import tables as chassis
from valence_dashboard.admin.conditions import tables as conditions
from valence_dashboard.admin.devices import tables as devices
from valence_dashboard.admin.nodes import tabs as nodes
from valence_dashboard.admin.pod_managers import access
from valence_dashboard.admin.pod_managers import expected
from valence_dashboard.admin.systems import tables as systems


class Overview(overview.Tab):
    component = 'PodManager'


def bars(capacity: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a bar of each resource with its label."""
    found = [
        (fields.label(name), fields.capacity_bar(amounts, name))
        for name, amounts in capacity.items()
        if name != 'devices'
    ]
    for kind, amounts in capacity.get('devices', {}).items():
        found.append((fields.label(kind), fields.capacity_bar(amounts, kind)))
        sizes = amounts['capacity_gib']
        if sizes['total']:
            found.append(
                (
                    f'{fields.label(kind)}: {_("capacity")}',
                    fields.capacity_bar(sizes, 'capacity_gib'),
                )
            )
    return found


class Capacity(tabs.Tab):
    """Total and free capacity."""

    name = _('Capacity')
    slug = 'capacity'
    template_name = 'valence/_capacity.html'

    def get_context_data(
        self, request: http.HttpRequest, **kwargs: Any
    ) -> dict[str, Any]:
        """Add a bar for each resource."""
        return {'bars': bars(self.tab_group.kwargs['record'].capacity or {})}


class Racks(lists.ListTab):
    name = _('Racks')
    slug = 'racks'
    table_classes = (chassis.Chassis,)
    collection = 'racks'
    query = {'sort_key': 'name'}


class Systems(lists.ListTab):
    name = _('Systems')
    slug = 'systems'
    table_classes = (systems.Systems,)
    collection = 'systems'


class Devices(lists.ListTab):
    name = _('Devices')
    slug = 'devices'
    table_classes = (devices.Devices,)
    collection = 'devices'


class Conditions(lists.ListTab):
    name = _('Conditions')
    slug = 'conditions'
    table_classes = (conditions.Conditions,)
    collection = 'conditions'


class History(history.Tab):
    collection = 'pod_managers'


class PodManager(tabs.TabGroup):
    slug = 'pod_manager'
    tabs = (
        *(Overview, Capacity, Racks, Systems, Devices, nodes.Tab),
        *(operations.Tab, Conditions, expected.Tab, History, access.Tab),
    )
    sticky = False
