# SPDX-License-Identifier: Apache-2.0
"""The IDs of collection members."""

from __future__ import annotations

import argparse
from collections.abc import Container


class Ids:
    """A counter; ``--ids`` determines when an ID is used again.

    :param taken: the IDs of the current members.
    """

    def __init__(self, options: argparse.Namespace, taken: Container[str]):
        self._options = options
        self._taken = taken
        self._last = 0

    def next(self) -> str:
        """Return an ID that no member has."""
        if self._options.ids == 'reuse':
            self._last = 0
        while True:
            self._last += 1
            if str(self._last) not in self._taken:
                return str(self._last)

    def restart(self, forget: bool = False) -> None:
        """Restart the counter, if a restart does that.

        :param forget: whether the service has lost its state.
        """
        if forget or self._options.ids == 'restart':
            self._last = 0
