# SPDX-License-Identifier: Apache-2.0
"""The script of open pages."""

import time

from valence_dashboard.tests.functional import scripts

_IDS = [f'00000000-0000-4000-8000-00000000000{n}' for n in range(4)]
_ROW = {'state': 'free', 'health': 'ok', 'power_state': 'on', 'properties': {}}
_HIDE = """
    Object.defineProperty(
        document, 'hidden', {configurable: true, value: arguments[0]});
    document.dispatchEvent(new Event('visibilitychange'));
"""


class LiveScript(scripts.TestCase):
    def rows(self, *names, **changes):
        """Have the API return these systems."""
        self.answers['systems'] = {
            'systems': [
                {**_ROW, 'name': name, 'uuid': _IDS[n], **changes}
                for n, name in enumerate(names)
                if name
            ]
        }

    def shown(self, *names):
        """Wait until the page shows these rows in this order."""
        script = """
            return Array.from(document.querySelectorAll('#systems tr[id]'))
                .map((one) => one.dataset.display);
        """
        self.window.wait(
            lambda: self.window.driver.execute_script(script) == [*names]
        )

    def test_lists(self):
        self.rows('one', 'two')
        self.window.go('/admin/systems/')
        self.shown('one', 'two')
        box = f'systems__choose__{_IDS[0]}'
        script = 'document.getElementById(arguments[0]).click()'
        self.window.driver.execute_script(script, box)
        self.window.find('.table_search input')[0].send_keys('half')
        self.rows('one', 'two', 'three', power_state='off')
        self.shown('one', 'two', 'three')
        self.window.read('Off', '#systems')
        self.window.read('Displaying 3 items', '#systems tfoot')
        self.assertTrue(self.window.find(f'#{box}')[0].is_selected())
        typed = 'return document.activeElement.value'
        self.assertEqual('half', self.window.driver.execute_script(typed))
        # The first row vanishes, and the only chosen one with it.
        self.rows(None, 'two')
        self.shown('two')
        self.window.wait(
            lambda: self.window.find('#systems__action_unreserve.disabled')
        )
        self.rows()
        self.window.read('No items to display', '#systems')
        self.rows('again')
        self.shown('again')
        self.window.read('Displaying 1 item', '#systems tfoot')

    def test_errors_and_hidden_windows(self):
        self.rows('one')
        self.window.go('/admin/systems/')
        self.shown('one')
        self.answers['systems'] = 503
        self.window.read('The page may be outdated.', '.valence-unavailable')
        self.rows('two')
        self.shown('two')
        self.window.wait(
            lambda: not self.window.text('.valence-unavailable').strip()
        )
        self.window.driver.execute_script(_HIDE, True)
        self.rows('three')
        time.sleep(1)  # until a request that was sent already has ended
        asked = len(self.asked)
        time.sleep(6)
        self.assertEqual(asked, len(self.asked))
        self.window.driver.execute_script(_HIDE, False)
        self.shown('three')
