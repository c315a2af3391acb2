# SPDX-License-Identifier: Apache-2.0
"""Redfish resources as items of Valence's inventory.

No type is trusted, and half of the properties are missing on real services:
see ``wire.values``.
"""

import math
from collections.abc import Mapping

from valence.common.types import JsonObject
from valence.podmanagers import hardware
from valence.podmanagers.power import CHANGING
from valence.podmanagers.redfish import parents
from valence.podmanagers.redfish import parts
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import has_malformed
from valence.podmanagers.redfish.links import last_segment
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.links import links
from valence.podmanagers.redfish.links import related
from valence.podmanagers.wire.values import array
from valence.podmanagers.wire.values import count
from valence.podmanagers.wire.values import number
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import text
from valence.podmanagers.wire.values import whole

_HEALTH = {'ok': 'ok', 'warning': 'warning', 'critical': 'critical'}
_POWER = {
    'on': 'on',
    'off': 'off',
    'poweringon': 'powering_on',
    'poweringoff': 'powering_off',
}
_ENABLED = {'Enabled': 'enabled', 'Disabled': 'disabled'}
_OUT_OF_USE = ('Disabled', 'Absent', 'UnavailableOffline', 'InTest')
# How many parts of a kind a system can have.
_MAX_PARTS = 1024
# The height of a rack unit in millimeters, and more of them than racks have.
_UNIT_MM = {'EIA_310': 44.45, 'OpenU': 48.0}
_MAX_UNITS = 100
_STORAGE_FIELDS = ('storage_gib', 'drives')
# The fields of a system that are read from its parts, by the collection that
# holds those. Older services have SimpleStorage; some show the same drives
# in both.
PART_FIELDS = {
    'Processors': (
        *('processors', 'cpu_model', 'cpu_architecture'),
        *('cpu_sockets', 'cpu_cores', 'cpu_threads', 'accelerators'),
    ),
    'Memory': ('memory_modules', 'memory_mib', 'memory_type'),
    'EthernetInterfaces': ('nics',),
    'Storage': _STORAGE_FIELDS,
    'SimpleStorage': _STORAGE_FIELDS,
    'Drives': _STORAGE_FIELDS,
}
# Bodies by URI, and those of a system's parts by the collection.
Bodies = dict[str, JsonObject]
Parts = Mapping[str, Bodies]


def enabled(body: JsonObject) -> str:
    """Whether a chassis or storage is enabled or disabled."""
    return _ENABLED.get(parts.state(body), 'unknown')


def health(body: JsonObject) -> str:
    """The health that a resource reports."""
    reported = str(obj(body.get('Status')).get('Health')).casefold()
    return _HEALTH.get(reported, 'unknown')


def power_now(body: JsonObject) -> str:
    """The power state that a system or node shows, also while it changes."""
    return _POWER.get(str(body.get('PowerState')).casefold(), 'unknown')


def power(body: JsonObject) -> str:
    """The power state of a system or node; unknown while it changes."""
    now = power_now(body)
    return 'unknown' if now in CHANGING else now


def name(body: JsonObject, uri: str) -> str:
    """The name of a resource; the last segment of its URI if it has none."""
    return (
        text(body.get('Name'))
        or text(body.get('Id'))
        or last_segment(uri)[:255]
        or '-'
    )


def labels(body: JsonObject) -> JsonObject:
    """The fields that all hardware has."""
    return {
        'manufacturer': text(body.get('Manufacturer')),
        'model': text(body.get('Model')),
        'serial_number': text(body.get('SerialNumber')),
        'health': health(body),
    }


def chassis_item(uri: str, body: JsonObject) -> hardware.Item:
    """A chassis."""
    oem = obj(obj(body.get('Oem')).get('Intel_RackScale'))
    place = obj(oem.get('Location')) or obj(body.get('Location'))
    return hardware.Item(
        uri=uri,
        parent=link(obj(body.get('Links')).get('ContainedBy')),
        values={
            **labels(body),
            'name': name(body, uri),
            'type': (text(body.get('ChassisType'), 64) or 'other').lower(),
            'location': text(place.get('Id')) or text(place.get('Info')),
            'rack_offset': _rack_offset(body),
            'rack_units': _rack_units(body),
            'state': enabled(body),
        },
        properties=body,
    )


