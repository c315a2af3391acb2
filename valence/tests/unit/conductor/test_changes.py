# SPDX-License-Identifier: Apache-2.0
"""Nodes are reset, made to boot, given devices and released of them."""

from unittest import mock

from valence.common import context
from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base

_AWAY = exception.PodManagerUnavailable(reason='it restarts')
_NO = exception.RequestRejected(reason='it does not want to')


class ChangeCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.fake = self.pod()
        self.node = self.compose('n')
        (self.made,) = self.fake.nodes.values()

    def act(self, name, state='succeeded', **params):
        body = {name: params}
        return self.done('POST', '/v1/nodes/n/action', body, state)

    def now(self):
        return self.client.get('/v1/nodes/n')


class TestPower(ChangeCase):
    def test_reset(self):
        for kind, power in (
            ('On', 'on'),
            ('GracefulRestart', 'on'),
            ('ForceOff', 'off'),
        ):
            self.act('Reset', Type=kind)
            self.assertEqual(power, self.made.power_state)
            node = self.now()
            self.assertEqual(power, node['power_state'])
            self.assertEqual('active', node['provision_state'])
            self.assertIsNone(node['last_error'])

    def test_a_node_stays_a_node_when_it_cannot_be_reset(self):
        self.fake.order('reset', _NO)
        operation = self.act('Reset', 'failed', Type='On')
        self.assertIn('it does not want to', operation['error'])
        node = self.now()
        self.assertEqual('active', node['provision_state'])
        self.assertIn('it does not want to', node['last_error'])
        self.act('Reset', Type='On')
        self.assertIsNone(self.now()['last_error'])

    def test_an_answer_that_was_lost(self):
        self.fake.order('reset', _AWAY, after=True)
        self.act('Reset', Type='On')
        self.assertEqual('on', self.now()['power_state'])

    def test_boot(self):
        self.act('Boot', Enabled='Once', Target='Pxe')
        self.assertEqual('active', self.now()['provision_state'])
        # As long as it is not known, the pod manager decides.
        db.update(models.Node, {'allowable': None}, uuid=self.node['uuid'])
        operation = self.act(
            'Boot', 'failed', Enabled='Once', Target='Gramophone'
        )
        self.assertIn('Gramophone', operation['error'])

    def test_cancelled_before_it_began(self):
        uuid = self.begin(
            'POST', '/v1/nodes/n/action', {'Reset': {'Type': 'On'}}
        )
        self.assertEqual('updating', self.now()['provision_state'])
        self.client.delete(f'/v1/operations/{uuid}')
        self.assertEqual('cancelled', self.conductor.finish(uuid).state)
        self.assertEqual('active', self.now()['provision_state'])
        self.assertEqual('off', self.made.power_state)

    def test_one_change_at_a_time(self):
        self.begin('POST', '/v1/nodes/n/action', {'Reset': {'Type': 'On'}})
        answer = self.client.request(
            'POST', '/v1/nodes/n/action', {'Reset': {'Type': 'On'}}
        )
        self.assertEqual(409, answer.status)

    def test_removed_pod_manager(self):
        self.fake.nodes.clear()
        operation = self.act('Reset', 'failed', Type='On')
        self.assertIn(self.node['resource_uri'], operation['error'])


