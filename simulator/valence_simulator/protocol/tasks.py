# SPDX-License-Identifier: Apache-2.0
"""Tasks: work that takes longer than a response may (DSP0266, 202).

`Location` of a 202 is the task monitor. It returns 202 during the work, and
then the response of the work itself; DELETE cancels the work. The task
resource always returns 200.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import logging
import time
from collections.abc import Callable

from aiohttp import web

from valence_simulator import faults
from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.delays import Delay
from valence_simulator.protocol.delays import Delays
from valence_simulator.protocol.resources import ROOT
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import Tree
from valence_simulator.protocol.resources import document

SERVICE = f'{ROOT}/TaskService'
TASKS = f'{SERVICE}/Tasks'
MONITORS = f'{SERVICE}/TaskMonitors'
#: Final states of a task.
ENDS = ('Completed', 'Killed', 'Exception', 'Cancelled')

LOG = logging.getLogger(__name__)

Work = Callable[[], web.Response]
Notify = Callable[..., None]


@dataclasses.dataclass
class Ending:
    """The result of work.

    :param messages: texts, or whole messages.
    :param work: whether the work is done.
    """

    state: str = 'Completed'
    status: str = 'OK'
    messages: list = dataclasses.field(default_factory=list)
    work: bool = True

    @classmethod
    def of(cls, call: Call) -> Ending:
        """Return the result that faults require for a request."""
        if call.failure is not None:
            return cls('Exception', 'Critical', [call.failure], False)
        if call.ignored:
            return cls(work=False)
        fault = call.request.get(faults.TASK)
        if fault is None:
            return cls()
        state = fault.get('TaskState', 'Completed')
        status = fault.get('TaskStatus', 'OK')
        return cls(
            state,
            status,
            fault.get('Messages', []),
            fault.get('work', (state, status) == ('Completed', 'OK')),
        )

    @property
    def good(self) -> bool:
        return (self.state, self.status) == ('Completed', 'OK')

    def error(self) -> errors.RedfishError:
        """Return the error of a service that does not use tasks."""
        shown = self.shown_messages()
        text = shown[0]['Message'] if shown else 'The work has failed.'
        return errors.RedfishError(500, 'Base.1.5.InternalError', text)

    def shown_messages(self) -> list[dict]:
        return [
            message
            if isinstance(message, dict)
            else {
                '@odata.type': '#Message.v1_1_1.Message',
                'MessageId': 'Base.1.5.InternalError',
                'Message': message,
                'MessageArgs': [],
                'MessageSeverity': self.status,
            }
            for message in self.messages
        ]


@dataclasses.dataclass
class Task:
    """Running or finished work."""

    id: str
    name: str
    started: str
    #: The start by the monotonic clock, and the duration.
    began: float
    seconds: float
    undo: Callable[[], None]
    state: str = 'Running'
    status: str = 'OK'
    ended: str | None = None
    messages: list[dict] = dataclasses.field(default_factory=list)
    #: Status, body and headers of the response of the work itself.
    answer: tuple[int, bytes, dict] | None = None
    timer: Delay | None = None

    @property
    def uri(self) -> str:
        return f'{TASKS}/{self.id}'

    @property
    def monitor(self) -> str:
        return f'{MONITORS}/{self.id}'

    @property
    def percent(self) -> int:
        if self.answer is not None:
            return 100
        passed = (time.monotonic() - self.began) / max(self.seconds, 0.001)
        return min(99, int(passed * 100))


class Tasks:
    """The task service.

    :param usual: the default kinds of work that are tasks, without
        ``--task-on``.
    """

    def __init__(
        self,
        tree: Tree,
        options: argparse.Namespace,
        usual: tuple[str, ...],
        delays: Delays,
        notify: Notify,
    ):
        self._tree = tree
        self._options = options
        self._usual = usual
        self._delays = delays
        self._notify = notify
        self.members: dict[str, Task] = {}
        self._last = 0
        tree.add(SERVICE, self._render_service)
        tree.add_collection(
            TASKS,
            'TaskCollection',
            'Tasks',
            lambda: [task.uri for task in self.members.values()],
        )

    async def run(
        self,
        call: Call,
        kind: str,
        name: str,
        work: Work,
        seconds: float | None = None,
        undo: Callable[[], None] = lambda: None,
        unchanged: Work = answers.no_content,
    ) -> web.Response:
        """Run work after some seconds, as a task if required.

        :param kind: one of options.oddities.TASKS.
        :param seconds: the duration; None for ``--task-seconds``.
        :param undo: called instead of `work` if it is cancelled, or if a fault
            makes it fail.
        :param unchanged: the response if a fault prevents the work.
        """
        ending = Ending.of(call)
        is_task = self._options.tasks and kind in self.kinds
        if seconds is None:
            seconds = self._options.task_seconds if is_task else 0

        def end() -> web.Response:
            if ending.work:
                return work()
            undo()
            return unchanged()

        if is_task:
            return self._start(name, seconds, end, undo, ending)
        await self._delays.sleep(seconds)
        if not ending.good:
            undo()
            raise ending.error()
        try:
            return end()
        except Exception:
            undo()
            raise

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of work that are tasks."""
        configured = self._options.task_on
        return self._usual if configured is None else tuple(configured)

    def state(self) -> list[dict]:
        """Return the tasks for tests."""
        return [
            {'uri': task.uri, 'name': task.name, 'state': task.state}
            for task in self.members.values()
        ]

    def restart(self) -> None:
        """Lose running work and all tasks."""
        for task in list(self.members.values()):
            if task.answer is None:
                self._cancel(task)
            self._forget(task)
        self._last = 0

    def _start(
        self,
        name: str,
        seconds: float,
        end: Work,
        undo: Callable[[], None],
        ending: Ending,
    ) -> web.Response:
        self._last += 1
        number = str(self._last)
        task = Task(number, name, _now(), time.monotonic(), seconds, undo)
        self.members[task.id] = task
        if ending.state in ENDS:
            task.timer = self._delays.later(
                seconds, lambda: self._finish(task, end, ending)
            )
        else:
            task.state, task.status = ending.state, ending.status
            task.messages = ending.shown_messages()
        self._add_resources(task)
        self._tree.changed(TASKS)
        self._event(task, 'TaskStarted')
        return self._watch(task)

    def _add_resources(self, task: Task) -> None:
        """Add a task and its monitor to the tree."""

        async def watch(call: Call) -> web.Response:
            return self._watch(task)

        async def show(call: Call) -> web.Response:
            call.resource.changed()  # It has come further since.
            return answers.ok(call.resource)

        async def cancel(call: Call) -> web.Response:
            if not self._options.task_cancel:
                raise errors.method_not_allowed('DELETE', 'GET, HEAD')
            if task.answer is None:
                self._cancel(task)
            return answers.no_content()

        self._tree.add(
            task.uri, lambda: self._render(task), get=show, delete=cancel
        )
        self._tree.add(task.monitor, dict, get=watch, delete=cancel)

    def _finish(self, task: Task, end: Work, ending: Ending) -> None:
        try:
            answer = end()
            if ending.state != 'Completed':
                answer = answers.error(ending.error())
        except Exception as error:
            if not isinstance(error, errors.RedfishError):
                LOG.exception('The task %s failed', task.id)
                error = _failed(f'{type(error).__name__}')
            task.undo()
            answer = answers.error(error)
            ending = Ending('Exception', 'Critical', error.infos())
        self._end(task, ending, answer)

    def _cancel(self, task: Task) -> None:
        if task.timer is not None:
            task.timer.cancel()
        task.undo()
        gone = errors.RedfishError(
            410, 'Base.1.5.GeneralError', 'The task was cancelled.'
        )
        ending = Ending('Cancelled', 'OK', gone.infos())
        self._end(task, ending, answers.error(gone))

    def _end(self, task: Task, ending: Ending, answer: web.Response) -> None:
        task.state, task.status, task.ended = (
            ending.state,
            ending.status,
            _now(),
        )
        task.messages = ending.shown_messages()
        self._tree.changed(task.uri)
        body = answer.body if isinstance(answer.body, bytes) else b''
        task.answer = (answer.status, body, dict(answer.headers))
        if ending.state == 'Completed' and not ending.good and not ending.work:
            # Like services that report only the end of a task.
            shown = answers.ok(self._tree[task.uri])
            task.answer = (200, shown.body, dict(shown.headers))
        events = {'Completed': 'TaskCompletedOK', 'Cancelled': 'TaskCancelled'}
        self._event(task, events.get(ending.state, 'TaskAborted'))
        if self._options.task_lifetime is not None:
            self._delays.later(
                self._options.task_lifetime, lambda: self._forget(task)
            )

    def _forget(self, task: Task) -> None:
        self.members.pop(task.id, None)
        self._tree.remove(task.uri)
        self._tree.remove(task.monitor)
        self._tree.changed(TASKS)

    def _watch(self, task: Task) -> web.Response:
        if task.answer is not None:
            status, body, headers = task.answer
            return web.Response(status=status, body=body, headers=headers)
        resource, form = self._tree[task.uri], self._options.task_location
        resource.changed()
        named = {'monitor': task.monitor, 'bare': task.monitor}
        headers = {'Retry-After': '1'}
        if form != 'body':
            headers['Location'] = named.get(form, task.uri)
        if form == 'bare':
            return web.Response(
                status=202, headers={**answers.COMMON, **headers}
            )
        return answers.ok(resource, 202, **headers)

    def _event(self, task: Task, key: str) -> None:
        self._notify(
            'StatusChange',
            task.uri,
            message_id=f'TaskEvent.1.0.{key}',
            MessageArgs=[task.id],
        )

    def _render_service(self) -> dict:
        return document(
            SERVICE,
            'TaskService.v1_1_0.TaskService',
            'Task Service',
            Description='Work that is executed in the background',
            Status={'State': 'Enabled', 'Health': 'OK'},
            ServiceEnabled=True,
            DateTime=_now(),
            CompletedTaskOverWritePolicy='Manual',
            LifeCycleEventOnTaskStateChange=True,
            Tasks={'@odata.id': TASKS},
        )

    def _render(self, task: Task) -> dict:
        shown = {}
        if self._options.task_location in ('monitor', 'bare'):
            shown['TaskMonitor'] = task.monitor
        if task.ended is not None:
            shown['EndTime'] = task.ended
        return document(
            task.uri,
            'Task.v1_4_0.Task',
            task.name,
            Description='A task',
            TaskState=task.state,
            TaskStatus=task.status,
            StartTime=task.started,
            **shown,
            PercentComplete=task.percent,
            Messages=task.messages,
        )


def _failed(why: str) -> errors.RedfishError:
    return errors.RedfishError(500, 'Base.1.5.InternalError', why)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec='seconds')
