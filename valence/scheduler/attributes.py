# SPDX-License-Identifier: Apache-2.0
"""What is required of a system itself, which pooled devices cannot meet."""

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import Literal
from typing import NamedTuple

from valence.common.types import Amount
from valence.common.types import JsonObject
from valence.common.types import Name
from valence.common.types import Requirements
from valence.db.sqlalchemy import models
from valence.scheduler import criteria
from valence.scheduler import words

_Read = Callable[[models.System], list[tuple[Any, ...]]]


class Attribute(NamedTuple):
    """A requirement of the system.

    :param read: what a system has: an item for each part, with the values of
        which one has to meet the requirement; empty: unknown.
    """

    group: Literal['processor', 'memory', 'security', 'firmware']
    name: str
    read: _Read


def _column(name: str) -> _Read:
    return lambda system: [(getattr(system, name),)]


def _each(parts: str, *names: str, column: str | None = None) -> _Read:
    """Values of each part.

    :param column: what an earlier release stored instead.
    """

    def read(system: models.System) -> list[tuple[Any, ...]]:
        listed: list[JsonObject] = getattr(system, parts) or []
        if not listed and column is not None:
            return [(getattr(system, column),)]
        return list(
            dict.fromkeys(
                tuple(part.get(name) for name in names) for part in listed
            )
        )

    return read


def _cores(system: models.System) -> list[tuple[Any, ...]]:
    if not system.processors and system.cpu_sockets:
        return [(system.cpu_cores // system.cpu_sockets,)]
    return _each('processors', 'cores')(system)


def _boot_modes(system: models.System) -> list[tuple[Any, ...]]:
    return [tuple(system.boot_modes)] if system.boot_modes else []


_CPUS = 'processors'
_MODULES = 'memory_modules'
ATTRIBUTES = (
    Attribute('processor', 'total_cores', _column('cpu_cores')),
    Attribute('processor', 'sockets', _column('cpu_sockets')),
    Attribute('memory', 'capacity_mib', _column('memory_mib')),
    Attribute('processor', 'model', _each(_CPUS, 'model', column='cpu_model')),
    Attribute('processor', 'vendor', _each(_CPUS, 'manufacturer')),
    Attribute(
        'processor',
        'architecture',
        _each(
            *(_CPUS, 'instruction_set', 'architecture'),
            column='cpu_architecture',
        ),
    ),
    Attribute(
        'processor',
        'instruction_set',
        _each(_CPUS, 'instruction_set', column='cpu_architecture'),
    ),
    Attribute('processor', 'cores', _cores),
    Attribute('processor', 'speed_mhz', _each(_CPUS, 'speed_mhz')),
    Attribute('memory', 'type', _each(_MODULES, 'type', column='memory_type')),
    Attribute('memory', 'speed_mhz', _each(_MODULES, 'speed_mhz')),
    Attribute('memory', 'vendor', _each(_MODULES, 'manufacturer')),
    Attribute('security', 'tpm', _column('tpm')),
    Attribute('firmware', 'boot_mode', _boot_modes),
)


class Need(NamedTuple):
    """What is required of an attribute."""

    attribute: Attribute
    value: Amount | Name

    def met_by(self, system: models.System) -> bool:
        """Whether all parts of a system meet it."""
        parts = self.attribute.read(system)
        return bool(parts) and all(map(self._met, parts))

    def _met(self, values: tuple[Any, ...]) -> bool:
        return criteria.meets_any(self.attribute.name, self.value, values)

    def shortage(self, system: models.System) -> str | None:
        """How a system fails it, or None."""
        if self.met_by(system):
            return None
        group, name, read = self.attribute
        has = dict.fromkeys(
            ' or '.join(str(one) for one in values if one)
            for values in read(system)
        )
        text = ', '.join(filter(None, has))
        return words.attribute(group, name, text, self.value)

    def share(self, system: models.System) -> float:
        """How much of it a system meets, from 0 to 1."""
        if not isinstance(self.value, int) or self.met_by(system):
            return float(self.met_by(system))
        has = [one[0] or 0 for one in self.attribute.read(system)]
        return min(1.0, min(has, default=0) / self.value)

    def nearest(self, system: models.System) -> Any:
        """The nearest requirement that a system meets, or None."""
        if self.met_by(system):
            return self.value
        has = [one[0] for one in self.attribute.read(system)]
        if isinstance(self.value, int):
            return min((one or 0 for one in has), default=None)
        return next(filter(None, has), None)


def needs(requirements: Requirements) -> Iterator[Need]:
    """What is required of the system."""
    for attribute in ATTRIBUTES:
        group: Any = requirements.get(attribute.group, {})
        if attribute.name in group:
            yield Need(attribute, group[attribute.name])
