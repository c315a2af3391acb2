# SPDX-License-Identifier: Apache-2.0
"""What the network interfaces of a system are connected to.

In RSD an interface links the port of the switch. In Redfish a port of an
adapter shows what it received by LLDP, and a function whether it boots by PXE.
What cannot be read or understood is left out.
"""

import re

from oslo_log import log

from valence.common import exception
from valence.common.identity import mac
from valence.common.types import JsonObject
from valence.podmanagers.hardware import Wiring
from valence.podmanagers.progress import Deadline
from valence.podmanagers.redfish import nics
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.links import links
from valence.podmanagers.redfish.links import related
from valence.podmanagers.redfish.resources import Bodies
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import text

LOG = log.getLogger(__name__)

# How long they are read for at most.
_SECONDS = 15.0
# The octets of a text, as LLDP identifiers are shown.
_OCTETS = re.compile(r'[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})*')
_BOOT_MODES = {'PXE': True, 'Disabled': False}
# Where a network device function names its port.
_ASSIGNED = ('PhysicalNetworkPortAssignment', 'PhysicalPortAssignment')


def read(
    client: Client,
    uri: str,
    system: JsonObject,
    interfaces: Bodies,
    deadline: Deadline,
) -> dict[str, Wiring]:
    """What is known of the connections of a system, by MAC address.

    :param uri: of the system.
    """
    with Crawler(client, deadline.at_most(_SECONDS)) as crawler:
        try:
            return _read(crawler, uri, system, interfaces)
        except exception.PodManagerError as exc:
            LOG.info('The connections of %s cannot be read: %s', uri, exc)
    return {}


def _read(
    crawler: Crawler, uri: str, system: JsonObject, interfaces: Bodies
) -> dict[str, Wiring]:
    found: dict[str, Wiring] = {}
    shown = crawler.get_many(nics.part_uris(crawler, {uri: system})[uri])
    for body in shown.values():
        wiring = _received(body) | _boot(body)
        for port in _ports(crawler, body):
            wiring = _received(port) | wiring
        for address in nics.addresses(body):
            found[address] = found.get(address, Wiring()) | wiring
    for address, wiring in _neighbors(crawler, interfaces):
        found[address] = found.get(address, Wiring()) | wiring
    return {address: wiring for address, wiring in found.items() if wiring}


def _ports(crawler: Crawler, function: JsonObject) -> list[JsonObject]:
    """The port of a network device function."""
    uris = [
        uri
        for name in _ASSIGNED
        for uri in (*links(function.get(name)), *related(function, name))
    ]
    return [*crawler.get_many(uris).values()]


def _received(port: JsonObject) -> Wiring:
    """The switch that a port received by LLDP."""
    received = obj(obj(port.get('Ethernet')).get('LLDPReceive'))
    name = text(received.get('PortId'))
    if received.get('PortIdSubtype') != 'MacAddr':
        name = _decoded(name)
    return _link(
        received.get('ChassisId'), name, text(received.get('SystemName'))
    )


def _decoded(name: str | None) -> str | None:
    """An identifier of LLDP as text, if it is one.

    Redfish shows its octets; some services show the text itself.
    """
    if name is None or not _OCTETS.fullmatch(name):
        return name
    try:
        found = bytes.fromhex(name.replace(':', '')).decode('ascii')
    except ValueError:
        return name
    return found if found.isprintable() else name


def _boot(function: JsonObject) -> Wiring:
    """Whether a network device function boots by PXE."""
    enabled = _BOOT_MODES.get(str(function.get('BootMode')))
    return {} if enabled is None else {'pxe_enabled': enabled}


def _neighbors(
    crawler: Crawler, interfaces: Bodies
) -> list[tuple[str, Wiring]]:
    """The ports of switches that RSD links, by the address of the interface.

    The identifier of a switch need not be a MAC address.
    """
    linked = {uri: _neighbor(body) for uri, body in interfaces.items()}
    ports = crawler.get_many(uri for all_ in linked.values() for uri in all_)
    switches = crawler.get_many(
        uri for port in ports.values() for uri in related(port, 'Switch')
    )
    found = []
    for uri, body in interfaces.items():
        address = mac(body.get('MACAddress'))
        address = address or mac(body.get('PermanentMACAddress'))
        for port in (ports[at] for at in linked[uri] if at in ports):
            for at in related(port, 'Switch'):
                switch = switches.get(at, {})
                wiring = _link(
                    switch.get('SwitchId'),
                    text(port.get('PortId')) or text(port.get('Id')),
                    text(switch.get('Name')),
                )
                if address and wiring:
                    found.append((address, wiring))
    return found


def _neighbor(interface: JsonObject) -> list[str]:
    """The URIs of the switch ports of an interface."""
    oem = obj(obj(obj(interface.get('Links')).get('Oem')))
    return links(obj(oem.get('Intel_RackScale')).get('NeighborPort'))


def _link(switch: object, port: str | None, name: str | None) -> Wiring:
    """A connection to a switch, if its MAC address and port are known."""
    address = mac(switch)
    if address is None or port is None:
        return {}
    found: Wiring = {'switch_id': address, 'port_id': port}
    if name is not None:
        found['switch_info'] = name
    return found
