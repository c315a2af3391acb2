# SPDX-License-Identifier: Apache-2.0
"""Hardware as drivers report it."""

import dataclasses
from typing import Any


@dataclasses.dataclass
class Item:
    """A piece of hardware as it was seen.

    :param uri: the link that was followed to it; tells pieces apart.
    :param parent: the URI of the chassis that contains it.
    :param values: the observed fields, named as in ``objects.inventory``.
    :param properties: the pod manager's own words.
    :param unknown: the names of those values that could not be read: what
        was known of them holds, and the piece counts as stale.
    """

    uri: str
    values: dict[str, Any]
    parent: str | None = None
    properties: dict[str, Any] = dataclasses.field(default_factory=dict)
    unknown: set[str] = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class ComposedNode:
    """A node that exists on a pod manager.

    :param marker: the UUID of the Valence node that it was composed for, if
        it bears one.
    :param resources: the URIs of all that it is made of, as far as it says.
    """

    uri: str
    index: str
    name: str
    marker: str | None
    power_state: str
    resources: tuple[str, ...] = ()


@dataclasses.dataclass
class Inventory:
    """All that a pod manager owns.

    A pooled device is what can be joined to a system: a drive, a network
    card, a GPU, a resource block … A storage is a service or a pool that
    volumes are cut from.

    :param problems: what could not be read, in words.
    :param unread: URIs that are there but could not be read; of what lies
        below them nothing is known either.
    :param gone: URIs that were asked for and are not there any more.
    :param unrecognized: URIs that were asked for and belong to no known
        resource: anything may have changed.
    """

    chassis: list[Item] = dataclasses.field(default_factory=list)
    systems: list[Item] = dataclasses.field(default_factory=list)
    devices: list[Item] = dataclasses.field(default_factory=list)
    storages: list[Item] = dataclasses.field(default_factory=list)
    nodes: list[ComposedNode] = dataclasses.field(default_factory=list)
    problems: list[str] = dataclasses.field(default_factory=list)
    unread: set[str] = dataclasses.field(default_factory=set)
    gone: set[str] = dataclasses.field(default_factory=set)
    unrecognized: set[str] = dataclasses.field(default_factory=set)
