# SPDX-License-Identifier: Apache-2.0
"""Selection of a system for an Allocate request.

Filters run one after another; the 409 response contains how many systems each
one left. All local parts must be in one system. Model, brand, instruction set,
types, serial number and manufacturer must be equal; cores, speed, capacity,
width and RPM are minimums.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable

from valence_simulator.hardware import Chassis
from valence_simulator.hardware import Dimm
from valence_simulator.hardware import Drive
from valence_simulator.hardware import Nic
from valence_simulator.hardware import Processor
from valence_simulator.hardware import System
from valence_simulator.personalities.rsd import uris
from valence_simulator.pod import Pod
from valence_simulator.protocol import errors
from valence_simulator.protocol.resources import Tree

#: Request properties and the names of the parts in the model.
PARTS = {
    'Processors': ('processors', uris.processor),
    'Memory': ('dimms', uris.memory),
    'EthernetInterfaces': ('nics', uris.nic),
}


class Match:
    """A matching system with its pooled parts."""

    def __init__(self, system: System, pooled: list[str]):
        self.system = system
        self.pooled = pooled


class Matcher:
    """Finds a system for a request.

    :param is_taken: returns whether a node has the resource at a URI.
    """

    def __init__(self, tree: Tree, pod: Pod, is_taken: Callable[[str], bool]):
        self._tree = tree
        self._pod = pod
        self._is_taken = is_taken

    def match(self, requested: dict) -> Match:
        """Return the smallest matching system and its pooled parts.

        :raises RedfishError: 400 if a given resource does not exist; 409 if no
            system matches.
        """
        self._check_pins(requested)
        requested, remote = self._split(requested)
        fpgas = self._assign_fpgas(remote)
        systems = [
            system
            for system in self._pod.systems.values()
            if not self._is_taken(uris.system(system))
        ]
        counts = [('available', len(systems))]
        for name, fits in self._filters(requested, fpgas is not None):
            systems = [system for system in systems if fits(system)]
            counts.append((name, len(systems)))
        if not systems:
            steps = ' -> '.join(f'{name}: {left}' for name, left in counts)
            raise errors.conflict(
                'There are no computer systems available for this '
                'allocation request.',
                f'Available assets count after applying filters: [{steps}]',
            )
        system = min(systems, key=_size)
        return Match(system, [*self._drives(system, requested)[1], *fpgas])

    def _split(self, requested: dict) -> tuple[dict, list[dict]]:
        """What must be in one system, and the processors that need not."""
        fpgas = self._fpgas()
        remote = [
            request
            for request in requested.get('Processors', ())
            if 'Local' not in request.get('Connectivity', ['Local'])
            or request.get('Resource', {}).get('@odata.id') in fpgas
        ]
        local = [p for p in requested.get('Processors', ()) if p not in remote]
        return {**requested, 'Processors': local}, remote

    def _fpgas(self) -> dict[str, Processor]:
        """The FPGAs that are no part of a system, by URI."""
        chassis = self._pod.enclosure
        return {uris.fpga(chassis, f): f for f in self._pod.fpgas}

    def _assign_fpgas(self, requests: list[dict]) -> list[str] | None:
        """The URIs of free FPGAs for requests; None if some lack."""
        fpgas = self._fpgas()
        chassis = self._pod.enclosure

        def fits(request: dict, uri: str) -> bool:
            return (
                _fits_processor(request, fpgas[uri])
                and _is_pinned(request, uri)
                and self._holds(request, chassis)
            )

        free = [uri for uri in fpgas if not self._is_taken(uri)]
        return assign(requests, free, fits)

    def _filters(
        self, requested: dict, has_fpgas: bool
    ) -> list[tuple[str, Callable[[System], bool]]]:
        """Return the filters in the order of the pod manager."""
        return [
            ('online', lambda s: s.online),
            ('status', lambda s: (s.state, s.health) == ('Enabled', 'OK')),
            ('resource', lambda s: self._has_resources(s, requested)),
            ('chassis', lambda s: self._is_in_chassis(s, requested)),
            (
                'processors',
                lambda s: has_fpgas and _has(s, requested, 'Processors'),
            ),
            ('memory', lambda s: _has(s, requested, 'Memory')),
            ('local drives', lambda s: self._drives(s, requested) is not None),
            (
                'ethernet interfaces',
                lambda s: _has(s, requested, 'EthernetInterfaces'),
            ),
            ('computer system attributes', lambda s: _is_big(s, requested)),
            ('security', lambda s: _is_secure(s, requested)),
        ]

    def _check_pins(self, requested: dict) -> None:
        for name in (*PARTS, 'LocalDrives', 'RemoteDrives'):
            for n, part in enumerate(requested.get(name, ())):
                for pin in ('Resource', 'Chassis'):
                    uri = part.get(pin, {}).get('@odata.id')
                    if uri is not None and uri not in self._tree:
                        raise errors.RedfishError(
                            400,
                            'Base.1.0.InvalidEndpoint',
                            f'{name}/{n}/{pin}: there is no {uri}.',
                            (uri,),
                            related=(f'/{name}/{n}/{pin}',),
                        )

    def _has_resources(self, system: System, requested: dict) -> bool:
        for name, (parts, uri_of) in PARTS.items():
            owned = {uri_of(system, p) for p in getattr(system, parts)}
            if not _pins(requested, name, 'Resource') <= owned:
                return False
        drives = {uris.drive(system.sled, d) for d in system.drives}
        drives |= set(self._pooled())
        return _pins(requested, 'LocalDrives', 'Resource') <= drives

    def _is_in_chassis(self, system: System, requested: dict) -> bool:
        above = {uris.chassis(c) for c in self._pod.parents(system.sled)}
        pinned = set()
        for name in PARTS:
            pinned |= _pins(requested, name, 'Chassis')
        return pinned <= above

    def _pooled(self) -> dict[str, tuple[Chassis, Drive]]:
        """Return the free drives of the enclosure, by URI."""
        chassis = self._pod.enclosure
        backing = self._pod.pool.drives
        return {
            uri: (chassis, drive)
            for drive in chassis.drives
            if drive not in backing
            and not self._is_taken(uri := uris.drive(chassis, drive))
        }

    def _drives(
        self, system: System, requested: dict
    ) -> tuple[list[str], list[str]] | None:
        """Return the local and pooled drives; None if some are missing."""
        requests = requested.get('LocalDrives', [])
        if not requests:
            return [], []
        local = {
            uris.drive(system.sled, d): (system.sled, d) for d in system.drives
        }
        pooled = self._pooled()

        def fits(request: dict, uri: str) -> bool:
            pinned = request.get('Resource', {}).get('@odata.id')
            if pinned is None and bool(request.get('FabricSwitch')) != (
                uri in pooled
            ):
                return False
            chassis, drive = local.get(uri) or pooled[uri]
            return _fits_drive(request, uri, drive) and self._holds(
                request, chassis
            )

        chosen = assign(requests, [*local, *pooled], fits)
        if chosen is None:
            return None
        return (
            [uri for uri in chosen if uri in local],
            [uri for uri in chosen if uri in pooled],
        )

    def _holds(self, request: dict, chassis: Chassis) -> bool:
        pinned = request.get('Chassis', {}).get('@odata.id')
        above = {uris.chassis(c) for c in self._pod.parents(chassis)}
        return pinned is None or pinned in above


def assign(
    requests: list, parts: list, fits: Callable[[object, object], bool]
) -> list | None:
    """Return a separate part for each requirement; None if impossible.

    This uses augmenting paths (Kuhn): an assigned part is reassigned if its
    requirement can be met by another part.
    """
    holder: dict[int, int] = {}

    def give(n: int, tried: set[int]) -> bool:
        for m, part in enumerate(parts):
            if m in tried or not fits(requests[n], part):
                continue
            tried.add(m)
            if m not in holder or give(holder[m], tried):
                holder[m] = n
                return True
        return False

    if not all(give(n, set()) for n in range(len(requests))):
        return None
    given = {n: parts[m] for m, n in holder.items()}
    return [given[n] for n in range(len(requests))]


def _pins(requested: dict, name: str, pin: str) -> set[str]:
    return {
        part[pin]['@odata.id']
        for part in requested.get(name, ())
        if pin in part
    }


def _has(system: System, requested: dict, name: str) -> bool:
    requests = requested.get(name, [])
    if not requests:
        return True
    attribute, uri_of = PARTS[name]
    parts = getattr(system, attribute)
    fits = FITS[name]

    def fits_at(request: dict, part: object) -> bool:
        return fits(request, part) and _is_pinned(
            request, uri_of(system, part)
        )

    return assign(requests, parts, fits_at) is not None


def _is_pinned(request: dict, uri: str) -> bool:
    return request.get('Resource', {}).get('@odata.id', uri) == uri


def _equal(request: dict, pairs: Iterable[tuple[str, object]]) -> bool:
    return all(request.get(name, value) == value for name, value in pairs)


def _at_least(request: dict, pairs: Iterable[tuple[str, object]]) -> bool:
    return all(request.get(name, 0) <= (value or 0) for name, value in pairs)


def _fits_processor(request: dict, processor: Processor) -> bool:
    extensions = {
        **request,
        **request.get('Oem', {}).get('Intel_RackScale', {}),
    }
    return (
        _equal(
            extensions,
            [
                ('Model', processor.model),
                ('InstructionSet', processor.instruction_set),
                ('Brand', processor.brand),
            ],
        )
        and request.get('ProcessorType', 'CPU') == processor.type
        and _at_least(
            request,
            [
                ('TotalCores', processor.cores),
                ('AchievableSpeedMHz', processor.speed_mhz),
            ],
        )
    )


def _fits_memory(request: dict, dimm: Dimm) -> bool:
    return _equal(
        request,
        [
            ('MemoryType', dimm.type),
            ('MemoryDeviceType', dimm.device_type),
            ('Manufacturer', dimm.manufacturer),
        ],
    ) and _at_least(
        request,
        [
            ('CapacityMiB', dimm.capacity_mib),
            ('SpeedMHz', dimm.speed_mhz),
            ('DataWidthBits', dimm.width_bits),
        ],
    )


def _fits_nic(request: dict, nic: Nic) -> bool:
    mac = request.get('MACAddress', nic.mac)
    return mac.upper() == nic.mac and _at_least(
        request, [('SpeedMbps', nic.speed_mbps)]
    )


def _fits_drive(request: dict, uri: str, drive: Drive) -> bool:
    return (
        _is_pinned(request, uri)
        and _equal(
            request,
            [
                ('Type', drive.media),
                ('SerialNumber', drive.serial),
                ('Interface', drive.protocol),
            ],
        )
        and _at_least(
            request,
            [('CapacityGiB', drive.capacity_gib), ('MinRPM', drive.rpm)],
        )
    )


def _is_big(system: System, requested: dict) -> bool:
    if requested.get('SupportedPerformanceConfigurations'):
        return False  # none of the machines has any
    cores = sum(processor.cores for processor in system.cpus)
    return _at_least(
        requested,
        [
            ('TotalSystemCoreCount', cores),
            ('TotalSystemMemoryMiB', system.memory_mib),
        ],
    )


def _is_secure(system: System, requested: dict) -> bool:
    return _equal(
        requested.get('Security', {}),
        [
            ('TpmPresent', bool(system.tpm)),
            ('TpmInterfaceType', system.tpm),
            ('TxtEnabled', system.txt_enabled),
        ],
    )


def _size(system: System) -> tuple[int, int, int]:
    accelerators = len(system.processors) - len(system.cpus)
    cores = sum(processor.cores for processor in system.cpus)
    return accelerators, cores, system.memory_mib


FITS: dict[str, Callable] = {
    'Processors': _fits_processor,
    'Memory': _fits_memory,
    'EthernetInterfaces': _fits_nic,
}
