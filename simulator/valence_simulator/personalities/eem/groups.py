# SPDX-License-Identifier: Apache-2.0
"""Groups: a server and the boxes with its group ID are one machine."""

from __future__ import annotations

from valence_simulator.personalities.eem.devices import FREE_EEIO
from valence_simulator.personalities.eem.devices import NEW_EESV
from valence_simulator.personalities.eem.devices import Device
from valence_simulator.personalities.eem.devices import Devices
from valence_simulator.personalities.eem.errors import EemError


class Groups:
    """The groups, and how they change.

    :param service: has the options and the ledger.
    """

    def __init__(self, devices: Devices, service):
        self._devices = devices
        self._service = service

    def join(self, device: Device, group: str) -> None:
        """Add a device to a group, if the rules of the manager allow it.

        :raises EemError: 409 if they do not.
        """
        if device.status == 'eeio':
            self._check_box(device, group)
        else:
            holder = self._devices.server_of(group)
            if holder not in (None, device):
                raise EemError(
                    409, 'group_id_in_use', f'{holder.id} is in group {group}.'
                )
        self.put(device, group)

    def _check_box(self, device: Device, group: str) -> None:
        if not device.is_free:
            raise EemError(
                409,
                'group_id_in_use',
                f'The eeio is in group {device.group} already.',
            )
        server = self._devices.server_of(group)
        if server is not None:
            limit = int(server.fields['max_eeio_count'])
            if len(server.ports) >= limit:
                raise EemError(
                    409, 'too_many_eeio', f'The eesv takes {limit} eeios.'
                )

    def put(self, device: Device, group: str) -> None:
        """Add a device to a group without checking the rules."""
        seconds = self._service.options.unreadable_seconds
        self._report_later(device, seconds)
        if not device.is_free:
            self._part(device)
        device.group = group
        self._devices.touch(device)
        self._service.ledger.made(device.uri, group_id=group)
        if device.status == 'eesv':
            for box in self._devices.boxes_of(group):
                if box.server is None:
                    self._connect(device, box)
        else:
            server = self._devices.server_of(group)
            if server is not None:
                self._connect(server, device)

    def leave(self, device: Device) -> None:
        """Remove a device from its group."""
        seconds = self._service.options.lingering_seconds
        self._report_later(device, seconds)
        self._part(device)
        device.group = NEW_EESV if device.status == 'eesv' else FREE_EEIO
        self._devices.touch(device)
        self._service.ledger.ended(device.uri)

    def _report_later(self, device: Device, seconds: float) -> None:
        """Report the present group for some seconds, whatever it becomes."""
        if not seconds:
            return
        device.reported = device.group

        def report() -> None:
            device.reported = None
            self._devices.touch(device)

        self._service.delays.later(seconds, report)

    def _connect(self, server: Device, box: Device) -> None:
        """Link a box with its server, after a delay."""
        port = next(str(n) for n in range(99) if str(n) not in server.ports)
        server.ports[port] = [box.mac, False]
        box.server = server.mac

        def up() -> None:
            if server.ports.get(port, [None])[0] == box.mac:
                server.ports[port][1] = box.connected = True
                self._devices.touch(server)
                self._devices.touch(box)

        self._service.delays.later(self._service.options.compose_seconds, up)

    def _part(self, device: Device) -> None:
        """Remove the links of a device with the rest of its group."""
        if device.status == 'eesv':
            device.ports.clear()
            for box in self._devices.boxes_of(device.group):
                if box.server == device.mac:
                    box.connected, box.server = False, None
                    self._devices.touch(box)
            return
        for server in self._devices.members.values():
            if server.mac == device.server:
                server.ports = {
                    port: entry
                    for port, entry in server.ports.items()
                    if entry[0] != device.mac
                }
                self._devices.touch(server)
        device.connected, device.server = False, None
