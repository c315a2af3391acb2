# SPDX-License-Identifier: Apache-2.0
"""A service that was replaced is left alone until somebody accepts it."""

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base

_NEW = '5f0c7a64-27c3-4c3b-8d5e-0f4c6b1f2a3d'
_CHANGES = (
    *('compose', 'release', 'reset', 'set_boot', 'attach', 'detach'),
    *('subscribe', 'unsubscribe', 'poll_compose'),
)


class ReplacementCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.fake = self.pod()
        self.node = self.compose('n')
        self.before = self.fake.uuid

    def podm(self):
        return self.client.get('/v1/pod_managers/pod')

    def replace(self, uuid=_NEW):
        """Another service is at the URL, with the same URIs."""
        self.fake.uuid = uuid
        for item in self.fake.hardware.values():
            item.values['serial_number'] += '-new'
        self.fake.calls.clear()

    def look(self):
        self.clock.advance(60)
        self.conductor.look()
        self.conductor.settle()

    def find(self, state='open'):
        (found,) = self.client.all(
            f'/v1/findings?kind=service_changed&state={state}'
        )
        return found

    def accept(self):
        path = f'/v1/findings/{self.find()["uuid"]}/action'
        self.client.post(path, {'accept': {}})
        self.look()

    def assertUntouched(self):
        sent = [name for name in _CHANGES if self.fake.calls[name]]
        self.assertEqual([], sent)
        (system, *_) = self.client.get('/v1/nodes/n')['systems']
        self.assertEqual(self.node['systems'], [system])
        podm = self.podm()
        self.assertEqual(
            ('offline', self.before), (podm['status'], podm['service_uuid'])
        )
        for uuid in (self.before, self.fake.uuid):
            self.assertIn(uuid, podm['status_reason'])


class TestReplaced(ReplacementCase):
    def test_nothing_is_sent_to_it(self):
        self.replace()
        self.look()
        self.assertUntouched()
        found = self.find()
        self.assertEqual('none', found['details']['known_hardware'])
        for method, path, body in (
            (
                'POST',
                '/v1/nodes/n/action',
                {'Reset': {'Type': 'ForceOff'}},
            ),
            ('DELETE', '/v1/nodes/n', None),
        ):
            operation = self.done(method, path, body, state='failed')
            self.assertIn(self.fake.uuid, operation['error'])
            self.assertUntouched()
        for _ in range(3):
            self.look()
            self.done('POST', '/v1/pod_managers/pod/sync', state='failed')
        self.assertUntouched()
        self.assertEqual(found['uuid'], self.find()['uuid'])

    def test_a_sync_sees_it_first(self):
        self.replace()
        self.done('POST', '/v1/pod_managers/pod/sync', state='failed')
        self.assertUntouched()

    def test_a_compose_sees_it_first(self):
        self.replace()
        uuid = self.begin('POST', '/v1/nodes', {'name': 'm'})
        self.conductor.run(self.conductor.reach(uuid, 1))
        self.assertUntouched()
        self.look()
        self.assertEqual('failed', self.conductor.finish(uuid).state)
        self.assertUntouched()
        self.assertEqual(1, len(self.client.all('/v1/findings')))

    def test_it_is_accepted(self):
        self.replace()
        self.look()
        self.accept()
        podm = self.podm()
        self.assertEqual(
            ('online', _NEW, None),
            (podm['status'], podm['service_uuid'], podm['status_reason']),
        )
        self.find('accepted')
        self.compose('m')
        # A node of the former service is protected still.
        operation = self.done(
            'POST',
            '/v1/nodes/n/action',
            {'Reset': {'Type': 'ForceOff'}},
            state='failed',
        )
        self.assertIn(self.before, operation['error'])
        # It can be adopted again, if somebody knows that it is the same.
        self.client.request('DELETE', '/v1/nodes/n?force=true')
        self.done('POST', '/v1/pod_managers/pod/sync')
        (left,) = self.client.all('/v1/findings?kind=left_behind')
        self.done('POST', f'/v1/findings/{left["uuid"]}/action', {'adopt': {}})
        node = self.client.get('/v1/nodes/n')
        self.assertEqual(self.node['uuid'], node['uuid'])
        self.done(
            'POST', '/v1/nodes/n/action', {'Reset': {'Type': 'ForceOff'}}
        )
        # Another one is another finding.
        self.before = _NEW
        self.replace('6f0c7a64-27c3-4c3b-8d5e-0f4c6b1f2a3d')
        self.look()
        self.find()

    def test_it_comes_back(self):
        self.replace()
        self.look()
        self.fake.uuid = self.before
        self.look()
        self.assertEqual('online', self.podm()['status'])
        self.find('resolved')

    def test_unreadable_is_not_missing(self):
        self.replace()
        self.fake.unread = {'/systems/2'}
        self.look()
        self.assertUntouched()
        self.assertEqual('unread', self.find()['details']['known_hardware'])
        self.fake.hardware['/systems/2'].values['serial_number'] = 'system-2'
        self.fake.unread = set()
        self.look()
        self.assertEqual(
            ('online', _NEW),
            (self.podm()['status'], self.podm()['service_uuid']),
        )


class TestSame(ReplacementCase):
    def test_it_is_accepted(self):
        self.fake.uuid = _NEW
        self.look()
        podm = self.podm()
        self.assertEqual(
            ('online', _NEW), (podm['status'], podm['service_uuid'])
        )
        self.assertEqual('same', self.find()['details']['known_hardware'])
        self.done(
            'POST', '/v1/nodes/n/action', {'Reset': {'Type': 'ForceOff'}}
        )
        self.accept()
        self.find('accepted')

    def test_one_that_reports_no_uuid_for_a_while(self):
        self.fake.uuid = None
        self.look()
        self.assertEqual(self.before, self.podm()['service_uuid'])
        self.replace()
        self.look()
        self.assertUntouched()

    def test_a_new_password_does_not_accept_it(self):
        self.replace()
        self.look()
        self.client.patch(
            '/v1/pod_managers/pod', {'username': 'u', 'password': 'p'}
        )
        self.look()
        self.assertUntouched()

    def test_a_pod_manager_without_nodes_moves(self):
        self.done('DELETE', '/v1/nodes/n')
        self.replace()
        self.look()
        self.client.patch('/v1/pod_managers/pod', {'url': 'http://other.fake'})
        self.look()
        self.assertEqual('online', self.podm()['status'])
        self.assertEqual([], self.client.all('/v1/findings?state=open'))

    def test_nothing_is_known_of_it(self):
        self.register('new')
        self.conductor.look()
        db.update(models.PodManager, {'service_uuid': _NEW}, name='new')
        self.look()
        podm = self.client.get('/v1/pod_managers/new')
        self.assertEqual('online', podm['status'])
