# SPDX-License-Identifier: Apache-2.0
"""Resource blocks that can be added to a system as pooled devices."""

from valence.common.types import JsonObject
from valence.podmanagers import hardware
from valence.podmanagers.composition import blocks
from valence.podmanagers.redfish import nics
from valence.podmanagers.redfish import parts
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import related
from valence.podmanagers.redfish.resources import Bodies
from valence.podmanagers.wire.values import count

# The fields of a device that are read from the parts of its block.
_PART_FIELDS = (
    *('type', 'media_type', 'protocol', 'capacity_gib', 'memory_mib'),
    *('cpu_cores', 'speed_mbps', 'manufacturer', 'model', 'serial_number'),
    *('rpm', 'speed_mhz', 'onboard_memory_mib', 'mac_addresses'),
)
# The type of a device by the type of its block; the first that fits.
_DEVICE_TYPES = {
    'Storage': 'drive',
    'Processor': 'processor',
    'Network': 'nic',
    'Memory': 'memory',
    'Expansion': 'pcie',
}


def device_item(
    crawler: Crawler,
    uri: str,
    body: JsonObject,
    block_types: list[str],
    zone_uris: list[str],
) -> hardware.Item:
    """A block that can be added to a system.

    :param zone_uris: the URIs of the zones that it is in.
    """
    found = blocks.parts(crawler, body)
    ports = found['EthernetInterfaces'].items()
    listed = [parts.nic(*one) for one in ports]
    interfaces, unsure = nics.complete(crawler, uri, body, listed)
    processors = list(found['Processors'].values())
    item = resources.device_item(
        uri,
        body,
        used=False,
        parent=next(iter(related(body, 'Chassis')), None),
        type=_device_type(block_types, processors),
        **_drives(found['Drives']),
        **_processors(processors),
        memory_mib=count(
            sum(count(m.get('CapacityMiB')) for m in found['Memory'].values())
        ),
        speed_mbps=max((n['speed_mbps'] or 0 for n in interfaces), default=0),
        mac_addresses=sorted({n['mac'] for n in interfaces if n['mac']})
        or None,
        max_nodes=blocks.sharing(body),
        zones=zone_uris,
        state=blocks.state(body),
        health=blocks.health(body),
    )
    _add_labels(item, found)
    if unsure or blocks.unread_parts(crawler, body):
        item.unknown.update(_PART_FIELDS)
    return item


def _drives(bodies: Bodies) -> JsonObject:
    drives = [parts.drive(*one) for one in bodies.items()]
    first = drives[0] if drives else None
    return {
        'media_type': first['type'] if first else None,
        'protocol': first['protocol'] if first else None,
        'capacity_gib': count(sum(one['capacity_gib'] for one in drives)),
        'rpm': min((one['rpm'] or 0 for one in drives), default=0) or None,
    }


def _processors(bodies: list[JsonObject]) -> JsonObject:
    """What is known of accelerators: the slowest of several counts."""
    speeds = [parts.speed_mhz(body) or 0 for body in bodies]
    others = [body for body in bodies if not parts.is_cpu(body)]
    return {
        'cpu_cores': count(sum(count(b.get('TotalCores')) for b in bodies)),
        'speed_mhz': min(speeds, default=0) or None,
        'onboard_memory_mib': parts.onboard_memory_mib(others),
    }


def _add_labels(item: hardware.Item, found: dict[str, Bodies]) -> None:
    """Give a block the labels that all of its parts have.

    The serial number is that of a single part.
    """
    labels = [
        resources.labels(part)
        for kind in found.values()
        for part in kind.values()
    ]
    names = ['manufacturer', 'model']
    if len(labels) == 1:
        names.append('serial_number')
    for name in names:
        known = {one[name] for one in labels}
        if len(known) == 1 and item.values.get(name) is None:
            item.values[name] = known.pop()


def _device_type(reported: list[str], processors: list[JsonObject]) -> str:
    found = next(
        (_DEVICE_TYPES[kind] for kind in _DEVICE_TYPES if kind in reported),
        'resource_block',
    )
    if found == 'processor' and processors:
        return parts.accelerator_type(processors[0])
    return found
