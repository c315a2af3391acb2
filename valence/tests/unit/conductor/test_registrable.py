# SPDX-License-Identifier: Apache-2.0
"""Nodes that are registered are composed where they can be registered."""

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests.unit.conductor import test_enrollment

_LOGIN = {'username': 'me', 'password': 'mine'}


class TestRegistrable(test_enrollment.EnrollmentCase):
    """The pod manager ``pod`` has nodes that can be registered."""

    def without(self, name, *, login=True):
        """A pod whose nodes cannot be registered."""
        pod = self.pod(name)
        path = f'/v1/pod_managers/{name}'
        if not login:
            self.client.patch(path, _LOGIN)
            return pod
        shown = self.client.get(path)
        capabilities = {*shown['capabilities']} - {'provision'}
        db.update(
            models.PodManager,
            {'capabilities': sorted(capabilities)},
            uuid=shown['uuid'],
        )
        return pod

    def preview(self, register):
        body = {'register': register}
        return self.client.post('/v1/nodes/preview', body)

    def test_only_where_it_can_be_registered(self):
        others = [self.without('a'), self.without('b', login=False)]
        for number in range(3):
            node = self.compose(f'n-{number}', register=True)
            self.assertEqual('ironic', node['managed_by'])
        self.assertEqual([{}, {}], [pod.nodes for pod in others])
        # Nothing is composed to be taken apart again.
        node = self.compose('m', 'failed', register={'manage': True})
        self.assertIn('cannot be registered', node['last_error'])
        self.assertNotIn('compose', [c for p in others for c in p.calls])

    def test_anywhere_if_it_is_not_to_be_registered(self):
        for number in range(3):
            self.compose(f'n-{number}')
        other = self.without('a')
        for register in (None, False):
            self.compose(f'm-{register}', register=register)
        self.assertEqual(2, len(other.nodes))

    def test_preview(self):
        self.without('a')
        self.without('b', login=False)
        for register in (True, {}, {'provide': True}):
            found = self.preview(register)
            self.assertEqual(
                ['pod'], [one['pod_manager'] for one in found['candidates']]
            )
            reasons = {
                one['name']: (one['filter'], one['reason'])
                for one in found['rejections']
            }
            self.assertEqual({'a', 'b'}, reasons.keys())
            for word, reason in (('support', 'a'), ('credentials', 'b')):
                self.assertEqual('register', reasons[reason][0])
                self.assertIn(word, reasons[reason][1])
        for register in (None, False):
            self.assertEqual(3, len(self.preview(register)['candidates']))

    def test_a_pod_manager_that_was_named(self):
        for name, login in (('a', True), ('b', False)):
            self.without(name, login=login)
            self.assertRefused(
                409,
                'cannot be registered',
                'POST',
                '/v1/nodes',
                {'name': 'n', 'pod_manager': name, 'register': True},
            )
            self.compose(name, pod_manager=name)
            self.assertRefused(
                409,
                'cannot be registered',
                'POST',
                f'/v1/nodes/{name}/register',
                {},
            )

    def test_with_a_login_for_others(self):
        self.without('b', login=False)
        self.client.patch(
            '/v1/pod_managers/b',
            {'hardware_username': 'bmc', 'hardware_password': 'its'},
        )
        node = self.compose('n', pod_manager='b', register=True)
        self.assertEqual('ironic', node['managed_by'])