def _placement(body: JsonObject) -> JsonObject:
    return obj(obj(body.get('Location')).get('Placement'))


def _rack_offset(body: JsonObject) -> int | None:
    """The lowest rack unit of a chassis; None if it is unknown."""
    offset = _placement(body).get('RackOffset')
    if not isinstance(offset, int) or isinstance(offset, bool):
        return None
    return offset if 0 <= offset < _MAX_UNITS else None


def _rack_units(body: JsonObject) -> int | None:
    """The height of a chassis in rack units; None if it is unknown."""
    kind = body.get('RackUnits') or _placement(body).get('RackOffsetUnits')
    unit = _UNIT_MM.get(str(kind), _UNIT_MM['EIA_310'])
    # A tenth, because heights are rounded: 89 mm are two units.
    by_height = number(body.get('HeightMm')) / unit - 0.1
    units = math.ceil(number(body.get('HeightRackUnits')) or by_height)
    return units if 0 < units <= _MAX_UNITS else None


def system_item(
    uri: str, body: JsonObject, found: Parts, used: bool
) -> hardware.Item:
    """A system with its parts.

    :param found: the members of its collections Processors, Memory,
        EthernetInterfaces and Drives.
    :param used: whether a node on the pod manager is composed of it.
    """
    drives = [parts.drive(*one) for one in found['Drives'].items()]
    chassis = related(body, 'Chassis')
    return hardware.Item(
        uri=uri,
        parent=chassis[0] if chassis else None,
        values={
            **labels(body),
            **_processors(body, found['Processors']),
            **_memory(body, found['Memory']),
            'tpm': parts.tpm(body),
            'boot_modes': parts.boot_modes(body),
            'name': name(body, uri),
            'hardware_uuid': text(body.get('UUID')),
            'type': (text(body.get('SystemType'), 64) or '').lower() or None,
            'storage_gib': whole(sum(one['capacity_gib'] for one in drives)),
            'drives': drives,
            'zones': [],
            'nics': [
                parts.nic(*one) for one in found['EthernetInterfaces'].items()
            ],
            'power_state': power(body),
            'state': availability(body, used),
        },
        properties=body,
    )


def availability(body: JsonObject, used: bool) -> str:
    """The state of a system or device: free, used or unavailable."""
    if used:
        return 'used'
    broken = parts.state(body) in _OUT_OF_USE or health(body) == 'critical'
    return 'unavailable' if broken else 'free'


def _processors(body: JsonObject, found: Bodies) -> JsonObject:
    summary = obj(body.get('ProcessorSummary'))
    cpus = [
        parts.processor(uri, part)
        for uri, part in found.items()
        if parts.is_cpu(part)
    ]
    # Some services have accelerators in the summary.
    others = [part for part in found.values() if not parts.is_cpu(part)]
    present = [part for part in others if parts.state(part) != 'Absent']
    model = next((one['model'] for one in cpus[:1]), None)
    model = model or text(summary.get('Model'))
    if not cpus and model in [text(part.get('Model')) for part in others]:
        model = None
    sockets = len(cpus) or max(0, count(summary.get('Count')) - len(others))
    return {
        'processors': cpus,
        'cpu_model': model,
        'cpu_architecture': cpus[0]['instruction_set'] if cpus else None,
        'cpu_sockets': sockets,
        'cpu_cores': whole(sum(one['cores'] for one in cpus))
        or count(summary.get('CoreCount')),
        'cpu_threads': whole(sum(one['threads'] for one in cpus))
        or count(summary.get('LogicalProcessorCount')),
        'accelerators': [parts.accelerator(part) for part in present],
    }


def _memory(body: JsonObject, found: Bodies) -> JsonObject:
    modules = [parts.memory_module(*one) for one in found.items()]
    summary = obj(body.get('MemorySummary'))
    total = number(summary.get('TotalSystemMemoryGiB')) * 1024
    return {
        # Empty slots are listed as well.
        'memory_modules': [one for one in modules if one['capacity_mib']],
        'memory_mib': whole(
            sum(one['capacity_mib'] for one in modules) or total
        ),
        'memory_type': next(
            (one['type'] for one in modules if one['type']), None
        ),
    }


