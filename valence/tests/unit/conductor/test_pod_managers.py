# SPDX-License-Identifier: Apache-2.0
"""Pod managers are read, and removed with all that is on them."""

import dataclasses

from oslo_config import cfg

from valence.common import exception
from valence.common.identity import Mark
from valence.db import installation
from valence.podmanagers import fake
from valence.tests import base

_AWAY = exception.PodManagerUnavailable(reason='it restarts')
_NO = exception.RequestRejected(reason='it does not want to')


class TestSyncAll(base.ConductorTestCase):
    def test_requester_is_recorded(self):
        self.pod()
        answer = self.client.request('POST', '/v1/devices/sync')
        self.assertEqual(202, answer.status, answer)
        (operation,) = answer.json['operations']
        self.assertEqual(
            answer.headers['x-openstack-request-id'], operation['request_id']
        )


class PodCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.fake = self.pod()

    def sync(self, state='succeeded'):
        return self.done('POST', '/v1/pod_managers/pod/sync', state=state)

    def podm(self):
        return self.client.get('/v1/pod_managers/pod')

    def systems(self):
        return {
            row['resource_uri']: row for row in self.client.all('/v1/systems')
        }


class TestSync(PodCase):
    def test_new_system(self):
        self.assertEqual(3, len(self.systems()))
        other = fake.pod('http://other.fake').hardware['/systems/1']
        other.uri = '/systems/4'
        other.values['serial_number'] = 'new'
        self.fake.hardware['/systems/4'] = other
        operation = self.sync()
        self.assertEqual(4, len(self.systems()))
        self.assertIsNone(self.podm()['sync_error'])
        (result,) = [
            step['result']
            for step in operation['steps']
            if 'systems' in (step['result'] or {})
        ]
        self.assertEqual(4, result['systems'])
        self.assertEqual(1, result['chassis'])

    def test_missing_system(self):
        del self.fake.hardware['/systems/2']
        self.sync()
        row = self.systems()['/systems/2']
        self.assertTrue(row['stale'])
        self.assertIsNotNone(row['missing_since'])
        self.assertEqual('unavailable', row['state'])
        self.clock.advance(24 * 3600)
        self.sync()
        self.assertIn('/systems/2', self.systems())
        self.sync()
        self.assertNotIn('/systems/2', self.systems())

    def test_unreadable_resource(self):
        self.fake.unread = {f'/systems/{n}' for n in (1, 2, 3)}
        self.fake.unread |= {'/devices/1', '/devices/2'}
        self.sync()
        for row in self.systems().values():
            self.assertTrue(row['stale'])
            self.assertIsNone(row['missing_since'])
        error = self.podm()['sync_error']
        self.assertIn('/systems/1 cannot be read', error)
        self.assertIn('and 2 more', error)
        self.fake.unread.clear()
        self.sync()
        self.assertIsNone(self.podm()['sync_error'])
        self.assertFalse(self.systems()['/systems/1']['stale'])

    def test_a_pod_manager_that_does_not_answer(self):
        before = self.podm()['synced_at']
        self.fake.order('discover', _AWAY, count=None)
        self.sync('failed')
        self.assertIn('it restarts', self.podm()['sync_error'])
        self.assertEqual(before, self.podm()['synced_at'])

    def test_cancelled(self):
        uuid = self.begin('POST', '/v1/pod_managers/pod/sync')
        self.client.delete(f'/v1/operations/{uuid}')
        self.assertEqual('cancelled', self.conductor.finish(uuid).state)
        self.assertIsNone(self.podm()['sync_error'])

    def test_cancelled_when_it_was_read(self):
        uuid = self.begin('POST', '/v1/pod_managers/pod/sync')
        run = self.conductor.reach(uuid, 1)
        self.client.delete(f'/v1/operations/{uuid}')
        self.conductor.run(run)
        self.assertEqual('cancelled', self.conductor.finish(uuid).state)

    def test_only_the_last_automatic_sync_is_kept(self):
        for _ in range(3):
            self.clock.advance(600)
            self.conductor.look()
            self.conductor.settle()
        found = self.client.all('/v1/operations?action=sync')
        self.assertEqual(1, len(found))
        self.sync()
        self.sync()
        self.assertEqual(2, len(self.client.all('/v1/operations?action=sync')))

    def test_our_nodes_are_seen(self):
        node = self.compose('n')
        self.fake.nodes[node['resource_uri']].power_state = 'on'
        self.sync()
        self.assertEqual('on', self.client.get('/v1/nodes/n')['power_state'])

    def test_a_node_that_was_taken_apart_behind_our_back(self):
        node = self.compose('n')
        made = self.fake.nodes.pop(node['resource_uri'])
        self.sync()
        now = self.client.get('/v1/nodes/n')
        self.assertEqual('error', now['provision_state'])
        self.assertIn(node['resource_uri'], now['last_error'])
        self.fake.nodes[node['resource_uri']] = made
        self.sync()
        now = self.client.get('/v1/nodes/n')
        self.assertEqual('active', now['provision_state'])
        self.assertIsNone(now['last_error'])

    def test_a_node_that_is_made_of_something_else(self):
        node = self.compose('n')
        made = self.fake.nodes[node['resource_uri']]
        self.assertIsNone(self.client.get('/v1/nodes/n')['drift'])
        made.resources.append('/devices/1')
        self.sync()
        self.assertIn(
            '/devices/1', str(self.client.get('/v1/nodes/n')['drift'])
        )
        made.resources.remove('/devices/1')
        self.sync()
        self.assertIsNone(self.client.get('/v1/nodes/n')['drift'])

    def test_hardware_that_was_exchanged_under_a_node(self):
        self.compose('n')
        (made,) = self.fake.nodes.values()
        self.fake.hardware[made.resources[0]].values['memory_mib'] = 1024
        self.sync()
        drift = str(self.client.get('/v1/nodes/n')['drift'])
        self.assertIn('memory_mib', drift)
        self.assertIn('1024', drift)

    def stray(self, mark):
        made = next(iter(self.fake.nodes.values()))
        self.fake.nodes['/nodes/99'] = type(made)(
            'x', mark, ['/devices/2'], made.ready_at
        )

    def assertFound(self, state='open', **expected):
        found = self.client.all(f'/v1/findings?state={state}')
        self.assertEqual(1, len(found), found)
        self.assertEqual(expected, {name: found[0][name] for name in expected})

    def test_left_behind_by_a_lost_request(self):
        node = self.compose('n')
        self.stray(installation.mark(node['uuid']))
        self.sync()
        self.assertFound(
            kind='stray',
            resource_uri='/nodes/99',
            node_uuid=node['uuid'],
        )
        self.assertIn('/nodes/99', self.fake.nodes)

    def test_a_stray_is_released_after_two_syncs_and_a_while(self):
        node = self.compose('n')
        self.stray(installation.mark(node['uuid']))
        self.sync()
        self.sync()
        self.conductor.settle()
        self.assertIn('/nodes/99', self.fake.nodes)
        self.clock.advance(601)
        self.sync()
        self.conductor.settle()
        self.assertNotIn('/nodes/99', self.fake.nodes)
        self.assertIn(node['resource_uri'], self.fake.nodes)
        self.assertEqual([], self.client.all('/v1/findings?state=open'))

    def test_a_stray_that_became_something_else_is_left_alone(self):
        node = self.compose('n')
        cfg.CONF.set_override('grace', 0, 'repair')
        self.stray(installation.mark(node['uuid']))
        read = fake.Fake.read_node
        self.patch(
            fake.Fake,
            'read_node',
            lambda *args: dataclasses.replace(read(*args), mark=None),
        )
        self.sync()
        self.sync()
        self.conductor.settle()
        (repair,) = self.client.all('/v1/operations?action=repair')
        self.assertEqual('succeeded', repair['state'])
        self.assertIn('/nodes/99', self.fake.nodes)
        self.assertEqual(0, self.fake.calls['release'])

    def assertKept(self, *uris):
        cfg.CONF.set_override('grace', 0, 'repair')
        for _ in range(4):
            self.done('POST', '/v1/pod_managers/pod/sync')
            self.conductor.settle()
        self.assertEqual({*uris}, {*self.fake.nodes})
        self.assertEqual([], self.client.all('/v1/operations?action=repair'))

    def test_a_node_that_was_given_up_is_no_stray(self):
        uri = self.compose('n')['resource_uri']
        self.fake.order('release', _NO)
        path = '/v1/pod_managers/pod?cascade=true&force=true'
        self.done('DELETE', path)
        self.register('pod')
        self.conductor.look()
        self.conductor.settle()
        self.assertKept(uri)

    def test_a_node_that_moved_is_no_stray(self):
        uri = self.compose('n')['resource_uri']
        self.fake.nodes['/nodes/99'] = self.fake.nodes.pop(uri)
        self.assertKept('/nodes/99')

    def test_nodes_of_others(self):
        self.compose('n')
        unknown = '00000000-0000-4000-8000-000000000000'
        for mark, kind in (
            (None, 'existing_node'),
            (Mark(unknown, 'ffffffffffff'), 'other_installation'),
            (installation.mark(unknown), 'unknown_node'),
        ):
            self.stray(mark)
            self.sync()
            self.assertIn('/nodes/99', self.fake.nodes)
            self.assertFound(kind=kind, resource_uri='/nodes/99')
            del self.fake.nodes['/nodes/99']
            self.sync()
            self.assertEqual(
                [], self.client.all('/v1/findings?state=open'), kind
            )
        self.assertEqual(3, len(self.client.all('/v1/findings')))


