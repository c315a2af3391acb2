# SPDX-License-Identifier: Apache-2.0
"""NEC ExpEther Managers: servers and I/O boxes on one Ethernet.

A server's card (eesv) and the boxes (eeio) of one group id are one node.
Composing gives a free server a group, and adds boxes to it; releasing undoes
both. A server that is in a group belongs to somebody, with boxes or without:
changing its group may require a reboot of its host.

No device can store a mark. The group id is derived from the node's UUID
instead: a server in one of the few groups that are candidates of its node,
with no boxes but the node's, is that node. The change of the server is guarded
by its ``update_time``, so only one of two nodes gets it. Until all boxes are
added, the fragment of the node's URI names the others: see ``node_uri``.

After a box is added or removed, the host has to scan its PCIe bus, which a pod
manager cannot do; a box must be out of use before it is removed.
"""

import contextlib
import itertools
import uuid
from collections.abc import Collection
from collections.abc import Iterable

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import node_uri
from valence.podmanagers.expether import fields
from valence.podmanagers.expether import items
from valence.podmanagers.expether.client import DEVICES
from valence.podmanagers.expether.client import GROUPS
from valence.podmanagers.expether.client import ROOT
from valence.podmanagers.expether.client import Client
from valence.podmanagers.expether.client import Devices
from valence.podmanagers.node_uri import NodeUri
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.podmanagers.wire.values import count

_POLL_SECONDS = 1.0
_ATTEMPTS = 3
# How many groups a node may be in: others may be in the first ones.
_CANDIDATES = 8


