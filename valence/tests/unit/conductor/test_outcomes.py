# SPDX-License-Identifier: Apache-2.0
"""An operation is over when the hardware shows it, not when it is said."""

from valence.common import exception
from valence.podmanagers.progress import InProgress
from valence.tests.unit.conductor import test_changes

_AWAY = exception.PodManagerUnavailable(reason='it restarts')
_UNREADABLE = exception.Unreadable(reason='status 500')
_GONE = exception.ResourceGone(uri='/nodes/1')


class OutcomeCase(test_changes.ChangeCase):
    options = {
        **test_changes.ChangeCase.options,
        'redfish__settle_timeout': 30,
    }


class TestPower(OutcomeCase):
    def test_a_reset_that_changes_nothing(self):
        self.fake.ignored.add('reset')
        operation = self.act('Reset', 'failed', Type='On')
        self.assertIn('the power state is off, not on', operation['error'])
        # It was not repeated.
        self.assertEqual(['On'], self.made.resets)
        self.assertEqual('active', self.now()['provision_state'])

    def test_a_reset_that_takes_its_time(self):
        uuid = self.begin(
            'POST', '/v1/nodes/n/action', {'Reset': {'Type': 'On'}}
        )
        self.fake.ignored.add('reset')
        run = self.conductor.claim(uuid)
        self.conductor.step(run)
        self.assertEqual('off', self.made.power_state)
        self.made.power_state = 'on'
        self.assertEqual('succeeded', self.conductor.finish(uuid).state)
        self.assertEqual('on', self.now()['power_state'])

    def test_non_idempotent_requests_are_sent_once(self):
        for kind, power in (
            ('PushPowerButton', 'on'),
            ('PowerCycle', 'on'),
            ('GracefulRestart', 'on'),
            ('PushPowerButton', 'off'),
        ):
            self.made.resets.clear()
            self.act('Reset', Type=kind)
            self.assertEqual([kind], self.made.resets)
            self.assertEqual(power, self.now()['power_state'])

    def test_a_lost_answer_that_the_power_state_gives(self):
        self.fake.order('reset', _AWAY, after=True)
        self.act('Reset', Type='PushPowerButton')
        self.assertEqual(['PushPowerButton'], self.made.resets)
        self.assertEqual('on', self.now()['power_state'])

    def test_a_lost_answer_that_nothing_gives(self):
        self.act('Reset', Type='On')
        for kind in ('Nmi', 'PowerCycle', 'ForceRestart', 'GracefulRestart'):
            self.made.resets.clear()
            self.fake.order('reset', _AWAY, after=True)
            operation = self.act('Reset', 'failed', Type=kind)
            self.assertEqual([kind], self.made.resets)
            self.assertIn('the answer was lost', operation['error'])
            self.assertIn('look at the node', operation['error'])

    def test_a_takeover_by_another_conductor(self):
        for kind in ('PushPowerButton', 'Nmi'):
            self.made.resets.clear()
            self.fake.order('reset', _Asleep(), after=True)
            uuid = self.begin(
                'POST', '/v1/nodes/n/action', {'Reset': {'Type': kind}}
            )
            self.assertRaises(_Asleep, self.conductor.finish, uuid)
            self.conductor.die()
            self.conductor.finish(uuid)
            self.assertEqual([kind], self.made.resets)

    def test_idempotent_requests_are_repeated(self):
        self.fake.order('reset', _AWAY, after=True)
        self.act('Reset', Type='On')
        self.assertEqual('on', self.now()['power_state'])


class _Asleep(BaseException):
    """The conductor is suspended while it waits for the answer."""


