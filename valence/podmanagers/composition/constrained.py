# SPDX-License-Identifier: Apache-2.0
"""Constrained composition: telling what is wanted instead of naming blocks.

The service picks the blocks. What is asked for is what the claimed blocks
hold, no more and no less, so that the service has every reason to pick those;
if it picks others the conductor sees that and goes on.
"""

from collections.abc import Iterable
from typing import Any

from valence.podmanagers.composition import blocks as redfish_blocks
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.resources import count
from valence.podmanagers.redfish.resources import number
from valence.podmanagers.redfish.resources import text

_COUNT = '@Redfish.RequestedCount'
_OVER = '@Redfish.AllowOverprovisioning'
_AFFINITY = '@Redfish.ZoneAffinity'


def body(
    crawler: Crawler,
    service: dict[str, Any],
    blocks: dict[str, dict[str, Any]],
    zones: Iterable[str],
) -> dict[str, Any]:
    """What the blocks hold, in the form of a request for it.

    :param service: the CompositionService, which tells what may be said.
    :param zones: the URIs of the zones to compose in, if there are any.
    """
    redfish_blocks.read(crawler, blocks)
    result: dict[str, Any] = {}
    found = [redfish_blocks.parts(crawler, b) for b in blocks.values()]
    for name, describe in (
        ('Processors', _processor),
        ('Memory', _memory),
        ('EthernetInterfaces', _interface),
    ):
        wanted = _counted(
            describe(part) for parts in found for _, part in parts[name]
        )
        if wanted:
            result[name] = {'Members': wanted}
    drives = _counted(
        _drive(part) for parts in found for _, part in parts['Drives']
    )
    if drives:
        result['Storage'] = {'Members': [{_COUNT: 1, 'Drives': drives}]}
    if service.get('AllowOverprovisioning') is True:
        _allow_more(result)
    affinity = sorted(zones)
    if service.get('AllowZoneAffinity') is True and affinity:
        result[_AFFINITY] = affinity[0].rstrip('/').rpartition('/')[2]
    return result


def _allow_more(result: dict[str, Any]) -> None:
    """Let blocks be taken whole: one may hold more than is asked for."""
    for group in result.values():
        for member in group['Members']:
            member[_OVER] = True


def _counted(wanted: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Equal wishes as one, with how often it is wished for."""
    result: list[dict[str, Any]] = []
    for wish in wanted:
        for known in result:
            if {**known, _COUNT: 0} == {**wish, _COUNT: 0}:
                known[_COUNT] += 1
                break
        else:
            result.append({_COUNT: 1, **wish})
    return result


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _processor(part: dict[str, Any]) -> dict[str, Any]:
    return _known(
        ProcessorType=text(part.get('ProcessorType')) or 'CPU',
        TotalCores=count(part.get('TotalCores')),
        Model=text(part.get('Model')),
    )


def _memory(part: dict[str, Any]) -> dict[str, Any]:
    return _known(
        CapacityMiB=count(part.get('CapacityMiB')),
        MemoryType=text(part.get('MemoryType')),
    )


def _interface(part: dict[str, Any]) -> dict[str, Any]:
    return _known(SpeedMbps=count(part.get('SpeedMbps')))


def _drive(part: dict[str, Any]) -> dict[str, Any]:
    return _known(CapacityBytes=int(number(part.get('CapacityBytes'))))
