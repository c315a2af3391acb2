# SPDX-License-Identifier: Apache-2.0
"""Resource blocks of a DMTF composition service as Valence knows hardware.

A block of type Compute or ComputerSystem is what a node begins with: it is
shown as a system. All other blocks are pooled devices. The zones that a block
lies in are named by their URIs.
"""

from collections.abc import Iterable
from typing import Any

from valence.podmanagers import hardware
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish.client import links
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.resources import count
from valence.podmanagers.redfish.resources import obj
from valence.podmanagers.redfish.resources import text

# Links of a block to its parts; those of a Storage lie one level deeper.
_PARTS = (
    'Processors',
    'Memory',
    'EthernetInterfaces',
    'Drives',
    'Storage',
    'SimpleStorage',
    'ComputerSystems',
)
# What of a pooled block is told by its parts, and of a host by the computer
# that it is part of.
_TOLD_BY_PARTS = (
    *('type', 'media_type', 'protocol', 'capacity_gib', 'memory_mib'),
    *('cpu_cores', 'speed_mbps', 'manufacturer', 'model', 'serial_number'),
)
_TOLD_BY_COMPUTER = ('power_state', 'hardware_uuid', 'state')
_HOSTS = ('Compute', 'ComputerSystem')
# The kind of a pooled block, by its type; the first that fits.
_KINDS = {
    'Storage': 'drive',
    'Processor': 'processor',
    'Network': 'nic',
    'Memory': 'memory',
    'Expansion': 'pcie',
}
_OFFLOAD = {'GPU': 'gpu', 'FPGA': 'fpga'}
_STATES = {
    'Unused': 'free',
    'Composing': 'used',
    'Composed': 'used',
    # It could be shared further; what Valence claims is its own.
    'ComposedAndAvailable': 'used',
}

Parts = dict[str, list[tuple[str, dict[str, Any]]]]


def types(body: dict[str, Any]) -> list[str]:
    """The types of a block."""
    found = body.get('ResourceBlockType')
    found = found if isinstance(found, list) else [found]
    return [kind for kind in found if isinstance(kind, str)]


def is_host(body: dict[str, Any]) -> bool:
    """Whether a block is what a node begins with."""
    return any(kind in _HOSTS for kind in types(body))


def behind(body: dict[str, Any]) -> list[str]:
    """The URIs of the computers that a block is, not of those it is part of.

    ``Links.ComputerSystems``, by contrast, names those it is composed into.
    """
    return links(body.get('ComputerSystems'))


def computers(body: dict[str, Any]) -> list[str]:
    """The URIs of the computers that a block is, or is part of."""
    return [
        *behind(body),
        *links(obj(body.get('Links')).get('ComputerSystems')),
    ]


def members(body: dict[str, Any]) -> list[str]:
    """The URIs of the blocks that a system is made of."""
    return links(obj(body.get('Links')).get('ResourceBlocks'))


def is_expandable(body: dict[str, Any]) -> bool:
    """Whether a system is there for good, and only has blocks put to it."""
    cases = obj(body.get('Composition')).get('UseCases')
    return isinstance(cases, list) and 'ExpandableSystem' in cases


def state(body: dict[str, Any]) -> str:
    """Whether a block can be had.

    ``Reserved`` is a note between the clients of a service, not a lock; it is
    respected all the same (DSP2050).
    """
    status = obj(body.get('CompositionStatus'))
    told = status.get('CompositionState')
    known = _STATES.get(str(told), 'unavailable' if told else 'free')
    if known != 'free':
        return known
    if resources.system_state(body, used=False) == 'unavailable':
        return 'unavailable'
    return 'used' if status.get('Reserved') in (True, 'true') else 'free'


def composition(body: dict[str, Any]) -> str | None:
    """How a block stands with composing: Unused, Composing, Composed …"""
    return text(obj(body.get('CompositionStatus')).get('CompositionState'))


def health(body: dict[str, Any]) -> str:
    """The health of a block; one that could not be composed needs a human."""
    status = obj(body.get('CompositionStatus'))
    if status.get('CompositionState') == 'Failed':
        return 'critical'
    return resources.health(body)


def zones(body: dict[str, Any]) -> list[str]:
    """The URIs of the zones that a block says it lies in."""
    return links(obj(body.get('Links')).get('Zones'))


