# SPDX-License-Identifier: Apache-2.0
"""All pages in narrow and wide windows, and with other themes."""

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional import browser
from valence_dashboard.tests.functional.base import composable
from valence_dashboard.tests.functional.base import pod

# The default theme is that of the other tests.
_THEMES = ('material', 'dark')
# The pages of the first row of a list.
_DETAILS = """
    const row = document.querySelector('tr[data-object-id] td a[href]');
    return row ? [row.getAttribute('href')] : [];
"""
# The words that end in another line than they begin in.
_BROKEN = r"""
    const found = [];
    document.querySelectorAll('.valence td, .valence th').forEach((cell) => {
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            for (const word of texts.currentNode.data.matchAll(/[\w]+/g)) {
                const range = document.createRange();
                range.setStart(texts.currentNode, word.index);
                range.setEnd(
                    texts.currentNode, word.index + word[0].length);
                const lines = new Set(Array.from(
                    range.getClientRects(), (one) => Math.round(one.top)));
                if (lines.size > 1) found.push(word[0]);
            }
        }
    });
    return found;
"""


class AllPages(base.TestCase):
    def setUp(self):
        super().setUp()
        name = 'on-all-pages'
        pod(name, 2)
        if not composable().find_node(name):
            self.node(name, name)
        if not composable().find_flavor('any'):
            composable().create_flavor(name='any', properties={})

    def test_narrow_and_wide(self):
        window = self.open('admin')
        paths = [*base.PANELS, '/project/nodes/compose/']
        for path in paths:
            window.go(path)
            self.look_at(window, path)
            if path in base.PANELS:
                paths += window.driver.execute_script(_DETAILS)
        self.assertGreater(len(paths), len(base.PANELS) + 5)
        self.assertEqual([], window.errors())

    def look_at(self, window, path):
        """Check the page that is open."""
        for width in (browser.TELEPHONE, browser.WIDTHS[0]):
            window.resize(width)
            self.assertFalse(window.too_wide(), f'{path} at {width}')
            self.assertEqual(
                [], window.accessibility_problems(), f'{path} at {width}'
            )
        self.assertEqual([], window.driver.execute_script(_BROKEN), path)

    def test_themes(self):
        window = self.open('admin')
        for theme in _THEMES:
            window.use_theme(theme)
            for path in base.PANELS:
                window.go(path)
                problems = window.accessibility_problems('color-contrast')
                self.assertEqual([], problems, f'{path} in {theme}')
            window.screenshot(f'theme-{theme}')

    def test_german(self):
        window = self.open('admin')
        window.driver.add_cookie({'name': 'horizon_language', 'value': 'de'})
        window.go('/admin/nodes/')
        self.assertIn('Pod-Manager', window.text('.valence thead'))
        # What scripts say comes from another catalog.
        self.assertEqual(
            'Die Seite ist möglicherweise veraltet.',
            window.driver.execute_script(
                "return gettext('The page may be outdated.')"
            ),
        )
        window.screenshot('german')
        self.assertEqual([], window.errors())
