# SPDX-License-Identifier: Apache-2.0
"""Base class of browser tests: the services, pod managers and windows."""

import functools
import unittest

import testtools
import valenceclient

from valence_dashboard.tests.functional import browser
from valence_dashboard.tests.functional import processes
from valence_dashboard.tests.functional import stack

MISSING = browser.missing()
#: The lists of all panels.
PANELS = (
    *('/project/nodes/', '/project/flavors/', '/project/operations/'),
    *('/project/holds/', '/admin/pod_managers/', '/admin/systems/'),
    *('/admin/chassis/', '/admin/devices/', '/admin/storages/'),
    # The last one shows only a part of what it is about.
    *('/admin/operations/', '/admin/findings/', '/admin/conditions/'),
    *('/admin/topology/', '/admin/nodes/', '/admin/pools/'),
    *('/admin/search/', '/admin/summary/'),
)


@functools.cache
def composable(user='admin'):
    """Return the proxy of a user, by default of an administrator."""
    cloud = stack.stack().cloud(user)
    valenceclient.add_service(cloud)
    return cloud.composable


def register(
    name: str, systems: int, seconds: float = 0.3
) -> processes.Process:
    """Register a pod manager and wait for its inventory.

    :param seconds: how long it takes to compose a node.
    """
    simulator = processes.simulator(systems, '--compose-seconds', str(seconds))
    composable().create_pod_manager(
        name=name,
        url=simulator.url,
        username='admin',
        password=processes.PASSWORD,
        hardware_username='admin',
        hardware_password=processes.PASSWORD,
    )
    processes.wait_for(
        lambda: composable().get_pod_manager(name).synced_at, f'pod {name}'
    )
    return simulator


@functools.cache
def pod(name: str, systems: int):
    """Register a pod manager that the tests share."""
    register(name, systems)
    return composable().get_pod_manager(name)


@unittest.skipIf(MISSING, f'not installed: {", ".join(MISSING)}')
class TestCase(testtools.TestCase):
    """A test with browser windows."""

    def setUp(self):
        super().setUp()
        self.stack = stack.stack()

    def open(self, user):
        """Open a window and log in."""
        window = browser.Browser(self.stack.url)
        self.addCleanup(window.close)
        window.log_in(user)
        return window

    def check(self, window, name, *more):
        """Check accessibility and width of a page, narrow and wide.

        :param more: other widths of the window.
        """
        for width in (*more, *browser.WIDTHS):
            window.resize(width)
            window.screenshot(name)
            self.assertFalse(window.too_wide(), f'{name} at {width}')
        window.resize(browser.WIDTHS[0])
        self.assertEqual([], window.accessibility_problems(), name)
        self.assertNotIn(f'"{processes.PASSWORD}"', window.driver.page_source)

    def node(self, pod_manager, name):
        """Compose a node in the project of the administrator."""
        made = composable().compose_node(name=name, pod_manager=pod_manager)
        composable().wait_for_operation(made, interval=0.1)
        return made
