# SPDX-License-Identifier: Apache-2.0
"""A whole pod in memory, with delays and faults to order.

A pod comes into being when its URL is first used and lasts as long as the
process. It needs no hardware and no network, so it is never recognized: a pod
manager has to be registered with ``driver`` set to ``fake``.
"""

import dataclasses
import threading
import time
import uuid
from collections.abc import Iterable
from typing import Any

from oslo_config import cfg

from valence.common import exception
from valence.podmanagers import base

_GIB = 1024


@dataclasses.dataclass
class _Node:
    name: str
    marker: str
    system: str
    ready_at: float
    power_state: str = 'off'


class _Pod:
    """The state of one pod."""

    def __init__(self, url: str) -> None:
        self.uuid = str(uuid.uuid5(uuid.NAMESPACE_URL, url))
        self.lock = threading.Lock()
        self.made = 0
        self.nodes: dict[str, _Node] = {}
        self.systems = [
            f'/systems/{n}' for n in range(1, cfg.CONF.fake.systems + 1)
        ]

    def used(self) -> set[str]:
        return {node.system for node in self.nodes.values()}


_pods: dict[str, _Pod] = {}
_pods_lock = threading.Lock()


class Fake(base.Driver):
    """A pod that exists only in memory, for trying out and testing."""

    name = 'fake'
    capabilities = frozenset(('compose', 'release', 'reset'))

    def __init__(self, connection: base.Connection) -> None:
        super().__init__(connection)
        with _pods_lock:
            self._pod = _pods.setdefault(connection.url, _Pod(connection.url))

    def _call(self, method: str, deadline: base.Deadline) -> None:
        """Take the time, and meet the faults, that the options order."""
        options = cfg.CONF.fake
        time.sleep(max(0.0, min(options.delay, deadline.left())))
        if deadline.left() <= 0:
            raise exception.PodManagerUnavailable(reason='timed out')
        if method in options.failing:
            raise exception.PodManagerUnavailable(
                reason='the connection was refused'
            )

    def probe(self, deadline: base.Deadline) -> base.Probe:
        self._call('probe', deadline)
        return base.Probe(self._pod.uuid, self.capabilities)

    def discover(self, deadline: base.Deadline) -> base.Inventory:
        self._call('discover', deadline)
        with self._pod.lock:
            used = self._pod.used()
            systems = [_system(uri, uri in used) for uri in self._pod.systems]
            nodes = [
                _composed(uri, node) for uri, node in self._pod.nodes.items()
            ]
        return base.Inventory(chassis=[_rack()], systems=systems, nodes=nodes)

    def refresh(
        self, uris: Iterable[str], deadline: base.Deadline
    ) -> base.Inventory:
        self._call('refresh', deadline)
        seen = base.Inventory()
        systems: dict[str, None] = {}
        with self._pod.lock:
            for uri in uris:
                if uri in self._pod.nodes:
                    node = self._pod.nodes[uri]
                    seen.nodes.append(_composed(uri, node))
                    systems[node.system] = None
                elif uri in self._pod.systems:
                    systems[uri] = None
                else:
                    seen.gone.add(uri)
            used = self._pod.used()
            seen.systems = [_system(uri, uri in used) for uri in systems]
        return seen

    def list_nodes(self, deadline: base.Deadline) -> list[base.ComposedNode]:
        self._call('list_nodes', deadline)
        with self._pod.lock:
            return [
                _composed(uri, node) for uri, node in self._pod.nodes.items()
            ]

    def compose(
        self, request: base.ComposeRequest, deadline: base.Deadline
    ) -> base.ComposedNode:
        self._call('compose', deadline)
        system = request.system
        with self._pod.lock:
            if system in self._pod.used() or system not in self._pod.systems:
                raise exception.NoMatch(reason=f'{system} is not free')
            self._pod.made += 1
            uri = f'/nodes/{self._pod.made}'
            ready_at = time.monotonic() + cfg.CONF.fake.compose_seconds
            node = _Node(request.name, request.marker, system, ready_at)
            self._pod.nodes[uri] = node
            return _composed(uri, node)

    def poll_compose(
        self, uri: str, deadline: base.Deadline
    ) -> base.ComposedNode:
        self._call('poll_compose', deadline)
        node = self._node(uri)
        left = node.ready_at - time.monotonic()
        if left > 0:
            raise base.InProgress(left)
        return _composed(uri, node)

    def release(
        self, uri: str, deadline: base.Deadline, erase: bool = False
    ) -> bool:
        self._call('release', deadline)
        with self._pod.lock:
            self._pod.nodes.pop(uri, None)
        # There is nothing that anything could be left on.
        return True

    def reset(
        self, uri: str, reset_type: str, deadline: base.Deadline
    ) -> None:
        self._call('reset', deadline)
        if reset_type not in base.RESET_TYPES:
            raise exception.RequestRefused(reason=f'no reset is {reset_type}')
        off = reset_type in ('ForceOff', 'GracefulShutdown')
        self._node(uri).power_state = 'off' if off else 'on'

    def read_node(
        self, uri: str, deadline: base.Deadline
    ) -> base.ComposedNode:
        self._call('read_node', deadline)
        return _composed(uri, self._node(uri))

    def close(self) -> None:
        """The pod lives on: it is the process's, not the driver's."""

    def _node(self, uri: str) -> _Node:
        node = self._pod.nodes.get(uri)
        if node is None:
            raise exception.ResourceGone(uri=uri)
        return node


def _composed(uri: str, node: _Node) -> base.ComposedNode:
    return base.ComposedNode(
        uri=uri,
        index=uri.rpartition('/')[2],
        name=node.name,
        marker=node.marker,
        power_state=node.power_state,
        resources=(node.system,),
    )


def _rack() -> base.Item:
    return base.Item(
        uri='/chassis/1',
        values={
            'name': 'Rack 1',
            'type': 'rack',
            'location': None,
            'state': 'enabled',
            **_labels('rack', '1'),
        },
    )


def _labels(kind: str, number: str) -> dict[str, Any]:
    return {
        'manufacturer': 'Valence',
        'model': f'fake {kind}',
        'serial_number': f'{kind}-{number}',
        'health': 'ok',
    }


def _system(uri: str, used: bool) -> base.Item:
    number = uri.rpartition('/')[2]
    drive = {
        'resource_uri': f'{uri}/drives/1',
        'capacity_gib': 480,
        'type': 'SSD',
        'protocol': 'NVMe',
    }
    nic = {
        'resource_uri': f'{uri}/nics/1',
        'mac': f'02:00:00:00:{int(number) // 256:02x}:{int(number) % 256:02x}',
        'speed_mbps': 10000,
    }
    return base.Item(
        uri=uri,
        parent='/chassis/1',
        values={
            **_labels('system', number),
            'name': f'System {number}',
            'hardware_uuid': None,
            'type': 'physical',
            'cpu_model': 'Fake 8',
            'cpu_architecture': 'x86-64',
            'cpu_sockets': 2,
            'cpu_cores': 16,
            'cpu_threads': 32,
            'memory_mib': 64 * _GIB,
            'memory_type': 'DDR4',
            'storage_gib': 480,
            'drives': [drive],
            'nics': [nic],
            'power_state': 'off',
            'zones': [],
            'state': 'used' if used else 'free',
        },
    )
