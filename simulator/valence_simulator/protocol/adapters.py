# SPDX-License-Identifier: Apache-2.0
"""NICs below network adapters (``--nics``).

A network interface of a system links to a network adapter of a chassis, which
links to ports or network device functions with the addresses.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from valence_simulator.hardware import Nic
from valence_simulator.protocol.resources import Tree
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link

OK = {'State': 'Enabled', 'Health': 'OK'}


def _received(nic: Nic) -> dict:
    """What a port received from its switch by LLDP."""
    port = f'Ethernet1/{nic.id}'
    return {
        'ChassisId': '02:00:00:00:FF:01',
        'ChassisIdSubtype': 'MacAddr',
        'PortId': ':'.join(f'{octet:02X}' for octet in port.encode()),
        'PortIdSubtype': 'IfName',
    }


class Adapters:
    """The view of NICs as ports, or functions, of adapters.

    :param modern: whether to use newer schemas (Port) or older (NetworkPort).
    """

    def __init__(self, tree: Tree, options: argparse.Namespace, modern: bool):
        self._tree = tree
        self._options = options
        self._modern = modern

    @property
    def shown(self) -> bool:
        """Return whether there are network adapters."""
        return self._options.nics != 'interfaces'

    @property
    def has_interfaces(self) -> bool:
        """Return whether there are Ethernet interfaces."""
        return self._options.nics in ('interfaces', 'both')

    def links(self, uri: str) -> dict:
        """Return the link to adapters for a system or a chassis.

        :param uri: of the collection of adapters, or of interfaces to them.
        """
        return {uri.rsplit('/', 1)[1]: link(uri)} if self.shown else {}

    def add_collection(self, uri: str, members: Callable[[], list]) -> None:
        """Add a collection of adapters, or of interfaces, at a URI."""
        kind = uri.rsplit('/', 1)[1].removesuffix('s')
        self._tree.add_collection(
            uri, f'{kind}Collection', f'{kind}s', members, lambda: self.shown
        )

    def add(self, uri: str, nics: list[Nic]) -> None:
        """Add an adapter at a URI, with its ports and functions."""
        self._add_parts(uri, self._ports, nics, self._render_port)
        self._add_parts(
            uri, 'NetworkDeviceFunctions', nics, self._render_function
        )
        kind = 'v1_9_0' if self._modern else 'v1_1_0'
        self._tree.add(
            uri,
            lambda: document(
                uri,
                f'NetworkAdapter.{kind}.NetworkAdapter',
                'Network adapter',
                Description='Network adapter',
                Manufacturer='Contoso',
                Model='Simulated network adapter',
                Status=OK,
                **self._parts_of(uri),
            ),
            when=lambda: self.shown,
        )

    def add_interface(self, uri: str, adapter: str) -> None:
        """Add an interface to an adapter at a URI."""
        kind = 'v1_2_0' if self._modern else 'v1_1_0'
        self._tree.add(
            uri,
            lambda: document(
                uri,
                f'NetworkInterface.{kind}.NetworkInterface',
                'Network interface',
                Description='Interface to a network adapter',
                Status=OK,
                Links={'NetworkAdapter': link(adapter)},
                **self._parts_of(adapter),
            ),
            when=lambda: self.shown,
        )

    @property
    def _ports(self) -> str:
        return 'Ports' if self._modern else 'NetworkPorts'

    def _parts_of(self, uri: str) -> dict:
        """Return the collections of an adapter that are shown."""
        name = self._ports
        if self._options.nics == 'functions':
            name = 'NetworkDeviceFunctions'
        return {name: link(f'{uri}/{name}')}

    def _is_shown(self, name: str) -> bool:
        functions = name == 'NetworkDeviceFunctions'
        return self.shown and (
            (self._options.nics == 'functions') == functions
        )

    def _add_parts(
        self, uri: str, name: str, nics: list[Nic], render: Callable
    ) -> None:
        kind = name.removesuffix('s')
        members = {f'{uri}/{name}/{nic.id}': nic for nic in nics}
        self._tree.add_collection(
            f'{uri}/{name}',
            f'{kind}Collection',
            name,
            lambda: list(members),
            lambda: self._is_shown(name),
        )
        for member, nic in members.items():
            self._tree.add(
                member,
                lambda member=member, nic=nic: render(member, nic),
                when=lambda: self._is_shown(name),
            )

    def _render_port(self, uri: str, nic: Nic) -> dict:
        if not self._modern:
            return document(
                uri,
                'NetworkPort.v1_1_0.NetworkPort',
                f'Port {nic.id}',
                Description='Port of a network adapter',
                LinkStatus='Up',
                AssociatedNetworkAddresses=[nic.shown],
                SupportedLinkCapabilities=[
                    {
                        'LinkNetworkTechnology': 'Ethernet',
                        'LinkSpeedMbps': nic.speed_mbps,
                    }
                ],
                Status=OK,
            )
        return document(
            uri,
            'Port.v1_6_0.Port',
            f'Port {nic.id}',
            Description='Port of a network adapter',
            PortProtocol='Ethernet',
            LinkStatus='LinkUp',
            CurrentSpeedGbps=nic.speed_mbps / 1000,
            MaxSpeedGbps=nic.speed_mbps / 1000,
            Ethernet={
                'AssociatedMACAddresses': [nic.shown],
                'LLDPReceive': _received(nic),
            },
            Status=OK,
        )

    def _render_function(self, uri: str, nic: Nic) -> dict:
        kind = 'v1_5_0' if self._modern else 'v1_1_0'
        return document(
            uri,
            f'NetworkDeviceFunction.{kind}.NetworkDeviceFunction',
            f'Function {nic.id}',
            Description='Function of a network adapter',
            NetDevFuncType='Ethernet',
            DeviceEnabled=True,
            Ethernet={
                'MACAddress': nic.shown,
                'PermanentMACAddress': nic.shown,
            },
            Status=OK,
        )
