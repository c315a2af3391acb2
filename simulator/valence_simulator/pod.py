# SPDX-License-Identifier: Apache-2.0
"""The hardware of a pod.

A pod contains racks, a rack drawers, a drawer sleds, and a sled one system.
The options determine the hardware; the seed determines its UUIDs, serial
numbers and MAC addresses, so that two pods with the same options are never the
same machines.
"""

from __future__ import annotations

import argparse
import random
import uuid
from collections.abc import Iterator

from valence_simulator.hardware import Chassis
from valence_simulator.hardware import Dimm
from valence_simulator.hardware import Drive
from valence_simulator.hardware import Nic
from valence_simulator.hardware import Processor
from valence_simulator.hardware import StoragePool
from valence_simulator.hardware import System
from valence_simulator.hardware import Volume

#: The kinds of systems, in the order in which they fill the sleds.
SPREAD = (
    'small',
    'medium',
    'small',
    'large',
    'small',
    'medium',
    'network',
    'small',
    'accelerated',
    'medium',
)

#: The parts of each kind: processors (model, brand, cores, MHz), GPUs, DIMMs
#: in MiB, NIC speeds in Mbit/s, drives (GiB, media, protocol, rpm).
KINDS: dict[str, dict] = {
    'small': {
        'processors': [('Xeon Silver 4208', 'Silver', 8, 2100)],
        'dimms': [8192, 8192],
        'nics': [1000],
        'drives': [(240, 'SSD', 'SATA', None)],
    },
    'medium': {
        'processors': [('Xeon Gold 6226', 'Gold', 12, 2700)] * 2,
        'dimms': [32768, 32768],
        'nics': [10000],
        'drives': [(2000, 'HDD', 'SAS', 7200)],
    },
    'large': {
        'processors': [('Xeon Platinum 8268', 'Platinum', 24, 2900)] * 2,
        'dimms': [131072, 131072],
        'nics': [25000, 25000],
        'drives': [(1600, 'SSD', 'NVMe', None)] * 2,
    },
    'network': {
        'processors': [('Xeon Gold 6230N', 'Gold', 20, 2300)],
        'dimms': [32768, 32768],
        'nics': [10000, 10000, 25000, 25000],
        'drives': [(480, 'SSD', 'SATA', None)],
    },
    'accelerated': {
        'processors': [('Xeon Gold 6242', 'Gold', 16, 2800)],
        'gpus': ['T4'],
        'dimms': [65536, 65536],
        'nics': [25000],
        'drives': [(960, 'SSD', 'NVMe', None)],
    },
    'fpga': {
        'processors': [('Xeon Gold 6242', 'Gold', 16, 2800)],
        'fpgas': ['Stratix 10'],
        'dimms': [65536, 65536],
        'nics': [25000],
        'drives': [(960, 'SSD', 'NVMe', None)],
    },
}

SLEDS_PER_DRAWER = 8
RACK_UNITS = 42
DRAWER_UNITS = 4


