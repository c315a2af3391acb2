# SPDX-License-Identifier: Apache-2.0
"""Counters say what counting all rows would say, whatever has happened."""

import concurrent.futures
import datetime
import itertools
import uuid
from unittest import mock

import hypothesis
import sqlalchemy as sa
from hypothesis import strategies
from oslo_db import exception as db_exception

from valence import objects
from valence.common import exception
from valence.conductor.inventory import store
from valence.db import allocations
from valence.db import api as db
from valence.db import capacity
from valence.db import purge
from valence.db import recount
from valence.db import shapes
from valence.db import tags
from valence.db.sqlalchemy import models
from valence.podmanagers import hardware
from valence.scheduler import ranking
from valence.scheduler.request import Request
from valence.tests import base

_STATES = strategies.sampled_from(('free', 'free', 'used', 'unavailable'))
_ZONES = strategies.sampled_from(([], ['a'], ['b', 'a'], ['a', 'b']))
_NUMBERS = strategies.integers(0, 3)


def system(number, state='free', cores=8, zones=(), drives=()):
    """What a driver reports of a system."""
    return hardware.Item(
        f'/systems/{number}',
        {
            **dict.fromkeys(('cpu_sockets', 'cpu_threads', 'storage_gib'), 1),
            **{'memory_mib': 1024, 'cpu_cores': cores, 'nics': []},
            **{'health': 'ok', 'power_state': 'off', 'accelerators': None},
            **dict.fromkeys(('hardware_uuid', 'serial_number')),
            'name': f'system {number}',
            'state': state,
            'zones': list(zones),
            'drives': [{'capacity_gib': size} for size in drives],
        },
    )


def device(number, state='free', size=100, zones=(), max_nodes=1):
    """What a driver reports of a device."""
    return hardware.Item(
        f'/devices/{number}',
        {
            **dict.fromkeys(('cpu_cores', 'memory_mib', 'speed_mbps'), 0),
            **{'type': 'drive', 'health': 'ok', 'serial_number': None},
            'name': f'device {number}',
            'state': state,
            'capacity_gib': size,
            'zones': list(zones),
            'max_nodes': max_nodes,
        },
    )


_SYSTEMS = strategies.builds(
    system,
    _NUMBERS,
    _STATES,
    strategies.sampled_from((8, 16)),
    _ZONES,
    strategies.sampled_from(((), (100, 200), (200, 100))),
)
_DEVICES = strategies.builds(
    device,
    _NUMBERS,
    _STATES,
    strategies.sampled_from((0, 100)),
    _ZONES,
    strategies.sampled_from((1, 2, None)),
)


def _unique(items):
    return strategies.lists(items, max_size=4, unique_by=lambda one: one.uri)


_STEPS = strategies.lists(
    strategies.one_of(
        strategies.tuples(
            strategies.just('sync'),
            _unique(_SYSTEMS),
            _unique(_DEVICES),
            strategies.booleans(),
        ),
        strategies.tuples(strategies.just('claim'), _NUMBERS, _NUMBERS),
        strategies.tuples(
            strategies.just('release'), _NUMBERS, strategies.booleans()
        ),
        strategies.tuples(strategies.just('deallocate'), _NUMBERS),
        strategies.tuples(strategies.just('unreserve'), _NUMBERS),
    ),
    min_size=3,
    max_size=12,
)


