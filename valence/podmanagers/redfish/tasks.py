# SPDX-License-Identifier: Apache-2.0
"""Tasks of a Redfish service, followed to their end (DSP0266)."""

import time
from collections.abc import Callable
from typing import Any
from typing import TypeVar

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.client import link
from valence.podmanagers.redfish.resources import number
from valence.podmanagers.redfish.resources import obj
from valence.podmanagers.redfish.resources import text
from valence.podmanagers.wire.client import Answer

T = TypeVar('T')

_POLL_SECONDS = 1.0


_FIRST_PAUSE = 0.1


_LONGEST_PAUSE = 30.0


# What a Task says of itself while it goes on; the rest is the end of it.
_UNDER_WAY = (
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


def monitor(answer: Answer) -> str | None:
    """Where the work behind a 202 can be watched.

    That is the task monitor; the Task itself, which always answers 200, is
    the last resort.
    """
    return (
        answer.location
        or text(answer.body.get('TaskMonitor'), 2048)
        or link(answer.body)
    )


def watch(client: Client, uri: str, deadline: base.Deadline) -> Answer:
    """The answer of the work that a monitor stands for, whatever it says.

    :raises InProgress: while the work goes on.
    :raises PodManagerError: when a Task tells that it failed.
    """
    answer = client.request('GET', uri, deadline, check=False)
    if answer.status == 202:
        raise base.InProgress(_pause(answer))
    state = answer.body.get('TaskState')
    if answer.status != 200 or state is None:
        return answer
    if state in _UNDER_WAY:
        raise base.InProgress(_pause(answer))
    if state != 'Completed':
        raise exception.PodManagerError(
            reason=f'the task {uri} ended as {state}: {_messages(answer.body)}'
        )
    real = text(answer.body.get('TaskMonitor'), 2048)
    if real and real != uri:
        answer = client.request('GET', real, deadline, check=False)
    return answer


def wait(client: Client, uri: str, deadline: base.Deadline) -> Answer:
    """Like :func:`watch`, but stay until the work is done.

    :raises PodManagerUnavailable: when it is not done by the deadline.
    """
    return persist(lambda: watch(client, uri, deadline), deadline)


def persist(call: Callable[[], T], deadline: base.Deadline) -> T:
    """Call until it no longer raises InProgress.

    That begins often, for most work is short, and becomes seldom.

    :raises PodManagerUnavailable: when the deadline would pass with it.
    """
    seconds = _FIRST_PAUSE
    while True:
        try:
            return call()
        except base.InProgress as exc:
            seconds = min(seconds * 1.5, exc.seconds)
        if deadline.left() <= seconds:
            raise exception.PodManagerUnavailable(
                reason='timed out: the pod manager is still at it'
            )
        time.sleep(seconds)


def _pause(answer: Answer) -> float:
    """Seconds after which to ask again."""
    wanted = number(answer.headers.get('Retry-After')) or _POLL_SECONDS
    return min(wanted, _LONGEST_PAUSE)


def _messages(body: dict[str, Any]) -> str:
    messages = body.get('Messages')
    said = [
        str(obj(message).get('Message'))
        for message in (messages if isinstance(messages, list) else ())
    ]
    return ' '.join(said)[:1000] or 'it does not say why'
