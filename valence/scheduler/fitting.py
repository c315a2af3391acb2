# SPDX-License-Identifier: Apache-2.0
"""Whether a system satisfies requirements. Pure functions."""

from collections import deque
from collections.abc import Container
from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple
from typing import cast

from valence import traits
from valence.common.types import JsonObject
from valence.common.types import Requirements
from valence.common.types import Traits
from valence.db.sqlalchemy import models
from valence.scheduler import components
from valence.scheduler import matching
from valence.scheduler import words
from valence.scheduler.attributes import needs
from valence.scheduler.components import GROUPS
from valence.scheduler.components import Component
from valence.scheduler.components import demands

# How many sets of devices are left out while looking for another combination.
_MAX_SEARCH = 100
# Why a system cannot be chosen whose combinations were all refused.
REFUSED = 'was refused by the pod manager'


class Match(NamedTuple):
    """The result of matching requirements with one system.

    :param devices: the pooled devices to attach to the system.
    :param shortage: the first requirement that is not met, or None.
    """

    devices: tuple[models.Device, ...] = ()
    shortage: str | None = None


def lacks(requirements: Requirements, system: models.System) -> str | None:
    """The first required attribute that a system lacks, or None."""
    shortages = (one.shortage(system) for one in needs(requirements))
    return next(filter(None, shortages), None) or components.trait_shortage(
        requirements.get('traits', {}), lambda: traits.of_system(system)
    )


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
    requested = demands(requirements)
    if not requested:
        return Match()
    found = sorted(
        (*components.local(system), *map(components.pooled, devices)),
        key=lambda one: one.size,
    )
    # Most components are equal to others.
    fits: dict[Component, frozenset[int]] = {}
    for kind in {one._replace(device=None) for one in found}:
        fits[kind] = frozenset(
            n for n, demand in enumerate(requested) if demand.met_by(kind)
        )
    taken = matching.assign(
        [demand.part['count'] for demand in requested],
        [fits[one._replace(device=None)] for one in found],
    )
    for demand, given in zip(requested, taken, strict=True):
        missing = demand.part['count'] - len(given)
        if missing:
            parts = words.parts(demand.group, demand.part, missing)
            return Match(shortage=f'lacks {parts}')
    chosen = (found[n].device for given in taken for n in sorted(given))
    return Match(tuple(device for device in chosen if device is not None))


def nearness(
    requirements: Requirements,
    system: models.System,
    devices: Iterable[models.Device] = (),
    zoned: bool = False,
) -> float:
    """The share of the requirements that a system meets, from 0 to 1."""
    shares = [one.share(system) for one in needs(requirements)]
    found = match(requirements, system, devices, zoned)
    shares.append(found.shortage is None)
    return sum(shares) / len(shares)


def attributes_met(requirements: Requirements, system: models.System) -> float:
    """How many of the required attributes a system meets."""
    return sum(one.share(system) for one in needs(requirements))


def nearest(
    requirements: Requirements,
    system: models.System,
    devices: Sequence[models.Device] = (),
    zoned: bool = False,
) -> Requirements:
    """The requirements, reduced to what a system and devices can meet."""
    result: JsonObject = {}
    for need in needs(requirements):
        attribute, value = need.attribute, need.nearest(system)
        if value is not None:
            result.setdefault(attribute.group, {})[attribute.name] = value
    kept_traits = _nearest_traits(requirements.get('traits', {}), system)
    if kept_traits:
        result['traits'] = kept_traits
    for group in GROUPS:
        for part in requirements.get(group, []):
            kept = [*result.get(group, ()), part]
            tried = cast(Requirements, {group: kept})
            if match(tried, system, devices, zoned).shortage is None:
                result[group] = kept
    return cast(Requirements, result)


def _nearest_traits(requested: Traits, system: models.System) -> JsonObject:
    """Those of the requested traits that a system has, or has not."""
    if not requested:
        return {}
    found = traits.of_system(system)
    kept = {
        'required': [t for t in requested.get('required', ()) if t in found],
        'forbidden': traits.missing(requested.get('forbidden', ()), found),
        'preferred': requested.get('preferred', []),
    }
    return {
        name: one for name, one in kept.items() if name in requested and one
    }
