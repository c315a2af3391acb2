# SPDX-License-Identifier: Apache-2.0
"""Tests against a Redfish service that is odd in one way at a time."""

from valence.common.identity import Mark
from valence.podmanagers import base as podmanagers
from valence.podmanagers.composition.driver import Redfish
from valence.podmanagers.progress import Progress
from valence.tests import base
from valence.tests.contract.patience import Patience
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS

MARK = Mark('0b7d5c3e-6b1f-4d0e-8a77-6c1f0e9d2b4a', '0123456789ab')
SERVICE = f'{ROOT}/CompositionService'
TASK = f'{ROOT}/TaskService/TaskMonitors/1'


class OddCase(Patience, base.TestCase):
    def setUp(self):
        super().setUp()
        self.service = self.useFixture(odd_service.OddService())
        self.pages = self.service.pages
        self.connect()

    def connect(self, path='', **login):
        self.connection = podmanagers.Connection(
            self.service.url + path, **login
        )
        self.driver = Redfish(self.connection)
        self.addCleanup(self.driver.close)

    def discover(self, *problems):
        """The inventory; each problem has to contain one of these texts."""
        seen = self.driver.discover(self.soon())
        self.assertEqual(len(problems), len(seen.problems), seen.problems)
        for word, problem in zip(problems, sorted(seen.problems), strict=True):
            self.assertIn(word, problem)
        return seen

    def assertBlocks(self, seen, *names, devices=('disk',)):
        self.assertEqual(
            [f'{BLOCKS}/{n}' for n in names or ('host',)],
            [s.uri for s in seen.systems],
        )
        self.assertEqual(
            [f'{BLOCKS}/{n}' for n in devices], [d.uri for d in seen.devices]
        )

    def assertLife(self):
        """A node is composed, found and released."""
        request = podmanagers.ComposeRequest(
            MARK, 'n', {}, f'{BLOCKS}/host', (f'{BLOCKS}/disk',)
        )
        begun = self.driver.compose(request, self.soon(), Progress())
        node = self.patiently(
            lambda: self.driver.poll_compose(
                begun.uri, self.soon(), Progress()
            )
        )
        self.assertEqual((f'{SYSTEMS}/1', MARK), (node.uri, node.mark))
        found = self.driver.find_composed(request, self.soon())
        self.assertEqual(node.uri, found.uri)
        self.release(node.uri)
        self.assertEqual([], self.driver.list_nodes(self.soon()))
