# SPDX-License-Identifier: Apache-2.0
"""The contract: hardware is reserved before a node is composed of it."""

import dataclasses

from oslo_utils import uuidutils

from valence.common import exception
from valence.common.identity import Mark
from valence.podmanagers.progress import Progress
from valence.tests.contract import case


class Reservations(case.Case):
    """Hardware is kept for one node, found by its mark, and given back."""

    def reserve(self, request):
        progress = Progress()
        self.addCleanup(self.unreserve, request)
        try:
            return self.patiently(
                lambda: self.driver.reserve(request, self.soon(), progress)
            )
        except exception.NoMatch:
            raise
        except exception.RequestRejected as exc:
            self.assertEqual([], self.reserved(request))
            self.skipTest(f'it does not reserve this: {exc}')

    def unreserve(self, request):
        driver, progress = self.new_driver(), Progress()
        self.patiently(
            lambda: driver.unreserve(request.mark, self.soon(), progress)
        )

    def reserved(self, request):
        listed = self.new_driver().list_reservations(self.soon())
        return [one for one in listed if request.mark.same_as(one.mark)]

    def shown(self, request):
        parts = [request.system, *request.devices]
        seen = self.new_driver().refresh(parts, self.soon())
        return {
            item.values['state'] for item in (*seen.systems, *seen.devices)
        }

    def test_life_of_a_reservation(self):
        self.need('reserve', 'compose', 'release')
        request = self.request()
        self.assertEqual([], self.reserved(request))
        made = self.reserve(request)
        self.assertEqual([made], self.reserved(request))
        self.assertEqual({'used'}, self.shown(request))
        self.assertEqual([], self.made())
        self.unreserve(request)
        self.assertEqual([], self.reserved(request))
        self.assertEqual({'free'}, self.shown(request))
        # A no-op.
        self.unreserve(request)

    def test_composing_uses_the_reservation(self):
        self.need('reserve', 'compose', 'release')
        request = self.request()
        self.reserve(request)
        node = self.bring(request)
        self.assertOneNode(request, node)
        self.assertEqual([], self.reserved(request))
        self.release(node.uri)
        self.assertAllFree(request)

    def test_what_is_reserved_is_of_nobody_else(self):
        self.need('reserve', 'compose')
        request = self.request()
        made = self.reserve(request)
        other = Mark(uuidutils.generate_uuid(), '0123456789ab')
        another = dataclasses.replace(request, mark=other)
        for call in (self.driver.reserve, self.driver.compose):
            self.assertRaises(
                exception.NoMatch, call, another, self.soon(), Progress()
            )
        self.unreserve(another)
        self.assertEqual([made], self.reserved(request))

    def test_reservations_that_are_not_offered(self):
        if 'reserve' in self.driver.probe(self.soon()).capabilities:
            self.skipTest('it offers reservations')
        request = self.request()
        self.assertRaises(
            exception.RequestRejected,
            self.driver.reserve,
            request,
            self.soon(),
            Progress(),
        )
        self.assertEqual([], self.reserved(request))
        self.assertEqual({'free'}, self.shown(request))
