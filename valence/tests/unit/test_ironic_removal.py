# SPDX-License-Identifier: Apache-2.0
"""Removing nodes from Ironic, and nodes that are gone there."""

from valence.common import exception
from valence.provisioning import base as provisioning
from valence.provisioning.ironic import Ironic
from valence.tests.unit.test_ironic import IronicTestCase
from valence.tests.unit.test_ironic import machine

MAC = '02:00:00:00:00:01'
PASSWORD = 'secret of the pod'


class TestRemoving(IronicTestCase):
    def setUp(self):
        super().setUp()
        self.one = machine()
        self.registration = self.register(self.one)

    def removed(self):
        """Remove as a conductor does, which repeats the step."""
        for _ in range(4):
            try:
                self.remove(self.one)
            except provisioning.InProgress:
                continue
            return
        self.fail('it does not end')

    def test_failed_node_without_an_instance(self):
        for state in (
            *('deploy failed', 'rescue failed', 'error', 'clean failed'),
            *('inspect failed', 'adopt failed', 'available', 'enroll'),
        ):
            with self.subTest(state=state):
                self.register(self.one)
                self.node(self.one)['provision_state'] = state
                self.removed()
                self.assertEqual({}, self.there.nodes)

    def test_failed_node_with_an_instance(self):
        self.node(self.one).update(
            provision_state='deploy failed', instance_uuid='i-1'
        )
        exc = self.assertRaises(
            exception.ProvisioningConflict, self.remove, self.one
        )
        self.assertIn('delete the instance first', str(exc))
        self.assertIn(self.one.uuid, self.there.nodes)

    def test_instance_created_during_removal(self):
        self.node(self.one)['provision_state'] = 'error'
        self.assertRaises(provisioning.InProgress, self.remove, self.one)
        self.node(self.one)['instance_uuid'] = 'i-1'
        self.assertRaises(
            exception.ProvisioningConflict, self.remove, self.one
        )
        self.assertIn(self.one.uuid, self.there.nodes)

    def test_node_in_use(self):
        for state, words in (
            ('active', 'undeploy it there first'),
            ('clean wait', 'wait until that has ended'),
            ('deploying', 'wait until that has ended'),
        ):
            self.node(self.one)['provision_state'] = state
            exc = self.assertRaises(
                exception.ProvisioningConflict, self.remove, self.one
            )
            self.assertIn(state, str(exc))
            self.assertIn(words, str(exc))

    def test_by_force(self):
        """In maintenance, Ironic deletes a node with its instance."""
        self.node(self.one).update(
            provision_state='active', instance_uuid='i-1'
        )
        self.assertRaises(
            provisioning.InProgress, self.remove, self.one, force=True
        )
        self.assertTrue(self.node(self.one)['maintenance'])
        self.remove(self.one, force=True)
        self.assertEqual({}, self.there.nodes)

    def test_what_is_idle(self):
        ironic = Ironic()
        for state in ('available', 'manageable', 'deploy failed', 'missing'):
            self.assertTrue(ironic.is_idle(state), state)
        for state in ('active', 'deploying', 'rescue', 'clean wait', None):
            self.assertFalse(ironic.is_idle(state), state)


class TestGone(IronicTestCase):
    """Whether a node that is not shown is believed to be gone."""

    def setUp(self):
        super().setUp()
        self.one, self.two = machine(), self.another()
        self.registered = {
            one.uuid: self.register(one) for one in (self.one, self.two)
        }

    def another(self, **more):
        return machine(
            **{'name': 'two', 'ports': (), 'project_id': 'other', **more}
        )

    def gone(self, *machines, registered=None):
        return self.ironic.gone(
            [one.uuid for one in machines],
            self.registered if registered is None else registered,
            self.deadline,
        )

    def test_deleted(self):
        del self.there.nodes[self.one.uuid]
        self.assertEqual({self.one.uuid}, self.gone(self.one))
        # The probe is not left behind.
        self.assertEqual([self.two.uuid], [*self.there.nodes])

    def test_the_only_one(self):
        self.there.nodes.clear()
        only = {self.one.uuid: self.registered[self.one.uuid]}
        self.assertEqual({self.one.uuid}, self.gone(self.one, registered=only))
        self.assertEqual({}, self.there.nodes)

    def test_seen_beside_one_of_the_same_project(self):
        three = self.another(project_id='tenant', name='three')
        self.registered[three.uuid] = self.register(three)
        del self.there.nodes[self.one.uuid]
        self.there.asked.clear()
        self.assertEqual({self.one.uuid}, self.gone(self.one))
        # Nothing had to be made to prove it.
        self.assertEqual([], self.there.changing())

    def test_all_at_once(self):
        self.there.nodes.clear()
        self.assertEqual(set(), self.gone(self.one, self.two))
        self.assertEqual(set(), self.gone(self.one))

    def test_a_lost_scope(self):
        for scope in ('service', 'tenant', 'other'):
            with self.subTest(scope=scope):
                self.there.scope = scope
                hidden = [
                    one
                    for one in (self.one, self.two)
                    if one.project_id != scope
                ]
                self.assertEqual(set(), self.gone(*hidden))
                for one in hidden:
                    registered = {one.uuid: self.registered[one.uuid]}
                    self.assertEqual(
                        set(), self.gone(one, registered=registered)
                    )

    def test_a_scope_that_suffices(self):
        self.there.scope = 'service'
        self.there.nodes.clear()
        one = self.another()
        registration = self.register(one)
        self.assertEqual('service', registration['owner'])
        self.there.nodes.clear()
        self.assertEqual(
            {one.uuid}, self.gone(one, registered={one.uuid: registration})
        )

    def test_nothing_is_removed_without_a_proof(self):
        self.there.scope = 'service'
        exc = self.assertRaises(
            exception.ProvisioningConflict, self.remove, self.one
        )
        self.assertIn('not certain', str(exc))

    def test_pages_of_others(self):
        pages = (
            (404, 'text/html', b'<h1>default backend</h1>'),
            (404, 'application/json', b'{"error_message": "no"}'),
            (200, 'text/html', b'<h1>It works!</h1>'),
            (200, 'application/json', b'{}'),
            (200, 'application/json', b'[]'),
        )
        for page in pages:
            for connected in (True, False):
                with self.subTest(page=page, connected=connected):
                    self.there.page = page
                    if not connected:
                        self.ironic = Ironic()
                    self._believes_nothing()

    def _believes_nothing(self):
        for call in (
            lambda: self.ironic.state(self.one.uuid, self.deadline),
            lambda: self.ironic.look([self.one.uuid], self.deadline),
            lambda: self.gone(self.one),
            lambda: self.remove(self.one),
        ):
            self.assertRaises(exception.ProvisioningError, call)
