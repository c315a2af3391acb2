# SPDX-License-Identifier: Apache-2.0
"""Redfish resources as Valence's inventory knows hardware.

Nothing here trusts a type: on real services counts are null or text, names
are missing or kilobytes long, and half of the properties are not there.
"""

import re
from collections.abc import Mapping
from typing import Any

from valence.podmanagers import hardware
from valence.podmanagers.redfish import crawler as redfish_crawler
from valence.podmanagers.redfish.client import link
from valence.podmanagers.redfish.client import links

_HEALTH = {'OK': 'ok', 'Warning': 'warning', 'Critical': 'critical'}
_POWER = {'On': 'on', 'Off': 'off'}
_OUT_OF_USE = ('Disabled', 'Absent', 'UnavailableOffline', 'InTest')
_STORED = ('storage_gib', 'drives')
# What is told by the parts of a system, by the collection they are in. Older
# services have SimpleStorage; some tell the same drives twice.
TOLD_BY = {
    'Processors': (
        *('cpu_model', 'cpu_architecture'),
        *('cpu_sockets', 'cpu_cores', 'cpu_threads'),
    ),
    'Memory': ('memory_mib', 'memory_type'),
    'EthernetInterfaces': ('nics',),
    'Storage': _STORED,
    'SimpleStorage': _STORED,
    'Drives': _STORED,
}

# By this what Valence made is known again: "Valence node UUID" where there is
# room for words, else "valence-UUID".
_MARKER = re.compile(
    r'valence(?: node )?-?'
    r'([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})',
    re.IGNORECASE,
)


def marker(value: Any) -> str | None:
    """The UUID of a Valence node that a text of a pod manager names."""
    found = _MARKER.search(value) if isinstance(value, str) else None
    return found[1].lower() if found else None


def unmarked(value: str) -> str:
    """A text without the marker that we put into it."""
    return _MARKER.sub('', value).strip()


def rsd_nodes(root: dict[str, Any]) -> str | None:
    """Where RSD has its nodes: each generation has its own place."""
    oem = obj(root.get('Oem'))
    for place in (
        root,
        obj(oem.get('Intel_RackScale')),
        obj(oem.get('Intel:RackScale')),
    ):
        uri = link(place.get('Nodes'))
        if uri:
            return uri
    return None


