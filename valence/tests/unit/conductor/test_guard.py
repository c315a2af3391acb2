# SPDX-License-Identifier: Apache-2.0
"""Nothing is sent to hardware that is not the node's any more."""

import dataclasses

from valence.common.identity import Mark
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import fake
from valence.tests import base

_OTHER = Mark('00000000-0000-4000-8000-000000000000', 'ffffffffffff')
_CHANGES = ('reset', 'release', 'set_boot', 'attach', 'detach')


class GuardCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.fake = self.pod()
        self.node = self.compose('n')
        self.uri = self.node['resource_uri']

    def replace(self, **values):
        """Something else is shown at the URI of the node."""
        self.fake.nodes[self.uri] = dataclasses.replace(
            self.fake.nodes[self.uri], **values
        )

    def act(self, state='failed'):
        return self.done(
            'POST',
            '/v1/nodes/n/action',
            {'Reset': {'Type': 'ForceOff'}},
            state=state,
        )

    def assertUntouched(self, operation):
        self.assertIn('nothing was sent to it', operation['error'])
        self.assertIn(self.uri, self.fake.nodes)
        sent = [call for call in self.fake.calls if call in _CHANGES]
        self.assertEqual([], sent)
        node = self.client.get('/v1/nodes/n')
        self.assertEqual(
            ('error', 'changed_hardware'),
            (node['provision_state'], node['fault']),
        )
        (found,) = self.client.all('/v1/findings')
        self.assertEqual(
            ('changed_hardware', 'open', self.node['uuid']),
            (found['kind'], found['state'], found['node_uuid']),
        )


class TestGuard(GuardCase):
    def test_the_node_itself(self):
        self.act('succeeded')
        self.assertIn('reset', self.fake.calls)

    def test_a_uri_that_is_used_again(self):
        self.replace(mark=_OTHER)
        self.fake.calls.clear()
        operation = self.act()
        self.assertUntouched(operation)
        self.assertIn(str(_OTHER), operation['error'])

    def test_a_mark_that_vanished(self):
        self.replace(mark=None)
        self.fake.calls.clear()
        self.assertUntouched(self.act())

    def test_release(self):
        self.replace(mark=_OTHER)
        self.fake.calls.clear()
        self.assertUntouched(
            self.done('DELETE', '/v1/nodes/n', state='failed')
        )

    def test_another_service_at_the_url(self):
        self.fake.uuid = '5f0c7a64-27c3-4c3b-8d5e-0f4c6b1f2a3d'
        self.fake.calls.clear()
        operation = self.act()
        self.assertUntouched(operation)
        self.assertIn(self.fake.uuid, operation['error'])

    def test_it_does_not_come_back_by_itself(self):
        mark = self.fake.nodes[self.uri].mark
        self.replace(mark=_OTHER)
        self.act()
        self.replace(mark=mark)
        self.done('POST', '/v1/pod_managers/pod/sync')
        self.assertEqual(
            'error', self.client.get('/v1/nodes/n')['provision_state']
        )

    def test_a_sync_sees_it_first(self):
        self.replace(mark=_OTHER)
        self.fake.calls.clear()
        self.done('POST', '/v1/pod_managers/pod/sync')
        node = self.client.get('/v1/nodes/n')
        self.assertEqual(
            ('error', 'changed_hardware'),
            (node['provision_state'], node['fault']),
        )
        self.assertIn(str(_OTHER), node['last_error'])


