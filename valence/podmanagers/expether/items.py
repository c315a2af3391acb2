# SPDX-License-Identifier: Apache-2.0
"""Devices of an ExpEther Manager as items of Valence's inventory."""

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers import hardware
from valence.podmanagers.expether import fields
from valence.podmanagers.expether.client import GROUPS
from valence.podmanagers.expether.client import Devices
from valence.podmanagers.wire.values import text


def inventory(
    devices: Devices, nodes: list[hardware.ComposedNode]
) -> hardware.Inventory:
    """Servers as systems, I/O boxes as pooled devices.

    What is neither may be a server of any group.
    """
    seen = hardware.Inventory(nodes=nodes)
    for uri, device in devices.items():
        if fields.is_server(device):
            seen.systems.append(_server_item(uri, device))
        elif fields.is_box(device):
            seen.devices.append(_box_item(uri, device))
        else:
            kind = text(device.get('status'), 64)
            seen.problems.append(f'{uri}: unknown kind of device: {kind}')
            seen.unread.update((uri, f'{GROUPS}/'))
    return seen


def node(group: str, devices: Devices) -> hardware.ComposedNode:
    """The node that a group is.

    Of several servers in it, one is the node's, and others are foreign.

    :raises ResourceGone: when there is no server in it.
    """
    members = {u: d for u, d in devices.items() if fields.group(d) == group}
    servers = servers_of(group, devices)
    if not servers or not fields.in_group(members[servers[0]]):
        raise exception.ResourceGone(uri=f'{GROUPS}/{group}')
    server = members[servers[0]]
    boxes = [uri for uri, device in members.items() if fields.is_box(device)]
    return hardware.ComposedNode(
        uri=f'{GROUPS}/{group}',
        index=group,
        name=_name(server),
        mark=None,
        power_state=fields.power(server),
        resources=(*servers, *boxes),
        shared=len(servers) > 1,
        # An ExpEther Manager switches no server, nor chooses what it boots.
        allowable={'reset_types': [], 'boot_targets': [], 'boot_modes': []},
    )


def servers_of(group: str, devices: Devices) -> list[str]:
    """The URIs of the servers in a group."""
    return [
        uri
        for uri, device in devices.items()
        if fields.is_server(device) and fields.group(device) == group
    ]


def nodes(devices: Devices) -> list[hardware.ComposedNode]:
    """All nodes."""
    groups = {
        fields.group(device): None
        for device in devices.values()
        if fields.is_server(device) and fields.in_group(device)
    }
    return [node(group, devices) for group in groups]


def _name(device: JsonObject) -> str:
    model = text(device.get('host_model')) or text(device.get('model')) or ''
    return f'{model} {device.get("id")}'.strip()[:255]


def _state(device: JsonObject) -> str:
    if not fields.is_usable(device):
        return 'unavailable'
    return 'free' if fields.is_free(device) else 'used'


def _common(device: JsonObject) -> JsonObject:
    return {
        'manufacturer': None,
        'model': text(device.get('model')),
        'serial_number': text(device.get('serial_number')),
        'health': 'ok' if fields.is_usable(device) else 'warning',
        'name': _name(device),
        'zones': [],
        'state': _state(device),
    }


def _server_item(uri: str, device: JsonObject) -> hardware.Item:
    """A server. Its processors, memory and drives are unknown."""
    return hardware.Item(
        uri=uri,
        values={
            **_common(device),
            'hardware_uuid': None,
            'type': 'physical',
            'processors': [],
            'cpu_model': None,
            'cpu_architecture': None,
            'cpu_sockets': 0,
            'cpu_cores': 0,
            'cpu_threads': 0,
            'memory_mib': 0,
            'memory_type': None,
            'memory_modules': [],
            'tpm': None,
            'boot_modes': None,
            'storage_gib': 0,
            'drives': [],
            'nics': [],
            'accelerators': [],
            'power_state': fields.power(device),
        },
        properties=device,
    )


def _box_item(uri: str, device: JsonObject) -> hardware.Item:
    """An I/O box. Its capacity is unknown."""
    kind, media_type, protocol = fields.box_type(device)
    return hardware.Item(
        uri=uri,
        values=hardware.device(
            {
                **_common(device),
                'manufacturer': fields.vendor(device),
                'type': kind,
                'media_type': media_type,
                'protocol': protocol,
                'pooled_group_id': fields.group(device) or None,
            }
        ),
        properties=device,
    )
