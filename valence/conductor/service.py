# SPDX-License-Identifier: Apache-2.0
"""A conductor: its threads, and how they start and stop."""

import datetime
import socket
import threading
import time
from collections.abc import Callable
from concurrent import futures
from typing import Any

from oslo_config import cfg
from oslo_log import log
from oslo_utils import timeutils

from valence.common import rpc
from valence.conductor import actions
from valence.conductor import membership
from valence.conductor import polling
from valence.conductor import provisioning
from valence.conductor import queue
from valence.conductor.engine import engine
from valence.conductor.engine.run import Lapsed
from valence.conductor.engine.run import Run
from valence.conductor.events import refresher
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import loader

LOG = log.getLogger(__name__)

_STOP_SECONDS = 10


class Workers:
    """A pool for some actions: what it has no worker for is not claimed."""

    def __init__(self, name: str, size: int, long: bool) -> None:
        self.actions = [
            action.name
            for action in actions.BY_NAME.values()
            if action.long is long
        ]
        self._size = size
        self._pool = futures.ThreadPoolExecutor(size, thread_name_prefix=name)
        self._free = threading.Semaphore(size)

    def submit(self, function: Callable[..., None], *args: Any) -> None:
        """Run a function; a place has been taken for it with ``take``."""
        self._pool.submit(self._run, function, args)

    def take(self) -> bool:
        """Take a place, if there is one."""
        return self._free.acquire(blocking=False)

    @property
    def free(self) -> bool:
        """Whether there is a place now."""
        taken = self.take()
        if taken:
            self.give_back()
        return taken

    def give_back(self) -> None:
        """Give a place back that was taken."""
        self._free.release()

    def _run(self, function: Callable[..., None], args: Any) -> None:
        try:
            function(*args)
        finally:
            self.give_back()

    def close(self, seconds: float) -> bool:
        """Begin nothing more; whether all came to an end in time."""
        self._pool.shutdown(wait=False)
        deadline = time.monotonic() + seconds
        return all(
            self._free.acquire(timeout=max(0.0, deadline - time.monotonic()))
            for _ in range(self._size)
        )


