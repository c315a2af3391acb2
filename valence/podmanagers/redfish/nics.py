# SPDX-License-Identifier: Apache-2.0
"""Network interfaces of systems that show them below their adapters only.

Ports and network device functions have addresses, too. They are read where no
Ethernet interface of a system has one.
"""

from collections.abc import Iterator
from typing import NamedTuple

from valence.common.identity import mac
from valence.common.types import JsonObject
from valence.podmanagers import hardware
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import has_malformed
from valence.podmanagers.redfish.links import link
from valence.podmanagers.redfish.links import links
from valence.podmanagers.redfish.links import related
from valence.podmanagers.redfish.parts import Nic
from valence.podmanagers.redfish.resources import Bodies
from valence.podmanagers.wire.values import array
from valence.podmanagers.wire.values import count
from valence.podmanagers.wire.values import number
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import objects

# The collections of what has addresses; older services have NetworkPorts.
_PARTS = ('Ports', 'NetworkPorts', 'NetworkDeviceFunctions')


def below_adapters(
    crawler: Crawler, systems: Bodies
) -> tuple[dict[str, list[Nic]], set[str]]:
    """The interfaces of systems, from the ports and functions of adapters.

    :returns: those found, by the URI of the system; and the URIs of systems
        that may have others, because something could not be read.
    """
    found: dict[str, list[Nic]] = {}
    unsure = set()
    for system, below in _below(crawler, systems).items():
        found[system] = _unique(crawler.get_many(below.parts))
        body = systems[system]
        interfaces = link(body.get('NetworkInterfaces')) or ''
        if has_malformed(body, 'NetworkInterfaces') or crawler.lacks(
            [interfaces, *below.adapters, *below.places, *below.parts]
        ):
            unsure.add(system)
    return found, unsure


def part_uris(crawler: Crawler, systems: Bodies) -> dict[str, list[str]]:
    """The URIs of the ports and functions of systems, by system."""
    return {
        uri: below.parts for uri, below in _below(crawler, systems).items()
    }


class _Below(NamedTuple):
    """The URIs of adapters, of what lists their parts, and of the parts."""

    adapters: list[str]
    places: list[str]
    parts: list[str]


def _below(crawler: Crawler, systems: Bodies) -> dict[str, _Below]:
    """What systems have below their adapters, by the URI of the system."""
    listed = {uri: _adapters(crawler, body) for uri, body in systems.items()}
    adapters = crawler.get_many(
        uri for all_ in listed.values() for uri in all_
    )
    collections = {
        uri: [at for name in _PARTS if (at := link(body.get(name)))]
        for uri, body in adapters.items()
    }
    members = crawler.get_members(
        at for places in collections.values() for at in places
    )
    found = {}
    for system, uris in listed.items():
        places = [at for uri in uris for at in collections.get(uri, [])]
        parts = [uri for at in places for uri in members.get(at, [])]
        found[system] = _Below(uris, places, parts)
    return found


def _adapters(crawler: Crawler, system: JsonObject) -> list[str]:
    """The URIs of a system's network interfaces and their adapters.

    Without any, its adapters are those of a chassis that is its own. A
    resource block lists its interfaces, and may share its chassis.
    """
    shown = system.get('NetworkInterfaces')
    interfaces = links(shown)
    if interfaces and not isinstance(shown, list):
        interfaces = crawler.members(interfaces[0])
    found = list(interfaces)
    for body in crawler.get_many(interfaces).values():
        found += related(body, 'NetworkAdapter')
    if interfaces or 'CompositionStatus' in system:
        return found
    for body in crawler.get_many(related(system, 'Chassis')).values():
        place = link(body.get('NetworkAdapters'))
        if place and len(related(body, 'ComputerSystems')) == 1:
            found += crawler.members(place)
        found += links(obj(body.get('Links')).get('NetworkAdapters'))
    return found


def _unique(parts: Bodies) -> list[Nic]:
    """One interface for each address; a port and a function have the same."""
    found: dict[str, Nic] = {}
    for uri, body in parts.items():
        for address in addresses(body):
            known = found.get(address)
            speed = _speed(body)
            if known is None:
                found[address] = {
                    'resource_uri': uri,
                    'mac': address,
                    'speed_mbps': speed,
                }
            elif known['speed_mbps'] is None:
                known['speed_mbps'] = speed
    return list(found.values())


def addresses(body: JsonObject) -> list[str]:
    """The MAC addresses of a port or function."""
    return [*filter(None, map(mac, _addresses(body)))]


def _addresses(body: JsonObject) -> Iterator[object]:
    """The addresses of a port or function, in any form.

    The permanent address of a function counts if it has no other.
    """
    ethernet = obj(body.get('Ethernet'))
    yield from array(ethernet.get('AssociatedMACAddresses'))
    yield from array(body.get('AssociatedNetworkAddresses'))
    for holder in (ethernet, body):
        own = holder.get('MACAddress')
        yield own if mac(own) else holder.get('PermanentMACAddress')


def _speed(body: JsonObject) -> int | None:
    """The speed that a port is capable of in Mbit/s, if it is known.

    The speed of the link is null while the system is off, or lower because of
    the other end.
    """
    capable = [_megabits(body.get('MaxSpeedGbps'))]
    for able in objects(body.get('SupportedLinkCapabilities')):
        capable.append(count(able.get('LinkSpeedMbps')))
        capable += map(count, array(able.get('CapableLinkSpeedMbps')))
    for able in objects(body.get('LinkConfiguration')):
        capable += map(_megabits, array(able.get('CapableLinkSpeedGbps')))
    return (
        max(capable)
        or _megabits(body.get('CurrentSpeedGbps'))
        or count(body.get('CurrentLinkSpeedMbps'))
        or None
    )


def _megabits(gigabits: object) -> int:
    return count(number(gigabits) * 1000)


def complete(
    crawler: Crawler, uri: str, body: JsonObject, listed: list[Nic]
) -> tuple[list[Nic], bool]:
    """The interfaces of a system or block, where none listed has an address.

    :returns: also whether there may be others.
    """
    if any(nic['mac'] for nic in listed):
        return listed, False
    found, unsure = below_adapters(crawler, {uri: body})
    return found[uri] or listed, uri in unsure


def read_systems(
    crawler: Crawler, uris: list[str], used: set[str]
) -> list[hardware.Item]:
    """Read systems with all their parts and all their network interfaces.

    :param used: the URIs of systems that nodes are composed of.
    """
    items = resources.read_systems(crawler, uris, used)
    lacking = {
        item.uri: item
        for item in items
        if not any(nic['mac'] for nic in item.values['nics'])
    }
    bodies = {uri: item.properties for uri, item in lacking.items()}
    found, unsure = below_adapters(crawler, bodies)
    for uri, item in lacking.items():
        item.values['nics'] = found[uri] or item.values['nics']
        if uri in unsure:
            item.unknown.add('nics')
    return items
