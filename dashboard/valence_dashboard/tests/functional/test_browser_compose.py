# SPDX-License-Identifier: Apache-2.0
"""How a member composes nodes, with a real Horizon, Keystone and Valence."""

import json
import pathlib

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional import browser
from valence_dashboard.tests.functional import processes
from valence_dashboard.tests.functional.base import register

_COMPOSE = '/project/nodes/compose/'
_PREVIEW = '#valence-preview'
_ALERTS = '.messages, .alert'


class Member(base.TestCase):
    def setUp(self):
        super().setUp()
        self.window = self.open('demo')

    def fill(self, text):
        """Fill the form from JSON."""
        self.unfold()
        box = self.window.find('#valence-pasted')[0]
        box.clear()
        box.send_keys(text)
        self.window.click('aside details form [type=submit]')

    def unfold(self):
        """Show what is folded beside the form."""
        self.window.driver.execute_script(
            'document.querySelectorAll("aside details").forEach('
            '(one) => { one.open = true; }); scrollTo(0, 0);'
        )

    def value(self, name):
        return self.window.find(f'#id_{name}')[0].get_attribute('value')

    def test_use_what_fits(self):
        register('fitting', 4)
        window = self.window
        for theme in ('dark', 'default'):
            window.use_theme(theme)
            window.go(_COMPOSE)
            window.type(name='near', count='2')
            window.follow('Hardware')
            window.type(
                processor__total_cores='4000', memory__capacity_mib='1'
            )
            window.read('Processor: Total cores', '.valence-shortage')
            self.unfold()
            self.check(window, f'why-not-{theme}', browser.TELEPHONE)
        self.assertIn('4000', window.text('.valence-shortage'))
        # What other hardware there is, members do not see.
        self.assertNotIn('free system', window.text('.valence-shortage'))
        window.click('.valence-shortage + form [type=submit]')
        window.read('The node would be composed on', _PREVIEW)
        window.read('first of 2 nodes', _PREVIEW)
        self.assertEqual('near', self.value('name'))
        self.assertEqual('2', self.value('count'))
        self.assertEqual('', self.value('processor__total_cores'))
        self.assertEqual('1', self.value('memory__capacity_mib'))
        self.assertEqual([], window.errors())

    def test_several_nodes_a_clone_and_another_try(self):
        register('several', 8)
        window = self.window
        window.go(_COMPOSE)
        window.type(name='web', count='3', description='Web servers.')
        window.follow('Placement')
        window.choose('pod_manager', 'several')
        window.click('.button-final')
        window.read('Composing 3 nodes.')
        for number in (1, 2, 3):
            window.read(f'web-{number}', '#nodes')
        window.wait(lambda: window.text('#nodes').count('Active') >= 3)
        self.clone(window)
        self.retry(window)
        self.assertEqual([], window.errors())

    def clone(self, window):
        """Compose four nodes like one that there is; three names are taken."""
        window.act('web-2', 'clone')
        window.read('The node would be composed on', _PREVIEW)
        self.assertEqual('Web servers.', self.value('description'))
        window.type(name='web', count='4')
        window.follow('Placement')
        window.click('.button-final')
        window.read('Composing 1 node.')
        window.read('web-1', '.alert-danger')
        window.read('web-4', '#nodes')
        window.screenshot('several')

    def retry(self, window):
        window.go(_COMPOSE)
        window.type(name='huge')
        window.follow('Hardware')
        window.type(memory__capacity_mib='900000')
        window.follow('Placement')
        window.click('.button-final')
        window.read('Error', '.valence-status')
        failed = window.driver.current_url.rstrip('/').rpartition('/')[2]
        window.act('', 'retry')
        window.read('The failed node is deleted before')
        self.check(window, 'retry', browser.TELEPHONE)
        self.assertEqual('huge', self.value('name'))
        window.follow('Hardware')
        window.wait(lambda: self.value('memory__capacity_mib') == '900000')
        window.type(memory__capacity_mib='1')
        window.follow('Placement')
        window.click('.button-final')
        window.read('Active', '.valence-status')
        self.assertNotIn(failed, window.driver.current_url)

    def test_json(self):
        register('pasted', 3)
        window = self.window
        window.go(_COMPOSE)
        window.type(name='typed')
        window.follow('Hardware')
        window.type(storage__0__capacity_gib='10')
        window.read('composed on', _PREVIEW)
        self.unfold()
        window.read('"typed"', '.valence-request pre')
        window.click('[data-copy]')
        window.read('Copied.', '.valence-request')
        self.check(window, 'json', browser.TELEPHONE)
        body = json.loads(window.text('.valence-request pre'))
        self.assertEqual(
            {
                'name': 'typed',
                'properties': {'storage': [{'capacity_gib': 10}]},
            },
            body,
        )
        body |= {'name': 'sent', 'pod_manager': 'pasted'}
        body['properties']['storage'] *= 3
        self.fill(json.dumps({**body, 'colour': 'red'}))
        window.read('colour', _ALERTS)
        self.fill(json.dumps(body))
        window.wait(lambda: self.value('name') == 'sent')
        self.assertEqual('10', self.value('storage__2__capacity_gib'))
        window.read('composed on pasted', _PREVIEW)
        self.upload({'name': 'uploaded', 'properties': {'memory': 5}})
        window.read('properties.memory', _ALERTS)
        self.upload({'name': 'uploaded'})
        window.wait(lambda: self.value('name') == 'uploaded')
        self.assertEqual([], window.errors())

    def upload(self, body):
        path = pathlib.Path(processes.directory()) / 'request.json'
        path.write_text(json.dumps(body))
        self.unfold()
        self.window.find('#valence-pasted')[0].clear()
        self.window.find('#valence-file')[0].send_keys(str(path))
        self.window.click('aside details form [type=submit]')
