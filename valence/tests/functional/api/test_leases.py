# SPDX-License-Identifier: Apache-2.0
"""Leases: a node is given back in time."""

import datetime

from valence.common import exception
from valence.conductor import leases
from valence.conductor import managed_nodes
from valence.tests import base
from valence.tests import fixtures

_DAY = 86400


class LeaseCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.provisioner = self.useFixture(fixtures.Provisioner())
        self.fake = self.pod()

    def after(self, seconds):
        until = self.clock.now() + datetime.timedelta(seconds=seconds)
        return f'{until:%Y-%m-%dT%H:%M:%S}Z'

    def lease(self, name='node', seconds=2 * _DAY, **body):
        """Compose a node with a lease; returns it."""
        until = self.after(seconds)
        return self.compose(name, lease_until=until, **body)

    def node(self, name='node'):
        return self.client.get(f'/v1/nodes/{name}')

    def set(self, **body):
        return self.client.patch('/v1/nodes/node', body)

    def state(self):
        return self.node()['lease_state']

    def pass_by(self, seconds):
        """Let time pass, and have what is due then done."""
        self.clock.advance(seconds)
        while leases.sweep():
            continue
        self.conductor.settle()

    def told(self):
        """What events have said about leases, in order."""
        listed = self.client.all(
            '/v1/events?resource_type=node&sort_key=created_at'
        )
        types = [row['event_type'] for row in listed]
        return [one.split('.')[2] for one in types if '.lease.' in one]


class TestLease(LeaseCase):
    def test_without(self):
        self.compose('node')
        self.assertEqual('none', self.state())
        self.pass_by(100 * _DAY)
        self.assertEqual('none', self.state())

    def test_notify(self):
        self.lease()
        self.assertEqual('running', self.state())
        self.pass_by(0)
        self.assertEqual('running', self.state())
        self.pass_by(_DAY + 60)
        self.assertEqual('warned', self.state())
        self.assertEqual(['warned'], self.told())
        self.pass_by(_DAY - 3600)
        self.pass_by(3600)
        self.assertEqual('overdue', self.state())
        self.assertEqual(['warned', 'warned', 'overdue'], self.told())
        self.pass_by(60)
        self.assertEqual(3, len(self.told()))
        self.pass_by(3600)
        self.assertEqual(4, len(self.told()))
        self.assertEqual('active', self.node()['provision_state'])

    def test_release(self):
        self.lease(lease_end='release')
        self.pass_by(2 * _DAY + 1)
        self.assertEqual([], self.client.all('/v1/nodes'))
        self.assertEqual(['ended'], self.told())
        (operation,) = self.client.all('/v1/operations?action=release')
        self.assertEqual('succeeded', operation['state'])
        self.pass_by(_DAY)
        self.assertEqual(
            1, len(self.client.all('/v1/operations?action=release'))
        )

    def test_power_off_once(self):
        self.lease(lease_end='power_off')
        (node,) = self.fake.nodes.values()
        self.pass_by(2 * _DAY + 1)
        self.assertEqual(['ForceOff'], node.resets)
        for _ in range(3):
            self.pass_by(3601)
        self.assertEqual(['ForceOff'], node.resets)
        self.assertEqual('overdue', self.state())

    def test_a_failed_release_is_tried_again(self):
        self.lease(lease_end='release')
        refusal = exception.RequestRejected(reason='no')
        self.fake.order('release', refusal)
        self.pass_by(2 * _DAY + 1)
        # When the operation ends, not later, anybody can extend it again.
        self.pass_by(0)
        self.assertEqual('overdue', self.state())
        self.set(lease_end='release')
        self.pass_by(3601)
        self.assertEqual([], self.client.all('/v1/nodes'))

    def condition(self, *effects):
        """Set a condition on the system of the node; returns its UUID."""
        (system,) = self.node()['systems']
        return self.client.post(
            '/v1/conditions',
            {
                'subject': 'system',
                'subject_id': system['uuid'],
                'code': 'evidence',
                'message': 'sealed',
                'effects': effects,
            },
        )['uuid']

    def test_a_condition_rules_the_release_out(self):
        self.lease(lease_end='release')
        condition = self.condition('no_release')
        self.pass_by(2 * _DAY + 1)
        self.assertEqual('overdue', self.state())
        self.set(force_at=self.after(1))
        self.pass_by(2)
        self.assertEqual('overdue', self.state())
        self.assertEqual(1, len(self.fake.nodes))
        self.client.delete(f'/v1/conditions/{condition}')
        self.pass_by(3601)
        self.assertEqual([], self.client.all('/v1/nodes'))

    def test_a_condition_rules_changes_out(self):
        self.lease(lease_end='power_off')
        self.condition('no_change')
        self.pass_by(2 * _DAY + 1)
        (node,) = self.fake.nodes.values()
        self.assertEqual([], node.resets)
        self.assertEqual('overdue', self.state())

    def test_extend(self):
        self.lease(seconds=60, lease_end='release')
        self.pass_by(0)
        self.assertEqual('warned', self.state())
        self.set(lease_until=self.after(2 * _DAY))
        self.assertEqual('running', self.state())
        self.pass_by(120)
        self.assertEqual('running', self.state())
        self.set(lease_until=None)
        self.assertEqual('none', self.state())
        self.pass_by(3 * _DAY)
        self.assertEqual('active', self.node()['provision_state'])

    def test_bad_times(self):
        self.lease()
        path = '/v1/nodes/node'
        for body in (
            {'lease_until': '2001-01-01'},
            {'lease_until': 'soon'},
            {'lease_end': 'explode'},
        ):
            (field,) = body
            self.assertRefused(400, field, 'PATCH', path, body)
            self.assertRefused(
                400, field, 'POST', '/v1/nodes', {'name': 'two', **body}
            )


