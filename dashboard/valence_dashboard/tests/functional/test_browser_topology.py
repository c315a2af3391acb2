# SPDX-License-Identifier: Apache-2.0
"""The topology: all pods, search, zoom and the keyboard."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from valence_dashboard.tests.functional import base
from valence_dashboard.tests.functional import browser
from valence_dashboard.tests.functional.base import composable
from valence_dashboard.tests.functional.base import pod

_OVERLAPS = """
    const boxes = Array.from(document.querySelectorAll(arguments[0]))
        .map((one) => one.getBoundingClientRect())
        .sort((one, other) => one.top - other.top);
    let found = 0;
    boxes.forEach((one, n) => {
        for (const other of boxes.slice(n + 1)) {
            if (other.top >= one.bottom - 0.5) break;
            if (one.left < other.right - 0.5 && other.left < one.right - 0.5)
                found += 1;
        }
    });
    return [boxes.length, found];
"""
_LARGE = """
    const done = arguments[arguments.length - 1], count = arguments[0];
    const parts = [], looks = ['free', 'composed', 'off', 'failed'];
    for (let n = 0; n < count; n++) parts.push({
        kind: n % 6 ? 'devices' : 'systems', uuid: 'uuid-' + n,
        name: 'Part ' + n, look: looks[n % 4], marks: [], letter: 'D',
        serial: 'S' + n, node: null, facts: [], conditions: []});
    const racks = [];
    while (parts.length) racks.push({
        uuid: 'rack', name: 'Rack ' + racks.length, units: 42, boxes: [],
        conditions: [], count: 240, parts: parts.splice(0, 240)});
    const drawing = {racks: racks, nodes: {}, urls: {}, legend: []};
    const known = window.fetch;
    window.fetch = () => Promise.resolve(
        new Response(JSON.stringify(drawing)));
    const closed = Array.from(document.querySelectorAll('.valence-pod'))
        .find((one) => !one.open);
    const root = closed.querySelector('.valence-drawing');
    new MutationObserver(() => {
        if (root.dataset.state === 'drawn') {
            window.fetch = known;
            done(root.querySelectorAll('.valence-part').length);
        }
    }).observe(root, {attributes: true});
    closed.open = true;
"""


class Topology(base.TestCase):
    def setUp(self):
        super().setUp()
        self.uuid = pod('large', 800).id
        pod('small', 12)
        self.window = self.open('admin')

    def press(self, *keys):
        for key in keys:
            ActionChains(self.window.driver).send_keys(key).perform()

    def drawn(self):
        self.window.wait(lambda: self.window.find('[data-state=drawn]'))

    def focused(self):
        return self.window.driver.execute_script(
            'return document.activeElement.dataset.name'
        )

    def test_800_systems(self):
        window = self.window
        for width in browser.WIDTHS:
            window.resize(width)
            window.go(f'/admin/topology/{self.uuid}/')
            self.drawn()
            for kind, count in (('system', 800), ('box', 101)):
                selector = f'.valence-racks .valence-{kind}'
                self.assertEqual(
                    [count, 0],
                    window.driver.execute_script(_OVERLAPS, selector),
                )
        self.check(window, 'topology', browser.TELEPHONE)
        self.assertEqual(20, len(window.find('.valence-elevation')))
        first = window.find('.valence-racks .valence-system')[0]
        window.driver.execute_script('arguments[0].focus()', first)
        name = self.focused()
        window.read(name, '#valence-tooltip')
        window.read('CPU cores', '#valence-tooltip')
        self.press(Keys.ARROW_RIGHT)
        self.assertNotEqual(name, self.focused())
        self.press(Keys.HOME, '+')
        window.read('125 %', '#valence-zoom')
        self.press('0', Keys.ENTER)
        window.read(name, '.detail-title')
        self.assertEqual([], window.errors())

    def test_find(self):
        window = self.window
        made = self.node('small', 'sought')
        self.addCleanup(composable().delete_node, made.id)
        window.go('/admin/topology/')
        window.type_into('#valence-find', 'sought', Keys.ENTER)
        # Nothing is open: all pods are searched.
        window.follow('sought')
        self.drawn()
        window.read('1 of 1', '#valence-found')
        (system,) = window.find('.valence-match')
        window.type_into('#valence-find', Keys.ENTER)
        self.assertEqual(self.focused(), system.get_attribute('data-name'))
        window.read('Node: sought', '#valence-tooltip')
        window.read('Project: admin', '#valence-tooltip')
        self.check(window, 'topology-found', browser.TELEPHONE)
        window.find('#valence-find')[0].clear()
        window.type_into('#valence-find', 'nothing')
        window.read('Nothing found', '#valence-found')
        self.assertEqual([], window.errors())

    def test_pods_are_drawn_when_they_are_opened(self):
        window = self.window
        window.go('/admin/topology/')
        self.assertFalse(window.find('.valence-rack'))
        window.read('large', '.valence-pod')
        window.read('of 12 free', '.valence-pod')
        self.assertEqual(
            6000, window.driver.execute_async_script(_LARGE, 6000)
        )
        for width in (browser.TELEPHONE, browser.WIDTHS[0]):
            window.resize(width)
            self.assertFalse(window.too_wide(), width)
