# SPDX-License-Identifier: Apache-2.0
"""Pools in a browser: create, watch, drain and delete."""

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional import browser
from valence_dashboard.tests.functional.base import composable
from valence_dashboard.tests.functional.base import register


class Pools(base.TestCase):
    def test_create_watch_drain_and_delete(self):
        register('pooling', 3)
        composable().create_flavor(name='pooled', properties={})
        window = self.open('admin')
        window.go('/admin/pools/')
        window.read('No pools.')
        window.go('/admin/pools/create/')
        window.type(name='warm', min_ready='5', max_nodes='1')
        window.choose('flavor', 'pooled')
        window.type(pod_managers='pooling')
        window.click('.valence-page .btn-primary')
        # The error of the API is beside its field.
        window.read('Must be min_ready', '.has-error')
        self.check(window, 'pool-create', browser.TELEPHONE)
        window.type(min_ready='1', max_nodes='4')
        window.click('.valence-page .btn-primary')
        window.read('Created warm.')
        # The row follows what the conductor does.
        window.read('Ok', 'tr[data-display="warm"]')
        self.check(window, 'pools')
        window.follow('warm')
        window.read('pooled', '#pool__overview')
        self.check(window, 'pool')
        window.click('a[href*="pool__nodes"]')
        window.read('warm-', '#pool__nodes')
        self.check(window, 'pool-nodes')
        window.act('', 'drain')
        window.confirm()
        window.read('Draining pool: warm')
        window.read('Drained', 'tr[data-display="warm"]')
        window.act('warm', 'delete')
        window.confirm()
        window.read('Deleted pool: warm')
        window.read('No pools.')
        self.assertEqual([], [*composable().pools()])
        self.assertEqual([], window.errors())
