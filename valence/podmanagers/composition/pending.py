# SPDX-License-Identifier: Apache-2.0
"""Systems that a service is composing, as a task or from a reservation."""

import contextlib

from valence.podmanagers.composition import blocks
from valence.podmanagers.composition import reservations
from valence.podmanagers.composition import submission
from valence.podmanagers.composition.lookup import Lookup
from valence.podmanagers.node_uri import NodeUri
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import jobs
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.jobs import Job
from valence.podmanagers.wire.client import Response

# The response of a task that the service has forgotten.
GONE = Response(404, {}, None, {})
# What is recorded: that the task was asked to end.
_CANCELLED = 'cancelled'


class Pending:
    """What a service is composing, or has reserved."""

    def __init__(self, client: Client, lookup: Lookup) -> None:
        self._client = client
        self._lookup = lookup

    def apply(
        self, known: NodeUri, deadline: Deadline, progress: Progress
    ) -> None:
        """Compose what an earlier, interrupted request has reserved, once.

        :raises InProgress: while the service is working on it.
        """
        job = Job(self._client, progress, 'apply')
        try:
            response = job.resume(deadline)
        except tasks.TaskFailed as exc:
            raise submission.refusal(exc) from exc
        if response is None:
            block = self._client.get(known.system, deadline)
            reported = blocks.composition_state(block)
            if reported == 'Composing':
                raise InProgress(tasks.POLL_SECONDS)
            if reported != 'Unused' or job.answered:
                return
            _, service, _ = self._lookup.places(deadline)
            response = job.send(
                lambda: (
                    reservations.apply(
                        self._client, service, known.uri, deadline
                    )
                    or tasks.FORGOTTEN
                ),
                deadline,
            )
        submission.check(response, known.uri)

    def cancel(
        self, known: NodeUri, deadline: Deadline, progress: Progress
    ) -> Response:
        """End the task that composes, and delete what is reserved.

        :returns: the response of the task, where it has composed a system.
        :raises InProgress: while the task runs that the service does not
            cancel.
        """
        response = GONE
        if not known.reserved and known.uri:
            watched = tasks.Watch(known.uri, known.task)
            if progress.get(_CANCELLED) is None:
                jobs.request_cancel(self._client, watched, deadline)
                progress.record(_CANCELLED, 'yes')
            # Why it failed does not matter any more.
            with contextlib.suppress(tasks.TaskFailed):
                ended = tasks.poll(self._client, watched, deadline).response
                response = ended if ended.status < 400 else GONE
        _, service, _ = self._lookup.places(deadline)
        mark = known.request().mark
        reservations.remove(self._client, service, mark, deadline, progress)
        return response
