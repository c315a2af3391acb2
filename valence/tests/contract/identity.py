# SPDX-License-Identifier: Apache-2.0
"""The contract: what identifies a node."""

from valence.common import identity
from valence.podmanagers.progress import Progress
from valence.tests.contract import case


class Identity(case.Case):
    """One node has one URI, and is what was composed."""

    def test_one_node_has_one_uri(self):
        self.need('compose', 'release')
        request = self.request()
        before = self.new_driver().node_uris(self.soon())
        node = self.bring(request)
        self.assertEqual(identity.canonical_uri(node.uri), node.uri)
        if node.uri in before:
            # A permanent system, to which devices are added.
            self.assertEqual(request.mark, node.mark)
        driver = self.new_driver()
        self.assertIn(node.uri, driver.node_uris(self.soon()))
        seen = driver.read_node(node.uri, self.soon())
        self.assertEqual(node.uri, seen.uri)
        self.assertEqual([node.uri], [one.uri for one in self.made()])
        inventory = driver.discover(self.soon())
        shown = {one.uri for one in inventory.nodes} - self.before
        self.assertEqual({node.uri}, shown)
        self.assertFoundAgain(request, seen)

    def assertFoundAgain(self, request, node):
        """It is found again: by its mark, else by its parts or not at all."""
        found = self.new_driver().find_composed(request, self.soon())
        if found is not None or node.mark is not None:
            self.assertEqual(node.uri, found.uri)

    def test_a_node_shows_its_own_mark_or_none(self):
        self.need('compose', 'release')
        request = self.request()
        node = self.bring(request)
        seen = self.new_driver().read_node(node.uri, self.soon())
        self.assertIn(seen.mark, (None, request.mark))

    def test_it_is_found_by_what_it_is_made_of_or_its_mark(self):
        self.need('compose', 'release')
        first = self.request()
        node = self.bring(first)
        other = self.request()
        self.assertNotEqual(first.system, other.system)
        self.assertIsNone(self.new_driver().find_composed(other, self.soon()))
        again = self.bring(other)
        self.assertNotEqual(node.uri, again.uri)
        driver = self.new_driver()
        self.assertFoundAgain(first, node)
        self.assertFoundAgain(other, again)
        driver.release(node.uri, self.soon(), Progress())
        self.assertEqual([again.uri], [one.uri for one in self.made()])

    def test_the_service_has_one_uuid(self):
        probed = self.driver.probe(self.soon()).service_uuid
        self.assertEqual(
            identity.identifying_uuid(probed),
            identity.identifying_uuid(
                self.new_driver().service_uuid(self.soon())
            ),
        )