def text(value: Any, length: int = 255) -> str | None:
    """Text of at most ``length`` characters; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    value = value.replace('\0', '').strip()
    return value.encode('utf-8', 'replace').decode()[:length] or None


def number(value: Any) -> float:
    """A number that is not negative; 0 for anything else."""
    try:
        result = float(value) if not isinstance(value, bool) else 0.0
    except (TypeError, ValueError, OverflowError):
        return 0.0
    # Neither NaN nor what no column can hold.
    return result if 0 <= result < 2**53 else 0.0


def count(value: Any) -> int:
    """A count that fits an integer column."""
    return whole(number(value))


def whole(value: float) -> int:
    """A whole number, rounded down, that fits an integer column."""
    return min(int(value), 2**31 - 1)


def obj(value: Any) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def health(body: dict[str, Any]) -> str:
    """The health that a resource reports."""
    return _HEALTH.get(str(obj(body.get('Status')).get('Health')), 'unknown')


def power(body: dict[str, Any]) -> str:
    """The power state that a system or node reports."""
    return _POWER.get(str(body.get('PowerState')), 'unknown')


def name(body: dict[str, Any], uri: str) -> str:
    """What a resource is called; the end of its URI if it has no name."""
    last = uri.rstrip('/').rpartition('/')[2]
    return text(body.get('Name')) or text(body.get('Id')) or last[:255] or '-'


def labels(body: dict[str, Any]) -> dict[str, Any]:
    """What is written on a piece of hardware, and how it is."""
    return {
        'manufacturer': text(body.get('Manufacturer')),
        'model': text(body.get('Model')),
        'serial_number': text(body.get('SerialNumber')),
        'health': health(body),
    }


def chassis_item(uri: str, body: dict[str, Any]) -> hardware.Item:
    """A chassis."""
    state = str(obj(body.get('Status')).get('State'))
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
            'state': {'Enabled': 'enabled', 'Disabled': 'disabled'}.get(
                state, 'unknown'
            ),
        },
        properties=body,
    )


def system_item(
    uri: str,
    body: dict[str, Any],
    parts: dict[str, list[tuple[str, dict[str, Any]]]],
    used: bool,
) -> hardware.Item:
    """A system with its parts.

    :param parts: what lies in the collections below it, each with its URI:
        Processors, Memory, EthernetInterfaces, Drives.
    :param used: whether a node on the pod manager is made of it.
    """
    drives = [drive(*found) for found in parts.get('Drives', ())]
    chassis = links(obj(body.get('Links')).get('Chassis'))
    return hardware.Item(
        uri=uri,
        parent=chassis[0] if chassis else None,
        values={
            **labels(body),
            **_processors(body, [part for _, part in parts['Processors']]),
            **_memory(body, [part for _, part in parts['Memory']]),
            'name': name(body, uri),
            'hardware_uuid': text(body.get('UUID')),
            'type': (text(body.get('SystemType'), 64) or '').lower() or None,
            'storage_gib': whole(
                sum(found['capacity_gib'] or 0 for found in drives)
            ),
            'drives': drives,
            'zones': [],
            'nics': [nic(*found) for found in parts['EthernetInterfaces']],
            'power_state': power(body),
            'state': system_state(body, used),
        },
        properties=body,
    )


def system_state(body: dict[str, Any], used: bool) -> str:
    """Whether a system can be had."""
    if used:
        return 'used'
    status = obj(body.get('Status'))
    if str(status.get('State')) in _OUT_OF_USE:
        return 'unavailable'
    return 'unavailable' if health(body) == 'critical' else 'free'


def _processors(
    body: dict[str, Any], parts: list[dict[str, Any]]
) -> dict[str, Any]:
    summary = obj(body.get('ProcessorSummary'))
    cpus = [
        part
        for part in parts
        if part.get('ProcessorType') in (None, 'CPU')
        and str(obj(part.get('Status')).get('State')) != 'Absent'
    ]
    threads = sum(count(part.get('TotalThreads')) for part in cpus)
    # Some services tell threads only.
    cores = sum(
        count(part.get('TotalCores')) or count(part.get('TotalThreads')) // 2
        for part in cpus
    )
    first = cpus[0] if cpus else {}
    model = text(summary.get('Model')) or text(first.get('Model'))
    return {
        'cpu_model': model,
        'cpu_architecture': text(first.get('InstructionSet'), 64),
        'cpu_sockets': count(summary.get('Count')) or len(cpus),
        'cpu_cores': whole(cores) or count(summary.get('CoreCount')),
        'cpu_threads': whole(threads)
        or count(summary.get('LogicalProcessorCount')),
    }


def _memory(
    body: dict[str, Any], parts: list[dict[str, Any]]
) -> dict[str, Any]:
    mib = sum(count(part.get('CapacityMiB')) for part in parts)
    summary = obj(body.get('MemorySummary'))
    total = number(summary.get('TotalSystemMemoryGiB')) * 1024
    types = [part.get('MemoryDeviceType') for part in parts]
    return {
        'memory_mib': whole(mib or total),
        'memory_type': next((text(t, 64) for t in types if t), None),
    }


def drive(uri: str, body: dict[str, Any]) -> dict[str, Any]:
    """A drive. Sizes are whole GiB, rounded down."""
    size = number(body.get('CapacityBytes')) / 2**30
    return {
        'resource_uri': uri,
        'capacity_gib': whole(size or number(body.get('CapacityGiB'))),
        'type': text(body.get('MediaType'), 64) or text(body.get('Type'), 64),
        'protocol': text(body.get('Protocol'), 64)
        or text(body.get('Interface'), 64),
    }


def nic(uri: str, body: dict[str, Any]) -> dict[str, Any]:
    """A network interface. Its MAC address is in the usual lower case."""
    mac = text(body.get('MACAddress'), 64) or text(
        body.get('PermanentMACAddress'), 64
    )
    return {
        'resource_uri': uri,
        'mac': mac.lower() if mac else None,
        'speed_mbps': count(body.get('SpeedMbps')) or None,
    }


def read_systems(
    crawler: redfish_crawler.Crawler, uris: list[str], used: set[str]
) -> list[hardware.Item]:
    """Read systems with all their parts, a wave of requests at a time.

    :param used: the URIs of systems that nodes are made of.
    """
    systems = crawler.get_many(uris)
    collections = {
        (uri, kind): collection
        for uri, body in systems.items()
        for kind in _collections(body)
        if (collection := link(body.get(kind)))
    }
    members = crawler.members_of(collections.values())
    crawler.get_many(uri for found in members.values() for uri in found)
    drives = {
        uri: _drives_of(
            crawler, members.get(collections.get((uri, 'Storage'), ''), [])
        )
        for uri in systems
    }
    crawler.get_many(uri for found in drives.values() for uri in found)
    items = []
    for uri, body in systems.items():
        held = {
            kind: members.get(collections.get((uri, kind), ''), [])
            for kind in TOLD_BY
        }
        held['Drives'] = drives[uri]
        parts = {
            kind: list(crawler.get_many(found).items())
            for kind, found in held.items()
        }
        parts['Drives'] += simple_drives(dict(parts['SimpleStorage']))
        item = system_item(uri, body, parts, uri in used)
        for kind, found in held.items():
            if crawler.lacks([collections.get((uri, kind), ''), *found]):
                item.unknown.update(TOLD_BY[kind])
        items.append(item)
    return items


def _collections(body: dict[str, Any]) -> list[str]:
    """The kinds of parts that are read with a system."""
    instead = 'SimpleStorage' if link(body.get('Storage')) else 'Storage'
    return [kind for kind in TOLD_BY if kind not in ('Drives', instead)]


def simple_drives(
    bodies: dict[str, dict[str, Any]],
) -> list[tuple[str, dict[str, Any]]]:
    """The devices of SimpleStorage, each with a URI: that of its place.

    Empty bays and CD drives are among them; those have no capacity.
    """
    return [
        (f'{uri}#/Devices/{n}', obj(device))
        for uri, body in bodies.items()
        if isinstance(body.get('Devices'), list)
        for n, device in enumerate(body['Devices'])
        if number(obj(device).get('CapacityBytes')) > 0
    ]


def _drives_of(
    crawler: redfish_crawler.Crawler, storages: list[str]
) -> list[str]:
    return [
        uri
        for storage in crawler.get_many(storages).values()
        for uri in links(storage.get('Drives'))
    ]


def read_chassis(
    crawler: redfish_crawler.Crawler, uris: list[str]
) -> list[hardware.Item]:
    """Read chassis."""
    return [
        chassis_item(uri, body) for uri, body in crawler.get_many(uris).items()
    ]


def find_parents(seen: hardware.Inventory) -> None:
    """Have chassis tell what they contain, where that does not tell itself.

    Of several that tell so of a system the innermost is right.
    """
    told = {
        chassis.uri: obj(chassis.properties.get('Links'))
        for chassis in seen.chassis
    }
    parents = {
        inner: uri
        for uri, names in told.items()
        for inner in links(names.get('Contains'))
        if inner != uri
    }
    for chassis in seen.chassis:
        chassis.parent = chassis.parent or parents.get(chassis.uri)
    above = {chassis.uri: chassis.parent for chassis in seen.chassis}
    holders = {
        system: uri
        for uri in sorted(told, key=lambda uri: _depth(uri, above))
        for system in links(told[uri].get('ComputerSystems'))
    }
    for system in seen.systems:
        system.parent = system.parent or holders.get(system.uri)


def _depth(uri: str | None, above: Mapping[str, str | None]) -> int:
    """How many chassis a chassis stands in; in circles, a few too many."""
    passed: set[str] = set()
    while uri is not None and uri not in passed:
        passed.add(uri)
        uri = above.get(uri)
    return len(passed)


def device_item(
    uri: str,
    body: dict[str, Any],
    *,
    used: bool,
    parent: str | None = None,
    **values: Any,
) -> hardware.Item:
    """A pooled device.

    :param values: what is known of it besides its labels; ``type`` at least.
    """
    return hardware.Item(
        uri=uri,
        parent=parent,
        values={
            'media_type': None,
            'protocol': None,
            'capacity_gib': 0,
            'memory_mib': 0,
            'cpu_cores': 0,
            'speed_mbps': 0,
            'pooled_group_id': None,
            'zones': [],
            **labels(body),
            'name': name(body, uri),
            'state': system_state(body, used),
            **values,
        },
        properties=body,
    )
