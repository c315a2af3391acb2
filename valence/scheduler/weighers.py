# SPDX-License-Identifier: Apache-2.0
"""Weighers: which of several pod managers the scheduler prefers.

A weigher is a function that returns the weight of a pod manager; the greatest
weight is preferred. Other packages can add weighers as entry points of
``valence.scheduler.weighers``.

A weigher that is decorated with ``order_by`` is called for a few pod managers
only: those that come first in an order of the table ``capacities``. Any other
one is called for each pod manager that has hardware of a suitable shape.
"""

from collections.abc import Callable
from typing import Any
from typing import Protocol
from typing import TypeVar

import sqlalchemy as sa

from valence.db.sqlalchemy import models
from valence.scheduler.columns import reads
from valence.scheduler.request import Use


class Weigher(Protocol):
    """The signature of a weigher."""

    def __call__(self, podm: models.PodManager, use: Use) -> float: ...


W = TypeVar('W', bound=Weigher)


def order_by(*columns: sa.ColumnElement[Any]) -> Callable[[W], W]:
    """Declare the order in which a weigher prefers pod managers."""

    def decorate(weigher: W) -> W:
        vars(weigher)['order'] = columns
        return weigher

    return decorate


def order_of(weigher: Weigher) -> tuple[sa.ColumnElement[Any], ...]:
    """The order that a weigher declares, or none."""
    return getattr(weigher, 'order', ())


@reads()
@order_by(models.Capacity.nodes.asc())
def spread(podm: models.PodManager, use: Use) -> float:
    """Prefer the fewest nodes."""
    return -use.nodes


@reads()
@order_by(models.Capacity.nodes.desc())
def pack(podm: models.PodManager, use: Use) -> float:
    """Prefer the most nodes."""
    return use.nodes


@reads()
@order_by(models.Capacity.free_systems.desc())
def free(podm: models.PodManager, use: Use) -> float:
    """Prefer the most free systems."""
    return use.free_systems
