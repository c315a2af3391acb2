# SPDX-License-Identifier: Apache-2.0
"""The state of a fake pod: its hardware, its nodes, the faults ordered.

A pod comes into being when its URL is first used and lasts as long as the
process.
"""

import collections
import copy
import dataclasses
import queue
import threading
import uuid
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import Literal

import requests
from oslo_config import cfg

from valence.common.identity import Mark
from valence.common.types import Allowable
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import power
from valence.podmanagers.boot import MODES
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.fake import parts

_BOOT_TARGETS = ('None', 'Pxe', 'Hdd')
_Kind = Literal['reset_types', 'boot_targets', 'boot_modes']
_DELIVERY_SECONDS = 10


@dataclasses.dataclass
class Fault:
    """What strikes calls of one method of the driver.

    :param error: what the call raises; None: it only takes its time.
    :param seconds: how long the call takes; infinite: until its deadline.
    :param after: whether the work is done, and only the answer is lost.
    :param count: how many more calls it strikes; None: all of them.
    """

    method: str
    error: Exception | None = None
    seconds: float = 0.0
    after: bool = False
    count: int | None = 1


def _allowable() -> Allowable:
    """What can be requested for a new node."""
    return {
        'reset_types': list(base.RESET_TYPES),
        'boot_targets': list(_BOOT_TARGETS),
        'boot_modes': list(MODES),
    }


@dataclasses.dataclass
class Node:
    """A node of a pod.

    :param ready_at: when it is assembled, on the monotonic clock.
    :param resets: the types of all resets so far.
    :param allowable: what can be requested; None: the pod does not report it.
    """

    name: str
    mark: Mark | None
    resources: list[str]
    ready_at: float
    power_state: str = 'off'
    boot: BootOverride | None = None
    resets: list[str] = dataclasses.field(default_factory=list)
    allowable: Allowable | None = dataclasses.field(default_factory=_allowable)

    def allows(self, kind: _Kind, value: str) -> bool:
        """Whether something can be requested, as far as the pod reports."""
        known = self.allowable[kind] if self.allowable else None
        return known is None or value in known

    def reset(self, reset_type: str, works: bool) -> None:
        """Change the power state, if that works."""
        self.resets.append(reset_type)
        expected = power.goal(reset_type, self.power_state)
        if expected is not None and works:
            self.power_state = expected


@dataclasses.dataclass
class Reserved:
    """Hardware that is kept for a node."""

    mark: Mark
    resources: list[str]


class Stream:
    """The changes of a pod as they happen; see ``base.ChangeStream``."""

    def __init__(self) -> None:
        self._changes: queue.SimpleQueue[base.Change | None] = (
            queue.SimpleQueue()
        )
        self.closed = False

    def __iter__(self) -> Iterator[base.Change]:
        return iter(self._changes.get, None)

    def put(self, change: base.Change) -> None:
        """Have a change come over the stream."""
        self._changes.put(change)

    def close(self) -> None:
        """End the stream."""
        self.closed = True
        self._changes.put(None)


