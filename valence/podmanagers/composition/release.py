# SPDX-License-Identifier: Apache-2.0
"""The release of a composed system: it is erased, and then deleted."""

from valence.common import exception
from valence.podmanagers.composition import blocks
from valence.podmanagers.composition import erasure
from valence.podmanagers.composition.expansion import Expansion
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.jobs import Job


def delete(
    client: Client,
    expansion: Expansion,
    system: str,
    deadline: Deadline,
    progress: Progress,
    erase: bool,
) -> None:
    """Erase and delete a system, unless an earlier call did.

    A permanent system loses what was added to it.

    :raises InProgress: while the service is working on it.
    """
    job = Job(client, progress, 'release')
    if job.answered:
        return
    response = job.resume(deadline)
    if response is None:
        try:
            body = client.get(system, deadline)
        except exception.ResourceGone:
            # An earlier request deleted it, or somebody else did.
            return
        reason = f'{system} is still being deleted'
        if job.may_be_working:
            raise job.wait(reason)
        if erase:
            erasure.erase(client, system, body, deadline, progress)
        if blocks.is_expandable(body):
            expansion.release_system(system, body, deadline, progress)
            return
        response = job.send_slow(
            lambda: client.request('DELETE', system, deadline, check=False),
            deadline,
            reason,
        )
    if response.status not in tasks.GONE:
        errors.check(response, system)
