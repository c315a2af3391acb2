# SPDX-License-Identifier: Apache-2.0
"""From a request to a machine, and back."""

import base64
import concurrent.futures
import json
import urllib.request

from valence.tests import base

_HUGE = {'memory': {'capacity_mib': 2**30}}


class ComposeCase(base.PodTestCase):
    def compose(self, name, **body):
        node = self.service.compose(name, **body)
        self.assertEqual('active', node['provision_state'], node)
        return node

    def assertRight(self, pod, names=()):
        """Pod and API agree on which nodes there are, and on what of."""
        nodes = {n['uuid']: n for n in self.client.all('/v1/nodes')}
        nodes = {
            uuid: self.client.get(f'/v1/nodes/{uuid}')
            for uuid, node in nodes.items()
            if node['resource_uri']
        }
        there = {node['uri']: node['system'] for node in pod.nodes()}
        ours = {
            node['resource_uri']: node['systems'][0]['resource_uri']
            for node in nodes.values()
        }
        self.assertEqual(there, ours)
        self.assertEqual(
            sorted(names), sorted(node['name'] for node in nodes.values())
        )


class TestCompose(ComposeCase):
    def test_on_a_pod_manager_that_is_named(self):
        one = self.pod('one')
        two = self.pod('two')
        for ident in ('two', self.client.get('/v1/pod_managers/two')['uuid']):
            node = self.compose('n', pod_manager=ident)
            self.assertEqual(
                self.client.get('/v1/pod_managers/two')['uuid'],
                node['podm_uuid'],
            )
            self.assertEqual([], one.nodes())
            self.assertRight(two, ['n'])
            self.service.release('n')
        self.assertEqual([], two.nodes())

    def test_on_any(self):
        pod = self.pod('pod', '--seed', 'any')
        node = self.compose('n', properties={'processor': {'total_cores': 1}})
        self.assertRight(pod, ['n'])
        (system,) = node['systems']
        for name in ('cpu_cores', 'memory_mib'):
            self.assertGreater(system[name], 0)
        self.assertTrue(system['nics'])
        row = self.client.get(f'/v1/systems/{system["uuid"]}')
        self.assertEqual('used', row['state'])
        self.assertEqual(node['uuid'], row['node_uuid'])
        (there,) = pod.nodes()
        self.assertIn(node['uuid'], there['description'])
        self.assertEqual('Assembled', there['state'])

    def test_requirements_are_met_by_the_smallest(self):
        self.pod('pod', '--seed', 'sizes', systems=12)
        sizes = sorted(
            (row['cpu_cores'], row['memory_mib'])
            for row in self.client.all('/v1/systems')
        )
        cores = sizes[-1][0]
        self.assertGreater(cores, sizes[0][0])
        least = min(size for size in sizes if size[0] >= cores)
        node = self.compose(
            'n', properties={'processor': {'total_cores': str(cores)}}
        )
        (system,) = node['systems']
        self.assertEqual(least, (system['cpu_cores'], system['memory_mib']))

    def test_operation(self):
        self.pod('pod')
        answer = self.client.request('POST', '/v1/nodes', {'name': 'n'})
        self.assertEqual(202, answer.status)
        uuid = answer.json['operation_uuid']
        self.assertTrue(
            answer.headers['Location'].endswith(f'/v1/operations/{uuid}')
        )
        operation = self.client.finished(uuid)
        self.assertEqual('succeeded', operation['state'])
        self.assertEqual(100, operation['progress'])
        self.assertEqual('compose', operation['action'])
        self.assertEqual(answer.json['uuid'], operation['target_uuid'])
        self.assertEqual(
            answer.headers['x-openstack-request-id'], operation['request_id']
        )
        self.assertLess(operation['started_at'], operation['finished_at'])
        self.assertTrue(operation['steps'])
        self.assertEqual(
            {'done'}, {step['state'] for step in operation['steps']}
        )
        (found,) = self.client.all(
            f'/v1/operations?target_uuid={answer.json["uuid"]}'
        )
        self.assertEqual(uuid, found['uuid'])

    def test_names_in_any_script(self):
        pod = self.pod('pod')
        name = 'Knoten „7“ \U0001f680'
        self.client.post('/v1/nodes', {'name': name})
        self.client.wait(
            '/v1/nodes?provision_state=active', lambda body: body['nodes']
        )
        self.assertRight(pod, [name])

    def test_no_capacity_has_a_reason_for_every_pod_manager(self):
        self.pod('one')
        self.pod('two', systems=0)
        self.pod('three')
        self.client.patch('/v1/pod_managers/three', {'maintenance': True})
        node = self.service.compose('n', properties=_HUGE)
        self.assertEqual('error', node['provision_state'])
        self.assertIn('No capacity', node['last_error'])
        for name in ('one', 'two', 'three'):
            self.assertIn(name, node['last_error'])
        self.assertIn('maintenance', node['last_error'])
        self.assertIn(str(2**30), node['last_error'])
        (operation,) = self.client.all(
            f'/v1/operations?target_uuid={node["uuid"]}'
        )
        self.assertEqual('failed', operation['state'])
        self.assertIn('No capacity', operation['error'])
        self.service.release('n')

    def test_no_pod_manager_at_all(self):
        node = self.service.compose('n')
        self.assertEqual('error', node['provision_state'])
        self.assertIn('No capacity', node['last_error'])
        self.service.release('n')

    def test_a_pod_manager_in_maintenance(self):
        self.pod('pod')
        self.client.patch('/v1/pod_managers/pod', {'maintenance': True})
        answer = self.client.request(
            'POST', '/v1/nodes', {'name': 'n', 'pod_manager': 'pod'}
        )
        self.assertEqual(409, answer.status)
        self.assertIn('maintenance', answer.error['detail'])
        self.assertEqual([], self.client.all('/v1/nodes'))

    def test_reset(self):
        pod = self.pod('pod')
        self.compose('n')
        for reset_type, power in (
            ('On', 'on'),
            ('ForceOff', 'off'),
            ('ForceRestart', None),
        ):
            answer = self.client.request(
                'POST', '/v1/nodes/n/action', {'Reset': {'Type': reset_type}}
            )
            self.assertEqual(202, answer.status, answer)
            operation = self.client.finished(answer.json['operation_uuid'])
            if power is None:
                continue
            self.assertEqual('succeeded', operation['state'], operation)
            node = self.client.get('/v1/nodes/n')
            self.assertEqual('active', node['provision_state'])
            self.assertEqual(power, node['power_state'])
            self.assertEqual(power, pod.nodes()[0]['power'].lower())

    def test_release(self):
        pod = self.pod('pod')
        before = self.client.all('/v1/systems')
        self.compose('n')
        answer = self.client.request('DELETE', '/v1/nodes/n')
        self.assertEqual(202, answer.status)
        operation = self.client.finished(answer.json['operation_uuid'])
        self.assertEqual('succeeded', operation['state'])
        self.client.wait_gone('/v1/nodes/n')
        self.assertEqual([], pod.nodes())
        for row in self.client.all('/v1/systems'):
            self.assertIsNone(row['node_uuid'])
            self.assertNotEqual('used', row['state'])
        self.assertEqual(len(before), len(self.client.all('/v1/systems')))

    def test_rename(self):
        self.pod('pod')
        self.compose('n')
        self.client.patch('/v1/nodes/n', {'name': 'm', 'description': 'x'})
        node = self.client.get('/v1/nodes/m')
        self.assertEqual('x', node['description'])
        self.assertEqual('active', node['provision_state'])

    def test_a_second_change_names_the_first(self):
        pod = self.pod('pod')
        self.compose('n')
        pod.order('/redfish/v1/Nodes/.*Reset', 'delay', 1.5)
        action = ('POST', '/v1/nodes/n/action', {'Reset': {'Type': 'On'}})
        first = self.client.request(*action)
        second = self.client.request(*action)
        self.assertEqual(409, second.status, second)
        self.assertIn(first.json['operation_uuid'], second.error['detail'])
        self.client.finished(first.json['operation_uuid'])


