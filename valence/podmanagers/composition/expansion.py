# SPDX-License-Identifier: Apache-2.0
"""Add resource blocks to existing systems, and remove them (DSP2050).

A service offers the actions AddResourceBlock and RemoveResourceBlock, or a
PATCH of ``Links.ResourceBlocks``, in which ``{}`` keeps a member and ``null``
removes it. Services that refuse that form get the whole list.
"""

import functools
from collections.abc import Iterable

from valence.common import exception
from valence.common.identity import without_mark
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers import hardware
from valence.podmanagers import node_uri
from valence.podmanagers.composition import blocks
from valence.podmanagers.composition import discovery
from valence.podmanagers.composition import submission
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import text

_ADD = '.AddResourceBlock'
_REMOVE = '.RemoveResourceBlock'
# The refusals of a PATCH after which another form of it is tried.
_OTHER_FORM = (400, 422, 500, 501)


class Expansion:
    """Changes the blocks of systems, one at a time.

    Progress has the URI of each task, to learn why it failed. Without it, the
    blocks of the system show what has been done.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def claim_system(
        self, host: str, request: base.ComposeRequest, deadline: base.Deadline
    ) -> hardware.ComposedNode:
        """Make a permanent system the node, by writing the mark into it.

        :raises NoMatch: when it belongs to another node.
        """

        def change(body: JsonObject) -> JsonObject | None:
            mark = blocks.mark(body)
            if mark == request.mark:
                return None
            extra = set(blocks.of_system(body)) - {
                request.system,
                *request.devices,
            }
            if mark is not None or extra:
                raise exception.NoMatch(
                    reason=f'{host} is in use by {mark or sorted(extra)}'
                )
            kept = text(body.get('AssetTag'), 100) or ''
            return {'AssetTag': f'{kept} {request.mark}'.strip()}

        response = actions.patch(self._client, host, change, deadline)
        if response is not None and not (
            400 <= response.status < 409 and request.devices
        ):
            # Without a tag it is identified by the blocks added to it.
            errors.check(response, host)
        body = self._client.get(host, deadline)
        node = discovery.node(host, body)
        if node.mark not in (request.mark, None):
            raise exception.NoMatch(reason=f'{host} is in use by {node.mark}')
        return node_uri.with_missing(node, request.devices)

    def release_system(
        self,
        host: str,
        body: JsonObject,
        deadline: base.Deadline,
        progress: base.Progress,
    ) -> None:
        """Remove what was added to a permanent system, and the mark."""
        for block in blocks.of_system(body):
            if self._is_host(block, deadline):
                continue
            remove = functools.partial(
                self.remove_block, host, block, deadline, progress
            )
            tasks.repeat(remove, deadline)

        def change(body: JsonObject) -> JsonObject | None:
            tag = text(body.get('AssetTag')) or ''
            kept = without_mark(tag)
            return {'AssetTag': kept} if kept != tag else None

        response = actions.patch(self._client, host, change, deadline)
        if response is not None:
            errors.check(response, host)

    def _is_host(self, block: str, deadline: base.Deadline) -> bool:
        """Whether a block is the base of a permanent system.

        One of an unknown type may be, and is left where it is.

        :raises PodManagerUnavailable: when its processors cannot be read.
        """
        body = self._client.get(block, deadline)
        with Crawler(self._client, deadline) as crawler:
            types = blocks.types_of(crawler, body)
            crawler.require_all()
        return not types or blocks.is_host(types)

    def wait_idle(self, uris: Iterable[str], deadline: base.Deadline) -> None:
        """Wait until no block of these is being composed.

        :raises PodManagerUnavailable: when one still is at the deadline.
        """
        waited_for = list(uris)
        tasks.repeat(lambda: self._check_idle(waited_for, deadline), deadline)

    def _check_idle(self, uris: list[str], deadline: base.Deadline) -> None:
        for uri in uris:
            try:
                body = self._client.get(uri, deadline)
            except exception.ResourceGone:
                continue
            if blocks.composition_state(body) == 'Composing':
                raise base.InProgress(tasks.POLL_SECONDS)

    def add_block(
        self,
        system: str,
        block: str,
        deadline: base.Deadline,
        progress: base.Progress,
    ) -> None:
        """Add a block to a system; a no-op if the system has it.

        :raises InProgress: while the service is working on it.
        :raises NoMatch: when another system has the block.
        """
        body = self._client.get(system, deadline)
        added = block in blocks.of_system(body)
        if self._task_ended(_ADD, block, added, deadline, progress):
            body = self._client.get(system, deadline)
            added = block in blocks.of_system(body)
        if added:
            return
        found = self._client.get(block, deadline)
        reported = blocks.composition_state(found)
        if reported == 'Composing':
            raise base.InProgress(tasks.POLL_SECONDS)
        if blocks.state(found) != 'free':
            # It may have been added since the system was read.
            body = self._client.get(system, deadline)
            if block in blocks.of_system(body):
                return
            raise exception.NoMatch(reason=f'{block} is {reported}')
        self._change(_ADD, system, body, block, deadline, progress)

    def remove_block(
        self,
        system: str,
        block: str,
        deadline: base.Deadline,
        progress: base.Progress,
    ) -> None:
        """Remove a block from a system; a no-op if it does not have it.

        :raises InProgress: while the service is working on it.
        """
        body = self._client.get(system, deadline)
        removed = block not in blocks.of_system(body)
        if self._task_ended(_REMOVE, block, removed, deadline, progress):
            body = self._client.get(system, deadline)
            removed = block not in blocks.of_system(body)
        if removed:
            # The service may be adding it just now.
            self._check_idle([block], deadline)
            return
        try:
            self._change(_REMOVE, system, body, block, deadline, progress)
        except exception.NoMatch:
            # It may have been removed since the system was read.
            body = self._client.get(system, deadline)
            if block in blocks.of_system(body):
                raise

    def _task_ended(
        self,
        action: str,
        block: str,
        done: bool,
        deadline: base.Deadline,
        progress: base.Progress,
    ) -> bool:
        """Whether there was a task, which has ended since the last call.

        :param done: whether the change is visible already.
        :raises InProgress: while the task runs.
        :raises PodManagerError: when it failed.
        """
        fact = f'{action} {block}'
        task = progress.get(fact)
        if task is None:
            return False
        if done:
            progress.record(fact, None)
            return False
        try:
            response = tasks.poll(self._client, task, deadline)
        except exception.PodManagerUnavailable:
            raise
        except exception.PodManagerError:
            progress.record(fact, None)
            raise
        progress.record(fact, None)
        if response.status not in tasks.GONE:
            submission.check(response, task)
        return True

    def _change(
        self,
        action: str,
        system: str,
        body: JsonObject,
        block: str,
        deadline: base.Deadline,
        progress: base.Progress,
    ) -> None:
        response: Response | None = None
        if actions.offers(body, action):
            uri = actions.target(actions.action(body, action))
            response = self._act(uri, system, block, deadline)
        else:
            changes = _adding(block) if action == _ADD else _removing(block)
            uri = system
            for change in changes:
                response = actions.patch(
                    self._client, system, change, deadline
                )
                if response is None or response.status not in _OTHER_FORM:
                    break
        if response is None:
            return
        submission.check(response, uri)
        if response.status == 202:
            task = tasks.monitor(response)
            progress.record(f'{action} {block}', task)
            raise base.InProgress(tasks.POLL_SECONDS)

    def _act(
        self, uri: str, system: str, block: str, deadline: base.Deadline
    ) -> Response:
        """Post the action, with the ETags of both if they are required."""
        arguments: JsonObject = {'ResourceBlock': {'@odata.id': block}}
        response = self._client.request(
            'POST', uri, deadline, arguments, check=False
        )
        if response.status not in actions.WRONG_ETAG:
            return response
        for name, tagged in (
            ('ResourceBlockETag', block),
            ('ComputerSystemETag', system),
        ):
            _, tag = self._client.get_with_etag(tagged, deadline)
            if tag:
                arguments[name] = tag
        return self._client.request(
            'POST', uri, deadline, arguments, check=False
        )


def _adding(block: str) -> tuple[actions.Change, ...]:
    """The forms of a PATCH that adds a block: by place, and the whole list."""

    def by_place(body: JsonObject) -> JsonObject | None:
        members = blocks.of_system(body)
        if block in members:
            return None
        return _list([*[{} for _ in members], {'@odata.id': block}])

    def whole(body: JsonObject) -> JsonObject | None:
        members = blocks.of_system(body)
        if block in members:
            return None
        return _list([{'@odata.id': uri} for uri in (*members, block)])

    return by_place, whole


def _removing(block: str) -> tuple[actions.Change, ...]:
    """The forms of a PATCH that removes a block."""

    def by_place(body: JsonObject) -> JsonObject | None:
        members = blocks.of_system(body)
        if block not in members:
            return None
        return _list([None if uri == block else {} for uri in members])

    def whole(body: JsonObject) -> JsonObject | None:
        members = blocks.of_system(body)
        if block not in members:
            return None
        kept = [uri for uri in members if uri != block]
        return _list([{'@odata.id': uri} for uri in kept])

    return by_place, whole


def _list(entries: list[JsonObject | None]) -> JsonObject:
    return {'Links': {'ResourceBlocks': entries}}
