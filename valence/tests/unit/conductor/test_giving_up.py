# SPDX-License-Identifier: Apache-2.0
"""Every record can be given up by an administrator, without others."""

import dataclasses

from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers.progress import InProgress
from valence.tests import base

_NO = exception.RequestRejected(reason='it does not want to')
_AWAY = exception.PodManagerUnavailable(reason='it is away')


class TestForce(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.fake = self.pod()

    def force(self):
        answer = self.client.request('DELETE', '/v1/nodes/n?force=true')
        self.assertEqual(202, answer.status, answer)
        uuid = answer.headers['Location'].rpartition('/')[2]
        operation = self.client.get(f'/v1/operations/{uuid}')
        self.assertEqual('succeeded', operation['state'])
        self.assertEqual([], self.client.all('/v1/nodes'))
        return operation

    def test_a_node_that_cannot_be_released(self):
        node = self.compose('n')
        self.compose('other')
        self.fake.order('release', _NO)
        self.done('DELETE', '/v1/nodes/n', state='failed')
        answer = self.client.request('DELETE', '/v1/nodes/n?force=true')
        self.assertEqual(202, answer.status, answer)
        self.assertEqual(
            ['other'], [row['name'] for row in self.client.all('/v1/nodes')]
        )
        self.assertIn(node['resource_uri'], self.fake.nodes)
        (found,) = self.client.all('/v1/findings')
        self.assertEqual(
            ('left_behind', node['uuid'], 'n', node['resource_uri']),
            tuple(
                found[name]
                for name in ('kind', 'node_uuid', 'name', 'resource_uri')
            ),
        )
        # The next sync still knows what it was.
        self.done('POST', '/v1/pod_managers/pod/sync')
        (found,) = self.client.all('/v1/findings?state=open')
        self.assertEqual(('left_behind', 'n'), (found['kind'], found['name']))
        self.assertIn(node['resource_uri'], self.fake.nodes)

    def test_any_hanging_request(self):
        node = self.compose('n')
        run = self.conductor.claim(
            self.begin('POST', '/v1/nodes/n/action', {'Reset': {'Type': 'On'}})
        )
        operation = self.force()
        self.assertEqual(
            {'left_behind': node['resource_uri']},
            operation['steps'][0]['result'],
        )
        # The conductor that was running the reset finds its claim gone.
        self.conductor.run(run)
        ended = self.client.get(f'/v1/operations/{run.operation.uuid}')
        self.assertEqual('cancelled', ended['state'])

    def test_a_node_of_nothing(self):
        self.compose(
            'n', 'failed', properties={'memory': {'capacity_mib': 2**30}}
        )
        self.fake.order('find_composed', _AWAY)
        self.fake.order('list_nodes', _AWAY)
        self.fake.calls.clear()
        self.done('DELETE', '/v1/nodes/n')
        self.assertEqual([], self.client.all('/v1/nodes'))
        self.assertEqual(0, self.fake.calls['list_nodes'])


class TestPodManager(base.ConductorTestCase):
    """A pod manager is removed by force with all its nodes."""

    FORCE = '/v1/pod_managers/pod?cascade=true&force=true'

    def setUp(self):
        super().setUp()
        self.fake = self.pod()

    def hang(self):
        """No node is ever released."""
        waiting = InProgress(1)
        self.fake.order('release', waiting, count=None)

    def found(self):
        return {
            row['resource_uri']: (row['kind'], row['name'], row['podm_uuid'])
            for row in self.client.all('/v1/findings?state=open')
        }

    def again(self, name='pod', **more):
        """Register the service again, and read it some times."""
        self.fake.heal()
        podm = self.register(name, **more)
        self.conductor.look()
        self.conductor.settle()
        for _ in range(3):
            self.clock.advance(1000)
            self.done('POST', f'/v1/pod_managers/{name}/sync')
            self.conductor.settle()
        return podm

    def test_hanging_node_is_left_behind(self):
        node = self.compose('n')
        self.hang()
        started = self.clock.now()
        operation = self.done('DELETE', self.FORCE)
        self.assertIn(node['uuid'], str(operation['steps']))
        waited = (self.clock.now() - started).total_seconds()
        self.assertLess(waited, 120)
        self.assertEqual([], self.client.all('/v1/pod_managers'))
        uri = node['resource_uri']
        self.assertEqual({uri: ('left_behind', 'n', None)}, self.found())
        (release,) = self.client.all('/v1/operations?action=release')
        self.assertEqual('cancelled', release['state'])
        podm = self.again()
        self.assertEqual(
            {uri: ('left_behind', 'n', podm['uuid'])}, self.found()
        )
        self.assertIn(uri, self.fake.nodes)
        # One command brings it back.
        (found,) = self.client.all('/v1/findings?state=open')
        path = f'/v1/findings/{found["uuid"]}/action'
        self.done('POST', path, {'adopt': {}})
        now = self.client.get('/v1/nodes/n')
        self.assertEqual(
            (node['uuid'], 'active'), (now['uuid'], now['provision_state'])
        )

    def test_without_a_mark(self):
        node = self.compose('n')
        uri = node['resource_uri']
        self.fake.nodes[uri].mark = None
        db.update(
            models.Node,
            {'baseline': {**_baseline('n'), 'mark': None}},
            name='n',
        )
        self.hang()
        self.done('DELETE', self.FORCE)
        podm = self.again('other', url='http://pod.fake/')
        self.assertEqual(
            {uri: ('left_behind', 'n', podm['uuid'])}, self.found()
        )
        self.assertEqual(1, len(self.client.all('/v1/findings')))
        # Something else at this URI is not what was left behind.
        own = self.fake.nodes[uri].resources
        self.fake.nodes[uri].resources = [
            '/systems/2' if '/systems/1' in own else '/systems/1'
        ]
        self.done('POST', '/v1/pod_managers/other/sync')
        self.assertEqual('existing_node', self.found()[uri][0])

    def test_another_service(self):
        uri = self.compose('n')['resource_uri']
        self.hang()
        self.done('DELETE', self.FORCE)
        other = self.pod('other')
        other.nodes[uri] = dataclasses.replace(self.fake.nodes[uri], mark=None)
        self.done('POST', '/v1/pod_managers/other/sync')
        self.assertEqual(
            {'existing_node', 'left_behind'},
            {row['kind'] for row in self.client.all('/v1/findings')},
        )

    def test_compose_under_way(self):
        uuid = self.begin('POST', '/v1/nodes', {'name': 'n'})
        run = self.conductor.reach(uuid, 2)
        self.conf.set(conductor__force_timeout=0)
        self.done('DELETE', self.FORCE)
        self.conductor.run(run)
        ended = self.client.get(f'/v1/operations/{uuid}')
        self.assertEqual('cancelled', ended['state'])
        (uri,) = self.fake.nodes
        self.again()
        self.assertEqual(('left_behind', 'n'), self.found()[uri][:2])
        self.assertIn(uri, self.fake.nodes)

    def test_it_needs_no_place(self):
        self.conf.set(conductor__podm_parallel=1)
        uuid = self.begin('POST', '/v1/nodes', {'name': 'n'})
        run = self.conductor.reach(uuid, 1)
        self.assertIsNotNone(run.operation.claim)
        deleting = self.begin('DELETE', self.FORCE)
        self.assertIsNotNone(self.conductor.claim(deleting))

    def test_it_takes_over_a_plain_cascade(self):
        self.compose('n')
        self.hang()
        path = '/v1/pod_managers/pod?cascade=true'
        plain = self.begin('DELETE', path)
        for _ in range(20):
            self.conductor.work()
            self.clock.advance(10)
        run = self.conductor.claim(plain)
        self.assertEqual(plain, self.begin('DELETE', self.FORCE))
        # The conductor that is running it finds its claim gone.
        self.conductor.run(run)
        self.assertEqual('succeeded', self.conductor.finish(plain).state)
        self.assertEqual([], self.client.all('/v1/pod_managers'))

    def test_it_takes_over_one_that_is_cancelled(self):
        self.compose('n')
        self.hang()
        plain = self.begin('DELETE', '/v1/pod_managers/pod?cascade=true')
        self.conductor.work()
        self.client.delete(f'/v1/operations/{plain}')
        self.assertEqual(plain, self.begin('DELETE', self.FORCE))
        self.assertEqual(plain, self.begin('DELETE', self.FORCE))
        self.assertEqual('succeeded', self.conductor.finish(plain).state)
        self.assertEqual([], self.client.all('/v1/pod_managers'))

    def test_a_cascade_may_take_hours(self):
        self.compose('n')
        self.hang()
        plain = self.begin('DELETE', '/v1/pod_managers/pod?cascade=true')
        for _ in range(20):
            self.conductor.work()
            self.clock.advance(3600)
        self.fake.heal()
        self.assertEqual('succeeded', self.conductor.finish(plain).state)
        self.assertEqual({}, self.fake.nodes)


def _baseline(name):
    return db.get(models.Node, name=name).baseline
