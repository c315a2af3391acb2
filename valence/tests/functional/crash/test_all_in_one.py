# SPDX-License-Identifier: Apache-2.0
"""``valence`` dies in the middle, and is started again.

The middle is where the pod manager has just got a request: a fault holds it
there, or takes its answer away.
"""

import time

import testscenarios

from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import processes

_ALLOCATE = '/redfish/v1/Nodes/Actions/.*Allocate'
_ASSEMBLE = '/redfish/v1/Nodes/.*Assemble'
_NODE = '/redfish/v1/Nodes/[^/]+$'


class CrashCase(base.ServiceTestCase):
    """One service and one pod that all tests of a class share."""

    @classmethod
    def start(cls):
        cls.service = cls.use(fixtures.Service(repair__grace=0))
        cls.process = cls.service.all_in_one()
        cls.pod = cls.use(fixtures.Simulator('--no-sse', '--no-push'))
        cls.service.ready('pod', cls.pod)

    def setUp(self):
        super().setUp()
        self.addCleanup(self._tidy)

    def _tidy(self):
        self.pod.heal()
        for node in self.client.all('/v1/nodes'):
            self.client.request('DELETE', f'/v1/nodes/{node["uuid"]}')
            self.client.wait_gone(f'/v1/nodes/{node["uuid"]}')
        for node in self.pod.nodes():
            self.pod.control('DELETE', f'resources{node["uri"]}')
        self.service.wait_ready('pod')

    @property
    def client(self):
        return self.service.client

    def restart(self):
        """Kill it, and start it again."""
        self.service.restart(self.process)

    def assertRight(self, *names):
        """Nothing is on the pod but these nodes, and all is at rest.

        What a request that was killed has left behind is repaired after two
        syncs that saw it.
        """
        deadline = time.monotonic() + processes.PATIENCE
        while time.monotonic() < deadline and (
            len(self.pod.nodes()) > len(names) or self._open_operations()
        ):
            self.service.sync('pod')
        there = {node['uri']: node['system'] for node in self.pod.nodes()}
        nodes = [
            self.client.get(f'/v1/nodes/{node["uuid"]}')
            for node in self.client.all('/v1/nodes')
        ]
        ours = {
            node['resource_uri']: node['systems'][0]['resource_uri']
            for node in nodes
            if node['resource_uri']
        }
        self.assertEqual(there, ours)
        self.assertEqual(
            sorted(names),
            sorted(n['name'] for n in nodes if n['resource_uri']),
        )
        used = {
            row['resource_uri']
            for row in self.client.all('/v1/systems')
            if row['node_uuid']
        }
        self.assertEqual(set(there.values()), used)
        self.assertEqual([], self._open_operations())

    def _open_operations(self):
        return [
            operation
            for state in ('pending', 'running')
            for operation in self.client.all(f'/v1/operations?state={state}')
            if operation['action'] != 'sync'
        ]


class TestComposing(testscenarios.WithScenarios, CrashCase):
    """The node ends active, or cleanly gone."""

    scenarios = [
        ('before the request arrives', {'fault': (_ALLOCATE, 'delay', 3)}),
        ('answer lost', {'fault': (_ALLOCATE, 'lost-answer', None)}),
        ('hanging', {'fault': (_ALLOCATE, 'hang', None)}),
        ('assembling', {'fault': (_ASSEMBLE, 'delay', 3)}),
        ('assembled, answer lost', {'fault': (_ASSEMBLE, 'drop', None)}),
    ]

    def test_killed(self):
        number = self.pod.order(*self.fault, method='POST', count=1)
        node = self.client.post('/v1/nodes', {'name': 'n'})
        self.pod.wait_struck(number)
        self.restart()
        operation = self.client.finished(node['operation_uuid'])
        body = self.client.get('/v1/nodes/n')
        self.assertIn(
            (operation['state'], body['provision_state']),
            (('succeeded', 'active'), ('failed', 'error')),
            (operation, body),
        )
        self.assertEqual('active', body['provision_state'], operation)
        if self.fault[1] == 'delay':
            # What the killed process has sent is done all the same, later.
            self.pod.wait_ended(number)
        self.assertRight('n')
        self.service.release('n')
        self.assertRight()
        self.assertEqual([], self.pod.nodes())

    def test_killed_and_deleted(self):
        number = self.pod.order(*self.fault, method='POST', count=1)
        self.client.post('/v1/nodes', {'name': 'n'})
        self.pod.wait_struck(number)
        self.restart()
        answer = self.client.request('DELETE', '/v1/nodes/n')
        self.assertEqual(202, answer.status, answer)
        self.client.wait_gone('/v1/nodes/n')
        self.assertRight()
        self.assertEqual([], self.pod.nodes())


