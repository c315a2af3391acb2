# SPDX-License-Identifier: Apache-2.0
"""Whether a system satisfies requirements. Pure functions."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Literal
from typing import NamedTuple
from typing import cast

import sqlalchemy as sa

from valence.common.types import JsonObject
from valence.common.types import Part
from valence.common.types import Requirements
from valence.db.sqlalchemy import models


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


class _Component(NamedTuple):
    """A local part of a system or a pooled device that may meet a requirement.

    :param device: the row of a pooled device.
    """

    type: str | None
    protocol: str | None
    capacity_gib: float | None
    speed_mbps: int | None
    device: models.Device | None = None


class Match(NamedTuple):
    """The result of matching requirements with one system.

    :param devices: the pooled devices to attach to the system.
    :param shortage: the first requirement that is not met, or None.
    """

    devices: tuple[models.Device, ...] = ()
    shortage: str | None = None


def conditions(wanted: Requirements) -> list[sa.ColumnElement[bool]]:
    """The requirements that a query on ``systems`` can check."""
    return [
        getattr(models.System, attribute.column) >= need
        for attribute, need in _required(wanted)
        if isinstance(need, int)
    ]


def match(
    wanted: Requirements,
    system: models.System,
    devices: Iterable[models.Device] = (),
) -> Match:
    """Match requirements with a system and pooled devices.

    Local parts of the system are used first.

    :param devices: the free devices of the pod manager.
    """
    for attribute, need in _required(wanted):
        shortage = _shortage(attribute, need, system)
        if shortage:
            return Match(shortage=shortage)
    free = [device for device in devices if _share_zone(system, device)]
    taken: list[models.Device] = []
    for group in GROUPS:
        if not wanted.get(group):
            continue
        unmet, _ = _assign(wanted[group], _local(system, group))
        pooled = [
            _pooled(device, group)
            for device in free
            if device not in taken
            and device.type in _POOLED.get(group, (device.type,))
        ]
        unmet, used = _assign(unmet, pooled)
        if unmet:
            return Match(shortage=f'{group} lacks {_describe(unmet[0])}')
        taken += [part.device for part in used if part.device is not None]
    return Match(tuple(taken))


def _required(
    wanted: Requirements,
) -> Iterator[tuple[_Attribute, int | str]]:
    """The required attributes of the system."""
    for attribute in _ATTRIBUTES:
        need: object = wanted.get(attribute.group, {}).get(attribute.name)
        if isinstance(need, int | str):
            yield attribute, need


def _shortage(
    attribute: _Attribute, need: int | str, system: models.System
) -> str | None:
    """How an attribute of a system fails a requirement, or None."""
    has = getattr(system, attribute.column)
    if isinstance(need, int):
        met, shortage = has >= need, f'is {has} of {need}'
    else:
        met, shortage = _same(need, has), f'is {has or "unknown"}, not {need}'
    return None if met else f'{attribute.group} {attribute.name} {shortage}'


def _share_zone(system: models.System, device: models.Device) -> bool:
    """Whether system and device share a zone, or one of them has none."""
    if not system.zones or not device.zones:
        return True
    return bool(set(system.zones) & set(device.zones))


def _local(system: models.System, group: Group) -> list[_Component]:
    """The local parts of a system that a group asks for."""
    parts: dict[str, list[JsonObject]] = {
        'storage': system.drives,
        'network': system.nics,
    }
    return [
        _Component(
            part.get('type'),
            part.get('protocol'),
            part.get('capacity_gib'),
            part.get('speed_mbps'),
        )
        for part in parts.get(group, ())
    ]


def _pooled(device: models.Device, group: Group) -> _Component:
    return _Component(
        device.media_type if group == 'storage' else device.type,
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


def _describe(part: Part) -> str:
    return ' '.join(f'{name}={value}' for name, value in part.items())


def _assign(
    wanted: list[Part], components: list[_Component]
) -> tuple[list[Part], list[_Component]]:
    """Assign components to requirements, the largest requirement first.

    :returns: the requirements that are not met, and the components used.
    """
    left = sorted(
        components,
        key=lambda one: max(one.capacity_gib or 0, one.speed_mbps or 0),
    )
    unmet: list[Part] = []
    used: list[_Component] = []
    for part in sorted(wanted, key=_size, reverse=True):
        count = part['count']
        found = [one for one in left if _meets(one, part)][:count]
        if len(found) < count:
            unmet.append({**part, 'count': count - len(found)})
        used += found
        for one in found:
            left.remove(one)
    return unmet, used


def _size(part: Part) -> int:
    return max(part.get('capacity_gib', 0), part.get('speed_mbps', 0))


def _meets(component: _Component, part: Part) -> bool:
    """Whether one component meets the requirement of a part."""
    for name, need in part.items():
        if name == 'count':
            continue
        has = getattr(component, name)
        if isinstance(need, int):
            if (has or 0) < need:
                return False
        elif not _same(str(need), has):
            return False
    return True


def nearness(
    wanted: Requirements,
    system: models.System,
    devices: Iterable[models.Device] = (),
) -> float:
    """The share of the requirements that a system meets, from 0 to 1."""
    shares: list[float] = []
    for attribute, need in _required(wanted):
        has = getattr(system, attribute.column)
        if isinstance(need, int):
            shares.append(min(1.0, has / need))
        else:
            shares.append(_same(need, has))
    shares.append(match(wanted, system, devices).shortage is None)
    return sum(shares) / len(shares)


def nearest(
    wanted: Requirements,
    system: models.System,
    devices: Sequence[models.Device] = (),
) -> Requirements:
    """The requirements, reduced to what a system and devices can meet."""
    result: JsonObject = {}
    for attribute, need in _required(wanted):
        has = getattr(system, attribute.column)
        result.setdefault(attribute.group, {})[attribute.name] = (
            min(need, has) if isinstance(need, int) else has
        )
    for group in GROUPS:
        for part in wanted.get(group, []):
            kept = [*result.get(group, ()), part]
            tried = cast(Requirements, {group: kept})
            if match(tried, system, devices).shortage is None:
                result[group] = kept
    return cast(Requirements, result)
