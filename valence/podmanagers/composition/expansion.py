# SPDX-License-Identifier: Apache-2.0
"""Add resource blocks to existing systems, and remove them (DSP2050).

A service offers the actions AddResourceBlock and RemoveResourceBlock, or a
PATCH of ``Links.ResourceBlocks``, in which ``{}`` keeps a member and ``null``
removes it. Services that refuse that form get the whole list.
"""

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
from valence.podmanagers.outcomes import Settling
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.crawler import Crawler
from valence.podmanagers.redfish.jobs import Job
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
        self,
        host: str,
        request: base.ComposeRequest,
        deadline: Deadline,
        progress: Progress,
    ) -> hardware.ComposedNode:
        """Make a permanent system the node, by writing the mark into it.

        :raises InProgress: while the service is writing it.
        :raises NoMatch: when it belongs to another node.
        """
        change = _marking(host, request)
        job = Job(self._client, progress, 'claim')
        try:
            response = job.run(
                lambda: (
                    actions.patch(self._client, host, change, deadline)
                    or tasks.FORGOTTEN
                ),
                deadline,
            )
        except tasks.TaskFailed as exc:
            if not request.devices:
                raise
            response = exc.response
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
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        """Remove what was added to a permanent system, and the mark."""
        for block in blocks.of_system(body):
            if self._is_host(block, deadline):
                continue
            self.remove_block(host, block, deadline, progress)

        def change(body: JsonObject) -> JsonObject | None:
            tag = text(body.get('AssetTag')) or ''
            kept = without_mark(tag)
            return {'AssetTag': kept} if kept != tag else None

        job = Job(self._client, progress, 'unmark')
        response = job.run(
            lambda: (
                actions.patch(self._client, host, change, deadline)
                or tasks.FORGOTTEN
            ),
            deadline,
        )
        if response is not None:
            errors.check(response, host)

    def _is_host(self, block: str, deadline: Deadline) -> bool:
        """Whether a block is the base of a permanent system.

        One of an unknown type may be, and is left where it is.

        :raises PodManagerUnavailable: when its processors cannot be read.
        """
        body = self._client.get(block, deadline)
        with Crawler(self._client, deadline) as crawler:
            types = blocks.types_of(crawler, body)
            crawler.require_all()
        return not types or blocks.is_host(types)

    def check_idle(self, uris: Iterable[str], deadline: Deadline) -> None:
        """Check that no block of these is being composed.

        :raises InProgress: while one is.
        """
        for uri in uris:
            try:
                body = self._client.get(uri, deadline)
            except exception.ResourceGone:
                continue
            if blocks.composition_state(body) == 'Composing':
                raise InProgress(
                    tasks.POLL_SECONDS, f'{uri} is still Composing'
                )

    def add_block(
        self,
        system: str,
        block: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        """Add a block to a system; a no-op if the system has it.

        :raises InProgress: while the service is working on it.
        :raises NoMatch: when another system has the block.
        """
        job = Job(self._client, progress, f'{_ADD} {block}')
        self._resume(job, deadline)
        body = self._client.get(system, deadline)
        if block in blocks.of_system(body):
            return
        if not job.answered:
            found = self._client.get(block, deadline)
            reported = blocks.composition_state(found)
            if reported == 'Composing':
                raise InProgress(
                    tasks.POLL_SECONDS, f'{block} is still Composing'
                )
            if blocks.state(found) != 'free':
                # It may have been added since the system was read.
                body = self._client.get(system, deadline)
                if block in blocks.of_system(body):
                    return
                raise exception.NoMatch(reason=f'{block} is {reported}')
            self._change(_ADD, system, body, block, deadline, job)
            body = self._client.get(system, deadline)
        if block not in blocks.of_system(body):
            raise job.explained(
                Settling(f'{block} is not part of {system}, as requested')
            )

    def remove_block(
        self,
        system: str,
        block: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        """Remove a block from a system; a no-op if it does not have it.

        :raises InProgress: while the service is working on it.
        """
        job = Job(self._client, progress, f'{_REMOVE} {block}')
        self._resume(job, deadline)
        body = self._client.get(system, deadline)
        if block in blocks.of_system(body) and not job.answered:
            try:
                self._change(_REMOVE, system, body, block, deadline, job)
            except exception.NoMatch:
                # It may have been removed since the system was read.
                body = self._client.get(system, deadline)
                if block in blocks.of_system(body):
                    raise
                return
            body = self._client.get(system, deadline)
        if block in blocks.of_system(body):
            raise job.explained(
                Settling(f'{block} is still part of {system}, not removed')
            )
        # The service may be adding it just now.
        self.check_idle([block], deadline)

    def _resume(self, job: Job, deadline: Deadline) -> None:
        """Follow the task of an earlier call.

        :raises InProgress: while the task runs.
        :raises PodManagerError: when it failed.
        """
        try:
            response = job.resume(deadline)
        except tasks.TaskFailed as exc:
            raise submission.refusal(exc) from exc
        if response is not None:
            submission.check(response, 'the task')

    def _change(
        self,
        action: str,
        system: str,
        body: JsonObject,
        block: str,
        deadline: Deadline,
        job: Job,
    ) -> None:
        def request() -> Response:
            if actions.offers(body, action):
                uri = actions.target(actions.action(body, action))
                return self._act(uri, system, block, deadline)
            changes = _adding(block) if action == _ADD else _removing(block)
            response: Response | None = None
            for change in changes:
                response = actions.patch(
                    self._client, system, change, deadline
                )
                if response is None or response.status not in _OTHER_FORM:
                    break
            return response or tasks.FORGOTTEN

        try:
            response = job.send(request, deadline)
        except tasks.TaskFailed as exc:
            raise submission.refusal(exc) from exc
        submission.check(response, system)

    def _act(
        self, uri: str, system: str, block: str, deadline: Deadline
    ) -> Response:
        """Post the action, with the ETags of both if they are required."""
        return actions.post_with_etags(
            self._client,
            uri,
            {'ResourceBlock': {'@odata.id': block}},
            {'ResourceBlockETag': block, 'ComputerSystemETag': system},
            deadline,
        )


def _marking(host: str, request: base.ComposeRequest) -> actions.Change:
    """The PATCH that writes the mark of a node into a system.

    It raises NoMatch for one that belongs to another node.
    """

    def change(body: JsonObject) -> JsonObject | None:
        mark = blocks.mark(body)
        if mark == request.mark:
            return None
        own = {request.system, *request.devices}
        extra = set(blocks.of_system(body)) - own
        if mark is not None or extra:
            raise exception.NoMatch(
                reason=f'{host} is in use by {mark or sorted(extra)}'
            )
        kept = text(body.get('AssetTag'), 100) or ''
        return {'AssetTag': f'{kept} {request.mark}'.strip()}

    return change


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
