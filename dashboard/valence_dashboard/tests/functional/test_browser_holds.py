# SPDX-License-Identifier: Apache-2.0
"""Holds and leases in a browser: keep, extend, use, and give back."""

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional.base import composable
from valence_dashboard.tests.functional.base import pod


class Holds(base.TestCase):
    def test_keep_extend_and_use(self):
        pod('keeping', 2)
        window = self.open('demo')
        window.click('#nodes__action_compose')
        window.type(name='kept')
        window.click('.button-next')
        window.type(processor__total_cores='8')
        window.read('The node would be composed on', '#valence-preview')
        self.check(window, 'compose-keep')
        window.click('[data-keep]')
        # The page of the hold, with what it keeps and for how long.
        window.read('Kept for 10 minutes.')
        window.read('Active')
        self.check(window, 'hold')
        (hold,) = composable().holds(state='active')
        before = hold.expires_at
        window.go('/project/holds/')
        window.read(hold.name)
        self.check(window, 'holds')
        window.act(hold.name, 'extend')
        window.read('Kept for 10 minutes')
        window.wait(lambda: composable().get_hold(hold.id).expires_at > before)
        window.act(hold.name, 'compose')
        window.type(name='kept')
        window.click('.button-next')
        window.read('what the hold keeps', '#valence-preview')
        window.click('.button-next')
        window.click('.button-final')
        window.read('Active', '.valence-status')
        self.assertEqual('used', composable().get_hold(hold.id).state)
        window.act('', 'release')
        window.confirm()
        window.read('Releasing node: kept')
        window.wait(lambda: not window.find('tr[data-display="kept"]'))
        self.assertEqual([], window.errors())
