# SPDX-License-Identifier: Apache-2.0
"""What administrators do about findings, and what a sync makes of them."""

from valence.common.identity import Mark
from valence.db import api as db
from valence.db import installation
from valence.db.sqlalchemy import models
from valence.objects import finding
from valence.podmanagers.fake.pod import Node
from valence.tests import base

_LOST = '00000000-0000-4000-8000-00000000000a'


class FindingCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.fake = self.pod()

    def sync(self, state='succeeded'):
        self.done('POST', '/v1/pod_managers/pod/sync', state=state)

    def stranger(self, mark=None, system='/systems/3', uri='/nodes/99'):
        """Somebody else composes a node; returns its finding."""
        self.fake.nodes[uri] = Node('theirs', mark, [system], 0)
        self.sync()
        return self.find(resource_uri=uri)

    def lost(self):
        """A node of ours whose row is lost; returns its finding."""
        return self.stranger(installation.mark(_LOST))

    def find(self, state='open', **where):
        (found,) = [
            row
            for row in self.client.all(f'/v1/findings?state={state}')
            if all(row[name] == value for name, value in where.items())
        ]
        return found

    def states(self):
        return [row['state'] for row in self.client.all('/v1/findings')]

    def act(self, found, status=200, **action):
        path = f'/v1/findings/{found["uuid"]}/action'
        answer = self.client.request('POST', path, action)
        self.assertEqual(status, answer.status, answer)
        return answer

    def operate(self, found, state='succeeded', **action):
        path = f'/v1/findings/{found["uuid"]}/action'
        return self.done('POST', path, action, state=state)


class TestActions(FindingCase):
    def test_the_table_is_complete(self):
        self.assertEqual(
            {'adopt', 'release', 'forget', 'accept'},
            {name for names in finding.ACTIONS.values() for name in names},
        )

    def test_exactly_one(self):
        found = self.stranger()
        self.act(found, 400)
        self.act(found, 400, forget={}, accept={})
        self.act(found, 400, burn={})
        self.act(found, 400, accept={'until': 'tomorrow'})
        self.act(found, 400, accept={'until': '2001-01-01T00:00:00Z'})
        self.act(found, 400, accept={'until': '0001-01-01T00:00+23:59'})
        self.act(found, 400, adopt={})
        self.act(found, 400, adopt={'name': 'a/b'})

    def test_invalid_actions(self):
        answer = self.act(self.stranger(), 409, release={})
        self.assertIn('adopt, forget, accept', answer.error['detail'])
        found = self.stranger(Mark(_LOST, 'ffffffffffff'))
        for name in ('release', 'adopt'):
            answer = self.act(found, 409, **{name: {}})
            self.assertIn('other_installation', answer.error['detail'])

    def test_resolved_finding(self):
        found = self.stranger()
        del self.fake.nodes['/nodes/99']
        self.sync()
        answer = self.act(found, 409, forget={})
        self.assertIn('resolved', answer.error['detail'])

    def test_forgotten_until_it_changes(self):
        found = self.stranger()
        self.assertEqual('forgotten', self.act(found, forget={}).json['state'])
        self.fake.nodes['/nodes/99'].power_state = 'on'
        self.sync()
        self.sync()
        self.assertEqual(['forgotten'], self.states())
        self.fake.nodes['/nodes/99'].resources = ['/systems/2']
        self.sync()
        self.assertEqual(found['uuid'], self.find()['uuid'])

    def test_forgotten_and_gone(self):
        self.act(self.stranger(), forget={})
        del self.fake.nodes['/nodes/99']
        self.sync()
        self.assertEqual(['forgotten'], self.states())
        # It is another one when it comes again.
        self.stranger()
        self.assertEqual({'forgotten', 'open'}, {*self.states()})

    def test_accepted_until(self):
        found = self.stranger()
        until = '2026-01-03T00:00:00Z'
        self.act(found, accept={'until': until})
        self.sync()
        now = self.find('accepted')
        self.assertEqual(until, now['accepted_until'])
        self.clock.advance(24 * 3600)
        self.sync()
        self.assertIsNone(self.find()['accepted_until'])
        self.act(found, accept={})
        self.clock.advance(24 * 3600 * 365)
        self.sync()
        self.find('accepted')


