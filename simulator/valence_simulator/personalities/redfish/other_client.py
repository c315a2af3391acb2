# SPDX-License-Identifier: Apache-2.0
"""Another client that changes blocks, for the control endpoint."""

from __future__ import annotations

from valence_simulator.personalities.redfish.blocks import Block
from valence_simulator.personalities.redfish.composition import Plan
from valence_simulator.personalities.redfish.system import ComposedSystem
from valence_simulator.protocol import errors

#: Properties of the control request and of the system.
TEXTS = {'name': 'Name', 'description': 'Description', 'asset_tag': 'AssetTag'}


class OtherClient:
    """Another client of the composition service."""

    def __init__(self, service):
        self._service = service

    def compose(self, body: dict) -> str:
        """Compose a system at once, or add blocks to an existing one.

        :param body: ``name``, ``description``, ``asset_tag``, ``id``,
            ``parts``: URIs of blocks (by default the first free Compute
            block), and ``system``: the existing system.
        :raises ValueError: if the service rejects it, or the ID is in use.
        """
        blocks = list(map(self._block, body.get('parts', ())))
        texts = {TEXTS[name]: body[name] for name in TEXTS if name in body}
        if 'system' in body:
            return self._expand(self._system(body['system']), blocks, texts)
        systems = self._service.systems
        if body.get('id') in systems.members:
            raise ValueError(f'there is a system {body["id"]} already')
        blocks = blocks or [self._free_compute()]
        self._check(blocks, [])
        plan = Plan({'Name': 'Other client', **texts}, blocks)
        return systems.build(plan, system_id=body.get('id')).uri

    def _expand(
        self, system: ComposedSystem, blocks: list[Block], texts: dict
    ) -> str:
        self._check(blocks, system.blocks)
        system.texts.update(texts)
        for block in blocks:
            self._service.systems.take(system, block)
        self._service.systems.changed(system)
        return system.uri

    def _check(self, blocks: list[Block], kept: list[Block]) -> None:
        try:
            self._service.planner.check(blocks, kept=kept)
        except errors.RedfishError as error:
            raise ValueError(str(error)) from error

    def _free_compute(self) -> Block:
        for block in self._service.blocks.blocks.values():
            free = self._service.sharing.is_free(block)
            if free and block.type == 'Compute':
                return block
        raise ValueError('no Compute block is free')

    def move(self, part: str, to: str | None) -> None:
        """Move a block from its system to another one."""
        systems, block = self._service.systems, self._block(part)
        goal = None if to is None else self._system(to)
        holder = systems.members.get(block.system or '')
        if holder is not None:
            systems.give_back(holder, block)
            systems.changed(holder)
        if goal is not None:
            systems.take(goal, block)
            systems.changed(goal)

    def reserve(self, body: dict) -> str:
        """Reserve blocks.

        :param body: ``parts``: URIs of blocks, ``client``: the owner, and
            ``listed``: whether to create a reservation resource, which keeps
            others from using the blocks; without it, only the blocks show the
            reservation.
        """
        blocks = list(map(self._block, body.get('parts', ())))
        client = str(body.get('client', 'other-client'))
        uri = ''
        if body.get('listed', True):
            if self._service.manifests is None:
                raise ValueError('the service has no reservations')
            uri = self._service.manifests.reserve({}, blocks, client).uri
        for block in blocks:
            block.reserved, block.client = True, client
            self._service.block_changed(block)
            # An existing system then belongs to the client, although it is not
            # composed.
            if block.system is not None:
                system = self._service.systems.members[block.system]
                self._service.ledger.made(system.uri, Client=client)
        return uri or blocks[0].uri

    def _block(self, uri: str) -> Block:
        """:raises KeyError: if the block does not exist."""
        block = self._service.blocks.find(uri)
        if block is None:
            raise KeyError(uri)
        return block

    def _system(self, uri: str) -> ComposedSystem:
        """:raises KeyError: if the system does not exist."""
        system = self._service.systems.find(uri)
        if system is None:
            raise KeyError(uri)
        return system
