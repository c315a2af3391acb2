# SPDX-License-Identifier: Apache-2.0
"""Tasks of a Redfish service, polled until they end (DSP0266)."""

import time
from collections.abc import Callable
from typing import TypeVar

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.links import link
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import number
from valence.podmanagers.wire.values import objects
from valence.podmanagers.wire.values import text

T = TypeVar('T')

POLL_SECONDS = 1.0
# Responses of a monitor that the service has forgotten.
GONE = (404, 410)
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 30.0
# The values of TaskState while a task runs; all others are final.
_RUNNING = (
    'New',
    'Starting',
    'Running',
    'Suspended',
    'Interrupted',
    'Pending',
    'Stopping',
    'Service',
    'Cancelling',
)


def monitor(response: Response) -> str | None:
    """The URI of the task monitor of a 202.

    The Task itself, which always responds with 200, is the last resort.
    """
    return (
        response.location
        or text(response.body.get('TaskMonitor'), 2048)
        or link(response.body)
    )


def poll(client: Client, uri: str, deadline: base.Deadline) -> Response:
    """The final response of a task monitor, whatever its status.

    :raises InProgress: while the task runs.
    :raises PodManagerError: when a Task reports that it failed.
    """
    response = client.request('GET', uri, deadline, check=False)
    if response.status == 202:
        raise base.InProgress(_pause(response))
    state = response.body.get('TaskState')
    if response.status != 200 or state is None:
        return response
    if state in _RUNNING:
        raise base.InProgress(_pause(response))
    if state != 'Completed':
        raise exception.PodManagerError(
            reason=f'the task {uri} ended as {state}: '
            + _messages(response.body)
        )
    final = text(response.body.get('TaskMonitor'), 2048)
    if final and final != uri:
        response = client.request('GET', final, deadline, check=False)
    return response


def wait(client: Client, uri: str, deadline: base.Deadline) -> Response:
    """Like :func:`poll`, but return when the task has ended.

    :raises PodManagerUnavailable: when it has not by the deadline.
    """
    return repeat(lambda: poll(client, uri, deadline), deadline)


def finish(
    client: Client, response: Response, deadline: base.Deadline
) -> Response:
    """The final response of a request, which may have started a task."""
    uri = monitor(response)
    if response.status == 202 and uri is not None:
        return wait(client, uri, deadline)
    return response


def delete(client: Client, uri: str, deadline: base.Deadline) -> Response:
    """Delete a resource and wait for the task; the final response."""
    response = client.request('DELETE', uri, deadline, check=False)
    return finish(client, response, deadline)


def post(
    client: Client, uri: str, body: JsonObject, deadline: base.Deadline
) -> Response:
    """Send a POST and wait for the task.

    :raises NoMatch: for a conflict.
    """
    response = client.request('POST', uri, deadline, body, check=False)
    response = finish(client, response, deadline)
    if response.status == 409:
        raise exception.NoMatch(reason=errors.message(response))
    errors.check(response, uri)
    return response


def repeat(call: Callable[[], T], deadline: base.Deadline) -> T:
    """Call until it no longer raises InProgress.

    The first pauses are short, because most tasks are.

    :raises PodManagerUnavailable: when the deadline would pass.
    """
    seconds = _FIRST_PAUSE
    while True:
        try:
            return call()
        except base.InProgress as exc:
            seconds = min(seconds * 1.5, exc.seconds)
            reason = exc.reason
        if deadline.left() <= seconds:
            raise exception.PodManagerUnavailable(reason=reason)
        time.sleep(seconds)


def _pause(response: Response) -> float:
    """Seconds after which to poll again."""
    wanted = number(response.headers.get('Retry-After')) or POLL_SECONDS
    return min(wanted, _LONGEST_PAUSE)


def _messages(body: JsonObject) -> str:
    found = [str(m.get('Message')) for m in objects(body.get('Messages'))]
    return ' '.join(found)[:1000] or 'it gives no reason'
