# SPDX-License-Identifier: Apache-2.0
"""Browser tests with a real Horizon, Keystone, Ironic and Valence."""

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional import processes
from valence_dashboard.tests.functional.base import composable
from valence_dashboard.tests.functional.base import pod
from valence_dashboard.tests.functional.base import register


class Pages(base.TestCase):
    def test_register_a_pod_manager(self):
        simulator = processes.simulator(12)
        window = self.open('admin')
        window.go('/admin/pod_managers/')
        self.check(window, 'pod-managers-none')
        window.click('#pod_managers__action_register')
        window.type(
            name='registered',
            url='nonsense',
            username='admin',
            password=processes.PASSWORD,
        )
        self.check(window, 'register')
        window.click('.modal.in input[type=submit]')
        window.read('Enter the password again.', '.modal.in .has-error')
        source = window.driver.page_source
        self.assertNotIn(f'value="{processes.PASSWORD}"', source)
        window.type(url=simulator.url, password=processes.PASSWORD)
        window.click('.modal.in input[type=submit]')
        # The row updates automatically.
        window.read('Online', '#pod_managers')
        window.read('12 of 12 free', '#pod_managers')
        self.check(window, 'pod-managers')
        window.follow('registered')
        for tab in ('capacity', 'racks', 'systems', 'devices', 'nodes'):
            window.click(f'a[href*="pod_manager__{tab}"]')
            window.wait(
                lambda tab=tab: window.text(f'#pod_manager__{tab}').strip()
            )
            self.check(window, f'pod-manager-{tab}')
        window.click('a[href*="pod_manager__operations"]')
        window.read('Succeeded', '#pod_manager__operations')
        window.act('', 'sync')
        window.read('Syncing: registered')
        self.edit_and_delete(window)

    def edit_and_delete(self, window):
        window.go('/admin/pod_managers/')
        window.act('registered', 'edit')
        window.type(location='Room 7')
        window.click('.modal.in input[type=submit]')
        window.read('Changed registered.')
        window.read('Room 7')
        window.go('/admin/pod_managers/')
        window.act('registered', 'delete')
        window.read('registered has no nodes.')
        window.click('.modal.in input[type=submit]')
        window.wait(lambda: not composable().find_pod_manager('registered'))
        self.assertEqual([], window.errors())

    def remove(self, window, name, *boxes):
        """Delete a pod manager with some options."""
        window.go('/admin/pod_managers/')
        window.act(name, 'delete')
        window.read(f'{name} has these nodes:')
        for box in boxes:
            window.click(f'label[for="id_{box}"]')
        window.click('.modal.in input[type=submit]')

    def test_access_list(self):
        register('private', 3)
        self.addCleanup(composable().delete_pod_manager, 'private')
        composable().update_pod_manager('private', is_public=False)
        member = self.open('demo')
        member.go('/project/nodes/compose/')
        self.assertNotIn('private', member.text('#id_pod_manager'))
        window = self.open('admin')
        window.go('/admin/pod_managers/')
        window.follow('private')
        window.click('a[href*="pod_manager__access"]')
        window.read('No project has access', '#access')
        window.click('#access__action_grant')
        window.choose('project', 'demo')
        self.check(window, 'grant')
        window.click('.modal.in input[type=submit]')
        window.read('Granted access to private.')
        window.click('a[href*="pod_manager__access"]')
        window.read('demo', '#access')
        self.check(window, 'pod-manager-access')
        member.go('/project/nodes/compose/')
        self.assertIn('private', member.text('#id_pod_manager'))
        window.act('demo', 'revoke')
        window.confirm()
        window.read('Revoked access')
        member.go('/project/nodes/compose/')
        self.assertNotIn('private', member.text('#id_pod_manager'))
        self.assertEqual([], [*window.errors(), *member.errors()])

    def test_delete_with_nodes(self):
        register('leaving', 3)
        node = self.node('leaving', 'stays')
        window = self.open('admin')
        self.remove(window, 'leaving', 'force')
        window.read('require this one', '.modal.in')
        self.assertTrue(composable().find_pod_manager('leaving'))
        self.check(window, 'remove-force')
        window.click('.modal.in label[for="id_force"]')
        window.click('.modal.in label[for="id_cascade"]')
        window.click('.modal.in input[type=submit]')
        window.read('Deleting leaving.')
        window.wait(lambda: not composable().find_pod_manager('leaving'))
        self.assertIsNone(composable().find_node(node.id))
        # The row disappears automatically.
        window.wait(lambda: 'leaving' not in window.text('#pod_managers'))

    def test_delete_with_force(self):
        simulator = register('dead', 3)
        node = self.node('dead', 'lost')
        simulator.stop()
        window = self.open('admin')
        self.remove(window, 'dead', 'cascade', 'force')
        window.wait(lambda: not composable().find_pod_manager('dead'))
        self.assertIsNone(composable().find_node(node.id))
        window.go('/admin/operations/')
        window.read('delete', '#operations')
        self.assertEqual([], window.errors())

    def test_flavors(self):
        pod('composing', 12)
        window = self.open('demo')
        window.go('/project/flavors/')
        window.click('#flavors__action_create')
        window.type(name='small', processor__total_cores='4')
        self.assertFalse(window.find('#id_is_public'))
        self.check(window, 'flavor')
        window.click('.modal.in input[type=submit]')
        window.read('Created small.')
        self.check(window, 'flavors')
        window.act('small', 'edit')
        window.wait(lambda: window.find('.modal.in'))
        window.type(memory__capacity_mib='8')
        window.click('.modal.in input[type=submit]')
        window.read('Changed small.')
        window.read('8 GiB', '#flavors')
        self.more_drives(window)
        window.act('small', 'compose')
        window.read('The node would be composed on', '#valence-preview')
        window.go('/project/flavors/')
        window.act('small', 'delete')
        window.confirm()
        window.read('Deleted flavor: small')

    def more_drives(self, window):
        """Any number of drives can be added, and none is lost."""
        window.act('small', 'edit')
        window.wait(lambda: window.find('.modal.in .valence-add-row'))
        for _ in range(2):
            window.click('.modal.in .valence-add-row')
        window.type(storage__0__capacity_gib='100', storage__3__type='SSD')
        window.click(
            '.modal.in .spinner-initialized:has(#id_storage__3__count)'
            ' .spinner-up'
        )
        window.click('.modal.in input[type=submit]')
        window.read('Changed small.')
        window.act('small', 'edit')
        window.type(description='With drives.', memory__capacity_mib='1.5')
        self.assertTrue(window.find('#id_storage__1__type'))
        window.click('.modal.in input[type=submit]')
        window.read('With drives.', '#flavors')
        found = composable().find_flavor('small').properties
        self.assertEqual(1536, found['memory']['capacity_mib'])
        self.assertEqual(
            [{'capacity_gib': 100, 'count': 1}, {'type': 'SSD', 'count': 1}],
            found['storage'],
        )

    def test_reader(self):
        window = self.open('reader')
        for path in ('/project/nodes/', '/project/flavors/'):
            window.go(path)
            self.assertEqual(
                [], window.find('.table_actions button.btn-danger')
            )
            self.assertEqual([], window.find('[id$=action_compose]'))
            self.assertEqual([], window.find('[id$=action_create]'))
        window.go('/admin/pod_managers/')
        self.assertNotIn('Register Pod Manager', window.text())
        # After logout the pages are not accessible.
        window.driver.execute_script(
            'document.querySelector('
            "'form[action*=logout] button, a[href*=logout]').click()"
        )
        window.wait(lambda: 'login' in window.driver.current_url)
        window.go('/project/nodes/')
        self.assertIn('/auth/login', window.driver.current_url)

    def test_valence_is_unavailable(self):
        pod('composing', 12)
        window = self.open('admin')
        self.stack.valence.stop()
        try:
            for path in (
                *('/admin/pod_managers/', '/admin/topology/'),
                *('/admin/systems/', '/project/nodes/'),
                '/project/nodes/compose/',
            ):
                window.go(path)
                window.read('Valence does not respond')
            window.go('/project/nodes/')
            self.assertNotIn('No nodes.', window.text())
            window.screenshot('away')
        finally:
            self.stack.valence.start()
        window.go('/admin/pod_managers/')
        window.read('composing', '#pod_managers')
        self.assertNotIn('does not respond', window.text())
