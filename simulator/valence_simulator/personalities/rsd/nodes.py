# SPDX-License-Identifier: Apache-2.0
"""Composed nodes: allocate, assemble, change and delete them."""

from __future__ import annotations

import collections
import uuid

from aiohttp import web

from valence_simulator.personalities.rsd import allocation
from valence_simulator.personalities.rsd import matching
from valence_simulator.personalities.rsd import node as rendering
from valence_simulator.personalities.rsd import uris
from valence_simulator.personalities.rsd.node import KIND
from valence_simulator.personalities.rsd.node import OPTANE
from valence_simulator.personalities.rsd.node import Node
from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.boot import Boots
from valence_simulator.protocol.ids import Ids
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import collection

#: States in which a node can be reset, and resources attached.
USABLE = ('Assembled', 'Failed')


class Nodes:
    """The Nodes collection, its actions and its members."""

    def __init__(self, service):
        self._service = service
        self._tree = service.tree
        self._options = service.options
        self.members: dict[str, Node] = {}
        self.counts: collections.Counter = collections.Counter()
        self._holder: dict[str, Node] = {}
        self._ids = Ids(service.options, self.members)
        self._matcher = matching.Matcher(
            service.tree, service.pod, self.is_taken
        )
        self._tree.add(uris.NODES, self._render_collection)
        for uri in (uris.ALLOCATE, uris.USUAL_ALLOCATE):
            self._tree.add(
                uri,
                when=lambda: self._options.allocate,
                post=self._allocate,
            )

    def is_taken(self, uri: str) -> bool:
        """Return whether a node has the resource at a URI."""
        return uri in self._holder

    def holder(self, uri: str) -> Node | None:
        """Return the node that has the resource at a URI."""
        return self._holder.get(uri)

    def restart(self, forget: bool = False) -> None:
        """Fail all nodes that are being composed.

        :param forget: whether all nodes are lost.
        """
        for node in list(self.members.values()):
            if forget:
                self.remove(node)
            elif node.state in ('Allocating', 'Assembling'):
                self.fail(node, 'The pod manager was restarted.')
        self._ids.restart(forget)

    def fail(self, node: Node, why: str) -> None:
        """Set the state of a node to Failed."""
        if node.timer is not None:
            node.timer.cancel()
        node.state, node.error = 'Failed', why
        self._changed(node)

    def remove(self, node: Node) -> None:
        """Delete a node and free its resources."""
        if node.timer is not None:
            node.timer.cancel()
        for uri in node.parts():
            self._holder.pop(uri, None)
            self._tree.changed(uri)
        for volume in node.made:
            self._service.storage.delete(volume)
        self._service.power.set(node.system, 'Off')
        self._service.boots.clear(node.system)
        del self.members[node.id]
        self._tree.remove(node.uri)
        self._tree.changed(uris.NODES)
        self._service.ledger.ended(node.uri)
        self._service.notify('ResourceRemoved', node.uri)

    # The collection

    def _render_collection(self) -> dict:
        nodes = collection(
            uris.NODES,
            'ComposedNodeCollection',
            'Composed Nodes',
            self._service.visibility.listed(
                node.uri for node in self.members.values()
            ),
        )
        if self._options.allocate:
            nodes['Actions'] = {
                '#ComposedNodeCollection.Allocate': {'target': uris.ALLOCATE}
            }
        return nodes

    async def _allocate(self, call: Call) -> web.Response:
        self._service.refuse()
        self.counts['Allocate'] += 1
        if call.ignored:
            return self._service.created(
                call, f'{uris.NODES}/{self._ids.next()}'
            )
        node = self.make(call.body)
        self._service.visibility.appear(node.uri)
        self._start(node, 'Allocated', call.failure)
        self._service.notify('ResourceAdded', node.uri)
        return self._service.created(call, node.uri)

    def make(self, body: dict, node_id: str | None = None) -> Node:
        """Create the node of an Allocate request.

        :param node_id: its ID; None for the next one.
        :raises RedfishError: 400 if the request is invalid; 409 if resources
            are not available.
        """
        requested = allocation.parse(body, self._options.rsd_version)
        match = self._matcher.match(requested)
        security = requested.get('Security', {})
        node = Node(
            id=node_id or self._ids.next(),
            uuid=str(uuid.uuid4()),
            name=requested.get('Name'),
            description=requested.get('Description'),
            system=match.system,
            attached=match.pooled,
            clear_tpm=security.get('ClearTPMOnDelete', True),
            clear_optane=security.get(OPTANE, False),
        )
        self._service.remote_drives.allocate(node, requested)
        self.members[node.id] = node
        for uri in node.parts():
            self._hold(node, uri)
        self._add(node)
        self._tree.changed(uris.NODES)
        self._service.ledger.made(
            node.uri, Name=node.name, Description=node.description
        )
        return node

    # A node

    def _add(self, node: Node) -> None:
        actions = f'{node.uri}/Actions'
        handlers = {
            'ComposedNode.Assemble': self._assemble,
            'ComposedNode.Reset': self._reset,
            'ComposedNode.ForceDelete': self._force_delete,
        }
        attachments = self._service.attachments
        handlers.update(attachments.handlers(node))

        def bind(handler):
            async def handle(call: Call) -> web.Response:
                return await handler(node, call)

            return handle

        for name, handler in handlers.items():
            self._tree.add(f'{actions}/{name}', post=bind(handler))
        attachments.add_action_info(node)
        self._service.boots.add_settings(
            node.uri, KIND, node.system, lambda: self._changed(node)
        )
        self._tree.add(
            node.uri,
            lambda: rendering.render(self._service, node),
            patch=bind(self._patch),
            delete=bind(self._delete),
        )

    def _hold(self, node: Node, uri: str) -> None:
        self._holder[uri] = node
        self._tree.changed(uri)

    def attach(self, node: Node, uri: str) -> None:
        """Attach a resource to a node."""
        node.attached.append(uri)
        self._hold(node, uri)
        self._changed(node)

    def detach(self, node: Node, uri: str) -> None:
        """Detach a resource from a node."""
        node.attached.remove(uri)
        del self._holder[uri]
        self._tree.changed(uri)
        self._changed(node)

    def _start(self, node: Node, goal: str, failure: str | None) -> None:
        """Change the state after the duration of a composition."""

        def finish() -> None:
            node.timer = None
            if failure is not None:
                self.fail(node, failure)
                return
            node.state = goal
            if goal == 'Assembled':
                self._service.power.set(node.system, 'On')
            self._changed(node)

        node.timer = self._service.delays.later(
            self._options.compose_seconds, finish
        )

    def _changed(self, node: Node) -> None:
        self._tree.changed(node.uri, uris.system(node.system))
        self._service.notify('StatusChange', node.uri)

    def require(self, node: Node, *states: str) -> None:
        """:raises RedfishError: 409 if the node is in none of the states."""
        if node.state not in states:
            raise errors.RedfishError(
                409,
                'Base.1.0.ResourcesStateMismatch',
                f'The node is {node.state}; it must be {" or ".join(states)}.',
                (node.uri, node.state),
            )

    async def _assemble(self, node: Node, call: Call) -> web.Response:
        self.counts['Assemble'] += 1
        self.require(node, 'Allocated')
        if call.ignored:
            return answers.no_content()
        node.state = 'Assembling'
        self._changed(node)
        self._start(node, 'Assembled', call.failure)
        return answers.no_content()

    async def _reset(self, node: Node, call: Call) -> web.Response:
        self.counts['Reset'] += 1
        self.require(node, *USABLE)
        self._check_system(node)
        return await self._service.systems.reset(node.system, call)

    async def _patch(self, node: Node, call: Call) -> web.Response:
        body, boots = call.body, self._service.boots
        _check_patch(body, boots)
        tagged_values = _tagged_values(body)

        def shown() -> web.Response:
            if self._options.rsd_version == '2.1':
                return answers.no_content()
            return answers.ok(call.resource)

        def work() -> web.Response:
            boots.update(node.system, body.get('Boot', {}))
            node.clear_tpm = body.get('ClearTPMOnDelete', node.clear_tpm)
            node.clear_optane = body.get(OPTANE, node.clear_optane)
            node.tagged_values.update(tagged_values)
            self._changed(node)
            return shown()

        return await self._service.tasks.run(
            call, 'patch', 'Change a node', work, unchanged=shown
        )

    async def _delete(self, node: Node, call: Call) -> web.Response:
        self.counts['DELETE'] += 1
        self._check_system(node)
        return await self._release(node, call, self._options.release_seconds)

    async def _force_delete(self, node: Node, call: Call) -> web.Response:
        self.counts['ForceDelete'] += 1
        return await self._release(node, call, 0)

    async def _release(
        self, node: Node, call: Call, seconds: float
    ) -> web.Response:
        def remove() -> None:
            if self.members.get(node.id) is node:
                self.remove(node)

        def work() -> web.Response:
            if self.members.get(node.id) is not node:
                raise errors.not_found(node.uri)
            self._service.visibility.vanish(node.uri, remove)
            return answers.no_content()

        return await self._service.tasks.run(
            call, 'release', 'Delete a node', work, seconds
        )

    def _check_system(self, node: Node) -> None:
        if node.system_gone or not node.system.online:
            raise errors.RedfishError(
                503,
                'Base.1.0.ServiceUnavailable',
                'The computer system of the node cannot be reached.',
                headers={'Retry-After': '30'},
            )


def _check_patch(body: dict, boots: Boots) -> None:
    """:raises RedfishError: 400 if a property cannot be changed."""
    for name, value in body.items():
        if name == 'Boot':
            boots.check_patch(value)
        elif name in ('ClearTPMOnDelete', OPTANE):
            if not isinstance(value, bool):
                raise errors.property_type(name, value)
        elif name != 'Oem':
            raise errors.property_not_writable(name)


def _tagged_values(body: dict) -> dict:
    """Return Oem/Intel_RackScale/TaggedValues of a PATCH.

    :raises RedfishError: 400 if it is not an object.
    """
    value, path = body, ''
    for name in ('Oem', 'Intel_RackScale', 'TaggedValues'):
        value, path = value.get(name, {}), f'{path}/{name}'.lstrip('/')
        if not isinstance(value, dict):
            raise errors.property_type(path, value)
    return value
