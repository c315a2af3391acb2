# SPDX-License-Identifier: Apache-2.0
"""What provisioners know of nodes is brought up to date, and shown."""

from typing import ClassVar

from valence.conductor import handovers
from valence.conductor import managed_nodes
from valence.provisioning import base
from valence.tests.unit.conductor import test_registrations


class TestSites(test_registrations.RegistrationCase):
    def test_another_location(self):
        self.client.patch('/v1/pod_managers/pod', {'location': 'Hall 2'})
        managed_nodes.poll()
        places = self.ironic.sites[self.uuid].places
        self.assertEqual('Hall 2', places['location'])
        self.ironic.sites.clear()
        managed_nodes.poll()
        self.assertEqual({}, self.ironic.sites)
        self.assertIsNone(self.now()['drift'])

    def test_again_after_a_failure(self):
        self.client.patch('/v1/pod_managers/pod', {'location': 'Hall 2'})
        self.ironic.order('update_site', test_registrations._CONFLICT)
        managed_nodes.poll()
        self.assertEqual({}, self.ironic.sites)
        managed_nodes.poll()
        self.assertIn(self.uuid, self.ironic.sites)

    def test_what_ironic_refuses(self):
        path = '/v1/pod_managers/pod'
        for name, values in (
            ('conductor_group', ('', 'rack 7', 'rack/7', 'größe', 'a\n', 7)),
            ('shard', ('', 'x' * 256, 7)),
        ):
            for value in values:
                self.assertRefused(400, name, 'PATCH', path, {name: value})

    def test_drift(self):
        self.ironic.shown[self.uuid]['extra'] = {'rack': 'other'}
        managed_nodes.poll()
        self.assertIn('extra/rack', self.now()['drift'])


class TestConditions(test_registrations.RegistrationCase):
    def condition(self, *effects, subject='pod_manager', ident='pod', **more):
        return self.client.post(
            '/v1/conditions',
            {
                'subject': subject,
                'subject_id': ident,
                'code': 'leak',
                'message': 'ticket 4711',
                'effects': list(effects),
                **more,
            },
        )['uuid']

    def wanted(self):
        managed_nodes.poll()
        found = self.ironic.restrictions.get(self.uuid, base.Restrictions())
        return found.no_new_use, found.no_change

    def test_each_effect(self):
        for effects, use, change in (
            (['no_new_nodes'], True, False),
            (['no_change'], False, True),
            (['quiet'], False, True),
            (['no_release'], False, False),
            (['no_new_nodes', 'quiet'], True, True),
        ):
            self.condition(*effects)
            found = self.wanted()
            self.assertEqual((use, change), tuple(map(bool, found)))

    def test_it_ends(self):
        uuid = self.condition('no_new_nodes', 'no_change')
        reason = f'condition {uuid}: ticket 4711'
        self.assertEqual((reason, reason), self.wanted())
        self.client.delete(f'/v1/conditions/{uuid}')
        self.assertEqual((None, None), self.wanted())

    def test_of_what_contains_it(self):
        system = self.client.get(
            f'/v1/systems/{self.node["systems"][0]["uuid"]}'
        )
        for subject, ident in (
            ('rack', system['rack_uuid']),
            ('chassis', system['chassis_uuid']),
            ('system', system['uuid']),
        ):
            uuid = self.condition('no_change', subject=subject, ident=ident)
            # Users of the node do not see the subject.
            reason = f'condition {uuid}: ask the operator'
            self.assertEqual((None, reason), self.wanted())
            uuid = self.condition(
                *('no_change', 'no_new_nodes'),
                subject=subject,
                ident=ident,
                tenant_message='repairs',
            )
            reason = f'condition {uuid}: repairs'
            self.assertEqual((reason, reason), self.wanted())
            self.client.delete(f'/v1/conditions/{uuid}')

    def test_not_of_other_hardware(self):
        other = next(
            one
            for one in self.client.all('/v1/systems')
            if one['node_uuid'] is None
        )
        self.condition('no_change', subject='system', ident=other['uuid'])
        self.assertEqual((None, None), self.wanted())

    def test_again_after_a_failure(self):
        self.condition('no_change')
        self.ironic.order('restrict', test_registrations._CONFLICT)
        self.ironic.order('look', test_registrations._CONFLICT)
        self.assertEqual((None, None), self.wanted())
        self.assertEqual((None, None), self.wanted())
        self.assertIsNotNone(self.wanted()[1])

    def test_a_few_at_a_time(self):
        self.compose('m', register=True)
        self.condition('no_change')
        self.patch(handovers, '_CHANGES', 1)
        for number in (1, 2, 2):
            managed_nodes.poll()
            self.assertEqual(number, len(self.ironic.restrictions))


class TestStatus(test_registrations.RegistrationCase):
    STATUS: ClassVar = {
        'maintenance': True,
        'maintenance_reason': 'a fan',
        'fault': 'power failure',
        'retired': None,
        'retired_reason': None,
        'health': 'Warning',
        'unsupported': ['shard'],
    }

    def test_it_is_shown(self):
        self.assertIsNone(self.now()['managed_status'])
        self.ironic.statuses[self.uuid] = self.STATUS
        managed_nodes.poll()
        node = self.now()
        self.assertEqual(self.STATUS, node['managed_status'])
        self.assertEqual('power failure', node['managed_error'])

    def test_not_of_one_that_is_gone(self):
        self.ironic.statuses[self.uuid] = self.STATUS
        managed_nodes.poll()
        self.done('POST', '/v1/nodes/n/unregister', {})
        node = self.now()
        self.assertIsNone(node['managed_status'])
        self.assertIsNone(node['managed_error'])
