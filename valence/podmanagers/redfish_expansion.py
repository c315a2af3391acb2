# SPDX-License-Identifier: Apache-2.0
"""Joining resource blocks to a system that is there, and taking them away.

An endpoint offers the actions AddResourceBlock and RemoveResourceBlock, or
takes a PATCH of the system's ``Links.ResourceBlocks``, in which ``{}`` keeps a
place and ``null`` empties it (DSP2050).
"""

from typing import Any

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers import redfish_actions
from valence.podmanagers import redfish_blocks
from valence.podmanagers import redfish_composition
from valence.podmanagers.http import Answer
from valence.podmanagers.redfish_client import Client
from valence.podmanagers.redfish_inventory import obj

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

    def join(self, system: str, block: str, deadline: base.Deadline) -> None:
        """Put a block to a system; one that is there is well.

        :raises NotYet: while the service is at it; call again.
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
        told = obj(found.get('CompositionStatus')).get('CompositionState')
        if told == 'Composing':
            raise base.NotYet(_POLL_SECONDS)
        if redfish_blocks.state(found) != 'free':
            raise exception.NoMatch(reason=f'{block} is {told}')
        self._change('join', system, body, block, deadline)

    def part(self, system: str, block: str, deadline: base.Deadline) -> None:
        """Take a block away from a system; one that is away is well.

        :raises NotYet: while the service is at it; call again.
        """
        body = self._client.get(system, deadline)
        parted = block not in redfish_blocks.members(body)
        if self._watched('part', system, block, parted, deadline):
            body = self._client.get(system, deadline)
            parted = block not in redfish_blocks.members(body)
        if not parted:
            self._change('part', system, body, block, deadline)

    def _watched(
        self,
        verb: str,
        system: str,
        block: str,
        done: bool,
        deadline: base.Deadline,
    ) -> bool:
        """See what came of the work that was begun; whether there was any.

        :raises NotYet: while it goes on.
        :raises PodManagerError: when it failed.
        """
        key = (verb, system, block)
        uri = self._under_way.get(key)
        if uri is None:
            return False
        if not done:
            answer = redfish_actions.watch(self._client, uri, deadline)
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
        if redfish_actions.offers(body, suffix[verb]):
            uri = redfish_actions.target(body, suffix[verb])
            answer = self._act(uri, system, block, deadline)
        else:
            change = _joining(block) if verb == 'join' else _parting(block)
            uri = system
            patched = redfish_actions.patch(
                self._client, system, change, deadline
            )
            if patched is None:
                return
            answer = patched
        self._check(answer, uri)
        if answer.status == 202:
            watched = redfish_actions.monitor(answer)
            if watched:
                self._under_way[verb, system, block] = watched
            raise base.NotYet(_POLL_SECONDS)

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
        redfish_composition.check_answer(self._client, answer, uri)


def _joining(block: str) -> redfish_actions.Change:
    def change(body: dict[str, Any]) -> dict[str, Any] | None:
        members = redfish_blocks.members(body)
        if block in members:
            return None
        places: list[Any] = [{} for _ in members]
        places.append({'@odata.id': block})
        return {'Links': {'ResourceBlocks': places}}

    return change


def _parting(block: str) -> redfish_actions.Change:
    def change(body: dict[str, Any]) -> dict[str, Any] | None:
        members = redfish_blocks.members(body)
        if block not in members:
            return None
        places: list[Any] = [None if uri == block else {} for uri in members]
        return {'Links': {'ResourceBlocks': places}}

    return change