class CountersCase(base.DatabaseTestCase):
    def setUp(self):
        super().setUp()
        self.new_pod()

    def new_pod(self):
        self.podm = db.create(
            models.PodManager,
            **objects.PodManager.defaults()
            | {'name': str(uuid.uuid4()), 'url': f'http://{uuid.uuid4()}'}
            | {'status': 'online', 'synced_at': db.now()}
            | {'capabilities': ['compose']},
        )
        self.nodes = []

    def node(self):
        node = db.create(
            models.Node,
            **objects.Node.defaults()
            | {'name': str(uuid.uuid4()), 'scope': '', 'properties': {}}
            | {'project_id': 'p', 'podm_uuid': self.podm},
            provision_state='composing',
        )
        self.nodes.append(node)
        return node

    def sync(self, systems, devices, partial=False):
        seen = hardware.Inventory(systems=systems, devices=devices)
        db.transaction(store.write)(
            self.podm, seen, since=db.now(), partial=partial
        )

    def row(self, model, number):
        """One of the rows of the pod manager, or None."""
        with db.reader() as tx:
            rows = tx.list(
                model, podm_uuid=self.podm, order=[model.resource_uri]
            ).all()
        return rows[number % len(rows)] if rows else None

    def claim(self, number, other):
        rows = self.row(models.System, number), self.row(models.Device, other)
        uuids = [[row.uuid] if row else [] for row in rows]
        try:
            db.transaction(allocations.allocate)(
                self.node(), self.podm, *uuids, 'p'
            )
        except (exception.LostRace, db_exception.DBDuplicateEntry):
            self.nodes.pop()

    def release(self, number, erased):
        if self.nodes:
            node = self.nodes[number % len(self.nodes)]
            db.transaction(allocations.release_resources)(node, erased)

    def deallocate(self, number):
        if self.nodes:
            node = self.nodes[number % len(self.nodes)]
            db.transaction(allocations.deallocate)(node)

    def unreserve(self, number):
        row = self.row(models.System, number)
        if row:
            db.transaction(allocations.delete)(
                resource_uuid=row.uuid, node_uuid=None
            )

    def assert_exact(self):
        self.assertEqual([], recount.check(self.podm, repair=False))


class TestCounters(CountersCase):
    @hypothesis.settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(_STEPS)
    def test_after_random_steps(self, steps):
        self.new_pod()
        self.sync([system(n, drives=(1,)) for n in range(4)], [device(0)])
        self.assert_exact()
        for name, *arguments in steps:
            getattr(self, name)(*arguments)
            self.assert_exact()

    def test_capacity(self):
        self.sync(
            [system(1, cores=8), system(2, cores=16), system(3, 'used')],
            [device(1, size=100), device(2, size=50)],
        )
        self.claim(1, 1)
        with db.reader() as tx:
            found = capacity.of_pod_manager(tx, self.podm)
        self.assertEqual(
            {
                'systems': {'total': 3, 'free': 1, 'held': 0},
                'cpu_cores': {'total': 32, 'free': 8, 'held': 0},
                'memory_mib': {'total': 3072, 'free': 1024, 'held': 0},
                'devices': {
                    'drive': {
                        'total': 2,
                        'free': 1,
                        'held': 0,
                        'capacity_gib': {'total': 150, 'free': 100, 'held': 0},
                    }
                },
            },
            found,
        )

    def test_wrong_counters_are_repaired(self):
        self.sync([system(1), system(2)], [device(1)])
        for model, values in (
            (models.Count, {'free': 7}),
            (models.Capacity, {'free_systems': 7}),
            (models.System, {'cpu_cores': 99}),
            (models.System, {'free': False}),
        ):
            db.update(model, values, podm_uuid=self.podm)
            found = recount.check(self.podm, repair=False)
            self.assertNotEqual([], found, values)
            self.assertEqual(found, recount.check(self.podm, repair=True))
            self.assert_exact()
        self.assertEqual([], recount.check(str(uuid.uuid4()), repair=True))

    def test_a_change_of_tags_while_a_sync_compares(self):
        self.sync([system(1, cores=8)], [])
        row = self.row(models.System, 0)
        compared = store._racks

        def tag(tx, *args):
            tags.change(tx, models.System, row.uuid, self.podm, ['CUSTOM_A'])
            return compared(tx, *args)

        with mock.patch.object(store, '_racks', tag):
            self.sync([system(1, cores=16)], [])
        row = self.row(models.System, 0)
        self.assertEqual((['CUSTOM_A'], 16), (row.tags, row.cpu_cores))
        self.assert_exact()

    def test_shapes_that_nothing_has_are_deleted(self):
        later = db.now() + datetime.timedelta(days=1)
        self.sync([system(1, cores=8)], [])
        self.sync([system(1, cores=16)], [])
        self.assertEqual(0, purge.everything(later)['shapes'])
        self.assertEqual([], recount.check(self.podm, repair=True))
        earlier = later - datetime.timedelta(days=2)
        self.assertEqual(0, purge.everything(earlier)['shapes'])
        self.assertEqual(1, purge.everything(later)['shapes'])
        self.sync([system(1, cores=8)], [])
        self.assert_exact()
        with db.reader() as tx:
            cores = [one.part.cpu_cores for one in shapes.load(tx)]
        self.assertEqual({8, 16}, {*cores})

    def test_the_database_counts(self):
        """While counters are locked, no row of hardware is read."""
        numbers = []
        for count in (3, 30):
            self.sync([system(n) for n in range(count)], [device(1)])
            recount.check(self.podm, repair=True)
            read = []
            execute = sa.Connection.execute

            def spy(connection, *args, execute=execute, read=read):
                result = execute(connection, *args).freeze()
                read.append(len(result.data))
                return result()

            with mock.patch.object(sa.Connection, 'execute', spy):
                self.assertEqual([], recount._compare(self.podm, False))
            numbers.append(read)
        self.assertEqual(*numbers)

    def test_capacity_of_all(self):
        self.sync([system(1, cores=8), system(2, 'used')], [device(1)])
        self.new_pod()
        self.sync([system(1, cores=16)], [device(1, size=50), device(2)])
        self.claim(0, 0)
        with db.reader() as tx:
            found = capacity.by_pod_manager(tx)
            total = capacity.overall(tx)
        for name in ('systems', 'cpu_cores', 'memory_mib'):
            self.assertEqual(
                {
                    part: sum(one[name][part] for one in found.values())
                    for part in ('total', 'free', 'held')
                },
                total[name],
            )
        self.assertEqual(
            {'total': 3, 'free': 2, 'held': 0}
            | {'capacity_gib': {'total': 250, 'free': 200, 'held': 0}},
            total['devices']['drive'],
        )

    def test_counters_go_with_the_pod_manager(self):
        self.sync([system(1)], [])
        db.transaction(lambda tx: tx.delete(models.PodManager))()
        with db.reader() as tx:
            for model in (models.Count, models.Capacity):
                self.assertEqual(0, tx.count(model))