class TestRemove(PodCase):
    def remove(self, state='succeeded', query='cascade=true'):
        path = f'/v1/pod_managers/pod?{query}'
        return self.done('DELETE', path, state=state)

    def assertGone(self):
        for path in ('pod_managers', 'nodes', 'systems', 'devices', 'chassis'):
            self.assertEqual([], self.client.all(f'/v1/{path}'), path)

    def test_with_its_nodes(self):
        for name in ('a', 'b'):
            self.compose(name)
        self.remove()
        self.assertGone()
        self.assertEqual({}, self.fake.nodes)

    def test_a_node_that_cannot_be_released(self):
        self.compose('n')
        self.fake.order('release', _NO)
        operation = self.remove('failed')
        self.assertIn('it does not want to', operation['error'])
        self.assertEqual('online', self.podm()['status'])
        # It can be used again.
        self.assertIsNone(self.podm().get('deleting_at'))
        self.compose('m')
        self.remove()
        self.assertGone()

    def test_by_force(self):
        node = self.compose('n')
        self.fake.order('release', _NO, count=None)
        operation = self.remove(query='cascade=true&force=true')
        self.assertIn(node['resource_uri'], str(operation['steps']))
        self.assertGone()
        self.assertIn(node['resource_uri'], self.fake.nodes)

    def test_one_that_is_away_by_force(self):
        self.compose('n')
        self.fake.order('probe', _AWAY, count=None)
        for _ in range(3):
            self.clock.advance(60)
            self.conductor.look()
        self.assertEqual('offline', self.podm()['status'])
        self.remove(query='cascade=true&force=true')
        self.assertGone()

    def test_while_a_node_is_composed(self):
        uuid = self.begin('POST', '/v1/nodes', {'name': 'n'})
        run = self.conductor.reach(uuid, 2)
        removing = self.begin('DELETE', '/v1/pod_managers/pod?cascade=true')
        self.conductor.run(run)
        self.conductor.finish(removing)
        self.assertGone()
        self.assertEqual({}, self.fake.nodes)

    def test_while_it_is_read(self):
        uuid = self.begin('POST', '/v1/pod_managers/pod/sync')
        run = self.conductor.claim(uuid)
        answer = self.client.request('DELETE', '/v1/pod_managers/pod')
        self.assertEqual(204, answer.status)
        self.conductor.run(run)
        self.assertEqual('cancelled', self.conductor.finish(uuid).state)
        self.assertGone()

    def test_with_a_subscription(self):
        self.conf.set(api__public_endpoint='http://valence.example')
        self.fake.capabilities = frozenset(('event_subscription',))
        for _ in range(2):
            self.clock.advance(60)
            self.conductor.follow()
        self.assertEqual(1, len(self.fake.subscriptions))
        self.client.delete('/v1/pod_managers/pod')
        self.conductor.settle()
        self.assertEqual({}, self.fake.subscriptions)
        # The operation has forgotten how to log in.
        for row in self.client.all('/v1/operations?action=unsubscribe'):
            self.assertEqual('succeeded', row['state'])
