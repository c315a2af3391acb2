# SPDX-License-Identifier: Apache-2.0
"""Attaching and detaching pooled drives and remote volumes.

API 2.3 and later has AttachResource and DetachResource, and lists what can be
attached in ActionInfo; 2.1 and 2.2 have AttachEndpoint and DetachEndpoint, and
list it inline.
"""

from __future__ import annotations

from aiohttp import web

from valence_simulator.personalities.rsd import uris
from valence_simulator.personalities.rsd.nodes import USABLE
from valence_simulator.personalities.rsd.nodes import Node
from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import document
from valence_simulator.protocol.resources import link
from valence_simulator.protocol.resources import links

PROTOCOLS = ('NVMe', 'NVMeOverFabrics', 'PCIe', 'FPGA-oF')


class Attachments:
    """The attach and detach actions of all nodes."""

    def __init__(self, service):
        self._service = service
        self._tree = service.tree
        self._version = service.options.rsd_version
        old = self._version in ('2.1', '2.2')
        self._noun = 'Endpoint' if old else 'Resource'
        self._inline = old

    def attachable(self) -> list[str]:
        """Return the URIs of everything that can be attached now."""
        pod, nodes = self._service.pod, self._service.nodes
        candidates = [
            uris.drive(pod.enclosure, drive)
            for drive in pod.enclosure.drives
            if drive not in pod.pool.drives
        ]
        candidates += map(self._service.storage.uri_of, pod.pool.volumes)
        candidates += (uris.fpga(pod.enclosure, f) for f in pod.fpgas)
        return [uri for uri in candidates if not nodes.is_taken(uri)]

    def handlers(self, node: Node) -> dict:
        """Return the actions of a node, by name."""
        return {
            f'ComposedNode.Attach{self._noun}': self._attach,
            f'ComposedNode.Detach{self._noun}': self._detach,
        }

    def add_action_info(self, node: Node) -> None:
        """Add the ActionInfo resources of a node; not before 2.3."""
        if self._inline:
            return
        for verb in ('Attach', 'Detach'):

            async def get(call: Call, verb: str = verb) -> web.Response:
                # Rendered at each GET, because free resources change all the
                # time.
                call.resource.changed()
                return answers.ok(call.resource)

            uri = self._info_uri(node, verb)
            self._tree.add(
                uri,
                lambda uri=uri, verb=verb: self._render_info(uri, node, verb),
                get=get,
            )

    def render(self, node: Node) -> dict:
        """Return the actions for the document of the node."""
        shown = {}
        for verb in ('Attach', 'Detach'):
            name = f'ComposedNode.{verb}{self._noun}'
            action = {'target': f'{node.uri}/Actions/{name}'}
            if self._inline:
                action['Resource@Redfish.AllowableValues'] = links(
                    self._allowed(node, verb)
                )
            else:
                info = self._info_uri(node, verb)
                # A reference in 2.3; later a string, as DSP0266 requires.
                action['@Redfish.ActionInfo'] = (
                    link(info) if self._version == '2.3' else info
                )
            shown[f'#{name}'] = action
        return shown

    def _info_uri(self, node: Node, verb: str) -> str:
        return f'{node.uri}/Actions/{verb}ResourceActionInfo'

    def _allowed(self, node: Node, verb: str) -> list[str]:
        return self.attachable() if verb == 'Attach' else node.attached

    def _render_info(self, uri: str, node: Node, verb: str) -> dict:
        parameters = [
            {
                'Name': 'Resource',
                'Required': True,
                'DataType': 'Object',
                'ObjectDataType': '#Resource.Resource',
                'AllowableValues': links(self._allowed(node, verb)),
            }
        ]
        if verb == 'Attach':
            more = ['FPGA-oF'] if self._service.pod.fpgas else []
            parameters.append(
                {
                    'Name': 'Protocol',
                    'Required': False,
                    'DataType': 'String',
                    'ObjectDataType': None,
                    'AllowableValues': ['NVMeOverFabrics', 'PCIe', *more],
                }
            )
        return document(
            uri,
            'ActionInfo.v1_0_2.ActionInfo',
            f'{verb} Resource ActionInfo',
            Description=f'What {verb}Resource takes',
            Parameters=parameters,
        )

    async def _attach(self, node: Node, call: Call) -> web.Response:
        self._service.nodes.counts[f'Attach{self._noun}'] += 1
        self._service.nodes.require(node, *USABLE)
        uri = self._resource_of(call.body)
        protocol = call.body.get('Protocol')
        if protocol is not None and protocol not in PROTOCOLS:
            raise errors.property_value('Protocol', protocol)
        if self._service.nodes.is_taken(uri):
            raise errors.conflict(f'{uri} is in use already.')
        if uri not in self.attachable():
            raise errors.property_value('Resource', uri)
        return await self._run(call, 'Attach', node, uri)

    async def _detach(self, node: Node, call: Call) -> web.Response:
        self._service.nodes.counts[f'Detach{self._noun}'] += 1
        self._service.nodes.require(node, *USABLE)
        uri = self._resource_of(call.body)
        if uri not in node.attached:
            raise errors.conflict(f'{uri} is not attached to this node.')
        return await self._run(call, 'Detach', node, uri)

    async def _run(
        self, call: Call, verb: str, node: Node, uri: str
    ) -> web.Response:
        nodes = self._service.nodes

        def work() -> web.Response:
            # Another request may have been faster.
            if verb == 'Attach' and uri not in self.attachable():
                raise errors.conflict(f'{uri} is in use already.')
            if verb == 'Detach' and uri not in node.attached:
                raise errors.conflict(f'{uri} is not attached any more.')
            (nodes.attach if verb == 'Attach' else nodes.detach)(node, uri)
            return answers.no_content()

        return await self._service.tasks.run(
            call, 'change', f'{verb} a resource', work
        )

    def _resource_of(self, body: dict) -> str:
        known = ('Resource', 'Protocol', 'CapacityGiB')
        for name in body:
            if name not in known:
                raise errors.property_unknown(name)
        if 'Resource' not in body:
            raise errors.property_missing('Resource')
        resource = body['Resource']
        if not isinstance(resource, dict) or not isinstance(
            resource.get('@odata.id'), str
        ):
            raise errors.property_type('Resource', resource)
        return resource['@odata.id']


