# SPDX-License-Identifier: Apache-2.0
"""Requirements, and what is missing of them, in words for people."""

from collections.abc import Iterator
from typing import Any
from typing import cast

from valence.common.types import Amount
from valence.common.types import JsonObject
from valence.common.types import Name
from valence.common.types import Part
from valence.common.types import Requirements
from valence.common.types import Traits
from valence.scheduler import criteria

_TITLES = {
    ('processor', 'total_cores'): 'CPU cores',
    ('processor', 'sockets'): 'CPU sockets',
    ('processor', 'cores'): 'cores of each CPU',
    ('processor', 'speed_mhz'): 'MHz of each CPU',
    ('processor', 'model'): 'CPU model',
    ('processor', 'vendor'): 'CPU vendor',
    ('processor', 'architecture'): 'CPU architecture',
    ('processor', 'instruction_set'): 'CPU instruction set',
    ('memory', 'capacity_mib'): 'MiB of memory',
    ('memory', 'type'): 'memory type',
    ('memory', 'speed_mhz'): 'MHz of the memory',
    ('memory', 'vendor'): 'memory vendor',
    ('security', 'tpm'): 'TPM',
    ('firmware', 'boot_mode'): 'boot mode',
}
_AMOUNTS = ('total_cores', 'sockets', 'cores', 'speed_mhz', 'capacity_mib')
_PARTS = {
    'storage': 'drive',
    'network': 'network interface',
    'pci_devices': 'PCI device',
}
# Numbers of parts other than their capacity, with their units.
_UNITS = {
    'speed_mbps': 'Mbit/s',
    'memory_mib': 'MiB of memory',
    'speed_mhz': 'MHz',
    'rpm': 'rpm',
}
_KINDS = ('type', 'protocol', 'interface', 'vendor', 'model')


def attribute(
    group: str, name: str, has: int | str | None, need: Amount | Name
) -> str:
    """How an attribute of a system differs from what is required."""
    title = _TITLES[group, name]
    if isinstance(need, int):
        return f'less than {need} {title}'
    verb = ':' if name in _AMOUNTS else ' is'
    return f'{title}{verb} {has or "unknown"}, not {criteria.describe(need)}'


def parts(group: str, part: Part, count: int) -> str:
    """A number of equal parts, such as ``2 drives of 480 GiB (515 GB)``."""
    text = number(count, _PARTS[group])
    asked = cast(JsonObject, part)
    if part.get('pooled') is not None:
        text = f'{text} {"in a pool" if part["pooled"] else "in the system"}'
    if 'capacity_gib' in part:
        text += f' of {_capacity(part["capacity_gib"])}'
    for name, unit in _UNITS.items():
        if name in asked:
            text += f' of {criteria.describe(asked[name])} {unit}'
    kinds = [criteria.describe(asked[n]) for n in _KINDS if n in asked]
    text = f'{text}, {" ".join(kinds)}' if kinds else text
    if 'serial' in asked:
        text += f', serial number {criteria.describe(asked["serial"])}'
    return ', '.join((text, *_traits(part.get('traits', {}))))


def _traits(requested: Traits) -> list[str]:
    return [
        f'{verb} {trait}'
        for verb, names in (
            ('with', requested.get('required', ())),
            ('without', requested.get('forbidden', ())),
        )
        for trait in names
    ]


def _capacity(gib: Any) -> str:
    if isinstance(gib, int):
        # Vendors call a drive of 447 GiB one of 480 GB.
        return f'{gib} GiB ({-(-gib * 2**30 // 10**9)} GB)'
    return f'{criteria.describe(gib)} GiB'


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
        if need is None:
            continue
        text = criteria.describe(need)
        yield f'{text} {title}' if name in _AMOUNTS else f'{title} {text}'
    yield from _traits(requested.get('traits', {}))
    for group in _PARTS:
        for part in asked.get(group, ()):
            yield parts(group, part, part['count'])
