# SPDX-License-Identifier: Apache-2.0
"""Another client that changes the pod, for the control endpoint."""

from __future__ import annotations

from valence_simulator.personalities.rsd import uris
from valence_simulator.personalities.rsd.node import Node
from valence_simulator.protocol import errors
from valence_simulator.protocol.resources import link


class OtherClient:
    """Another client of the pod manager."""

    def __init__(self, service):
        self._service = service

    def compose(self, body: dict) -> str:
        """Allocate and assemble a node at once.

        :param body: ``name``, ``description``, ``id`` and ``parts``: URIs of a
            system, pooled drives and volumes.
        :raises ValueError: if the pod manager rejects it, or the ID is in use.
        """
        nodes = self._service.nodes
        node_id = body.get('id')
        if node_id in nodes.members:
            raise ValueError(f'there is a node {node_id} already')
        request = {
            name: body[name.lower()]
            for name in ('Name', 'Description')
            if name.lower() in body
        }
        for uri in body.get('parts', ()):
            name, part = self._request_of(uri)
            request.setdefault(name, []).append({'Resource': link(part)})
        try:
            node = nodes.make(request, node_id)
        except errors.RedfishError as error:
            raise ValueError(' '.join((str(error), *error.details))) from error
        node.state = 'Assembled'
        self._service.power.set(node.system, 'On')
        self._service.notify('ResourceAdded', node.uri)
        return node.uri

    def _request_of(self, uri: str) -> tuple[str, str]:
        """Return the Allocate property for a part, and the part."""
        if uri.startswith(f'{uris.SYSTEMS}/'):
            return 'Processors', f'{uri}/Processors/cpu-1'
        if '/Processors/' in uri:
            return 'Processors', uri
        if uri.startswith(f'{uris.CHASSIS}/'):
            return 'LocalDrives', uri
        return 'RemoteDrives', uri

    def move(self, part: str, to: str | None) -> None:
        """Detach a resource from its node, and attach it to another."""
        nodes = self._service.nodes
        goal = None if to is None else self._node(to)
        holder = nodes.holder(part)
        if holder is not None and part not in holder.attached:
            raise ValueError(f'{part} cannot be taken out of {holder.uri}')
        if (
            holder is None
            and part not in self._service.attachments.attachable()
        ):
            raise ValueError(f'{part} cannot be attached')
        if holder is not None:
            nodes.detach(holder, part)
        if goal is not None:
            nodes.attach(goal, part)

    def _node(self, uri: str) -> Node:
        """:raises KeyError: if the node does not exist."""
        for node in self._service.nodes.members.values():
            if node.uri == uri:
                return node
        raise KeyError(uri)
