# SPDX-License-Identifier: Apache-2.0
"""Thread pools: workers for operations, and jobs that exclude each other.

Threads are cheap while they wait. A pod manager that hangs therefore costs
threads, and never keeps others from being worked on.
"""

import threading
import time
import weakref
from collections.abc import Callable
from concurrent import futures
from typing import ParamSpec

P = ParamSpec('P')

# A job that takes more seconds mostly waits: another one may begin.
PATIENCE = 5.0
# There are at most so many times as many threads as jobs that do not wait.
FACTOR = 16

_all: 'weakref.WeakSet[Workers]' = weakref.WeakSet()


class Pool:
    """A thread pool that ignores what comes after its end.

    :param size: the number of threads.
    """

    def __init__(self, name: str, size: int) -> None:
        self._executor = futures.ThreadPoolExecutor(
            size, thread_name_prefix=name
        )
        self._lock = threading.RLock()
        self._closed = False

    def submit(self, job: Callable[[], None]) -> bool:
        """Run a job when a thread is idle; whether that was accepted."""
        with self._lock:
            if not self._closed:
                self._executor.submit(job)
            return not self._closed

    def close(self) -> None:
        """Accept nothing more, and drop what has not begun."""
        with self._lock:
            self._closed = True
            self._executor.shutdown(wait=False, cancel_futures=True)


class Workers:
    """A thread pool that accepts work only while it has an idle thread.

    A thread whose job takes long does not count: it waits for hardware.

    :param size: the number of threads that do not wait.
    """

    def __init__(self, name: str, size: int) -> None:
        self._size = size
        self._pool = Pool(name, size * FACTOR)
        self.name = name
        _all.add(self)
        self._changed = threading.Condition()
        self._closed = False
        self._reserved = 0
        # When each job began, on the monotonic clock.
        self._jobs: dict[object, float] = {}

    @property
    def idle(self) -> bool:
        """Whether a thread is idle now."""
        with self._changed:
            return self._is_idle()

    def _is_idle(self) -> bool:
        since = time.monotonic() - PATIENCE
        waiting = sum(began <= since for began in self._jobs.values())
        busy = len(self._jobs) + self._reserved
        room = busy - waiting < self._size and busy < self._size * FACTOR
        return room and not self._closed

    @property
    def busy(self) -> int:
        """How many threads have a job."""
        with self._changed:
            return len(self._jobs)

    def acquire(self) -> bool:
        """Reserve an idle thread for ``submit``; whether there was one."""
        with self._changed:
            idle = self._is_idle()
            self._reserved += idle
            return idle

    def release(self) -> None:
        """Give back a thread that was reserved but is not needed."""
        with self._changed:
            self._reserved -= 1
            self._changed.notify_all()

    def submit(
        self, function: Callable[P, None], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Run a function in the thread that ``acquire`` reserved."""
        key = object()

        def job() -> None:
            try:
                function(*args, **kwargs)
            finally:
                with self._changed:
                    del self._jobs[key]
                    self._changed.notify_all()

        with self._changed:
            self._reserved -= 1
            self._jobs[key] = time.monotonic()
        self._pool.submit(job)

    def close(self, seconds: float) -> bool:
        """Accept no more work.

        :param seconds: how long to wait for the work in progress.
        :returns: whether all of it ended in time.
        """
        with self._changed:
            self._closed = True
            ended = self._changed.wait_for(
                lambda: not self._jobs and not self._reserved,
                max(0.0, seconds),
            )
        self._pool.close()
        return ended


def busy() -> dict[str, int]:
    """How many threads of each ``Workers`` of this process have a job."""
    return {workers.name: workers.busy for workers in list(_all)}


class KeyedJobs:
    """Runs jobs in thread pools, at most one per key at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[str] = set()

    def is_running(self, key: str) -> bool:
        """Whether a job of a key is waiting for a thread, or running."""
        with self._lock:
            return key in self._running

    def submit(
        self,
        pool: Pool,
        key: str,
        function: Callable[P, None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> bool:
        """Run a function in a pool, unless a job of this key is running.

        :returns: whether the job was accepted.
        """
        with self._lock:
            if key in self._running:
                return False
            self._running.add(key)

        def job() -> None:
            try:
                function(*args, **kwargs)
            finally:
                self._end(key)

        accepted = pool.submit(job)
        if not accepted:
            self._end(key)
        return accepted

    def _end(self, key: str) -> None:
        with self._lock:
            self._running.discard(key)
