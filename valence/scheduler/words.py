# SPDX-License-Identifier: Apache-2.0
"""Requirements, and what is missing of them, in words for people."""

from collections.abc import Iterator
from typing import cast

from valence.common.types import JsonObject
from valence.common.types import Part
from valence.common.types import Requirements

_TITLES = {
    ('processor', 'total_cores'): 'CPU cores',
    ('processor', 'sockets'): 'CPU sockets',
    ('processor', 'model'): 'CPU model',
    ('processor', 'architecture'): 'CPU architecture',
    ('memory', 'capacity_mib'): 'MiB of memory',
    ('memory', 'type'): 'memory type',
}
_PARTS = {
    'storage': 'drive',
    'network': 'network interface',
    'pci_devices': 'PCI device',
}


def attribute(
    group: str, name: str, has: int | str | None, need: int | str
) -> str:
    """How an attribute of a system differs from what is required."""
    title = _TITLES[group, name]
    if isinstance(need, int):
        return f'less than {need} {title}'
    return f'{title} is {has or "unknown"}, not {need}'


def parts(group: str, part: Part, count: int) -> str:
    """A number of equal parts, such as ``2 drives of 480 GiB (515 GB)``."""
    text = number(count, _PARTS[group])
    if 'capacity_gib' in part:
        gib = part['capacity_gib']
        # Vendors call a drive of 447 GiB one of 480 GB.
        text += f' of {gib} GiB ({-(-gib * 2**30 // 10**9)} GB)'
    if 'speed_mbps' in part:
        text += f' of {part["speed_mbps"]} Mbit/s'
    kinds = [part[name] for name in ('type', 'protocol') if name in part]
    return f'{text}, {" ".join(kinds)}' if kinds else text


def number(count: int, noun: str) -> str:
    """A number of things, such as ``2 systems``."""
    return f'{count} {noun}' if count == 1 else f'{count} {noun}s'


def requirements(requested: Requirements) -> str:
    """All requirements in one line."""
    return '; '.join(_requirements(requested)) or 'any system'


def _requirements(requested: Requirements) -> Iterator[str]:
    asked = cast(JsonObject, requested)
    for (group, name), title in _TITLES.items():
        need = asked.get(group, {}).get(name)
        if isinstance(need, int):
            yield f'{need} {title}'
        elif need is not None:
            yield f'{title} {need}'
    for group in _PARTS:
        for part in asked.get(group, ()):
            yield parts(group, part, part['count'])
