# SPDX-License-Identifier: Apache-2.0
"""Resets of systems and nodes (DSP0266, action Reset)."""

from valence.podmanagers import power
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import resources
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.jobs import Job
from valence.podmanagers.wire.client import Response

# What is recorded: the power state before the reset.
_BEFORE = 'power_before'


def reset(
    client: Client,
    uri: str,
    reset_type: str,
    deadline: Deadline,
    progress: Progress,
) -> None:
    """Switch a system or node on or off, or restart it.

    :raises InProgress: until its power state is what was requested.
    :raises RequestRejected: for a type that it does not support.
    """
    job = Job(client, progress, 'reset')
    body = client.get(uri, deadline)
    before, now = progress.get(_BEFORE), resources.power_now(body)
    if job.lost:
        power.check_lost(reset_type, before, now)
    elif not job.answered and not _is_repeated(reset_type, before, now, job):
        response = job.resume(deadline)
        if response is None:
            offered = actions.action(body, '.Reset')
            allowed = actions.allowable(client, offered, 'ResetType', deadline)
            actions.check_allowed(reset_type, allowed)
            progress.record(_BEFORE, now)
            before, target = now, actions.target(offered)
            response = _send(client, job, target, reset_type, deadline)
        errors.check(response, uri)
        now = resources.power_now(client.get(uri, deadline))
    try:
        power.check(reset_type, before, now)
    except InProgress as exc:
        raise job.explained(exc) from None


def _send(
    client: Client, job: Job, target: str, reset_type: str, deadline: Deadline
) -> Response:
    once = reset_type in power.ONCE
    return job.send(
        lambda: client.request(
            'POST',
            target,
            deadline,
            {'ResetType': reset_type},
            check=False,
            once=once,
        ),
        deadline,
        once=once,
    )


def _is_repeated(
    reset_type: str, before: str | None, now: str, job: Job
) -> bool:
    """Whether an earlier request was fulfilled, whose answer was lost."""
    if before is None or job.running or reset_type in power.ONCE:
        return False
    return now == power.goal(reset_type, before)
