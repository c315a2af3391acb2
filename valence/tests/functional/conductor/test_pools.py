# SPDX-License-Identifier: Apache-2.0
"""Pools: how many nodes they keep ready, whatever happens to these."""

from oslo_config import cfg

from valence.common import exception
from valence.conductor.pools import controller
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures


class PoolCase(base.ConductorTestCase):
    options = {'fake__systems': 6, 'fake__devices': 0}

    def setUp(self):
        super().setUp()
        self.fake = self.pod()
        self.ironic = self.useFixture(fixtures.Provisioner())
        self.client.post('/v1/flavors', {'name': 'small', 'properties': {}})

    def create(self, name='web', **values):
        body = {'name': name, 'flavor': 'small', 'max_nodes': 4, **values}
        return self.client.post('/v1/pools', body)

    def show(self, name='web'):
        return self.client.get(f'/v1/pools/{name}')

    def counts(self, name='web'):
        pool = self.show(name)
        return tuple(pool[one] for one in ('ready', 'coming', 'used'))

    def nodes(self):
        return self.client.all('/v1/nodes?sort_key=created_at&sort_dir=asc')

    def look(self, seconds=None):
        """Let the time of an interval pass, and look."""
        interval = cfg.CONF.pool.interval
        self.clock.advance(interval + 1 if seconds is None else seconds)
        self.conductor.lease.renew()
        controller.sweep()

    def settle(self, rounds=6):
        """Look, and have all operations end, until nothing changes."""
        for _ in range(rounds):
            self.look()
            self.conductor.settle()
        self.look()

    def land(self, uuid):
        """Have an instance land on a node."""
        self.ironic.nodes[uuid] = 'active'

    def clean(self, uuid, state='available'):
        """Have its instance deleted."""
        self.ironic.nodes[uuid] = state

    def assertFine(self):
        pool = self.show()
        self.assertEqual(('ok', None), (pool['state'], pool['reason']))

    def assertLeft(self, *nodes):
        left = [one['uuid'] for one in self.nodes()]
        self.assertEqual([one['uuid'] for one in nodes], left)


class TestFill(PoolCase):
    def test_fill(self):
        pool = self.create(min_ready=2)
        self.assertEqual(('ok', None), (pool['state'], pool['ready']))
        self.look(0)
        self.assertEqual((0, 2, 0), self.counts())
        self.settle()
        self.assertEqual((2, 0, 0), self.counts())
        self.assertEqual('ok', self.show()['state'])
        nodes = self.nodes()
        self.assertEqual(2, len(nodes))
        for node in nodes:
            self.assertEqual(pool['uuid'], node['pool_uuid'])
            self.assertTrue(node['name'].startswith('web-'))
            self.assertIsNone(node['project_id'])
            self.assertEqual('small', node['resource_class'])
        self.assertEqual(
            {one['uuid'] for one in nodes},
            {one['uuid'] for one in self.client.all('/v1/nodes?pool=web')},
        )

    def test_an_instance_is_replaced_and_its_node_comes_back(self):
        self.create(min_ready=1, max_ready=2)
        self.settle()
        (first,) = self.nodes()
        self.land(first['uuid'])
        self.settle()
        self.assertEqual((1, 0, 1), self.counts())
        self.clean(first['uuid'], 'cleaning')
        self.look()
        self.assertEqual((1, 1, 0), self.counts())
        self.clean(first['uuid'])
        self.settle()
        # Both stay: there is a distance between least and most.
        self.assertEqual((2, 0, 0), self.counts())

    def test_never_more_than_max_nodes(self):
        self.create(min_ready=2, max_nodes=3)
        self.settle()
        for node in self.nodes():
            self.land(node['uuid'])
        self.settle()
        self.assertEqual((1, 0, 2), self.counts())
        pool = self.show()
        self.assertEqual('short', pool['state'])
        self.assertIn('max_nodes, 3', pool['reason'])

    def test_what_is_registered(self):
        how = {'resource_class': 'gold', 'traits': ['CUSTOM_A']}
        self.create(register={'provide': True, **how})
        self.settle()
        (node,) = self.nodes()
        machine = self.ironic.machines[node['uuid']]
        self.assertEqual('gold', machine.resource_class)
        self.assertIn('CUSTOM_A', machine.traits)
        self.assertEqual((1, 0, 0), self.counts())

    def test_for_a_project(self):
        self.create(project_id='1' * 32)
        self.settle()
        (node,) = self.nodes()
        self.assertEqual('1' * 32, node['project_id'])
        machine = self.ironic.machines[node['uuid']]
        self.assertEqual('1' * 32, machine.project_id)

    def test_parallel(self):
        cfg.CONF.set_override('parallel', 1, 'pool')
        self.create(min_ready=3)
        self.look()
        self.look()
        self.assertEqual(1, len(self.nodes()))
        self.settle(10)
        self.assertEqual((3, 0, 0), self.counts())

    def test_pod_managers_in_their_order(self):
        self.pod('second')
        self.create(min_ready=1, pod_managers=['second', 'pod'])
        self.settle()
        (node,) = self.nodes()
        second = self.client.get('/v1/pod_managers/second')
        self.assertEqual(second['uuid'], node['podm_uuid'])

    def test_ironic_that_is_asked_first(self):
        """Nothing is made that could not be registered."""
        self.ironic.order('uses', exception.ProvisioningUnavailable('away'))
        self.create()
        self.look()
        self.assertEqual([], self.nodes())
        self.assertEqual('unknown', self.show()['state'])

    def test_two_controllers(self):
        """A turn that another one has taken changes nothing."""
        self.create(min_ready=2)
        stale = controller._take(self.show()['uuid'])
        self.look()
        controller._control(stale)
        self.assertEqual(2, len(self.nodes()))


