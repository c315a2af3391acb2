# SPDX-License-Identifier: Apache-2.0
"""What is there and cannot be seen yet, or is gone and can be seen still."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from collections.abc import Iterable

from valence_simulator.protocol.delays import Delays
from valence_simulator.protocol.resources import Tree


class Visibility:
    """How long it takes until what was composed or released looks so."""

    def __init__(
        self, tree: Tree, options: argparse.Namespace, delays: Delays
    ):
        self._tree = tree
        self._options = options
        self._delays = delays
        self._unreadable: set[str] = set()
        self._unlisted: set[str] = set()

    def is_unreadable(self, uri: str) -> bool:
        """Whether a URI answers 404, whatever is there."""
        return any(
            uri == hidden or uri.startswith(f'{hidden}/')
            for hidden in self._unreadable
        )

    def listed(self, uris: Iterable[str]) -> list[str]:
        """Those of the members of a collection that it shows."""
        return [uri for uri in uris if uri not in self._unlisted]

    def appear(self, uri: str) -> None:
        """Something was composed at a URI."""
        options = self._options
        if options.unreadable_seconds:
            self._unreadable.add(uri)
            self._delays.later(
                options.unreadable_seconds,
                lambda: self._unreadable.discard(uri),
            )
        if options.unlisted_seconds:
            self._unlisted.add(uri)
            self._delays.later(
                options.unlisted_seconds, lambda: self._list(uri)
            )

    def vanish(self, uri: str, remove: Callable[[], None]) -> None:
        """Something was released; `remove` frees its parts."""
        seconds = self._options.lingering_seconds
        if not seconds:
            remove()
            return

        def end() -> None:
            self._unreadable.discard(uri)
            remove()

        self._unreadable.add(uri)
        self._delays.later(seconds, end)

    def _list(self, uri: str) -> None:
        self._unlisted.discard(uri)
        self._tree.changed(uri.rpartition('/')[0])
