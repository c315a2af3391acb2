# SPDX-License-Identifier: Apache-2.0
"""Which of several pod managers comes first.

A weigher is a function of the pod manager's row and its use; the greatest
weight comes first. Others can be added as entry points of
``valence.scheduler.weighers``.
"""

from typing import Any
from typing import NamedTuple


class Use(NamedTuple):
    """How much of a pod manager is in use."""

    nodes: int
    free_systems: int


def spread(podm: Any, use: Use) -> float:
    """The fewest nodes first."""
    return -use.nodes


def pack(podm: Any, use: Use) -> float:
    """The most nodes first."""
    return use.nodes


def free(podm: Any, use: Use) -> float:
    """The most free systems first."""
    return use.free_systems
