# SPDX-License-Identifier: Apache-2.0
"""A conductor dies at every fault point of every action.

Each death is an exception at the fault point; the next conductor has no memory
of the former one. The tests in ``functional/crash`` kill real processes.
"""

import fixtures as common_fixtures

from valence.conductor import actions
from valence.conductor.engine import engine
from valence.tests import base
from valence.tests import fixtures

_FORWARD = ('begun', 'done', 'recorded')
_BACKWARD = ('undoing', 'undone')


class _Death(BaseException):
    """The process is killed."""


def _die(pid, signal):
    raise _Death


class CrashCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.fake = self.pod()
        self.patch(engine.os, 'kill', _die)

    def die_at(self, uuid, point):
        """Run an operation until the conductor dies at a fault point."""
        with common_fixtures.EnvironmentVariable('VALENCE_CRASH_AT', point):
            self.assertRaises(_Death, self.conductor.finish, uuid)
        self.conductor.die()

    def killed(self, uuid, action, *, undo=False, params=None):
        """Let a conductor die at each point, and another one finish."""
        steps = [
            step.name for step in actions.BY_NAME[action].plan(params or {})
        ]
        points = [(step, place) for step in steps for place in _FORWARD]
        if undo:
            # It is cancelled when everything is done.
            self.die_at(uuid, f'{action}:{steps[-1]}:recorded')
            self.client.delete(f'/v1/operations/{uuid}')
            points = [
                (step, place)
                for step in reversed(steps)
                for place in _BACKWARD
            ]
        for step, place in points:
            self.die_at(uuid, f'{action}:{step}:{place}')
        self.conductor.finish(uuid)
        operation = self.client.get(f'/v1/operations/{uuid}')
        self.assertEqual(
            'cancelled' if undo else 'succeeded', operation['state'], operation
        )

    def act(self, name, **params):
        return self.begin('POST', '/v1/nodes/n/action', {name: params})

    def node(self):
        return self.client.get('/v1/nodes/n')

    def assertAgreement(self):
        """The database says of hardware what the pod says."""
        used = self.fake.used()
        for path in ('/v1/systems', '/v1/devices'):
            for row in self.client.all(path):
                in_use = row['resource_uri'] in used
                self.assertEqual('used' if in_use else 'free', row['state'])
                self.assertEqual(in_use, row['node_uuid'] is not None)


class TestCompose(CrashCase):
    def begin_compose(self):
        body = {'name': 'n', 'properties': {'storage': [{'count': 2}]}}
        return self.begin('POST', '/v1/nodes', body)

    def test_doing(self):
        self.killed(self.begin_compose(), 'compose')
        self.assertEqual([self.node()['resource_uri']], list(self.fake.nodes))
        self.assertEqual('active', self.node()['provision_state'])
        self.assertAgreement()

    def test_undoing(self):
        self.killed(self.begin_compose(), 'compose', undo=True)
        self.assertEqual({}, self.fake.nodes)
        self.assertEqual('error', self.node()['provision_state'])
        self.assertAgreement()

    def test_composed_but_not_recorded_and_then_released(self):
        uuid = self.begin_compose()
        self.die_at(uuid, 'compose:allocate:done')
        self.assertEqual(1, len(self.fake.nodes))
        self.client.delete(f'/v1/operations/{uuid}')
        self.assertEqual('cancelled', self.conductor.finish(uuid).state)
        self.assertEqual({}, self.fake.nodes)
        self.assertAgreement()


class TestNodes(CrashCase):
    def setUp(self):
        super().setUp()
        self.compose('n')
        self.device = self.client.all('/v1/devices')[0]['uuid']

    def test_attach(self):
        self.killed(self.act('attach', resource_id=self.device), 'attach')
        (found,) = self.node()['devices']
        self.assertEqual(self.device, found['uuid'])
        self.assertAgreement()

    def test_undoing_an_attach(self):
        uuid = self.act('attach', resource_id=self.device)
        self.killed(uuid, 'attach', undo=True)
        self.assertEqual([], self.node()['devices'])
        self.assertAgreement()

    def test_detach(self):
        self.conductor.finish(self.act('attach', resource_id=self.device))
        self.killed(self.act('detach', resource_id=self.device), 'detach')
        self.assertEqual([], self.node()['devices'])
        self.assertAgreement()

    def test_reset(self):
        self.killed(self.act('Reset', Type='On'), 'reset')
        self.assertEqual('on', self.node()['power_state'])

    def test_boot(self):
        uuid = self.act('Boot', Enabled='Once', Target='Pxe')
        self.killed(uuid, 'boot')

    def test_release(self):
        self.killed(self.begin('DELETE', '/v1/nodes/n'), 'release')
        self.assertEqual({}, self.fake.nodes)
        self.assertEqual([], self.client.all('/v1/nodes'))
        self.assertAgreement()


class TestPodManagers(CrashCase):
    def test_sync(self):
        self.compose('n')
        uuid = self.begin('POST', '/v1/pod_managers/pod/sync')
        self.killed(uuid, 'sync')
        self.assertAgreement()

    def test_delete(self):
        for name in ('n', 'm'):
            self.compose(name)
        uuid = self.begin('DELETE', '/v1/pod_managers/pod?cascade=true')
        self.killed(uuid, 'delete')
        self.assertEqual({}, self.fake.nodes)
        self.assertEqual([], self.client.all('/v1/pod_managers'))

    def test_adopt(self):
        self.compose('made')
        ((uri, made),) = self.fake.nodes.items()
        self.done('DELETE', '/v1/nodes/made')
        made.marker = None
        self.fake.nodes[uri] = made
        body = {'name': 'n', 'pod_manager': 'pod', 'resource_uri': uri}
        self.killed(self.begin('POST', '/v1/nodes/manage', body), 'adopt')
        self.assertEqual('active', self.node()['provision_state'])
        self.assertEqual([uri], list(self.fake.nodes))


class TestEnrollment(CrashCase):
    HOW = {'manage': True, 'inspect': True, 'provide': True}

    def setUp(self):
        super().setUp()
        self.ironic = self.useFixture(fixtures.Provisioner())
        self.compose('n')

    def begin_register(self):
        return self.begin('POST', '/v1/nodes/n/register', self.HOW)

    def test_register(self):
        params = {'register': self.HOW}
        self.killed(self.begin_register(), 'register', params=params)
        self.assertEqual(['available'], list(self.ironic.nodes.values()))
        self.assertEqual('ironic', self.node()['managed_by'])

    def test_undoing(self):
        params = {'register': self.HOW}
        self.killed(
            self.begin_register(), 'register', undo=True, params=params
        )
        self.assertEqual({}, self.ironic.nodes)
        self.assertIsNone(self.node()['managed_by'])

    def test_unregister(self):
        self.conductor.finish(self.begin_register())
        uuid = self.begin('POST', '/v1/nodes/n/unregister', {})
        self.killed(uuid, 'unregister')
        self.assertEqual({}, self.ironic.nodes)
        self.assertIsNone(self.node()['managed_by'])
