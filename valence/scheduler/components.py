# SPDX-License-Identifier: Apache-2.0
"""Parts of systems and pooled devices, and what asks for some of them."""

from collections.abc import Callable
from typing import Any
from typing import Literal
from typing import NamedTuple

from valence import traits
from valence.common.types import JsonObject
from valence.common.types import Part
from valence.common.types import Requirements
from valence.common.types import Traits
from valence.db.sqlalchemy import models
from valence.scheduler import criteria

Group = Literal['storage', 'network', 'pci_devices']
GROUPS: tuple[Group, ...] = ('storage', 'network', 'pci_devices')
# The types of pooled devices that belong to a group. All other types are
# required by their name, in pci_devices.
_POOLED = {'storage': ('drive', 'volume'), 'network': ('nic',)}
# What is no PCI device for any request; and what is one only for those
# who ask for it by its name.
_NEVER_PCI = ('volume',)
_PCI_BY_NAME = ('drive', 'memory', 'processor', 'resource_block')


class Component(NamedTuple):
    """A local part of a system or a pooled device that may meet a requirement.

    The names are those of requirements.

    :param local: the group of a local part.
    :param kind: the type of a pooled device, such as drive, or of a local
        accelerator.
    :param type: what a requirement of its group calls its type.
    :param serial: of a pooled device that is known one by one.
    :param device: the row of a pooled device.
    """

    local: Group | None
    kind: str | None
    type: str | None
    protocol: str | None
    capacity_gib: float | None
    speed_mbps: int | None
    vendor: str | None
    model: str | None
    rpm: int | None
    memory_mib: int | None
    speed_mhz: int | None
    tags: tuple[str, ...] = ()
    serial: str | None = None
    device: models.Device | None = None

    @property
    def interface(self) -> str | None:
        """What RSD calls the protocol of a local drive."""
        return self.protocol

    def traits(self) -> frozenset[str]:
        """The traits of the part."""
        part = {
            'manufacturer': self.vendor,
            'model': self.model,
            'type': self.type,
        }
        return frozenset((*self.tags, *traits.of_part(self.kind, part)))

    @property
    def pooled(self) -> bool:
        """Whether it is a pooled device."""
        return self.local is None

    @property
    def size(self) -> tuple[bool, float]:
        """Local parts come first, then the smallest."""
        largest = max(self.capacity_gib or 0, self.speed_mbps or 0)
        return self.local is None, largest


class Demand(NamedTuple):
    """Equal parts that a group of the requirements asks for."""

    group: Group
    part: Part

    def met_by(self, component: Component) -> bool:
        """Whether one component meets it."""
        requested = self.part.get('traits', {})
        return (
            self.suits(component)
            and all(
                criteria.meets(name, need, self.value(component, name))
                for name, need in self._needs()
            )
            and not trait_shortage(requested, component.traits)
        )

    def _needs(self) -> list[tuple[str, Any]]:
        return [
            item
            for item in self.part.items()
            if item[0] not in ('count', 'traits')
        ]

    def value(self, component: Component, name: str) -> Any:
        """What a component has that a requirement of the group names."""
        if name == 'type' and self.group == 'pci_devices':
            return component.kind
        return getattr(component, name)

    def suits(self, component: Component) -> bool:
        """Whether a component is of the kind that the group asks for."""
        if component.local not in (None, self.group):
            return False
        if component.local in ('storage', 'network'):
            return True
        if self.group != 'pci_devices':
            return component.kind in _POOLED[self.group]
        if component.kind in _NEVER_PCI:
            return False
        return 'type' in self.part or component.kind not in _PCI_BY_NAME


def trait_shortage(
    requested: Traits, read: Callable[[], frozenset[str]]
) -> str | None:
    """How hardware fails the required and forbidden traits, or None.

    :param read: the traits that it has.
    """
    required = requested.get('required', ())
    forbidden = requested.get('forbidden', ())
    if not (required or forbidden):
        return None
    found = read()
    lacking = traits.missing(required, found)
    if lacking:
        return f'lacks trait {", ".join(lacking)}'
    refused = sorted(found.intersection(forbidden))
    return f'has trait {", ".join(refused)}' if refused else None


def demands(requirements: Requirements) -> list[Demand]:
    """The parts that requirements ask for."""
    return [
        Demand(group, part)
        for group in GROUPS
        for part in requirements.get(group, ())
    ]


def count_parts(system: models.System, demand: Demand) -> int:
    """How many local parts of a system meet a demand."""
    return sum(map(demand.met_by, local(system)))


def is_part(device: models.Device, demand: Demand) -> bool:
    """Whether a pooled device meets a demand."""
    return demand.met_by(pooled(device))


def local(system: models.System) -> list[Component]:
    """The local parts of a system."""
    parts: dict[Group, list[JsonObject]] = {
        'storage': system.drives,
        'network': system.nics,
        'pci_devices': system.accelerators or [],
    }
    return [
        Component(
            group,
            part.get('type') if group == 'pci_devices' else None,
            part.get('type'),
            part.get('protocol'),
            part.get('capacity_gib'),
            part.get('speed_mbps'),
            part.get('manufacturer'),
            part.get('model'),
            part.get('rpm'),
            part.get('memory_mib'),
            part.get('speed_mhz'),
        )
        for group, found in parts.items()
        for part in found
    ]


def pooled(device: models.Device) -> Component:
    """A pooled device."""
    stores = device.type in _POOLED['storage']
    return Component(
        None,
        device.type,
        device.media_type if stores else device.type,
        device.protocol,
        device.capacity_gib,
        device.speed_mbps,
        device.manufacturer,
        device.model,
        device.rpm,
        device.onboard_memory_mib or device.memory_mib,
        device.speed_mhz,
        (*(device.tags or ()), *(device.inherited_tags or ())),
        # Equal devices have none in common: their shape has none.
        getattr(device, 'serial_number', None),
        device,
    )
