# SPDX-License-Identifier: Apache-2.0
"""Types that several layers share."""

from typing import Any
from typing import NotRequired
from typing import Required
from typing import TypeAlias
from typing import TypedDict

#: A JSON object whose content is not checked by types: from a vendor, from a
#: caller, or stored in the database.
JsonObject: TypeAlias = dict[str, Any]


class ExcludedSystem(TypedDict):
    """A combination of hardware that a pod manager did not compose.

    Those that were stored by earlier releases have a system only.

    :param system: UUID of the system.
    :param devices: UUIDs of the pooled devices.
    """

    system: str
    reason: str
    devices: NotRequired[list[str]]
    podm_uuid: NotRequired[str]


class Allowable(TypedDict):
    """What a pod manager allows for a node, in the terms of Redfish.

    A part is None where the pod manager does not list it.

    :param reset_types: types of resets.
    :param boot_targets: what the node can boot from.
    :param boot_modes: such as UEFI.
    """

    reset_types: list[str] | None
    boot_targets: list[str] | None
    boot_modes: list[str] | None


class DeviceCounts(TypedDict):
    """The devices of one type on one pod manager, and their GiB."""

    total: int
    free: int
    capacity_gib: int
    free_capacity_gib: int


class Processor(TypedDict, total=False):
    """Requirements of the processors of a system."""

    total_cores: int
    model: str
    architecture: str
    sockets: int


class Memory(TypedDict, total=False):
    """Requirements of the memory of a system."""

    capacity_mib: int
    type: str


class Part(TypedDict, total=False):
    """A number of equal parts: drives, network interfaces or devices."""

    count: Required[int]
    type: str
    protocol: str
    capacity_gib: int
    speed_mbps: int


class Requirements(TypedDict, total=False):
    """The requirements of a node; ``objects.requirements`` has the schema."""

    processor: Processor
    memory: Memory
    storage: list[Part]
    pci_devices: list[Part]
    network: list[Part]