class TestWithoutMark(GuardCase):
    """A pod manager stores no mark: only its parts tell whose a node is."""

    def setUp(self):
        super().setUp()
        self.replace(mark=None)
        row = db.get(models.Node, uuid=self.node['uuid'])
        db.update(
            models.Node,
            {'baseline': {**row.baseline, 'mark': None}},
            uuid=row.uuid,
        )
        device = self.client.all('/v1/devices?state=free')[0]
        self.done(
            'POST',
            '/v1/nodes/n/action',
            {'attach': {'resource_id': device['uuid']}},
        )
        self.device = device['resource_uri']

    def test_what_was_attached_is_of_the_node(self):
        self.assertIn(self.device, self.fake.nodes[self.uri].resources)
        self.act('succeeded')
        self.done('DELETE', '/v1/nodes/n')
        self.assertNotIn(self.uri, self.fake.nodes)

    def test_what_others_attached_is_not(self):
        self.fake.nodes[self.uri].resources.append('/devices/other')
        self.fake.calls.clear()
        self.assertUntouched(self.act())

    def test_what_is_left_behind_is_known_again(self):
        self.client.delete('/v1/nodes/n?force=true')
        self.done('POST', '/v1/pod_managers/pod/sync')
        (found,) = self.client.all('/v1/findings')
        self.assertEqual(
            ('left_behind', self.node['uuid']),
            (found['kind'], found['node_uuid']),
        )


class TestAccept(GuardCase):
    """An administrator says that changed hardware is still the node."""

    def change(self, **values):
        self.replace(**values)
        self.act()
        (finding,) = self.client.all('/v1/findings?kind=changed_hardware')
        return f'/v1/findings/{finding["uuid"]}'

    def accept(self, path, **values):
        return self.client.request(
            'POST', f'{path}/action', {'accept': values}
        )

    def assertRefused(self, answer, reason, status=409):
        self.assertEqual(status, answer.status, answer)
        self.assertIn(reason, answer.error['detail'])
        node = self.client.get('/v1/nodes/n')
        self.assertEqual('changed_hardware', node['fault'])

    def moved(self):
        """Have the node seem to come from another service."""
        with db.reader() as tx:
            (row,) = tx.list(models.Node, name='n').all()
        old = '2f0c7a64-27c3-4c3b-8d5e-0f4c6b1f2a3e'
        known = {**row.baseline, 'service_uuid': old}
        db.update(models.Node, {'baseline': known}, name='n')
        return self.change()

    def test_it_is_the_node_from_now_on(self):
        path = self.moved()
        self.assertEqual(200, self.accept(path).status)
        node = self.client.get('/v1/nodes/n')
        self.assertEqual(
            ('active', None, None),
            (node['provision_state'], node['fault'], node['last_error']),
        )
        self.assertEqual('resolved', self.client.get(path)['state'])
        self.conductor.settle()
        self.assertEqual([], self.client.all('/v1/findings?state=open'))
        self.act('succeeded')

    def test_what_has_another_mark(self):
        path = self.change(mark=_OTHER)
        self.assertRefused(self.accept(path), str(_OTHER))

    def test_what_lost_its_mark(self):
        path = self.change(mark=None)
        self.assertRefused(self.accept(path), 'now none')

    def test_what_has_a_part_of_another(self):
        other = self.compose('m')
        (part,) = self.fake.nodes[other['resource_uri']].resources
        db.update(models.Node, {'baseline': None}, name='n')
        path = self.change(mark=None, resources=[part])
        self.assertRefused(self.accept(path), other['uuid'])

    def test_not_for_a_time(self):
        path = self.moved()
        answer = self.accept(path, until='2036-01-01T00:00:00Z')
        self.assertRefused(answer, 'accept.until', 400)

    def test_a_node_that_is_being_released(self):
        path = self.moved()
        self.begin('DELETE', '/v1/nodes/n')
        self.assertRefused(self.accept(path), 'is in progress')