class TestRelease(FindingCase):
    def test_a_lost_node(self):
        found = self.lost()
        self.operate(found, release={})
        self.assertEqual({}, self.fake.nodes)
        self.assertEqual(['resolved'], self.states())

    def assertKept(self, found, text):
        operation = self.operate(found, 'failed', release={})
        self.assertIn(text, operation['error'])
        self.assertIn('/nodes/99', self.fake.nodes)
        self.assertEqual(0, self.fake.calls['release'])
        self.find(uuid=found['uuid'])

    def test_changed_before_the_operation(self):
        found = self.lost()
        other = Mark('00000000-0000-4000-8000-00000000000b')
        self.fake.nodes['/nodes/99'].mark = other
        self.assertKept(found, str(other))

    def test_a_service_that_was_replaced(self):
        found = self.lost()
        self.fake.uuid = '5f0c7a64-27c3-4c3b-8d5e-0f4c6b1f2a3d'
        self.assertKept(found, self.fake.uuid)

    def test_a_part_of_another_node(self):
        node = self.compose('n')
        (system,) = node['systems']
        found = self.stranger(installation.mark(_LOST), system['resource_uri'])
        self.assertKept(found, node['uuid'])

    def test_one_that_was_not_erased(self):
        self.fake.erases = False
        node = self.compose('n')
        db.update(models.Node, {'project_id': 'p'}, name='n')
        self.client.request('DELETE', '/v1/nodes/n?force=true')
        self.client.delete(
            f'/v1/systems/{node["systems"][0]["uuid"]}/reservation'
        )
        self.operate(self.find(kind='left_behind'), release={})
        kept = self.client.get(f'/v1/systems/{node["systems"][0]["uuid"]}')
        self.assertEqual('p', kept['reserved_to'])

    def test_twice(self):
        found = self.lost()
        first = self.act(found, 202, release={}).json['operation_uuid']
        for action in ({'release': {}}, {'adopt': {'name': 'n'}}):
            answer = self.act(found, 409, **action)
            self.assertIn(first, answer.error['detail'])


