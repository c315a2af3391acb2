# SPDX-License-Identifier: Apache-2.0
"""Registrations with provisioners are kept, compared and updated."""

import dataclasses

from valence.common import exception
from valence.common.identity import Mark
from valence.conductor import managed_nodes
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests.unit.conductor import test_enrollment

_OTHER = Mark('00000000-0000-4000-8000-000000000000', 'ffffffffffff')
_CONFLICT = exception.ProvisioningConflict(reason='it is in use')


class RegistrationCase(test_enrollment.EnrollmentCase):
    def setUp(self):
        super().setUp()
        self.node = self.compose('n', register=True)
        self.uuid = self.node['uuid']

    def findings(self, state='open'):
        return [
            (found['kind'], found['node_uuid'])
            for found in self.client.all('/v1/findings')
            if found['state'] == state
        ]

    def stranger(self):
        """Something else is shown at the URI of the node."""
        uri = self.node['resource_uri']
        self.fake.nodes[uri] = dataclasses.replace(
            self.fake.nodes[uri], mark=_OTHER
        )
        self.fake.calls.clear()


class TestComparing(RegistrationCase):
    def poll(self):
        managed_nodes.poll()
        return self.now()

    def test_the_same(self):
        self.assertIsNone(self.poll()['drift'])
        self.assertEqual([], self.findings())

    def test_changed_registration(self):
        shown = self.ironic.shown[self.uuid]
        address = shown['driver_info']['redfish_address']
        shown['driver_info'] = {'redfish_address': 'http://stranger.example'}
        drift = self.poll()['drift']
        self.assertIn('http://stranger.example', drift)
        self.assertIn(address, drift)
        self.assertEqual(
            [('changed_registration', self.uuid)], self.findings()
        )
        # A sync does not forget it.
        self.done('POST', '/v1/pod_managers/pod/sync')
        self.assertEqual(drift, self.now()['drift'])
        self.assertEqual(
            [('changed_registration', self.uuid)], self.findings()
        )
        shown['driver_info'] = {'redfish_address': address}
        self.assertIsNone(self.poll()['drift'])
        self.assertEqual([], self.findings())

    def test_forgotten_until_something_else_changes(self):
        self.ironic.shown[self.uuid]['resource_class'] = 'other'
        self.poll()
        (found,) = self.client.all('/v1/findings')
        path = f'/v1/findings/{found["uuid"]}/action'
        self.client.post(path, {'forget': {}})
        self.poll()
        self.assertEqual([], self.findings())
        self.ironic.shown[self.uuid]['owner'] = 'stranger'
        self.poll()
        self.assertEqual(
            [('changed_registration', self.uuid)], self.findings()
        )

    def test_one_that_an_earlier_version_registered(self):
        db.update(models.Node, {'registration': None}, uuid=self.uuid)
        self.assertIsNone(self.poll()['drift'])
        self.ironic.shown[self.uuid]['owner'] = 'tenant'
        self.assertIn('owner from None to tenant', self.poll()['drift'])

    def test_registering_again_closes_it(self):
        self.ironic.shown[self.uuid]['resource_class'] = 'other'
        self.poll()
        self.enroll()
        self.assertEqual([], self.findings())
        self.assertIsNone(self.poll()['drift'])

    def test_unregistering_closes_it(self):
        self.ironic.shown[self.uuid]['resource_class'] = 'other'
        self.poll()
        self.done('POST', '/v1/nodes/n/unregister', {})
        self.assertEqual([], self.findings())
        self.assertIsNone(self.now()['drift'])

    def test_missing(self):
        state = self.ironic.nodes.pop(self.uuid)
        node = self.poll()
        self.assertEqual('missing', node['managed_state'])
        self.assertEqual('missing in ironic', node['drift'])
        self.assertEqual([('provisioner_missing', self.uuid)], self.findings())
        self.ironic.nodes[self.uuid] = state
        self.assertIsNone(self.poll()['drift'])
        self.assertEqual([], self.findings())

    def test_not_missing_without_a_proof(self):
        self.ironic.sees_all = False
        self.ironic.nodes.clear()
        node = self.poll()
        self.assertEqual('enroll', node['managed_state'])
        self.assertIsNone(node['drift'])
        self.assertEqual([], self.findings())
        for method, path in (
            ('POST', '/v1/nodes/n/unregister'),
            ('DELETE', '/v1/nodes/n?unregister=true'),
        ):
            self.fake.calls.clear()
            operation = self.done(method, path, state='failed')
            self.assertIn('not certain', operation['error'])
            self.assertEqual('ironic', self.now()['managed_by'])
            self.assertEqual('active', self.now()['provision_state'])
            self.assertNotIn('release', self.fake.calls)

    def test_no_check_during_an_operation(self):
        # It creates a node in Ironic, which stays if the conductor dies.
        db.update(
            models.Node, {'provision_state': 'releasing'}, uuid=self.uuid
        )
        self.ironic.nodes.clear()
        self.ironic.calls.clear()
        managed_nodes.poll()
        self.assertEqual([], self.ironic.calls)

    def test_known_to_be_missing_needs_no_proof_again(self):
        self.ironic.nodes.clear()
        self.poll()
        self.ironic.sees_all = False
        self.assertEqual('missing', self.poll()['managed_state'])


