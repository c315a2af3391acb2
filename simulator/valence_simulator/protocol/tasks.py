# SPDX-License-Identifier: Apache-2.0
"""Tasks: work that takes longer than an answer may (DSP0266, 202).

`Location` of a 202 is the task monitor. It answers 202 while the work goes
on, and then with the answer of the work itself; DELETE cancels. The task
resource always answers 200.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import json
import logging
from collections.abc import Callable

from aiohttp import web

from valence_simulator.protocol import answers
from valence_simulator.protocol import errors
from valence_simulator.protocol.resources import ROOT
from valence_simulator.protocol.resources import Call
from valence_simulator.protocol.resources import Tree
from valence_simulator.protocol.resources import document

SERVICE = f'{ROOT}/TaskService'
TASKS = f'{SERVICE}/Tasks'
MONITORS = f'{SERVICE}/TaskMonitors'

LOG = logging.getLogger(__name__)

Work = Callable[[], web.Response]
Notify = Callable[..., None]


@dataclasses.dataclass
class Task:
    """Work under way, or done."""

    id: str
    name: str
    started: str
    state: str = 'Running'
    ended: str | None = None
    message: str | None = None
    #: Status, body and headers of the work's own answer.
    answer: tuple[int, bytes, dict] | None = None
    timer: asyncio.TimerHandle | None = None

    @property
    def uri(self) -> str:
        return f'{TASKS}/{self.id}'

    @property
    def monitor(self) -> str:
        return f'{MONITORS}/{self.id}'


class Tasks:
    """The task service.

    :param asynchronous: whether work becomes a task; else its answer waits.
    """

    def __init__(self, tree: Tree, asynchronous: bool, notify: Notify):
        self._tree = tree
        self._notify = notify
        self.asynchronous = asynchronous
        self.members: dict[str, Task] = {}
        self._undo: dict[str, Callable[[], None]] = {}
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
        name: str,
        seconds: float,
        work: Work,
        undo: Callable[[], None] = lambda: None,
    ) -> web.Response:
        """Do work after some seconds, as a task where tasks are wanted.

        :param undo: called instead of `work` when the work fails, as a
            fault may order, or is cancelled.
        """
        if self.asynchronous:
            return self._start(name, seconds, work, undo, call.failure)
        await asyncio.sleep(seconds)
        try:
            if call.failure is not None:
                raise _failed(call.failure)
            return work()
        except Exception:
            undo()
            raise

    def restart(self) -> None:
        """Work under way is lost, and so is the record of it."""
        for task in list(self.members.values()):
            if task.answer is None:
                self._cancel(task)
            self._tree.remove(task.uri)
            self._tree.remove(task.monitor)
        self.members.clear()
        self._tree.changed(TASKS)

    def _start(
        self,
        name: str,
        seconds: float,
        work: Work,
        undo: Callable[[], None],
        failure: str | None,
    ) -> web.Response:
        number = 1 + max(map(int, self.members), default=0)
        task = Task(str(number), name, _now())
        self.members[task.id] = task
        self._undo[task.id] = undo
        task.timer = asyncio.get_running_loop().call_later(
            seconds, self._finish, task, work, failure
        )

        async def watch(call: Call) -> web.Response:
            return self._watch(task)

        async def cancel(call: Call) -> web.Response:
            if task.answer is None:
                self._cancel(task)
            return answers.no_content()

        self._tree.add(task.uri, lambda: _render(task), delete=cancel)
        self._tree.add(task.monitor, dict, get=watch, delete=cancel)
        self._tree.changed(TASKS)
        self._event(task, 'TaskStarted')
        return self._watch(task)

    def _finish(self, task: Task, work: Work, failure: str | None) -> None:
        try:
            if failure is not None:
                raise _failed(failure)
            answer = work()
            self._end(task, 'Completed', answer, None)
        except Exception as error:
            if not isinstance(error, errors.RedfishError):
                LOG.exception('The task %s failed', task.id)
                error = _failed(f'{type(error).__name__}')
            self._undo[task.id]()
            self._end(task, 'Exception', answers.error(error), error.message)

    def _cancel(self, task: Task) -> None:
        task.timer.cancel()
        self._undo[task.id]()
        gone = errors.RedfishError(
            410, 'Base.1.5.GeneralError', 'The task was cancelled.'
        )
        self._end(task, 'Cancelled', answers.error(gone), gone.message)

    def _end(
        self,
        task: Task,
        state: str,
        answer: web.Response,
        message: str | None,
    ) -> None:
        body = answer.body if isinstance(answer.body, bytes) else b''
        headers = dict(answer.headers)
        task.answer = (answer.status, body, headers)
        task.state, task.message, task.ended = state, message, _now()
        del self._undo[task.id]
        self._tree.changed(task.uri)
        events = {'Completed': 'TaskCompletedOK', 'Cancelled': 'TaskCancelled'}
        self._event(task, events.get(state, 'TaskAborted'))

    def _watch(self, task: Task) -> web.Response:
        if task.answer is None:
            return answers.ok(
                self._tree[task.uri],
                202,
                **{'Location': task.monitor, 'Retry-After': '1'},
            )
        status, body, headers = task.answer
        return web.Response(status=status, body=body, headers=headers)

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
            Description='Work that takes its time',
            Status={'State': 'Enabled', 'Health': 'OK'},
            ServiceEnabled=True,
            DateTime=_now(),
            CompletedTaskOverWritePolicy='Manual',
            LifeCycleEventOnTaskStateChange=True,
            Tasks={'@odata.id': TASKS},
        )


def _render(task: Task) -> dict:
    running = task.answer is None
    failed = task.state == 'Exception'
    messages = []
    if task.answer is not None and task.message is not None:
        messages = json.loads(task.answer[1])['error']['@Message.ExtendedInfo']
    return document(
        task.uri,
        'Task.v1_4_0.Task',
        task.name,
        Description='A task',
        TaskState=task.state,
        TaskStatus='Critical' if failed else 'OK',
        TaskMonitor=task.monitor,
        StartTime=task.started,
        **({} if running else {'EndTime': task.ended}),
        PercentComplete=0 if running else 100,
        Messages=messages,
    )


def _failed(why: str) -> errors.RedfishError:
    return errors.RedfishError(500, 'Base.1.5.InternalError', why)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec='seconds')
