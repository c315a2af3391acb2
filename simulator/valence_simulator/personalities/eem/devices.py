# SPDX-License-Identifier: Apache-2.0
"""ExpEther devices: cards in servers (eesv) and I/O boxes (eeio).

A server and the boxes with the same group ID are one machine. Fields and
values are those of NEC's own client of the manager, which uses strings for
numbers.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator

from valence_simulator.hardware import System
from valence_simulator.pod import Pod

#: The group IDs that can be assigned, and those of devices without a group.
GROUPS = range(16, 4093)
FREE_EEIO = '4093'
NEW_EESV = '4094'

#: The boxes: PCIe class code, vendor and device, model of the box.
BOXES = [
    ('0x010802', '0x8086', '0x0a54', 'NVMe box'),
    ('0x020000', '0x8086', '0x1572', 'Network box'),
    ('0x030200', '0x10de', '0x1eb8', 'GPU box'),
    ('0x120000', '0x1172', '0x09c4', 'Accelerator box'),
]
BOXES_PER_SYSTEM = 2


@dataclasses.dataclass
class Device:
    """A device of the manager."""

    mac: str
    status: str  # eesv or eeio
    type: str  # 1g, 10g or 40g
    serial: str
    model: str
    group: str
    fields: dict
    update_time: int = 0
    led: str = 'off'
    #: The MAC addresses of the boxes of a server, by port, and whether they
    #: are up.
    ports: dict[str, list] = dataclasses.field(default_factory=dict)
    #: The MAC address of the server of a box.
    server: str | None = None
    connected: bool = False
    #: The group that is reported instead of the real one, for a while.
    reported: str | None = None

    @property
    def id(self) -> str:
        return '0x' + self.mac.replace(':', '')

    @property
    def shown_group(self) -> str:
        """The group as it is reported."""
        return self.reported or self.group

    @property
    def uri(self) -> str:
        return f'/eem/devices/{self.id}'

    @property
    def is_free(self) -> bool:
        return self.group in (FREE_EEIO, NEW_EESV)

    def render(self) -> dict:
        """Return all fields of the device."""
        shown = {
            'id': self.id,
            'status': self.status,
            'update_time': str(self.update_time),
            'mac_address': self.mac,
            'group_id': self.shown_group,
            'type': self.type,
            'power_status': 'on',
            'device_id': '0x00000',
            'serial_number': self.serial,
            'model': self.model,
            'admin_status': 'enabled',
            'monitoring_status': 'enabled',
            'notification_status0': ['up', 'down'],
            'notification_status1': ['down', 'down'],
            'link_status0': 'up',
            'link_status1': 'down',
            'pcie_link_width': 'x8',
            'vlan_tagging': 'disabled',
            'encryption': 'disabled',
            'uid_led_status': self.led,
        }
        links = self._downstream if self.status == 'eesv' else self._upstream
        return {**shown, **links(), **self.fields}

    def _downstream(self) -> dict:
        """Return the ports of a server."""
        return {
            'downstream_ports': [
                {
                    'downstream_port_id': port,
                    'eeio_connection_status': 'up' if up else 'down',
                    'eeio_mac_address': mac,
                }
                for port, (mac, up) in self.ports.items()
            ]
        }

    def _upstream(self) -> dict:
        """Return the paths from a box to its server."""
        state = 'up' if self.connected else 'down'
        return {
            'path_status0': state,
            'path_status1': 'down',
            'eesv_connection_status': state,
            'eesv_mac_address': self.server,
            'pcie_connection_status': state,
            'power_interlock_status': 'enabled',
        }


class Devices:
    """All devices on the Ethernet, by ID."""

    def __init__(self, pod: Pod):
        self.members: dict[str, Device] = {}
        self._time = 0
        self._boxes = 0
        for system in pod.systems.values():
            self.add(system)

    def add(self, system: System) -> list[Device]:
        """Add a server and its boxes."""
        added = [_server(system), *self._boxes_of(system)]
        for device in added:
            self.members[device.id] = device
            self.touch(device)
        return added

    def touch(self, device: Device) -> None:
        """Set the update time of a device to one later than all others."""
        self._time = max(self._time + 1, int(time.time() * 1000))
        device.update_time = self._time

    def free_group(self) -> str | None:
        """Return a group ID that is not in use."""
        taken = {device.group for device in self.members.values()}
        return next((str(g) for g in GROUPS if str(g) not in taken), None)

    def server_of(self, group: str) -> Device | None:
        """Return the server of a group."""
        for device in self.members.values():
            if device.status == 'eesv' and device.group == group:
                return device
        return None

    def boxes_of(self, group: str) -> list[Device]:
        """Return the boxes of a group."""
        return [
            device
            for device in self.members.values()
            if device.status == 'eeio' and device.group == group
        ]

    def _boxes_of(self, system: System) -> Iterator[Device]:
        for n in range(BOXES_PER_SYSTEM):
            code, vendor, product, model = BOXES[self._boxes % len(BOXES)]
            old = self._boxes % 5 == 4
            self._boxes += 1
            fields = {
                'ee_version': 'v1.0' if old else 'v2.0',
                'fpga_version': '0x00000010',
                'pcie_vendor_id': vendor,
                'pcie_device_id': product,
                'pcie_class_code': code,
            }
            if not old:
                fields['resource_id'] = f'0x{self._boxes:04x}'
            # The address of the NIC with different first octets.
            mac = f'06:{n:02x}' + system.nics[0].mac.lower()[5:]
            yield Device(
                mac=mac,
                status='eeio',
                type='10g' if old else '40g',
                serial=f'{system.serial}-{n + 1}',
                model=f'ExpEther {model}',
                group=FREE_EEIO,
                fields=fields,
            )


def _server(system: System) -> Device:
    fast = system.kind != 'small'
    return Device(
        mac=system.nics[0].mac.lower(),
        status='eesv',
        type='40g' if fast else '10g',
        serial=f'{system.serial}-0',
        model=f'ExpEther Board ({"40" if fast else "10"}G)',
        group=NEW_EESV,
        fields={
            'ee_version': 'v2.0' if fast else 'v1.0',
            'fpga_version': '0x00000010',
            'max_eeio_count': '16' if fast else '8',
            'host_serial_number': system.serial,
            'host_model': system.model,
        },
    )