class TestBoot(OutcomeCase):
    def boot(self):
        """What the node shows as its boot source."""
        return self.client.get('/v1/nodes/n')['boot']

    def test_the_boot_mode(self):
        self.assertIsNone(self.boot())
        self.act('Boot', Enabled='Once', Target='Pxe', Mode='UEFI')
        self.assertEqual('UEFI', self.made.boot.mode)
        shown = {'enabled': 'Once', 'target': 'Pxe', 'mode': 'UEFI'}
        self.assertEqual(shown, self.boot())
        self.act('Boot', Enabled='Once', Target='Pxe')
        self.assertIsNone(self.made.boot.mode)
        self.assertEqual({**shown, 'mode': None}, self.boot())
        uri = 'http://192.0.2.1/image'
        self.act('Boot', Enabled='Once', Target='Pxe', HttpBootUri=uri)
        self.assertEqual(uri, self.made.boot.http_boot_uri)
        for wrong in ({'Mode': 'uefi'}, {'Mode': None}, {'HttpBootUri': ''}):
            body = {'Boot': {'Enabled': 'Once', 'Target': 'Pxe', **wrong}}
            (field,) = wrong
            self.assertRefused(400, field, 'POST', '/v1/nodes/n/action', body)

    def test_a_boot_override_that_does_not_show(self):
        self.fake.ignored.add('set_boot')
        operation = self.act('Boot', 'failed', Enabled='Once', Target='Pxe')
        self.assertIn('the boot override is None', operation['error'])
        self.assertIsNone(self.boot())


class TestLife(OutcomeCase):
    def used(self):
        return {
            row['resource_uri']
            for path in ('/v1/systems', '/v1/devices')
            for row in self.client.all(path)
            if row['state'] == 'used'
        }

    def test_a_node_that_cannot_be_read_at_first(self):
        for name, failure in (('m', _GONE), ('o', _UNREADABLE)):
            self.fake.order('read_node', failure, count=3)
            before = self.fake.calls['compose']
            self.compose(name)
            self.assertEqual(1, self.fake.calls['compose'] - before)
        self.assertEqual(3, len(self.fake.nodes))

    def test_a_node_that_can_never_be_read(self):
        self.fake.order('read_node', _GONE, count=None)
        body = {'name': 'm'}
        operation = self.done('POST', '/v1/nodes', body, 'failed')
        self.assertIn('the pod manager has composed it', str(operation))
        # Each was released before the next was tried.
        self.assertEqual([self.made], list(self.fake.nodes.values()))

    def test_a_release_that_did_not_happen(self):
        self.fake.ignored.add('release')
        operation = self.done('DELETE', '/v1/nodes/n', state='failed')
        self.assertIn('still exists', operation['error'])
        self.assertEqual('error', self.now()['provision_state'])
        self.fake.ignored.clear()
        self.done('DELETE', '/v1/nodes/n')
        self.assertEqual({}, self.fake.nodes)

    def test_a_released_node_that_is_still_listed(self):
        uri = self.node['resource_uri']
        self.fake.lingering.add(uri)
        operation = self.done('DELETE', '/v1/nodes/n', state='failed')
        self.assertIn('still listed', operation['error'])
        self.fake.lingering.clear()
        self.done('DELETE', '/v1/nodes/n')

    def test_a_node_that_is_left_at_another_uri(self):
        """Its mark tells that nobody else uses its parts."""
        made = self.fake.nodes.pop(self.node['resource_uri'])
        self.fake.nodes['/nodes/99'] = made
        operation = self.done('DELETE', '/v1/nodes/n', state='failed')
        self.assertIn('is still used, not free', operation['error'])
        made.mark = None
        self.done('DELETE', '/v1/nodes/n')

    def test_the_uri_of_a_released_node_is_used_again(self):
        uri = self.node['resource_uri']
        strange = self.made
        self.fake.order('release', _AWAY, after=True)
        uuid = self.begin('DELETE', '/v1/nodes/n')
        run = self.conductor.claim(uuid)
        while uri in self.fake.nodes:
            self.conductor.step(run)
        strange.mark = None
        strange.resources = ['/systems/3']
        self.fake.nodes[uri] = strange
        self.conductor.finish(uuid)
        self.assertIn(uri, self.fake.nodes)

    def test_progress_of_a_step(self):
        self.fake.order('reset', InProgress(1, 'it works', 50), count=1)
        uuid = self.begin(
            'POST', '/v1/nodes/n/action', {'Reset': {'Type': 'On'}}
        )
        run = self.conductor.claim(uuid)
        self.conductor.step(run)
        operation = self.client.get(f'/v1/operations/{uuid}')
        # Half of the first of two steps and the end.
        self.assertEqual(16, operation['progress'])
        self.conductor.finish(uuid)


