# SPDX-License-Identifier: Apache-2.0
"""Pools that are topped up for instances that found no host."""

import fixtures
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_utils import uuidutils

from valence.conductor import demands
from valence.conductor.pools import demand
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests.fixtures import nova_notices
from valence.tests.functional.conductor.test_pools import PoolCase

PROJECT = '1' * 32


def _fail(lacks):
    raise db_exception.DBConnectionError


class DemandCase(PoolCase):
    def setUp(self):
        super().setUp()
        self.listener = demands.Listener()

    def tell(self, instance=None, sent=None, **more):
        """Have a notification come; returns the UUID of the instance."""
        uuid = instance or uuidutils.generate_uuid()
        self.listener.error(
            {},
            'compute_task.host',
            nova_notices.EVENT_TYPE,
            nova_notices.payload(uuid, **more),
            {'timestamp': str(sent or self.clock.now())},
        )
        return uuid

    def listen(self, count=1, **more):
        """Have notifications come and be recorded."""
        for _ in range(count):
            self.tell(**more)
        self.listener.tick()

    def assertKept(self, count, name='web'):
        pool = db.get(models.Pool, name=name)
        self.assertEqual(count, len(pool.demands or {}))


class TestDemand(DemandCase):
    def test_a_machine_while_it_is_wanted(self):
        pool = self.create(min_ready=0, idle_seconds=300)
        self.settle()
        self.assertEqual([], self.nodes())
        self.assertEqual(0, pool['wanted'])
        self.listen()
        self.look(0)
        self.assertEqual((0, 1, 0), self.counts())
        self.assertEqual(1, self.show()['wanted'])
        self.settle(4)
        self.assertEqual((1, 0, 0), self.counts())
        self.clock.advance(cfg.CONF.demand.seconds)
        self.look()
        self.assertEqual(1, len(self.nodes()))
        self.assertEqual(0, self.show()['wanted'])
        self.clock.advance(300)
        self.settle()
        self.assertEqual([], self.nodes())
        self.assertFine()

    def test_an_instance_that_lands_is_over(self):
        """The request is repeated, and gets the machine; none is made."""
        self.create(min_ready=0)
        self.listen()
        self.look(0)
        self.conductor.settle()
        self.look(1)
        (node,) = self.nodes()
        self.land(node['uuid'])
        for _ in range(2):
            self.look()
            self.assertEqual((0, 0, 1), self.counts())

    def test_one_for_each_instance_up_to_max_nodes(self):
        self.create(min_ready=1, max_nodes=4)
        self.settle()
        self.listen(2)
        self.look(0)
        self.assertEqual((1, 2, 0), self.counts())
        self.listen(5)
        self.look(0)
        self.assertEqual((1, 3, 0), self.counts())
        self.look()
        self.assertEqual((1, 3, 0), self.counts())
        self.assertEqual('short', self.show()['state'])

    def test_again_counts_once(self):
        self.create(min_ready=0)
        uuid = self.tell()
        self.tell(uuid.upper())
        self.listener.tick()
        self.tell(uuid)
        self.listener.tick()
        self.assertKept(1)
        self.look(0)
        self.clock.advance(cfg.CONF.demand.seconds + 1)
        self.tell(uuid)
        self.listener.tick()
        self.look()
        self.assertEqual(0, self.show()['wanted'])

    def test_who_repeats_a_request_gets_one_machine(self):
        self.create(min_ready=0)
        self.listen()
        self.look(0)
        for _ in range(3):
            self.clock.advance(cfg.CONF.demand.seconds)
            self.listen()
            self.look(0)
        self.assertEqual(1, len(self.nodes()))

    def test_more_than_are_made_at_a_time(self):
        cfg.CONF.set_override('parallel', 2, 'pool')
        self.create(min_ready=0, max_nodes=10)
        self.listen(5)
        for _ in range(2):
            self.look()
            self.look(cfg.CONF.demand.seconds + 1)
            self.assertEqual(2, self.counts()[1])
            self.conductor.settle()
            for node in self.nodes():
                self.land(node['uuid'])
        self.settle()
        self.assertEqual((1, 0, 4), self.counts())
        self.assertEqual(0, self.show()['wanted'])

    def test_an_old_message(self):
        self.create(min_ready=0)
        sent = self.clock.now()
        self.clock.advance(601)
        self.listen(sent=sent)
        self.assertKept(0)

    def test_what_is_kept_is_limited(self):
        self.create(min_ready=0)
        most = 'valence.conductor.pools.demand.MOST_NODES'
        self.useFixture(fixtures.MonkeyPatch(most, 3))
        self.listen(5)
        self.assertKept(3)
        self.clock.advance(601)
        self.listen()
        self.assertKept(1)

    def test_no_hardware(self):
        self.create(min_ready=0, max_nodes=40)
        self.listen(8)
        self.settle(1)
        self.assertEqual(6, len(self.nodes()))
        self.assertEqual('short', self.show()['state'])
        self.clock.advance(cfg.CONF.demand.seconds)
        self.look()
        self.assertFine()