class Conductor:
    """Claims operations and runs them, and looks after pod managers."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._threads: list[threading.Thread] = []
        # The tokens of the operations that are worked on, and whether there
        # may be claims besides that nobody told us of.
        self._held: set[str] = set()
        self._doubtful = False

    def start(self) -> None:
        """Begin to work. The database may still be away."""
        options = cfg.CONF.conductor
        if options.heartbeat_timeout <= 2 * options.heartbeat_interval:
            raise ValueError(
                '[conductor] heartbeat_timeout has to be more than twice '
                '[conductor] heartbeat_interval'
            )
        self._lease = membership.Lease()
        self._drivers = loader.Pool()
        self._monitor = polling.Monitor(self._lease, self._drivers)
        self._events = refresher.Events(self._drivers)
        self._watch = provisioning.Watch(self._lease)
        self._workers = (
            Workers('worker', options.workers, long=False),
            Workers('long-worker', options.workers, long=True),
        )
        rpc.BELL.listen(self._ring)
        rpc.serve(socket.gethostname())
        for name, function, interval in (
            ('heartbeat', self._beat, options.heartbeat_interval),
            ('claimer', self._claim, None),
            ('refresher', self._refresh, None),
            (
                'monitor',
                self._look,
                min(options.poll_interval, options.status_interval / 2),
            ),
            ('watch', self._watch.tick, options.poll_interval),
        ):
            thread = threading.Thread(
                target=self._repeat,
                args=(function, interval),
                name=name,
                daemon=True,
            )
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Stop: what is under way is left to others, or to the next start."""
        self._stopping.set()
        self._ring()
        rpc.BELL.silence(self._ring)
        end = time.monotonic() + _STOP_SECONDS
        idle = [
            workers.close(end - time.monotonic()) for workers in self._workers
        ]
        self._monitor.close()
        self._events.close()
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        try:
            # What is still waited for may yet come true: who takes it over
            # has to wait for the end of this lease.
            if all(idle):
                self._lease.end()
        except db.FAILURES as exc:
            LOG.warning('The database was not told of the end: %s', exc)
        self._drivers.close()

    def _repeat(
        self, function: Callable[[], None], interval: float | None
    ) -> None:
        """Call a function again and again; no failure ends that."""
        while not self._stopping.is_set():
            try:
                function()
            except db.FAILURES as exc:
                LOG.error('The database cannot be used: %s', exc)
                self._stopping.wait(1)
            except Exception:
                LOG.exception('Unexpected failure in the conductor')
                self._stopping.wait(1)
            if interval is not None:
                self._stopping.wait(interval)

    def _beat(self) -> None:
        self._lease.renew()
        if membership.bury_the_dead():
            self._ring()

    def _look(self) -> None:
        if self._lease.uuid:
            self._events.follow(self._monitor.tick())

    def _refresh(self) -> None:
        """Have read anew what events named."""
        self._events.refresh()
        self._events.wait(cfg.CONF.conductor.poll_interval)

    def _ring(self) -> None:
        """Somebody left work."""
        self._wake.set()
        self._events.wake()

    def _claim(self) -> None:
        """Claim all that is due, then wait to be woken, or for a while."""
        self._wake.clear()
        if self._lease.left() > 0:
            if self._doubtful:
                queue.give_up(self._lease.uuid, set(self._held))
                self._doubtful = False
            while self._claim_some():
                continue
        self._wake.wait(cfg.CONF.conductor.poll_interval)

    def _claim_some(self) -> bool:
        """Claim some of what is due; returns whether there may be more."""
        pools = {
            action: workers
            for workers in self._workers
            if workers.free
            for action in workers.actions
        }
        candidates = queue.due(pools) if pools else []
        claimed = 0
        for candidate in candidates:
            if self._stopping.is_set():
                return False
            claimed += self._claim_one(pools[candidate.action], candidate)
        return bool(claimed) and len(candidates) == queue.BATCH

    def _claim_one(self, workers: Workers, candidate: Any) -> bool:
        if not workers.take():
            return False
        claimed = None
        try:
            claimed = queue.claim(self._lease.uuid, candidate)
        except Exception:
            self._doubtful = True
            raise
        finally:
            if claimed is None:
                workers.give_back()
        if claimed is None:
            return False
        self._held.add(str(claimed[0].claim))
        workers.submit(self._work, *claimed)
        return True

    def _work(
        self, operation: models.Operation, journal: list[models.OperationStep]
    ) -> None:
        """Run an operation as far as it goes; the database may go away."""
        run = Run(
            operation, journal, self._lease, self._drivers, actions.BY_NAME
        )
        while not self._stopping.is_set():
            try:
                engine.work(run, self._stopping)
                break
            except Lapsed:
                LOG.warning('Operation %s waits for the lease', operation.uuid)
                self._stopping.wait(cfg.CONF.conductor.heartbeat_interval)
            except db.FAILURES as exc:
                LOG.error('The database cannot be used: %s', exc)
                self._stopping.wait(1)
            except Exception:
                LOG.exception('Operation %s cannot go on', operation.uuid)
                self._stopping.wait(1)
        self._held.discard(operation.claim)
        self._wake_for(run.operation.run_after)

    def _wake_for(self, run_after: datetime.datetime | None) -> None:
        """Look for work again: now, or when this operation is due again."""
        pause = 0.0
        if run_after is not None:
            pause = (run_after - timeutils.utcnow()).total_seconds()
        if pause <= 0:
            self._wake.set()
        elif pause < cfg.CONF.conductor.poll_interval:
            timer = threading.Timer(pause, self._wake.set)
            timer.daemon = True
            timer.start()
