# SPDX-License-Identifier: Apache-2.0
"""NEC ExpEther Managers: servers and I/O boxes on one Ethernet.

A server's card (eesv) and the boxes (eeio) of one group id are one machine.
Composing gives a free server a group of its own, and joins boxes to it; taking
apart undoes both. A server that has a group already is in somebody's use, with
boxes or without: giving it another one may want a reboot of its host.

No device can bear a name of ours. The group id is derived from the node's UUID
instead: a server in one of the few groups that its node would choose, with no
box but the node's own, is known to be the node. The change of the server is
guarded by its ``update_time``, so of two who want it one gets it. Until all
boxes are joined the node's URI names those that lack behind a ``#``.

After a box was joined or taken away the host has to scan its PCIe bus anew,
which is beyond a pod manager; a box has to be out of use before it is taken.
"""

import contextlib
import itertools
import uuid
from collections.abc import Iterable
from typing import Any

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import unfinished
from valence.podmanagers.expether import client as eem
from valence.podmanagers.redfish import resources as redfish_inventory
from valence.podmanagers.redfish.resources import text

_POLL_SECONDS = 1.0
_ATTEMPTS = 3
# How many groups a node may be in: others may have taken the first ones.
_CANDIDATES = 8


class ExpEther(base.Driver):
    """NEC ExpEther Manager."""

    name = 'expether'
    capabilities = frozenset(('compose', 'release', 'attach', 'detach'))

    def __init__(self, connection: base.Connection) -> None:
        super().__init__(connection)
        self._client = eem.Client(connection)
        # The latest update time of any device that was seen.
        self._seen_until: str | None = None

    @classmethod
    def recognizes(
        cls, connection: base.Connection, deadline: base.Deadline
    ) -> bool:
        client = eem.Client(connection)
        try:
            answer = client.version(deadline)
        except exception.MalformedAnswer:
            return False
        finally:
            client.close()
        # Who is asked for a login knows the form of the error at least.
        return 'version_number' in answer.body or (
            answer.status == 401 and {'code', 'message'} <= answer.body.keys()
        )

    def probe(self, deadline: base.Deadline) -> base.Probe:
        body = self._client.get(f'{eem.ROOT}/api_version', deadline)
        if 'version_number' not in body:
            raise exception.NotAPodManager(
                reason='it is no ExpEther Manager: it tells no version'
            )
        return base.Probe(service_uuid=None, capabilities=self.capabilities)

    def discover(self, deadline: base.Deadline) -> hardware.Inventory:
        devices = self._client.devices(deadline)
        self._remember(devices)
        return _inventory(devices, _nodes(devices))

    def refresh(
        self, uris: Iterable[str], deadline: base.Deadline
    ) -> hardware.Inventory:
        """Read all that has changed since, and what is asked for."""
        asked = list(dict.fromkeys(uris))
        groups = [uri for uri in asked if uri.startswith(f'{eem.GROUPS}/')]
        # A group is told by its members only: all have to be looked at.
        since = None if groups else self._seen_until
        devices = self._client.devices(deadline, since)
        self._remember(devices)
        seen = hardware.Inventory()
        for uri in asked:
            try:
                if uri in groups:
                    seen.nodes.append(_node(_group_of(uri), devices))
                elif uri.startswith(f'{eem.DEVICES}/') and uri not in devices:
                    devices[uri] = self._client.device(uri, deadline)
            except exception.ResourceGone:
                seen.gone.add(uri)
        found = _inventory(devices, seen.nodes)
        found.gone = seen.gone
        return found

    def _remember(self, devices: dict[str, dict[str, Any]]) -> None:
        times = [str(d.get('update_time')) for d in devices.values()]
        times = [time for time in times if time.isdecimal()]
        if self._seen_until is not None:
            times.append(self._seen_until)
        self._seen_until = max(times, key=int, default=None)

    def list_nodes(
        self, deadline: base.Deadline
    ) -> list[hardware.ComposedNode]:
        return _nodes(self._client.devices(deadline))

    def find_composed(
        self, request: base.ComposeRequest, deadline: base.Deadline
    ) -> hardware.ComposedNode | None:
        devices = self._client.devices(deadline)
        server = devices.get(request.system)
        if server is None or not _is_ours(server, devices, request):
            return None
        return _unfinished(_node(eem.group(server), devices), request)

    def compose(
        self, request: base.ComposeRequest, deadline: base.Deadline
    ) -> hardware.ComposedNode:
        devices = self._client.devices(deadline)
        _check(request, devices)
        server = devices[request.system]
        if not _is_ours(server, devices, request):
            group = _free_group(request.marker, devices)
            self._join(group, request.system, deadline)
            server['group_id'] = group
        return _unfinished(_node(eem.group(server), devices), request)

    def poll_compose(
        self, uri: str, deadline: base.Deadline
    ) -> hardware.ComposedNode:
        real, behind = unfinished.split(uri)
        for box in behind.get('join', ()):
            self._join(_group_of(real), box, deadline)
        node = self.read_node(real, deadline)
        for box in behind.get('join', ()):
            if not eem.is_connected(self._client.device(box, deadline)):
                raise base.InProgress(_POLL_SECONDS)
        return node

    def _join(self, group: str, uri: str, deadline: base.Deadline) -> None:
        """Put a device into a group; one that is in it is well.

        :raises NoMatch: when it is in another group.
        """
        for attempt in itertools.count(1):
            device = self._client.device(uri, deadline)
            if eem.group(device) == group:
                return
            if not eem.is_free(device):
                raise exception.NoMatch(
                    reason=f'{uri} is in group {eem.group(device)}'
                )
            if not eem.is_usable(device):
                raise exception.NoMatch(reason=f'{uri} is not up')
            try:
                self._client.join(uri, group, device, deadline)
                return
            except exception.NoMatch:
                # Its update time also changes for reasons of its own.
                if attempt == _ATTEMPTS:
                    raise

    def _leave(self, group: str, uri: str, deadline: base.Deadline) -> None:
        """Take a device out of a group; one that is not in it is well."""
        for _ in range(_ATTEMPTS):
            try:
                device = self._client.device(uri, deadline)
            except exception.ResourceGone:
                return
            if eem.group(device) != group:
                return
            if not eem.is_usable(device):
                raise exception.PodManagerUnavailable(
                    reason=f'{uri} is not up and cannot leave its group'
                )
            with contextlib.suppress(exception.NoMatch):
                self._client.leave(uri, device, deadline)
                return
        raise exception.PodManagerUnavailable(
            reason=f'{uri} changes all the time'
        )

    def release(
        self, uri: str, deadline: base.Deadline, erase: bool = False
    ) -> bool:
        group = _group_of(unfinished.split(uri)[0])
        devices = self._client.devices(deadline)
        members = [u for u, d in devices.items() if eem.group(d) == group]
        # The server last: it is what the node is found by.
        for member in sorted(
            members, key=lambda uri: eem.is_server(devices[uri])
        ):
            self._leave(group, member, deadline)
        # It knows of no erasing.
        return False

    def attach(self, uri: str, resource: str, deadline: base.Deadline) -> None:
        real = unfinished.split(uri)[0]
        self.read_node(real, deadline)
        self._join(_group_of(real), resource, deadline)
        if not eem.is_connected(self._client.device(resource, deadline)):
            raise base.InProgress(_POLL_SECONDS)

    def detach(self, uri: str, resource: str, deadline: base.Deadline) -> None:
        real = unfinished.split(uri)[0]
        self._leave(_group_of(real), resource, deadline)

    def reset(
        self, uri: str, reset_type: str, deadline: base.Deadline
    ) -> None:
        raise exception.RequestRejected(
            reason='ExpEther does not switch servers on or off'
        )

    def read_node(
        self, uri: str, deadline: base.Deadline
    ) -> hardware.ComposedNode:
        group = _group_of(unfinished.split(uri)[0])
        return _node(group, self._client.devices(deadline))

    def close(self) -> None:
        self._client.close()