class TestWhichPool(DemandCase):
    def kept(self):
        return {
            row.name
            for name in ('web', 'own', 'gold')
            if (row := db.get(models.Pool, name=name)) and row.demands
        }

    def test_by_the_resource_class(self):
        self.create(min_ready=0)
        gold = {'provide': True, 'resource_class': 'gold'}
        self.create('gold', min_ready=0, register=gold)
        self.listen(resource_class='CUSTOM_GOLD')
        self.assertEqual({'gold'}, self.kept())

    def test_by_the_flavor(self):
        flavor = self.client.get('/v1/flavors/small')['uuid']
        self.create(min_ready=0)
        self.listen(flavor=flavor, resource_class=None)
        self.assertEqual(set(), self.kept())
        db.update(models.Flavor, {'published_at': db.now()}, uuid=flavor)
        self.listen(flavor=flavor, resource_class=None)
        self.assertEqual({'web'}, self.kept())

    def test_a_flavor_of_others(self):
        self.create(min_ready=0)
        self.listen(resource_class=None)
        self.listen(resource_class='CUSTOM_OTHER')
        self.assertEqual(set(), self.kept())

    def test_the_own_pool_of_a_project_first(self):
        self.create(min_ready=0)
        self.create('own', min_ready=0, project_id=PROJECT, max_nodes=1)
        self.listen(project_id='2' * 32)
        self.assertEqual({'web'}, self.kept())
        self.listen(2, project_id=PROJECT)
        self.assertEqual({'web', 'own'}, self.kept())
        self.assertKept(2)

    def test_paused(self):
        self.create(min_ready=0, enabled=False)
        self.listen()
        self.assertEqual(set(), self.kept())

    def test_deleted_meanwhile(self):
        pool = self.create(min_ready=0)
        self.tell()
        demand._add(pool['uuid'], [self.tell()])
        self.client.delete('/v1/pools/web')
        demand._add(pool['uuid'], [self.tell()])
        self.listener.tick()


class TestListener(DemandCase):
    def test_what_is_not_understood_is_dropped(self):
        self.create(min_ready=0)
        self.listener.error({}, 'x', nova_notices.EVENT_TYPE, None, {})
        self.listener.error({}, 'x', ['odd'], {}, {})
        with self.assertLogs('valence.conductor.demands') as logs:
            self.listener.tick()
        self.assertEqual(1, len(logs.output))
        self.assertIn('not understood: payload', logs.output[0])
        self.assertKept(0)

    def test_a_flood(self):
        self.create(min_ready=0)
        most = 'valence.conductor.demands._MOST'
        self.useFixture(fixtures.MonkeyPatch(most, 5))
        with self.assertLogs('valence.conductor.demands') as logs:
            self.listen(9)
        self.assertIn('Dropped 4 notifications', logs.output[0])
        self.assertKept(5)

    def test_without_a_database(self):
        self.create(min_ready=0)
        self.tell()
        self.listener.tick()
        self.tell()
        record = 'valence.conductor.pools.demand.record'
        with fixtures.MonkeyPatch(record, _fail):
            self.assertRaises(db.FAILURES, self.listener.tick)
        self.listener.tick()
        self.assertKept(2)
