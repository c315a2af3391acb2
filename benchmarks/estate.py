# SPDX-License-Identifier: Apache-2.0
"""Cost of choosing, refusing and counting in a large estate and a small one.

A MariaDB server of its own contains one pod manager with a number of systems
in one database, and a number of such pod managers in another. The same is
asked of both in turns, without sockets.

    python -m benchmarks.estate [pod managers [systems of each]]
"""

import contextlib
import statistics
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from unittest import mock

import sqlalchemy as sa

from valence import cmd  # noqa: F401 - selects the threading backend
from valence.common import exception
from valence.db import api as db
from valence.db import migration
from valence.db import recount
from valence.db import shapes
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.objects import requirements
from valence.scheduler import ranking
from valence.scheduler.request import Request
from valence.tests import fixtures
from valence.tests.fixtures import estate

PODS, SYSTEMS = 1000, 1000
ROUNDS, SECONDS = 200, 20
SETTLE_SECONDS = 10
MEMORY_GIB = 6

FITS = {
    'processor': {'total_cores': 32, 'architecture': 'x86-64'},
    'memory': {'capacity_mib': 100000},
}
DEVICES = {
    **FITS,
    'storage': [{'capacity_gib': 3000, 'count': 2}],
    'pci_devices': [{'type': 'gpu', 'count': 2}],
}
REFUSED = {'processor': {'total_cores': 512}}
DEVICES_REFUSED = {**FITS, 'pci_devices': [{'type': 'gpu', 'count': 99}]}


def choose(client: Any, requested: Any) -> None:
    """Choose the hardware of a node, or be refused."""
    request = Request(requirements.normalize(requested))
    with contextlib.suppress(exception.NoCapacity), db.reader() as tx:
        ranking.choose(tx, request)


def preview(client: Any, requested: Any) -> None:
    """Preview a node."""
    client.post('/v1/nodes/preview', {'properties': requested})


def get(client: Any, path: str) -> None:
    """Read from the API."""
    client.get(path)


QUESTIONS: dict[str, tuple[Callable[[Any, Any], None], Any]] = {
    'choose': (choose, FITS),
    'choose, devices': (choose, DEVICES),
    'refusal': (choose, REFUSED),
    'refusal, devices': (choose, DEVICES_REFUSED),
    'preview': (preview, FITS),
    'preview, devices': (preview, DEVICES),
    'preview, refusal': (preview, REFUSED),
    'capacity': (get, '/v1/capacity'),
    'pod manager': (get, '/v1/pod_managers/pod-0'),
    'page, no filter': (get, '/v1/systems?limit=100'),
    'page, free by memory': (
        get,
        '/v1/systems?limit=100&free=true&sort_key=memory_mib',
    ),
    'page of one pod': (
        get,
        '/v1/systems?limit=100&pod_manager=pod-0&sort_key=name',
    ),
}


@contextlib.contextmanager
def without_indexes() -> Iterator[None]:
    """Create indexes when all rows are there: that is many times faster."""
    tables = [
        model.__table__
        for model in (models.System, models.Device, models.Node)
    ]
    for table in tables:
        alter(table, [f'DROP INDEX {index.name}' for index in indexes(table)])
    yield
    for table in tables:
        alter(
            table,
            [
                f'ADD INDEX {index.name} ({", ".join(index.columns.keys())})'
                for index in indexes(table)
            ],
        )


def indexes(table: sa.Table) -> list[sa.Index]:
    """The indexes of a table that are not unique."""
    return [index for index in table.indexes if not index.unique]


def alter(table: sa.Table, changes: list[str]) -> None:
    """Change a table, however long that takes."""
    with (
        engine.unlimited() as unlimited,
        engine.begin(unlimited) as connection,
    ):
        connection.exec_driver_sql(
            f'ALTER TABLE {table.name} {", ".join(changes)}'
        )


def count(pods: int) -> None:
    """Count the first pod managers; all others have the hardware of one."""
    podm = models.PodManager
    with db.reader() as tx:
        found = tx.list(podm, only=('uuid', 'name')).all()
    uuids = {row.name: row.uuid for row in found}
    names = [f'pod-{number}' for number in range(pods)]
    for number, name in enumerate(names[: estate.KINDS]):
        recount.check(uuids[name], repair=True)
        for other in names[number + estate.KINDS :: estate.KINDS]:
            copy_counters(uuids[name], uuids[other])
    for name in names[-estate.KINDS :]:
        if wrong := recount.check(uuids[name], repair=False):
            raise AssertionError(f'{name}: {wrong}')


