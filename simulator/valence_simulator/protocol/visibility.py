# SPDX-License-Identifier: Apache-2.0
"""Resources that are visible too late, or too long."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from collections.abc import Iterable

from valence_simulator.protocol.delays import Delays
from valence_simulator.protocol.resources import Tree


class Visibility:
    """The delay until a composition or a release becomes visible."""

    def __init__(
        self, tree: Tree, options: argparse.Namespace, delays: Delays
    ):
        self._tree = tree
        self._options = options
        self._delays = delays
        self._unreadable: set[str] = set()
        self._unlisted: set[str] = set()

    def is_unreadable(self, uri: str) -> bool:
        """Return whether a URI returns 404 regardless of the resource."""
        return any(
            uri == hidden or uri.startswith(f'{hidden}/')
            for hidden in self._unreadable
        )

    def listed(self, uris: Iterable[str]) -> list[str]:
        """Return the visible members of a collection."""
        return [uri for uri in uris if uri not in self._unlisted]

    def appear(self, uri: str) -> None:
        """Handle a composition at a URI."""
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
        """Handle a release; `remove` frees the parts."""
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