class Pod:
    """A pod; what changes it holds ``lock``.

    :ivar capabilities: what the endpoint can do; None: all that the driver
        can.
    :ivar erases: whether what is stored on a node goes with the node.
    :ivar ignored: methods of the driver that succeed, but change nothing.
    :ivar hardware: everything but nodes, by URI; the nodes store what is in
        use.
    :ivar reservations: what is kept for nodes, by URI.
    :ivar lingering: URIs that are listed as nodes, and cannot be read.
    :ivar unread: URIs of hardware that is there but cannot be read.
    :ivar subscriptions: where changes are delivered, by URI.
    :ivar calls: how often each method of the driver was called.
    :ivar struck: set once a fault has struck.
    :ivar listening: set once somebody listens.
    """

    def __init__(self, url: str) -> None:
        options = cfg.CONF.fake
        self.uuid = str(uuid.uuid5(uuid.NAMESPACE_URL, url))
        self.lock = threading.RLock()
        self.capabilities: frozenset[str] | None = None
        self.erases = True
        self.ignored: set[str] = set()
        self.nodes: dict[str, Node] = {}
        self.hardware = {
            item.uri: item
            for item in (
                parts.rack(),
                *(parts.system(n) for n in range(1, options.systems + 1)),
                *(parts.drive(n) for n in range(1, options.devices + 1)),
            )
        }
        self.reservations: dict[str, Reserved] = {}
        self.lingering: set[str] = set()
        self.unread: set[str] = set()
        self.streams: list[Stream] = []
        self.subscriptions: dict[str, str] = {}
        self.calls: collections.Counter[str] = collections.Counter()
        self.struck = threading.Event()
        self.listening = threading.Event()
        self._faults: list[Fault] = []
        self._made = 0

    def order(
        self, method: str, error: Exception | None = None, **more: Any
    ) -> None:
        """Have a fault strike the next calls of a method of the driver.

        :param more: the other items of a :class:`Fault`.
        """
        if not hasattr(base.Driver, method):
            raise ValueError(f'no driver has a method {method}')
        self._faults.append(Fault(method, error, **more))

    def heal(self) -> None:
        """Lift all faults."""
        self._faults.clear()

    def strike(self, method: str) -> Fault:
        """The fault that strikes a call, counted; or one that does nothing."""
        with self.lock:
            self.calls[method] += 1
            for fault in self._faults:
                if fault.method == method:
                    self.struck.set()
                    if fault.count is not None:
                        fault.count -= 1
                        if not fault.count:
                            self._faults.remove(fault)
                    return fault
        return Fault(method)

    def new_uri(self, collection: str) -> str:
        """A URI that nothing had before."""
        self._made += 1
        return f'/{collection}/{self._made}'

    def used(self) -> set[str]:
        """The URIs of what cannot be part of another node."""
        holders: list[Node | Reserved] = [
            *self.nodes.values(),
            *self.reservations.values(),
        ]
        held = collections.Counter(
            uri for holder in holders for uri in holder.resources
        )
        return {
            uri
            for uri, count in held.items()
            if (most := self.max_nodes(uri)) is not None and count >= most
        }

    def max_nodes(self, uri: str) -> int | None:
        """How many nodes can share something; None: any number."""
        item = self.hardware.get(uri)
        most: int | None = item.values.get('max_nodes', 1) if item else 1
        return most

    def is_free(self, uri: str) -> bool:
        """Whether a system or device is there and part of no node."""
        return uri in self.hardware and uri not in self.used()

    def unreserve(self, mark: Mark) -> None:
        """Keep nothing any more for a node."""
        for uri, one in list(self.reservations.items()):
            if mark.same_as(one.mark):
                del self.reservations[uri]
                self.send_event(*one.resources)

    def read(self, uris: Iterable[str]) -> hardware.Inventory:
        """What there is at some URIs; what is not there is gone."""
        seen = hardware.Inventory()
        used = self.used()
        for uri in uris:
            if uri in self.nodes:
                seen.nodes.append(composed(uri, self.nodes[uri]))
            elif uri in self.unread:
                seen.unread.add(uri)
                seen.problems.append(f'{uri} cannot be read')
            elif uri in self.hardware:
                kind = uri.split('/')[1]
                item = self.hardware[uri]
                getattr(seen, kind).append(_seen(item, uri in used))
            else:
                seen.gone.add(uri)
        return seen

    def send_event(self, *uris: str) -> None:
        """Notify the listeners that resources have changed."""
        change = base.Change(uris)
        self.streams = [one for one in self.streams if not one.closed]
        for stream in self.streams:
            stream.put(change)
        for destination in self.subscriptions.values():
            threading.Thread(
                target=_deliver, args=(destination, uris), daemon=True
            ).start()


_pods: dict[str, Pod] = {}
_lock = threading.Lock()


def pod(url: str) -> Pod:
    """The pod at a URL."""
    with _lock:
        if url not in _pods:
            _pods[url] = Pod(url)
        return _pods[url]


def forget() -> None:
    """Let all pods go: each is as new when its URL is used again."""
    with _lock:
        _pods.clear()


def composed(uri: str, node: Node) -> hardware.ComposedNode:
    """A node in the terms of the contract."""
    return hardware.ComposedNode(
        uri=uri,
        index=uri.rpartition('/')[2],
        name=node.name,
        mark=node.mark,
        power_state=node.power_state,
        resources=tuple(node.resources),
        allowable=copy.deepcopy(node.allowable),
    )


def _deliver(destination: str, uris: Iterable[str]) -> None:
    try:
        requests.post(
            destination, json={'uris': list(uris)}, timeout=_DELIVERY_SECONDS
        )
    except requests.RequestException:
        # Each delivery is sent once.
        return


def _seen(item: hardware.Item, used: bool) -> hardware.Item:
    values = dict(item.values)
    if values['state'] in ('free', 'used'):
        values['state'] = 'used' if used else 'free'
    return dataclasses.replace(item, values=values)
