# SPDX-License-Identifier: Apache-2.0
"""Whether a system has what is wanted. Pure functions."""

from collections.abc import Callable
from typing import Any

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
# What a single part has to have, by the name of the wish.
_PART_AT_LEAST = ('capacity_gib', 'speed_mbps')


def conditions(wanted: dict[str, Any]) -> list[sa.ColumnElement[bool]]:
    """What the database can tell beforehand."""
    return [
        getattr(models.System, column) >= wanted[group][name]
        for (group, name), column in _AT_LEAST.items()
        if name in wanted.get(group, {})
    ]


def shortage(wanted: dict[str, Any], system: Any) -> str | None:
    """What a system lacks, in words; None: nothing.

    :param wanted: requirements, as ``objects.requirements`` normalizes them.
    :param system: a row of ``systems``.
    """
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
    for group, parts in (
        ('storage', system.drives),
        ('network', system.nics),
        ('pci_devices', ()),
    ):
        for wish in _assign(wanted.get(group, []), parts):
            return f'{group} lacks {_words(wish)}'
    return None


def _same(need: str, has: str | None) -> bool:
    """Compare names that people write in more than one way."""

    def plain(text: str) -> str:
        return ''.join(filter(str.isalnum, text.lower()))

    return has is not None and plain(need) == plain(has)


def _words(wish: dict[str, Any]) -> str:
    return ' '.join(f'{name}={value}' for name, value in wish.items())


def _assign(wishes: list[dict[str, Any]], parts: Any) -> list[dict[str, Any]]:
    """Give each wish parts of its own, the most demanding wish first.

    :returns: the wishes that came away with too little.
    """
    left = sorted(parts, key=_measure)
    unmet = []
    for wish in sorted(wishes, key=_measure, reverse=True):
        good = _suits(wish)
        taken = [part for part in left if good(part)][: wish['count']]
        if len(taken) < wish['count']:
            unmet.append(wish)
        left = [part for part in left if part not in taken]
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
