# SPDX-License-Identifier: Apache-2.0
"""Thread pools: workers for operations, and jobs that exclude each other."""

import threading
import time
from collections.abc import Callable
from concurrent import futures
from typing import ParamSpec

P = ParamSpec('P')


class Workers:
    """A thread pool that accepts work only while it has an idle thread.

    :param size: the number of threads.
    """

    def __init__(self, name: str, size: int) -> None:
        self._size = size
        self._pool = futures.ThreadPoolExecutor(size, thread_name_prefix=name)
        self._idle = threading.Semaphore(size)

    @property
    def idle(self) -> bool:
        """Whether a thread is idle now."""
        acquired = self.acquire()
        if acquired:
            self.release()
        return acquired

    def acquire(self) -> bool:
        """Reserve an idle thread for ``submit``; whether there was one."""
        return self._idle.acquire(blocking=False)

    def release(self) -> None:
        """Give back a thread that was reserved but is not needed."""
        self._idle.release()

    def submit(
        self, function: Callable[P, None], *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Run a function in the thread that ``acquire`` reserved."""

        def job() -> None:
            try:
                function(*args, **kwargs)
            finally:
                self.release()

        self._pool.submit(job)

    def close(self, seconds: float) -> bool:
        """Accept no more work.

        :param seconds: how long to wait for the work in progress.
        :returns: whether all of it ended in time.
        """
        self._pool.shutdown(wait=False)
        deadline = time.monotonic() + seconds
        return all(
            self._idle.acquire(timeout=max(0.0, deadline - time.monotonic()))
            for _ in range(self._size)
        )


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
        pool: futures.Executor,
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
                with self._lock:
                    self._running.discard(key)

        pool.submit(job)
        return True
