# SPDX-License-Identifier: Apache-2.0
"""No node is made of what a condition keeps it away from."""

import concurrent.futures
import os
import threading

from oslo_db import exception as db_exception

from valence.common import exception
from valence.conductor.inventory import store
from valence.db import allocations
from valence.db import api as db
from valence.db import conditions
from valence.db.sqlalchemy import models
from valence.podmanagers import hardware
from valence.scheduler import ranking
from valence.scheduler.request import Request
from valence.tests.functional.database import test_counters

_FULL = os.environ.get('VALENCE_TEST_CRASH') == 'full'


def chassis(name, parent=None, kind='rack'):
    """What a driver reports of a chassis."""
    values = {
        **dict.fromkeys(('manufacturer', 'model', 'serial_number')),
        **{'name': name, 'type': kind, 'state': 'enabled', 'health': 'ok'},
    }
    return hardware.Item(f'/chassis/{name}', values, parent)


def system(number, parent, **values):
    """What a driver reports of a system in a chassis."""
    found = test_counters.system(number)
    found.parent = f'/chassis/{parent}'
    found.values.update(values)
    return found


class ConditionsCase(test_counters.CountersCase):
    def see(self, boxes, systems, devices=()):
        """Store an inventory."""
        seen = hardware.Inventory(
            chassis=boxes, systems=systems, devices=[*devices]
        )
        db.transaction(store.write)(self.podm, seen, since=db.now())

    def find(self, model, name):
        with db.reader() as tx:
            return tx.list(model, podm_uuid=self.podm, name=name).one()

    def set(self, kind, row, **values):
        return db.transaction(conditions.set_condition)(
            self.podm,
            (kind, row.uuid, row.name),
            'leak',
            **{'message': 'Water.', **values},
        )

    def unset(self, uuid):
        row = db.get(models.Condition, uuid=uuid)
        db.transaction(conditions.unset)(row)

    def free(self):
        """The names of what is free, as rows and counters say."""
        with db.reader() as tx:
            rows = [
                row
                for model in (models.System, models.Device)
                for row in tx.list(model, podm_uuid=self.podm, free=True)
            ]
            (sums,) = tx.list(models.Capacity, podm_uuid=self.podm)
        systems = [row for row in rows if hasattr(row, 'hardware_uuid')]
        self.assertEqual(len(systems), sums.free_systems)
        self.assert_exact()
        return sorted(row.name for row in rows)


class TestConditions(ConditionsCase):
    def setUp(self):
        super().setUp()
        self.boxes = [
            chassis('rack'),
            chassis('drawer', '/chassis/rack', 'drawer'),
            chassis('sled', '/chassis/drawer', 'sled'),
            chassis('other'),
        ]
        self.systems = [
            system(1, 'sled'),
            system(2, 'rack'),
            system(3, 'other'),
        ]
        self.all = ['device 1', 'system 1', 'system 2', 'system 3']
        self.see(self.boxes, self.systems, [test_counters.device(1)])

    def test_what_stands_above_holds_below(self):
        self.assertEqual(self.all, self.free())
        for kind, model, name, away in (
            ('rack', models.Chassis, 'rack', {'system 1', 'system 2'}),
            ('chassis', models.Chassis, 'drawer', {'system 1'}),
            ('system', models.System, 'system 2', {'system 2'}),
            ('device', models.Device, 'device 1', {'device 1'}),
        ):
            uuid = self.set(kind, self.find(model, name))
            self.assertEqual(sorted({*self.all} - away), self.free(), name)
            self.unset(uuid)
            self.assertEqual(self.all, self.free(), name)

    def test_one_of_two_is_left(self):
        first = self.set('rack', self.find(models.Chassis, 'rack'))
        second = self.set('system', self.find(models.System, 'system 1'))
        self.unset(first)
        self.assertNotIn('system 1', self.free())
        self.unset(second)
        self.assertEqual(self.all, self.free())

    def test_hardware_that_moves(self):
        self.set('rack', self.find(models.Chassis, 'rack'))
        self.see(
            self.boxes,
            [system(1, 'other'), system(2, 'rack'), system(3, 'sled')],
            [test_counters.device(1)],
        )
        self.assertEqual(['device 1', 'system 1'], self.free())

    def test_other_effects_keep_nothing_away(self):
        rack = self.find(models.Chassis, 'rack')
        self.set('rack', rack, effects=['no_change'])
        self.assertEqual(self.all, self.free())

    def test_until(self):
        row = self.find(models.System, 'system 1')
        uuid = self.set('system', row, until=db.now())
        self.assertEqual(self.all, self.free())
        self.assertEqual(1, conditions.expire(db.now()))
        self.assertIsNone(db.get(models.Condition, uuid=uuid))

    def test_a_claim_is_refused(self):
        row = self.find(models.System, 'system 1')
        claim = db.transaction(allocations.allocate)
        podm = db.get(models.PodManager, uuid=self.podm)
        for kind, subject in (('system', row), ('pod_manager', podm)):
            uuid = self.set(kind, subject)
            self.assertRaises(
                exception.LostRace,
                claim,
                self.node(),
                self.podm,
                [row.uuid],
                [],
            )
            self.unset(uuid)
        claim(self.node(), self.podm, [row.uuid], [])

    def test_health(self):
        """What is critical keeps nodes away when two looks have seen it."""
        for looks in (1, 2):
            self.systems[0].values['health'] = 'critical'
            self.see(self.boxes, self.systems)
            with db.reader() as tx:
                (row,) = tx.list(models.Condition).all()
            state = 'pending' if looks == 1 else 'active'
            self.assertEqual((state, 'observed'), (row.state, row.source))
            self.conf.set(conditions__damping=0)
        self.assertNotIn('system 1', self.free())
        self.systems[0].values['health'] = 'ok'
        for away in (True, False):
            self.see(self.boxes, self.systems)
            self.assertEqual(away, 'system 1' not in self.free())
        with db.reader() as tx:
            self.assertEqual(0, tx.count(models.Condition))

    def test_health_that_flaps(self):
        for health in ('critical', 'ok', 'critical', 'ok'):
            self.systems[0].values['health'] = health
            self.see(self.boxes, self.systems)
            self.assertIn('system 1', self.free())


