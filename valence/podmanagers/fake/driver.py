# SPDX-License-Identifier: Apache-2.0
"""The driver of a pod in memory.

It is never recognized, because nothing answers at its URL: a pod manager has
to be registered with ``driver`` set to ``fake``.
"""

import contextlib
import threading
import time
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from oslo_config import cfg

from valence.common import exception
from valence.common.identity import Mark
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import power
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.fake import pod as pods
from valence.podmanagers.outcomes import Settling
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress

# What is recorded of a reset: the power state before, and that it was done.
_BEFORE = 'power_before'
_ANSWERED = 'answered'
# How soon a call that hangs notices that the driver was closed.
_SLEEP_SECONDS = 0.2


class Fake(base.Driver):
    """A pod that exists only in memory, for trying out and testing."""

    name = 'fake'
    capabilities = frozenset(
        (
            *('compose', 'release', 'reset', 'boot', 'attach', 'detach'),
            *('provision', 'reserve', 'event_stream', 'event_subscription'),
        )
    )

    def __init__(self, connection: base.Connection) -> None:
        super().__init__(connection)
        self._pod = pods.pod(connection.url)
        self._closed = threading.Event()

    @contextlib.contextmanager
    def _call(self, method: str, deadline: Deadline) -> Iterator[pods.Pod]:
        """The pod, for one call, with the delay and the fault ordered."""
        self._check_open()
        fault = self._pod.strike(method)
        end = time.monotonic() + cfg.CONF.fake.delay + fault.seconds
        while (left := min(end - time.monotonic(), deadline.left())) > 0:
            time.sleep(min(left, _SLEEP_SECONDS))
            # A call that hangs ends when the driver is closed.
            self._check_open()
        if deadline.left() <= 0:
            raise exception.PodManagerUnavailable(reason='timed out')
        if method in cfg.CONF.fake.failing:
            raise exception.PodManagerUnavailable(
                reason='the connection was refused'
            )
        if fault.error is not None and not fault.after:
            raise fault.error
        with self._pod.lock:
            yield self._pod
        if fault.error is not None:
            raise fault.error

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise exception.PodManagerUnavailable(
                reason='the connection was closed'
            )

    def probe(self, deadline: Deadline) -> base.Probe:
        with self._call('probe', deadline) as pod:
            able = pod.capabilities
            return base.Probe(
                pod.uuid, self.capabilities if able is None else able
            )

    def discover(self, deadline: Deadline) -> hardware.Inventory:
        with self._call('discover', deadline) as pod:
            return pod.read((*pod.hardware, *pod.nodes))

    def refresh(
        self, uris: Iterable[str], deadline: Deadline
    ) -> hardware.Inventory:
        with self._call('refresh', deadline) as pod:
            requested = dict.fromkeys(uris)
            for uri in list(requested):
                if uri in pod.nodes:
                    requested.update(dict.fromkeys(pod.nodes[uri].resources))
            return pod.read(requested)

    def list_nodes(self, deadline: Deadline) -> list[hardware.ComposedNode]:
        with self._call('list_nodes', deadline) as pod:
            return pod.read(pod.nodes).nodes

    def node_uris(self, deadline: Deadline) -> set[str]:
        with self._call('node_uris', deadline) as pod:
            return {*pod.nodes, *pod.lingering}

    def service_uuid(self, deadline: Deadline) -> str | None:
        with self._call('service_uuid', deadline) as pod:
            return pod.uuid

    def compose(
        self,
        request: base.ComposeRequest,
        deadline: Deadline,
        progress: Progress,
    ) -> hardware.ComposedNode:
        with self._call('compose', deadline) as pod:
            pod.unreserve(request.mark)
            parts = _free_parts(pod, request)
            uri = pod.new_uri('nodes')
            ready_at = time.monotonic() + cfg.CONF.fake.compose_seconds
            node = pods.Node(request.name, request.mark, parts, ready_at)
            pod.nodes[uri] = node
            pod.send_event(uri, *parts)
            return pods.composed(uri, node)

    def reserve(
        self,
        request: base.ComposeRequest,
        deadline: Deadline,
        progress: Progress,
    ) -> base.Reservation:
        with self._call('reserve', deadline) as pod:
            parts = _free_parts(pod, request)
            uri = pod.new_uri('reservations')
            pod.reservations[uri] = pods.Reserved(request.mark, parts)
            pod.send_event(*parts)
            return base.Reservation(uri, request.mark)

    def list_reservations(self, deadline: Deadline) -> list[base.Reservation]:
        with self._call('list_reservations', deadline) as pod:
            return [
                base.Reservation(uri, one.mark)
                for uri, one in pod.reservations.items()
            ]

    def unreserve(
        self, mark: Mark, deadline: Deadline, progress: Progress
    ) -> None:
        with self._call('unreserve', deadline) as pod:
            if 'unreserve' not in pod.ignored:
                pod.unreserve(mark)
            if any(mark.same_as(r.mark) for r in pod.reservations.values()):
                raise Settling(f'the reservation for {mark} is still there')

    def poll_compose(
        self, uri: str, deadline: Deadline, progress: Progress
    ) -> hardware.ComposedNode:
        with self._call('poll_compose', deadline) as pod:
            node = _node(pod, uri)
            left = node.ready_at - time.monotonic()
            if left > 0:
                raise InProgress(left)
            return pods.composed(uri, node)

    def release(
        self,
        uri: str,
        deadline: Deadline,
        progress: Progress,
        erase: bool = False,
        parts: Collection[str] = (),
        existing: Collection[str] = (),
    ) -> bool:
        with self._call('release', deadline) as pod:
            if 'release' not in pod.ignored:
                node = pod.nodes.pop(uri, None)
                if node is not None:
                    pod.send_event(uri, *node.resources)
            return pod.erases

    def reset(
        self,
        uri: str,
        reset_type: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        with self._call('reset', deadline) as pod:
            node = _node(pod, uri)
            if not node.allows('reset_types', reset_type):
                raise exception.RequestRejected(
                    reason=f'no reset is {reset_type}'
                )
            if progress.get(_ANSWERED) is None:
                _reset(pod, uri, reset_type, progress)
            before = progress.get(_BEFORE)
        # Not if a fault has taken the answer.
        progress.record(_ANSWERED, 'yes')
        power.check(reset_type, before, node.power_state)

    def set_boot(
        self,
        uri: str,
        override: BootOverride,
        deadline: Deadline,
        progress: Progress,
    ) -> str | None:
        with self._call('set_boot', deadline) as pod:
            node = _node(pod, uri)
            if not node.allows('boot_targets', override.target):
                raise exception.RequestRejected(
                    reason=f'nothing boots from {override.target}'
                )
            if 'set_boot' not in pod.ignored:
                node.boot = override
            if node.boot != override:
                raise Settling(f'the boot override is {node.boot}')
        return None

    def management_target(
        self, uri: str, deadline: Deadline
    ) -> base.ManagementTarget:
        with self._call('management_target', deadline) as pod:
            system = _node(pod, uri).resources[0]
            nics = pod.hardware[system].values['nics']
            return base.ManagementTarget(
                system,
                tuple(nic['mac'] for nic in nics),
                {nic['mac']: _wiring(n) for n, nic in enumerate(nics, 1)},
            )

    def attach(
        self,
        uri: str,
        resource: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        with self._call('attach', deadline) as pod:
            node = _node(pod, uri)
            if resource in node.resources:
                return
            if not pod.is_free(resource):
                raise exception.RequestRejected(
                    reason=f'{resource} is not free'
                )
            if 'attach' not in pod.ignored:
                node.resources.append(resource)
            pod.send_event(uri, resource)

    def detach(
        self,
        uri: str,
        resource: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        with self._call('detach', deadline) as pod:
            node = _node(pod, uri)
            if resource in node.resources and 'detach' not in pod.ignored:
                node.resources.remove(resource)
                pod.send_event(uri, resource)

    def listen(self, deadline: Deadline) -> base.ChangeStream:
        with self._call('listen', deadline) as pod:
            stream = pods.Stream()
            pod.streams.append(stream)
            pod.listening.set()
            return stream

    def subscribe(self, destination: str, deadline: Deadline) -> str:
        with self._call('subscribe', deadline) as pod:
            for uri, known in pod.subscriptions.items():
                if known == destination:
                    return uri
            uri = pod.new_uri('subscriptions')
            pod.subscriptions[uri] = destination
            return uri

    def check_subscription(
        self, subscription: str, destination: str, deadline: Deadline
    ) -> bool:
        with self._call('check_subscription', deadline) as pod:
            return pod.subscriptions.get(subscription) == destination

    def unsubscribe(self, subscription: str, deadline: Deadline) -> None:
        with self._call('unsubscribe', deadline) as pod:
            pod.subscriptions.pop(subscription, None)

    @classmethod
    def parse_event(cls, body: dict[str, Any]) -> base.Change:
        uris = body.get('uris')
        if not isinstance(uris, list):
            return base.Change()
        return base.Change(tuple(str(uri) for uri in uris))

    def read_node(self, uri: str, deadline: Deadline) -> hardware.ComposedNode:
        with self._call('read_node', deadline) as pod:
            return pods.composed(uri, _node(pod, uri))

    def close(self) -> None:
        # The pod lives on: it is the process's, not the driver's.
        self._closed.set()


def _reset(
    pod: pods.Pod, uri: str, reset_type: str, progress: Progress
) -> None:
    """Reset a node, unless that was done and cannot be repeated."""
    node = _node(pod, uri)
    before = progress.get(_BEFORE)
    if before is not None and reset_type in power.ONCE:
        power.check_lost(reset_type, before, node.power_state)
        return
    progress.record(_BEFORE, node.power_state)
    node.reset(reset_type, 'reset' not in pod.ignored)
    pod.send_event(uri)


def _wiring(number: int) -> hardware.Wiring:
    """What a network interface is connected to."""
    return {
        'switch_id': '02:00:00:00:ff:01',
        'port_id': f'Ethernet1/{number}',
        'switch_info': 'fake switch',
    }


def _node(pod: pods.Pod, uri: str) -> pods.Node:
    node = pod.nodes.get(uri)
    if node is None:
        raise exception.ResourceGone(uri=uri)
    return node


def _free_parts(pod: pods.Pod, request: base.ComposeRequest) -> list[str]:
    """The parts of a request.

    :raises NoMatch: when one is not free.
    """
    parts = [request.system, *request.devices]
    for uri in parts:
        if not pod.is_free(uri):
            raise exception.NoMatch(reason=f'{uri} is not free')
    return parts
