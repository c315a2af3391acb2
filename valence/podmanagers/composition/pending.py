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
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import jobs
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.jobs import Job
from valence.podmanagers.wire.client import Response

# The response of a task that the service has forgotten.
GONE = Response(404, {}, None, {})
# What is recorded: that the task was asked to end.
_CANCELLED = 'cancelled'


def apply(
    client: Client,
    lookup: Lookup,
    known: NodeUri,
    deadline: Deadline,
    progress: Progress,
) -> None:
    """Compose what an earlier, interrupted request has reserved, once.

    :raises InProgress: while the service is working on it.
    """
    job = Job(client, progress, 'apply')
    try:
        response = job.resume(deadline)
    except tasks.TaskFailed as exc:
        raise submission.refusal(exc) from exc
    if response is None:
        reported = blocks.composition_state(client.get(known.system, deadline))
        if reported == 'Composing':
            raise InProgress(tasks.POLL_SECONDS)
        if reported != 'Unused' or job.answered:
            return
        _, service, _ = lookup.places(deadline)
        response = job.send(
            lambda: (
                reservations.apply(client, service, known.uri, deadline)
                or tasks.FORGOTTEN
            ),
            deadline,
        )
    submission.check(response, known.uri)


def cancel(
    client: Client,
    lookup: Lookup,
    known: NodeUri,
    deadline: Deadline,
    progress: Progress,
) -> Response:
    """End the task that composes, and delete what is reserved.

    :returns: the response of the task, where it has composed a system.
    :raises InProgress: while the task runs that the service does not cancel.
    """
    response = GONE
    if not known.reserved and known.uri:
        watched = tasks.Watch(known.uri, known.task)
        if progress.get(_CANCELLED) is None:
            jobs.request_cancel(client, watched, deadline)
            progress.record(_CANCELLED, 'yes')
        # Why it failed does not matter any more.
        with contextlib.suppress(tasks.TaskFailed):
            ended = tasks.poll(client, watched, deadline).response
            response = ended if ended.status < 400 else GONE
    _unreserve(client, lookup, known, deadline, progress)
    return response


def _unreserve(
    client: Client,
    lookup: Lookup,
    known: NodeUri,
    deadline: Deadline,
    progress: Progress,
) -> None:
    """Delete the reservation of a node, if there is one."""
    _, service, _ = lookup.places(deadline)
    mark = known.request().mark
    uri = reservations.find(client, service, mark, deadline)
    job = Job(client, progress, 'unreserve')
    if uri is None and not job.running:
        return
    response = job.run(
        lambda: client.request('DELETE', str(uri), deadline, check=False),
        deadline,
    )
    if response is not None and response.status not in tasks.GONE:
        errors.check(response, str(uri))
