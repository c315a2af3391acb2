# SPDX-License-Identifier: Apache-2.0
"""Erase what users stored on a composed system (DSP2046, Decommission)."""

from oslo_log import log

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.jobs import Job
from valence.podmanagers.wire.client import Response

LOG = log.getLogger(__name__)

_ACTION = '.Decommission'
# The types that erase user data; the one that erases least comes first.
_TYPES = ('UserData', 'All')
# What is recorded: that the system is erased.
_ERASED = 'erased'


def is_erased(progress: Progress) -> bool:
    """Whether the system is known to be erased."""
    return progress.get(_ERASED) is not None


def erase(
    client: Client,
    uri: str,
    body: JsonObject,
    deadline: Deadline,
    progress: Progress,
) -> None:
    """Erase a system, if the service offers that.

    Only secure erasure counts. A service that cannot do that responds with
    501, possibly after it has begun.

    :param body: the system.
    :raises InProgress: while the service is working on it.
    """
    job = Job(client, progress, 'erase')
    if is_erased(progress) or job.answered:
        return
    if job.may_be_working:
        # Nothing shows its end, and it is not requested twice.
        LOG.warning('%s may not be erased: there is no response', uri)
        return
    try:
        response = _submit(client, uri, body, deadline, job)
        if response is None:
            return
        errors.check(response, uri)
    except (exception.PodManagerUnavailable, exception.AuthenticationFailed):
        raise
    except exception.PodManagerError as exc:
        LOG.warning('%s cannot be erased: %s', uri, exc)
        return
    if job.warning:
        LOG.warning('%s may not be erased: %s', uri, job.warning)
        return
    progress.record(_ERASED, 'yes')


def _submit(
    client: Client, uri: str, body: JsonObject, deadline: Deadline, job: Job
) -> Response | None:
    """Request the erasure, unless an earlier call did, and follow it.

    :returns: the response; None where erasure is not offered.
    """
    response = job.resume(deadline)
    if response is not None:
        return response
    target = _target(client, body, deadline)
    if target is None:
        return None
    return job.send_slow(
        lambda: _request(client, uri, *target, deadline),
        deadline,
        f'{uri} is still being erased',
    )


def _target(
    client: Client, body: JsonObject, deadline: Deadline
) -> tuple[str, str] | None:
    """Where to request what kind of erasure; None where none is offered."""
    if not actions.offers(body, _ACTION):
        return None
    offered = actions.action(body, _ACTION)
    listed = actions.allowable(client, offered, 'DecommissionTypes', deadline)
    kind = next((k for k in _TYPES if listed is None or k in listed), None)
    return None if kind is None else (actions.target(offered), kind)


def _request(
    client: Client, uri: str, target: str, kind: str, deadline: Deadline
) -> Response:
    arguments: JsonObject = {
        'DecommissionTypes': [kind],
        'RequireSecureErase': True,
    }
    return actions.post_with_etags(
        client, target, arguments, {'ComputerSystemETag': uri}, deadline
    )
