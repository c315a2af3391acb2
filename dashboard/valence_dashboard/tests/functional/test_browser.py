# SPDX-License-Identifier: Apache-2.0
"""People at work with the pages: Horizon, Keystone, Valence, all real."""

import functools
import unittest

import testtools
import valenceclient

from valence_dashboard.tests.functional import browser
from valence_dashboard.tests.functional import processes
from valence_dashboard.tests.functional import stack

_MISSING = browser.missing()
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


@functools.cache
def composable():
    """Valence, as an administrator speaks to it."""
    cloud = stack.stack().cloud('admin')
    valenceclient.add_service(cloud)
    return cloud.composable


@functools.cache
def pod(name: str, systems: int):
    """A pod manager that is online, with its inventory read."""
    simulator = processes.simulator(systems, '--compose-seconds', '0.3')
    composable().create_pod_manager(
        name=name,
        url=simulator.url,
        username='admin',
        password=processes.PASSWORD,
    )
    processes.wait_for(
        lambda: composable().get_pod_manager(name).synced_at, f'pod {name}'
    )
    return composable().get_pod_manager(name)


@unittest.skipIf(_MISSING, f'not installed: {", ".join(_MISSING)}')
class Pages(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.stack = stack.stack()

    def open(self, user):
        """A window in which somebody has logged in."""
        window = browser.Browser(self.stack.url)
        self.addCleanup(window.close)
        window.log_in(user)
        return window

    def check(self, window, name):
        """A page is fit for everybody, in a narrow and in a wide window."""
        for width in browser.WIDTHS:
            window.resize(width)
            window.screenshot(name)
            self.assertFalse(window.too_wide(), f'{name} at {width}')
        window.resize(browser.WIDTHS[0])
        self.assertEqual([], window.serious(), name)
        self.assertNotIn(f'"{processes.PASSWORD}"', window.driver.page_source)

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
        window.read('Invalid input for url')
        source = window.driver.page_source
        self.assertNotIn(f'value="{processes.PASSWORD}"', source)
        window.type(url=simulator.url, password=processes.PASSWORD)
        window.click('.modal.in input[type=submit]')
        # It comes online before one's eyes.
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
        self.edit_and_remove(window)

    def edit_and_remove(self, window):
        window.go('/admin/pod_managers/')
        window.act('registered', 'edit')
        window.type(location='Room 7')
        window.click('.modal.in input[type=submit]')
        window.read('Changed registered.')
        window.read('Room 7')
        window.go('/admin/pod_managers/')
        window.act('registered', 'remove')
        window.read('registered has no nodes.')
        window.click('.modal.in input[type=submit]')
        window.wait(lambda: not composable().find_pod_manager('registered'))
        self.assertEqual([], window.errors())

    def test_compose_and_release(self):
        pod('composing', 12)
        window = self.open('demo')
        self.assertIn('/project/nodes/', window.driver.current_url)
        self.assertNotIn('Admin', window.text('#sidebar'))
        self.assertFalse(window.find('#nodes__action_adopt'))
        window.click('#nodes__action_compose')
        window.type(name='web')
        window.click('.button-next')
        window.type(processor__total_cores='4000')
        window.read('It cannot be composed now', '#valence-preview')
        window.read('total_cores', '#valence-preview')
        self.check(window, 'compose-impossible')
        window.type(processor__total_cores='8', memory__capacity_mib='16')
        window.read('It would be composed on', '#valence-preview')
        self.check(window, 'compose')
        window.click('.button-next')
        window.choose('pod_manager', 'composing')
        window.read('composing', '#valence-preview')
        window.click('.button-final')
        # It becomes active before one's eyes.
        window.read('Active', '.valence-status')
        window.read('16 GiB')
        window.wait(lambda: window.find('[id$="action_power"]'))
        window.click('a[href*="node__hardware"]')
        self.check(window, 'node')
        self.power(window)
        self.devices(window)
        window.click('a[href*="node__operations"]')
        window.read('detach', '#node__operations')
        self.check(window, 'node-operations')
        window.act('', 'release')
        window.confirm()
        window.read('Releasing node: web')
        # It vanishes before one's eyes.
        window.wait(lambda: not window.find('tr[data-display="web"]'))
        self.assertEqual([], window.errors())

    def power(self, window):
        window.act('', 'power')
        window.choose('Type', 'Force off')
        self.check(window, 'power')
        window.click('.modal.in input[type=submit]')
        window.read('Switching web.')
        window.wait(lambda: not window.find('.valence-status[data-live]'))
        window.read('Off', '#node__overview')
        window.act('', 'boot')
        window.choose('Target', 'Pxe')
        window.click('.modal.in input[type=submit]')
        window.read('Setting what web boots from.')
        window.wait(lambda: not window.find('.valence-status[data-live]'))

    def devices(self, window):
        window.act('', 'register')
        window.read('Resource class', '.modal.in')
        self.check(window, 'ironic')
        window.click('.modal.in .cancel')
        window.act('', 'attach')
        window.wait(lambda: window.find('#id_device option'))
        window.choose('device', 'Drive')
        window.click('.modal.in input[type=submit]')
        window.read('Attaching a device to web.')
        window.wait(lambda: not window.find('.valence-status[data-live]'))
        window.click('a[href*="node__hardware"]')
        window.act('Drive', 'detach')
        window.confirm()
        window.read('Detaching device')
        window.wait(lambda: not window.find('.valence-status[data-live]'))

    def test_failures_are_told(self):
        pod('composing', 12)
        composable().create_pod_manager(
            name='lost', url='http://127.0.0.1:9', username='x'
        )
        self.addCleanup(composable().delete_pod_manager, 'lost')
        window = self.open('admin')
        window.go('/admin/pod_managers/')
        window.read('Offline', '#pod_managers')
        self.assertIn('refused', window.text('.valence-reason'))
        self.check(window, 'pod-managers-offline')
        window.go('/project/nodes/compose/')
        window.type(name='huge')
        window.click('.button-next')
        window.type(memory__capacity_mib='900000')
        window.click('.button-next')
        window.click('.button-final')
        window.read('Error', '.valence-status')
        window.read('No capacity', '.valence-status')
        self.check(window, 'node-failed')
        # A pod manager with nodes is not removed unasked.
        composable().compose_node(name='staying', pod_manager='composing')
        processes.wait_for(
            lambda: composable().get_node('staying').podm_uuid, 'the node'
        )
        window.go('/admin/pod_managers/')
        window.act('composing', 'remove')
        window.read('staying', '.modal.in')
        self.check(window, 'remove')
        window.click('.modal.in input[type=submit]')
        window.read('has nodes: staying', '.modal.in')
        window.go('/project/nodes/')
        for box in window.find('#nodes tbody .table-row-multi-select'):
            window.driver.execute_script('arguments[0].click()', box)
        window.click('#nodes__action_release')
        window.confirm()
        window.wait(lambda: not window.find('#nodes tr[data-object-id]'))
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
        window.act('small', 'compose')
        window.read('It would be composed on', '#valence-preview')
        window.go('/project/flavors/')
        window.act('small', 'delete')
        window.confirm()
        window.read('Deleted flavor: small')

    def test_readers_only_read(self):
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
        # Gone is gone.
        window.driver.execute_script(
            "document.querySelector('form[action*=logout] button').click()"
        )
        window.wait(lambda: 'login' in window.driver.current_url)
        window.go('/project/nodes/')
        self.assertIn('/auth/login', window.driver.current_url)

    def test_topology_of_800_systems(self):
        uuid = pod('large', 800).id
        window = self.open('admin')
        for width in browser.WIDTHS:
            window.resize(width)
            window.go(f'/admin/topology/{uuid}/')
            for kind, count in (('system', 800), ('rack', 21), ('box', 101)):
                selector = f'#valence-racks .valence-{kind}'
                self.assertEqual(
                    [count, 0],
                    window.driver.execute_script(_OVERLAPS, selector),
                )
        self.check(window, 'topology')
        system = window.find('#valence-racks .valence-system')[5]
        window.driver.execute_script('arguments[0].focus()', system)
        name = system.get_attribute('data-name')
        window.read(name, '#valence-hover')
        window.read('CPU cores', '#valence-hover')
        system.click()
        window.read(name, '.detail-title')
        window.read('large', '.valence-details')
        self.check(window, 'system')
        for panel in ('systems', 'chassis', 'devices', 'storages'):
            window.go(f'/admin/{panel}/')
            self.check(window, panel)
        self.assertEqual([], window.errors())

    def test_valence_is_away_for_a_while(self):
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
                window.read('Valence does not answer')
            window.go('/project/nodes/')
            self.assertNotIn('There is no node', window.text())
            window.screenshot('away')
        finally:
            self.stack.valence.start()
        window.go('/admin/pod_managers/')
        window.read('composing', '#pod_managers')
        self.assertNotIn('does not answer', window.text())
