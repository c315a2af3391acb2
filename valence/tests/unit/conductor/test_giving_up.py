# SPDX-License-Identifier: Apache-2.0
"""Every record can be given up by an administrator, without others."""

from valence.common import exception
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

    def test_whatever_hangs(self):
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
