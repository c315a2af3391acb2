# SPDX-License-Identifier: Apache-2.0
"""A conductor: its threads, and how they start and stop."""

import datetime
import socket
import threading
import time
from collections.abc import Callable

from oslo_config import cfg
from oslo_log import log

from valence import holds
from valence.common import metrics
from valence.common import rpc
from valence.conductor import actions
from valence.conductor import capacity
from valence.conductor import claims
from valence.conductor import demands
from valence.conductor import jobs
from valence.conductor import lanes
from valence.conductor import leases
from valence.conductor import managed_nodes
from valence.conductor import membership
from valence.conductor import notifications
from valence.conductor import polling
from valence.conductor import queue
from valence.conductor import samples
from valence.conductor.engine import worker
from valence.conductor.engine.run import Run
from valence.conductor.events import refresher
from valence.conductor.events import streams
from valence.conductor.events import subscriptions
from valence.conductor.pools import controller as pools
from valence.conductor.reservations import worker as reservations
from valence.db import api as db
from valence.db import conditions
from valence.db import failures
from valence.db.sqlalchemy import models
from valence.podmanagers import loader

LOG = log.getLogger(__name__)

_STOP_SECONDS = 10


class Conductor:
    """Runs operations, and does the periodic work on pod managers."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._threads: list[threading.Thread] = []
        self._claims = claims.Claims()
        # Whether to compare them with the database.
        self._reconcile = threading.Event()

    def start(self) -> None:
        """Start the threads. The database may still be down."""
        options = cfg.CONF.conductor
        if options.heartbeat_timeout <= 2 * options.heartbeat_interval:
            raise ValueError(
                '[conductor] heartbeat_timeout has to be more than twice '
                '[conductor] heartbeat_interval'
            )
        self._lease = membership.Lease()
        self._drivers = loader.Pool()
        self._streams = streams.Streams(self._drivers)
        self._monitor = polling.Monitor(
            self._lease, self._drivers, self._streams.is_open
        )
        self._refresher = refresher.Refresher(self._drivers)
        self._subscriptions = subscriptions.Subscriptions(
            self._drivers, self._streams
        )
        self._managed_nodes = managed_nodes.Poller(self._lease)
        self._reservations = reservations.Reservations(self._drivers)
        self._publisher = notifications.Publisher(self._stopping)
        self._demands = demands.Listener()
        self._capacity = capacity.Writer(self._lease)
        self._sampler = samples.Sampler(self._lease)
        self._turns = queue.Turns()
        self._workers = {
            lane: jobs.Workers(f'worker-{lane.value}', options.workers)
            for lane in lanes.Lane
        }
        rpc.WAKER.subscribe(self._notify)
        rpc.serve(socket.gethostname())
        self._demands.start()
        self._begin_all()

    def _begin_all(self) -> None:
        options = cfg.CONF.conductor
        poll = options.poll_interval
        self._begin('heartbeat', self._heartbeat, options.heartbeat_interval)
        self._begin('claimer', self._claim)
        self._begin('refresher', self._refresh)
        self._begin(
            'monitor', self._poll, min(poll, options.status_interval / 2)
        )
        self._begin('managed-nodes', self._managed_nodes.tick, poll)
        self._begin('ends', self._end, poll)
        self._begin('pools', self._control_pools, poll)
        self._begin('demands', self._demands.tick, poll)
        self._begin('capacity', self._capacity.tick, poll)
        self._begin('samples', self._sampler.tick, poll)
        self._begin('reservations', self._reservations.tick, poll)
        self._begin('notifications', self._publisher.tick, poll)

    def stop(self) -> None:
        """Stop. Other conductors, or the next start, resume the operations."""
        self._stopping.set()
        self._notify()
        rpc.WAKER.unsubscribe(self._notify)
        self._demands.close()
        end = time.monotonic() + _STOP_SECONDS
        idle = [
            workers.close(end - time.monotonic())
            for workers in self._workers.values()
        ]
        self._monitor.close()
        self._streams.close()
        self._subscriptions.close()
        self._refresher.close()
        self._reservations.close()
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        try:
            # A request that is still being sent may yet take effect. Then
            # others have to wait until the lease expires.
            if all(idle):
                self._lease.end()
        except db.FAILURES as exc:
            LOG.warning(
                'The conductor could not deregister: %s', failures.reason(exc)
            )
        self._drivers.close()

    def _begin(
        self,
        name: str,
        function: Callable[[], None],
        interval: float | None = None,
    ) -> None:
        """Start a thread that repeats a function.

        :param interval: seconds between two calls; None: the function waits.
        """
        thread = threading.Thread(
            target=self._repeat,
            args=(function, interval),
            name=name,
            daemon=True,
        )
        thread.start()
        self._threads.append(thread)

    def _repeat(
        self, function: Callable[[], None], interval: float | None
    ) -> None:
        """Call a function until the conductor stops, also after exceptions."""
        while not self._stopping.is_set():
            try:
                function()
            except db.FAILURES as exc:
                LOG.error(
                    'The database is unavailable: %s', failures.reason(exc)
                )
                self._stopping.wait(1)
            except Exception:
                LOG.exception('Unexpected failure in the conductor')
                self._stopping.wait(1)
            if interval is not None:
                self._stopping.wait(interval)

    def _heartbeat(self) -> None:
        self._lease.renew()
        membership.reap_stale()
        conditions.expire(db.now())
        self._reconcile.set()
        self._wake.set()

    def _poll(self) -> None:
        """Poll the pod managers of this conductor, and follow their events."""
        if not self._lease.uuid:
            return
        podms = self._monitor.tick()
        self._refresher.follow(podms)
        self._streams.follow(podms)
        self._subscriptions.follow(podms)

    def _refresh(self) -> None:
        """Read what events named."""
        self._refresher.tick()
        self._refresher.wait(cfg.CONF.conductor.poll_interval)

    def _end(self) -> None:
        """End holds and leases whose time is over."""
        while holds.sweep() and not self._stopping.is_set():
            continue
        while leases.sweep() and not self._stopping.is_set():
            self._wake.set()

    def _control_pools(self) -> None:
        """Make nodes for pools, and release them."""
        if self._lease.left() > 0 and pools.sweep():
            self._wake.set()

    def _notify(self) -> None:
        """Look for work now; called from any thread."""
        self._wake.set()
        self._refresher.wake()

    def _claim(self) -> None:
        """Claim all that is due, then wait for a wake-up or the interval."""
        self._wake.clear()
        if self._lease.left() > 0:
            if self._reconcile.is_set():
                self._reconcile.clear()
                self._claims.reconcile(self._lease.uuid)
            while self._claim_batch():
                continue
        self._wake.wait(cfg.CONF.conductor.poll_interval)

    def _claim_batch(self) -> bool:
        """Claim one batch of what is due; whether there may be more."""
        idle = [
            lane for lane, workers in self._workers.items() if workers.idle
        ]
        names = [
            name for name in actions.BY_NAME if lanes.lane_of(name) in idle
        ]
        candidates = queue.due(names, self._turns) if names else []
        claimed = 0
        for candidate in candidates:
            if self._stopping.is_set():
                return False
            claimed += self._claim_one(candidate)
        return bool(claimed)

    def _claim_one(self, candidate: models.Operation) -> bool:
        workers = self._workers[lanes.lane_of(candidate.action)]
        if not workers.acquire():
            return False
        run = None
        try:
            claimed = queue.claim(self._lease.uuid, candidate)
            if claimed is not None:
                run = Run(
                    *claimed, self._lease, self._drivers, actions.BY_NAME
                )
        except Exception as exc:
            # It may have been claimed nonetheless.
            self._reconcile.set()
            if isinstance(exc, db.FAILURES):
                raise
            LOG.exception('Operation %s cannot be claimed', candidate.uuid)
        finally:
            if run is None:
                workers.release()
        if run is None:
            return False
        self._turns.take(candidate)
        metrics.CLAIMS.labels('won').inc()
        token = str(run.operation.claim)
        self._claims.add(token, run)
        workers.submit(self._work, token, run)
        return True

    def _work(self, token: str, run: Run) -> None:
        """Run an operation as far as it goes."""
        try:
            worker.persist(run, self._stopping)
        finally:
            self._claims.discard(token)
            pools.follow(run.operation)
            self._wake_at(run.operation.run_after)

    def _wake_at(self, run_after: datetime.datetime | None) -> None:
        """Look for work now, or when an operation is due again."""
        pause = 0.0
        if run_after is not None:
            pause = (run_after - db.now()).total_seconds()
        if pause <= 0:
            self._wake.set()
        elif pause < cfg.CONF.conductor.poll_interval:
            timer = threading.Timer(pause, self._wake.set)
            timer.daemon = True
            timer.start()
