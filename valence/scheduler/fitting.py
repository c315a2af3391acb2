# SPDX-License-Identifier: Apache-2.0
"""Whether a system satisfies requirements. Pure functions."""

from collections import deque
from collections.abc import Container
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Literal
from typing import NamedTuple
from typing import cast

from valence.common.types import JsonObject
from valence.common.types import Part
from valence.common.types import Requirements
from valence.db.sqlalchemy import models
from valence.scheduler import matching
from valence.scheduler import words


class _Attribute(NamedTuple):
    """A requirement of the system itself, which pooled devices cannot meet.

    A number is a minimum; text has to match.
    """

    group: Literal['processor', 'memory']
    name: str
    column: str


_ATTRIBUTES = (
    _Attribute('processor', 'total_cores', 'cpu_cores'),
    _Attribute('processor', 'sockets', 'cpu_sockets'),
    _Attribute('memory', 'capacity_mib', 'memory_mib'),
    _Attribute('processor', 'model', 'cpu_model'),
    _Attribute('processor', 'architecture', 'cpu_architecture'),
    _Attribute('memory', 'type', 'memory_type'),
)

Group = Literal['storage', 'network', 'pci_devices']
GROUPS: tuple[Group, ...] = ('storage', 'network', 'pci_devices')
# The types of pooled devices that belong to a group. All other types are
# required by their name, in pci_devices.
_POOLED = {'storage': ('drive', 'volume'), 'network': ('nic',)}
# What is no PCI device for any request; and what is one only for those
# who ask for it by its name.
_NEVER_PCI = ('volume',)
_PCI_BY_NAME = ('drive', 'memory', 'processor', 'resource_block')
# How many sets of devices are left out while looking for another combination.
_MAX_SEARCH = 100
# Why a system cannot be chosen whose combinations were all refused.
REFUSED = 'was refused by the pod manager'


class _Component(NamedTuple):
    """A local part of a system or a pooled device that may meet a requirement.

    :param local: the group of a local part.
    :param kind: the type of a pooled device, such as drive, or of a local
        accelerator.
    :param type: what a requirement of its group calls its type.
    :param device: the row of a pooled device.
    """

    local: Group | None
    kind: str | None
    type: str | None
    protocol: str | None
    capacity_gib: float | None
    speed_mbps: int | None
    device: models.Device | None = None

    @property
    def size(self) -> tuple[bool, float]:
        """Local parts come first, then the smallest."""
        largest = max(self.capacity_gib or 0, self.speed_mbps or 0)
        return self.local is None, largest


class Demand(NamedTuple):
    """Equal parts that a group of the requirements asks for."""

    group: Group
    part: Part


class Match(NamedTuple):
    """The result of matching requirements with one system.

    :param devices: the pooled devices to attach to the system.
    :param shortage: the first requirement that is not met, or None.
    """

    devices: tuple[models.Device, ...] = ()
    shortage: str | None = None


def lacks(requirements: Requirements, system: models.System) -> str | None:
    """The first required attribute that a system lacks, or None."""
    for attribute, need in _required(requirements):
        shortage = _shortage(attribute, need, system)
        if shortage:
            return shortage
    return None


def demands(requirements: Requirements) -> list[Demand]:
    """The parts that requirements ask for."""
    return [
        Demand(group, part)
        for group in GROUPS
        for part in requirements.get(group, ())
    ]


def has_part(system: models.System, demand: Demand) -> bool:
    """Whether a system has a local part that meets a demand."""
    return any(_meets(one, demand) for one in _local(system))


def is_part(device: models.Device, demand: Demand) -> bool:
    """Whether a pooled device meets a demand."""
    return _meets(_pooled(device), demand)


def match(
    requirements: Requirements,
    system: models.System,
    devices: Iterable[models.Device] = (),
    zoned: bool = False,
    refused: Container[frozenset[str]] = (),
) -> Match:
    """Match requirements with a system and pooled devices.

    Local parts of the system are used first. All devices are in one zone with
    the system.

    :param devices: the free devices of the pod manager.
    :param zoned: whether the pod manager joins only what is in one zone.
    :param refused: sets of UUIDs of devices that must not be chosen together.
    """
    lacking = lacks(requirements, system)
    if lacking:
        return Match(shortage=lacking)
    shortages = []
    for pool in joinable(system, list(devices), zoned):
        found = _first(requirements, system, pool, refused)
        if found.shortage is None:
            return found
        shortages.append(found)
    return shortages[0]


def joinable(
    system: models.System, devices: list[models.Device], zoned: bool
) -> list[list[models.Device]]:
    """The devices that can be joined with a system, by zone.

    :param zoned: whether the pod manager joins only what is in one zone.
    """
    if not zoned:
        return [devices]
    zones = [
        [device for device in devices if zone in device.zones]
        for zone in system.zones
    ]
    return zones or [[]]


def _first(
    requirements: Requirements,
    system: models.System,
    devices: list[models.Device],
    refused: Container[frozenset[str]],
) -> Match:
    """The best match that was not refused.

    Any other combination lacks one device of those that were refused: these
    are left out one by one.
    """
    found = _fit(requirements, system, devices)
    queue: deque[tuple[frozenset[str], Match]] = deque([(frozenset(), found)])
    for _ in range(_MAX_SEARCH):
        if not queue:
            break
        left_out, one = queue.popleft()
        if one.shortage is not None:
            continue
        chosen = frozenset(device.uuid for device in one.devices)
        if chosen not in refused:
            return one
        for uuid in sorted(chosen):
            without = left_out | {uuid}
            rest = [row for row in devices if row.uuid not in without]
            queue.append((without, _fit(requirements, system, rest)))
    return found if found.shortage else Match(shortage=REFUSED)


