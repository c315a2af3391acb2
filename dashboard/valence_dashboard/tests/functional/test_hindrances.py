# SPDX-License-Identifier: Apache-2.0
"""People who have no mouse, little room, or a Valence that comes and goes."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from valence_dashboard.tests.functional import people
from valence_dashboard.tests.functional import processes
from valence_dashboard.tests.functional.people import composable
from valence_dashboard.tests.functional.people import pod
from valence_dashboard.tests.functional.people import register

_FOCUS = """
    const one = document.activeElement;
    return one.id || one.name || one.className;
"""
_SILENCE = 'Valence does not answer'
# How often the rows of a table have been asked for anew.
_ASKED = """
    return performance.getEntriesByType('resource').filter(
        (one) => one.name.includes('row_update')).length;
"""
# Whether the row with a text is still the one that was marked before.
_SAME = """
    const row = Array.from(document.querySelectorAll('tr[data-object-id]'))
        .find((one) => one.innerText.includes(arguments[0]));
    const same = Boolean(row.marked);
    row.marked = true;
    return same;
"""


class Hindrances(people.TestCase):
    def press(self, window, *keys):
        """Press keys, wherever the focus is."""
        for key in keys:
            ActionChains(window.driver).send_keys(key).perform()

    def tab_to(self, window, name):
        """Press Tab until something has the focus."""
        for _ in range(100):
            focus = window.driver.execute_script(_FOCUS)
            if name in focus:
                return
            self.press(window, Keys.TAB)
        self.fail(f'Tab does not lead to {name}')

    def ticked(self, window, name):
        return window.find(f'#{name}')[0].is_selected()

    def test_compose_with_the_keyboard_alone(self):
        pod('keys', 12)
        window = self.open('demo')
        window.go('/project/nodes/compose/')
        window.read('It would be composed on', '#valence-preview')
        self.tab_to(window, 'id_name')
        self.press(window, 'typed')
        self.tab_to(window, 'id_flavor')
        self.tab_to(window, 'id_register')
        self.press(window, Keys.SPACE)
        self.assertTrue(self.ticked(window, 'id_register'))
        window.screenshot('keyboard')
        self.press(window, Keys.SPACE, Keys.ENTER)
        self.assertFalse(self.ticked(window, 'id_register'))
        # Enter has led to the next step, and to its first field.
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
        self.tab_to(window, 'nodes__filter__q_field')
        self.press(window, 'Provision')
        self.press(window, Keys.TAB)
        self.press(window, 'Active', Keys.ENTER)
        window.wait(lambda: window.find('[value=Active]'))
        window.read('typed', '#nodes')
        self.tab_to(window, 'nodes__choose')
        self.press(window, Keys.SPACE)
        self.assertTrue(window.find('#nodes tbody input:checked'))
        self.check(window, 'nodes-chosen')
        self.tab_to(window, 'nodes__filter__q_field')
        self.press(window, Keys.TAB, 'Error', Keys.ENTER)
        window.read('Nothing matches.', '#nodes')
        self.check(window, 'nodes-filtered')
        self.assertEqual([], window.errors())

    def test_what_a_dialog_is_about_stays(self):
        register('slow', 3, seconds=8)
        made = composable().compose_node(name='taken', pod_manager='slow')
        window = self.open('admin')
        window.go('/project/nodes/')
        window.read('taken', '#nodes')
        window.act('taken', 'cancel')
        window.wait(lambda: window.find('.modal.in'))
        asked = window.driver.execute_script(_ASKED)
        window.driver.execute_script(_SAME, 'taken')
        window.wait(lambda: window.driver.execute_script(_ASKED) > asked + 1)
        self.assertTrue(window.driver.execute_script(_SAME, 'taken'))
        window.confirm()
        window.read('Cancelling operation: taken')
        self.release(made)

    def release(self, node):
        """Have a node vanish, whatever is being done to it."""
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

    def test_rows_follow_on_when_valence_is_back(self):
        """A row that does not change is not replaced, and never given up."""
        composable().create_pod_manager(name='still', url='http://127.0.0.1:9')
        self.addCleanup(composable().delete_pod_manager, 'still')
        processes.wait_for(
            lambda: (
                'refused'
                in composable().get_pod_manager('still').status_reason
            ),
            'its status',
        )
        window = self.open('admin')
        window.go('/admin/pod_managers/')
        window.wait(lambda: window.driver.execute_script(_ASKED) > 1)
        window.driver.execute_script(_SAME, 'still')
        asked = window.driver.execute_script(_ASKED)
        window.wait(lambda: window.driver.execute_script(_ASKED) > asked + 1)
        self.assertTrue(window.driver.execute_script(_SAME, 'still'))
        self.stack.valence.stop()
        try:
            window.read(_SILENCE, '.valence-away')
            self.check(window, 'pod-managers-away')
        finally:
            self.stack.valence.start()
        window.wait(lambda: not window.find('.valence-away'))
        self.assertTrue(window.find('tr.ajax-update'))
        # Whoever has been logged out is led to the log-in.
        window.driver.delete_cookie('sessionid')
        window.wait(lambda: '/auth/login' in window.driver.current_url)

    def test_a_page_follows_on_when_valence_is_back(self):
        register('long', 3, seconds=6)
        made = composable().compose_node(name='followed', pod_manager='long')
        window = self.open('admin')
        window.go(f'/project/nodes/{made.id}/')
        window.wait(lambda: window.find('.valence-status[data-live]'))
        self.stack.valence.stop()
        try:
            window.read(_SILENCE, '.valence-status')
            self.check(window, 'node-away')
        finally:
            self.stack.valence.start()
        window.wait(lambda: not window.find('.valence-away'))
        window.read('Active', '.valence-status')
        self.release(made)

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
        window.act(long, 'remove')
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