class TestLogins(RegistrationCase):
    def change(self, **values):
        self.client.patch('/v1/pod_managers/pod', values)
        managed_nodes.poll()
        return self.ironic.logins.get(self.uuid)

    def test_a_new_password(self):
        login = self.change(hardware_username='bmc', hardware_password='new')
        self.assertEqual(('bmc', 'new'), (login.username, login.password))
        self.ironic.logins.clear()
        managed_nodes.poll()
        self.assertEqual({}, self.ironic.logins)

    def test_another_address(self):
        login = self.change(hardware_url='http://bmc.example')
        self.assertEqual('http://bmc.example', login.address)

    def test_irrelevant_change(self):
        self.assertIsNone(self.change(description='other'))

    def test_again_after_a_failure(self):
        self.ironic.order('update_login', _CONFLICT)
        self.assertIsNone(self.change(hardware_password='new'))
        managed_nodes.poll()
        self.assertEqual('new', self.ironic.logins[self.uuid].password)

    def test_not_to_an_unknown_address(self):
        self.ironic.shown[self.uuid]['driver_info'] = {
            'redfish_address': 'http://stranger.example'
        }
        self.assertIsNone(self.change(hardware_password='new'))

    def test_not_for_other_hardware(self):
        self.stranger()
        self.done('POST', '/v1/pod_managers/pod/sync')
        self.assertIsNone(self.change(hardware_password='new'))

    def test_no_login_any_more(self):
        self.assertIsNone(self.change(username='me', password='mine'))

    def test_registering_again(self):
        values = {'hardware_username': 'bmc', 'hardware_password': 'new'}
        self.client.patch('/v1/pod_managers/pod', values)
        self.enroll()
        self.assertEqual('new', self.ironic.machines[self.uuid].password)
        managed_nodes.poll()
        self.assertEqual({}, self.ironic.logins)


class TestAgain(RegistrationCase):
    def test_options_are_kept(self):
        self.enroll(resource_class='gold', traits=['CUSTOM_OWN'])
        self.enroll()
        machine = self.ironic.machines[self.uuid]
        self.assertEqual('gold', machine.resource_class)
        self.assertIn('CUSTOM_OWN', machine.traits)
        self.assertEqual('gold', self.now()['resource_class'])

    def test_a_failure_leaves_it_registered(self):
        for method in ('enroll', 'create_ports'):
            self.ironic.order(method, _CONFLICT)
            self.enroll('failed')
            self.assertEqual('ironic', self.now()['managed_by'])
            self.assertIn(self.uuid, self.ironic.nodes)
            managed_nodes.poll()
            self.assertIsNone(self.now()['drift'])

    def test_one_that_is_missing(self):
        self.ironic.nodes.clear()
        managed_nodes.poll()
        self.enroll()
        self.assertEqual('enroll', self.now()['managed_state'])
        self.assertEqual([], self.findings())


class TestFlavors(test_enrollment.EnrollmentCase):
    def setUp(self):
        super().setUp()
        self.client.post('/v1/flavors', {'name': 'gold', 'properties': {}})
        self.compose('n', flavor='gold')

    def assertClass(self, name):
        self.enroll()
        machine = self.ironic.machines[self.now()['uuid']]
        self.assertEqual(name, machine.resource_class)

    def test_renamed_after_composing(self):
        self.client.patch('/v1/flavors/gold', {'name': 'silver'})
        self.assertClass('gold')

    def test_deleted_after_composing(self):
        self.client.delete('/v1/flavors/gold')
        self.assertClass('gold')

    def test_the_default_is_kept_too(self):
        self.compose('m')
        self.done('POST', '/v1/nodes/m/register', {})
        node = self.client.get('/v1/nodes/m')
        self.assertEqual('baremetal', node['resource_class'])


class TestGuard(RegistrationCase):
    """What is not the node any more is not handed over, and not erased."""

    def test_register(self):
        self.done('POST', '/v1/nodes/n/unregister', {})
        self.stranger()
        operation = self.enroll('failed', provide=True)
        self.assertIn('nothing was sent to it', operation['error'])
        self.assertEqual({}, self.ironic.nodes)
        self.assertEqual([], self.ironic.goals)
        now = self.now()
        self.assertEqual('changed_hardware', now['fault'])
        self.assertIsNone(now['managed_by'])

    def test_each_goal(self):
        self.done('POST', '/v1/nodes/n/unregister', {})
        enroll = self.ironic.enroll

        def meanwhile(machine, deadline):
            self.stranger()
            return enroll(machine, deadline)

        self.ironic.enroll = meanwhile
        self.enroll('failed', provide=True)
        self.assertEqual([], self.ironic.goals)
        self.assertEqual({}, self.ironic.nodes)

    def test_release(self):
        self.stranger()
        operation = self.done(
            'DELETE', '/v1/nodes/n?unregister=true', state='failed'
        )
        self.assertIn('nothing was sent to it', operation['error'])
        self.assertNotIn('release', self.fake.calls)
        self.assertIn(self.uuid, self.ironic.nodes)
        now = self.now()
        self.assertEqual(
            ('error', 'changed_hardware', 'ironic'),
            (now['provision_state'], now['fault'], now['managed_by']),
        )
        # Ironic must be able to lose it, whatever it is by now.
        self.done('POST', '/v1/nodes/n/unregister', {})
        self.assertEqual({}, self.ironic.nodes)

    def test_release_of_one_that_is_gone(self):
        self.fake.nodes.clear()
        self.done('DELETE', '/v1/nodes/n?unregister=true')
        self.assertEqual({}, self.ironic.nodes)
