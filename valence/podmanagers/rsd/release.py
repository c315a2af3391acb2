# SPDX-License-Identifier: Apache-2.0
"""The deletion of nodes of an RSD pod manager, which erases their drives."""

from oslo_log import log

from valence.common import exception
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.jobs import Job
from valence.podmanagers.wire.client import Response

LOG = log.getLogger(__name__)

# Statuses of a DELETE that another attempt will not change.
_REFUSALS = (400, 405, 409, 500, 501)
# What is recorded: that a DELETE, which erases, was sent; that it erased.
_DELETE_SENT = 'delete_sent'
_ERASED = 'erased'


def is_erased(progress: Progress) -> bool:
    """Whether the drives of a node are known to be erased."""
    return progress.get(_ERASED) is not None


def delete(
    client: Client,
    uri: str,
    deadline: Deadline,
    progress: Progress,
) -> None:
    """Delete a node, by force if the pod manager refuses.

    :raises InProgress: while the pod manager is working on it.
    """
    force = Job(client, progress, 'force')
    if force.running or force.answered:
        _force(client, uri, deadline, force)
        return
    job = Job(client, progress, 'release')
    if job.answered:
        return
    sent_before = progress.get(_DELETE_SENT) is not None
    response = job.resume(deadline)
    if response is None:
        response = _request(client, uri, deadline, progress, job)
    if response.status in _REFUSALS and _offers_force(client, uri, deadline):
        if sent_before:
            # It may refuse because it is erasing the drives already.
            progress.record(_DELETE_SENT, None)
            raise job.wait(f'{uri} is not deleted: {errors.message(response)}')
        progress.record(_DELETE_SENT, None)
        LOG.warning('%s cannot be deleted; deleting it by force', uri)
        _force(client, uri, deadline, force)
        return
    gone = response.status in tasks.GONE
    if not gone:
        errors.check(response, uri)
    _record_erasure(uri, progress, job, sent_before or not gone)
    if gone:
        # A lost DELETE was not this one.
        progress.record(_DELETE_SENT, None)


def _request(
    client: Client,
    uri: str,
    deadline: Deadline,
    progress: Progress,
    job: Job,
) -> Response:
    """Request the deletion, or look at what an earlier request does.

    The pod manager may respond only when all drives are erased.

    :raises InProgress: while it may be erasing them.
    """
    reason = f'{uri} is still being deleted'
    if job.may_be_working:
        try:
            client.get(uri, deadline)
        except exception.ResourceGone:
            return tasks.FORGOTTEN
        raise job.wait(reason)
    progress.record(_DELETE_SENT, 'yes')
    return job.send_slow(
        lambda: client.request('DELETE', uri, deadline, check=False),
        deadline,
        reason,
    )


def _record_erasure(
    uri: str, progress: Progress, job: Job, deleted: bool
) -> None:
    """Record that the drives are erased, unless the service says otherwise."""
    if job.warning:
        LOG.warning('%s may not be erased: %s', uri, job.warning)
    elif deleted:
        progress.record(_ERASED, 'yes')


def _offers_force(client: Client, uri: str, deadline: Deadline) -> bool:
    try:
        return actions.offers(client.get(uri, deadline), '.ForceDelete')
    except exception.ResourceGone:
        return False


def _force(client: Client, uri: str, deadline: Deadline, job: Job) -> None:
    """Delete a node by force, which erases nothing."""

    def request() -> Response:
        body = client.get(uri, deadline)
        target = actions.target(actions.action(body, '.ForceDelete'))
        return client.request('POST', target, deadline, {}, check=False)

    response = job.run(request, deadline)
    if response is not None and response.status not in tasks.GONE:
        errors.check(response, uri)
