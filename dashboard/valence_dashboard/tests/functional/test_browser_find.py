# SPDX-License-Identifier: Apache-2.0
"""Filters in the URL of a list, as an administrator uses them."""

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional.base import composable
from valence_dashboard.tests.functional.base import pod
from valence_dashboard.tests.functional.base import register

_POD = 'of-the-day'


class Find(base.TestCase):
    def test_filters_of_a_list(self):
        register('found-here', 3)
        register('elsewhere', 1)
        window = self.open('admin')
        window.go('/admin/systems/')
        window.read('found-here', '#systems')
        self.choose(window, 'pod_manager', 'FOUND')
        window.read('Pod manager: FOUND', '.valence-chips')
        self.assertNotIn('elsewhere', window.text('#systems tbody'))
        self.choose(window, 'power_state', 'Off')
        window.read('Power state: Off', '.valence-chips')
        url = window.driver.current_url
        self.assertIn('pod_manager=FOUND&power_state=Off', url)
        self.check(window, 'filters')
        # The link can be sent to others; Back leads to the filter before.
        window.go('/admin/pod_managers/')
        window.driver.get(url)
        window.read('Power state: Off', '.valence-chips')
        for _ in range(3):
            window.driver.back()
        window.wait(lambda: 'power_state' not in window.driver.current_url)
        window.read('Pod manager: FOUND', '.valence-chips')
        self.assertNotIn('Power state:', window.text('.valence-chips'))
        self.sort(window)
        window.click('.valence-chips a')
        # Those of others may fill the first page.
        rows = '#systems tr[data-object-id]'
        window.wait(lambda: len(window.find(rows)) > 3)
        self.assertEqual([], window.errors())

    def choose(self, window, name, text):
        """Filter a list as the form does."""
        window.driver.execute_script(
            'document.getElementById("valence-filter").value = arguments[0]',
            name,
        )
        window.type_into('.valence-filters input[type=search]', text)
        window.click('.valence-filters button')

    def sort(self, window):
        """Sort by the head of a column, also what is updated later."""
        for direction in ('asc', 'desc'):
            window.follow('CPU cores')
            window.wait(
                lambda direction=direction: (
                    f'sort_dir={direction}' in window.driver.current_url
                )
            )
        window.read('Pod manager: FOUND', '.valence-chips')

    def test_a_text_that_is_not_applied_does_not_stop_actions(self):
        register('half-typed', 2)
        node = self.node('half-typed', 'half-typed')
        window = self.open('admin')
        window.go('/project/nodes/?name=half')
        window.read('half-typed', '#nodes')
        window.type_into('.valence-filters input[type=search]', 'something')
        window.act('half-typed', 'restart')
        window.confirm()
        window.read('Restarting node: half-typed')
        self.assertIn('name=half', window.driver.current_url)
        actions = [
            one.action for one in composable().operations(target_uuid=node.id)
        ]
        self.assertEqual(2, len(actions))


class Day(base.TestCase):
    """What an administrator looks at first."""

    def setUp(self):
        super().setUp()
        pod(_POD, 4)
        name = 'first-today'
        self.made = composable().find_node(name)
        if not self.made:
            self.made = self.node(_POD, name)
        self.window = self.open('admin')

    def test_numbers_lead_to_lists(self):
        self.window.go('/admin/summary/')
        self.window.read('Pod managers online', '#valence-counts')
        self.check(self.window, 'summary')
        paths = self.window.driver.execute_script(
            'return Array.from(document.querySelectorAll("#valence-counts a"),'
            ' (one) => one.getAttribute("href"))'
        )
        self.assertGreater(len(paths), 5)
        for path in paths:
            self.window.go(path)
            self.assertEqual('', self.window.text('.messages'), path)
            chips = self.window.find('.valence-chips a')
            self.assertEqual(path.count('='), len(chips), path)
        self.assertEqual([], self.window.errors())

    def test_who_requested_operations(self):
        """Keystone knows the name, Valence the ID."""
        name = 'of-a-member'
        made = composable('demo').create_node(name=name, pod_manager=_POD)
        self.window.go(f'/admin/operations/?target_uuid={made.id}')
        row = '#operations tbody tr'
        self.window.read(name, row)
        self.assertIn('demo', self.window.text(row).split())
        self.assertEqual([], self.window.errors())

    def test_search(self):
        (system, *_others) = composable().systems(node_uuid=self.made.id)
        address = system.nics[0]['mac'].replace(':', '-').upper()
        for text in (system.serial_number, address):
            self.search(text)
            self.window.wait(
                lambda: system.id in self.window.driver.current_url
            )
        self.search(address[-8:])
        self.window.read(system.name, '#found')
        self.search('IRST-toda')
        self.window.read('first-today', '#found')
        self.check(self.window, 'search')
        self.search('nothing has this')
        self.window.read('Nothing has this text')
        self.assertEqual([], self.window.errors())

    def search(self, text):
        """Search for a text as a user does."""
        self.window.go('/admin/search/')
        self.window.type_into('#valence-search', text, '\n')

    def test_a_list_as_a_file(self):
        self.window.go('/project/nodes/?name=first')
        self.window.read('first-today', '#nodes')
        text = self.window.driver.execute_async_script(
            """
            const done = arguments[arguments.length - 1];
            const link = document.querySelector('a[href*="format=csv"]');
            fetch(link.href).then((one) => one.text()).then(done);
            """
        )
        head, *rows = text.splitlines()
        self.assertIn('Name', head)
        self.assertEqual(1, len(rows), text)
        self.assertIn('first-today', rows[0])
