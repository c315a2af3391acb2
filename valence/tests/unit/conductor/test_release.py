# SPDX-License-Identifier: Apache-2.0
"""Nodes give their hardware back, in whatever state they are."""

import importlib

from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import fake
from valence.podmanagers.progress import InProgress
from valence.tests import base

# The package has a function of this name.
pods = importlib.import_module('valence.podmanagers.fake.pod')
_AWAY = exception.PodManagerUnavailable(reason='it restarts')
_NO = exception.RequestRejected(reason='it does not want to')


class ReleaseCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.fake = self.pod()

    def release(self, state='succeeded', path='/v1/nodes/n'):
        return self.done('DELETE', path, state=state)

    def assertGone(self):
        self.assertEqual(404, self.client.request('GET', '/v1/nodes/n').status)
        self.assertEqual({}, self.fake.nodes)
        for row in self.client.all('/v1/systems'):
            self.assertIsNone(row['node_uuid'])
            self.assertIsNone(row['reserved_to'])
            self.assertEqual('free', row['state'])


class TestRelease(ReleaseCase):
    def test_a_node(self):
        self.compose('n', properties={'storage': [{'count': 2}]})
        self.release()
        self.assertGone()

    def test_transient_errors_are_retried(self):
        self.compose('n')
        self.fake.order('release', _AWAY)
        self.fake.order('release', _AWAY, after=True)
        self.release()
        self.assertGone()

    def test_a_pod_manager_that_is_still_at_it(self):
        self.compose('n')
        self.fake.order('release', InProgress(400), count=4)
        self.release()
        self.assertGone()

    def test_one_that_is_gone_from_its_pod_manager(self):
        self.compose('n')
        self.fake.nodes.clear()
        self.release()
        self.assertGone()

    def test_one_that_cannot_be_taken_apart(self):
        node = self.compose('n')
        self.fake.order('release', _NO)
        self.release('failed')
        now = self.client.get('/v1/nodes/n')
        self.assertEqual('error', now['provision_state'])
        self.assertIn('it does not want to', now['last_error'])
        self.assertEqual(node['systems'], now['systems'])
        self.release()
        self.assertGone()

    def test_cancelled_in_time(self):
        self.compose('n')
        uuid = self.begin('DELETE', '/v1/nodes/n')
        self.client.delete(f'/v1/operations/{uuid}')
        self.assertEqual('cancelled', self.conductor.finish(uuid).state)
        now = self.client.get('/v1/nodes/n')
        self.assertEqual('active', now['provision_state'])
        self.assertIsNone(now['last_error'])
        self.assertEqual(1, len(self.fake.nodes))

    def test_one_that_was_never_made(self):
        taken = exception.NoMatch(reason='full')
        self.fake.order('compose', taken, count=None)
        self.compose('n', 'failed')
        self.fake.heal()
        self.release()
        self.assertGone()

    def test_node_with_a_lost_compose_response(self):
        self.fake.order('compose', _NO, after=True)
        self.fake.order('list_nodes', _NO, count=None)
        self.compose('n', 'failed')
        self.fake.heal()
        self.assertEqual(1, len(self.fake.nodes))
        self.release()
        self.assertGone()

    def test_one_that_is_being_composed(self):
        composing = self.begin('POST', '/v1/nodes', {'name': 'n'})
        run = self.conductor.reach(composing, 2)
        releasing = self.begin('DELETE', '/v1/nodes/n')
        # It waits until what it has cancelled has come to its end.
        waiting = self.conductor.claim(releasing)
        self.conductor.run(waiting)
        self.assertIsNone(waiting.operation.claim)
        self.conductor.run(run)
        self.assertEqual('cancelled', self.conductor.finish(composing).state)
        self.assertEqual('succeeded', self.conductor.finish(releasing).state)
        self.assertGone()

    def test_twice(self):
        self.compose('n')
        first = self.begin('DELETE', '/v1/nodes/n')
        answer = self.client.request('DELETE', '/v1/nodes/n')
        self.assertEqual(409, answer.status)
        self.assertIn(first, answer.error['detail'])