@db.transaction
def copy_counters(tx: db.Transaction, template: str, podm: str) -> None:
    """Give a pod manager the counters of another one."""
    columns = {one.key for one in sa.inspect(models.Count).column_attrs}
    copied, new = [], {}
    for row in tx.list(models.Count, podm_uuid=template):
        new[row.uuid] = shapes.group_uuid(podm, row.shape_uuid, row.zones)
        values = {name: getattr(row, name) for name in columns}
        copied.append(values | {'uuid': new[row.uuid], 'podm_uuid': podm})
    tx.create_many(models.Count, copied)
    for model in shapes.MODELS:
        one, other = model.__table__, model.__table__.alias()
        tx.connection.execute(
            sa.update(one)
            .where(
                other.c.podm_uuid == template,
                one.c.podm_uuid == podm,
                one.c.uri_hash == other.c.uri_hash,
            )
            .values(count_uuid=sa.case(new, value=other.c.count_uuid))
        )
    sums = tx.list(models.Capacity, podm_uuid=template).one()
    columns = {one.key for one in sa.inspect(models.Capacity).column_attrs}
    values = {name: getattr(sums, name) for name in columns - {'uuid'}}
    tx.create(models.Capacity, **values | {'podm_uuid': podm})


class Estate:
    """A database with a number of pod managers."""

    def __init__(
        self, stack: contextlib.ExitStack, url: str, pods: int, systems: int
    ) -> None:
        stack.enter_context(fixtures.EmptyDatabase('mysql', url))
        migration.sync()
        self._engine = engine.get_engine()
        self.size = pods * systems
        begun = time.monotonic()
        with without_indexes():
            estate.fill(pods, systems)
            inserted = time.monotonic()
            count(pods)
        print(
            f'{self.size} systems inserted in {inserted - begun:.0f} s, '
            f'counted and indexed in {time.monotonic() - inserted:.0f} s',
            flush=True,
        )
        with engine.begin() as connection:
            for name in (
                'systems',
                'devices',
                'counts',
                'capacities',
                'pod_managers',
            ):
                connection.exec_driver_sql(f'ANALYZE TABLE {name}')

    def ask(self, client: Any, name: str) -> float:
        """The milliseconds of one question."""
        function, value = QUESTIONS[name]
        with mock.patch.object(engine, 'get_engine', lambda: self._engine):
            begun = time.perf_counter()
            function(client, value)
            return 1000 * (time.perf_counter() - begun)


def compare(client: Any, estates: list[Estate], name: str) -> None:
    """Print the milliseconds of one question for each estate."""
    spent: list[list[float]] = [[] for _ in estates]
    for one in estates:
        one.ask(client, name)
    end = time.monotonic() + SECONDS
    for _ in range(ROUNDS):
        for one, times in zip(estates, spent, strict=True):
            times.append(one.ask(client, name))
        if time.monotonic() > end:
            break
    small, large = map(statistics.median, spent)
    last = [sorted(times)[int(len(times) * 0.99)] for times in spent]
    print(
        f'{name:22} {small:9.1f} {large:9.1f}  {large / small:7.2f} x'
        f'   p99 {last[0]:9.1f} {last[1]:9.1f}   of {len(spent[0])}',
        flush=True,
    )


def main() -> None:
    """Fill both databases and compare them."""
    given = [int(argument) for argument in sys.argv[1:]]
    pods, systems = (*given, *(PODS, SYSTEMS)[len(given) :])
    with contextlib.ExitStack() as stack:
        stack.enter_context(fixtures.Conf())
        stack.enter_context(fixtures.Keys())
        server = stack.enter_context(fixtures.MariaDB())
        server.execute(
            f'SET GLOBAL innodb_buffer_pool_size = {MEMORY_GIB * 2**30}'
        )
        estates = [
            Estate(stack, server.url, count, systems) for count in (1, pods)
        ]
        time.sleep(SETTLE_SECONDS)
        client = fixtures.Client()
        print(
            f'milliseconds at {estates[0].size} and {estates[1].size} systems:'
        )
        for name in QUESTIONS:
            compare(client, estates, name)


if __name__ == '__main__':
    main()