class TestLimits(LeaseCase):
    options = {
        **LeaseCase.options,
        'lease__seconds': 3600,
        'lease__max_seconds': _DAY,
        'lease__end': 'release',
    }

    def test_defaults(self):
        node = self.compose('node')
        self.assertEqual('release', node['lease_end'])
        self.assertEqual('running', node['lease_state'])
        self.pass_by(3601)
        self.assertEqual([], self.client.all('/v1/nodes'))

    def test_defaults_of_a_flavor(self):
        self.client.post(
            '/v1/flavors',
            {
                'name': 'short',
                'properties': {},
                'lease_seconds': 60,
                'lease_max_seconds': 120,
                'lease_end': 'notify',
            },
        )
        node = self.compose('node', flavor='short')
        self.assertEqual('notify', node['lease_end'])
        body = {'lease_until': self.after(3600)}
        path = '/v1/nodes/node'
        self.assertRefused(400, 'lease_until', 'PATCH', path, body)
        self.pass_by(61)
        self.assertEqual('overdue', self.state())

    def test_too_long(self):
        self.compose('node')
        for until in (self.after(_DAY + 60), None):
            body = {'lease_until': until}
            self.assertRefused(
                400, 'lease_until', 'PATCH', '/v1/nodes/node', body
            )
            body['name'] = 'two'
            self.assertRefused(400, 'lease_until', 'POST', '/v1/nodes', body)

    def test_a_clock_that_jumps_changes_nothing(self):
        """The longest lease is measured from each request on."""
        self.compose('node')
        for _ in range(3):
            self.set(lease_until=self.after(_DAY - 1))
            self.pass_by(_DAY - 60)
        self.assertEqual('active', self.node()['provision_state'])


class TestIronic(LeaseCase):
    """A node that Ironic has an instance on is left to it."""

    def setUp(self):
        super().setUp()
        node = self.lease(lease_end='release')
        self.done('POST', '/v1/nodes/node/register', {'provide': True})
        self.uuid = node['uuid']
        self.instance('active')

    def instance(self, state):
        self.provisioner.nodes[self.uuid] = state
        managed_nodes.poll()

    def test_overdue(self):
        self.pass_by(2 * _DAY + 1)
        self.assertEqual('overdue', self.state())
        self.pass_by(3601)
        self.assertEqual(['overdue', 'overdue'], self.told())
        self.assertEqual([], self.client.all('/v1/operations?action=release'))
        self.instance('available')
        self.pass_by(3601)
        self.assertEqual([], self.client.all('/v1/nodes'))
        self.assertNotIn(self.uuid, self.provisioner.nodes)

    def test_an_instance_that_is_not_known_yet(self):
        self.instance('available')
        self.provisioner.nodes[self.uuid] = 'active'
        self.pass_by(2 * _DAY + 1)
        self.pass_by(61)
        self.assertEqual('overdue', self.state())
        self.assertEqual('active', self.provisioner.nodes[self.uuid])
        self.assertEqual(1, len(self.fake.nodes))

    def test_by_force(self):
        self.set(force_at=self.after(3 * _DAY))
        self.pass_by(2 * _DAY + 1)
        self.assertEqual('overdue', self.state())
        self.pass_by(_DAY)
        self.assertEqual([], self.client.all('/v1/nodes'))
        self.assertNotIn(self.uuid, self.provisioner.nodes)

    def test_unregister(self):
        self.set(lease_end='unregister')
        self.instance('available')
        self.pass_by(2 * _DAY + 1)
        self.assertIsNone(self.node()['managed_by'])
        self.pass_by(61)
        self.assertEqual('overdue', self.state())

    def test_power_is_left_to_ironic(self):
        self.set(lease_end='power_off')
        self.instance('available')
        self.pass_by(2 * _DAY + 1)
        (node,) = self.fake.nodes.values()
        self.assertEqual([], node.resets)
        self.assertEqual('overdue', self.state())
