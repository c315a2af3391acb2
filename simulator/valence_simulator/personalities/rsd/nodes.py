# SPDX-License-Identifier: Apache-2.0
"""Composed nodes: allocated, assembled, changed and deleted."""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import uuid

from aiohttp import web

from valence_simulator.hardware import System
from valence_simulator.hardware import Volume
from valence_simulator.personalities.rsd import allocation
from valence_simulator.personalities.rsd import matching
from valence_simulator.personalities.rsd import systems
from valence_simulator.personalities.rsd import uris
from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import Resource
from valence_simulator.protocol.resources import collection
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.resources import links

#: States in which a node can be reset, and have resources attached.
USABLE = ('Assembled', 'Failed')
OPTANE = 'ClearOptaneDCPersistentMemoryOnDelete'


@dataclasses.dataclass
class Node:
    """A node, and what it holds."""

    id: str
    uuid: str
    name: str
    description: str | None
    system: System
    state: str = 'Allocating'
    error: str | None = None
    #: URIs of the pooled drives and remote volumes attached.
    attached: list[str] = dataclasses.field(default_factory=list)
    #: Volumes that were made for it and go with it.
    made: list[Volume] = dataclasses.field(default_factory=list)
    clear_tpm: bool = True
    clear_optane: bool = False
    tagged_values: dict = dataclasses.field(default_factory=dict)
    system_gone: bool = False
    timer: asyncio.TimerHandle | None = None

    @property
    def uri(self) -> str:
        return f'{uris.NODES}/{self.id}'

    def parts(self) -> list[str]:
        """The URIs of all that the node holds."""
        return [
            uris.system(self.system),
            *(uris.drive(self.system.sled, d) for d in self.system.drives),
            *self.attached,
        ]


