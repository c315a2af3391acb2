# SPDX-License-Identifier: Apache-2.0
"""Nodes are composed, and what goes wrong is undone or tried elsewhere."""

import dataclasses
import datetime

from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import fake
from valence.podmanagers.progress import InProgress
from valence.tests import base


class TestCompose(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.fake = self.pod()

    def assertNothingIsLeft(self):
        self.assertEqual({}, self.fake.nodes)
        for row in self.client.all('/v1/systems'):
            self.assertIsNone(row['node_uuid'])
            self.assertEqual('free', row['state'])

    def steps(self, operation):
        return [(step['name'], step['state']) for step in operation['steps']]

    def test_a_node(self):
        node = self.compose('n', properties={'storage': [{'count': 2}]})
        self.assertEqual('active', node['provision_state'])
        self.assertEqual('off', node['power_state'])
        self.assertIsNone(node['last_error'])
        (uri,) = self.fake.nodes
        self.assertEqual(uri, node['resource_uri'])
        made = self.fake.nodes[uri]
        self.assertEqual(node['uuid'], made.mark.node)
        self.assertEqual('n', made.name)
        self.assertEqual(
            made.resources,
            [
                *(row['resource_uri'] for row in node['systems']),
                *(row['resource_uri'] for row in node['devices']),
            ],
        )
        for row in self.client.all('/v1/systems'):
            ours = row['node_uuid'] == node['uuid']
            self.assertEqual('used' if ours else 'free', row['state'])

    def test_requested_parts(self):
        system = self.client.all('/v1/systems')[1]
        device = self.client.all('/v1/devices')[1]
        node = self.compose('n', resources=[system['uuid'], device['uuid']])
        (made,) = self.fake.nodes.values()
        self.assertEqual(
            [system['resource_uri'], device['resource_uri']], made.resources
        )
        self.assertEqual(
            [device['uuid']], [d['uuid'] for d in node['devices']]
        )

    def test_transient_errors_are_retried(self):
        away = exception.PodManagerUnavailable(reason='it restarts')
        for method in ('compose', 'poll_compose', 'refresh'):
            self.fake.order(method, away)
        self.compose('n')
        self.assertEqual(1, len(self.fake.nodes))

    def test_persistent_errors_fail_after_some_attempts(self):
        away = exception.PodManagerUnavailable(reason='it restarts')
        self.fake.order('compose', away, count=None)
        node = self.compose('n', 'failed')
        self.assertEqual('error', node['provision_state'])
        self.assertIn('it restarts', node['last_error'])
        self.assertIsNone(node['resource_uri'])
        self.assertEqual([], node['systems'])
        self.assertNothingIsLeft()

    def test_an_answer_that_was_lost_makes_no_second_node(self):
        lost = exception.PodManagerUnavailable(reason='no answer')
        self.fake.order('compose', lost, after=True)
        node = self.compose('n')
        self.assertEqual([node['resource_uri']], list(self.fake.nodes))

    def test_an_effect_that_comes_after_the_request_is_repeated(self):
        lost = exception.PodManagerUnavailable(reason='no answer')
        taken = exception.NoMatch(reason='somebody else has it')
        self.fake.order('compose', lost)
        # What the first one had asked for is there by now.
        self.fake.order('compose', taken, after=True)
        node = self.compose('n')
        self.assertEqual([node['resource_uri']], list(self.fake.nodes))
        self.assertIsNone(node['last_error'])
        self.assertEqual(2, self.fake.calls['compose'])

    def test_a_rejected_system_is_not_requested_again(self):
        taken = exception.NoMatch(reason='somebody else has it')
        self.fake.order('compose', taken, count=2)
        operation = self.done('POST', '/v1/nodes', {'name': 'n'})
        first, second, third = (
            step['result']['system_uri']
            for step in operation['steps']
            if 'system_uri' in (step['result'] or {})
        )
        self.assertEqual(3, len({first, second, third}))
        (made,) = self.fake.nodes.values()
        self.assertEqual([third], made.resources)

    def test_every_system_is_rejected(self):
        taken = exception.NoMatch(reason='somebody else has it')
        self.fake.order('compose', taken, count=None)
        node = self.compose('n', 'failed')
        self.assertIn('somebody else has it', node['last_error'])
        self.assertNothingIsLeft()

    def test_a_system_that_was_lost_while_it_was_assembled(self):
        self.fake.order('poll_compose', exception.NoMatch(reason='too late'))
        node = self.compose('n')
        self.assertEqual([node['resource_uri']], list(self.fake.nodes))

    def misplace(self, uri):
        """Let the pod manager name another URI than that of the new node."""
        compose = fake.Fake.compose
        self.patch(
            fake.Fake,
            'compose',
            lambda *args: dataclasses.replace(compose(*args), uri=uri),
        )

    def test_the_uri_of_the_response_is_wrong(self):
        self.misplace('/nodes/wrong')
        node = self.compose('n')
        self.assertEqual([node['resource_uri']], list(self.fake.nodes))
        self.assertEqual(1, self.fake.calls['compose'])
        self.done('DELETE', '/v1/nodes/n')
        self.assertNothingIsLeft()

    def test_what_is_undone_is_not_at_the_uri_of_the_response(self):
        self.misplace('/nodes/wrong')
        broken = exception.PodManagerError(reason='it broke down')
        self.fake.order('poll_compose', broken, count=None)
        node = self.compose('n', 'failed')
        self.assertIn('it broke down', node['last_error'])
        self.assertNothingIsLeft()

    def test_an_undo_does_not_cancel_itself(self):
        release, cancelled = fake.Fake.release, []

        def slow(driver, uri, deadline, progress, **more):
            if progress.get('job') is None:
                progress.record('job', '/tasks/2')
                raise InProgress(1)
            return release(driver, uri, deadline, progress, **more)

        def cancel(driver, deadline, progress):
            cancelled.append(progress.get('job'))
            progress.record('job', None)
            return True

        compose = fake.Fake.compose

        def begin(driver, request, deadline, progress):
            progress.record('begun', 'yes')
            return compose(driver, request, deadline, progress)

        self.patch(fake.Fake, 'compose', begin)
        self.patch(fake.Fake, 'release', slow)
        self.patch(fake.Fake, 'cancel', cancel)
        self.fake.order('poll_compose', exception.NoMatch(reason='too late'))
        node = self.compose('n')
        self.assertEqual([node['resource_uri']], list(self.fake.nodes))
        self.assertEqual([None], cancelled)

    def test_nothing_fits(self):
        requested = {'processor': {'total_cores': 17}}
        node = self.compose('n', 'failed', properties=requested)
        self.assertIn('less than 17 CPU cores', node['last_error'])
        self.assertIsNone(node['podm_uuid'])

    def test_the_text_of_an_unexpected_failure_is_hidden(self):
        self.fake.order('poll_compose', ZeroDivisionError('secret'))
        node = self.compose('n', 'failed')
        self.assertIn('ZeroDivisionError', node['last_error'])
        self.assertNotIn('secret', node['last_error'])
        self.assertNothingIsLeft()

    def test_a_pod_manager_that_takes_too_long(self):
        self.conf.set(fake__compose_seconds=1e6, conductor__compose_timeout=5)
        node = self.compose('n', 'failed')
        self.assertEqual('error', node['provision_state'])
        self.assertNothingIsLeft()

    def wait_first(self):
        """Let composing need a task before its request, which is not over.

        :returns: the progress of each call, and what was cancelled.
        """
        seen, cancelled = [], []
        compose = fake.Fake.compose

        def wait(driver, request, deadline, progress):
            seen.append(progress.get('task'))
            progress.record('task', '/tasks/1')
            if len(seen) < 3:
                raise InProgress(1)
            progress.record('task', None)
            return compose(driver, request, deadline, progress)

        def cancel(driver, deadline, progress):
            cancelled.append(progress.get('task'))
            progress.record('task', None)
            return True

        self.patch(fake.Fake, 'compose', wait)
        self.patch(fake.Fake, 'cancel', cancel)
        return seen, cancelled

    def test_work_before_the_request_continues(self):
        seen, cancelled = self.wait_first()
        self.compose('n')
        self.assertEqual([None, '/tasks/1', '/tasks/1'], seen)
        self.assertEqual([], cancelled)

    def test_work_before_the_request_is_cancelled(self):
        seen, cancelled = self.wait_first()
        uuid = self.begin('POST', '/v1/nodes', {'name': 'n'})
        run = self.conductor.reach(uuid, 1)
        self.conductor.run(run)
        self.conductor.die()
        self.client.delete(f'/v1/operations/{uuid}')
        self.assertEqual('cancelled', self.conductor.finish(uuid).state)
        self.assertEqual((1, ['/tasks/1']), (len(seen), cancelled))
        self.assertNothingIsLeft()

    def test_cancelled_before_it_began(self):
        uuid = self.begin('POST', '/v1/nodes', {'name': 'n'})
        self.client.delete(f'/v1/operations/{uuid}')
        self.assertEqual('cancelled', self.conductor.finish(uuid).state)
        self.assertEqual(
            'error', self.client.get('/v1/nodes/n')['provision_state']
        )
        self.assertNothingIsLeft()

    def test_cancelled_after_each_step(self):
        for count in range(1, 4):
            uuid = self.begin('POST', '/v1/nodes', {'name': f'n{count}'})
            run = self.conductor.reach(uuid, count)
            self.client.delete(f'/v1/operations/{uuid}')
            self.conductor.run(run)
            operation = self.conductor.finish(uuid)
            self.assertEqual('cancelled', operation.state)
            steps = self.client.get(f'/v1/operations/{uuid}')['steps']
            self.assertEqual({'undone'}, {step['state'] for step in steps})
            self.assertNothingIsLeft()


class TestRefusals(base.ConductorTestCase):
    """Whatever a pod manager refuses with, others are asked."""

    kinds = (
        exception.NoMatch(reason='409'),
        exception.RequestRejected(reason='400'),
        exception.AuthenticationFailed(reason='403'),
        exception.ResourceGone(uri='/x'),
        exception.PodManagerError(reason='500'),
        exception.PodManagerUnavailable(reason='503'),
    )

    def shown(self, name):
        podm = self.client.get(f'/v1/pod_managers/{name}')
        return podm['refusal'], podm['refused_at']

    def test_the_next_pod_manager(self):
        for method in ('compose', 'poll_compose'):
            for number, error in enumerate(self.kinds):
                name = f'{method}-{number}'.replace('_', '-')
                with self.subTest(name):
                    bad = self.pod(f'bad-{name}')
                    bad.order(method, error, count=None)
                    good = self.pod(f'good-{name}')
                    for one in range(3):
                        self.compose(f'{name}-{one}')
                    self.assertEqual(3, len(good.nodes))
                    self.assertEqual({}, bad.nodes)
                    self.client.patch(
                        f'/v1/pod_managers/bad-{name}', {'maintenance': True}
                    )

    def test_it_is_shown_until_it_composes_again(self):
        fake = self.pod()
        self.assertEqual((None, None), self.shown('pod'))
        fake.order(
            'compose', exception.RequestRejected(reason='a bad day'), count=3
        )
        self.compose('n', 'failed')
        refusal, at = self.shown('pod')
        self.assertIn('a bad day', refusal)
        self.assertIsNotNone(at)
        self.compose('m')
        self.assertEqual((None, None), self.shown('pod'))

    def test_the_system_is_tried_with_other_devices(self):
        fake = self.pod()
        fake.order('compose', exception.NoMatch(reason='no'), count=5)
        requested = {'storage': [{'count': 2}]}
        operation = self.done(
            'POST', '/v1/nodes', {'name': 'n', 'properties': requested}
        )
        tried = {
            (step['result']['system_uuid'], *step['result']['devices'])
            for step in operation['steps']
            if 'system_uuid' in (step['result'] or {})
        }
        self.assertEqual(6, len(tried))

    def test_no_more_than_max_attempts(self):
        self.conf.set(scheduler__max_attempts=2)
        fake = self.pod()
        error = exception.RequestRejected(reason='a bad day')
        fake.order('compose', error, count=None)
        node = self.compose('n', 'failed')
        self.assertEqual({}, fake.nodes)
        self.assertIn('tried 2 combinations', node['last_error'])
        self.assertIn('a bad day', node['last_error'])

    def test_other_errors_fail_at_once(self):
        self.pod('a').order('compose', ZeroDivisionError(), count=None)
        self.compose('n', 'failed', pod_manager='a')
        self.assertEqual((None, None), self.shown('a'))

    def test_the_nearest(self):
        self.pod()
        requested = {'processor': {'total_cores': 17}}
        operation = self.done(
            'POST',
            '/v1/nodes',
            {'properties': requested, 'name': 'n'},
            'failed',
        )
        self.assertEqual(
            {'processor': {'total_cores': 16}}, operation['nearest']
        )


class TestAffinity(base.ConductorTestCase):
    def begin_both(self, rule):
        """Begin a node, and another one that has to be placed by it."""
        first = self.begin('POST', '/v1/nodes', {'name': 'first'})
        affinity = {'scope': 'pod_manager', rule: ['first']}
        second = self.begin(
            'POST', '/v1/nodes', {'name': 'second', 'affinity': affinity}
        )
        return first, second

    def test_a_node_that_is_being_composed_is_waited_for(self):
        self.pod('a')
        self.pod('b')
        for rule in ('with', 'against'):
            with self.subTest(rule):
                first, second = self.begin_both(rule)
                self.conductor.run(self.conductor.claim(second))
                node = self.client.get('/v1/nodes/second')
                self.assertEqual([], node['systems'])
                self.conductor.finish(first)
                self.conductor.finish(second)
                podms = {
                    self.client.get(f'/v1/nodes/{name}')['podm_uuid']
                    for name in ('first', 'second')
                }
                self.assertEqual(1 if rule == 'with' else 2, len(podms))
                for name in ('first', 'second'):
                    self.done('DELETE', f'/v1/nodes/{name}')

    def test_it_is_not_waited_for_without_end(self):
        self.conf.set(conductor__compose_timeout=30)
        self.pod('a')
        self.begin('POST', '/v1/nodes', {'name': 'first'})
        self.client.patch('/v1/pod_managers/a', {'maintenance': True})
        db.update(
            models.Operation,
            {'run_after': self.clock.now() + datetime.timedelta(days=1)},
            action='compose',
        )
        affinity = {'scope': 'rack', 'with': ['first']}
        node = self.compose('second', 'failed', affinity=affinity)
        self.assertIn('first', node['last_error'])


class TestTwoPodManagers(base.ConductorTestCase):
    def test_the_one_that_is_named(self):
        a, b = self.pod('a'), self.pod('b')
        for number in range(3):
            node = self.compose(f'n{number}', pod_manager='b')
            self.assertEqual('active', node['provision_state'])
        self.compose('n3', 'failed', pod_manager='b')
        self.assertEqual(3, len(b.nodes))
        self.assertEqual({}, a.nodes)