class ExpEther(base.Driver):
    """NEC ExpEther Manager."""

    name = 'expether'
    capabilities = frozenset(('compose', 'release', 'attach', 'detach'))

    def __init__(self, connection: base.Connection) -> None:
        super().__init__(connection)
        self._client = Client(connection)

    @classmethod
    def recognizes(
        cls, connection: base.Connection, deadline: Deadline
    ) -> bool:
        client = Client(connection)
        try:
            response = client.version(deadline)
        except exception.MalformedResponse:
            return False
        finally:
            client.close()
        # One that requires a login has a typical error at least.
        return 'version_number' in response.body or (
            response.status == 401
            and {'code', 'message'} <= response.body.keys()
        )

    def probe(self, deadline: Deadline) -> base.Probe:
        body = self._client.get(f'{ROOT}/api_version', deadline)
        if 'version_number' not in body:
            raise exception.NotAPodManager(
                reason='the response has no version of an ExpEther Manager'
            )
        return base.Probe(service_uuid=None, capabilities=self.capabilities)

    def discover(self, deadline: Deadline) -> hardware.Inventory:
        devices, nameless = self._client.listed(deadline)
        seen = items.inventory(devices, items.nodes(devices))
        if nameless:
            seen.problems.append(f'{DEVICES}: {nameless} devices have no ID')
            seen.unread.update((f'{DEVICES}/', f'{GROUPS}/'))
        return seen

    def refresh(
        self, uris: Iterable[str], deadline: Deadline
    ) -> hardware.Inventory:
        devices = self._client.devices(deadline)
        requested: Devices = {}
        seen = hardware.Inventory()
        for uri in dict.fromkeys(uris):
            try:
                if uri.startswith(f'{GROUPS}/'):
                    node = items.node(_group_of(uri), devices)
                    seen.nodes.append(node)
                    requested.update({u: devices[u] for u in node.resources})
                elif uri in devices:
                    requested[uri] = devices[uri]
                elif uri.startswith(f'{DEVICES}/'):
                    # What is below a device, and one that is not listed.
                    requested[uri] = self._client.device(uri, deadline)
            except exception.ResourceGone:
                seen.gone.add(uri)
        found = items.inventory(requested, seen.nodes)
        found.gone = seen.gone
        return found

    def list_nodes(self, deadline: Deadline) -> list[hardware.ComposedNode]:
        return items.nodes(self._client.devices(deadline))

    def find_composed(
        self, request: base.ComposeRequest, deadline: Deadline
    ) -> hardware.ComposedNode | None:
        devices = self._client.devices(deadline)
        server = devices.get(request.system)
        if server is None or not _is_node_of(request, server, devices):
            return None
        return _incomplete(fields.group(server), devices, request)

    def compose(
        self,
        request: base.ComposeRequest,
        deadline: Deadline,
        progress: Progress,
    ) -> hardware.ComposedNode:
        devices = self._client.devices(deadline)
        _check(request, devices)
        server = devices[request.system]
        if not _is_node_of(request, server, devices):
            devices = self._take_group(request, devices, deadline)
        group = fields.group(devices[request.system])
        return _incomplete(group, devices, request)

    def _take_group(
        self,
        request: base.ComposeRequest,
        devices: Devices,
        deadline: Deadline,
    ) -> Devices:
        """Put the server into a group with no other members.

        Another client may choose the same group at the same time: it is left
        to that client.

        :returns: the devices.
        :raises NoMatch: when there is no such group.
        :raises MalformedResponse: when the server is not listed afterwards.
        """
        for group in _candidates(request.mark.node):
            if _others(group, request, devices):
                continue
            self._add(group, request.system, deadline)
            devices = self._client.devices(deadline)
            if request.system not in devices:
                # What is in the group is not known either.
                raise exception.MalformedResponse(
                    reason=f'{request.system} is not listed any more'
                )
            if not _others(group, request, devices):
                devices[request.system]['group_id'] = group
                return devices
            self._remove(group, request.system, deadline)
        raise exception.NoMatch(reason='there is no free group for the node')

    def poll_compose(
        self, uri: str, deadline: Deadline, progress: Progress
    ) -> hardware.ComposedNode:
        known = NodeUri.parse(uri)
        for box in known.missing:
            self._alone(known.uri, deadline)
            self._add(_group_of(known.uri), box, deadline)
        node = self._alone(known.uri, deadline)
        for box in known.missing:
            if not fields.is_connected(self._client.device(box, deadline)):
                raise InProgress(_POLL_SECONDS)
        return node

    def _alone(self, uri: str, deadline: Deadline) -> hardware.ComposedNode:
        """Read a node, and check that no other server is in its group.

        :raises NoMatch: when one is.
        """
        node = self.read_node(uri, deadline)
        if node.shared:
            raise exception.NoMatch(
                reason=f'another server is in the group {node.index}'
            )
        return node

    def _add(self, group: str, uri: str, deadline: Deadline) -> None:
        """Add a device to a group; a no-op if it is in it.

        :raises NoMatch: when it is in another group.
        """
        for attempt in itertools.count(1):
            device = self._client.device(uri, deadline)
            if fields.group(device) == group:
                return
            if not fields.is_free(device):
                raise exception.NoMatch(
                    reason=f'{uri} is in group {fields.group(device)}'
                )
            if not fields.is_usable(device):
                raise exception.NoMatch(reason=f'{uri} is not up')
            try:
                self._client.set_group(uri, group, device, deadline)
                return
            except exception.NoMatch:
                # Its update time changes for other reasons as well.
                if attempt == _ATTEMPTS:
                    raise

    def _remove(self, group: str, uri: str, deadline: Deadline) -> None:
        """Remove a device from a group; a no-op if it is not in it."""
        for _ in range(_ATTEMPTS):
            try:
                device = self._client.device(uri, deadline)
            except exception.ResourceGone:
                return
            if fields.group(device) != group:
                return
            if not fields.is_usable(device):
                raise exception.PodManagerUnavailable(
                    reason=f'{uri} is not up and cannot leave its group'
                )
            with contextlib.suppress(exception.NoMatch):
                self._client.delete_group(uri, device, deadline)
                return
        raise exception.PodManagerUnavailable(
            reason=f'{uri} is changed all the time'
        )

    def release(
        self,
        uri: str,
        deadline: Deadline,
        progress: Progress,
        erase: bool = False,
        parts: Collection[str] = (),
        existing: Collection[str] = (),
    ) -> bool:
        group = _group_of(NodeUri.parse(uri).uri)
        devices = self._client.devices(deadline)
        members = [u for u, d in devices.items() if fields.group(d) == group]
        if parts:
            members = [uri for uri in members if uri in parts]
        elif len(items.servers_of(group, devices)) > 1:
            raise exception.RequestRejected(
                reason=f'several servers are in the group {group}'
            )
        # The server is the last: the node is found by it.
        for member in sorted(
            members, key=lambda uri: fields.is_server(devices[uri])
        ):
            self._remove(group, member, deadline)
        # An ExpEther Manager erases nothing.
        return False

    def attach(
        self,
        uri: str,
        resource: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        group = NodeUri.parse(uri).uri
        devices = self._client.devices(deadline)
        node = self._alone(group, deadline)
        boxes = {*node.resources[1:], resource}
        _check_count(node.resources[0], devices, len(boxes))
        self._add(_group_of(group), resource, deadline)
        if self.read_node(group, deadline).shared:
            self._remove(_group_of(group), resource, deadline)
            self._alone(group, deadline)
        if not fields.is_connected(self._client.device(resource, deadline)):
            raise InProgress(_POLL_SECONDS)

    def detach(
        self,
        uri: str,
        resource: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        group = _group_of(NodeUri.parse(uri).uri)
        self._remove(group, resource, deadline)

    def reset(
        self,
        uri: str,
        reset_type: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        raise exception.RequestRejected(
            reason='ExpEther does not switch servers on or off'
        )

    def read_node(self, uri: str, deadline: Deadline) -> hardware.ComposedNode:
        group = _group_of(NodeUri.parse(uri).uri)
        return items.node(group, self._client.devices(deadline))

    def close(self) -> None:
        self._client.close()


def _group_of(uri: str) -> str:
    return uri.rstrip('/').rpartition('/')[2]


def _candidates(node_uuid: str) -> list[str]:
    """The groups that a node may be in, the likeliest first."""
    number = uuid.UUID(node_uuid).int
    size = len(fields.GROUP_IDS)
    # Two different numbers, so that two nodes rarely share more than one.
    first, step = number % size, 1 + number // size % (size - 1)
    return [
        str(fields.GROUP_IDS[(first + n * step) % size])
        for n in range(_CANDIDATES)
    ]


def _others(
    group: str, request: base.ComposeRequest, devices: Devices
) -> set[str]:
    """What is in a group and was not claimed for a request."""
    members = {
        uri for uri, device in devices.items() if fields.group(device) == group
    }
    return members - {request.system, *request.devices}


def _is_node_of(
    request: base.ComposeRequest, server: JsonObject, devices: Devices
) -> bool:
    """Whether a server is in its group because of a request."""
    group = fields.group(server)
    boxes = {
        uri
        for uri, device in devices.items()
        if fields.is_box(device) and fields.group(device) == group
    }
    return group in _candidates(request.mark.node) and boxes <= set(
        request.devices
    )


def _check(request: base.ComposeRequest, devices: Devices) -> None:
    """Check that all that was claimed is available.

    :raises NoMatch: when it is not.
    """
    for uri in (request.system, *request.devices):
        if uri not in devices:
            raise exception.NoMatch(reason=f'{uri} does not exist')
        if not fields.is_usable(devices[uri]):
            raise exception.NoMatch(reason=f'{uri} is not up')
    server = devices[request.system]
    if not fields.is_server(server):
        raise exception.NoMatch(reason=f'{request.system} is no server')
    ours = _is_node_of(request, server, devices)
    if fields.in_group(server) and not ours:
        raise exception.NoMatch(
            reason=f'{request.system} is in group {fields.group(server)}'
        )
    allowed = (fields.FREE_BOX, fields.group(server) if ours else None)
    for uri in request.devices:
        if fields.group(devices[uri]) not in allowed:
            raise exception.NoMatch(
                reason=f'{uri} is in group {fields.group(devices[uri])}'
            )
    _check_count(request.system, devices, len(request.devices))


def _check_count(server: str, devices: Devices, boxes: int) -> None:
    """Check that a server takes so many boxes.

    :raises NoMatch: when it does not.
    """
    most = count(devices.get(server, {}).get('max_eeio_count'))
    if most and boxes > most:
        raise exception.NoMatch(
            reason=f'{server} takes {most} boxes, not {boxes}'
        )


def _incomplete(
    group: str, devices: Devices, request: base.ComposeRequest
) -> hardware.ComposedNode:
    """The node of a request, of which boxes may be missing."""
    node = items.node(group, devices)
    node.mark = request.mark
    return node_uri.with_missing(node, request.devices)
