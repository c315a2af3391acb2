# SPDX-License-Identifier: Apache-2.0
"""Joining resource blocks to a system that is there, and taking them away.

An endpoint offers the actions AddResourceBlock and RemoveResourceBlock, or
takes a PATCH of the system's ``Links.ResourceBlocks``, in which ``{}`` keeps a
place and ``null`` empties it (DSP2050).
"""

import functools
from collections.abc import Iterable
from typing import Any

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import unfinished
from valence.podmanagers.composition import blocks as redfish_blocks
from valence.podmanagers.composition import discovery
from valence.podmanagers.composition import methods
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.wire.client import Answer

_POLL_SECONDS = 1.0
_ETAG_WANTED = (412, 428)


class Expansion:
    """Changes what systems are made of, a block at a time.

    Work under way is remembered only to learn how it ended: whoever forgets
    it sees by the blocks what came of it.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._under_way: dict[tuple[str, str, str], str] = {}

    def occupy(
        self, host: str, request: base.ComposeRequest, deadline: base.Deadline
    ) -> hardware.ComposedNode:
        """Make a system that is there for good the node.

        :raises NoMatch: when it is somebody else's by now.
        """

        def change(body: dict[str, Any]) -> dict[str, Any] | None:
            marker = redfish_blocks.marker(body)
            if marker == request.marker:
                return None
            extra = set(redfish_blocks.members(body)) - {
                request.system,
                *request.devices,
            }
            if marker is not None or extra:
                raise exception.NoMatch(
                    reason=f'{host} is taken by {marker or sorted(extra)}'
                )
            kept = resources.text(body.get('AssetTag'), 100) or ''
            return {'AssetTag': f'{kept} valence-{request.marker}'.strip()}

        answer = actions.patch(self._client, host, change, deadline)
        if answer is not None and not (
            400 <= answer.status < 409 and request.devices
        ):
            # One that takes no tag is known by the blocks joined to it.
            self._client.check(answer, host)
        body = self._client.get(host, deadline)
        node = discovery.node(host, body)
        if node.marker not in (request.marker, None):
            raise exception.NoMatch(reason=f'{host} is taken by {node.marker}')
        return unfinished.lacking(node, request.devices)

    def vacate(
        self, host: str, body: dict[str, Any], deadline: base.Deadline
    ) -> None:
        """Take away what was joined to a system that stays."""
        for block in redfish_blocks.members(body):
            if redfish_blocks.is_host(self._client.get(block, deadline)):
                continue
            tasks.persist(
                functools.partial(self.part, host, block, deadline),
                deadline,
            )

        def change(body: dict[str, Any]) -> dict[str, Any] | None:
            tag = resources.text(body.get('AssetTag')) or ''
            kept = resources.unmarked(tag)
            return {'AssetTag': kept} if kept != tag else None

        answer = actions.patch(self._client, host, change, deadline)
        if answer is not None:
            self._client.check(answer, host)

    def quiet(self, blocks: Iterable[str], deadline: base.Deadline) -> None:
        """Wait until none of these blocks is being composed any more.

        :raises PodManagerUnavailable: when one still is at the deadline.
        """
        tasks.persist(lambda: self._look(list(blocks), deadline), deadline)

    def _look(self, blocks: list[str], deadline: base.Deadline) -> None:
        for block in blocks:
            try:
                body = self._client.get(block, deadline)
            except exception.ResourceGone:
                continue
            if redfish_blocks.composition(body) == 'Composing':
                raise base.InProgress(_POLL_SECONDS)

    def join(self, system: str, block: str, deadline: base.Deadline) -> None:
        """Put a block to a system; one that is there is well.

        :raises InProgress: while the service is at it; call again.
        :raises NoMatch: when another system has the block.
        """
        body = self._client.get(system, deadline)
        joined = block in redfish_blocks.members(body)
        if self._watched('join', system, block, joined, deadline):
            body = self._client.get(system, deadline)
            joined = block in redfish_blocks.members(body)
        if joined:
            return
        found = self._client.get(block, deadline)
        told = redfish_blocks.composition(found)
        if told == 'Composing':
            raise base.InProgress(_POLL_SECONDS)
        if redfish_blocks.state(found) != 'free':
            # It may have arrived between the two looks.
            body = self._client.get(system, deadline)
            if block in redfish_blocks.members(body):
                return
            raise exception.NoMatch(reason=f'{block} is {told}')
        self._change('join', system, body, block, deadline)

    def part(self, system: str, block: str, deadline: base.Deadline) -> None:
        """Take a block away from a system; one that is away is well.

        :raises InProgress: while the service is at it; call again.
        """
        body = self._client.get(system, deadline)
        parted = block not in redfish_blocks.members(body)
        if self._watched('part', system, block, parted, deadline):
            body = self._client.get(system, deadline)
            parted = block not in redfish_blocks.members(body)
        if parted:
            # It may be on its way to the system.
            self._look([block], deadline)
            return
        try:
            self._change('part', system, body, block, deadline)
        except exception.NoMatch:
            # It may have left between the look and the request.
            body = self._client.get(system, deadline)
            if block in redfish_blocks.members(body):
                raise

    def _watched(
        self,
        verb: str,
        system: str,
        block: str,
        done: bool,
        deadline: base.Deadline,
    ) -> bool:
        """See what came of the work that was begun; whether there was any.

        :raises InProgress: while it goes on.
        :raises PodManagerError: when it failed.
        """
        key = (verb, system, block)
        uri = self._under_way.get(key)
        if uri is None:
            return False
        if not done:
            answer = tasks.watch(self._client, uri, deadline)
            del self._under_way[key]
            if answer.status not in (404, 410):
                self._check(answer, uri)
        self._under_way.pop(key, None)
        return not done

    def _change(
        self,
        verb: str,
        system: str,
        body: dict[str, Any],
        block: str,
        deadline: base.Deadline,
    ) -> None:
        suffix = {'join': '.AddResourceBlock', 'part': '.RemoveResourceBlock'}
        if actions.offers(body, suffix[verb]):
            uri = actions.target(body, suffix[verb])
            answer = self._act(uri, system, block, deadline)
        else:
            change = _joining(block) if verb == 'join' else _parting(block)
            uri = system
            patched = actions.patch(self._client, system, change, deadline)
            if patched is None:
                return
            answer = patched
        self._check(answer, uri)
        if answer.status == 202:
            watched = tasks.monitor(answer)
            if watched:
                self._under_way[verb, system, block] = watched
            raise base.InProgress(_POLL_SECONDS)

    def _act(
        self, uri: str, system: str, block: str, deadline: base.Deadline
    ) -> Answer:
        """Post the action; with the ETags of both where they are demanded."""
        arguments: dict[str, Any] = {'ResourceBlock': {'@odata.id': block}}
        answer = self._client.request(
            'POST', uri, deadline, arguments, check=False
        )
        if answer.status not in _ETAG_WANTED:
            return answer
        for name, tagged in (
            ('ResourceBlockETag', block),
            ('ComputerSystemETag', system),
        ):
            found = self._client.request('GET', tagged, deadline)
            tag = found.headers.get('ETag') or found.body.get('@odata.etag')
            if tag:
                arguments[name] = tag
        return self._client.request(
            'POST', uri, deadline, arguments, check=False
        )

    def _check(self, answer: Answer, uri: str) -> None:
        methods.check_answer(self._client, answer, uri)


def _joining(block: str) -> actions.Change:
    def change(body: dict[str, Any]) -> dict[str, Any] | None:
        members = redfish_blocks.members(body)
        if block in members:
            return None
        places: list[Any] = [{} for _ in members]
        places.append({'@odata.id': block})
        return {'Links': {'ResourceBlocks': places}}

    return change


def _parting(block: str) -> actions.Change:
    def change(body: dict[str, Any]) -> dict[str, Any] | None:
        members = redfish_blocks.members(body)
        if block not in members:
            return None
        places: list[Any] = [None if uri == block else {} for uri in members]
        return {'Links': {'ResourceBlocks': places}}

    return change
