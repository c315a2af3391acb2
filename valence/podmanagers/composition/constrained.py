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
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.resources import Bodies
from valence.podmanagers.wire.values import count
from valence.podmanagers.wire.values import number
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import objects
from valence.podmanagers.wire.values import text

_COUNT = '@Redfish.RequestedCount'
_OVERPROVISIONING = '@Redfish.AllowOverprovisioning'
_AFFINITY = '@Redfish.ZoneAffinity'
# What is sent to any service, whatever it shows.
_PLAIN = {
    'Processors': ('ProcessorType', 'TotalCores', 'Model'),
    'Memory': ('CapacityMiB', 'MemoryType'),
    'EthernetInterfaces': ('SpeedMbps',),
    'Storage': ('CapacityBytes',),
}
# Where the members of a collection describe the parts that are requested.
_INSIDE = {
    'Processors': None,
    'Memory': None,
    'EthernetInterfaces': None,
    'Storage': 'Drives',
}


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
        drives = request.requirements.get('storage', ())
        named = any('serial' in drive for drive in drives)
        accepted = _Accepted(crawler, method.capabilities, named)
        requested = body(crawler, service, bodies, zones, accepted)
    return {**methods.identity(method, request), **requested}


class _Accepted:
    """What a service accepts in the description of a part.

    Services reject properties that they do not know. ``_PLAIN`` has those that
    every service knows.

    :param capabilities: the capabilities object of the service.
    :param named: whether serial numbers of drives are requested: what differs
        between equal parts is not sent otherwise.
    """

    def __init__(
        self, crawler: Crawler, capabilities: JsonObject, named: bool = False
    ) -> None:
        self._names = {
            kind: _shown(_inner(crawler, capabilities.get(kind)), inside)
            - ({'SerialNumber'} if not named else set())
            for kind, inside in _INSIDE.items()
        }

    def select(self, kind: str, described: JsonObject) -> JsonObject:
        """The properties that can be sent."""
        known = {*_PLAIN[kind], *self._names[kind]}
        return {name: v for name, v in described.items() if name in known}


def _inner(crawler: Crawler, shown: object) -> JsonObject:
    """An object within the capabilities, which may be a link to one."""
    at = link(shown)
    return crawler.get(at) if at else obj(shown)


def _shown(collection: JsonObject, inside: str | None) -> set[str]:
    """The names that the capabilities of a collection show for a member."""
    found = set()
    for member in objects(collection.get('Members')):
        parts = objects(member.get(inside)) if inside else [member]
        for one in parts:
            found |= {
                key.partition('@')[0]
                for key in one
                if key.endswith(methods.ACCEPTED)
            }
    return found


def body(
    crawler: Crawler,
    service: JsonObject,
    bodies: Bodies,
    zones: Iterable[str],
    accepted: _Accepted,
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
            accepted.select(name, describe(part))
            for parts in found
            for part in parts[name].values()
        )
        if requested:
            result[name] = {'Members': requested}
    drives = _counted(
        accepted.select('Storage', _drive(part))
        for parts in found
        for part in parts['Drives'].values()
    )
    if drives:
        result['Storage'] = {'Members': [{_COUNT: 1, 'Drives': drives}]}
    _add_options(result, service, sorted(zones))
    return result


def _add_options(
    result: JsonObject, service: JsonObject, zones: list[str]
) -> None:
    """Add what only some services understand."""
    if service.get('AllowOverprovisioning') is True:
        _allow_overprovisioning(result)
    if service.get('AllowZoneAffinity') is True and zones:
        result[_AFFINITY] = last_segment(zones[0])


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
        **_texts(part, 'Model', 'Manufacturer', 'InstructionSet'),
        MaxSpeedMHz=count(part.get('MaxSpeedMHz')),
    )


def _memory(part: JsonObject) -> JsonObject:
    return _present(
        CapacityMiB=count(part.get('CapacityMiB')),
        **_texts(part, 'MemoryType', 'MemoryDeviceType', 'Manufacturer'),
        OperatingSpeedMhz=count(part.get('OperatingSpeedMhz')),
    )


def _interface(part: JsonObject) -> JsonObject:
    return _present(SpeedMbps=count(part.get('SpeedMbps')))


def _drive(part: JsonObject) -> JsonObject:
    return _present(
        CapacityBytes=int(number(part.get('CapacityBytes'))),
        **_texts(part, 'MediaType', 'Protocol', 'Manufacturer', 'Model'),
        **_texts(part, 'SerialNumber'),
        RotationSpeedRPM=count(part.get('RotationSpeedRPM')),
    )


def _texts(part: JsonObject, *names: str) -> JsonObject:
    return {name: text(part.get(name)) for name in names}
