# SPDX-License-Identifier: Apache-2.0
"""The networks that pod managers may be in: [podm] allowed_networks."""

import ipaddress
import socket

from oslo_config import cfg

from valence.common import exception

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def literal(host: str) -> Address | None:
    """The address that a host is written as; None for a name."""
    try:
        return ipaddress.ip_address(host.strip('[]'))
    except ValueError:
        return None


def allows(address: Address) -> bool:
    """Whether a pod manager may have an address."""
    mapped = getattr(address, 'ipv4_mapped', None) or address
    networks = cfg.CONF.podm.allowed_networks
    return not networks or any(mapped in network for network in networks)


def allowed_addresses(host: str, port: int) -> list[str]:
    """The addresses of a host that may be connected to.

    :raises OSError: when the host cannot be resolved.
    :raises NotSent: when it may have none of its addresses.
    """
    found = socket.getaddrinfo(host.strip('[]'), port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    allowed = [one for one in addresses if allows(ipaddress.ip_address(one))]
    if not allowed:
        raise exception.NotSent(reason=refusal(host, addresses[0]))
    return allowed


def refusal(host: str, address: str) -> str:
    """Why a host is refused, for people."""
    named = '' if address == host.strip('[]') else f' of {host}'
    return (
        f'the address {address}{named} is in none of the networks of '
        '[podm] allowed_networks'
    )