class TestShort(PoolCase):
    options = {**PoolCase.options, 'fake__systems': 2}

    def test_no_capacity(self):
        self.create(min_ready=3)
        self.settle()
        self.assertEqual((2, 0, 0), self.counts())
        pool = self.show()
        self.assertEqual('short', pool['state'])
        self.assertIn('No capacity', pool['reason'])
        self.assertIn('pod', pool['reason'])
        self.assertEqual(2, len(self.nodes()))

    def test_backs_off(self):
        self.create(min_ready=3)
        self.settle(10)
        first = db.get(models.Pool, name='web').failures
        self.settle(10)
        more = db.get(models.Pool, name='web').failures - first
        self.assertLess(more, 3)
        self.assertEqual('short', self.show()['state'])

    def test_woken_by_capacity(self):
        self.compose('other')
        self.create(min_ready=2)
        self.settle(12)
        self.assertEqual((1, 0, 0), self.counts())
        self.assertIsNotNone(self.show()['retry_at'])
        self.done('DELETE', '/v1/nodes/other')
        self.look()
        self.assertEqual((1, 1, 0), self.counts())

    def test_what_cannot_be_registered_is_released(self):
        errors = [exception.ProvisioningRejected(reason='no such driver')] * 3
        self.ironic.order('enroll', *errors)
        self.create(min_ready=1)
        self.look()
        self.conductor.settle()
        self.look()
        pool = self.show()
        self.assertEqual('short', pool['state'])
        self.assertIn('no such driver', pool['reason'])
        self.conductor.settle()
        self.look()
        self.assertEqual([], self.nodes())
        self.assertEqual('short', self.show()['state'])
        for _ in range(20):
            self.settle(2)
        self.assertEqual((1, 0, 0), self.counts())
        self.assertFine()

    def test_without_its_flavor(self):
        self.create()
        self.client.delete('/v1/flavors/small')
        self.look()
        self.assertIn('flavor was deleted', self.show()['reason'])

    def test_without_its_pod_managers(self):
        self.register('other')
        self.create(pod_managers=['other'], min_ready=1)
        self.client.delete('/v1/pod_managers/other')
        self.look()
        self.assertIn('managers were deleted', self.show()['reason'])
        self.assertEqual([], self.nodes())


class TestSurplus(PoolCase):
    def fill(self, **values):
        """A pool with more ready nodes than it may have; the oldest first."""
        self.create(min_ready=3, **{'idle_seconds': 100, **values})
        self.settle()
        nodes = self.nodes()
        self.client.patch('/v1/pools/web', {'min_ready': 1})
        return nodes

    def test_the_oldest_after_a_time_one_at_a_time(self):
        first, second, third = self.fill()
        self.look(0)
        self.look(90)
        self.assertEqual(3, len(self.nodes()))
        self.look(20)
        self.look()
        releases = self.client.all('/v1/operations?action=release')
        self.assertEqual([first['uuid']], [r['target_uuid'] for r in releases])
        self.conductor.settle()
        self.look()
        self.conductor.settle()
        self.assertLeft(third)
        self.settle()
        self.assertEqual((1, 0, 0), self.counts())
        self.assertEqual([third['uuid']], list(self.ironic.nodes))

    def test_an_instance_that_lands_meanwhile(self):
        first, second, third = self.fill(idle_seconds=0)
        self.look()
        self.land(first['uuid'])
        self.conductor.settle()
        self.settle()
        self.assertEqual('active', self.ironic.nodes[first['uuid']])
        self.assertEqual((1, 0, 1), self.counts())
        self.assertLeft(first, third)

    def test_less_in_time(self):
        first, *_ = self.fill()
        self.look()
        self.land(first['uuid'])
        self.client.patch('/v1/pools/web', {'max_ready': 2})
        self.settle(20)
        self.assertEqual((2, 0, 1), self.counts())

    def test_what_conditions_keep(self):
        """Hardware that must not be released is not."""
        self.fill(idle_seconds=0)
        body = {
            **{'subject': 'pod_manager', 'subject_id': 'pod'},
            **{'code': 'audit', 'message': 'It is counted.'},
            'effects': ['no_release'],
        }
        self.client.post('/v1/conditions', body)
        self.settle()
        self.assertEqual((3, 0, 0), self.counts())
