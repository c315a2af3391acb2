# SPDX-License-Identifier: Apache-2.0
"""Keyboard navigation and narrow windows."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional import processes
from valence_dashboard.tests.functional.base import composable
from valence_dashboard.tests.functional.base import pod
from valence_dashboard.tests.functional.base import register

_FOCUS = """
    const one = document.activeElement;
    return one.id || one.name || one.className;
"""


class Usability(base.TestCase):
    def press(self, window, *keys):
        """Press keys at the current focus."""
        for key in keys:
            ActionChains(window.driver).send_keys(key).perform()

    def tab_to(self, window, name):
        """Press Tab until an element has the focus."""
        for _ in range(100):
            focus = window.driver.execute_script(_FOCUS)
            if name in focus:
                return
            self.press(window, Keys.TAB)
        self.fail(f'Tab does not lead to {name}')

    def ticked(self, window, name):
        return window.find(f'#{name}')[0].is_selected()

    def test_compose_with_the_keyboard(self):
        pod('keys', 12)
        window = self.open('demo')
        window.go('/project/nodes/compose/')
        window.read('The node would be composed on', '#valence-preview')
        self.tab_to(window, 'id_name')
        self.press(window, 'typed')
        self.tab_to(window, 'id_flavor')
        self.tab_to(window, 'id_register')
        self.press(window, Keys.SPACE)
        self.assertTrue(self.ticked(window, 'id_register'))
        window.screenshot('keyboard')
        self.press(window, Keys.SPACE, Keys.ENTER)
        self.assertFalse(self.ticked(window, 'id_register'))
        # Enter moves to the first field of the next step.
        window.wait(
            lambda: 'total_cores' in window.driver.execute_script(_FOCUS)
        )
        self.press(window, '4', Keys.ENTER)
        window.wait(
            lambda: 'pod_manager' in window.driver.execute_script(_FOCUS)
        )
        self.press(window, 'keys')
        window.read('composed on keys', '#valence-preview')
        self.tab_to(window, 'button-final')
        self.press(window, Keys.ENTER)
        window.read('Active', '.valence-status')
        found = composable().find_node('typed')
        self.assertEqual(pod('keys', 12).id, found.podm_uuid)
        self.list_with_the_keyboard(window)

    def list_with_the_keyboard(self, window):
        window.go('/project/nodes/')
        self.tab_to(window, 'valence-filter')
        self.press(window, 'Provision')
        self.press(window, Keys.TAB)
        self.press(window, 'Active', Keys.ENTER)
        window.read('Provision state: Active', '.valence-chips')
        window.read('typed', '#nodes')
        self.tab_to(window, 'nodes__choose')
        self.press(window, Keys.SPACE)
        self.assertTrue(window.find('#nodes tbody input:checked'))
        self.check(window, 'nodes-chosen')
        self.tab_to(window, 'valence-filter')
        self.press(window, Keys.TAB, 'Error', Keys.ENTER)
        window.read('No matching items.', '#nodes')
        self.check(window, 'nodes-filtered')
        self.assertEqual([], window.errors())

    def release(self, node):
        """Release a node when no operation changes it."""
        processes.wait_for(
            lambda: (
                composable().get_node(node.id).provision_state
                in ('active', 'error')
            ),
            'the node',
        )
        composable().delete_node(node.id)
        processes.wait_for(
            lambda: not composable().find_node(node.id), 'its end'
        )

    def test_long_names(self):
        long = 'n' * 250
        register(long, 3)
        shown = composable().get_pod_manager(long)
        made = composable().compose_node(
            name=long, pod_manager=shown.id, description=long
        )
        composable().wait_for_operation(made, interval=0.1)
        composable().create_flavor(name=long, properties={}, description=long)
        self.addCleanup(composable().delete_flavor, long)
        window = self.open('admin')
        for panel in (
            *('admin/pod_managers', 'admin/systems', 'admin/operations'),
            *('project/nodes', 'project/flavors', 'project/operations'),
            f'admin/topology/{shown.id}',
            f'project/nodes/{made.id}',
            f'admin/pod_managers/{shown.id}/?tab=pod_manager__nodes',
        ):
            window.go(f'/{panel}{"" if "?" in panel else "/"}')
            window.read(long)
            self.check(window, f'long-{panel.split("/")[1]}')
        window.go('/admin/pod_managers/')
        window.act(long, 'delete')
        window.read(long, '.modal.in .valence-nodes')
        self.check(window, 'long-remove')
        window.go('/project/nodes/compose/')
        window.type(name='any')
        window.click('.button-next')
        window.type(processor__total_cores='4000')
        window.read(long, '#valence-preview')
        self.check(window, 'long-compose')
        self.release(made)
        composable().delete_pod_manager(shown.id)
        self.assertEqual([], window.errors())