def _group_of(uri: str) -> str:
    return uri.rstrip('/').rpartition('/')[2]


def _candidates(marker: str) -> list[str]:
    """The groups that a node may be in, the likeliest first."""
    number = uuid.UUID(marker).int
    size = len(eem.GROUP_IDS)
    # Two different numbers, so that two nodes hardly share more than one.
    first, step = number % size, 1 + number // size % (size - 1)
    return [
        str(eem.GROUP_IDS[(first + n * step) % size])
        for n in range(_CANDIDATES)
    ]


def _free_group(marker: str, devices: dict[str, dict[str, Any]]) -> str:
    """The first group of a node's that nobody is in.

    :raises NoMatch: when all are taken.
    """
    taken = {eem.group(device) for device in devices.values()}
    for group in _candidates(marker):
        if group not in taken:
            return group
    raise exception.NoMatch(reason='there is no free group for the node')


def _is_ours(
    server: dict[str, Any],
    devices: dict[str, dict[str, Any]],
    request: base.ComposeRequest,
) -> bool:
    """Whether a server was given its group for a node."""
    group = eem.group(server)
    boxes = {
        uri
        for uri, device in devices.items()
        if eem.is_box(device) and eem.group(device) == group
    }
    return group in _candidates(request.marker) and boxes <= set(
        request.devices
    )


