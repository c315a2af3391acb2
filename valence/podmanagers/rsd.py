# SPDX-License-Identifier: Apache-2.0
"""Intel Rack Scale Design pod managers, 2.1 and later.

A node is allocated, which takes its parts, and then assembled. The pod manager
picks the parts by itself unless they are pinned; we pin the processors, and
with them the one physical system that all local parts have to lie in.
"""

import re
from collections.abc import Iterable
from typing import Any

from oslo_utils import uuidutils

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers import redfish_events
from valence.podmanagers import redfish_inventory
from valence.podmanagers.redfish_client import Client
from valence.podmanagers.redfish_client import Crawler
from valence.podmanagers.redfish_client import link
from valence.podmanagers.redfish_client import links
from valence.podmanagers.redfish_client import words
from valence.podmanagers.redfish_events import EventService
from valence.podmanagers.redfish_inventory import obj

# By this the nodes that Valence made are known again: PODMs echo it.
_MARK = 'Valence node '
_POLL_SECONDS = 1.0
# Where a node tells what it is made of, of what Valence keeps by itself; RSD
# 2.1 had drives where later ones have storage.
_RESOURCES = ('ComputerSystem', 'Storage', 'LocalDrives', 'RemoteDrives')
# What RSD 1.2 calls a node that is assembled, besides the word of 2.x.
_ASSEMBLED = ('Assembled', 'PoweredOn', 'PoweredOff')


