# SPDX-License-Identifier: Apache-2.0
"""Resource blocks, zones, pools and chassis as resources."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from aiohttp import web

from valence_simulator.hardware import Chassis
from valence_simulator.personalities.redfish import parts
from valence_simulator.personalities.redfish import uris
from valence_simulator.personalities.redfish.blocks import Block
from valence_simulator.personalities.redfish.blocks import BlockPod
from valence_simulator.personalities.redfish.sharing import Sharing
from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.adapters import Adapters
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import Tree
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.resources import links

POOLS = ('Free', 'Active', 'Unassigned')


class Inventory:
    """The inventory of a composition service.

    :param changed: called with a block whose state has changed.
    """

    def __init__(
        self,
        tree: Tree,
        pod: BlockPod,
        sharing: Sharing,
        adapters: Adapters,
        options: argparse.Namespace,
        changed: Callable[[Block], None],
    ):
        self._tree = tree
        self._pod = pod
        self._sharing = sharing
        self._adapters = adapters
        self._options = options
        self._changed = changed
        self._add_collections()
        for block in pod.blocks.values():
            self.add(block)
        self.sync()

    def _add_collections(self) -> None:
        add, pod = self._tree.add_collection, self._pod
        for uri, name, members in (
            (
                uris.BLOCKS,
                'Resource Blocks',
                lambda: [block.uri for block in pod.blocks.values()],
            ),
            (uris.FREE_POOL, 'Free Pool', lambda: self._pool('Free')),
            (uris.ACTIVE_POOL, 'Active Pool', lambda: self._pool('Active')),
        ):
            add(uri, 'ResourceBlockCollection', name, members)
        add(
            uris.ZONES,
            'ZoneCollection',
            'Resource Zones',
            lambda: [f'{uris.ZONES}/{zone}' for zone in pod.zones],
        )
        add(
            uris.CHASSIS,
            'ChassisCollection',
            'Chassis',
            lambda: [f'{uris.CHASSIS}/{c}' for c in pod.pod.chassis],
        )

    def add(self, block: Block) -> None:
        """Add a block and its parts to the tree."""

        async def patch(call: Call) -> web.Response:
            self._update(block, call.body)
            self._changed(block)
            return answers.ok(self._tree[block.uri])

        self._tree.add(
            block.uri, lambda: self._render_block(block), patch=patch
        )
        for name, (attribute, render) in parts.PARTS.items():
            for part in getattr(block, attribute):
                uri = f'{block.uri}/{name}/{part.id}'
                self._tree.add(
                    uri,
                    lambda uri=uri, part=part, render=render: render(
                        uri, part
                    ),
                    when=self._when(name),
                )
        if block.nics:
            self._adapters.add(block.adapter, block.nics)
            self._adapters.add_interface(
                f'{block.uri}/NetworkInterfaces/1', block.adapter
            )
        if block.drives:
            parts.add_storage(
                self._tree, f'{block.uri}/Storage/1', block.drives
            )

    def _when(self, name: str) -> Callable[[], bool] | None:
        if name != 'EthernetInterfaces':
            return None
        return lambda: self._adapters.has_interfaces

    def _render_block(self, block: Block) -> dict:
        return _render_block(
            block, self._sharing, self._adapters, self._options.block_types
        )

    def sync(self) -> None:
        """Add the current zones and chassis to the tree."""
        for uri in self._tree.below(uris.ZONES):
            if uri.rsplit('/', 1)[1] not in self._pod.zones:
                self._tree.remove(uri)
        for zone in self._pod.zones:
            uri = f'{uris.ZONES}/{zone}'
            if uri not in self._tree:
                self._tree.add(uri, lambda zone=zone: self._render_zone(zone))
            self._tree.changed(uri)
        for chassis in self._pod.pod.chassis.values():
            uri = f'{uris.CHASSIS}/{chassis.id}'
            if uri not in self._tree:
                self._tree.add(
                    uri, lambda chassis=chassis: self._render_chassis(chassis)
                )
                self._adapters.add_collection(
                    f'{uri}/NetworkAdapters',
                    lambda chassis=chassis: [
                        block.adapter
                        for block in self._pod.blocks.values()
                        if block.chassis is chassis and block.nics
                    ],
                )
            self._tree.changed(uri)
        self._tree.changed(uris.BLOCKS, uris.ZONES, uris.CHASSIS)
        self._tree.changed(uris.FREE_POOL, uris.ACTIVE_POOL)

    def _pool(self, pool: str) -> list[str]:
        return [b.uri for b in self._pod.blocks.values() if b.pool == pool]

    def _update(self, block: Block, body: dict) -> None:
        """Change the notes of a block.

        :raises RedfishError: 400; then nothing is changed.
        """
        status = body.get('CompositionStatus', {})
        if not isinstance(status, dict):
            raise errors.property_type('CompositionStatus', status)
        for name, value in status.items():
            path = f'CompositionStatus/{name}'
            shared = name == 'SharingEnabled' and self._sharing.is_capable(
                block
            )
            if name != 'Reserved' and not shared:
                raise errors.property_not_writable(path)
            if not isinstance(value, bool):
                raise errors.property_type(path, value)
        for name, value in body.items():
            if name not in ('CompositionStatus', 'Pool', 'Client'):
                raise errors.property_not_writable(name)
            if name == 'Pool' and value not in POOLS:
                raise errors.property_value(name, value)
        block.reserved = status.get('Reserved', block.reserved)
        block.sharing = status.get('SharingEnabled', block.sharing)
        block.pool = body.get('Pool', block.pool)
        block.client = body.get('Client', block.client)

    def _render_zone(self, zone: str) -> dict:
        return document(
            f'{uris.ZONES}/{zone}',
            'Zone.v1_6_0.Zone',
            f'Resource {zone}',
            Description='Blocks that can be composed with each other',
            ZoneType='ZoneOfResourceBlocks',
            Status={'State': 'Enabled', 'Health': 'OK'},
            Links={'ResourceBlocks': links(b.uri for b in self._blocks(zone))},
        )

    def _blocks(self, zone: str) -> list[Block]:
        return self._pod.zones[zone]

    def _render_chassis(self, chassis: Chassis) -> dict:
        above = {}
        if chassis.parent is not None:
            uri = f'{uris.CHASSIS}/{chassis.parent.id}'
            above = {'ContainedBy': link(uri)}
        blocks = [b for b in self._pod.blocks.values() if b.chassis is chassis]
        return document(
            f'{uris.CHASSIS}/{chassis.id}',
            'Chassis.v1_14_0.Chassis',
            chassis.name,
            Description=f'{chassis.type} of the pod',
            ChassisType=chassis.type,
            Manufacturer='Contoso',
            Model=f'Simulated {chassis.type.lower()}',
            SerialNumber=chassis.serial,
            Status={'State': 'Enabled', 'Health': 'OK'},
            **self._adapters.links(
                f'{uris.CHASSIS}/{chassis.id}/NetworkAdapters'
            ),
            Links={
                **above,
                'Contains': links(
                    f'{uris.CHASSIS}/{c.id}' for c in chassis.children
                ),
                'ResourceBlocks': links(b.uri for b in blocks),
                'ManagedBy': [link(uris.MANAGER)],
            },
        )


def _render_block(
    block: Block, sharing: Sharing, adapters: Adapters, form: str
) -> dict:
    shown = {
        name: links(f'{block.uri}/{name}/{p.id}' for p in has)
        for name, (attribute, _) in parts.PARTS.items()
        if (has := getattr(block, attribute))
    }
    if block.nics and not adapters.has_interfaces:
        del shown['EthernetInterfaces']
    if block.nics and adapters.shown:
        shown['NetworkInterfaces'] = [link(f'{block.uri}/NetworkInterfaces/1')]
    if block.drives:
        shown['Storage'] = [link(f'{block.uri}/Storage/1')]
        shown['Drives'] = links(
            f'{block.uri}/Storage/1/Drives/{d.id}' for d in block.drives
        )
    types = {'ResourceBlockType': [block.type] if form == 'present' else []}
    if form == 'missing':
        types = {}
    return document(
        block.uri,
        'ResourceBlock.v1_4_0.ResourceBlock',
        f'Block {block.id}',
        Description=f'{block.type} in {block.chassis.name}',
        **types,
        Status={'State': 'Enabled', 'Health': block.health},
        CompositionStatus=sharing.status(block),
        Pool=block.pool,
        Client=block.client,
        Links={
            'Chassis': [link(f'{uris.CHASSIS}/{block.chassis.id}')],
            'Zones': links(f'{uris.ZONES}/{zone}' for zone in block.zones),
            'ComputerSystems': links(
                f'{uris.SYSTEMS}/{system}' for system in block.systems
            ),
        },
        **shown,
    )
