# SPDX-License-Identifier: Apache-2.0
"""Hardware as drivers report it."""

import dataclasses
from typing import TypedDict

from valence.common.identity import Mark
from valence.common.types import Allowable
from valence.common.types import JsonObject
from valence.podmanagers import trimming

# In ``Item.unknown``: the chassis that contains a piece.
PARENT = 'parent'


class Wiring(TypedDict, total=False):
    """What a network interface is connected to; what is unknown is left out.

    :param switch_id: MAC address of the switch, in lower case.
    :param port_id: name of the port of the switch.
    :param switch_info: name of the switch.
    :param pxe_enabled: whether the interface boots by PXE.
    """

    switch_id: str
    port_id: str
    switch_info: str
    pxe_enabled: bool


@dataclasses.dataclass
class Item:
    """A piece of hardware as it was read.

    :param uri: the link that was followed to it; it identifies the piece.
    :param parent: the URI of the chassis that contains it.
    :param values: the observed fields, named as in ``objects.inventory``.
    :param properties: the raw vendor properties; what is too large is left
        out.
    :param unknown: the names of those values that could not be read, and
        ``PARENT``: what is stored remains, and the piece is marked as stale.
    """

    uri: str
    values: JsonObject
    parent: str | None = None
    properties: JsonObject = dataclasses.field(default_factory=dict)
    unknown: set[str] = dataclasses.field(default_factory=set)

    def __post_init__(self) -> None:
        self.properties = trimming.trim(self.properties)


def device(values: JsonObject) -> JsonObject:
    """The observed fields of a device that has nothing but these values."""
    return {
        'media_type': None,
        'protocol': None,
        'capacity_gib': 0,
        'memory_mib': 0,
        'cpu_cores': 0,
        'speed_mbps': 0,
        'rpm': None,
        'speed_mhz': None,
        'onboard_memory_mib': None,
        'mac_addresses': None,
        'max_nodes': 1,
        'pooled_group_id': None,
        'zones': [],
        **values,
    }


@dataclasses.dataclass
class ComposedNode:
    """A node that exists on a pod manager.

    :param mark: of the Valence node that it was composed for, if it has one.
    :param resources: the URIs of its resources, as far as it reports them.
    :param resources_known: whether those are all: a node that does not report
        them, or not in a form that is understood, has not lost any.
    :param uuid: its own UUID, if it has another than its system.
    :param system_uuid: UUID of its computer system, as reported.
    :param serial_number: of its computer system, as reported.
    :param macs: the addresses of its network interfaces, if they were read.
    :param shared: whether others have joined it: it is only a group, and not
        all in it are its resources.
    :param allowable: what can be requested for it, if that was read; a list of
        nodes may lack what is not in the nodes themselves.
    """

    uri: str
    index: str
    name: str
    mark: Mark | None
    power_state: str
    resources: tuple[str, ...] = ()
    resources_known: bool = True
    # A list of nodes may be without these.
    uuid: str | None = dataclasses.field(default=None, compare=False)
    system_uuid: str | None = dataclasses.field(default=None, compare=False)
    serial_number: str | None = dataclasses.field(default=None, compare=False)
    macs: tuple[str, ...] = dataclasses.field(default=(), compare=False)
    shared: bool = dataclasses.field(default=False, compare=False)
    allowable: Allowable | None = dataclasses.field(
        default=None, compare=False
    )


@dataclasses.dataclass
class Inventory:
    """What a pod manager owns, all or part of it.

    A pooled device can be attached to a system: a drive, a network card, a
    GPU, a resource block … A storage is a service or a pool of volumes.

    :param problems: what could not be read, for people.
    :param unread: URIs that exist but could not be read; nothing is known of
        what is below them either.
    :param gone: URIs that were requested and do not exist any more.
    :param unrecognized: URIs that were requested and that the driver cannot
        assign to a resource: anything may have changed.
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