def device_item(
    uri: str,
    body: JsonObject,
    *,
    used: bool,
    parent: str | None = None,
    **values: object,
) -> hardware.Item:
    """A pooled device.

    :param values: its other fields; ``type`` at least.
    """
    return hardware.Item(
        uri=uri,
        parent=parent,
        values=hardware.device(
            {
                **labels(body),
                'name': name(body, uri),
                'state': availability(body, used),
                **values,
            }
        ),
        properties=body,
    )


def simple_drives(bodies: Bodies) -> Bodies:
    """The devices of SimpleStorage, by the JSON pointer to each.

    Empty bays and CD drives are among them; those have no capacity.
    """
    return {
        f'{uri}#/Devices/{n}': obj(device)
        for uri, body in bodies.items()
        for n, device in enumerate(array(body.get('Devices')))
        if number(obj(device).get('CapacityBytes')) > 0
    }


def read_systems(
    crawler: Crawler, uris: list[str], used: set[str]
) -> list[hardware.Item]:
    """Read systems with all their parts, level by level.

    :param used: the URIs of systems that nodes are composed of.
    """
    systems = crawler.get_many(uris)
    collections = {
        (uri, kind): collection
        for uri, body in systems.items()
        for kind in _collections(body)
        if (collection := link(body.get(kind)))
    }
    members = crawler.get_members(collections.values())
    drives = {
        uri: _drives_of(
            crawler, members.get(collections.get((uri, 'Storage'), ''), [])
        )
        for uri in systems
    }
    crawler.get_many(uri for found in drives.values() for uri in found)
    items = []
    for uri, body in systems.items():
        found = {
            kind: members.get(collections.get((uri, kind), ''), [])
            for kind in PART_FIELDS
        } | {'Drives': drives[uri]}
        too_many = _limit(crawler, uri, found)
        bodies = {kind: crawler.get_many(found[kind]) for kind in found}
        bodies['Drives'] |= simple_drives(bodies['SimpleStorage'])
        item = system_item(uri, body, bodies, uri in used)
        for kind, listed in found.items():
            needed = [collections.get((uri, kind), ''), *listed]
            incomplete = _is_incomplete(body, kind, bodies[kind])
            if incomplete or kind in too_many or crawler.lacks(needed):
                item.unknown.update(PART_FIELDS[kind])
        parents.mark_parent(item)
        items.append(item)
    return items


def _limit(
    crawler: Crawler, uri: str, found: dict[str, list[str]]
) -> list[str]:
    """Leave out parts that no system has so many of.

    :returns: the kinds of parts that were left out.
    """
    too_many = [kind for kind in found if len(found[kind]) > _MAX_PARTS]
    for kind in too_many:
        del found[kind][_MAX_PARTS:]
        crawler.doubts[uri] = f'more than {_MAX_PARTS} {kind}'
    return too_many


def _is_incomplete(body: JsonObject, kind: str, found: Bodies) -> bool:
    """Whether links to parts of a system, or to their drives, are invalid."""
    return has_malformed(body, kind) or any(
        has_malformed(part, 'Drives') for part in found.values()
    )


def _collections(body: JsonObject) -> list[str]:
    """The kinds of parts that are read with a system."""
    kinds = [kind for kind in PART_FIELDS if kind != 'Drives']
    if link(body.get('Storage')):
        # It would list the same drives again.
        kinds.remove('SimpleStorage')
    return kinds


def _drives_of(crawler: Crawler, storages: list[str]) -> list[str]:
    return [
        uri
        for storage in crawler.get_many(storages).values()
        for uri in links(storage.get('Drives'))
    ]


def read_chassis(crawler: Crawler, uris: list[str]) -> list[hardware.Item]:
    """Read chassis."""
    items = [
        chassis_item(uri, body) for uri, body in crawler.get_many(uris).items()
    ]
    for item in items:
        parents.mark_parent(item)
    return items
