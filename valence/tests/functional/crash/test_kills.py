# SPDX-License-Identifier: Apache-2.0
"""A conductor is killed at every place at which it could leave a mess."""

from valence.tests.functional.crash import cluster


class KillTestCase(cluster.ClusterTestCase):
    """One operation goes on through one death after another."""

    personality = 'rsd'

    def setUp(self):
        super().setUp()
        self.pod('pod', self.personality)
        first = self.conductor()
        self.ready()
        self.prepare()
        first.end()

    def prepare(self):
        """Make what the operation needs; a conductor is at work."""

    def die_at(self, points):
        """Let one conductor after the other die, each at its point."""
        for point in points:
            conductor = self.conductor(point)
            self.assertEqual(-9, conductor.finish(), point)

    def killed_doing(self, action, begin):
        """An operation that was killed at each place comes to a good end."""
        operation = begin()
        self.die_at(cluster.forward(action))
        self.conductor()
        self.ended(operation)
        self.assertAgreement()

    def killed_undoing(self, action, begin):
        """One that is cancelled at its very end is undone."""
        operation = begin()
        self.die_at(cluster.forward(action)[-1:])
        self.client.delete(f'/v1/operations/{operation}')
        self.die_at(cluster.backward(action))
        self.conductor()
        self.ended(operation, 'cancelled')


class ComposeTest(KillTestCase):
    def begin(self):
        return self.compose('node')

    def test_doing(self):
        self.killed_doing('compose', self.begin)
        (node,) = self.pods['pod'].nodes()
        self.assertEqual('Assembled', node['state'])
        executed = self.pods['pod'].state()['executed']
        self.assertEqual(1, executed['Allocate'])
        self.assertEqual(1, executed['Assemble'])

    def test_undoing(self):
        self.killed_undoing('compose', self.begin)
        self.assertEqual([], self.pods['pod'].nodes())
        self.service.release('node')
        self.assertAgreement()


class AttachTest(KillTestCase):
    personality = 'redfish'

    def prepare(self):
        self.ended(self.compose('node'))
        self.device = self.free_device('pod')

    def begin(self):
        return self.attach('node', self.device)

    def test_doing(self):
        self.killed_doing('attach', self.begin)
        (device,) = self.client.get('/v1/nodes/node')['devices']
        self.assertEqual(self.device, device['uuid'])

    def test_undoing(self):
        self.killed_undoing('attach', self.begin)
        self.assertEqual([], self.client.get('/v1/nodes/node')['devices'])
        self.assertAgreement()


class ReleaseTest(KillTestCase):
    def prepare(self):
        self.ended(self.compose('node'))

    def begin(self):
        return self.release('node')

    def test_doing(self):
        self.killed_doing('release', self.begin)
        self.assertEqual([], self.pods['pod'].nodes())
        self.client.wait_gone('/v1/nodes/node')

    def test_undoing(self):
        # What is taken apart stays so; the node can be released once more.
        self.killed_undoing('release', self.begin)
        self.assertEqual([], self.pods['pod'].nodes())
        self.service.release('node')
        self.assertAgreement()
