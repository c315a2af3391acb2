# SPDX-License-Identifier: Apache-2.0
"""The pod taken apart: resource blocks, and the zones that they lie in.

Each system of the pod gives a Compute block (processors, memory, its first
NIC), a Storage block a drive, a Network block a further NIC and a Processor
block for its GPUs. The drives of the enclosure are Storage blocks of every
zone; all other blocks lie in the zone of their rack.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from valence_simulator.hardware import Chassis
from valence_simulator.hardware import Dimm
from valence_simulator.hardware import Drive
from valence_simulator.hardware import Nic
from valence_simulator.hardware import Pod
from valence_simulator.hardware import Processor
from valence_simulator.hardware import System
from valence_simulator.personalities.redfish import uris


@dataclasses.dataclass
class Block:
    """A resource block: what is composed, and whether it is."""

    id: str
    type: str
    chassis: Chassis
    processors: list[Processor] = dataclasses.field(default_factory=list)
    dimms: list[Dimm] = dataclasses.field(default_factory=list)
    nics: list[Nic] = dataclasses.field(default_factory=list)
    drives: list[Drive] = dataclasses.field(default_factory=list)
    zones: list[str] = dataclasses.field(default_factory=list)
    state: str = 'Unused'
    health: str = 'OK'
    #: A note between clients; it keeps nobody from composing.
    reserved: bool = False
    pool: str = 'Free'
    client: str | None = None
    #: Whether there is no more user data on it.
    erased: bool = True
    #: Id of the reservation that holds it.
    reservation: str | None = None
    #: Id of the system that it is part of.
    system: str | None = None

    @property
    def uri(self) -> str:
        return f'{uris.BLOCKS}/{self.id}'


class BlockPod:
    """All the blocks of a pod, by id, and the zones, by id."""

    def __init__(self, pod: Pod):
        self.pod = pod
        self.blocks: dict[str, Block] = {}
        self.zones: dict[str, list[Block]] = {}
        for system in pod.systems.values():
            self.add(system)
        drives = [d for d in pod.enclosure.drives if d not in pod.pool.drives]
        for n, drive in enumerate(drives):
            block = Block(
                f'shared-storage-{n + 1}',
                'Storage',
                pod.enclosure,
                drives=[drive],
                zones=list(self.zones),
            )
            self._add(block)

    def add(self, system: System) -> list[Block]:
        """Take one more system apart."""
        rack = system.sled.parent.parent
        zone = rack.id.replace('rack', 'zone')
        self.zones.setdefault(zone, [])
        added = list(_take_apart(system))
        for block in added:
            block.zones = [zone]
            self._add(block)
        return added

    def remove(self, block: Block) -> None:
        """Take a block away."""
        del self.blocks[block.id]
        for zone in block.zones:
            self.zones[zone].remove(block)

    def find(self, uri: str) -> Block | None:
        """The block at a URI."""
        head, _, block_id = uri.rpartition('/')
        return self.blocks.get(block_id) if head == uris.BLOCKS else None

    def _add(self, block: Block) -> None:
        self.blocks[block.id] = block
        for zone in block.zones:
            self.zones[zone].append(block)


def _take_apart(system: System) -> Iterator[Block]:
    number = system.id.rsplit('-', 1)[1]
    sled = system.sled
    yield Block(
        f'compute-{number}',
        'Compute',
        sled,
        processors=system.cpus,
        dimms=system.dimms,
        nics=system.nics[:1],
    )
    for n, drive in enumerate(system.drives):
        yield Block(
            f'storage-{number}-{n + 1}', 'Storage', sled, drives=[drive]
        )
    for n, nic in enumerate(system.nics[1:]):
        yield Block(f'network-{number}-{n + 1}', 'Network', sled, nics=[nic])
    gpus = [p for p in system.processors if p.type != 'CPU']
    if gpus:
        yield Block(f'gpu-{number}', 'Processor', sled, processors=gpus)