class TestCountersMySQL(TestCounters):
    backend = 'mysql'


class TestCountersPostgreSQL(TestCounters):
    backend = 'postgresql'


class TestConcurrency(CountersCase):
    """Conductors that choose, claim, release and sync at once."""

    threads, systems = 6, 12

    def compose(self):
        """Choose and claim, as a conductor does; returns the system."""
        node = self.node()
        while True:
            with db.reader() as tx:
                try:
                    choice = ranking.choose(tx, Request({}))
                except exception.NoCapacity:
                    return None
            try:
                db.transaction(allocations.allocate)(
                    node, choice.podm_uuid, [choice.system_uuid], []
                )
            except (exception.LostRace, db_exception.DBDuplicateEntry):
                continue
            return choice.system_uuid

    def work(self, number):
        """Compose until nothing is left; release each third node."""
        composed = []
        for turn in itertools.count(number):
            found = self.compose()
            if found is None:
                return composed
            if turn % 3:
                composed.append(found)
            else:
                with db.reader() as tx:
                    row = tx.get(models.System, uuid=found)
                db.transaction(allocations.release_resources)(
                    row.node_uuid, True
                )

    def watch(self):
        """Sync, while others claim: more cores, and back."""
        for turn in range(10):
            self.sync(
                [system(n, cores=8 + turn % 2) for n in range(self.systems)],
                [device(n) for n in range(turn % 3)],
            )

    def test_each_is_claimed_once(self):
        self.sync([system(n) for n in range(self.systems)], [])
        with concurrent.futures.ThreadPoolExecutor(self.threads + 1) as pool:
            watch = pool.submit(self.watch)
            found = list(pool.map(self.work, range(self.threads)))
            watch.result()
        composed = list(itertools.chain.from_iterable(found))
        self.assertEqual(self.systems, len(set(composed)))
        self.assertEqual(self.systems, len(composed))
        self.assert_exact()
        with db.reader() as tx:
            (row,) = tx.list(models.Capacity)
        self.assertEqual((0, 12), (row.free_systems, row.nodes))


class TestConcurrencyMySQL(TestConcurrency):
    backend = 'mysql'


class TestConcurrencyPostgreSQL(TestConcurrency):
    backend = 'postgresql'
