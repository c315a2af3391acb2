# SPDX-License-Identifier: Apache-2.0
"""Cancelling, deleting in the middle, removing pod managers."""

from valence.tests.functional.conductor import test_compose

_ALLOCATE = '/redfish/v1/Nodes/Actions/.*Allocate'


class TestCancel(test_compose.ComposeCase):
    def _begin(self):
        pod = self.pod('pod')
        number = pod.order(_ALLOCATE, 'delay', 1, method='POST')
        answer = self.client.request('POST', '/v1/nodes', {'name': 'n'})
        self.assertEqual(202, answer.status)
        pod.wait_struck(number)
        return pod, answer.json

    def test_an_operation_in_the_middle(self):
        pod, node = self._begin()
        path = f'/v1/operations/{node["operation_uuid"]}'
        answer = self.client.request('DELETE', path)
        self.assertEqual(202, answer.status)
        operation = self.client.finished(node['operation_uuid'])
        self.assertEqual('cancelled', operation['state'], operation)
        self.assertEqual(
            {'undone'}, {step['state'] for step in operation['steps']}
        )
        self.assertEqual([], pod.nodes())
        body = self.client.get('/v1/nodes/n')
        self.assertEqual('error', body['provision_state'])
        self.assertEqual([], body['systems'])
        self.assertIsNone(body['resource_uri'])
        answer = self.client.request('DELETE', path)
        self.assertEqual(409, answer.status)
        self.service.release('n')

    def test_an_operation_that_waits(self):
        pod, node = self._begin()
        waiting = [
            self.client.post('/v1/nodes', {'name': f'w{n}'}) for n in range(3)
        ]
        for other in waiting:
            self.client.delete(f'/v1/operations/{other["operation_uuid"]}')
        for other in waiting:
            operation = self.client.finished(other['operation_uuid'])
            self.assertEqual('cancelled', operation['state'])
        self.client.finished(node['operation_uuid'])
        self.assertRight(pod, ['n'])
        for other in waiting:
            self.service.release(other['uuid'])

    def test_a_node_that_is_being_composed(self):
        pod, node = self._begin()
        answer = self.client.request('DELETE', '/v1/nodes/n')
        self.assertEqual(202, answer.status)
        again = self.client.request('DELETE', '/v1/nodes/n')
        self.assertEqual(409, again.status)
        self.assertIn(answer.json['operation_uuid'], again.error['detail'])
        self.client.wait_gone('/v1/nodes/n')
        self.assertEqual([], pod.nodes())
        for row in self.client.all('/v1/systems'):
            self.assertIsNone(row['node_uuid'])
        composing = self.client.finished(node['operation_uuid'])
        self.assertEqual('cancelled', composing['state'])
        self.assertEqual(
            'succeeded',
            self.client.finished(answer.json['operation_uuid'])['state'],
        )

    def test_a_sync(self):
        pod = self.pod('pod')
        fault = pod.order('/redfish/v1/Chassis', 'hang')
        uuid = self.begin_sync('pod')
        pod.wait_struck(fault)
        answer = self.client.request('DELETE', f'/v1/operations/{uuid}')
        self.assertEqual(202, answer.status, answer)
        pod.heal()
        operation = self.client.finished(uuid)
        self.assertEqual('cancelled', operation['state'], operation)
        self.assertEqual('succeeded', self.sync('pod')['state'])


