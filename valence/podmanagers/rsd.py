# SPDX-License-Identifier: Apache-2.0
"""Intel Rack Scale Design pod managers, 2.1 and later.

A node is allocated, which takes its parts, and then assembled. The pod manager
picks the parts by itself unless they are pinned; we pin the processors, and
with them the one physical system that all local parts have to lie in.
"""

import re
from typing import Any

from oslo_utils import uuidutils

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers import redfish_inventory
from valence.podmanagers.redfish_client import Client
from valence.podmanagers.redfish_client import Crawler
from valence.podmanagers.redfish_client import link
from valence.podmanagers.redfish_client import links
from valence.podmanagers.redfish_client import words
from valence.podmanagers.redfish_inventory import obj

# By this the nodes that Valence made are known again: PODMs echo it.
_MARK = 'Valence node '
_POLL_SECONDS = 1.0
# What RSD 1.2 calls a node that is assembled, besides the word of 2.x.
_ASSEMBLED = ('Assembled', 'PoweredOn', 'PoweredOff')


class RSD(base.Driver):
    """Intel Rack Scale Design pod manager (RSD 2.x)."""

    name = 'rsd'
    capabilities = frozenset(('compose', 'release', 'reset'))

    def __init__(self, connection: base.Connection) -> None:
        super().__init__(connection)
        self._client = Client(connection)

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
            capabilities=self.capabilities,
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
        seen = base.Inventory()
        with Crawler(self._client, deadline, _expands(root)) as crawler:
            collections = crawler.members_of(
                uri
                for uri in (
                    nodes_uri,
                    link(root.get('Chassis')),
                    link(root.get('Systems')),
                )
                if uri
            )
            seen.nodes = [
                _composed(uri, body)
                for uri, body in crawler.get_many(
                    collections[nodes_uri]
                ).items()
            ]
            used = {uri for node in seen.nodes for uri in node.resources}
            seen.chassis = redfish_inventory.read_chassis(
                crawler, collections.get(link(root.get('Chassis')) or '', [])
            )
            seen.systems = redfish_inventory.read_systems(
                crawler,
                collections.get(link(root.get('Systems')) or '', []),
                used,
            )
            seen.problems = [
                f'{uri}: {reason}' for uri, reason in crawler.failed.items()
            ]
            seen.unread = set(crawler.failed)
        return seen

    def read_system(self, uri: str, deadline: base.Deadline) -> base.Item:
        body = self._client.get(uri, deadline)
        used = {
            part for node in self.composed(deadline) for part in node.resources
        }
        parts: dict[str, Any] = dict.fromkeys(
            ('Processors', 'Memory', 'EthernetInterfaces'), ()
        )
        return redfish_inventory.system_item(uri, body, parts, uri in used)

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
        body['Processors'] = self._pins(request.resources[0], deadline)
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
        return _composed(uri, body)

    def release(self, uri: str, deadline: base.Deadline) -> None:
        self._client.delete(uri, deadline)

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
        resources=tuple(links(parts.get('ComputerSystem'))),
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