class TestStrangers(GuardCase):
    """What a compose request returns is not always what it composed."""

    def lie(self, mark):
        """Have the pod manager return a node that was there before."""
        other = dataclasses.replace(self.fake.nodes[self.uri], mark=mark)
        other.resources = ['/systems/3']
        self.fake.nodes['/nodes/99'] = other
        self.patch(
            fake.Fake,
            'compose',
            lambda driver, request, deadline, progress: driver.read_node(
                '/nodes/99', deadline
            ),
        )

    def assertLeftAlone(self, *reasons):
        node = self.compose('m', 'failed')
        self.assertIn('/nodes/99', self.fake.nodes)
        self.assertEqual(0, self.fake.calls['release'])
        for reason in reasons:
            self.assertIn(reason, node['last_error'])
        self.done('DELETE', '/v1/nodes/m')
        self.assertIn('/nodes/99', self.fake.nodes)

    def test_one_with_the_mark_of_another(self):
        self.lie(_OTHER)
        self.assertLeftAlone('/nodes/99', str(_OTHER))

    def test_one_without_a_mark(self):
        self.lie(None)
        self.assertLeftAlone('it existed before the request')

    def test_another_node_of_ours(self):
        self.lie(self.fake.nodes[self.uri].mark)
        self.assertLeftAlone('/nodes/99')

    def test_changed_mark_is_noticed_before_assembly(self):
        uuid = self.begin('POST', '/v1/nodes', {'name': 'm'})
        run = self.conductor.reach(uuid, 2)
        (uri,) = self.fake.nodes.keys() - {self.uri}
        self.fake.nodes[uri] = dataclasses.replace(
            self.fake.nodes[uri], mark=_OTHER
        )
        self.fake.calls.clear()
        self.conductor.step(run)
        self.assertTrue(run.operation.undoing)
        self.assertEqual(0, self.fake.calls['poll_compose'])
        self.client.delete(f'/v1/operations/{uuid}')
        self.conductor.run(run)
        self.assertIn(uri, self.fake.nodes)

    def test_changed_uuid_is_noticed_before_assembly(self):
        uuid = '2f0c7a64-27c3-4c3b-8d5e-0f4c6b1f2a3e'

        def unmarked(method):
            return lambda *args: dataclasses.replace(
                method(*args), mark=None, uuid=uuid
            )

        self.patch(fake.Fake, 'compose', unmarked(fake.Fake.compose))
        self.patch(fake.Fake, 'read_node', unmarked(fake.Fake.read_node))
        operation = self.begin('POST', '/v1/nodes', {'name': 'm'})
        run = self.conductor.reach(operation, 2)
        (uri,) = self.fake.nodes.keys() - {self.uri}
        uuid = self.node['uuid']
        self.fake.calls.clear()
        self.conductor.step(run)
        self.assertTrue(run.operation.undoing)
        self.client.delete(f'/v1/operations/{operation}')
        self.conductor.run(run)
        self.assertIn(uri, self.fake.nodes)
        self.assertEqual(0, self.fake.calls['poll_compose'])
        self.assertEqual(0, self.fake.calls['release'])

    def test_marked_node_is_not_assembled_for_adoption(self):
        self.replace(mark=_OTHER)
        self.fake.nodes['/nodes/99'] = self.fake.nodes.pop(self.uri)
        self.fake.calls.clear()
        body = {'pod_manager': 'pod', 'resource_uri': '/nodes/99'}
        self.done('POST', '/v1/nodes/manage', {'name': 'm', **body}, 'failed')
        self.assertEqual(0, self.fake.calls['poll_compose'])


class TestUsedAgain(GuardCase):
    """The URI of a node is given to another node of ours."""

    options = {**GuardCase.options, 'conductor__reuse_unerased': False}

    def setUp(self):
        super().setUp()
        self.fake.nodes.clear()
        self.fake._made = 0
        self.other = self.compose('m')

    def test_the_new_node_has_it(self):
        self.assertEqual('active', self.other['provision_state'])
        self.assertEqual(self.uri, self.other['resource_uri'])

    def test_late_worker_is_reported(self):
        node = self.client.get('/v1/nodes/n')
        self.assertEqual(
            ('error', 'changed_hardware', None),
            (node['provision_state'], node['fault'], node['resource_uri']),
        )
        self.assertIn(self.uri, node['last_error'])

    def test_the_old_one_can_be_released(self):
        self.done('DELETE', '/v1/nodes/n')
        self.assertEqual([self.uri], list(self.fake.nodes))
        self.assertEqual(0, self.fake.calls['release'])
        self.assertEqual(
            'active', self.client.get('/v1/nodes/m')['provision_state']
        )