class TestRemove(test_compose.ComposeCase):
    def test_with_nodes(self):
        pod = self.pod('pod')
        node = self.compose('n')
        answer = self.client.request('DELETE', '/v1/pod_managers/pod')
        self.assertEqual(409, answer.status)
        self.assertIn('n', answer.error['detail'])
        self.assertIn(node['uuid'], answer.error['detail'])
        self.assertRight(pod, ['n'])

    def test_with_all_its_nodes(self):
        pod = self.pod('pod')
        for name in ('a', 'b', 'c'):
            self.compose(name)
        answer = self.client.request(
            'DELETE', '/v1/pod_managers/pod?cascade=true'
        )
        self.assertEqual(202, answer.status, answer)
        operation = self.client.finished(answer.json['operation_uuid'])
        self.assertEqual('succeeded', operation['state'], operation)
        self.client.wait_gone('/v1/pod_managers/pod')
        self.assertEqual([], self.client.all('/v1/nodes'))
        self.assertEqual([], self.client.all('/v1/systems'))
        self.assertEqual([], pod.nodes())

    def test_while_a_node_is_composed(self):
        pod = self.pod('pod')
        fault = pod.order(_ALLOCATE, 'delay', 1, method='POST')
        self.client.post('/v1/nodes', {'name': 'n', 'pod_manager': 'pod'})
        pod.wait_struck(fault)
        answer = self.client.request(
            'DELETE', '/v1/pod_managers/pod?cascade=true'
        )
        self.assertEqual(202, answer.status, answer)
        again = self.client.request(
            'POST', '/v1/nodes', {'name': 'm', 'pod_manager': 'pod'}
        )
        self.assertEqual(409, again.status, again)
        self.client.wait_gone('/v1/pod_managers/pod')
        self.client.wait_gone('/v1/nodes/n')
        self.assertEqual([], pod.nodes())

    def test_one_that_is_away(self):
        pod = self.pod('pod')
        pod.process.kill()
        answer = self.client.request('DELETE', '/v1/pod_managers/pod')
        self.assertEqual(204, answer.status)
        self.client.wait_gone('/v1/pod_managers/pod')

    def test_one_that_hangs_in_a_sync(self):
        pod = self.pod('pod')
        fault = pod.order('/redfish/v1/Systems', 'hang')
        self.service.begin_sync('pod')
        pod.wait_struck(fault)
        answer = self.client.request('DELETE', '/v1/pod_managers/pod')
        self.assertEqual(204, answer.status, answer)
        again = self.pod('pod')
        self.assertEqual('succeeded', self.sync('pod')['state'])
        self.assertEqual(
            len(again.state()['systems']), len(self.client.all('/v1/systems'))
        )


class TestVanishing(test_compose.ComposeCase):
    def test_a_node_that_was_deleted_behind_our_back(self):
        pod = self.pod('pod')
        node = self.compose('n')
        pod.remove(node['resource_uri'])
        self.sync('pod')
        body = self.client.wait('/v1/nodes/n', {'provision_state': 'error'})
        self.assertIn(node['resource_uri'], body['last_error'])
        answer = self.client.request(
            'POST', '/v1/nodes/n/action', {'Reset': {'Type': 'On'}}
        )
        self.assertEqual(409, answer.status, answer)
        self.service.release('n')
        self.compose('m')
        self.assertRight(pod, ['m'])

    def test_a_node_that_is_deleted_before_it_is_reset(self):
        pod = self.pod('pod', '--no-sse', '--no-push')
        node = self.compose('n')
        pod.remove(node['resource_uri'])
        answer = self.client.request(
            'POST', '/v1/nodes/n/action', {'Reset': {'Type': 'On'}}
        )
        self.assertEqual(202, answer.status, answer)
        operation = self.client.finished(answer.json['operation_uuid'])
        self.assertEqual('failed', operation['state'])
        self.assertIn(node['resource_uri'], operation['error'])

    def test_a_system_under_a_node(self):
        pod = self.pod('pod')
        node = self.compose('n')
        (system,) = node['systems']
        pod.remove(system['resource_uri'])
        self.sync('pod')
        # What an event had read just before is taken for newer: a while.
        row = self.client.wait(
            f'/v1/systems/{system["uuid"]}', {'stale': True}
        )
        self.assertIsNotNone(row['missing_since'])
        self.assertEqual(node['uuid'], row['node_uuid'])
        # This pod manager does not take apart what is not whole.
        operation = self.client.delete('/v1/nodes/n')['operation_uuid']
        self.assertEqual('failed', self.client.finished(operation)['state'])
        body = self.client.get('/v1/nodes/n')
        self.assertEqual('error', body['provision_state'])
        self.assertIn('cannot be reached', body['last_error'])
        pod.remove(node['resource_uri'])
        self.service.release('n')
        self.assertEqual([], self.client.all('/v1/nodes'))
