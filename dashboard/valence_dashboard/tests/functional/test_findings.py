# SPDX-License-Identifier: Apache-2.0
"""The findings of administrators, without a browser."""

import unittest

from valence_dashboard.tests.functional import pages
from valence_dashboard.tests.functional import processes


@unittest.skipIf(pages.MISSING, f'not installed: {", ".join(pages.MISSING)}')
class Findings(pages.NodeTestCase):
    """A node is removed by force, and adopted again."""

    def act(self, action, uuid):
        """Return the page after an action on a row."""
        data = {'action': f'findings__row_{action}__{uuid}'}
        return self.client.post(
            '/admin/findings/', data, follow=True
        ).content.decode()

    def leave_behind(self, name):
        """Remove a node by force; return its finding."""
        node = self.composable.compose_node(name=name)
        uuid = node.id
        self.composable.wait_for_operation(node, interval=0.1)
        self.composable.delete_node(uuid, force='true')
        (found,) = self.composable.findings(node_uuid=uuid, state='open')
        return found

    def test_findings(self):
        self.use(self.valence.url)
        self.assertNotIn('open finding', self.page('/admin/findings/'))
        found = self.leave_behind('left')
        for path in ('/admin/findings/', '/admin/pod_managers/'):
            self.assertIn('1 open finding<', self.page(path))
        page = self.page('/admin/findings/')
        self.assertIn('left_behind', page)
        for name in ('adopt', 'accept', 'forget', 'release'):
            self.assertIn(f'{found.id}__action_{name}"', page)
        self.assertIn(found.reason, self.page(f'/admin/findings/{found.id}/'))
        answer = self.client.post(
            f'/admin/findings/{found.id}/accept/', {'until': 'nonsense'}
        )
        self.assertContains(answer, 'must be a time')
        self.client.post(
            f'/admin/findings/{found.id}/accept/',
            {'until': '2099-01-01T00:00Z'},
        )
        self.assertEqual(
            'accepted', self.composable.get_finding(found.id).state
        )
        self.client.post(f'/admin/findings/{found.id}/adopt/', {})
        processes.wait_for(
            lambda: self.composable.get_finding(found.id).state == 'resolved',
            'the node',
        )
        node = self.composable.get_node('left')
        self.composable.wait_for_operation(
            self.composable.delete_node(node), interval=0.1
        )

    def test_others_see_no_findings(self):
        self.leave_behind('other')
        self.use(self.valence.url, 'reader')
        self.assertNotIn('open finding', self.page('/admin/pod_managers/'))