def _check(
    request: base.ComposeRequest, devices: dict[str, dict[str, Any]]
) -> None:
    """See that all that was claimed can be had.

    :raises NoMatch: when it cannot.
    """
    for uri in (request.system, *request.devices):
        if uri not in devices:
            raise exception.NoMatch(reason=f'{uri} is not there any more')
        if not eem.is_usable(devices[uri]):
            raise exception.NoMatch(reason=f'{uri} is not up')
    server = devices[request.system]
    if not eem.is_server(server):
        raise exception.NoMatch(reason=f'{request.system} is no server')
    ours = _is_ours(server, devices, request)
    if eem.in_group(server) and not ours:
        raise exception.NoMatch(
            reason=f'{request.system} is in group {eem.group(server)}'
        )
    allowed = (eem.FREE_BOX, eem.group(server) if ours else eem.FREE_BOX)
    for uri in request.devices:
        if eem.group(devices[uri]) not in allowed:
            raise exception.NoMatch(
                reason=f'{uri} is in group {eem.group(devices[uri])}'
            )
    most = redfish_inventory.count(server.get('max_eeio_count'))
    if most and len(request.devices) > most:
        raise exception.NoMatch(
            reason=f'{request.system} takes {most} boxes, '
            f'not {len(request.devices)}'
        )


def _node(
    group: str, devices: dict[str, dict[str, Any]]
) -> hardware.ComposedNode:
    """The machine that a group is.

    :raises ResourceGone: when there is no server in it.
    """
    members = {u: d for u, d in devices.items() if eem.group(d) == group}
    servers = [uri for uri, d in members.items() if eem.is_server(d)]
    if not servers or not eem.in_group(members[servers[0]]):
        raise exception.ResourceGone(uri=f'{eem.GROUPS}/{group}')
    server = members[servers[0]]
    boxes = [uri for uri, device in members.items() if eem.is_box(device)]
    return hardware.ComposedNode(
        uri=f'{eem.GROUPS}/{group}',
        index=group,
        name=_name(server),
        marker=None,
        power_state=_power(server),
        resources=(servers[0], *boxes),
    )


def _nodes(devices: dict[str, dict[str, Any]]) -> list[hardware.ComposedNode]:
    groups = {
        eem.group(device): None
        for device in devices.values()
        if eem.is_server(device) and eem.in_group(device)
    }
    return [_node(group, devices) for group in groups]


def _unfinished(
    node: hardware.ComposedNode, request: base.ComposeRequest
) -> hardware.ComposedNode:
    node.marker = request.marker
    return unfinished.lacking(node, request.devices)


def _inventory(
    devices: dict[str, dict[str, Any]], nodes: list[hardware.ComposedNode]
) -> hardware.Inventory:
    seen = hardware.Inventory(nodes=nodes)
    for uri, device in devices.items():
        if eem.is_server(device):
            seen.systems.append(_server_item(uri, device))
        elif eem.is_box(device):
            seen.devices.append(_box_item(uri, device))
    return seen


def _name(device: dict[str, Any]) -> str:
    model = text(device.get('host_model')) or text(device.get('model')) or ''
    return f'{model} {device.get("id")}'.strip()[:255]


def _power(device: dict[str, Any]) -> str:
    told = device.get('power_status')
    return told if told in ('on', 'off') else 'unknown'


def _state(device: dict[str, Any]) -> str:
    if not eem.is_usable(device):
        return 'unavailable'
    return 'free' if eem.is_free(device) else 'used'


def _labels(device: dict[str, Any]) -> dict[str, Any]:
    return {
        'manufacturer': None,
        'model': text(device.get('model')),
        'serial_number': text(device.get('serial_number')),
        'health': 'ok' if eem.is_usable(device) else 'warning',
        'name': _name(device),
        'zones': [],
    }


def _server_item(uri: str, device: dict[str, Any]) -> hardware.Item:
    """A server. Nothing is told of its processors, memory and drives."""
    return hardware.Item(
        uri=uri,
        values={
            **_labels(device),
            'hardware_uuid': None,
            'type': 'physical',
            'cpu_model': None,
            'cpu_architecture': None,
            'cpu_sockets': 0,
            'cpu_cores': 0,
            'cpu_threads': 0,
            'memory_mib': 0,
            'memory_type': None,
            'storage_gib': 0,
            'drives': [],
            'nics': [],
            'power_state': _power(device),
            'state': _state(device),
        },
        properties=device,
    )


def _box_item(uri: str, device: dict[str, Any]) -> hardware.Item:
    """An I/O box. Its size is not told."""
    kind, medium, protocol = eem.kind(device)
    return hardware.Item(
        uri=uri,
        values={
            **_labels(device),
            'type': kind,
            'media_type': medium,
            'protocol': protocol,
            'capacity_gib': 0,
            'memory_mib': 0,
            'cpu_cores': 0,
            'speed_mbps': 0,
            'pooled_group_id': eem.group(device) or None,
            'state': _state(device),
        },
        properties=device,
    )
