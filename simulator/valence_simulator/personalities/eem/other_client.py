# SPDX-License-Identifier: Apache-2.0
"""Another client that changes devices, for the control endpoint."""

from __future__ import annotations

from aiohttp import web

from valence_simulator import faults
from valence_simulator import ledger
from valence_simulator.personalities.eem.devices import Device
from valence_simulator.personalities.eem.errors import EemError


class OtherClient:
    """Another client of the manager."""

    def __init__(self, service):
        self._service = service
        self._devices = service.devices

    def compose(self, body: dict) -> str:
        """Add devices to a group at once.

        :param body: ``parts``: URIs of a server and boxes (by default the
            first free server), and ``group``: its ID (by default the next free
            one).
        :raises ValueError: if the rules of the manager do not allow it.
        """
        parts = list(map(self._device, body.get('parts', ())))
        parts = parts or [self.free_server()]
        group = str(body.get('group') or self._devices.free_group())
        try:
            for device in parts:
                self._service.groups.join(device, group)
        except EemError as error:
            raise ValueError(str(error)) from error
        return f'/eem/groups/{group}'

    def move(self, part: str, to: str | None) -> None:
        """Move a device to a group, or to none, without checking the rules.

        :param to: the URI of the group: ``/eem/groups/16``.
        """
        device = self._device(part)
        if to is None:
            self._service.groups.leave(device)
        else:
            # A moved device belongs to the client that moved it.
            self._service.ledger.ended(device.uri)
            self._service.groups.put(device, to.rsplit('/', 1)[1])

    def intrude(self, request: web.BaseRequest, answer: dict | None) -> None:
        """Join the group of a request, if a fault requires it.

        :param answer: the response to the request.
        """
        if faults.INTRUDE not in request or 'group_id' not in (answer or {}):
            return
        requested = request[faults.INTRUDE]
        # Not the server of the request: with its very server in its very
        # group, nobody could tell that the request was ignored.
        device = self._devices.members.get(requested) or self.free_server(
            request.path.split('/')[3]
        )
        with ledger.as_stranger():
            self._service.groups.put(device, answer['group_id'])

    def free_server(self, other_than: str = '') -> Device:
        """Return a server in no group.

        :param other_than: the ID of one that is not returned.
        :raises ValueError: if every server is in a group.
        """
        for device in self._devices.members.values():
            if (
                device.status == 'eesv'
                and device.is_free
                and device.id != other_than
            ):
                return device
        raise ValueError('no eesv is free')

    def _device(self, uri: str) -> Device:
        """:raises KeyError: if the device does not exist."""
        for device in self._devices.members.values():
            if device.uri == uri:
                return device
        raise KeyError(uri)
