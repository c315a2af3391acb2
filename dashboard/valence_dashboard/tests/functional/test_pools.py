# SPDX-License-Identifier: Apache-2.0
"""The pools of administrators, without a browser."""

import unittest

from valence_dashboard.tests.functional import pages


@unittest.skipIf(pages.MISSING, f'not installed: {", ".join(pages.MISSING)}')
class Pools(pages.NodeTestCase):
    def post(self, path, **data):
        answer = self.client.post(f'/admin/pools/{path}', data, follow=True)
        return answer.content.decode()

    def create(self, name='web', **more):
        flavor = self.composable.find_flavor('any').id
        given = {'name': name, 'flavor': flavor, 'max_nodes': '5', **more}
        return self.post('create/', **given)

    def act(self, action, pool):
        return self.post('', action=f'pools__{action}__{pool.id}')

    def tearDown(self):
        for pool in self.composable.pools():
            self.composable.delete_pool(pool)
        super().tearDown()

    def test_form_is_that_of_the_api(self):
        form = self.page('/admin/pools/create/')
        self.assertIn('any</option>', form)
        for name in ('enabled', 'register__provide'):
            self.assertRegex(form, f'name="{name}"[^>]* checked')
        # Zero is a number of nodes.
        self.assertRegex(form, 'name="min_ready"[^>]* min="0"')
        self.assertRegex(form, 'name="max_nodes"[^>]* min="1"')
        for given, reason in (
            ({'min_ready': '6'}, 'Must be min_ready and max_ready'),
            ({'register__traits': 'no trait'}, 'Must be capital letters'),
            ({'pod_managers': 'nowhere'}, 'nowhere'),
        ):
            self.assertIn(reason, self.create(**given), given)
        self.assertEqual([], [*self.composable.pools()])

    def test_create_change_and_delete(self):
        page = self.create(
            pod_managers='pod\r\n',
            min_ready='0',
            max_ready='0',
            register__traits='CUSTOM_A, CUSTOM_B',
        )
        self.assertIn('Created web.', page)
        pool = self.composable.get_pool('web')
        self.assertEqual(
            ([self.pod], 0, 0, False),
            (pool.pod_managers, pool.min_ready, pool.max_ready, pool.enabled),
        )
        traits = ['CUSTOM_A', 'CUSTOM_B']
        self.assertEqual({'traits': traits}, pool.register)
        path = f'{pool.id}/edit/'
        form = self.page(f'/admin/pools/{path}')
        self.assertIn('CUSTOM_A, CUSTOM_B', form)
        # What is emptied is empty; what is not changed is not sent.
        given = {'name': 'web', 'max_nodes': '7', 'min_ready': '0'}
        self.post(path, **given, idle_seconds='600')
        pool = self.composable.get_pool('web')
        self.assertEqual(
            ([], 0, None, 7, {}),
            (
                *(pool.pod_managers, pool.min_ready, pool.max_ready),
                *(pool.max_nodes, pool.register),
            ),
        )
        self.assertIn('any</a>', self.page(f'/admin/pools/{pool.id}/'))
        self.assertIn('Deleted pool: web', self.act('delete', pool))

    def test_actions(self):
        self.create(min_ready='0')
        pool = self.composable.get_pool('web')
        for action, message, state in (
            ('enable', 'Enabled pool: web', (True, False)),
            ('drain', 'Draining pool: web', (False, True)),
            ('enable', 'Enabled pool: web', (True, False)),
            ('disable', 'Disabled pool: web', (False, False)),
        ):
            self.assertIn(message, self.act(action, pool))
            pool = self.composable.get_pool('web')
            self.assertEqual(state, (pool.enabled, pool.draining), action)

    def test_status_and_nodes(self):
        self.create()
        pool = self.composable.get_pool('web')
        path = f'/admin/pools/{pool.id}/'
        self.assertIn('No nodes.', self.page(f'{path}?tab=pool__nodes'))
        self.assertIn('valence-status', self.page(path))

    def test_members_see_no_actions(self):
        self.create()
        self.use(self.valence.url, 'reader')
        self.assertNotIn('Create Pool', self.page('/admin/pools/'))
