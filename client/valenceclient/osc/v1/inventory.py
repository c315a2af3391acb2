# SPDX-License-Identifier: Apache-2.0
"""``openstack valence chassis, rack, system, storage and device …``."""

import argparse
from typing import Any

from valenceclient.osc import base

_PLACE = ('podm_uuid', 'resource_uri', 'synced_at', 'stale', 'refreshed')
_MADE = ('manufacturer', 'model', 'serial_number')


class ListChassis(base.List):
    """List chassis: racks, drawers, sleds and whatever else holds hardware."""

    collection = 'chassis'
    kind = 'chassis'
    columns = ('uuid', 'name', 'type', 'location', 'state', 'health')
    more = ('parent_uuid', *_MADE, *_PLACE)


class ShowChassis(base.Show):
    """Show a chassis."""

    collection = 'chassis'
    kind = 'chassis'


class ListRacks(ListChassis):
    """List racks."""

    collection = 'racks'
    kind = 'rack'


class ShowRack(base.Show):
    """Show a rack."""

    collection = 'racks'
    kind = 'rack'


class ListSystems(base.List):
    """List systems, the computers that nodes are made of."""

    collection = 'systems'
    kind = 'system'
    columns = (
        'uuid',
        'name',
        'cpu_cores',
        'memory_mib',
        'storage_gib',
        'power_state',
        'state',
        'health',
    )
    more = (
        'cpu_model',
        'cpu_sockets',
        'node_uuid',
        'chassis_uuid',
        'hardware_uuid',
        *_MADE,
        *_PLACE,
    )


class ShowSystem(base.Show):
    """Show a system."""

    collection = 'systems'
    kind = 'system'


class UnreserveSystem(base.Delete):
    """Free systems that are reserved to the project that had them last."""

    collection = 'systems'
    kind = 'system'
    verb = 'unreserve'


class ListStorages(base.List):
    """List storage services and their pools."""

    collection = 'storages'
    kind = 'storage'
    columns = ('uuid', 'name', 'type', 'capacity_gib', 'free_gib', 'health')
    more = ('parent_uuid', 'state', *_MADE, *_PLACE)


class ShowStorage(base.Show):
    """Show a storage service or pool."""

    collection = 'storages'
    kind = 'storage'


class ListDevices(base.List):
    """List pooled devices: drives, network cards, accelerators and others."""

    collection = 'devices'
    kind = 'device'
    columns = ('uuid', 'name', 'type', 'capacity_gib', 'state', 'health')
    more = (
        'media_type',
        'protocol',
        'node_uuid',
        'chassis_uuid',
        *_MADE,
        *_PLACE,
    )


class ShowDevice(base.Show):
    """Show a pooled device."""

    collection = 'devices'
    kind = 'device'


class UnreserveDevice(base.Delete):
    """Free devices that are reserved to the project that had them last."""

    collection = 'devices'
    kind = 'device'
    verb = 'unreserve'


class ShowCapacity(base.One):
    """Show how much hardware there is, and how much of it is free."""

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Show."""
        return self.shown(self.client.get_capacity().answer())
