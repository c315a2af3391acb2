# SPDX-License-Identifier: Apache-2.0
"""The resources below a composed system: the parts of its blocks."""

from __future__ import annotations

from collections.abc import Callable

from valence_simulator.hardware import Nic
from valence_simulator.personalities.redfish import parts
from valence_simulator.personalities.redfish.system import ComposedSystem

#: Properties of a system, and the type of their members.
KINDS = {
    'Processors': 'Processor',
    'Memory': 'Memory',
}


class SystemParts:
    """Adds the resources below systems, and removes them."""

    def __init__(self, service):
        self._service = service
        self._tree = service.tree

    def remove(self, system: ComposedSystem) -> None:
        """Remove the parts of a system from the tree."""
        for name in (*parts.PARTS, 'Storage', 'NetworkInterfaces'):
            self._tree.remove(f'{system.uri}/{name}')

    def add(self, system: ComposedSystem) -> None:
        """Add the present parts of a system to the tree."""
        self._add_adapters(system)
        for name, (attribute, show) in parts.PARTS.items():
            uri = f'{system.uri}/{name}'
            members = {
                f'{uri}/{block.id}-{part.id}': part
                for block in system.blocks
                for part in getattr(block, attribute)
            }
            if name == 'EthernetInterfaces':
                self._add_nics(system, members)
                continue
            self._add_collection(uri, KINDS[name], members, show)
        self._add_storage(system)

    def _add_storage(self, system: ComposedSystem) -> None:
        storages = [block for block in system.blocks if block.drives]
        uri = f'{system.uri}/Storage'
        self._tree.add_collection(
            uri,
            'StorageCollection',
            'Storage',
            lambda: [f'{uri}/{block.id}' for block in storages],
        )
        for block in storages:
            parts.add_storage(self._tree, f'{uri}/{block.id}', block.drives)

    def _add_nics(self, system: ComposedSystem, members: dict) -> None:
        uri, adapters = (
            f'{system.uri}/EthernetInterfaces',
            self._service.adapters,
        )

        def show(member: str, nic: Nic) -> dict:
            return parts.render_nic(member, nic, self._is_up(system))

        self._tree.add_collection(
            uri,
            'EthernetInterfaceCollection',
            'EthernetInterface',
            lambda: list(members) if adapters.has_interfaces else [],
        )
        for member, nic in members.items():
            self._tree.add(
                member,
                lambda member=member, nic=nic: show(member, nic),
                when=lambda: adapters.has_interfaces,
            )

    def _is_up(self, system: ComposedSystem) -> bool:
        return system.power != 'Off' or not self._service.options.links_down

    def _add_adapters(self, system: ComposedSystem) -> None:
        uri, adapters = (
            f'{system.uri}/NetworkInterfaces',
            self._service.adapters,
        )
        blocks = [block for block in system.blocks if block.nics]
        adapters.add_collection(
            uri, lambda: [f'{uri}/{block.id}' for block in blocks]
        )
        for block in blocks:
            adapters.add_interface(f'{uri}/{block.id}', block.adapter)

    def _add_collection(
        self, uri: str, kind: str, members: dict, show: Callable
    ) -> None:
        self._tree.add_collection(
            uri, f'{kind}Collection', kind, lambda: list(members)
        )
        for member, part in members.items():
            self._tree.add(
                member,
                lambda member=member, part=part: show(member, part),
            )
