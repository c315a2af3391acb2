# SPDX-License-Identifier: Apache-2.0
"""Metrics that are read when Prometheus asks for them.

What is in the database is the same for all processes, so only the API shows
it. The cost depends on the number of open operations, pod managers and
conductors, not on how much hardware there is or how many operations ended.
"""

import datetime
import threading
import time
from collections.abc import Iterable
from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client import registry
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import Metric

from valence import health
from valence.conductor import jobs
from valence.conductor import membership
from valence.conductor import states
from valence.db import api as db
from valence.db import clock
from valence.db import conditions
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.objects import pool as words

_SECONDS = 5.0
# The nodes of so many pools are shown, the first ones by name.
_MOST_POOLS = 100


class _OnDemand(registry.Collector):
    """Reads its metrics only when somebody asks for them."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: otherwise they would be read to register them."""
        return ()


class Process(_OnDemand):
    """This process: its threads, workers and database connections."""

    def collect(self) -> Iterator[Metric]:
        """The current values."""
        yield Gauge(
            'valence_threads', 'Threads.', value=threading.active_count()
        )
        connections = Gauge(
            'valence_database_connections',
            'Connections of the pool.',
            labels=['state'],
        )
        in_use, idle = engine.connections()
        connections.add_metric(['in_use'], in_use)
        connections.add_metric(['idle'], idle)
        yield connections
        busy = Gauge(
            'valence_workers_busy',
            'Workers of the conductor that have an operation.',
            labels=['workers'],
        )
        for name, number in jobs.busy().items():
            busy.add_metric([name], number)
        yield busy
        yield from _clock_offset()


def _clock_offset() -> Iterator[Metric]:
    """By how much the clock of this host is ahead, once that is known."""
    now = clock.known()
    if now is not None:
        offset = time.time() - now.replace(tzinfo=datetime.UTC).timestamp()
        yield Gauge(
            'valence_clock_offset_seconds',
            'By how much the clock of the host is ahead of the database.',
            value=offset,
        )


class Health(_OnDemand):
    """Health checks of this process that no other metric shows."""

    NAMES = ('schema', 'keys', 'broker')

    def __init__(self) -> None:
        self._monitor = health.Monitor()

    def collect(self) -> Iterator[Metric]:
        """The results, without what could not be checked."""
        result = Gauge(
            'valence_healthy',
            'Whether a health check found no problem.',
            labels=['check'],
        )
        found = self._monitor.look(self.NAMES, _SECONDS)
        for name, problem in found.items():
            if problem not in health.UNKNOWN:
                result.add_metric([name], problem is None)
        yield result


class Database(_OnDemand):
    """What the database says, read in limited time even if it hangs."""

    def __init__(self) -> None:
        self._metrics: list[Metric] = []
        self._monitor = health.Monitor(
            {'database': (self._read, 'The database is unavailable.')}
        )

    def collect(self) -> Iterator[Metric]:
        """The current values; only that it is down if it does not respond."""
        problem = self._monitor.look(('database',), _SECONDS)['database']
        yield Gauge(
            'valence_database_up',
            'Whether the database responds.',
            value=problem is None,
        )
        if problem is None:
            yield from self._metrics

    def _read(self) -> None:
        with db.reader() as tx:
            self._metrics = [
                *_operations(tx),
                *_pod_managers(tx),
                *_pools(tx),
                Gauge(
                    'valence_conductors_alive',
                    'Conductors with a fresh heartbeat.',
                    value=len(membership.alive()),
                ),
                Gauge(
                    'valence_pending_refreshes',
                    'Resources that events named and nobody has read yet.',
                    value=tx.count(models.PendingRefresh),
                ),
            ]


def _operations(tx: db.Transaction) -> Iterator[Metric]:
    """The queue: how many operations are open, and since when."""
    op = models.Operation
    count = Gauge(
        'valence_operations_open',
        'Operations that have not ended.',
        labels=['action', 'state'],
    )
    age = Gauge(
        'valence_operation_oldest_seconds',
        'Age of the oldest operation that has not ended.',
        labels=['action', 'state'],
    )
    rows = tx.connection.execute(
        sa.select(
            op.action, op.state, sa.func.count(), sa.func.min(op.created_at)
        )
        .where(op.state.in_(states.OPEN))
        .group_by(op.action, op.state)
    )
    for action, state, number, oldest in rows:
        count.add_metric([action, state], number)
        age.add_metric([action, state], _age(tx, oldest))
    yield count
    yield age


def _pod_managers(tx: db.Transaction) -> Iterator[Metric]:
    """The status of each pod manager, and the age of its inventory."""
    up = Gauge(
        'valence_pod_manager_up',
        'Whether a pod manager is online; not shown in maintenance, nor '
        'while a condition of it is quiet.',
        labels=['pod_manager'],
    )
    age = Gauge(
        'valence_pod_manager_inventory_age_seconds',
        'Time since the inventory of a pod manager was read.',
        labels=['pod_manager'],
    )
    count = Gauge(
        'valence_pod_managers',
        'Pod managers by status.',
        labels=['status'],
    )
    quiet = conditions.quiet(tx)
    numbers = dict.fromkeys(('online', 'offline', 'maintenance'), 0)
    rows = tx.list(
        models.PodManager,
        only=('uuid', 'name', 'status', 'maintenance', 'synced_at'),
        order=[models.PodManager.name],
    )
    for row in rows:
        numbers['maintenance' if row.maintenance else row.status] += 1
        if row.synced_at is not None:
            age.add_metric([row.name], _age(tx, row.synced_at))
        if not row.maintenance and row.uuid not in quiet:
            up.add_metric([row.name], row.status == 'online')
    for status, number in numbers.items():
        count.add_metric([status], number)
    yield from (count, up, age)


def _pools(tx: db.Transaction) -> Iterator[Metric]:
    """How many pools are in each state, and what they have."""
    count = Gauge('valence_pools', 'Pools by state.', labels=['state'])
    nodes = Gauge(
        'valence_pool_nodes',
        f'Nodes of a pool, if they are known, of the first {_MOST_POOLS} '
        f'pools by name.',
        labels=['pool', 'state'],
    )
    pool = models.Pool
    query = sa.select(pool.state, sa.func.count()).group_by(pool.state)
    found = dict(tx.connection.execute(query).tuples().all())
    for state in words.STATES:
        count.add_metric([state], found.get(state, 0))
    kinds = ('ready', 'coming', 'used')
    rows = tx.list(
        pool,
        only=('name', *kinds),
        order=[pool.name],
        limit=_MOST_POOLS,
    )
    for row in rows:
        for kind in kinds:
            if getattr(row, kind) is not None:
                nodes.add_metric([row.name, kind], getattr(row, kind))
    yield from (count, nodes)


def _age(tx: db.Transaction, since: datetime.datetime) -> float:
    return max(0.0, (tx.now() - since).total_seconds())