class TestAdopt(FindingCase):
    def test_existing_node(self):
        found = self.stranger()
        self.assertEqual('existing_node', found['kind'])
        (size,) = found['details']['hardware']
        self.assertEqual(
            ('/systems/3', 16, 64 * 1024),
            (size['resource_uri'], size['cpu_cores'], size['memory_mib']),
        )
        self.operate(found, adopt={'name': 'n', 'project_id': 'p'})
        node = self.client.get('/v1/nodes/n')
        self.assertEqual(
            ('active', 'p', '/nodes/99'),
            tuple(
                node[name]
                for name in ('provision_state', 'project_id', 'resource_uri')
            ),
        )
        self.assertEqual(['resolved'], self.states())
        self.sync()
        self.assertEqual(['resolved'], self.states())

    def test_a_lost_node_has_its_uuid_again(self):
        self.operate(self.lost(), adopt={'name': 'n'})
        self.assertEqual(_LOST, self.client.get('/v1/nodes/n')['uuid'])
        self.done('DELETE', '/v1/nodes/n')
        self.assertEqual({}, self.fake.nodes)

    def test_left_behind(self):
        node = self.compose('n')
        db.update(models.Node, {'project_id': 'p', 'scope': 'p'}, name='n')
        self.client.request('DELETE', '/v1/nodes/n?force=true')
        self.operate(self.find(kind='left_behind'), adopt={})
        now = self.client.get('/v1/nodes/n')
        self.assertEqual(
            (node['uuid'], 'p', node['systems'][0]['uuid']),
            (now['uuid'], now['project_id'], now['systems'][0]['uuid']),
        )

    def test_changed_before_the_operation(self):
        found = self.lost()
        self.fake.nodes['/nodes/99'].mark = None
        self.fake.calls.clear()
        operation = self.operate(found, 'failed', adopt={'name': 'n'})
        self.assertIn(str(installation.mark(_LOST)), operation['error'])
        # Nothing is left that could release it.
        self.assertEqual([], self.client.all('/v1/nodes'))
        self.assertEqual(0, self.fake.calls['poll_compose'])
        self.fake.nodes['/nodes/99'].mark = installation.mark(_LOST)
        self.operate(found, adopt={'name': 'n'})

    def reserved(self, project):
        """The system of a stranger is reserved to a project."""
        found = self.stranger()
        (system,) = [
            row
            for row in self.client.all('/v1/systems')
            if row['resource_uri'] == '/systems/3'
        ]
        db.create(
            models.Allocation,
            resource_uuid=system['uuid'],
            podm_uuid=system['podm_uuid'],
            reserved_to=project,
        )
        return found, system

    def test_reserved_to_the_project(self):
        found, system = self.reserved('p')
        self.operate(found, adopt={'name': 'n', 'project_id': 'p'})
        node = self.client.get('/v1/nodes/n')
        self.assertEqual(system['uuid'], node['systems'][0]['uuid'])

    def test_reserved_to_another_project(self):
        found, _ = self.reserved('other')
        answer = self.act(found, 409, adopt={'name': 'n', 'project_id': 'p'})
        self.assertIn('other', answer.error['detail'])

    def test_claimed_by_another_node(self):
        node = self.compose('m')
        (system,) = node['systems']
        found = self.stranger(system=system['resource_uri'])
        answer = self.act(found, 409, adopt={'name': 'n'})
        self.assertIn(node['uuid'], answer.error['detail'])

    def test_claimed_while_it_is_adopted(self):
        node = self.compose('m')
        found = self.stranger()
        db.update(models.Finding, {'details': {}}, uuid=found['uuid'])
        self.fake.nodes['/nodes/99'].resources = [
            node['systems'][0]['resource_uri']
        ]
        operation = self.operate(found, 'failed', adopt={'name': 'n'})
        self.assertIn(node['uuid'], operation['error'])

    def manage(self, text, status=202, **more):
        body = {'name': 'n', 'pod_manager': 'pod', 'resource_uri': text}
        answer = self.client.request(
            'POST', '/v1/nodes/manage', {**body, **more}
        )
        self.assertEqual(status, answer.status, answer)
        self.conductor.settle()
        return answer

    def test_by_uri_in_any_spelling(self):
        self.lost()
        self.manage('http://pod.fake//nodes/%39%39/', project_id='p')
        node = self.client.get('/v1/nodes/n')
        self.assertEqual(
            (_LOST, '/nodes/99', 'p', 'active'),
            tuple(
                node[name]
                for name in (
                    *('uuid', 'resource_uri', 'project_id'),
                    'provision_state',
                )
            ),
        )
        answer = self.manage('/nodes/99/', 409, name='m')
        self.assertIn(_LOST, answer.error['detail'])

    def test_by_index(self):
        self.stranger()
        self.manage('99')
        self.assertEqual(
            '/nodes/99', self.client.get('/v1/nodes/n')['resource_uri']
        )
        answer = self.manage('99', 409, name='m')
        self.assertIn('is already the node n', answer.error['detail'])
        self.manage('98', 400, name='m')

    def test_by_uri_before_any_sync(self):
        self.fake.nodes['/nodes/98'] = Node('theirs', None, ['/systems/3'], 0)
        self.manage('nodes/98')
        self.assertEqual(
            '/nodes/98', self.client.get('/v1/nodes/n')['resource_uri']
        )

    def test_node_of_another_installation(self):
        self.stranger(Mark(_LOST, 'ffffffffffff'))
        self.manage('99', 409)
