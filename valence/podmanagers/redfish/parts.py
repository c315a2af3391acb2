# SPDX-License-Identifier: Apache-2.0
"""Redfish parts of systems and blocks as the inventory describes them.

The inventory calls the maker of a part ``manufacturer``, as Redfish does.
"""

from collections.abc import Iterable
from typing import TypedDict

from valence.common.identity import mac
from valence.common.types import JsonObject
from valence.podmanagers.wire.values import array
from valence.podmanagers.wire.values import count
from valence.podmanagers.wire.values import number
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import objects
from valence.podmanagers.wire.values import text
from valence.podmanagers.wire.values import whole

_CPUS = ('cpu', 'centralprocessor', 'central processor')
# How many instruction set extensions of a processor are kept.
_MAX_CAPABILITIES = 64
_BOOT_MODE = 'BootSourceOverrideMode'
# How many boot modes of a system are kept.
_MAX_BOOT_MODES = 16


class Drive(TypedDict):
    """A drive of a system. The size is in whole GiB, rounded down."""

    resource_uri: str
    capacity_gib: int
    type: str | None
    protocol: str | None
    manufacturer: str | None
    model: str | None
    serial_number: str | None
    rpm: int | None


class Nic(TypedDict):
    """A network interface of a system, its address as of ``identity.mac``."""

    resource_uri: str
    mac: str | None
    speed_mbps: int | None


class Processor(TypedDict):
    """A CPU of a system.

    :param capabilities: extensions of the instruction set, in lower case.
    """

    resource_uri: str
    manufacturer: str | None
    model: str | None
    architecture: str | None
    instruction_set: str | None
    cores: int
    threads: int
    speed_mhz: int | None
    capabilities: list[str]


class Accelerator(TypedDict):
    """A processor of a system that is no CPU.

    :param memory_mib: its own memory.
    """

    type: str
    manufacturer: str | None
    model: str | None
    memory_mib: int | None
    speed_mhz: int | None


class MemoryModule(TypedDict):
    """A memory module of a system."""

    resource_uri: str
    manufacturer: str | None
    type: str | None
    capacity_mib: int
    speed_mhz: int | None


def state(body: JsonObject) -> str:
    """``Status.State``, as the service reports it."""
    return str(obj(body.get('Status')).get('State'))


def is_cpu(body: JsonObject) -> bool:
    """Whether a processor is a CPU, which is the default."""
    kind = text(body.get('ProcessorType')) or 'CPU'
    return kind.casefold() in _CPUS and state(body) != 'Absent'


def accelerator_type(body: JsonObject) -> str:
    """The type of a processor that is no CPU, as devices have it."""
    kind = (text(body.get('ProcessorType')) or '').casefold()
    return kind if kind in ('gpu', 'fpga') else 'processor'


def cores(body: JsonObject) -> int:
    """The cores of a processor; some services show threads only."""
    return (
        count(body.get('TotalCores')) or count(body.get('TotalThreads')) // 2
    )


def processor(uri: str, body: JsonObject) -> Processor:
    """A CPU."""
    oem = obj(obj(body.get('Oem')).get('Intel_RackScale'))
    named = filter(None, (text(one, 64) for one in array(_extensions(oem))))
    return {
        'resource_uri': uri,
        'manufacturer': text(body.get('Manufacturer')),
        'model': text(body.get('Model')),
        'architecture': text(body.get('ProcessorArchitecture'), 64),
        'instruction_set': text(body.get('InstructionSet'), 64),
        'cores': cores(body),
        'threads': count(body.get('TotalThreads')),
        'speed_mhz': speed_mhz(body),
        'capabilities': sorted({one.lower() for one in named})[
            :_MAX_CAPABILITIES
        ],
    }


def _extensions(oem: JsonObject) -> object:
    return oem.get('Capabilities') or oem.get('InstructionSetExtensions')


def accelerator(body: JsonObject) -> Accelerator:
    """A processor that is no CPU."""
    return {
        'type': accelerator_type(body),
        'manufacturer': text(body.get('Manufacturer')),
        'model': text(body.get('Model')),
        'memory_mib': onboard_memory_mib([body]),
        'speed_mhz': speed_mhz(body),
    }


def memory_module(uri: str, body: JsonObject) -> MemoryModule:
    """A memory module."""
    return {
        'resource_uri': uri,
        'manufacturer': text(body.get('Manufacturer')),
        'type': text(body.get('MemoryDeviceType'), 64),
        'capacity_mib': count(body.get('CapacityMiB')),
        'speed_mhz': speed_mhz(body),
    }


def speed_mhz(body: JsonObject) -> int | None:
    """The highest speed of a processor or memory module, if it is known.

    A module may run slower than it could.
    """
    allowed = map(count, array(body.get('AllowedSpeedsMHz')))
    named = ('MaxSpeedMHz', 'OperatingSpeedMhz', 'OperatingSpeedMHz')
    known = [count(body.get(name)) for name in named]
    return known[0] or max(*known, *allowed) or None


def onboard_memory_mib(bodies: Iterable[JsonObject]) -> int | None:
    """The memory of accelerators themselves, if they report any."""
    total = 0
    for body in bodies:
        summary = obj(body.get('MemorySummary'))
        listed = objects(body.get('ProcessorMemory'))
        total += count(summary.get('TotalMemorySizeMiB')) or sum(
            count(one.get('CapacityMiB')) for one in listed
        )
    return whole(total) or None


def drive(uri: str, body: JsonObject) -> Drive:
    """A drive."""
    size = number(body.get('CapacityBytes')) / 2**30
    return {
        'resource_uri': uri,
        'capacity_gib': whole(size or number(body.get('CapacityGiB'))),
        'type': text(body.get('MediaType'), 64) or text(body.get('Type'), 64),
        'protocol': text(body.get('Protocol'), 64)
        or text(body.get('Interface'), 64),
        'manufacturer': text(body.get('Manufacturer')),
        'model': text(body.get('Model')),
        'serial_number': text(body.get('SerialNumber')),
        'rpm': count(body.get('RotationSpeedRPM')) or None,
    }


def nic(uri: str, body: JsonObject) -> Nic:
    """A network interface."""
    return {
        'resource_uri': uri,
        'mac': mac(body.get('MACAddress'))
        or mac(body.get('PermanentMACAddress')),
        'speed_mbps': count(body.get('SpeedMbps')) or None,
    }


def tpm(body: JsonObject) -> str | None:
    """The type of the TPM that a system reports as present, if any."""
    for module in objects(body.get('TrustedModules')):
        kind = text(module.get('InterfaceType'), 64)
        if kind and state(module) not in ('Absent', 'Disabled'):
            return kind
    return None


def boot_modes(body: JsonObject) -> list[str] | None:
    """The boot modes that a system is known to allow; None: unknown.

    A system that does not list them allows at least the one that it shows.
    """
    boot = obj(body.get('Boot'))
    listed = boot.get(f'{_BOOT_MODE}@Redfish.AllowableValues')
    if not isinstance(listed, list):
        listed = [boot.get(_BOOT_MODE)]
    found = {
        mode
        for mode in listed
        if isinstance(mode, str) and text(mode, 64) == mode
    }
    return sorted(found)[:_MAX_BOOT_MODES] or None