class TestAllowable(ChangeCase):
    """What the pod manager allows for a node is shown, and checked."""

    allowed = {
        'reset_types': ['On', 'ForceOff'],
        'boot_targets': ['Pxe', 'Usb'],
        'boot_modes': ['UEFI'],
    }

    def sync(self):
        self.done('POST', '/v1/pod_managers/pod/sync')

    def allow(self, **values):
        self.made.allowable = {**self.allowed, **values}
        self.sync()

    def refused(self, name, field, allowed, **params):
        before = self.client.get('/v1/operations')['operations']
        answer = self.client.request(
            'POST', '/v1/nodes/n/action', {name: params}
        )
        self.assertEqual(400, answer.status, answer)
        detail = answer.error['detail']
        self.assertIn(f'field {field}:', detail)
        self.assertIn(f'allows {", ".join(allowed)}.', detail)
        after = self.client.get('/v1/operations')['operations']
        self.assertEqual(len(before), len(after))
        self.assertEqual('active', self.now()['provision_state'])

    def test_compose_stores_it(self):
        self.assertEqual(self.made.allowable, self.now()['allowable'])
        self.assertIn('Nmi', self.now()['allowable']['reset_types'])

    def test_a_sync_stores_it(self):
        self.allow()
        self.assertEqual(self.allowed, self.now()['allowable'])
        # A pod manager that does not report it now may have done so before.
        self.made.allowable = None
        self.sync()
        self.assertEqual(self.allowed, self.now()['allowable'])

    def test_changes_store_it(self):
        device = self.client.get('/v1/devices')['devices'][0]['uuid']
        for name, params in (
            ('Reset', {'Type': 'On'}),
            ('Boot', {'Enabled': 'Once', 'Target': 'Pxe'}),
            ('attach', {'resource_id': device}),
            ('detach', {'resource_id': device}),
        ):
            with self.subTest(name):
                self.made.allowable = {**self.allowed, 'boot_modes': [name]}
                self.act(name, **params)
                self.assertEqual([name], self.now()['allowable']['boot_modes'])

    def test_adopting_stores_it(self):
        uri = self.node['resource_uri']
        self.client.request('DELETE', '/v1/nodes/n?force=true')
        self.made.mark = None
        self.made.allowable = self.allowed
        self.sync()
        body = {'name': 'n', 'pod_manager': 'pod', 'resource_uri': uri}
        self.done('POST', '/v1/nodes/manage', body)
        self.assertEqual(self.allowed, self.now()['allowable'])

    def test_disallowed_value_is_rejected_by_the_api(self):
        self.allow()
        types, targets = ['On', 'ForceOff'], ['Pxe', 'Usb']
        self.refused('reset', 'reset.Type', types, Type='Nmi')
        boot = {'Enabled': 'Once', 'Target': 'Pxe'}
        for target in ('Hdd', 'pxe'):
            self.refused(
                *('boot', 'boot.Target', targets),
                **{**boot, 'Target': target},
            )
        self.refused('boot', 'boot.Mode', ['UEFI'], **boot, Mode='Legacy')
        self.act('Reset', Type='ForceOff')
        self.act('Boot', **boot, Mode='UEFI')

    def test_unknown_values_are_left_to_the_pod_manager(self):
        self.allow(reset_types=None, boot_targets=None, boot_modes=None)
        self.act('Reset', Type='Nmi')
        self.act('Boot', Enabled='Once', Target='Cd', Mode='Legacy')

    def test_a_target_that_does_not_matter(self):
        self.allow(boot_targets=['Pxe', 'None'])
        self.act('Boot', Enabled='Disabled', Target='None')
        self.begin(
            'POST',
            '/v1/nodes/n/action',
            {'Boot': {'Enabled': 'Disabled', 'Target': 'Hdd'}},
        )