class TestOthers(CrashCase):
    def test_several_at_once(self):
        number = self.pod.order(_ALLOCATE, 'delay', 1, method='POST')
        nodes = [
            self.client.post('/v1/nodes', {'name': f'n{n}'}) for n in range(4)
        ]
        self.pod.wait_struck(number, 2)
        self.restart()
        self.pod.heal()
        for node in nodes:
            operation = self.client.finished(node['operation_uuid'])
            self.assertEqual('succeeded', operation['state'], operation)
        self.assertRight('n0', 'n1', 'n2', 'n3')

    def test_again_and_again(self):
        self.pod.order(_ALLOCATE, 'delay', 0.7, method='POST')
        node = self.client.post('/v1/nodes', {'name': 'n'})
        for _ in range(3):
            self.restart()
        self.pod.heal()
        operation = self.client.finished(node['operation_uuid'])
        self.assertEqual('succeeded', operation['state'], operation)
        self.assertRight('n')

    def test_releasing(self):
        for fault in ('delay', 'lost-answer'):
            self.service.compose('n')
            number = self.pod.order(
                _NODE, fault, 3 if fault == 'delay' else None,
                method='DELETE', count=1,
            )  # fmt: skip
            self.client.delete('/v1/nodes/n')
            self.pod.wait_struck(number)
            self.restart()
            self.client.wait_gone('/v1/nodes/n')
            self.assertRight()

    def test_syncing(self):
        number = self.pod.order('/redfish/v1/Systems', 'delay', 2)
        uuid = self.service.begin_sync('pod')
        self.pod.wait_struck(number)
        self.restart()
        self.pod.heal()
        operation = self.client.finished(uuid)
        self.assertEqual('succeeded', operation['state'], operation)
        self.assertEqual(4, len(self.client.all('/v1/systems')))

    def test_sigterm(self):
        number = self.pod.order(_ALLOCATE, 'delay', 2, method='POST', count=1)
        node = self.client.post('/v1/nodes', {'name': 'n'})
        self.pod.wait_struck(number)
        self.assertEqual(0, self.process.end())
        self.restart()
        operation = self.client.finished(node['operation_uuid'])
        self.assertEqual('succeeded', operation['state'], operation)
        self.assertRight('n')

    def test_a_second_process_keeps_off(self):
        other = self.service.again('valence')
        self.assertEqual(1, other.finish())
        self.assertIn(str(self.service.state_path), other.output())
        self.assertEqual('succeeded', self.service.sync('pod')['state'])

    def test_stored_data_remains(self):
        before = self.client.get('/v1/pod_managers/pod')
        self.service.compose('n')
        self.restart()
        after = self.client.wait('/v1/pod_managers/pod', {'status': 'online'})
        for name in ('uuid', 'name', 'url', 'driver', 'service_uuid'):
            self.assertEqual(before[name], after[name])
        self.assertRight('n')
        self.service.release('n')
        self.assertRight()


class TestHanging(base.TestCase):
    def test_sigterm_while_a_pod_manager_hangs(self):
        service = self.useFixture(
            fixtures.Service(fork=False, redfish__request_timeout=3600)
        )
        process = service.all_in_one()
        pod = self.useFixture(fixtures.Simulator('--no-sse', '--no-push'))
        service.ready('pod', pod)
        fault = pod.order('/redfish/v1/Systems', 'hang')
        deadline = time.monotonic() + processes.PATIENCE
        while not pod.struck(fault) and time.monotonic() < deadline:
            # One that began by itself is answered with 409, and hangs, too.
            service.client.request('POST', '/v1/pod_managers/pod/sync')
            time.sleep(0.05)
        self.assertTrue(pod.struck(fault))
        # The time that it waits for operations is limited.
        self.assertEqual(0, process.end())
