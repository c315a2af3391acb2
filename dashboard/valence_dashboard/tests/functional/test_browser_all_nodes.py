# SPDX-License-Identifier: Apache-2.0
"""The nodes of all projects in the browser of an administrator."""

import valenceclient

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional.base import composable
from valence_dashboard.tests.functional.base import register


class AllNodes(base.TestCase):
    def compose(self, *names):
        """Compose nodes in the project of a member."""
        cloud = self.stack.cloud('demo')
        valenceclient.add_service(cloud)
        for name in names:
            made = cloud.composable.compose_node(
                name=name, pod_manager='everybody'
            )
            cloud.composable.wait_for_operation(made, interval=0.1)

    def test_owners_filters_and_bulk_actions(self):
        register('everybody', 4)
        self.compose('theirs-1', 'theirs-2')
        self.node('everybody', 'mine')
        window = self.open('admin')
        window.read('mine', '#nodes')
        self.assertNotIn('theirs', window.text('#nodes'))
        window.go('/admin/nodes/')
        window.read('mine', '#nodes')
        self.assertIn('demo', window.text('tr[data-display="theirs-1"]'))
        self.check(window, 'all-nodes')
        self.filter(window, 'demo')
        self.assertNotIn('mine', window.text('#nodes tbody'))
        window.follow('theirs-1')
        window.read('demo', '#node__overview')
        # The node is not in the list of the administrator's own project.
        window.act('', 'restart')
        window.confirm()
        window.read('Restarting node: theirs-1')
        self.assertIn('/admin/nodes/', window.driver.current_url)
        self.release(window)
        self.assertEqual(['mine'], [one.name for one in composable().nodes()])
        self.assertEqual([], window.errors())

    def filter(self, window, project):
        """Show the nodes of a project only."""
        window.driver.execute_script(
            "document.querySelector('.table_search select').value = "
            "'project_id'"
        )
        (text,) = window.find('.table_search input')
        text.send_keys(project)
        window.click('.table_search button')
        window.wait(lambda: not window.find('tr[data-display="mine"]'))

    def release(self, window):
        """Release all nodes that the list shows."""
        window.wait(lambda: self.settled())
        # Rows that are updated lose their choice.
        window.go('/admin/nodes/?project_id=demo')
        for box in window.find('#nodes tbody .table-row-multi-select'):
            window.driver.execute_script('arguments[0].click()', box)
        window.click('#nodes__action_release')
        window.confirm()
        window.read('Releasing nodes: theirs-1, theirs-2')
        window.wait(lambda: not window.find('tr[data-object-id]'))

    @staticmethod
    def settled():
        """Return whether no operation is open."""
        return not [*composable().operations(state='in:pending,running')]