def read(crawler: Crawler, uris: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read blocks with all their parts, a wave of requests at a time."""
    blocks = crawler.get_many(uris)
    found = crawler.get_many(
        uri
        for body in blocks.values()
        for name in _PARTS
        if name != 'ComputerSystems'
        for uri in links(body.get(name))
    )
    crawler.get_many(
        uri for body in found.values() for uri in links(body.get('Drives'))
    )
    return blocks


def parts(crawler: Crawler, body: dict[str, Any]) -> Parts:
    """The parts of a block that was read, by kind."""
    found: Parts = {
        name: list(crawler.get_many(links(body.get(name))).items())
        for name in ('Processors', 'Memory', 'EthernetInterfaces')
    }
    drives = links(body.get('Drives'))
    stores = crawler.get_many(links(body.get('Storage')))
    for store in stores.values():
        drives += links(store.get('Drives'))
    found['Drives'] = list(crawler.get_many(drives).items())
    found['Drives'] += resources.simple_drives(
        crawler.get_many(links(body.get('SimpleStorage')))
    )
    return found


def lacking(crawler: Crawler, body: dict[str, Any]) -> set[str]:
    """The kinds of the parts of a block that could not all be read."""
    stores = crawler.get_many(links(body.get('Storage'))).values()
    inside = [uri for store in stores for uri in links(store.get('Drives'))]
    return {
        name
        for name in resources.TOLD_BY
        if crawler.lacks(
            [*links(body.get(name)), *(inside if name == 'Storage' else ())]
        )
    }


def device_item(
    crawler: Crawler, uri: str, body: dict[str, Any], places: list[str]
) -> hardware.Item:
    """A block that can be joined to a system.

    :param places: the URIs of the zones that it lies in.
    """
    held = parts(crawler, body)
    drives = [resources.drive(*found) for found in held['Drives']]
    nics = [resources.nic(*f) for f in held['EthernetInterfaces']]
    first = drives[0] if drives else {}
    processors = [part for _, part in held['Processors']]
    memory = [part for _, part in held['Memory']]
    chassis = links(obj(body.get('Links')).get('Chassis'))
    item = resources.device_item(
        uri,
        body,
        used=False,
        parent=chassis[0] if chassis else None,
        type=_kind(body, processors),
        media_type=first.get('type'),
        protocol=first.get('protocol'),
        capacity_gib=count(sum(d['capacity_gib'] for d in drives)),
        memory_mib=count(sum(count(m.get('CapacityMiB')) for m in memory)),
        cpu_cores=count(sum(count(p.get('TotalCores')) for p in processors)),
        speed_mbps=max((n['speed_mbps'] or 0 for n in nics), default=0),
        zones=places,
        state=state(body),
        health=health(body),
    )
    _label(item, [part for found in held.values() for _, part in found])
    if lacking(crawler, body):
        item.unknown.update(_TOLD_BY_PARTS)
    return item


def _label(item: hardware.Item, parts: list[dict[str, Any]]) -> None:
    """A block of a single part bears what is written on the part."""
    if len(parts) != 1:
        return
    for name, value in resources.labels(parts[0]).items():
        if name != 'health' and item.values.get(name) is None:
            item.values[name] = value


def _kind(body: dict[str, Any], processors: list[dict[str, Any]]) -> str:
    kinds = types(body)
    kind = next((_KINDS[k] for k in _KINDS if k in kinds), 'resource_block')
    if kind == 'processor' and processors:
        told = str(processors[0].get('ProcessorType'))
        return _OFFLOAD.get(told, kind)
    return kind


def host_item(
    crawler: Crawler,
    uri: str,
    body: dict[str, Any],
    places: list[str],
    computer: dict[str, Any] | None,
    inner: hardware.Item | None,
) -> hardware.Item:
    """A block that a node begins with.

    :param places: the URIs of the zones that it lies in.
    :param computer: the system that is there for good with this block in it.
    :param inner: the computer that the block is, as an item of its own.
    """
    if inner is None:
        inner = resources.system_item(
            uri, body, parts(crawler, body), used=False
        )
        lost = lacking(crawler, body)
        if crawler.lacks(behind(body)):
            lost = set(resources.TOLD_BY)
        for kind in lost:
            inner.unknown.update(resources.TOLD_BY[kind])
    values = dict(inner.values)
    unknown = set(inner.unknown)
    if crawler.lacks(computers(body)):
        unknown.update(_TOLD_BY_COMPUTER)
    own = links(obj(body.get('Links')).get('Chassis'))
    if computer is not None:
        values['power_state'] = resources.power(computer)
        values['hardware_uuid'] = text(computer.get('UUID'))
    values.update(
        name=resources.name(body, uri),
        type='resource_block',
        zones=places,
        state=_host_state(body, computer),
        health=health(body),
    )
    return hardware.Item(
        uri=uri,
        parent=own[0] if own else inner.parent,
        values=values,
        properties=body,
        unknown=unknown,
    )


def _host_state(body: dict[str, Any], computer: dict[str, Any] | None) -> str:
    known = state(body)
    status = obj(body.get('CompositionStatus'))
    if computer is None or known == 'unavailable':
        return known
    if status.get('CompositionState') == 'Composing':
        return 'used'
    # What is composed for good counts as free until something is put to it.
    taken = len(members(computer)) > 1 or marker(computer) is not None
    return 'used' if taken else 'free'


def marker(body: dict[str, Any]) -> str | None:
    """The UUID of the Valence node that a system was composed for."""
    for name in ('Description', 'Name', 'AssetTag', 'HostName'):
        found = resources.marker(body.get(name))
        if found:
            return found
    return None
