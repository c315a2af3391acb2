# SPDX-License-Identifier: Apache-2.0
"""Which resource blocks the zones of a composition service list."""

import threading
from collections.abc import Iterable
from collections.abc import Mapping

from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import related


class Zones:
    """The zones as they were last read, for any number of threads.

    Some services list the blocks in their zones only. To save requests, the
    zones are not read again for each block that changes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # The blocks of each zone; None: never read.
        self._blocks: Mapping[str, frozenset[str]] | None = None

    def read(
        self, crawler: Crawler, collection: str | None, members: list[str]
    ) -> bool:
        """Read all zones.

        :returns: whether all could be read; else the zones of blocks are
            unknown.
        """
        listed = _listed(crawler, members)
        if collection and crawler.lacks([collection, *members]):
            return False
        with self._lock:
            self._blocks = listed
        return True

    def refresh(
        self, crawler: Crawler, collection: str | None, uris: Iterable[str]
    ) -> bool:
        """Read some zones again, or all if they never were.

        :returns: whether the zones of blocks are known.
        """
        if self._blocks is None:
            members = crawler.members(collection) if collection else []
            return self.read(crawler, collection, members)
        listed = _listed(crawler, uris)
        with self._lock:
            kept = {
                uri: blocks
                for uri, blocks in self._blocks.items()
                if uri not in crawler.gone
            }
            self._blocks = kept | listed
        return True

    def of_block(self, block: str) -> set[str]:
        """The URIs of the zones that list a block."""
        known = self._blocks or {}
        return {zone for zone, listed in known.items() if block in listed}


def _listed(
    crawler: Crawler, zones: Iterable[str]
) -> dict[str, frozenset[str]]:
    return {
        uri: frozenset(related(body, 'ResourceBlocks'))
        for uri, body in crawler.get_many(zones).items()
    }
