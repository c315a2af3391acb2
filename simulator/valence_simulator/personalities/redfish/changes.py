# SPDX-License-Identifier: Apache-2.0
"""Changes of a composed system: its blocks, and the data on them."""

from __future__ import annotations

from aiohttp import web

from valence_simulator.personalities.redfish.blocks import Block
from valence_simulator.personalities.redfish.composition import Plan
from valence_simulator.personalities.redfish.system import DECOMMISSION_TYPES
from valence_simulator.personalities.redfish.system import ComposedSystem
from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.resources import Call


class Changes:
    """The actions on the blocks of systems."""

    def __init__(self, service):
        self._service = service

    @property
    def by_patch(self) -> bool:
        """Return whether PATCH can change the blocks of a system."""
        return bool({'places', 'list'} & set(self._service.options.blocks_by))

    def replace(self, system: ComposedSystem, given: object) -> None:
        """Change Links/ResourceBlocks as ``--blocks-by`` says.

        :raises RedfishError: 400 or 409; then nothing is changed.
        """
        entries = None
        if isinstance(given, dict):
            entries = given.get('ResourceBlocks')
        if not isinstance(entries, list):
            raise errors.property_type('Links/ResourceBlocks', entries)
        places = list(system.blocks)
        if 'places' in self._service.options.blocks_by:
            kept, new = self._by_places(entries, places)
        else:
            requested = [self._service.planner.block_at(e) for e in entries]
            kept = [block for block in requested if block in places]
            new = [block for block in requested if block not in places]
        self._service.planner.check(new, kept=kept)
        for block in places:
            if block not in kept:
                self._service.systems.give_back(system, block)
        for block in new:
            self._service.systems.take(system, block)

    def _by_places(
        self, entries: list, places: list[Block]
    ) -> tuple[list[Block], list[Block]]:
        """Compare the entries of a PATCH with the current blocks.

        {} keeps an entry, null removes it, a link sets it; further entries do
        not change.

        :returns: the blocks that remain, and the new ones.
        """
        kept, new = [], []
        for n, entry in enumerate(entries):
            if entry == {} and n < len(places):
                kept.append(places[n])
            elif entry is not None and entry != {}:
                block = self._service.planner.block_at(entry)
                (kept if block in places else new).append(block)
        return [*kept, *places[len(entries) :]], new

    async def add(self, system: ComposedSystem, call: Call) -> web.Response:
        """AddResourceBlock."""
        self._service.refuse()
        block = self._block_of(system, call.body)
        self._service.planner.check([block], kept=system.blocks)
        self._service.counts['AddResourceBlock'] += 1
        systems, plan = self._service.systems, Plan({}, [block])
        systems.claim(plan)

        def work() -> web.Response:
            systems.check_there(system)
            systems.unclaim(plan)
            systems.take(system, block)
            systems.changed(system)
            return answers.no_content()

        return await self._service.tasks.run(
            call,
            'change',
            'Add a resource block',
            work,
            self._service.options.compose_seconds,
            lambda: systems.release(plan),
        )

    async def remove(self, system: ComposedSystem, call: Call) -> web.Response:
        """RemoveResourceBlock."""
        block = self._block_of(system, call.body)
        if block not in system.blocks:
            raise errors.conflict(f'{block.uri} is no part of the system.')
        if block.type == 'Compute':
            raise errors.conflict('A system keeps its Compute block.')
        self._service.counts['RemoveResourceBlock'] += 1

        def work() -> web.Response:
            self._service.systems.check_there(system)
            self._service.systems.give_back(system, block)
            self._service.systems.changed(system)
            return answers.no_content()

        return await self._service.tasks.run(
            call,
            'change',
            'Remove a resource block',
            work,
            self._service.options.compose_seconds,
        )

    async def decommission(
        self, system: ComposedSystem, call: Call
    ) -> web.Response:
        """Decommission: erase the data on the blocks of a system."""
        types = call.body.get('DecommissionTypes')
        if not isinstance(types, list):
            raise errors.property_missing('DecommissionTypes')
        for kind in types:
            if kind not in DECOMMISSION_TYPES:
                raise errors.property_value('DecommissionTypes', kind)
        self._check_etag('ComputerSystemETag', system.uri, call.body)
        secure = call.body.get('RequireSecureErase') is True
        if secure and not self._service.options.secure_erase:
            raise errors.RedfishError(
                501,
                'Base.1.5.GeneralError',
                'The drives cannot be erased securely.',
            )
        self._service.counts['Decommission'] += 1

        def work() -> web.Response:
            self._service.systems.check_there(system)
            for block in system.blocks:
                block.erased |= bool({'All', 'UserData'} & set(types))
            return answers.no_content()

        return await self._service.tasks.run(
            call,
            'erase',
            'Decommission a system',
            work,
            self._service.options.release_seconds,
        )

    def _block_of(self, system: ComposedSystem, body: dict) -> Block:
        """Return the block of an action, after checking its ETags.

        :raises RedfishError: 400; 428 if an ETag is wrong.
        """
        if 'ResourceBlock' not in body:
            raise errors.property_missing('ResourceBlock')
        block = self._service.planner.block_at(body['ResourceBlock'])
        self._check_etag('ResourceBlockETag', block.uri, body)
        self._check_etag('ComputerSystemETag', system.uri, body)
        return block

    def _check_etag(self, name: str, uri: str, body: dict) -> None:
        etag = self._service.tree[uri].etag
        if etag is not None and body.get(name, '*') not in ('*', etag):
            raise errors.precondition_required()
