# SPDX-License-Identifier: Apache-2.0
"""Tasks of a Redfish service, polled until they end (DSP0266).

A 202 names a task monitor, a Task, or both. The monitor responds with 202
until the work has ended, and then as the request itself would have; a Task
always responds with 200. Only both together show the outcome: a monitor may
respond with success while the Task has the status Critical. Some services
show a Job instead (DSP0268): it is read as a Task.
"""

import dataclasses
import time
from collections.abc import Callable
from typing import Protocol
from typing import TypeVar

from valence.common import exception
from valence.common.identity import canonical_uri
from valence.common.types import JsonObject
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.redfish import errors
from valence.podmanagers.redfish.links import link
from valence.podmanagers.wire.client import Response
from valence.podmanagers.wire.values import number
from valence.podmanagers.wire.values import obj
from valence.podmanagers.wire.values import objects
from valence.podmanagers.wire.values import text

T = TypeVar('T')

POLL_SECONDS = 1.0
# Responses of a monitor that the service has forgotten.
GONE = (404, 410)
# Responses that say nothing about the work.
_BUSY = (401, 403, 429, 502, 503, 504)
# The response instead: what is read shows the outcome.
FORGOTTEN = Response(204, {}, None, {})
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 30.0
# The final values of TaskState and JobState, in lower case. Any other, also an
# unknown one, is not the end.
_COMPLETED = 'completed'
_FINAL = (
    *(_COMPLETED, 'killed', 'exception', 'cancelled', 'canceled', 'failed'),
    *('invalid', 'completedwitherrors', 'rebootfailed'),
)
# The values of TaskStatus of a failure, in lower case.
_FAILURES = ('critical', 'error', 'failed', 'fatal')
_WARNINGS = ('Warning', 'Critical')


class Sender(Protocol):
    """What sends requests: ``client.Client``, or a login."""

    def request(
        self,
        method: str,
        uri: str,
        deadline: Deadline,
        body: JsonObject | None = None,
        check: bool = True,
    ) -> Response:
        """The response to a request."""


class TaskFailed(exception.PodManagerError):
    """A task has ended without success.

    :ivar response: a response that would say the same.
    """

    def __init__(self, reason: str, body: JsonObject) -> None:
        super().__init__(reason=reason)
        info = body.get('Messages')
        self.response = Response(
            400, {'error': {'@Message.ExtendedInfo': info}}, None, {}
        )


@dataclasses.dataclass(frozen=True)
class Watch:
    """Where to read how far a task is.

    :param monitor: the URI of the task monitor, or of the Task.
    :param task: the URI of the Task, where it is known.
    """

    monitor: str
    task: str | None = None

    @classmethod
    def parse(cls, text: str) -> 'Watch':
        """What was stored as text."""
        monitor, _, task = text.partition(' ')
        return cls(monitor, task or None)

    def __str__(self) -> str:
        return f'{self.monitor} {self.task}' if self.task else self.monitor


@dataclasses.dataclass(frozen=True)
class Ended:
    """The end of a task that did not fail.

    :param response: the final response, with any status.
    :param warning: what the task says of a success that is not complete.
    """

    response: Response
    warning: str | None = None


def watch(response: Response) -> Watch | None:
    """Where to follow a 202; None where the service does not say."""
    body = _as_task(response.body)
    task = link(body) if 'TaskState' in body else None
    monitor = (
        response.location
        or text(body.get('TaskMonitor'), 2048)
        or link(body.get('TaskMonitor'))
        or link(body)
    )
    if monitor is None:
        return None
    return Watch(monitor, task if task != monitor else None)


def created_uri(response: Response) -> str | None:
    """The canonical URI of what a successful response has created.

    :returns: None where it does not say: a Task, which has a URI as well, is
        not what was created.
    """
    if response.location:
        return canonical_uri(response.location)
    if 'TaskState' in response.body:
        return None
    found = link(response.body)
    return None if found is None else canonical_uri(found)


def poll(sender: Sender, watched: Watch, deadline: Deadline) -> Ended:
    """The end of a task.

    :raises InProgress: while it runs.
    :raises TaskFailed: when it says that it failed.
    :raises PodManagerUnavailable: when it cannot be read now.
    """
    response = _read(sender, watched.monitor, deadline)
    if response.status == 202:
        raise _running(sender, response, watched, deadline)
    if _is_task(response):
        return _judge(sender, watched.monitor, response, deadline)
    if watched.task is None:
        return Ended(response, warning(response))
    task = _read(sender, watched.task, deadline)
    if not _is_task(task):
        return Ended(response, warning(response))
    if response.status >= 400 and response.status not in GONE:
        return Ended(_with_messages(response, task.body))
    ended = _judge(sender, None, task, deadline)
    return dataclasses.replace(ended, response=response)


def _with_messages(response: Response, task: JsonObject) -> Response:
    """An error response that has also the messages of the Task."""
    error = obj(response.body.get('error'))
    infos = [
        *objects(error.get('@Message.ExtendedInfo')),
        *objects(task.get('Messages')),
    ]
    error = {**error, '@Message.ExtendedInfo': infos}
    return response._replace(body={**response.body, 'error': error})