class RSD(base.Driver):
    """Intel Rack Scale Design pod manager (RSD 2.x)."""

    name = 'rsd'
    capabilities = frozenset(
        (
            'compose',
            'release',
            'reset',
            'erase',
            'event stream',
            'event subscription',
        )
    )

    def __init__(self, connection: base.Connection) -> None:
        super().__init__(connection)
        self._client = Client(connection)
        self._nodes: dict[str, base.ComposedNode] | None = None

    @classmethod
    def recognizes(
        cls, connection: base.Connection, deadline: base.Deadline
    ) -> bool:
        client = Client(connection)
        try:
            return _nodes_uri(client.root(deadline)) is not None
        finally:
            client.close()

    def probe(self, deadline: base.Deadline) -> base.Probe:
        root, nodes = self._root(deadline)
        # The root is public; only this shows whether our login is taken.
        self._client.get(nodes, deadline)
        return base.Probe(
            service_uuid=redfish_inventory.text(root.get('UUID')),
            capabilities=frozenset(
                {'compose', 'release', 'reset', 'erase'}
                | EventService(self._client, root, deadline).capabilities()
            ),
        )

    def _root(self, deadline: base.Deadline) -> tuple[dict[str, Any], str]:
        root = self._client.root(deadline)
        nodes = _nodes_uri(root)
        if nodes is None:
            raise exception.NotAPodManager(
                reason='the Redfish service has no composed nodes'
            )
        return root, nodes

    def discover(self, deadline: base.Deadline) -> base.Inventory:
        root, nodes_uri = self._root(deadline)
        with Crawler(self._client, deadline, _expands(root)) as crawler:
            places = _places(root, nodes_uri)
            found = crawler.members_of(places.values())
            members = {kind: found[uri] for kind, uri in places.items()}
            seen = self._read(crawler, members)
            self._nodes = {node.uri: node for node in seen.nodes}
            self._read_hardware(crawler, members, seen)
            seen.problems = [
                f'{uri}: {reason}' for uri, reason in crawler.failed.items()
            ]
            seen.unread = set(crawler.failed)
        return seen

    def refresh(
        self, uris: Iterable[str], deadline: base.Deadline
    ) -> base.Inventory:
        root, nodes_uri = self._root(deadline)
        places = _places(root, nodes_uri)
        members: dict[str, list[str]] = {}
        for uri in uris:
            for kind, place in places.items():
                if uri.startswith(place + '/'):
                    name = uri.removeprefix(place + '/').partition('/')[0]
                    members.setdefault(kind, []).append(f'{place}/{name}')
        known = self._known_nodes(deadline)
        with Crawler(self._client, deadline, expand=False) as crawler:
            seen = self._read(crawler, members)
            changed = {node.uri: node for node in seen.nodes}
            # What a node gained or lost has another state now.
            parts = [
                part
                for uri in members.get('nodes', ())
                for node in (known.get(uri), changed.get(uri))
                if node
                for part in node.resources
            ]
            for uri in members.get('nodes', ()):
                known.pop(uri, None)
            known.update(changed)
            members['systems'] = [
                *members.get('systems', ()),
                *(
                    uri
                    for uri in parts
                    if uri.startswith(places.get('systems', '-'))
                ),
            ]
            self._read_hardware(crawler, members, seen)
            asked = {uri for found in members.values() for uri in found}
            seen.gone = crawler.gone & asked
            seen.unread = set(crawler.failed) - seen.gone
        return seen

    def _read(
        self, crawler: Crawler, members: dict[str, list[str]]
    ) -> base.Inventory:
        """Read the nodes, which tell what of the hardware is in use."""
        nodes = crawler.get_many(members.get('nodes', ()))
        return base.Inventory(
            nodes=[_composed(uri, body) for uri, body in nodes.items()]
        )

    def _read_hardware(
        self,
        crawler: Crawler,
        members: dict[str, list[str]],
        seen: base.Inventory,
    ) -> None:
        used = {
            uri
            for node in (self._nodes or {}).values()
            for uri in node.resources
        }
        systems = members.get('systems', [])
        chassis = members.get('chassis', [])
        storages = members.get('storages', [])
        seen.systems = redfish_inventory.read_systems(crawler, systems, used)
        seen.chassis = redfish_inventory.read_chassis(crawler, chassis)
        seen.storages = redfish_inventory.read_storages(crawler, storages)
        seen.devices = [
            *redfish_inventory.read_pooled_drives(crawler, seen, used),
            *redfish_inventory.read_volumes(crawler, storages, used),
        ]

    def _known_nodes(
        self, deadline: base.Deadline
    ) -> dict[str, base.ComposedNode]:
        """The nodes that were there when this driver last looked."""
        if self._nodes is None:
            found = self.composed(deadline)
            self._nodes = {node.uri: node for node in found}
        return self._nodes

    def composed(self, deadline: base.Deadline) -> list[base.ComposedNode]:
        root, nodes_uri = self._root(deadline)
        with Crawler(self._client, deadline, _expands(root)) as crawler:
            found = crawler.get_many(crawler.members(nodes_uri))
            for reason in crawler.failed.values():
                # To take a node for absent that was not read would be to
                # compose it a second time.
                raise exception.PodManagerUnavailable(reason=reason)
        return [_composed(uri, body) for uri, body in found.items()]

    def compose(
        self, request: base.ComposeRequest, deadline: base.Deadline
    ) -> base.ComposedNode:
        _, nodes_uri = self._root(deadline)
        nodes = self._client.get(nodes_uri, deadline)
        target = _target(nodes, '.Allocate')
        body = self._allocation(request, deadline)
        answer = self._client.request(
            'POST', target, deadline, body, check=False
        )
        if answer.status == 409:
            raise exception.NoMatch(reason=words(answer))
        uri = answer.location
        if answer.status not in (200, 201, 202, 204) or uri is None:
            self._client.check(answer, target)
            uri = link(answer.body)
        if uri is None:
            raise exception.PodManagerUnavailable(
                reason='it allocated a node without telling where'
            )
        return self.read_node(uri, deadline)

    def _allocation(
        self, request: base.ComposeRequest, deadline: base.Deadline
    ) -> dict[str, Any]:
        """The body that asks for a node on the system that was claimed."""
        wanted = request.requirements
        body: dict[str, Any] = {
            'Name': request.name,
            'Description': f'{_MARK}{request.marker}',
        }
        processor = wanted.get('processor', {})
        memory = wanted.get('memory', {})
        if 'total_cores' in processor:
            body['TotalSystemCoreCount'] = processor['total_cores']
        if 'capacity_mib' in memory:
            body['TotalSystemMemoryMiB'] = memory['capacity_mib']
        if 'type' in memory:
            body['Memory'] = [{'MemoryDeviceType': memory['type'].upper()}]
        drives = [
            _drive(wish)
            for wish in wanted.get('storage', ())
            for _ in range(wish['count'])
        ]
        if drives:
            body['LocalDrives'] = drives
        nics = [
            {'SpeedMbps': wish['speed_mbps']} if 'speed_mbps' in wish else {}
            for wish in wanted.get('network', ())
            for _ in range(wish['count'])
        ]
        if nics:
            body['EthernetInterfaces'] = nics
        body['Processors'] = self._pins(request.system, deadline)
        return body

    def _pins(
        self, system_uri: str, deadline: base.Deadline
    ) -> list[dict[str, Any]]:
        """The processors of the system that the node is to be made of."""
        system = self._client.get(system_uri, deadline)
        collection = link(system.get('Processors'))
        if collection is None:
            raise exception.NoMatch(
                reason=f'the system {system_uri} has no processors'
            )
        with Crawler(self._client, deadline, expand=False) as crawler:
            uris = crawler.members(collection)
        if not uris:
            raise exception.NoMatch(
                reason=f'the processors of {system_uri} cannot be read'
            )
        return [{'Resource': {'@odata.id': uri}} for uri in uris]

    def settle(self, uri: str, deadline: base.Deadline) -> base.ComposedNode:
        body = self._client.get(uri, deadline)
        state = body.get('ComposedNodeState')
        if state == 'Allocated':
            self._act(body, '.Assemble', {}, deadline)
            raise base.NotYet(_POLL_SECONDS)
        if state in ('Allocating', 'Assembling'):
            raise base.NotYet(_POLL_SECONDS)
        if state not in _ASSEMBLED:
            raise exception.PodManagerError(
                reason=f'the composed node {uri} is in the state {state}'
            )
        composed = _composed(uri, body)
        if self._nodes is not None:
            self._nodes[uri] = composed
        return composed

    def release(self, uri: str, deadline: base.Deadline) -> None:
        self._client.delete(uri, deadline)
        if self._nodes is not None:
            self._nodes.pop(uri, None)

    def reset(
        self, uri: str, reset_type: str, deadline: base.Deadline
    ) -> None:
        body = self._client.get(uri, deadline)
        action = _action(body, '.Reset')
        allowed = action.get(
            'ResetType@Redfish.AllowableValues',
            action.get('ResetType@DMTF.AllowableValues'),
        )
        if isinstance(allowed, list) and reset_type not in allowed:
            raise exception.RequestRefused(
                reason=f'{reset_type} is not one of '
                f'{", ".join(map(str, allowed))}'
            )
        self._act(body, '.Reset', {'ResetType': reset_type}, deadline)

    def read_node(
        self, uri: str, deadline: base.Deadline
    ) -> base.ComposedNode:
        return _composed(uri, self._client.get(uri, deadline))

    def _act(
        self,
        body: dict[str, Any],
        suffix: str,
        arguments: dict[str, Any],
        deadline: base.Deadline,
    ) -> None:
        self._client.post(_target(body, suffix), arguments, deadline)

    def listen(self, deadline: base.Deadline) -> base.ChangeStream:
        return self._events(deadline).listen()

    def subscribe(self, destination: str, deadline: base.Deadline) -> str:
        return self._events(deadline).subscribe(destination)

    def check_subscription(
        self, subscription: str, destination: str, deadline: base.Deadline
    ) -> bool:
        events = self._events(deadline)
        return events.delivers(subscription, destination) is True

    def unsubscribe(self, subscription: str, deadline: base.Deadline) -> None:
        self._client.delete(subscription, deadline)

    @classmethod
    def changes(cls, body: dict[str, Any]) -> base.Change:
        return redfish_events.change(body)

    def _events(self, deadline: base.Deadline) -> EventService:
        return EventService(self._client, self._root(deadline)[0], deadline)

    def close(self) -> None:
        self._client.close()


