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
    held: int
    capacity_gib: int
    free_capacity_gib: int
    held_capacity_gib: int


class HeldPlace(TypedDict):
    """The hardware that a hold keeps for one node.

    :param devices: URIs of pooled devices by UUID.
    :param node_uuid: the UUID that the node will have. What was held by an
        earlier release does not have it.
    """

    podm_uuid: str
    system_uuid: str
    system_uri: str
    devices: dict[str, str]
    node_uuid: NotRequired[str]


#: What a number of the hardware has to be: at least this, or within
#: ``min`` and ``max``, or one of ``eq``.
Amount: TypeAlias = int | dict[str, int | list[int]]
#: What a text of the hardware has to be: this, or one of these, or exactly
#: ``eq``; ``scheduler.criteria`` compares them.
Name: TypeAlias = str | list[str] | dict[str, str | list[str]]


class Processor(TypedDict, total=False):
    """Requirements of the processors of a system.

    :param cores: of each processor; so is all that follows.
    :param architecture: or the instruction set.
    """

    total_cores: Amount
    sockets: Amount
    cores: Amount
    speed_mhz: Amount
    model: Name
    vendor: Name
    architecture: Name
    instruction_set: Name


class Memory(TypedDict, total=False):
    """Requirements of the memory of a system, and of each of its modules."""

    capacity_mib: Amount
    type: Name
    speed_mhz: Amount
    vendor: Name


class Security(TypedDict, total=False):
    """Requirements of the security of a system."""

    tpm: Name


class Firmware(TypedDict, total=False):
    """Requirements of the firmware of a system.

    :param boot_mode: one that it allows.
    """

    boot_mode: Name


class Traits(TypedDict, total=False):
    """Traits that hardware must have, must not have, or should have."""

    required: list[str]
    forbidden: list[str]
    preferred: list[str]


class Part(TypedDict, total=False):
    """A number of equal parts: drives, network interfaces or devices.

    :param interface: another name of the protocol.
    :param memory_mib: of an accelerator itself, or of a memory device.
    :param pooled: whether it must be a pooled device, or part of the system.
    :param serial: the serial numbers of pooled drives, any of which meets it.
    """

    count: Required[int]
    type: Name
    protocol: Name
    interface: Name
    vendor: Name
    model: Name
    capacity_gib: Amount
    rpm: Amount
    memory_mib: Amount
    speed_mhz: Amount
    speed_mbps: Amount
    pooled: bool
    serial: str | list[str]
    traits: Traits


class Requirements(TypedDict, total=False):
    """The requirements of a node; ``objects.requirements`` has the schema."""

    processor: Processor
    memory: Memory
    security: Security
    firmware: Firmware
    traits: Traits
    storage: list[Part]
    pci_devices: list[Part]
    network: list[Part]
