# SPDX-License-Identifier: Apache-2.0
"""A conductor is killed while it hands a node to Ironic, or takes it back."""

from valence.tests import fixtures
from valence.tests.fixtures import ironic
from valence.tests.fixtures import simulator
from valence.tests.functional.crash import cluster

# It takes too long to inspect, and to die in each step, for every run.
GOALS = {'manage': True, 'inspect': cluster.FULL, 'provide': True}
STEPS = cluster.steps('register') if cluster.FULL else ('enroll',)
UNDONE = ('enroll', 'read_system') if cluster.FULL else ('enroll',)


class IronicKillTest(cluster.ClusterTestCase):
    """Afterwards there is one node in Ironic, or none."""

    def setUp(self):
        reason = ironic.missing()
        if reason:
            self.skipTest(reason)
        self.ironic = self.useFixture(ironic.Ironic())
        self.settings = self.ironic.options()
        super().setUp()
        pod = self.useFixture(fixtures.Simulator(systems=1))
        self.pods['pod'] = pod
        self.service.register(
            'pod',
            pod,
            hardware_username=simulator.USERNAME,
            hardware_password=simulator.PASSWORD,
        )
        first = self.conductor()
        self.ready()
        self.ended(self.compose('node'))
        first.end()

    def die_at(self, *points):
        """Let one conductor after the other die, each at its point."""
        for point in points:
            conductor = self.conductor(point)
            self.assertEqual(-9, conductor.finish(), point)

    def ask(self, verb, body=None):
        """Ask for registering or taking back; returns the operation."""
        path = f'/v1/nodes/node/{verb}'
        return self.client.post(path, body)['operation_uuid']

    def there(self):
        """The nodes in Ironic, by UUID, with their states and ports."""
        client = self.ironic.client
        return {
            node.id: (
                node.provision_state,
                len(list(client.ports(node=node.id))),
            )
            for node in client.nodes()
        }

    def test_doing(self):
        register = self.ask('register', GOALS)
        self.die_at(
            *(
                f'register:{step}:{place}'
                for step in STEPS
                for place in cluster.FORWARD
            )
        )
        last = self.conductor()
        self.ended(register)
        node = self.client.get('/v1/nodes/node')
        ports = len(node['systems'][0]['nics'])
        self.assertEqual({node['uuid']: ('available', ports)}, self.there())
        self.assertEqual('available', node['managed_state'])
        last.end()
        unregister = self.ask('unregister')
        self.die_at(
            *(
                point
                for point in cluster.forward('unregister')
                # It may be found done at once by the next one.
                if not point.endswith('begun')
            )
        )
        self.conductor()
        self.ended(unregister)
        self.assertEqual({}, self.there())
        self.assertIsNone(self.client.get('/v1/nodes/node')['managed_by'])

    def test_undoing(self):
        register = self.ask('register', GOALS)
        self.die_at('register:wait_provided:recorded')
        self.client.delete(f'/v1/operations/{register}')
        self.die_at(
            *(
                f'register:{step}:{place}'
                for step in UNDONE
                for place in cluster.BACKWARD
            )
        )
        self.conductor()
        self.ended(register, 'cancelled')
        self.assertEqual({}, self.there())
        self.assertIsNone(self.client.get('/v1/nodes/node')['managed_by'])

    def test_releasing(self):
        first = self.conductor()
        self.ended(self.ask('register'))
        first.end()
        release = self.client.delete('/v1/nodes/node?unregister=true')
        self.die_at('release:unregister:done', 'release:unregister:recorded')
        self.conductor()
        self.ended(release['operation_uuid'])
        self.assertEqual({}, self.there())
        self.assertEqual([], self.pods['pod'].nodes())
