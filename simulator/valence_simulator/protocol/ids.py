# SPDX-License-Identifier: Apache-2.0
"""The ids that a collection gives its members."""

from __future__ import annotations

import argparse
from collections.abc import Container


class Ids:
    """Counts; ``--ids`` says when an id is given a second time.

    :param taken: the ids of the members that there are.
    """

    def __init__(self, options: argparse.Namespace, taken: Container[str]):
        self._options = options
        self._taken = taken
        self._last = 0

    def next(self) -> str:
        """An id that no member has."""
        if self._options.ids == 'reuse':
            self._last = 0
        while True:
            self._last += 1
            if str(self._last) not in self._taken:
                return str(self._last)

    def restart(self, forget: bool = False) -> None:
        """Count from 1 again, where a restart does that.

        :param forget: whether the service has forgotten all it knew.
        """
        if forget or self._options.ids == 'restart':
            self._last = 0
