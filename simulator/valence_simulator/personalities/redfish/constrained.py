# SPDX-License-Identifier: Apache-2.0
"""Constrained composition: select blocks for requirements (DSP2050).

Capacities, cores and speeds are minimums. Counts must match exactly, unless
the request allows overprovisioning.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable

from valence_simulator.personalities.redfish.blocks import Block
from valence_simulator.protocol import errors

COUNT = '@Redfish.RequestedCount'
OVER = '@Redfish.AllowOverprovisioning'
AFFINITY = '@Redfish.ZoneAffinity'

#: The requirements for each kind of part, and the matching attributes.
EXACT = {
    'ProcessorType': 'type',
    'Model': 'model',
    'InstructionSet': 'instruction_set',
    'MemoryType': 'type',
    'MemoryDeviceType': 'device_type',
    'MediaType': 'media',
    'Protocol': 'protocol',
    'SerialNumber': 'serial',
}
AT_LEAST = {
    'TotalCores': 'cores',
    'MaxSpeedMHz': 'speed_mhz',
    'CapacityMiB': 'capacity_mib',
    'CapacityBytes': 'capacity_bytes',
    'SpeedMbps': 'speed_mbps',
}
IGNORED = ('FullDuplex', 'Name')

#: Request properties and the matching attributes of a block.
KINDS = {
    'Processors': 'processors',
    'Memory': 'dimms',
    'EthernetInterfaces': 'nics',
    'Storage': 'drives',
    'SimpleStorage': 'drives',
}
NESTED = {'Storage': 'Drives', 'SimpleStorage': 'Devices'}


class Need:
    """A number of parts with certain properties."""

    def __init__(self, kind: str, path: str, requested: dict, times: int = 1):
        self.kind = kind
        self.attribute = KINDS[kind]
        self.count = _count(path, requested) * times
        self.over = requested.get(OVER) is True
        self._requested = {}
        for name, value in requested.items():
            if name.startswith('@') or name in IGNORED:
                continue
            if name not in EXACT and name not in AT_LEAST:
                raise errors.property_unknown(f'{path}/{name}')
            if name in AT_LEAST and not isinstance(value, int):
                raise errors.property_type(f'{path}/{name}', value)
            self._requested[name] = value

    @property
    def is_accelerator(self) -> bool:
        kind = self._requested.get('ProcessorType', 'CPU')
        return self.kind == 'Processors' and kind != 'CPU'

    def fits(self, part: object) -> bool:
        """Return whether a part has the properties."""
        for name, value in self._requested.items():
            if name in AT_LEAST:
                if getattr(part, AT_LEAST[name], 0) < value:
                    return False
            elif getattr(part, EXACT[name], None) != value:
                return False
        return True

    def met_by(self, block: Block) -> bool:
        """Return whether the parts of one block match in kind and number."""
        has = getattr(block, self.attribute)
        fitting = sum(map(self.fits, has))
        if self.over:
            return fitting >= self.count
        return fitting == self.count == len(has)


def parse(body: dict) -> list[Need]:
    """Return the requirements in a request body.

    :raises RedfishError: 400.
    """
    needs = []
    for kind in KINDS:
        if kind not in body:
            continue
        members = (
            body[kind].get('Members') if isinstance(body[kind], dict) else None
        )
        if not isinstance(members, list):
            raise errors.property_missing(f'{kind}/Members')
        for n, member in enumerate(members):
            path = f'{kind}/Members/{n}'
            if not isinstance(member, dict):
                raise errors.property_type(path, member)
            needs += _needs_of(kind, path, member)
    return needs


def _needs_of(kind: str, path: str, member: dict) -> list[Need]:
    nested = NESTED.get(kind)
    if nested is None:
        return [Need(kind, path, member)]
    inner = member.get(nested)
    if not isinstance(inner, list) or not inner:
        raise errors.property_missing(f'{path}/{nested}')
    for n, drive in enumerate(inner):
        if not isinstance(drive, dict):
            raise errors.property_type(f'{path}/{nested}/{n}', drive)
    times = _count(path, member)
    return [
        Need(kind, f'{path}/{nested}/{n}', {**drive, **_over(member)}, times)
        for n, drive in enumerate(inner)
    ]


def _over(member: dict) -> dict:
    return {OVER: True} if member.get(OVER) is True else {}


def _count(path: str, requested: dict) -> int:
    count = requested.get(COUNT)
    if count is None:
        raise errors.property_missing(f'{path}/{COUNT}')
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise errors.property_type(f'{path}/{COUNT}', count)
    return count


def choose(
    needs: list[Need],
    zones: Iterable[list[Block]],
    is_free: Callable[[Block], bool],
) -> list[Block]:
    """Return blocks of one zone that meet all requirements.

    :raises RedfishError: NoResourceMatch with what is missing.
    """
    lacking = 'Processors'
    for zone in zones:
        free = [block for block in zone if is_free(block)]
        chosen, lacking = _choose_in(needs, free)
        if chosen is not None:
            return chosen
    raise errors.RedfishError(
        409,
        'Composition.1.1.NoResourceMatch',
        f'The requested resources of type {lacking} are not available.',
        (lacking,),
    )


def _choose_in(
    needs: list[Need], free: list[Block]
) -> tuple[list[Block] | None, str]:
    base = [
        need
        for need in needs
        if need.kind in ('Processors', 'Memory') and not need.is_accelerator
    ]
    computes = [block for block in free if block.type == 'Compute']
    for need in base:
        computes = [block for block in computes if need.met_by(block)]
        if not computes:
            return None, need.kind
    if not computes:
        return None, 'Processors'
    rest = [need for need in needs if need not in base]
    lacking = 'Processors'
    for compute in sorted(computes, key=_size):
        others = [block for block in free if block is not compute]
        chosen, lacking = _supply(rest, compute, others)
        if chosen is not None:
            return [compute, *chosen], lacking
    return None, lacking


def _supply(
    needs: list[Need], compute: Block, free: list[Block]
) -> tuple[list[Block] | None, str]:
    """Return the smallest matching blocks to combine with a Compute block."""
    chosen: list[Block] = []
    for need in needs:
        given = 0
        if need.kind == 'EthernetInterfaces':
            given = sum(map(need.fits, compute.nics))
        candidates = sorted(
            (
                block
                for block in free
                if block.type != 'Compute'
                and block not in chosen
                and any(map(need.fits, getattr(block, need.attribute)))
            ),
            key=_size,
        )
        while given < need.count and candidates:
            block = candidates.pop(0)
            chosen.append(block)
            given += sum(map(need.fits, getattr(block, need.attribute)))
        if given < need.count:
            return None, need.kind
    return chosen, ''


def _size(block: Block) -> tuple[int, int, int]:
    return (
        sum(p.cores for p in block.processors),
        sum(d.capacity_mib for d in block.dimms),
        sum(d.capacity_gib for d in block.drives),
    )