class RemoteDrives:
    """Finds or creates the remote volumes of an Allocate request."""

    def __init__(self, service):
        self._service = service
        old = service.options.rsd_version in ('2.1', '2.2')
        #: The protocol of the storage service.
        self.protocol = 'iSCSI' if old else 'NVMeOverFabrics'

    def allocate(self, node: Node, requested: dict) -> None:
        """Attach the requested volumes to a node, all or none.

        :raises RedfishError: 409 if a volume does not exist, or the pool is
            full.
        """
        try:
            for request in requested.get('RemoteDrives', ()):
                node.attached.append(self._volume(node, request))
        except errors.RedfishError:
            for volume in node.made:
                self._service.storage.delete(volume)
            raise

    def _volume(self, node: Node, request: dict) -> str:
        if request.get('Protocol', self.protocol) != self.protocol:
            raise errors.conflict(
                'There are no remote drives available for this allocation '
                f'request: no storage service speaks {request["Protocol"]}.'
            )
        storage = self._service.storage
        if 'Resource' in request:
            uri = request['Resource']['@odata.id']
            taken = self._service.nodes.is_taken(uri)
            if storage.find(uri) is None or taken or uri in node.attached:
                raise errors.conflict(f'{uri} is not available.')
            return uri
        capacity, bootable = int(request.get('CapacityGiB', 0)), False
        if 'Master' in request:
            master = storage.find(request['Master']['Resource']['@odata.id'])
            if master is None:
                raise errors.conflict('The master is not available.')
            if 0 < capacity < master.capacity_gib:
                raise errors.conflict('The master is bigger than that.')
            capacity = max(capacity, master.capacity_gib)
            bootable = master.bootable
        volume = storage.create(capacity, bootable)
        if volume is None:
            raise errors.conflict(
                'There are no remote drives available for this allocation '
                'request: the storage pool has no room.'
            )
        node.made.append(volume)
        return storage.uri_of(volume)