class TestLostUri(ReleaseCase):
    """A node whose answer was lost, on a pod that shows no marks."""

    def setUp(self):
        super().setUp()
        self.stranger = pods.Node('theirs', None, ['/systems/3'], 0.0)
        self.fake.nodes['/nodes/7'] = self.stranger
        self.done('POST', '/v1/pod_managers/pod/sync')
        self.patch(fake.Fake, 'find_composed', self.find)
        self.fake.order('compose', _NO, after=True)
        self.fake.order('list_nodes', _NO, count=None)
        self.compose('n', 'failed')
        self.fake.heal()
        (self.uri,) = self.fake.nodes.keys() - {'/nodes/7'}
        self.fake.nodes[self.uri].mark = None

    @staticmethod
    def find(driver, request, deadline):
        """As drivers do where only the parts tell."""
        for node in driver.list_nodes(deadline):
            if set(node.resources) == {request.system, *request.devices}:
                return node
        return None

    def assertRefused(self, uri, reason):
        operation = self.release('failed')
        self.assertIn(f'{uri} is not the hardware', operation['error'])
        self.assertIn(reason, operation['error'])
        self.assertIn(uri, self.fake.nodes)
        self.assertEqual(0, self.fake.calls['release'])
        node = self.client.get('/v1/nodes/n')
        self.assertEqual('changed_hardware', node['fault'])
        self.done('POST', '/v1/pod_managers/pod/sync')
        (found,) = self.client.all(
            f'/v1/findings?kind=changed_hardware&node_uuid={node["uuid"]}'
        )
        self.assertEqual(
            (uri, 'open'), (found['resource_uri'], found['state'])
        )

    def test_what_is_new(self):
        self.release()
        self.assertEqual(['/nodes/7'], [*self.fake.nodes])

    def test_what_existed_before(self):
        self.stranger.resources = self.fake.nodes.pop(self.uri).resources
        self.assertRefused('/nodes/7', 'it existed before the request')

    def test_another_node(self):
        other = self.fake.nodes['/nodes/8'] = self.fake.nodes.pop(self.uri)
        parts = other.resources
        (free,) = {'/systems/1', '/systems/2'} - {*parts}
        other.resources = [free]
        body = {'pod_manager': 'pod', 'resource_uri': '/nodes/8', 'name': 'o'}
        self.done('POST', '/v1/nodes/manage', body)
        other.resources = parts
        uuid = self.client.get('/v1/nodes/o')['uuid']
        self.assertRefused('/nodes/8', f'it is the node {uuid}')

    def test_what_no_journal_tells(self):
        with db.reader() as tx:
            (row,) = tx.list(models.Operation, action='compose').all()
        db.transaction(lambda tx: tx.delete(models.Operation, uuid=row.uuid))()
        self.assertRefused(self.uri, 'nothing tells')


class TestErasure(ReleaseCase):
    """Storage that was not erased is kept for whoever had it."""

    def test_it_is_reserved(self):
        self.fake.erases = False
        self.compose('n')
        db.update(models.Node, {'project_id': 'p'}, name='n')
        self.release()
        self.assertEqual({}, self.fake.nodes)
        systems = self.client.all('/v1/systems')
        (kept,) = [row for row in systems if row['reserved_to'] == 'p']
        path = f'/v1/systems/{kept["uuid"]}'
        self.client.delete(f'{path}/reservation')
        self.assertIsNone(self.client.get(path)['reserved_to'])

    def test_erasing_is_skipped_on_request(self):
        self.conf.set(conductor__reuse_unerased=True)
        self.fake.erases = False
        self.compose('n')
        self.release()
        self.assertGone()


class TestAdopt(ReleaseCase):
    """A node that exists on a pod manager becomes one of ours."""

    def setUp(self):
        super().setUp()
        self.compose('made')
        (self.uri,) = self.fake.nodes
        self.made = self.fake.nodes[self.uri]
        # As if it had been made by somebody else.
        self.done('DELETE', '/v1/nodes/made')
        self.made.marker = None
        self.made.power_state = 'on'
        self.fake.nodes[self.uri] = self.made

    def adopt(self, state='succeeded', uri=None):
        body = {
            'name': 'n',
            'pod_manager': 'pod',
            'resource_uri': uri or self.uri,
        }
        return self.done('POST', '/v1/nodes/manage', body, state)

    def test_it_is_ours(self):
        self.adopt()
        node = self.client.get('/v1/nodes/n')
        self.assertEqual('active', node['provision_state'])
        self.assertEqual('on', node['power_state'])
        self.assertEqual(
            self.made.resources,
            [row['resource_uri'] for row in node['systems']],
        )
        self.release()
        self.assertGone()

    def test_one_that_is_not_there(self):
        self.adopt('failed', '/nodes/0815')
        node = self.client.get('/v1/nodes/n')
        self.assertEqual('error', node['provision_state'])
        self.assertIn('/nodes/0815', node['last_error'])
        # What was never ours is not taken apart.
        self.release()
        self.assertIn(self.uri, self.fake.nodes)

    def test_one_that_is_made_of_nothing_known(self):
        self.made.resources = ['/systems/0815']
        operation = self.adopt('failed')
        self.assertIn('sync the pod manager first', operation['error'])
        self.made.resources = []
        self.release()
        operation = self.adopt('failed')
        self.assertIn(self.uri, operation['error'])

    def test_one_that_is_made_of_what_another_has(self):
        (self.made.resources,) = ([self.made.resources[0]],)
        self.fake.nodes.pop(self.uri)
        system = next(
            row
            for row in self.client.all('/v1/systems')
            if row['resource_uri'] == self.made.resources[0]
        )
        self.compose('other', resources=[system['uuid']])
        self.fake.nodes[self.uri] = self.made
        other = self.client.get('/v1/nodes/other')
        error = self.adopt('failed')['error']
        self.assertIn(f'allocated to the node {other["uuid"]}', error)
        other = self.client.get('/v1/nodes/other')
        self.assertEqual(
            [system['uuid']], [s['uuid'] for s in other['systems']]
        )

    def test_one_that_is_made_of_what_is_reserved(self):
        (uri,) = self.made.resources
        with db.reader() as tx:
            system = tx.get(models.System, resource_uri=uri)
        db.create(
            models.Allocation,
            resource_uuid=system.uuid,
            podm_uuid=system.podm_uuid,
            reserved_to='they',
        )
        error = self.adopt('failed')['error']
        self.assertIn('reserved to the project they', error)
