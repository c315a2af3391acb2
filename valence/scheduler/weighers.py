# SPDX-License-Identifier: Apache-2.0
"""Weighers: which of several pod managers the scheduler prefers.

A weigher is a function that returns the weight of a pod manager; the greatest
weight is preferred. Other packages can add weighers as entry points of
``valence.scheduler.weighers``.
"""

from typing import NamedTuple
from typing import Protocol

from valence.db.sqlalchemy import models


class Use(NamedTuple):
    """How much of a pod manager is in use."""

    nodes: int
    free_systems: int


class Weigher(Protocol):
    """The signature of a weigher."""

    def __call__(self, podm: models.PodManager, use: Use) -> float: ...


def spread(podm: models.PodManager, use: Use) -> float:
    """Prefer the fewest nodes."""
    return -use.nodes


def pack(podm: models.PodManager, use: Use) -> float:
    """Prefer the most nodes."""
    return use.nodes


def free(podm: models.PodManager, use: Use) -> float:
    """Prefer the most free systems."""
    return use.free_systems
