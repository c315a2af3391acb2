# SPDX-License-Identifier: Apache-2.0
"""Erase what users stored on a composed system (DSP2046, Decommission)."""

from oslo_log import log

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.wire.client import Response

LOG = log.getLogger(__name__)

_ACTION = '.Decommission'
# The types that erase user data; the one that erases least comes first.
_TYPES = ('UserData', 'All')
# What is recorded: that the system is erased, and the task that erases it.
_ERASED = 'erased'
_TASK = 'erase_task'


def is_erased(progress: base.Progress) -> bool:
    """Whether the system is known to be erased."""
    return progress.get(_ERASED) is not None


def erase(
    client: Client,
    uri: str,
    body: JsonObject,
    deadline: base.Deadline,
    progress: base.Progress,
) -> None:
    """Erase a system, if the service offers that.

    Only secure erasure counts. A service that cannot do that responds with
    501, possibly after it has begun.

    :param body: the system.
    :raises PodManagerUnavailable: when the task has not ended by the deadline;
        the next call polls it.
    """
    if is_erased(progress):
        return
    task = progress.get(_TASK)
    try:
        if task is None:
            response = _request(client, uri, body, deadline)
            if response is None:
                return
            task = tasks.monitor(response) if response.status == 202 else None
            progress.record(_TASK, task)
            errors.check(response, uri)
        if task is not None:
            errors.check(tasks.wait(client, task, deadline), uri)
    except (exception.PodManagerUnavailable, exception.AuthenticationFailed):
        raise
    except exception.PodManagerError as exc:
        LOG.warning('%s cannot be erased: %s', uri, exc)
        progress.record(_TASK, None)
        return
    progress.record(_ERASED, 'yes')


def _request(
    client: Client, uri: str, body: JsonObject, deadline: base.Deadline
) -> Response | None:
    """The response to the request to erase; None where none is offered."""
    if not actions.offers(body, _ACTION):
        return None
    offered = actions.action(body, _ACTION)
    listed = actions.allowable(client, offered, 'DecommissionTypes', deadline)
    kind = next((k for k in _TYPES if listed is None or k in listed), None)
    if kind is None:
        return None
    arguments: JsonObject = {
        'DecommissionTypes': [kind],
        'RequireSecureErase': True,
    }
    target = actions.target(offered)
    response = client.request('POST', target, deadline, arguments, check=False)
    if response.status in actions.WRONG_ETAG:
        _, tag = client.get_with_etag(uri, deadline)
        arguments['ComputerSystemETag'] = tag
        response = client.request(
            'POST', target, deadline, arguments, check=False
        )
    return response
