# SPDX-License-Identifier: Apache-2.0
"""The contract: the life of a node."""

import concurrent.futures
import threading

from valence.common import exception
from valence.podmanagers import base as podmanagers
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.progress import Progress
from valence.tests.contract import case


class Nodes(case.Case):
    """Nodes are composed, used and released."""

    def test_life_of_a_node(self):
        self.need('compose', 'release')
        request = self.request()
        self.assertIsNone(self.driver.find_composed(request, self.soon()))
        node = self.driver.compose(request, self.soon(), Progress())
        uri = node.uri
        node = self.patiently(
            lambda: self.driver.poll_compose(uri, self.soon(), Progress())
        )
        self.assertOneNode(request, node)
        self.assertFound(request, node)
        erased = self.release(node.uri, erase=True)
        self.assertIsInstance(erased, bool)
        if 'erase' not in self.driver_class.capabilities:
            self.assertFalse(erased and self.remote)
        self.release(node.uri)
        self.assertAllFree(request)
        self.assertReleased(request, node)

    def assertFound(self, request, node):
        """Polling again changes nothing, and other drivers find the node."""
        again = self.patiently(
            lambda: self.new_driver().poll_compose(
                node.uri, self.soon(), Progress()
            )
        )
        self.assertEqual(node, again)
        self.assertEqual(
            node,
            self.new_driver().read_node(uri=node.uri, deadline=self.soon()),
        )
        self.assertIn(node, self.new_driver().discover(self.soon()).nodes)
        found = self.new_driver().find_composed(request, self.soon())
        self.assertEqual(node.uri, found.uri)

    def assertReleased(self, request, node):
        """The node is gone, for every driver."""
        # Without progress it is not known how the node was deleted.
        self.assertFalse(
            self.remote and self.release(node.uri, self.new_driver())
        )
        self.assertIsNone(self.driver.find_composed(request, self.soon()))
        self.assertRaises(
            exception.ResourceGone,
            self.driver.read_node,
            node.uri,
            self.soon(),
        )

    def test_a_node_without_devices(self):
        self.need('compose', 'release')
        request = self.request(devices=0)
        node = self.bring(request)
        self.assertOneNode(request, node)
        self.release(node.uri)
        self.assertAllFree(request)

    def test_refresh_reads_the_parts_of_a_node(self):
        self.need('compose', 'release')
        watcher = self.new_driver()
        watcher.discover(self.soon())
        request = self.request()
        parts = [request.system, *request.devices]
        node = self.bring(request)
        for uris in (parts, [node.uri]):
            seen = watcher.refresh(uris, self.soon())
            self.assertEqual(
                dict.fromkeys(parts, 'used'),
                {
                    item.uri: item.values['state']
                    for item in (*seen.systems, *seen.devices)
                    if item.uri in parts
                },
            )
        self.release(node.uri)
        seen = watcher.refresh([*parts, node.uri], self.soon())
        self.assertEqual(
            dict.fromkeys(parts, 'free'),
            {
                item.uri: item.values['state']
                for item in (*seen.systems, *seen.devices)
                if item.uri in parts
            },
        )
        self.assertIn(node.uri, seen.gone)

    def test_node_of_another_request_is_not_found(self):
        self.need('compose', 'release')
        request = self.request()
        node = self.bring(request)
        other = podmanagers.ComposeRequest(self.mark(), 'other', {}, '', ())
        self.assertIsNone(self.driver.find_composed(other, self.soon()))
        self.release(node.uri)

    def test_parts_that_are_taken(self):
        self.need('compose', 'release')
        request = self.request()
        node = self.bring(request)
        for devices in (request.devices, ()):
            other = podmanagers.ComposeRequest(
                self.mark(),
                'other',
                {},
                request.system,
                devices,
            )
            self.assertRaises(exception.NoMatch, self.bring, other)
        self.assertOneNode(request, node)

    def test_a_system_that_is_gone(self):
        self.need('compose')
        request = self.request()
        other = podmanagers.ComposeRequest(
            request.mark, 'other', {}, request.system + '0815', ()
        )
        self.assertRaises(
            (exception.NoMatch, exception.ResourceGone),
            self.driver.compose,
            other,
            self.soon(),
            Progress(),
        )
        self.assertEqual([], self.made())

    def test_two_want_the_same(self):
        self.need('compose', 'release')
        first = self.request()
        second = podmanagers.ComposeRequest(
            self.mark(),
            'other',
            {},
            first.system,
            first.devices,
        )
        # Claims in the database keep two writers apart where a service does
        # not: one PATCH overwrites the other, and nobody learns of it.
        at_once = 2 if self.writers_conflict else 1
        start = threading.Barrier(at_once)

        def run(request):
            driver = self.new_driver()
            start.wait()
            try:
                return self.bring(request, driver)
            except exception.NoMatch:
                # As a conductor does before it tries the next candidate.
                found = driver.find_composed(request, self.soon())
                if found is not None:
                    self.release(found.uri, driver)
                return None

        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            nodes = list(pool.map(run, (first, second)))
        won = [node for node in nodes if node is not None]
        self.assertEqual(1, len(won), nodes)
        self.assertOneNode(first, won[0])

    def test_release_of_what_is_not_composed_yet(self):
        self.need('compose', 'release')
        request = self.request()
        node = self.driver.compose(request, self.soon(), Progress())
        self.release(node.uri, self.new_driver())
        self.assertAllFree(request)

    def test_reset(self):
        self.need('compose', 'release', 'reset')
        node = self.bring(self.request(devices=0))
        for reset_type, state in (('ForceOff', 'off'), ('On', 'on')):
            self.changed('reset', node.uri, reset_type)
            found = self.driver.read_node(node.uri, self.soon())
            self.assertEqual(state, found.power_state)
        self.assertRaises(
            exception.RequestRejected,
            self.changed,
            'reset',
            node.uri,
            'Somersault',
        )

    def test_set_boot(self):
        self.need('compose', 'release', 'boot')
        node = self.bring(self.request(devices=0))
        for enabled, target in (
            ('Once', 'Pxe'),
            ('Continuous', 'Hdd'),
            ('Disabled', 'None'),
        ):
            self.changed('set_boot', node.uri, BootOverride(enabled, target))
        self.assertRaises(
            exception.RequestRejected,
            self.changed,
            'set_boot',
            node.uri,
            BootOverride('Once', 'Gramophone'),
        )

    def test_allowable_values(self):
        self.need('compose', 'release')
        node = self.bring(self.request(devices=0))
        known = self.driver.read_node(node.uri, self.soon()).allowable
        if known is None:
            self.skipTest('the driver does not report what is allowed')
        for values in known.values():
            for value in values or ():
                self.assertIsInstance(value, str)
        # What is listed once is listed always: each is stored.
        (seen,) = (
            one
            for one in self.driver.discover(self.soon()).nodes
            if one.uri == node.uri
        )
        self.assertEqual(known, seen.allowable)

    def test_attach_and_detach(self):
        self.need('compose', 'release', 'attach', 'detach')
        request = self.request(devices=0)
        node = self.bring(request)
        device = self.free_device(request)
        for state, call in (
            ('used', 'attach'),
            ('used', 'attach'),
            ('free', 'detach'),
            ('free', 'detach'),
        ):
            # Each call by a driver that does not know what the last one did.
            journal = case.Journal()
            self.patiently(
                lambda call=call, journal=journal: getattr(
                    self.new_driver(), call
                )(node.uri, device, self.soon(), journal.progress())
            )
            found = self.driver.read_node(node.uri, self.soon())
            self.assertEqual(state == 'used', device in found.resources)
            self.assertEqual({device: state}, self.states({device}))

    def test_attach_what_another_has(self):
        self.need('compose', 'release', 'attach')
        one, other = self.bring(self.request()), self.request(devices=0)
        taken = [uri for uri in one.resources if uri in self.pool()]
        if not taken:
            self.skipTest('the endpoint has no pooled device')
        node = self.bring(other)
        self.assertRaises(
            exception.RequestRejected,
            self.patiently,
            lambda: self.driver.attach(
                node.uri, taken[0], self.soon(), Progress()
            ),
        )

    def pool(self):
        seen = self.driver.discover(self.soon())
        return {device.uri for device in seen.devices}
