# SPDX-License-Identifier: Apache-2.0
"""Changes of a resource, followed over any number of calls.

What is known of a change is recorded in the progress of its step, so any
process can continue: that the request was sent, the task that it started, that
it was answered.
"""

import time
from collections.abc import Callable

from oslo_config import cfg

from valence.common import exception
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import actions
from valence.podmanagers.redfish import tasks
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.wire.client import Response

# How long a call waits for a task: most end at once.
_PATIENCE = 1.0
_PREFIX = 'job '
_SENT = 'sent'
_ANSWERED = 'answered'
# Responses that do not come from the service itself.
_UNKNOWN = (502, 504)
# Responses after which a request would be sent again: it may have been
# fulfilled all the same.
_DOUBTFUL = (429, 503, *_UNKNOWN)
# How often to look at what a service is working on without a task, at most.
_LOOK_SECONDS = 15.0


class Job:
    """One change.

    :param name: what it is recorded as; a step may have several.
    """

    def __init__(self, client: Client, progress: Progress, name: str) -> None:
        self._client = client
        self._progress = progress
        self._fact = f'{_PREFIX}{name}'
        self._warning = f'warning {name}'
        # Recorded there: when the service was found to be working on it.
        self._waiting = f'waiting {name}'

    @property
    def lost(self) -> bool:
        """Whether the request was sent, and no response is known."""
        return self._progress.get(self._fact) == _SENT

    @property
    def answered(self) -> bool:
        """Whether the service said, some time, that the change is done."""
        return self._progress.get(self._fact) == _ANSWERED

    @property
    def running(self) -> bool:
        """Whether a task is recorded, whose end is not known."""
        return self._progress.get(self._fact) not in (None, _SENT, _ANSWERED)

    @property
    def warning(self) -> str | None:
        """What the service said of a success that is not complete."""
        return self._progress.get(self._warning)

    def send(
        self,
        request: Callable[[], Response],
        deadline: Deadline,
        once: bool = False,
    ) -> Response:
        """Send the request; the final response, with any status.

        :param once: whether it must not be sent twice: that it is sent is
            recorded before.
        :raises InProgress: while a task that it started is running.
        :raises TaskFailed: when that has failed.
        """
        if once:
            self._progress.record(self._fact, _SENT)
        try:
            response = request()
        except exception.NotSent:
            self._progress.record(self._fact, None)
            raise
        if once and response.status in _DOUBTFUL:
            return response
        watched = tasks.watch(response) if response.status == 202 else None
        if watched is None:
            return self._ended(response, tasks.warning(response))
        self._progress.record(self._fact, str(watched))
        return self._follow(watched, deadline)

    def send_slow(
        self,
        request: Callable[[], Response],
        deadline: Deadline,
        reason: str,
    ) -> Response:
        """Send a request whose response may come when all is done only.

        It is waited for until the deadline. Then the caller looks at what it
        changes, as long as it :attr:`may_be_working`.

        :param reason: what shows that it is not done.
        :raises InProgress: when there is no response.
        """
        try:
            response = self.send(request, deadline)
        except exception.NotSent:
            raise
        except exception.PodManagerUnavailable:
            if deadline.left() > 0:
                raise
            raise self.wait(reason) from None
        if response.status in _UNKNOWN:
            raise self.wait(reason)
        return response

    @property
    def may_be_working(self) -> bool:
        """Whether the service may still be working on a slow request.

        It is not sent again until ``[redfish] release_timeout`` is over.
        """
        since = self._progress.get(self._waiting)
        if since is None:
            return False
        passed = self._progress.age - float(since)
        return bool(passed < cfg.CONF.redfish.release_timeout)

    def wait(self, reason: str) -> InProgress:
        """What says that the service is, or may be, working on a request."""
        if not self.may_be_working:
            self._progress.record(self._waiting, str(self._progress.age))
        return InProgress(_LOOK_SECONDS, reason)

    def resume(self, deadline: Deadline) -> Response | None:
        """The final response of a task that an earlier call has started.

        :returns: None when there is none.
        :raises InProgress: while it is running.
        :raises TaskFailed: when it has failed.
        """
        known = self._progress.get(self._fact)
        if known is None or not self.running:
            return None
        return self._poll(tasks.Watch.parse(known), deadline)

    def run(
        self,
        request: Callable[[], Response],
        deadline: Deadline,
    ) -> Response | None:
        """Send the request unless an earlier call did, and follow it.

        :returns: the final response; None when an earlier call got it.
        """
        if self.answered:
            return None
        response = self.resume(deadline)
        return response or self.send(request, deadline)

    def _follow(self, watched: tasks.Watch, deadline: Deadline) -> Response:
        """Poll for a moment; a slow answer may take longer."""
        moment = deadline.at_most(_PATIENCE)
        seconds = 0.05
        while True:
            try:
                return self._poll(watched, deadline)
            except InProgress:
                if moment.left() <= seconds * 2:
                    raise
            time.sleep(seconds)
            seconds *= 1.5

    def _poll(self, watched: tasks.Watch, deadline: Deadline) -> Response:
        try:
            ended = tasks.poll(self._client, watched, deadline)
        except tasks.TaskFailed:
            self._progress.record(self._fact, None)
            raise
        if ended.response.status in tasks.GONE:
            # What is read decides.
            return self._ended(tasks.FORGOTTEN, None)
        return self._ended(ended.response, ended.warning)

    def _ended(self, response: Response, warning: str | None) -> Response:
        good = response.status < 400
        self._progress.record(self._warning, warning if good else None)
        self._progress.record(self._fact, _ANSWERED if good else None)
        return response

    def forget(self) -> None:
        """Remove what is recorded: what exists shows the rest."""
        self._progress.record(self._warning, None)
        self._progress.record(self._fact, None)

    def explained(self, exc: InProgress) -> InProgress:
        """Why the change does not show yet, with what the service said."""
        if self.warning:
            exc.reason = f'{exc.reason} ({self.warning})'
        return exc


def cancel(client: Client, progress: Progress, deadline: Deadline) -> bool:
    """Cancel the tasks that are recorded, and wait for their end.

    A task that the service does not cancel runs to its end.

    :returns: whether there was one.
    :raises InProgress: while one is running.
    """
    found = False
    for name, value in progress.facts().items():
        if not name.startswith(_PREFIX) or value in (_SENT, _ANSWERED):
            continue
        found = True
        watched = tasks.Watch.parse(value)
        asked = f'cancelled {name}'
        if progress.get(asked) is None:
            request_cancel(client, watched, deadline)
            progress.record(asked, 'yes')
        try:
            tasks.poll(client, watched, deadline)
        except tasks.TaskFailed:
            pass
        progress.record(name, None)
        progress.record(asked, None)
    return found


def request_cancel(
    client: Client, watched: tasks.Watch, deadline: Deadline
) -> bool:
    """Ask a service to cancel a task; whether it agrees.

    What does not look like a running task is left alone: a service may name
    the resource that it changes.
    """
    found = client.request('GET', watched.monitor, deadline, check=False)
    running = found.status == 202 or tasks.is_running(found.body)
    if not running:
        return False
    for uri in filter(None, (watched.monitor, watched.task)):
        response = client.request('DELETE', uri, deadline, check=False)
        if response.status < 400 or response.status in tasks.GONE:
            return True
    body = client.get(watched.task, deadline) if watched.task else found.body
    if not actions.offers(body, '.Cancel'):
        return False
    target = actions.target(actions.action(body, '.Cancel'))
    response = client.request('POST', target, deadline, {}, check=False)
    return response.status < 400