class TestDevices(test_changes.TestDevices):
    options = OutcomeCase.options

    def charged(self):
        return self.now()['charged_devices']

    def begin_detach(self, steps):
        """Attach, and stop in the middle of detaching."""
        self.attach()
        body = {'detach': {'resource_id': self.device['uuid']}}
        uuid = self.begin('POST', '/v1/nodes/n/action', body)
        run = self.conductor.reach(uuid, steps)
        self.client.delete(f'/v1/operations/{uuid}')
        self.conductor.run(run)
        return uuid

    def test_an_attach_that_did_not_happen(self):
        self.fake.ignored.add('attach')
        before = self.charged()
        operation = self.act(
            'attach', 'failed', resource_id=self.device['uuid']
        )
        self.assertIn('is not part of', operation['error'])
        self.assertFree()
        self.assertEqual(before, self.charged())

    def test_a_detach_that_did_not_happen(self):
        self.attach()
        self.fake.ignored.add('detach')
        operation = self.act(
            'detach', 'failed', resource_id=self.device['uuid']
        )
        self.assertIn('is still part of', operation['error'])
        self.assertEqual(('used', self.node['uuid']), self.device_now())
        self.assertEqual(1, self.charged())

    def test_a_detach_that_is_cancelled_is_undone(self):
        uuid = self.begin_detach(1)
        self.assertEqual('cancelled', self.conductor.finish(uuid).state)
        self.assertIn(self.uri, self.made.resources)
        self.assertEqual(('used', self.node['uuid']), self.device_now())
        self.assertEqual(1, self.charged())

    def test_a_detach_that_is_cancelled_too_late(self):
        uuid = self.begin_detach(2)
        self.assertEqual('succeeded', self.conductor.finish(uuid).state)
        self.assertNotIn(self.uri, self.made.resources)
        self.assertIsNone(self.device_now()[1])
        self.assertEqual(0, self.charged())

    def test_a_detach_that_cannot_be_undone(self):
        self.attach()
        self.fake.order(
            'attach', exception.RequestRejected(reason='no'), count=None
        )
        body = {'detach': {'resource_id': self.device['uuid']}}
        uuid = self.begin('POST', '/v1/nodes/n/action', body)
        run = self.conductor.reach(uuid, 1)
        self.client.delete(f'/v1/operations/{uuid}')
        self.conductor.run(run)
        self.conductor.finish(uuid)
        operation = self.client.get(f'/v1/operations/{uuid}')
        self.assertEqual('failed', operation['state'])
        self.assertNotIn('undone', [s['state'] for s in operation['steps']])
        # It stays claimed and charged until it is detached again.
        self.assertEqual(self.node['uuid'], self.device_now()[1])
        self.assertEqual(1, self.charged())
        self.conductor.finish(self.begin('POST', '/v1/pod_managers/pod/sync'))
        node = self.client.get('/v1/nodes/n')
        self.assertEqual('active', node['provision_state'])
        self.assertEqual(f'lost {self.uri}', node['drift'])
        self.act('detach', resource_id=self.device['uuid'])
        self.assertIsNone(self.device_now()[1])
        self.assertEqual(0, self.charged())

    def test_an_attach_that_cannot_be_undone(self):
        self.fake.order(
            'detach', exception.RequestRejected(reason='no'), count=None
        )
        body = {'attach': {'resource_id': self.device['uuid']}}
        uuid = self.begin('POST', '/v1/nodes/n/action', body)
        run = self.conductor.reach(uuid, 2)
        self.client.delete(f'/v1/operations/{uuid}')
        self.conductor.run(run)
        self.assertEqual('failed', self.conductor.finish(uuid).state)
        self.assertEqual(self.node['uuid'], self.device_now()[1])
        self.assertEqual(1, self.charged())
