# SPDX-License-Identifier: Apache-2.0
"""Pages that are open follow what others do, and keep what the user does."""

import time

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional import processes
from valence_dashboard.tests.functional.base import composable
from valence_dashboard.tests.functional.base import register

_UNAVAILABLE = 'Valence does not respond'
# The number of updates that the page has asked for.
_UPDATES = """
    const url = new URL(location.href.split('?')[0]).href;
    return performance.getEntriesByType('resource').filter(
        (one) => one.name.split('?')[0] === url).length;
"""
_HIDE = """
    Object.defineProperty(
        document, 'hidden', {configurable: true, value: arguments[0]});
    document.dispatchEvent(new Event('visibilitychange'));
"""


class Live(base.TestCase):
    def updates(self, window):
        return window.driver.execute_script(_UPDATES)

    def next_updates(self, window):
        """Wait until the page has been updated."""
        before = self.updates(window)
        window.wait(lambda: self.updates(window) > before + 1)

    def release(self, node):
        composable().delete_node(node.id)
        processes.wait_for(
            lambda: not composable().find_node(node.id), 'its end'
        )

    def test_lists_follow_and_keep_what_the_user_does(self):
        register('followed', 4)
        first = self.node('followed', 'live-first')
        window = self.open('admin')
        window.go('/project/nodes/')
        window.read('live-first', '#nodes')
        rows = len(window.find('#nodes tbody tr[id]'))
        box = f'nodes__choose__{first.id}'
        window.click(f'label[for="{box}"]')
        window.find('.table_search input')[0].send_keys('half')
        began = time.monotonic()
        second = self.node('followed', 'live-second')
        window.read('live-second', '#nodes')
        window.read(f'Displaying {rows + 1} items', '#nodes tfoot')
        print(f'a row appeared {time.monotonic() - began:.1f} s after')
        self.assertTrue(window.find(f'#{box}')[0].is_selected())
        typed = window.driver.execute_script(
            'return document.activeElement.value'
        )
        self.assertEqual('half', typed)
        composable().update_node(first.id, description='Changed.')
        window.read('Changed.', '#nodes')
        self.assertTrue(window.find(f'#{box}')[0].is_selected())
        self.dialog(window, second)
        self.release(first)
        window.wait(lambda: 'live-first' not in window.text('#nodes'))
        third = self.node('followed', 'live-third')
        window.read('live-third', '#nodes')
        window.find('.table_search input')[0].clear()
        window.act('live-third', 'release')
        window.confirm()
        window.read('Releasing node: live-third')
        window.wait(lambda: not composable().find_node(third.id))
        self.assertEqual([], window.errors())

    def dialog(self, window, node):
        """Nothing is replaced behind a dialog; afterwards it is."""
        window.act('live-second', 'release')
        window.wait(lambda: window.find('.modal.in'))
        self.release(node)
        self.next_updates(window)
        self.assertIn('live-second', window.text('#nodes'))
        window.click('.modal.in .cancel')
        window.wait(lambda: 'live-second' not in window.text('#nodes'))

    def test_detail_pages_keep_their_tab(self):
        simulator = register('long', 3, seconds=3600)
        made = composable().compose_node(name='slow', pod_manager='long')
        window = self.open('admin')
        window.go(f'/project/nodes/{made.id}/')
        window.wait(lambda: window.find('.valence-status progress'))
        window.click('a[href*="node__operations"]')
        window.read('compose', '#node__operations')
        self.stack.valence.stop()
        try:
            window.read(_UNAVAILABLE, '.valence-unavailable')
            self.check(window, 'node-away')
        finally:
            self.stack.valence.start()
        processes.finish_composing(simulator)
        window.read('Active', '.valence-status')
        window.read('Succeeded', '#node__operations')
        self.assertFalse(window.text('.valence-unavailable'))
        self.release(made)
        window.read('no longer exists', '.valence-unavailable')

    def test_who_does_not_look_does_not_ask(self):
        window = self.open('admin')
        window.go('/admin/pod_managers/')
        self.next_updates(window)
        window.driver.execute_script(_HIDE, True)
        before = self.updates(window)
        time.sleep(6)
        self.assertLessEqual(self.updates(window), before + 1)
        window.driver.execute_script(_HIDE, False)
        self.next_updates(window)
        # After logout the page redirects to the login.
        window.driver.delete_cookie('sessionid')
        window.wait(lambda: '/auth/login' in window.driver.current_url)
