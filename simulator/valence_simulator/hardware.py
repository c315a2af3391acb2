# SPDX-License-Identifier: Apache-2.0
"""The parts of a pod, independent of any protocol."""

from __future__ import annotations

import dataclasses

GIB = 1024**3
#: GiB of a drive with more bytes than a double counts exactly.
HUGE = 2**54 // GIB


@dataclasses.dataclass
class Processor:
    id: str
    socket: str
    type: str  # CPU, GPU or FPGA
    manufacturer: str
    model: str
    brand: str | None
    cores: int
    threads: int
    speed_mhz: int
    instruction_set: str | None


@dataclasses.dataclass
class Dimm:
    id: str
    capacity_mib: int
    speed_mhz: int
    manufacturer: str
    serial: str
    type: str = 'DRAM'
    device_type: str = 'DDR4'
    width_bits: int = 64


@dataclasses.dataclass
class Nic:
    id: str
    mac: str
    speed_mbps: int
    #: The MAC address as it is shown.
    shown: str | None = None


@dataclasses.dataclass
class Drive:
    id: str
    gib: int
    media: str  # SSD or HDD
    protocol: str  # SATA, SAS or NVMe
    rpm: int | None
    manufacturer: str
    model: str
    serial: str
    uuid: str
    huge: bool = False

    @property
    def capacity_gib(self) -> int:
        return HUGE if self.huge else self.gib

    @property
    def capacity_bytes(self) -> int:
        return self.capacity_gib * GIB


@dataclasses.dataclass
class System:
    id: str
    kind: str
    uuid: str
    serial: str
    sku: str
    sled: Chassis
    processors: list[Processor]
    dimms: list[Dimm]
    nics: list[Nic]
    drives: list[Drive]
    manufacturer: str = 'Contoso'
    model: str = ''
    power: str = 'Off'
    state: str = 'Enabled'
    health: str = 'OK'
    online: bool = True
    tpm: str = 'TPM2_0'
    txt_enabled: bool = False
    boot: dict = dataclasses.field(
        default_factory=lambda: {
            'BootSourceOverrideEnabled': 'Disabled',
            'BootSourceOverrideTarget': 'None',
            'BootSourceOverrideMode': 'UEFI',
        }
    )

    @property
    def memory_mib(self) -> int:
        return sum(dimm.capacity_mib for dimm in self.dimms)

    @property
    def cpus(self) -> list[Processor]:
        return [p for p in self.processors if p.type == 'CPU']


@dataclasses.dataclass
class Chassis:
    id: str
    type: str  # Pod, Rack, Drawer, Sled or Enclosure
    name: str
    parent: Chassis | None
    serial: str
    uuid: str
    units: int | None = None  # the height in rack units
    offset: int | None = None  # the lowest rack unit
    children: list[Chassis] = dataclasses.field(default_factory=list)
    system: System | None = None
    drives: list[Drive] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Volume:
    id: str
    name: str
    capacity_gib: int
    uuid: str
    bootable: bool = False
    erased: bool | None = None

    @property
    def capacity_bytes(self) -> int:
        return self.capacity_gib * GIB


@dataclasses.dataclass
class StoragePool:
    """The drives from which volumes are allocated."""

    id: str
    drives: list[Drive]
    volumes: list[Volume]

    @property
    def capacity_bytes(self) -> int:
        return sum(drive.capacity_bytes for drive in self.drives)

    @property
    def used_bytes(self) -> int:
        return sum(volume.capacity_bytes for volume in self.volumes)