def _read(sender: Sender, uri: str, deadline: Deadline) -> Response:
    response = sender.request('GET', uri, deadline, check=False)
    if response.status in _BUSY:
        errors.check(response, uri)
    return response._replace(body=_as_task(response.body))


def _as_task(body: JsonObject) -> JsonObject:
    """A body; that of a Job with the properties of a Task."""
    if 'JobState' not in body or 'TaskState' in body:
        return body
    messages = body.get('Messages') or [{'Message': body.get('Message')}]
    return {
        **body,
        'TaskState': body['JobState'],
        'TaskStatus': body.get('JobStatus'),
        'Messages': messages,
    }


def is_running(body: JsonObject) -> bool:
    """Whether a body is that of a Task that has not ended."""
    body = _as_task(body)
    return 'TaskState' in body and _state(body) not in _FINAL


def _state(body: JsonObject) -> str:
    """The state of a task, in lower case and without spaces."""
    return ''.join(str(body['TaskState']).split()).casefold()


def _is_task(response: Response) -> bool:
    return response.status == 200 and 'TaskState' in response.body


def _running(
    sender: Sender,
    response: Response,
    watched: Watch,
    deadline: Deadline,
) -> InProgress:
    """What says how far a task is."""
    body = response.body
    if 'TaskState' not in body and watched.task is not None:
        task = _read(sender, watched.task, deadline)
        body = task.body if _is_task(task) else body
    return _in_progress(response, watched.task or watched.monitor, body)


def _in_progress(response: Response, uri: str, body: JsonObject) -> InProgress:
    state = text(body.get('TaskState'), 32) or 'Running'
    said = _messages(body)
    percent = body.get('PercentComplete')
    return InProgress(
        _pause(response),
        f'the task {uri} is still {state}' + (f': {said}' if said else ''),
        None if percent is None else min(100, int(number(percent))),
    )


def _judge(
    sender: Sender,
    uri: str | None,
    response: Response,
    deadline: Deadline,
) -> Ended:
    """The outcome of a Task, by its state and its status.

    :param uri: of what was polled; None: the final response is known.
    """
    body = response.body
    state, status = body.get('TaskState'), body.get('TaskStatus')
    where = uri or link(body) or 'of the request'
    if is_running(body):
        raise _in_progress(response, where, body)
    said = _messages(body)
    failed = str(status).casefold() in _FAILURES
    if _state(body) != _COMPLETED or failed:
        shown = f'{state}, {status}' if status else f'{state}'
        raise TaskFailed(
            f'the task {where} ended as {shown}: '
            + (said or 'it gives no reason'),
            body,
        )
    final = text(body.get('TaskMonitor'), 2048)
    if uri is not None and final and final != uri:
        last = _read(sender, final, deadline)
        response = last if last.status not in GONE else response
    warned = said or 'the task gives no reason'
    return Ended(
        response, warned if status == 'Warning' else warning(response)
    )


def wait(sender: Sender, watched: Watch, deadline: Deadline) -> Response:
    """Like :func:`poll`, but return when the task has ended.

    :raises PodManagerUnavailable: when it has not by the deadline.
    """
    return repeat(lambda: poll(sender, watched, deadline), deadline).response


def finish(sender: Sender, response: Response, deadline: Deadline) -> Response:
    """The final response of a request, which may have started a task."""
    watched = watch(response) if response.status == 202 else None
    if watched is None:
        return response
    final = wait(sender, watched, deadline)
    return FORGOTTEN if final.status in GONE else final


def repeat(call: Callable[[], T], deadline: Deadline) -> T:
    """Call until it no longer raises InProgress.

    The first pauses are short, because most tasks are.

    :raises PodManagerUnavailable: when the deadline would pass.
    """
    seconds = _FIRST_PAUSE
    while True:
        try:
            return call()
        except InProgress as exc:
            seconds = min(seconds * 1.5, exc.seconds)
            reason = exc.reason
        if deadline.left() <= seconds:
            raise exception.PodManagerUnavailable(reason=reason)
        time.sleep(seconds)


def warning(response: Response) -> str | None:
    """What a successful response says is not as it was requested."""
    found = response.body.get('@Message.ExtendedInfo')
    said = [
        message
        for message in objects(found if isinstance(found, list) else [found])
        if (message.get('MessageSeverity') or message.get('Severity'))
        in _WARNINGS
    ]
    return _messages({'Messages': said}) or None


def _pause(response: Response) -> float:
    """Seconds after which to poll again."""
    delay = number(response.headers.get('Retry-After')) or POLL_SECONDS
    return min(delay, _LONGEST_PAUSE)


def _messages(body: JsonObject) -> str:
    """All messages of a task, each in the best form that it has."""
    found = body.get('Messages')
    said = [
        errors.message_text({'Message': one} if isinstance(one, str) else one)
        for one in (found if isinstance(found, list) else [found])
        if isinstance(one, str | dict)
    ]
    return ' '.join(dict.fromkeys(filter(None, said)))[:1000]