def _nodes_uri(root: dict[str, Any]) -> str | None:
    """Where the nodes are: each generation of RSD has its own place."""
    oem = obj(root.get('Oem'))
    for place in (
        root,
        obj(oem.get('Intel_RackScale')),
        obj(oem.get('Intel:RackScale')),
    ):
        uri = link(place.get('Nodes'))
        if uri:
            return uri
    return None


def _places(root: dict[str, Any], nodes_uri: str) -> dict[str, str]:
    """The URIs of the collections that the inventory is read from."""
    places = {
        'nodes': nodes_uri,
        'systems': link(root.get('Systems')),
        'chassis': link(root.get('Chassis')),
        'storages': link(root.get('StorageServices'))
        or link(root.get('Services')),
    }
    return {kind: uri.rstrip('/') for kind, uri in places.items() if uri}


def _expands(root: dict[str, Any]) -> bool:
    features = obj(root.get('ProtocolFeaturesSupported'))
    return obj(features.get('ExpandQuery')).get('NoLinks') is True


def _action(body: dict[str, Any], suffix: str) -> dict[str, Any]:
    """An action by the end of its name: Intel's own simulator misspells one.

    :raises RequestRefused: when the resource does not offer it.
    """
    for name, action in obj(body.get('Actions')).items():
        if name.endswith(suffix) and isinstance(action, dict):
            return action
    raise exception.RequestRefused(
        reason=f'{link(body)} offers no action {suffix.strip(".")}'
    )


def _target(body: dict[str, Any], suffix: str) -> str:
    target = _action(body, suffix).get('target')
    if not isinstance(target, str):
        raise exception.RequestRefused(
            reason=f'the action {suffix.strip(".")} has no target'
        )
    return target


def _composed(uri: str, body: dict[str, Any]) -> base.ComposedNode:
    description = str(body.get('Description') or '')
    marker = None
    found = re.search(re.escape(_MARK) + r'([0-9a-fA-F-]{36})', description)
    if found and uuidutils.is_uuid_like(found[1]):
        marker = found[1].lower()
    parts = obj(body.get('Links'))
    return base.ComposedNode(
        uri=uri,
        index=str(body.get('Id') or uri.rstrip('/').rpartition('/')[2])[:255],
        name=redfish_inventory.name(body, uri),
        marker=marker,
        power_state=redfish_inventory.power(body),
        resources=tuple(
            uri for name in _RESOURCES for uri in links(parts.get(name))
        ),
    )


def _drive(wish: dict[str, Any]) -> dict[str, Any]:
    names = {
        'capacity_gib': 'CapacityGiB',
        'type': 'Type',
        'protocol': 'Interface',
    }
    spelt = {'nvme': 'NVMe', 'sata': 'SATA', 'sas': 'SAS'}
    result = {}
    for name, key in names.items():
        value = wish.get(name)
        if isinstance(value, str):
            value = spelt.get(value.lower(), value.upper())
        if value is not None:
            result[key] = value
    return result
