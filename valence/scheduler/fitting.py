# SPDX-License-Identifier: Apache-2.0
"""Whether a system has what is wanted. Pure functions."""

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

import sqlalchemy as sa

from valence.db.sqlalchemy import models

_AT_LEAST = {
    ('processor', 'total_cores'): 'cpu_cores',
    ('processor', 'sockets'): 'cpu_sockets',
    ('memory', 'capacity_mib'): 'memory_mib',
}
_EXACTLY = {
    ('processor', 'model'): 'cpu_model',
    ('processor', 'architecture'): 'cpu_architecture',
    ('memory', 'type'): 'memory_type',
}
# The pooled devices that can stand in for what a system lacks; any other
# device answers to its own type.
_POOLED = {'storage': ('drive', 'volume'), 'network': ('nic',)}
# What a single part has to have, by the name of the wish.
_PART_AT_LEAST = ('capacity_gib', 'speed_mbps')


def conditions(wanted: dict[str, Any]) -> list[sa.ColumnElement[bool]]:
    """What the database can tell beforehand."""
    return [
        getattr(models.System, column) >= wanted[group][name]
        for (group, name), column in _AT_LEAST.items()
        if name in wanted.get(group, {})
    ]


class Match(NamedTuple):
    """What becomes of a request on one system.

    :param devices: the pooled devices to be joined to the system.
    :param shortage: what is lacking, in words; None: nothing.
    """

    devices: tuple[Any, ...] = ()
    shortage: str | None = None


def match(
    wanted: dict[str, Any], system: Any, devices: Iterable[Any] = ()
) -> Match:
    """Whether a system, with pooled devices beside it, has what is wanted.

    What is built into the system is used first.

    :param wanted: requirements, as ``objects.requirements`` normalizes them.
    :param system: a row of ``systems``.
    :param devices: rows of ``devices`` that are free.
    """
    lacking = _own_shortage(wanted, system)
    if lacking:
        return Match(shortage=lacking)
    free = [row for row in devices if _joinable(system, row)]
    taken: list[Any] = []
    for group, parts in (
        ('storage', system.drives),
        ('network', system.nics),
        ('pci_devices', ()),
    ):
        unmet = _assign(wanted.get(group, []), list(parts))
        pooled = [
            _Pooled(row, group)
            for row in free
            if row not in taken and row.type in _POOLED.get(group, (row.type,))
        ]
        for wish in _assign(unmet, pooled, taken):
            return Match(shortage=f'{group} lacks {_words(wish)}')
    return Match(tuple(taken))


def _own_shortage(wanted: dict[str, Any], system: Any) -> str | None:
    """What the system itself lacks: nothing pooled makes up for it."""
    for (group, name), column in _AT_LEAST.items():
        need = wanted.get(group, {}).get(name)
        has = getattr(system, column)
        if need is not None and has < need:
            return f'{group} {name} is {has} of {need}'
    for (group, name), column in _EXACTLY.items():
        need = wanted.get(group, {}).get(name)
        has = getattr(system, column)
        if need is not None and not _same(need, has):
            return f'{group} {name} is {has or "not known"}, not {need}'
    return None


def _joinable(system: Any, device: Any) -> bool:
    """Whether both lie in a common zone, where there are zones."""
    if not system.zones or not device.zones:
        return True
    return bool(set(system.zones) & set(device.zones))


class _Pooled(dict[str, Any]):
    """A pooled device in the terms in which parts are wished for."""

    def __init__(self, row: Any, group: str) -> None:
        kind = row.media_type if group == 'storage' else row.type
        super().__init__(
            type=kind,
            protocol=row.protocol,
            capacity_gib=row.capacity_gib,
            speed_mbps=row.speed_mbps,
        )
        self.row = row


def _same(need: str, has: str | None) -> bool:
    """Compare names that people write in more than one way."""

    def plain(text: str) -> str:
        return ''.join(filter(str.isalnum, text.lower()))

    return has is not None and plain(need) == plain(has)


def _words(wish: dict[str, Any]) -> str:
    return ' '.join(f'{name}={value}' for name, value in wish.items())


def _assign(
    wishes: list[dict[str, Any]],
    parts: list[Any],
    taken: list[Any] | None = None,
) -> list[dict[str, Any]]:
    """Give each wish parts of its own, the most demanding wish first.

    :param taken: gets the rows of the pooled parts that were given.
    :returns: what is left to wish for.
    """
    left = sorted(parts, key=_measure)
    unmet = []
    for wish in sorted(wishes, key=_measure, reverse=True):
        good = _suits(wish)
        given = [part for part in left if good(part)][: wish['count']]
        if len(given) < wish['count']:
            unmet.append({**wish, 'count': wish['count'] - len(given)})
        if taken is not None:
            taken.extend(part.row for part in given)
        for part in given:
            left.remove(part)
    return unmet


def _measure(part: dict[str, Any]) -> float:
    return max((part.get(name) or 0 for name in _PART_AT_LEAST), default=0)


def _suits(wish: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    def good(part: dict[str, Any]) -> bool:
        for name, need in wish.items():
            has = part.get(name)
            if name == 'count':
                continue
            if name in _PART_AT_LEAST:
                if (has or 0) < need:
                    return False
            elif not _same(str(need), has):
                return False
        return True

    return good


def nearness(
    wanted: dict[str, Any], system: Any, devices: Iterable[Any] = ()
) -> float:
    """How much of what is wanted a system has: from 0, nothing, to 1, all."""
    shares = [
        min(1.0, getattr(system, column) / wanted[group][name])
        for (group, name), column in _AT_LEAST.items()
        if name in wanted.get(group, {})
    ]
    shares += [
        float(_same(wanted[group][name], getattr(system, column)))
        for (group, name), column in _EXACTLY.items()
        if name in wanted.get(group, {})
    ]
    full = match(wanted, system, devices).shortage is None
    return float(sum(shares) + full) / (len(shares) + 1)


def nearest(
    wanted: dict[str, Any], system: Any, devices: Iterable[Any] = ()
) -> dict[str, Any]:
    """What is wanted, cut down to what a system has."""
    devices = list(devices)
    result: dict[str, Any] = {}
    for (group, name), column in _AT_LEAST.items():
        if name in wanted.get(group, {}):
            has = min(wanted[group][name], getattr(system, column))
            result.setdefault(group, {})[name] = has
    for (group, name), column in _EXACTLY.items():
        if name in wanted.get(group, {}):
            result.setdefault(group, {})[name] = getattr(system, column)
    for group in ('storage', 'network', 'pci_devices'):
        for wish in wanted.get(group, ()):
            kept = [*result.get(group, ()), wish]
            if match({group: kept}, system, devices).shortage is None:
                result[group] = kept
    return result
