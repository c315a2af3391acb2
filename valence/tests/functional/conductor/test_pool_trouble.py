# SPDX-License-Identifier: Apache-2.0
"""What happens to nodes of pools without being asked for, and drains."""

from oslo_config import cfg

from valence.common import exception
from valence.provisioning import base as provisioning
from valence.tests.functional.conductor.test_pools import PoolCase


class TestTrouble(PoolCase):
    def setUp(self):
        super().setUp()
        self.create(min_ready=1)
        self.settle()
        (self.node,) = self.nodes()
        self.uuid = self.node['uuid']

    def test_ironic_away(self):
        error = exception.ProvisioningUnavailable(reason='timed out')
        self.ironic.order('uses', error, error)
        self.look()
        pool = self.show()
        self.assertEqual((None, None, None), self.counts())
        self.assertEqual('unknown', pool['state'])
        self.assertIn('timed out', pool['reason'])
        self.assertEqual(1, len(self.nodes()))
        self.look()
        self.look()
        self.assertFine()

    def test_ironic_that_shows_nothing(self):
        """A login that lost a permission is no reason to make others."""
        shown, self.ironic.nodes = self.ironic.nodes, {}
        self.look()
        self.assertEqual('unknown', self.show()['state'])
        self.assertIn(self.node['name'], self.show()['reason'])
        self.assertEqual(1, len(self.nodes()))
        self.ironic.nodes = shown
        self.look()
        self.assertEqual((1, 0, 0), self.counts())

    def test_another_resource_class(self):
        """Nova does not give such a node to the flavor of the pool."""
        self.ironic.shown[self.uuid]['resource_class'] = 'other'
        self.settle()
        self.assertEqual((1, 0, 1), self.counts())

    def test_busy_ironic(self):
        self.ironic.order('uses', provisioning.InProgress(2, 'busy'))
        self.look()
        self.assertEqual('unknown', self.show()['state'])

    def test_cleaning_that_hangs(self):
        self.land(self.uuid)
        self.settle()
        self.clean(self.uuid, 'cleaning')
        self.client.patch('/v1/pools/web', {'min_ready': 2, 'max_ready': 2})
        self.look()
        self.assertEqual((1, 1, 0), self.counts())
        self.clock.advance(cfg.CONF.pool.stuck)
        self.settle()
        self.assertEqual((2, 0, 1), self.counts())
        (condition,) = self.client.all('/v1/conditions')
        self.assertEqual(
            ('not_provided', 'system', ['no_new_nodes']),
            tuple(condition[n] for n in ('code', 'subject', 'effects')),
        )
        self.assertIn('cleaning', condition['message'])
        self.clean(self.uuid)
        self.look()
        self.assertEqual((3, 0, 0), self.counts())
        self.assertEqual([], self.client.all('/v1/conditions'))

    def test_cleaning_that_fails(self):
        self.clean(self.uuid, 'clean failed')
        self.settle()
        self.assertEqual((1, 0, 1), self.counts())
        self.assertEqual(1, len(self.client.all('/v1/conditions')))

    def test_a_condition_of_the_hardware(self):
        (system,) = self.client.get(f'/v1/nodes/{self.uuid}')['systems']
        body = {
            **{'subject': 'system', 'subject_id': system['uuid']},
            **{'code': 'fan', 'message': 'A fan is loud.'},
        }
        self.client.post('/v1/conditions', body)
        self.settle()
        self.assertEqual((1, 0, 1), self.counts())
        self.assertIn(self.uuid, self.ironic.nodes)

    def test_a_node_that_is_manageable_only(self):
        """As one whose removal was refused halfway."""
        self.clean(self.uuid, 'manageable')
        self.settle()
        self.assertEqual((1, 0, 0), self.counts())
        self.assertEqual('available', self.ironic.nodes[self.uuid])
        self.assertEqual(1, len(self.nodes()))

    def test_taken_by_an_operator(self):
        self.done('POST', f'/v1/nodes/{self.uuid}/unregister')
        self.settle()
        self.assertEqual((1, 0, 1), self.counts())

    def test_released_by_an_operator(self):
        self.done('DELETE', f'/v1/nodes/{self.uuid}?unregister=true')
        self.settle()
        self.assertEqual((1, 0, 0), self.counts())
        self.assertNotEqual(self.uuid, self.nodes()[0]['uuid'])

    def test_pause(self):
        self.client.patch('/v1/pools/web', {'enabled': False, 'min_ready': 3})
        self.settle()
        self.assertEqual((1, 0, 0), self.counts())
        self.assertEqual('paused', self.show()['state'])

    def test_drain(self):
        self.client.patch('/v1/pools/web', {'min_ready': 2})
        self.settle()
        self.land(self.uuid)
        self.look()
        self.assertEqual(3, len(self.nodes()))
        pool = self.client.post('/v1/pools/web/action', {'drain': {}})
        self.assertEqual('draining', pool['state'])
        self.assertRefused(409, 'drain', 'DELETE', '/v1/pools/web')
        self.settle()
        pool = self.show()
        self.assertEqual('drained', pool['state'])
        self.assertEqual((0, 0, 1), self.counts())
        self.clean(self.uuid, 'available')
        self.settle()
        self.assertEqual([], self.nodes())
        self.client.patch('/v1/pools/web', {'enabled': True})
        self.settle()
        self.assertEqual((2, 0, 0), self.counts())
        self.assertFalse(self.show()['draining'])

    def test_delete(self):
        self.land(self.uuid)
        self.client.post('/v1/pools/web/action', {'drain': {}})
        self.settle()
        self.client.delete('/v1/pools/web')
        self.assertEqual([], self.client.all('/v1/pools'))
        (node,) = self.nodes()
        self.assertIsNone(node['pool_uuid'])
        self.assertEqual('active', self.ironic.nodes[self.uuid])
        self.look()
