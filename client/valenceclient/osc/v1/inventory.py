# SPDX-License-Identifier: Apache-2.0
"""``openstack valence chassis, rack, system, storage and device …``."""

import argparse
from typing import Any

from valenceclient.osc import base

_LOCATION = ('podm_uuid', 'resource_uri', 'synced_at', 'stale', 'refreshed')
_IDENTITY = ('manufacturer', 'model', 'serial_number')


class ListChassis(base.List):
    """List chassis: racks, drawers, sleds and other enclosures."""

    collection = 'chassis'
    kind = 'chassis'
    columns = (
        *('uuid', 'name', 'type', 'location', 'state', 'health'),
        'pod_manager',
    )
    long_columns = ('parent_uuid', *_IDENTITY, *_LOCATION)


class SetChassis(base.Set):
    """Change the tags of a chassis."""

    collection = 'chassis'
    kind = 'chassis'


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
    """List systems, from resource nodes are composed."""

    examples = (
        'system list --free true --memory-mib gte:65536 --sort-key cpu_cores',
        'system list --pod-manager rack-1 --tags CUSTOM_ROW_7',
    )

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
        'pod_manager',
        'node',
    )
    long_columns = (
        'cpu_model',
        'cpu_sockets',
        'node_uuid',
        'chassis_uuid',
        'hardware_uuid',
        *_IDENTITY,
        *_LOCATION,
    )


class SetSystem(base.Set):
    """Change the tags of a system."""

    collection = 'systems'
    kind = 'system'


class ShowSystem(base.Show):
    """Show a system."""

    collection = 'systems'
    kind = 'system'


class UnreserveSystem(base.Delete):
    """Free systems that are reserved for the project that used them last."""

    collection = 'systems'
    kind = 'system'
    verb = 'unreserve'


class ListStorages(base.List):
    """List storage services and their pools."""

    collection = 'storages'
    kind = 'storage'
    columns = (
        *('uuid', 'name', 'type', 'capacity_gib', 'free_gib', 'health'),
        'pod_manager',
    )
    long_columns = ('parent_uuid', 'state', *_IDENTITY, *_LOCATION)


class ShowStorage(base.Show):
    """Show a storage service or pool."""

    collection = 'storages'
    kind = 'storage'


class ListDevices(base.List):
    """List pooled devices: drives, network interfaces, accelerators etc."""

    collection = 'devices'
    kind = 'device'
    columns = (
        *('uuid', 'name', 'type', 'capacity_gib', 'state', 'health'),
        *('pod_manager', 'node'),
    )
    long_columns = (
        'media_type',
        'protocol',
        'node_uuid',
        'chassis_uuid',
        *_IDENTITY,
        *_LOCATION,
    )


class SetDevice(base.Set):
    """Change the tags of a device."""

    collection = 'devices'
    kind = 'device'


class ShowDevice(base.Show):
    """Show a pooled device."""

    collection = 'devices'
    kind = 'device'


class UnreserveDevice(base.Delete):
    """Free devices that are reserved for the project that used them last."""

    collection = 'devices'
    kind = 'device'
    verb = 'unreserve'


class ShowCapacity(base.ShowOne):
    """Show total and free capacity."""

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Show the capacity."""
        return self.columns_and_values(
            self.client.get_capacity().api_fields(), parsed_args
        )


class ListCapacitySamples(base.List):
    """List what the capacity of all pod managers was."""

    examples = (
        'capacity sample list --taken-at gte:2026-11-01T00:00:00Z -f csv',
    )

    collection = 'capacity_samples'
    kind = 'capacity_sample'
    columns = (
        *('taken_at', 'systems', 'free_systems', 'cpu_cores'),
        *('free_cpu_cores', 'memory_mib', 'free_memory_mib'),
    )
    long_columns = (
        *('uuid', 'nodes', 'held_systems', 'held_cpu_cores'),
        *('held_memory_mib', 'devices'),
    )


class ShowCapacitySample(base.Show):
    """Show what the capacity of all pod managers was."""

    collection = 'capacity_samples'
    kind = 'capacity_sample'
