# SPDX-License-Identifier: Apache-2.0
"""A decision is made once for all callers that a rule cannot distinguish."""

import os
import pathlib
from unittest import mock

import fixtures as pyfixtures
from oslo_policy import policy as oslo_policy

from valence.common import context
from valence.common import exception
from valence.common import policy
from valence.tests import base

_RULE = 'composable:node:list'


def _caller(**values):
    return context.RequestContext(**values)


class TestPolicy(base.TestCase):
    def setUp(self):
        super().setUp()
        path = pathlib.Path(self.useFixture(pyfixtures.TempDir()).path)
        self.file = path / 'policy.yaml'
        # It declares the option.
        policy.get_enforcer()
        self.conf.set(oslo_policy__policy_file=str(self.file))
        self.now = 0.0
        self.useFixture(
            pyfixtures.MockPatchObject(
                policy.time, 'monotonic', lambda: self.now
            )
        )

    def evaluations(self):
        """How often oslo.policy is asked from now on."""
        enforcer = policy.get_enforcer()
        return self.useFixture(
            pyfixtures.MockPatchObject(
                enforcer, 'authorize', wraps=enforcer.authorize
            )
        ).mock

    def rules(self, check):
        """Have a rule in the file."""
        self.file.write_text(f'"{_RULE}": "{check}"\n')
        policy.forget()

    def assertAllowed(self, expected, **values):
        allowed = policy.allows(_caller(**values), _RULE)
        self.assertEqual(expected, allowed, values)

    def test_once_for_all_members(self):
        asked = self.evaluations()
        for n in range(20):
            for roles, allowed in ((['reader'], True), (['other'], False)):
                self.assertAllowed(
                    allowed, roles=roles, project_id=f'p{n}', user_id=f'u{n}'
                )
        self.assertEqual(2, asked.call_count)

    def test_each_role_set_has_its_own(self):
        for _ in range(2):
            self.assertAllowed(True, roles=['admin'])
            self.assertAllowed(False, roles=['member'])
            self.assertAllowed(False, roles=['reader'])
            self.assertAllowed(True, roles=['reader'], project_id='p')
            self.assertAllowed(True, roles=['reader'], system_scope='all')
            self.assertAllowed(False, roles=[])

    def test_what_a_file_compares_is_told_apart(self):
        for check, values, others in (
            ('project_id:p', {'project_id': 'p'}, {'project_id': 'q'}),
            ('user_id:u', {'user_id': 'u'}, {'user_id': 'v'}),
            ('not user_id:u', {'user_id': 'v'}, {'user_id': 'u'}),
            (
                'user_id:%(project_id)s',
                {'user_id': 'a', 'project_id': 'a'},
                {'user_id': 'b', 'project_id': 'a'},
            ),
            (
                'role:%(user_id)s',
                {'roles': ['a'], 'user_id': 'a'},
                {'roles': ['a'], 'user_id': 'b'},
            ),
            (
                'user_domain_id:d and (role:x or project_domain_id:e)',
                {'user_domain_id': 'd', 'project_domain_id': 'e'},
                {'user_domain_id': 'd', 'project_domain_id': 'f'},
            ),
            (
                'service_roles:s',
                {'service_roles': ['s']},
                {'service_roles': ['t']},
            ),
            (
                'is_admin_project:True',
                {'is_admin_project': True},
                {'is_admin_project': False},
            ),
        ):
            self.rules(check)
            for _ in range(2):
                self.assertAllowed(True, **values)
                self.assertAllowed(False, **others)

    def test_a_change_of_the_file_is_seen(self):
        caller = _caller(roles=['reader'], project_id='p')
        self.assertTrue(policy.allows(caller, _RULE))
        self.file.write_text(f'"{_RULE}": "!"\n')
        self.now += 2
        self.assertFalse(policy.allows(caller, _RULE))
        self.assertRaises(exception.Forbidden, policy.authorize, caller, _RULE)
        self.file.write_text('"project_reader": "role:other"\n')
        # The times of files are compared.
        stat = self.file.stat()
        os.utime(self.file, (stat.st_atime, stat.st_mtime + 5))
        self.now += 2
        self.assertFalse(policy.allows(caller, _RULE))
        other = _caller(roles=['other'], project_id='p')
        self.assertTrue(policy.allows(other, _RULE))

    def test_what_is_not_known_is_always_asked(self):
        answers = iter([True, False, True])

        class Answer(oslo_policy.Check):
            def __call__(self, *args, **kwargs):
                return next(answers)

        self.useFixture(
            pyfixtures.MockPatchObject(
                oslo_policy._checks,
                'registered_checks',
                {**oslo_policy._checks.registered_checks, 'answer': Answer},
            )
        )
        self.rules('role:none or answer:x')
        for expected in (True, False, True):
            self.assertAllowed(expected, roles=['reader'])

    def test_a_rule_that_no_endpoint_has(self):
        self.assertRaises(
            oslo_policy.PolicyNotRegistered,
            policy.allows,
            _caller(roles=['admin']),
            'composable:none:such',
        )

    def test_not_more_than_so_many_are_kept(self):
        self.rules('user_id:u1')
        asked = self.evaluations()
        with mock.patch.object(policy, '_MAX_DECISIONS', 3):
            for n in (0, 1, 2, 3, 1, 1):
                self.assertAllowed(n == 1, user_id=f'u{n}')
        kept = policy._decisions[1]._known
        self.assertLessEqual(len(kept), 3)
        self.assertEqual(5, asked.call_count)