class TestTwoAtOnce(ComposeCase):
    """Never is a system in two nodes."""

    def test_more_than_there_are(self):
        pod = self.pod('pod', '--compose-seconds', 0.2, systems=6)
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            nodes = list(
                pool.map(self.service.compose, [f'n{n}' for n in range(10)])
            )
        states = [node['provision_state'] for node in nodes]
        self.assertEqual(6, states.count('active'), states)
        self.assertEqual(4, states.count('error'), states)
        for node in nodes:
            if node['provision_state'] == 'error':
                self.assertIn('No capacity', node['last_error'])
        self.assertEqual(6, len({node['system'] for node in pod.nodes()}))
        self.assertRight(pod, [n['name'] for n in nodes if n['resource_uri']])
        for node in nodes:
            self.client.delete(f'/v1/nodes/{node["uuid"]}')
        for node in nodes:
            self.client.wait_gone(f'/v1/nodes/{node["uuid"]}')
        self.assertEqual([], pod.nodes())

    def test_a_system_that_was_taken_behind_our_back(self):
        pod = self.pod('pod', '--no-sse', '--no-push', systems=2)
        url = f'{pod.origin}/redfish/v1/Nodes/Actions/Allocate'
        self._allocate(pod, url)
        node = self.service.compose('n')
        self.assertEqual('active', node['provision_state'], node)
        self.assertEqual(2, len(pod.nodes()))
        self.assertEqual(2, len({n['system'] for n in pod.nodes()}))

    def _allocate(self, pod, url):
        """Compose past Valence, as another client would."""
        login = f'{pod.login["username"]}:{pod.login["password"]}'
        request = urllib.request.Request(
            url,
            json.dumps({'Name': 'not ours'}).encode(),
            {
                'Content-Type': 'application/json',
                'Authorization': 'Basic '
                + base64.b64encode(login.encode()).decode(),
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            self.assertEqual(201, answer.status)