class TestConditionsMySQL(TestConditions):
    backend = 'mysql'


class TestConditionsPostgreSQL(TestConditions):
    backend = 'postgresql'


class TestRace(ConditionsCase):
    """Many compose, while a rack or the whole pod manager is cordoned."""

    backend = 'sqlite'
    threads = 6
    systems = 500 if _FULL else 24

    def compose(self, number):
        """Choose and claim, as a conductor does."""
        if number >= self.systems // 2 - 1:
            # Not everything is claimed before it.
            self.cordoned.wait()
        node = self.node()
        while True:
            self.begun.release()
            with db.reader() as tx:
                try:
                    choice = ranking.choose(tx, Request({}))
                except exception.NoCapacity:
                    return
            try:
                db.transaction(allocations.allocate)(
                    node, choice.podm_uuid, [choice.system_uuid], []
                )
            except (exception.LostRace, db_exception.DBDuplicateEntry):
                continue
            return

    def cordon(self, kind, model, name):
        """Set a condition while they compose.

        :returns: how many systems nodes have in the moment of its commit.
        """
        for _ in range(self.systems // 4):
            self.begun.acquire()
        row = db.get(model, name=name)

        @db.transaction
        def run(tx):
            conditions.set_condition(
                tx, self.podm, (kind, row.uuid, name), 'leak', message='x'
            )
            return self.claimed(tx)

        try:
            return run()
        finally:
            self.cordoned.set()

    def claimed(self, tx):
        return tx.count(
            models.System,
            models.System.node_uuid.is_not(None),
            models.System.condition_uuid.is_not(None)
            if self.of_rack
            else models.System.uuid.is_not(None),
        )

    def race(self, *subject):
        self.see(
            [chassis('one'), chassis('two')],
            [system(n, ('one', 'two')[n % 2]) for n in range(self.systems)],
        )
        self.begun = threading.Semaphore(0)
        self.cordoned = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(self.threads + 1) as pool:
            cordoned = pool.submit(self.cordon, *subject)
            list(pool.map(self.compose, range(self.systems)))
            before = cordoned.result()
        with db.reader() as tx:
            self.assertEqual(before, self.claimed(tx))
            others = tx.count(models.System, condition_uuid=None, free=True)
        self.assert_exact()
        return before, others

    def test_rack(self):
        self.of_rack = True
        before, others = self.race('rack', models.Chassis, 'one')
        self.assertLess(before, self.systems // 2)
        self.assertEqual(0, others)

    def test_pod_manager(self):
        self.of_rack = False
        name = db.get(models.PodManager, uuid=self.podm).name
        before, _ = self.race('pod_manager', models.PodManager, name)
        self.assertLess(before, self.systems)


class TestRaceMySQL(TestRace):
    backend = 'mysql'


class TestRacePostgreSQL(TestRace):
    backend = 'postgresql'
