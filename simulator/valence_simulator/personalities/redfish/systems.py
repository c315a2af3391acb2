# SPDX-License-Identifier: Apache-2.0
"""Composed systems: create, change and delete them."""

from __future__ import annotations

import uuid

from aiohttp import web

from valence_simulator.personalities.redfish import capabilities
from valence_simulator.personalities.redfish import required
from valence_simulator.personalities.redfish import uris
from valence_simulator.personalities.redfish.blocks import Block
from valence_simulator.personalities.redfish.changes import Changes
from valence_simulator.personalities.redfish.composition import TEXTS
from valence_simulator.personalities.redfish.composition import Plan
from valence_simulator.personalities.redfish.composition import check_text
from valence_simulator.personalities.redfish.system import KIND
from valence_simulator.personalities.redfish.system import ComposedSystem
from valence_simulator.personalities.redfish.system import render
from valence_simulator.personalities.redfish.system_parts import SystemParts
from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.ids import Ids
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import Resource
from valence_simulator.protocol.resources import collection


class Systems:
    """The Systems collection, and how it changes."""

    def __init__(self, service):
        self._service = service
        self._tree = service.tree
        self.members: dict[str, ComposedSystem] = {}
        self._changes = Changes(service)
        self._parts = SystemParts(service)
        self.ids = Ids(service.options, self.members)
        # An expansion box does not compose; its systems are expanded.
        ways = service.options.compose_by
        self._tree.add(
            uris.SYSTEMS,
            self._render_collection,
            **({'post': self._compose} if ways else {}),
        )
        if 'specific' in ways:
            self._tree.add(
                uris.SPECIFIC,
                lambda: self._with_required(capabilities.specific()),
            )
        if 'constrained' in ways:
            inline = service.options.inline_capabilities
            self._tree.add(
                uris.CONSTRAINED,
                lambda: self._with_required(capabilities.constrained(inline)),
            )

    def _with_required(self, shown: dict) -> dict:
        properties = self._service.options.required_on_create
        return required.annotate(shown, required.parse(properties))

    def claim(self, plan: Plan) -> None:
        """Claim the blocks of a plan."""
        plan.claimed = True
        for block in plan.blocks:
            block.claims += 1
            if not self._service.sharing.is_shared(block):
                self._service.set_state(block, 'Composing')

    @staticmethod
    def unclaim(plan: Plan) -> None:
        """End the claim on the blocks of a plan: they are in use, or free."""
        for block in plan.blocks if plan.claimed else ():
            block.claims -= 1
        plan.claimed = False

    def release(self, plan: Plan) -> None:
        """Free the blocks of a plan."""
        self.unclaim(plan)
        for block in plan.blocks:
            state = self._service.sharing.state_of(block)
            self._service.set_state(block, state)

    def build(
        self,
        plan: Plan,
        expandable: bool = False,
        system_id: str | None = None,
    ) -> ComposedSystem:
        """Create the system of a plan whose blocks are claimed.

        :param expandable: whether it exists permanently.
        :param system_id: its ID; None for the next one.
        """
        self.unclaim(plan)
        texts = {k: v for k, v in plan.body.items() if k in TEXTS}
        system = ComposedSystem(
            system_id or self.ids.next(),
            str(uuid.uuid4()),
            texts,
            [],
            expandable,
        )
        self._service.boots.update(system, plan.body.get('Boot', {}))
        self.members[system.id] = system
        for block in plan.blocks:
            self.take(system, block)
        self._add(system)
        self._tree.changed(uris.SYSTEMS)
        if not expandable:
            self._service.ledger.made(system.uri, **texts)
        self._service.notify('ResourceAdded', system.uri)
        return system

    def decompose(self, system: ComposedSystem) -> None:
        """Decompose a system and free its blocks."""
        for block in list(system.blocks):
            self.give_back(system, block)
        del self.members[system.id]
        self._service.boots.clear(system)
        self._tree.remove(system.uri)
        self._tree.changed(uris.SYSTEMS)
        self._service.ledger.ended(system.uri)
        self._service.notify('ResourceRemoved', system.uri)

    def restart(self, forget: bool) -> None:
        """Restart the ID counter, or delete all compositions."""
        for system in list(self.members.values()):
            if forget and not system.expandable:
                self.decompose(system)
            elif forget:
                for block in system.blocks[1:]:
                    self.give_back(system, block)
                self.changed(system)
        self.ids.restart(forget)

    def find(self, uri: str) -> ComposedSystem | None:
        """Return the system at a URI."""
        head, _, system_id = uri.rpartition('/')
        return self.members.get(system_id) if head == uris.SYSTEMS else None

    def changed(self, system: ComposedSystem) -> None:
        """Render a system and its current parts again."""
        self._parts.remove(system)
        self._parts.add(system)
        self._tree.changed(system.uri)
        self._service.notify('ResourceUpdated', system.uri)

    def take(self, system: ComposedSystem, block: Block) -> None:
        """Add a block to a system."""
        system.blocks.append(block)
        block.systems.append(system.id)
        block.reservation, block.pool = None, 'Active'
        block.erased = False
        self._service.set_state(block, self._service.sharing.state_of(block))
        self._settle_host(system)

    def give_back(self, system: ComposedSystem, block: Block) -> None:
        """Remove a block from a system; a block that is free is ignored."""
        if block not in system.blocks:
            return
        system.blocks.remove(block)
        block.systems.remove(system.id)
        if not block.systems:
            block.pool = 'Free'
        self._service.set_state(block, self._service.sharing.state_of(block))
        self._settle_host(system)

    def settle(self, block: Block) -> None:
        """A permanent system may have no owner any more."""
        for system_id in block.systems:
            self._settle_host(self.members[system_id])

    def _settle_host(self, system: ComposedSystem) -> None:
        """A permanent system is composed when a block is added to it."""
        if not system.expandable or not system.blocks:
            return
        host = system.blocks[0]
        state = 'Composed' if len(system.blocks) > 1 else 'Unused'
        if state == 'Composed':
            self._service.ledger.made(system.uri, **system.texts)
        else:
            self._service.ledger.ended(system.uri)
        if host.state in ('Composed', 'Unused') and host.state != state:
            self._service.set_state(host, state)

    def check_there(self, system: ComposedSystem) -> None:
        """Check that a system was not deleted during an operation.

        :raises RedfishError: 404.
        """
        if self.members.get(system.id) is not system:
            raise errors.not_found(system.uri)

    # The collection

    def _render_collection(self) -> dict:
        systems = collection(
            uris.SYSTEMS,
            'ComputerSystemCollection',
            'Computer Systems',
            self._service.visibility.listed(
                system.uri for system in self.members.values()
            ),
        )
        options = self._service.options
        if options.compose_by and options.capabilities_on == 'systems':
            systems['@Redfish.CollectionCapabilities'] = (
                self._service.capabilities()
            )
        return systems

    async def _compose(self, call: Call) -> web.Response:
        self._service.refuse()
        self._service.counts['Compose'] += 1
        plan = self._service.planner.plan(call.body)
        self.claim(plan)

        def work() -> web.Response:
            uri = self.build(plan).uri
            self._service.visibility.appear(uri)
            return self._service.created(call, uri)

        return await self._service.tasks.run(
            call,
            'compose',
            'Compose a system',
            work,
            self._service.options.compose_seconds,
            lambda: self.release(plan),
            lambda: self._service.created(
                call, f'{uris.SYSTEMS}/{self.ids.next()}'
            ),
        )

    # A system

    def _add(self, system: ComposedSystem) -> Resource:
        handlers = {'patch': self._patch}
        if not system.expandable:
            handlers['delete'] = self._delete
        actions = {
            'Reset': self._reset,
            'AddResourceBlock': self._changes.add,
            'RemoveResourceBlock': self._changes.remove,
            'Decommission': self._changes.decommission,
        }

        def bind(handler):
            async def handle(call: Call) -> web.Response:
                return await handler(system, call)

            return handle

        resource = self._tree.add(
            system.uri,
            lambda: render(self._service, system),
            **{method: bind(handler) for method, handler in handlers.items()},
        )
        for name, handler in actions.items():
            self._tree.add(
                f'{system.uri}/Actions/ComputerSystem.{name}',
                when=lambda name=name: self._has_action(name),
                post=bind(handler),
            )
        self._parts.add(system)
        self._service.boots.add_settings(
            system.uri, KIND, system, lambda: self._tree.changed(system.uri)
        )
        return resource

    def _has_action(self, name: str) -> bool:
        on_blocks = name in ('AddResourceBlock', 'RemoveResourceBlock')
        return not on_blocks or 'actions' in self._service.options.blocks_by

    async def _reset(self, system: ComposedSystem, call: Call):
        kind = self._service.power.type_of(call.body)

        def changed() -> None:
            self._tree.changed(system.uri)
            nics = f'{system.uri}/EthernetInterfaces'
            self._tree.changed(*self._tree.below(nics))
            self._service.notify('StatusChange', system.uri)

        def work() -> web.Response:
            self._service.boots.apply(system)
            self._service.power.reset(system, kind, changed)
            return answers.no_content()

        return await self._service.tasks.run(
            call, 'reset', 'Reset a system', work
        )

    async def _patch(self, system: ComposedSystem, call: Call):
        body = call.body
        if 'Links' in body:
            self._service.refuse()
        for name, value in body.items():
            if name == 'Boot':
                self._service.boots.check_patch(value)
            elif name in ('HostName', 'AssetTag'):
                check_text(name, value)
            elif name != 'Links' or not self._changes.by_patch:
                raise errors.property_not_writable(name)

        def work() -> web.Response:
            self.check_there(system)
            if 'Links' in body:
                self._changes.replace(system, body['Links'])
            self._service.boots.update(system, body.get('Boot', {}))
            texts = {k: v for k, v in body.items() if k in TEXTS}
            system.texts.update(texts)
            self._service.ledger.renamed(system.uri, **texts)
            self.changed(system)
            return answers.ok(self._tree[system.uri])

        return await self._service.tasks.run(
            call,
            'patch',
            'Change a system',
            work,
            unchanged=lambda: answers.ok(self._tree[system.uri]),
        )

    async def _delete(self, system: ComposedSystem, call: Call):
        self._service.counts['DELETE'] += 1

        def work() -> web.Response:
            if self.members.get(system.id) is system:
                self._service.visibility.vanish(system.uri, decompose)
            return answers.no_content()

        def decompose() -> None:
            if self.members.get(system.id) is system:
                self.decompose(system)

        return await self._service.tasks.run(
            call,
            'release',
            'Decompose a system',
            work,
            self._service.options.release_seconds,
        )