class Nodes:
    """The Nodes collection, its actions and its members."""

    def __init__(self, service):
        self._service = service
        self._tree = service.tree
        self._options = service.options
        self.members: dict[str, Node] = {}
        self.counts: collections.Counter = collections.Counter()
        self._holder: dict[str, Node] = {}
        self._next = 0
        self._matcher = matching.Matcher(
            service.tree, service.pod, self.is_taken
        )
        self._tree.add(uris.NODES, self._render_collection)
        for uri in (uris.ALLOCATE, uris.USUAL_ALLOCATE):
            self._tree.add(uri, post=self._allocate)

    def is_taken(self, uri: str) -> bool:
        """Whether a node has the resource at a URI."""
        return uri in self._holder

    def holder(self, uri: str) -> Node | None:
        """The node that has the resource at a URI."""
        return self._holder.get(uri)

    def restart(self) -> None:
        """What was under way is lost: it never becomes more than Failed."""
        for node in self.members.values():
            if node.state in ('Allocating', 'Assembling'):
                self.fail(node, 'The pod manager was restarted.')

    def fail(self, node: Node, why: str) -> None:
        """Make a node Failed."""
        if node.timer is not None:
            node.timer.cancel()
        node.state, node.error = 'Failed', why
        self._changed(node)

    def remove(self, node: Node) -> None:
        """Let a node go, and free what it held."""
        if node.timer is not None:
            node.timer.cancel()
        for uri in node.parts():
            self._holder.pop(uri, None)
            self._tree.changed(uri)
        for volume in node.made:
            self._service.storage.delete(volume)
        node.system.power = 'Off'
        node.system.boot.update(
            BootSourceOverrideEnabled='Disabled',
            BootSourceOverrideTarget='None',
        )
        del self.members[node.id]
        self._tree.remove(node.uri)
        self._tree.changed(uris.NODES)
        self._service.notify('ResourceRemoved', node.uri)

    # The collection

    def _render_collection(self) -> dict:
        nodes = collection(
            uris.NODES,
            'ComposedNodeCollection',
            'Composed Nodes',
            [node.uri for node in self.members.values()],
        )
        nodes['Actions'] = {
            '#ComposedNodeCollection.Allocate': {'target': uris.ALLOCATE}
        }
        return nodes

    async def _allocate(self, call: Call) -> web.Response:
        self.counts['Allocate'] += 1
        wanted = allocation.parse(call.body, self._options.rsd_version)
        match = self._matcher.match(wanted)
        security = wanted.get('Security', {})
        self._next += 1
        node = Node(
            id=str(self._next),
            uuid=str(uuid.uuid4()),
            name=wanted.get('Name', f'Composed Node {self._next}'),
            description=wanted.get('Description'),
            system=match.system,
            attached=match.pooled,
            clear_tpm=security.get('ClearTPMOnDelete', True),
            clear_optane=security.get(OPTANE, False),
        )
        self._service.remote_drives.allocate(node, wanted)
        self.members[node.id] = node
        for uri in node.parts():
            self._hold(node, uri)
        resource = self._add(node)
        self._tree.changed(uris.NODES)
        self._start(node, 'Allocated', call.failure)
        self._service.notify('ResourceAdded', node.uri)
        return answers.created(resource)

    # A node

    def _add(self, node: Node) -> Resource:
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
        return self._tree.add(
            node.uri,
            lambda: self._render(node),
            patch=bind(self._patch),
            delete=bind(self._delete),
        )

    def _hold(self, node: Node, uri: str) -> None:
        self._holder[uri] = node
        self._tree.changed(uri)

    def attach(self, node: Node, uri: str) -> None:
        """Give a node one more resource."""
        node.attached.append(uri)
        self._hold(node, uri)
        self._changed(node)

    def detach(self, node: Node, uri: str) -> None:
        """Take a resource away from a node."""
        node.attached.remove(uri)
        del self._holder[uri]
        self._tree.changed(uri)
        self._changed(node)

    def _start(self, node: Node, goal: str, failure: str | None) -> None:
        """Reach a state after the time that composing takes."""

        def finish() -> None:
            node.timer = None
            if failure is not None:
                self.fail(node, failure)
                return
            node.state = goal
            if goal == 'Assembled':
                node.system.power = 'On'
            self._changed(node)

        node.timer = asyncio.get_running_loop().call_later(
            self._options.compose_seconds, finish
        )

    def _changed(self, node: Node) -> None:
        self._tree.changed(node.uri, uris.system(node.system))
        self._service.notify('StatusChange', node.uri)

    def require(self, node: Node, *states: str) -> None:
        """:raises RedfishError: 409, the node is in none of the states."""
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
        node.state = 'Assembling'
        self._changed(node)
        self._start(node, 'Assembled', call.failure)
        return answers.no_content()

    async def _reset(self, node: Node, call: Call) -> web.Response:
        self.counts['Reset'] += 1
        self.require(node, *USABLE)
        self._check_system(node)
        systems.reset(node.system, call.body)
        self._changed(node)
        self._service.notify('StatusChange', uris.system(node.system))
        return answers.no_content()

    async def _patch(self, node: Node, call: Call) -> web.Response:
        body = call.body
        _check_patch(body)
        tagged_values = _tagged_values(body)
        node.system.boot.update(body.get('Boot', {}))
        node.clear_tpm = body.get('ClearTPMOnDelete', node.clear_tpm)
        node.clear_optane = body.get(OPTANE, node.clear_optane)
        node.tagged_values.update(tagged_values)
        self._changed(node)
        if self._options.rsd_version == '2.1':
            return answers.no_content()
        return answers.ok(self._tree[node.uri])

    async def _delete(self, node: Node, call: Call) -> web.Response:
        self.counts['DELETE'] += 1
        self._check_system(node)
        if self._options.release_seconds:
            await asyncio.sleep(self._options.release_seconds)
        if call.failure is not None:
            raise errors.RedfishError(
                500, 'Base.1.0.GeneralError', call.failure
            )
        if node.id not in self.members:
            raise errors.not_found(node.uri)
        self.remove(node)
        return answers.no_content()

    async def _force_delete(self, node: Node, call: Call) -> web.Response:
        self.counts['ForceDelete'] += 1
        self.remove(node)
        return answers.no_content()

    def _check_system(self, node: Node) -> None:
        if node.system_gone or not node.system.online:
            raise errors.RedfishError(
                503,
                'Base.1.0.ServiceUnavailable',
                'The computer system of the node cannot be reached.',
                headers={'Retry-After': '30'},
            )

    def _render(self, node: Node) -> dict:
        system, actions = node.system, f'{node.uri}/Actions'
        health = 'OK' if node.state != 'Failed' else 'Critical'
        state = 'Enabled' if node.state == 'Assembled' else 'Disabled'
        drives = [uris.drive(system.sled, d) for d in system.drives]
        return document(
            node.uri,
            'ComposedNode.v1_1_0.ComposedNode',
            node.name,
            Description=node.description,
            UUID=node.uuid,
            PowerState=system.power,
            ComposedNodeState=node.state,
            Status={
                'State': state,
                'Health': health,
                'HealthRollup': health,
            },
            Boot=systems.render_boot(system),
            ClearTPMOnDelete=node.clear_tpm,
            **{OPTANE: node.clear_optane},
            Links={
                'ComputerSystem': link(uris.system(system)),
                'Processors': links(
                    uris.processor(system, p) for p in system.processors
                ),
                'Memory': links(
                    uris.memory(system, dimm) for dimm in system.dimms
                ),
                'EthernetInterfaces': links(
                    uris.nic(system, nic) for nic in system.nics
                ),
                **self._storage_links(drives, node),
                'ManagedBy': [link(uris.POD_MANAGER)],
            },
            Actions={
                '#ComposedNode.Reset': {
                    'target': f'{actions}/ComposedNode.Reset',
                    'ResetType@Redfish.AllowableValues': systems.RESET_TYPES,
                },
                '#ComposedNode.Assemble': {
                    'target': f'{actions}/ComposedNode.Assemble'
                },
                '#ComposedNode.ForceDelete': {
                    'target': f'{actions}/ComposedNode.ForceDelete'
                },
                **self._service.attachments.render(node),
            },
            Oem={
                'Intel_RackScale': {
                    '@odata.type': '#Intel.Oem.ComposedNode',
                    'TaggedValues': node.tagged_values,
                }
            },
        )

    def _storage_links(self, drives: list[str], node: Node) -> dict:
        if self._options.rsd_version == '2.1':
            return {
                'LocalDrives': links(drives),
                'RemoteDrives': links(node.attached),
            }
        return {'Storage': links([*drives, *node.attached])}


def _check_patch(body: dict) -> None:
    """:raises RedfishError: 400, a node cannot be changed like that."""
    for name, value in body.items():
        if name == 'Boot':
            systems.check_boot(value)
        elif name in ('ClearTPMOnDelete', OPTANE):
            if not isinstance(value, bool):
                raise errors.property_type(name, value)
        elif name != 'Oem':
            raise errors.property_not_writable(name)


def _tagged_values(body: dict) -> dict:
    """Oem/Intel_RackScale/TaggedValues of a PATCH.

    :raises RedfishError: 400, they are no object.
    """
    value, path = body, ''
    for name in ('Oem', 'Intel_RackScale', 'TaggedValues'):
        value, path = value.get(name, {}), f'{path}/{name}'.lstrip('/')
        if not isinstance(value, dict):
            raise errors.property_type(path, value)
    return value
