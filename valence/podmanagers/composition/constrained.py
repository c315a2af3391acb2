# SPDX-License-Identifier: Apache-2.0
"""Constrained composition: the request describes hardware, not blocks.

The service chooses the blocks. The request describes exactly what the claimed
blocks have, so the service is likely to choose those; if it chooses others,
the conductor notices and continues with them.
"""

from collections.abc import Iterable

from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers.composition import blocks
from valence.podmanagers.composition import methods
from valence.podmanagers.progress import Deadline
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import last_segment
from valence.podmanagers.redfish.resources import Bodies
from valence.podmanagers.wire.values import count
from valence.podmanagers.wire.values import number
from valence.podmanagers.wire.values import text

_COUNT = '@Redfish.RequestedCount'
_OVERPROVISIONING = '@Redfish.AllowOverprovisioning'
_AFFINITY = '@Redfish.ZoneAffinity'


def request_body(
    client: Client,
    method: methods.Method,
    request: base.ComposeRequest,
    service: JsonObject,
    bodies: Bodies,
    deadline: Deadline,
) -> JsonObject:
    """The body of a request by any method.

    :param service: the CompositionService.
    :param bodies: the claimed blocks.
    """
    if method.kind != 'constrained':
        return methods.body(method, request)
    zones = methods.common_zones(bodies) or ()
    with Crawler(client, deadline) as crawler:
        requested = body(crawler, service, bodies, zones)
    return {**methods.identity(method, request), **requested}


def body(
    crawler: Crawler,
    service: JsonObject,
    bodies: Bodies,
    zones: Iterable[str],
) -> JsonObject:
    """The part of a request that describes the hardware.

    :param service: the CompositionService, which says what it understands.
    :param bodies: the claimed blocks.
    :param zones: the URIs of the zones to compose in, if there are any.
    """
    blocks.read(crawler, bodies)
    result: JsonObject = {}
    found = [blocks.parts(crawler, one) for one in bodies.values()]
    for name, describe in (
        ('Processors', _processor),
        ('Memory', _memory),
        ('EthernetInterfaces', _interface),
    ):
        requested = _counted(
            describe(part) for parts in found for part in parts[name].values()
        )
        if requested:
            result[name] = {'Members': requested}
    drives = _counted(
        _drive(part) for parts in found for part in parts['Drives'].values()
    )
    if drives:
        result['Storage'] = {'Members': [{_COUNT: 1, 'Drives': drives}]}
    if service.get('AllowOverprovisioning') is True:
        _allow_overprovisioning(result)
    affinity = sorted(zones)
    if service.get('AllowZoneAffinity') is True and affinity:
        result[_AFFINITY] = last_segment(affinity[0])
    return result


def _allow_overprovisioning(result: JsonObject) -> None:
    """Accept whole blocks, which may have more than is requested."""
    for group in result.values():
        for member in group['Members']:
            member[_OVERPROVISIONING] = True


def _counted(requested: Iterable[JsonObject]) -> list[JsonObject]:
    """Equal descriptions as one, with their number."""
    result: list[JsonObject] = []
    for one in requested:
        for known in result:
            if {**known, _COUNT: 0} == {**one, _COUNT: 0}:
                known[_COUNT] += 1
                break
        else:
            result.append({_COUNT: 1, **one})
    return result


def _present(**values: object) -> JsonObject:
    return {name: value for name, value in values.items() if value}


def _processor(part: JsonObject) -> JsonObject:
    return _present(
        ProcessorType=text(part.get('ProcessorType')) or 'CPU',
        TotalCores=count(part.get('TotalCores')),
        Model=text(part.get('Model')),
    )


def _memory(part: JsonObject) -> JsonObject:
    return _present(
        CapacityMiB=count(part.get('CapacityMiB')),
        MemoryType=text(part.get('MemoryType')),
    )


def _interface(part: JsonObject) -> JsonObject:
    return _present(SpeedMbps=count(part.get('SpeedMbps')))


def _drive(part: JsonObject) -> JsonObject:
    return _present(CapacityBytes=int(number(part.get('CapacityBytes'))))
