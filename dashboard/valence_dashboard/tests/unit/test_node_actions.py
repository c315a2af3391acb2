# SPDX-License-Identifier: Apache-2.0
"""The actions that the list of nodes offers."""

import re

from valence_dashboard.tests.unit import fakes

_UUID = '00000000-0000-4000-8000-000000000001'
_ACTIVE = {'provision_state': 'active', 'power_state': 'on'}
_FAILED = {'provision_state': 'error', 'power_state': 'unknown'}


class TestNodeActions(fakes.TestCase):
    def offered(self, **node):
        """Return the names of the actions of a node."""
        named = {'uuid': _UUID, 'name': 'web', **node}
        self.answers['nodes'] = {'nodes': [named]}
        text = self.page('/project/nodes/')
        found = re.findall(rf'id="nodes__row_{_UUID}__action_(\w+)"', text)
        return {*found}

    def test_what_the_pod_manager_allows(self):
        power, boot, restart = 'power', 'boot', 'restart'
        for allowable, offered in (
            (None, {power, boot, restart}),
            (
                {'reset_types': None, 'boot_targets': None},
                {power, boot, restart},
            ),
            ({'reset_types': ['On'], 'boot_targets': []}, {power}),
            ({'reset_types': [], 'boot_targets': ['Pxe']}, {boot}),
            (
                {'reset_types': ['ForceRestart'], 'boot_targets': []},
                {power, restart},
            ),
            ({'reset_types': [], 'boot_targets': []}, set()),
        ):
            known = self.offered(**_ACTIVE, allowable=allowable)
            self.assertEqual(offered, known & {power, boot, restart})
            self.assertIn('clone', known)

    def test_another_try(self):
        self.assertIn('retry', self.offered(**_FAILED))
        for change in (
            _ACTIVE,
            {'power_state': 'on'},
            {'fault': 'missing'},
            {'allowable': {'reset_types': ['On']}},
            {'managed_by': 'ironic'},
            {'project_id': 'c' * 32},
        ):
            known = self.offered(**{**_FAILED, **change})
            self.assertNotIn('retry', known, change)
