# SPDX-License-Identifier: Apache-2.0
"""A faulty pod manager does not affect others, and shows the reason."""

from valence.tests.functional.conductor import test_compose

_ROOT = '/redfish/v1/?$'
_ALLOCATE = '/redfish/v1/Nodes/Actions/.*Allocate'

# Fault, its value, and the text of the status reason.
_AT_THE_ROOT = (
    ('html', None, 'not a pod manager'),
    ('status', 500, 'the service responded with 500'),
    ('status', 503, 'the service responded with 503'),
    ('status', 404, 'not a pod manager'),
    ('malformed', None, 'not a pod manager'),
    ('truncate', None, 'failed'),
    ('drop', None, 'failed'),
    ('endless', None, 'larger than'),
    ('redirect-loop', None, 'too many redirects'),
    ('hang', None, 'timed out'),
    ('trickle', 0.2, 'timed out'),
    ('replace', {}, 'not a pod manager'),
    ('replace', [1], 'not a pod manager'),
)


class TestStatus(test_compose.ComposeCase):
    def test_faults(self):
        bad = self.pod('bad', '--seed', 'bad')
        good = self.pod('good', '--seed', 'good')
        for fault, value, reason in _AT_THE_ROOT:
            number = bad.order(_ROOT, fault, value)
            self.client.wait(
                '/v1/pod_managers/bad',
                lambda body: body['status'] == 'offline',
                why=fault,
            )
            body = self.client.wait(
                '/v1/pod_managers/bad',
                lambda body, reason=reason: (
                    reason in (body['status_reason'] or '')
                ),
                why=reason,
            )
            self.assertLess(0, bad.struck(number))
            self.assertEqual(
                'online', self.client.get('/v1/pod_managers/good')['status']
            )
            bad.heal()
            self.client.wait('/v1/pod_managers/bad', {'status': 'online'})
            self.assertIsNotNone(body['status_changed_at'])
        self.assertEqual(
            4, len(self.client.all('/v1/systems?pod_manager=good'))
        )
        self.assertEqual([], good.nodes())

    def test_hanging_pod_manager_delays_no_other(self):
        bad = self.pod('bad', '--seed', 'bad')
        good = self.pod('good', '--seed', 'good')
        bad.order('/', 'hang')
        for n in range(3):
            node = self.compose(f'n{n}', pod_manager='good')
            self.assertEqual(200, self._status('/v1/systems'))
            self.assertTrue(node['systems'])
        self.assertEqual(3, len(good.nodes()))
        self.assertEqual('succeeded', self.sync('good')['state'])
        self.client.wait('/v1/pod_managers/bad', {'status': 'offline'})
        self.compose('any')
        self.assertEqual(4, len(good.nodes()))

    def _status(self, path):
        return self.client.request('GET', path).status


class TestAllocate(test_compose.ComposeCase):
    """Whatever the answer: one node or none, and nothing left over."""

    def _after(self, fault, value=None, count=None):
        pod = self.pod('pod', '--no-sse', '--no-push')
        number = pod.order(_ALLOCATE, fault, value, method='POST', count=count)
        node = self.service.compose('n', pod_manager='pod')
        self.assertLess(0, pod.struck(number))
        pod.heal()
        return pod, node

    def assertFailed(self, node, pod, reason):
        self.assertEqual('error', node['provision_state'], node)
        self.assertIn(reason, node['last_error'])
        self.assertEqual([], pod.nodes())
        self.assertEqual([], node['systems'])
        self.service.release('n')
        self.compose('m')
        self.assertRight(pod, ['m'])

    def test_refused_for_good(self):
        pod, node = self._after('status', 500)
        self.assertFailed(node, pod, 'the service responded with 500')

    def test_forbidden(self):
        pod, node = self._after('status', 400)
        self.assertFailed(node, pod, 'rejected')

    def test_never_there(self):
        pod, node = self._after('status', 503)
        self.assertFailed(node, pod, 'the service responded with 503')

    def test_taken_everywhere(self):
        pod, node = self._after('status', 409)
        self.assertFailed(node, pod, 'No capacity')

    def test_taken_once(self):
        pod, node = self._after('status', 409, count=1)
        self.assertEqual('active', node['provision_state'], node)
        self.assertRight(pod, ['n'])

    def test_answer_lost(self):
        for fault in ('lost-answer', 'drop', 'malformed', 'truncate'):
            pod, node = self._after(fault, count=1)
            self.assertEqual('active', node['provision_state'], (fault, node))
            self.assertRight(pod, ['n'])
            self.assertEqual(1, len(pod.nodes()))
            self._remove('pod')

    def test_answer_always_lost(self):
        pod, node = self._after('lost-answer')
        self.assertEqual('active', node['provision_state'], node)
        self.assertRight(pod, ['n'])

    def test_html_instead_of_an_answer(self):
        pod, node = self._after('html')
        self.assertFailed(node, pod, 'JSON')

    def test_hanging_once(self):
        pod, node = self._after('hang', count=1)
        self.assertEqual('active', node['provision_state'], node)
        self.assertRight(pod, ['n'])

    def test_assembling_fails(self):
        pod = self.pod('pod', '--no-sse', '--no-push')
        pod.order('/redfish/v1/Nodes/.*Assemble', 'status', 500)
        node = self.service.compose('n', pod_manager='pod')
        pod.heal()
        self.assertFailed(node, pod, 'the service responded with 500')

    def test_the_answer_to_a_release_is_lost(self):
        pod = self.pod('pod', '--no-sse', '--no-push')
        self.compose('n')
        fault = pod.order(
            '/redfish/v1/Nodes/', 'lost-answer', method='DELETE', count=1
        )
        self.service.release('n')
        self.assertEqual(1, pod.struck(fault))
        self.assertEqual([], pod.nodes())

    def test_a_release_that_is_refused(self):
        pod = self.pod('pod', '--no-sse', '--no-push')
        self.compose('n')
        for method in ('DELETE', 'POST'):
            pod.order('/redfish/v1/Nodes/', 'status', 500, method=method)
        operation = self.client.delete('/v1/nodes/n')['operation_uuid']
        operation = self.client.finished(operation)
        self.assertEqual('failed', operation['state'])
        node = self.client.get('/v1/nodes/n')
        self.assertEqual('error', node['provision_state'])
        self.assertIn('500', node['last_error'])
        self.assertEqual(1, len(node['systems']))
        pod.heal()
        self.service.release('n')
        self.assertEqual([], pod.nodes())
