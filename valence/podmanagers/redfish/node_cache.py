# SPDX-License-Identifier: Apache-2.0
"""The nodes of a pod manager as they were last read."""

import threading
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping

from valence.podmanagers.hardware import ComposedNode

Nodes = Mapping[str, ComposedNode]


class NodeCache:
    """Nodes by URI, for any number of threads.

    A refresh compares them with the nodes that it reads, to find out which
    resources a node has lost. A mapping that was handed out never changes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._nodes: Nodes | None = None

    def get(self) -> Nodes:
        """The nodes; none if they have not been read yet."""
        return self._nodes or {}

    def load(self, read: Callable[[], Iterable[ComposedNode]]) -> Nodes:
        """The nodes; all are read if they have not been yet."""
        if self._nodes is None:
            return self.replace(read())
        return self._nodes

    def replace(self, nodes: Iterable[ComposedNode]) -> Nodes:
        """Store all nodes."""
        with self._lock:
            self._nodes = {node.uri: node for node in nodes}
            return self._nodes

    def update(
        self, nodes: Iterable[ComposedNode], gone: Iterable[str] = ()
    ) -> Nodes:
        """Store some nodes, if others are stored, and drop others."""
        with self._lock:
            if self._nodes is None:
                return {}
            kept = dict(self._nodes)
            for uri in gone:
                kept.pop(uri, None)
            self._nodes = kept | {node.uri: node for node in nodes}
            return self._nodes
