# SPDX-License-Identifier: Apache-2.0
"""The resource blocks of a pod, and their zones.

A system becomes a Compute block (processors, memory, its first NIC), a Storage
block per drive, a Network block per further NIC, and a Processor block for its
GPUs. The drives of the enclosure are Storage blocks of every zone; all other
blocks are in the zone of their rack.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator

from valence_simulator.hardware import Chassis
from valence_simulator.hardware import Dimm
from valence_simulator.hardware import Drive
from valence_simulator.hardware import Nic
from valence_simulator.hardware import Processor
from valence_simulator.hardware import System
from valence_simulator.personalities.redfish import uris
from valence_simulator.pod import Pod


@dataclasses.dataclass
class Block:
    """A resource block and its composition state."""

    id: str
    type: str
    chassis: Chassis
    #: The system that a Compute block was.
    machine: System | None = None
    processors: list[Processor] = dataclasses.field(default_factory=list)
    dimms: list[Dimm] = dataclasses.field(default_factory=list)
    nics: list[Nic] = dataclasses.field(default_factory=list)
    drives: list[Drive] = dataclasses.field(default_factory=list)
    zones: list[str] = dataclasses.field(default_factory=list)
    #: The zone of its rack, or None.
    rack: str | None = None
    state: str = 'Unused'
    health: str = 'OK'
    #: A note for clients; it does not prevent composing.
    reserved: bool = False
    pool: str = 'Free'
    client: str | None = None
    #: Whether its user data was erased.
    erased: bool = True
    #: The ID of its reservation.
    reservation: str | None = None
    #: Whether it can be shared, if blocks of its type can.
    sharing: bool = True
    #: The number of systems that are being composed with it.
    claims: int = 0
    #: The IDs of the systems that contain it.
    systems: list[str] = dataclasses.field(default_factory=list)

    @property
    def uri(self) -> str:
        return f'{uris.BLOCKS}/{self.id}'

    @property
    def adapter(self) -> str:
        """The URI of the network adapter that its NICs are on."""
        return f'{uris.CHASSIS}/{self.chassis.id}/NetworkAdapters/{self.id}'

    @property
    def system(self) -> str | None:
        """Return the ID of the first system that contains it."""
        return self.systems[0] if self.systems else None


class BlockPod:
    """All blocks of a pod, by ID, and all zones, by ID.

    :param layout: how blocks are distributed over zones: one of
        options.oddities.ZONES.
    """

    def __init__(self, pod: Pod, layout: str):
        self.pod = pod
        self.blocks: dict[str, Block] = {}
        self.zones: dict[str, list[Block]] = {}
        self._layout = layout
        for system in pod.systems.values():
            for block in self._blocks_of(system):
                self.blocks[block.id] = block
        drives = [d for d in pod.enclosure.drives if d not in pod.pool.drives]
        for n, drive in enumerate(drives):
            block = Block(
                f'shared-storage-{n + 1}',
                'Storage',
                pod.enclosure,
                drives=[drive],
            )
            self.blocks[block.id] = block
        self.lay_out(layout)

    def add(self, system: System) -> list[Block]:
        """Create the blocks of a system."""
        added = list(self._blocks_of(system))
        for block in added:
            self.blocks[block.id] = block
        self.lay_out(self._layout)
        return added

    def lay_out(self, layout: str) -> None:
        """Distribute all blocks over zones again."""
        self._layout = layout
        racks = {b.rack: [] for b in self.blocks.values() if b.rack}
        self.zones = {
            'pairs': {'zone-1': [], 'zone-2': []},
            'none': {},
        }.get(layout, racks)
        numbers: collections.Counter = collections.Counter()
        for block in self.blocks.values():
            numbers[block.type] += 1
            block.zones = []
            self.put(block, self._zones_of(block, numbers[block.type]))

    def put(self, block: Block, zones: list[str]) -> None:
        """Set the zones of a block.

        :raises KeyError: if a zone does not exist.
        """
        found = [self.zones[zone] for zone in zones]
        for zone in block.zones:
            self.zones[zone].remove(block)
        block.zones = list(zones)
        for blocks in found:
            blocks.append(block)

    def _zones_of(self, block: Block, number: int) -> list[str]:
        """Return the zones of the n-th block of its type."""
        is_compute = block.type == 'Compute'
        if self._layout == 'pairs' and not is_compute:
            return [f'zone-{2 - number % 2}']
        if self._layout == 'gaps' and is_compute and number % 2:
            return []
        if block.rack in self.zones and self._layout != 'pairs':
            return [block.rack]
        return list(self.zones)

    def remove(self, block: Block) -> None:
        """Remove a block."""
        del self.blocks[block.id]
        self.put(block, [])

    def find(self, uri: str) -> Block | None:
        """Return the block at a URI."""
        head, _, block_id = uri.rpartition('/')
        return self.blocks.get(block_id) if head == uris.BLOCKS else None

    @staticmethod
    def _blocks_of(system: System) -> Iterator[Block]:
        rack = system.sled.parent.parent
        for block in _take_apart(system):
            block.rack = rack.id.replace('rack', 'zone')
            yield block


def _take_apart(system: System) -> Iterator[Block]:
    number = system.id.rsplit('-', 1)[1]
    sled = system.sled
    yield Block(
        f'compute-{number}',
        'Compute',
        sled,
        machine=system,
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