class Pod:
    """The hardware of one pod manager.

    :param options: the number of systems, systems per rack, kinds, and seed.
    """

    def __init__(self, options: argparse.Namespace):
        self.seed = options.seed
        self.systems_per_rack = options.systems_per_rack
        self._kinds = options.kinds or SPREAD
        self.systems: dict[str, System] = {}
        self.chassis: dict[str, Chassis] = {}
        self._next = 0
        self.pod = self._chassis('pod', 'Pod', None)
        for _ in range(options.systems):
            self.add_system()
        self.enclosure = self._chassis('enclosure-1', 'Enclosure', self.pod)
        self.enclosure.drives = self._pooled_drives(4 + options.systems // 10)
        self.pool = self._storage_pool(4 + options.systems // 10)
        self.fpgas = [
            _accelerator('FPGA', n, 'Stratix 10') for n in range(options.fpgas)
        ]

    def service_uuid(self) -> str:
        """Return the UUID of the service."""
        return _uuid(random.Random(f'{self.seed}/service'))  # noqa: S311

    def add_system(self, kind: str | None = None) -> System:
        """Add a system to the next free sled.

        :param kind: one of KINDS; by default the next one in order.
        """
        index = self._next
        self._next += 1
        drawer = self._drawer_of(index)
        sled = self._chassis(f'sled-{index + 1}', 'Sled', drawer)
        kind = kind or self._kinds[index % len(self._kinds)]
        system = _build_system(
            f'system-{index + 1}', kind, sled, self._random(index)
        )
        sled.system = system
        sled.drives = system.drives
        self.systems[system.id] = system
        return system

    def remove_system(self, system: System) -> None:
        """Remove a system and its sled."""
        del self.systems[system.id]
        del self.chassis[system.sled.id]
        system.sled.parent.children.remove(system.sled)

    def parents(self, chassis: Chassis | None) -> Iterator[Chassis]:
        """Return a chassis and its parents, innermost first."""
        while chassis is not None:
            yield chassis
            chassis = chassis.parent

    def _random(self, index: object) -> random.Random:
        # One seed per item: a larger pod starts with the same machines.
        return random.Random(f'{self.seed}/{index}')  # noqa: S311

    def _drawer_of(self, index: int) -> Chassis:
        rack_number, place = divmod(index, self.systems_per_rack)
        rack_id = f'rack-{rack_number + 1}'
        rack = self.chassis.get(rack_id) or self._chassis(
            rack_id, 'Rack', self.pod
        )
        number = place // SLEDS_PER_DRAWER
        drawer_id = f'{rack_id}-drawer-{number + 1}'
        drawer = self.chassis.get(drawer_id) or self._chassis(
            drawer_id, 'Drawer', rack
        )
        rack.units, drawer.units = RACK_UNITS, DRAWER_UNITS
        drawer.offset = number * DRAWER_UNITS
        return drawer

    def _chassis(
        self, chassis_id: str, kind: str, parent: Chassis | None
    ) -> Chassis:
        rng = self._random(chassis_id)
        chassis = Chassis(
            id=chassis_id,
            type=kind,
            name=chassis_id.replace('-', ' ').capitalize(),
            parent=parent,
            serial=_serial(rng),
            uuid=_uuid(rng),
        )
        self.chassis[chassis_id] = chassis
        if parent is not None:
            parent.children.append(chassis)
        return chassis

    def _pooled_drives(self, count: int) -> list[Drive]:
        rng = self._random('pooled')
        return [
            _drive(f'nvme-{n + 1}', (800, 'SSD', 'NVMe', None), rng)
            for n in range(count)
        ]

    def _storage_pool(self, count: int) -> StoragePool:
        rng = self._random('pool')
        drives = [
            _drive(f'pool-{n + 1}', (4000, 'SSD', 'NVMe', None), rng)
            for n in range(1 + count // 4)
        ]
        volumes = [
            Volume(
                id=f'volume-{n + 1}',
                name=f'Volume {n + 1}',
                capacity_gib=(80, 200, 500)[n % 3],
                uuid=_uuid(rng),
                bootable=n % 2 == 0,
            )
            for n in range(count)
        ]
        self.enclosure.drives += drives
        return StoragePool(id='pool-1', drives=drives, volumes=volumes)


def _build_system(
    system_id: str, kind: str, sled: Chassis, rng: random.Random
) -> System:
    parts = KINDS[kind]
    return System(
        id=system_id,
        kind=kind,
        uuid=_uuid(rng),
        serial=_serial(rng),
        sku=f'VS-{kind.upper()}',
        sled=sled,
        model=f'Simulated {kind} server',
        processors=_processors(parts),
        dimms=[
            Dimm(f'dimm-{n + 1}', size, 2933, 'Contoso', _serial(rng))
            for n, size in enumerate(parts['dimms'])
        ],
        nics=[
            Nic(f'nic-{n + 1}', _mac(rng), speed)
            for n, speed in enumerate(parts['nics'])
        ],
        drives=[
            _drive(f'drive-{n + 1}', what, rng)
            for n, what in enumerate(parts['drives'])
        ],
    )


def _processors(parts: dict) -> list[Processor]:
    processors = [
        Processor(
            id=f'cpu-{n + 1}',
            socket=f'CPU {n + 1}',
            type='CPU',
            manufacturer='Intel(R) Corporation',
            model=model,
            brand=brand,
            cores=cores,
            threads=2 * cores,
            speed_mhz=speed,
            instruction_set='x86-64',
        )
        for n, (model, brand, cores, speed) in enumerate(parts['processors'])
    ]
    for accelerator in ('GPU', 'FPGA'):
        models = parts.get(f'{accelerator.lower()}s', ())
        processors += [
            _accelerator(accelerator, n, model)
            for n, model in enumerate(models)
        ]
    return processors


def _accelerator(kind: str, number: int, model: str) -> Processor:
    return Processor(
        id=f'{kind.lower()}-{number + 1}',
        socket=f'{kind} {number + 1}',
        type=kind,
        manufacturer='NVIDIA' if kind == 'GPU' else 'Intel(R) Corporation',
        model=model,
        brand=None,
        cores=0,
        threads=0,
        speed_mhz=1590,
        instruction_set=None,
    )


def _drive(drive_id: str, what: tuple, rng: random.Random) -> Drive:
    capacity, media, protocol, rpm = what
    return Drive(
        id=drive_id,
        gib=capacity,
        media=media,
        protocol=protocol,
        rpm=rpm,
        manufacturer='Contoso',
        model=f'{protocol} {media} {capacity}',
        serial=_serial(rng),
        uuid=_uuid(rng),
    )


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _serial(rng: random.Random) -> str:
    return f'{rng.getrandbits(40):010X}'


def _mac(rng: random.Random) -> str:
    # 02: a locally administered unicast address.
    tail = f'{rng.getrandbits(40):010X}'
    return ':'.join(['02'] + [tail[n : n + 2] for n in range(0, 10, 2)])