def _fit(
    requirements: Requirements,
    system: models.System,
    devices: Iterable[models.Device],
) -> Match:
    """Match requirements with local parts and with devices of one zone."""
    wanted = demands(requirements)
    if not wanted:
        return Match()
    components = sorted(
        (*_local(system), *map(_pooled, devices)), key=lambda one: one.size
    )
    # Most components are equal to others.
    fits: dict[_Component, frozenset[int]] = {}
    for kind in {one._replace(device=None) for one in components}:
        fits[kind] = frozenset(
            n for n, demand in enumerate(wanted) if _meets(kind, demand)
        )
    taken = matching.assign(
        [demand.part['count'] for demand in wanted],
        [fits[one._replace(device=None)] for one in components],
    )
    for demand, found in zip(wanted, taken, strict=True):
        missing = demand.part['count'] - len(found)
        if missing:
            parts = words.parts(demand.group, demand.part, missing)
            return Match(shortage=f'lacks {parts}')
    chosen = (components[n].device for found in taken for n in sorted(found))
    return Match(tuple(device for device in chosen if device is not None))


def _required(
    requirements: Requirements,
) -> Iterator[tuple[_Attribute, int | str]]:
    """The required attributes of the system."""
    for attribute in _ATTRIBUTES:
        need: object = requirements.get(attribute.group, {}).get(
            attribute.name
        )
        if isinstance(need, int | str):
            yield attribute, need


def _shortage(
    attribute: _Attribute, need: int | str, system: models.System
) -> str | None:
    """How an attribute of a system fails a requirement, or None."""
    has = getattr(system, attribute.column)
    met = has >= need if isinstance(need, int) else _same(need, has)
    if met:
        return None
    return words.attribute(attribute.group, attribute.name, has, need)


def _local(system: models.System) -> list[_Component]:
    """The local parts of a system."""
    parts: dict[Group, list[JsonObject]] = {
        'storage': system.drives,
        'network': system.nics,
        'pci_devices': system.accelerators or [],
    }
    return [
        _Component(
            group,
            part.get('type') if group == 'pci_devices' else None,
            part.get('type'),
            part.get('protocol'),
            part.get('capacity_gib'),
            part.get('speed_mbps'),
        )
        for group, found in parts.items()
        for part in found
    ]


def _pooled(device: models.Device) -> _Component:
    stores = device.type in _POOLED['storage']
    return _Component(
        None,
        device.type,
        device.media_type if stores else device.type,
        device.protocol,
        device.capacity_gib,
        device.speed_mbps,
        device,
    )


def _same(need: str, has: str | None) -> bool:
    """Compare names that vendors spell differently, such as x86-64."""

    def normalized(text: str) -> str:
        return ''.join(filter(str.isalnum, text.lower()))

    return has is not None and normalized(need) == normalized(has)


def _meets(component: _Component, demand: Demand) -> bool:
    """Whether one component meets one of the parts of a demand."""
    if not _belongs(component, demand):
        return False
    for name, need in demand.part.items():
        if name == 'count':
            continue
        has = getattr(component, name)
        if name == 'type' and demand.group == 'pci_devices':
            has = component.kind
        if isinstance(need, int):
            if (has or 0) < need:
                return False
        elif not _same(str(need), has):
            return False
    return True


def _belongs(component: _Component, demand: Demand) -> bool:
    """Whether a component is of the kind that a group asks for."""
    if component.local not in (None, demand.group):
        return False
    if component.local in ('storage', 'network'):
        return True
    if demand.group != 'pci_devices':
        return component.kind in _POOLED[demand.group]
    if component.kind in _NEVER_PCI:
        return False
    return 'type' in demand.part or component.kind not in _PCI_BY_NAME


def nearness(
    requirements: Requirements,
    system: models.System,
    devices: Iterable[models.Device] = (),
    zoned: bool = False,
) -> float:
    """The share of the requirements that a system meets, from 0 to 1."""
    shares: list[float] = []
    for attribute, need in _required(requirements):
        has = getattr(system, attribute.column)
        if isinstance(need, int):
            shares.append(min(1.0, has / need))
        else:
            shares.append(_same(need, has))
    found = match(requirements, system, devices, zoned)
    shares.append(found.shortage is None)
    return sum(shares) / len(shares)


def nearest(
    requirements: Requirements,
    system: models.System,
    devices: Sequence[models.Device] = (),
    zoned: bool = False,
) -> Requirements:
    """The requirements, reduced to what a system and devices can meet."""
    result: JsonObject = {}
    for attribute, need in _required(requirements):
        has = getattr(system, attribute.column)
        result.setdefault(attribute.group, {})[attribute.name] = (
            min(need, has) if isinstance(need, int) else has
        )
    for group in GROUPS:
        for part in requirements.get(group, []):
            kept = [*result.get(group, ()), part]
            tried = cast(Requirements, {group: kept})
            if match(tried, system, devices, zoned).shortage is None:
                result[group] = kept
    return cast(Requirements, result)