class TestDevices(ChangeCase):
    def setUp(self):
        super().setUp()
        self.device = self.client.all('/v1/devices')[0]
        self.uri = self.device['resource_uri']

    def device_now(self):
        row = self.client.get(f'/v1/devices/{self.device["uuid"]}')
        return row['state'], row['node_uuid']

    def assertFree(self):
        self.assertEqual(('free', None), self.device_now())
        self.assertNotIn(self.uri, self.made.resources)
        self.assertEqual([], self.now()['devices'])
        self.assertEqual('active', self.now()['provision_state'])

    def attach(self, state='succeeded'):
        return self.act('attach', state, resource_id=self.device['uuid'])

    def test_attach_and_detach(self):
        self.attach()
        self.assertIn(self.uri, self.made.resources)
        self.assertEqual(('used', self.node['uuid']), self.device_now())
        self.act('detach', resource_id=self.device['uuid'])
        self.assertNotIn(self.uri, self.made.resources)
        # Nothing erased it: it is kept for whoever had it.
        row = self.client.get(f'/v1/devices/{self.device["uuid"]}')
        self.assertIsNone(row['node_uuid'])

    def test_an_attach_that_is_refused(self):
        self.fake.order('attach', _NO)
        self.attach('failed')
        self.assertFree()

    def test_an_attach_whose_answer_was_lost(self):
        self.fake.order('attach', _AWAY, after=True)
        self.attach()
        self.assertEqual(('used', self.node['uuid']), self.device_now())

    def test_an_attach_that_was_cancelled_when_it_was_done(self):
        body = {'attach': {'resource_id': self.device['uuid']}}
        uuid = self.begin('POST', '/v1/nodes/n/action', body)
        run = self.conductor.reach(uuid, 2)
        self.assertIn(self.uri, self.made.resources)
        self.client.delete(f'/v1/operations/{uuid}')
        self.conductor.run(run)
        self.assertEqual('cancelled', self.conductor.finish(uuid).state)
        self.assertFree()

    def test_a_node_that_was_gone_when_its_attach_was_undone(self):
        body = {'attach': {'resource_id': self.device['uuid']}}
        uuid = self.begin('POST', '/v1/nodes/n/action', body)
        self.conductor.step(self.conductor.claim(uuid))
        self.conductor.die()
        self.fake.nodes.clear()
        self.assertEqual('failed', self.conductor.finish(uuid).state)
        self.assertEqual(('free', None), self.device_now())
        self.assertEqual(0, self.charged())

    def test_device_that_cannot_be_detached_stays_charged(self):
        body = {'attach': {'resource_id': self.device['uuid']}}
        uuid = self.begin('POST', '/v1/nodes/n/action', body)
        run = self.conductor.reach(uuid, 2)
        self.fake.order('detach', _NO, count=None)
        self.client.delete(f'/v1/operations/{uuid}')
        self.conductor.run(run)
        self.assertEqual('failed', self.conductor.finish(uuid).state)
        self.assertEqual(self.node['uuid'], self.device_now()[1])
        self.assertEqual(1, self.charged())

    def charged(self):
        row = db.get(models.Node, uuid=self.node['uuid'])
        return row.charged_devices

    def test_a_device_that_went_to_somebody_else(self):
        body = {'attach': {'resource_id': self.device['uuid']}}
        uuid = self.begin('POST', '/v1/nodes/n/action', body)
        self.fake.order('attach', _NO)
        other = self.begin(
            'POST',
            '/v1/nodes',
            {'name': 'm', 'properties': {'storage': [{'count': 3}]}},
        )
        self.conductor.finish(other)
        self.conductor.finish(uuid)
        self.assertEqual('active', self.now()['provision_state'])

    def test_a_detach_that_is_refused(self):
        self.attach()
        self.fake.order('detach', _NO)
        self.act('detach', 'failed', resource_id=self.device['uuid'])
        self.assertEqual(('used', self.node['uuid']), self.device_now())
        self.assertEqual('active', self.now()['provision_state'])

    def test_a_device_that_vanished(self):
        body = {'attach': {'resource_id': self.device['uuid']}}
        uuid = self.begin('POST', '/v1/nodes/n/action', body)
        del self.fake.hardware[self.uri]
        operation = self.conductor.finish(uuid)
        self.assertEqual('failed', operation.state)
        self.assertEqual([], self.now()['devices'])

    def test_a_look_that_fails_fails_nothing_else(self):
        self.fake.order('refresh', _NO)
        operation = self.attach()
        self.assertIn('it does not want to', str(operation['steps']))


class TestRequestIds(ChangeCase):
    """The log, and other services, name the request of the API."""

    ID = 'req-0b7d5c3e-6b1f-4d0e-8a77-6c1f0e9d2b4a'

    def seen(self, **headers):
        seen = []
        reset = type(self.made).reset

        def note(*args):
            seen.append(context.current_request_id())
            return reset(*args)

        with mock.patch.object(type(self.made), 'reset', note):
            answer = self.client.request(
                *('POST', '/v1/nodes/n/action', {'reset': {'Type': 'On'}}),
                headers=headers,
            )
            self.conductor.finish(
                answer.headers['Location'].rpartition('/')[2]
            )
        self.assertIsNone(context.current_request_id())
        return seen, answer.headers['X-OpenStack-Request-ID']

    def test_of_another_service(self):
        seen, _ = self.seen(**{'X-OpenStack-Request-ID': self.ID})
        self.assertEqual({self.ID}, set(seen))

    def test_own(self):
        seen, own = self.seen()
        self.assertEqual({own}, set(seen))
