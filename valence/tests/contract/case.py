# SPDX-License-Identifier: Apache-2.0
"""Helpers of the tests of the contract."""

import contextlib
import itertools
import unittest
import uuid

from valence.common import exception
from valence.common.identity import Mark
from valence.podmanagers import base as podmanagers
from valence.tests import base
from valence.tests.contract import endpoints
from valence.tests.contract.patience import SECONDS
from valence.tests.contract.patience import Journal
from valence.tests.contract.patience import Patience

__all__ = ('SECONDS', 'Case', 'Journal')


class Case(Patience, base.TestCase):
    """A driver and its endpoint."""

    driver_class = None
    # How many pooled devices a node is composed with, if there are any.
    pooled = 2
    # Whether a login lasts for more than a request, and may expire.
    sessions = True
    # Whether the driver reaches it over a network.
    remote = True
    # Whether it refuses a change that is based on what another has changed.
    writers_conflict = True

    @classmethod
    def endpoint(cls):
        """The endpoint that the tests of the class share."""
        raise unittest.SkipTest('this is what others derive from')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        fixture = cls.endpoint()
        fixture.setUp()
        cls.addClassCleanup(fixture.cleanUp)
        cls.at = fixture

    def setUp(self):
        super().setUp()
        self._numbers = itertools.count()
        self.driver = self.new_driver()
        self.addCleanup(self.tidy)
        self.before = {node.uri for node in self.composed()}

    # Helpers

    def new_driver(self, connection=None):
        """A new driver, as after a restart."""
        driver = self.driver_class(connection or self.at.connection)
        self.addCleanup(driver.close)
        return driver

    def need(self, *capabilities):
        """Skip a test of what the endpoint does not support."""
        able = self.driver.probe(self.soon()).capabilities
        for capability in capabilities:
            if capability not in able:
                self.skipTest(f'it does not support {capability}')

    def need_faults(self, *names):
        """Skip a test of faults that the endpoint does not have."""
        if not self.at.faulty:
            self.skipTest('no faults can be injected into this endpoint')
        for name in names:
            if name in endpoints.PROXY_ONLY and not self.at.is_proxy:
                self.skipTest(f'only the proxy injects {name}')

    def composed(self):
        return self.new_driver().list_nodes(self.soon())

    def made(self):
        """The nodes that were composed since the test began."""
        return [n for n in self.composed() if n.uri not in self.before]

    def tidy(self):
        """Release what a test left behind."""
        self.at.recover()
        driver = self.driver_class(self.at.connection)
        with contextlib.closing(driver):
            for node in driver.list_nodes(self.soon()):
                if node.uri not in self.before:
                    self.release(node.uri, driver)

    def mark(self):
        """The mark of another node.

        Each run has the same: of ExpEther's groups each node has a few, and
        two nodes by chance have one in common.
        """
        name = f'{self.id()} {next(self._numbers)}'
        node = str(uuid.uuid5(uuid.NAMESPACE_OID, name))
        return Mark(node, '0123456789ab')

    def request(self, devices=None):
        """A request for free resources, as the scheduler would make it."""
        seen = self.driver.discover(self.soon())
        mark = self.mark()
        count = self.pooled if devices is None else devices
        free = [s for s in seen.systems if s.values['state'] == 'free']
        choices = [(s, self.joinable(seen, s)[:count]) for s in free]
        if not choices:
            self.fail('the endpoint has no free system')
        system, chosen = max(choices, key=lambda choice: len(choice[1]))
        return podmanagers.ComposeRequest(
            mark=mark,
            name=f'contract {mark.node[:8]}',
            requirements={},
            system=system.uri,
            devices=tuple(device.uri for device in chosen),
        )

    def joinable(self, seen, system):
        """The free pooled devices that are in a zone with a system."""
        zones = set(system.values['zones'])
        zoned = any(
            item.values['zones'] for item in (*seen.systems, *seen.devices)
        )
        free = [d for d in seen.devices if d.values['state'] == 'free']
        if not zoned:
            return free
        # All of them are in one zone.
        groups = [[d for d in free if z in d.values['zones']] for z in zones]
        return max(groups, key=len, default=[])

    def free_device(self, request):
        """The URI of a free device that can join the node of a request."""
        seen = self.driver.discover(self.soon())
        system = next(s for s in seen.systems if s.uri == request.system)
        free = self.joinable(seen, system)
        if not free:
            self.skipTest('the endpoint has no free device')
        return free[0].uri

    def bring(self, request, driver=None, journals=None):
        """Compose as a conductor does: retry what fails for a while.

        Before a retry, look for what an earlier attempt composed.

        :param journals: those of both steps, of an earlier attempt.
        """
        driver = driver or self.driver
        begun, polled = journals or (Journal(), Journal())

        def begin():
            node = driver.find_composed(request, self.soon())
            return node or driver.compose(
                request, self.soon(), begun.progress()
            )

        for attempt in itertools.count(1):
            try:
                uri = self.patiently(begin).uri
                return self.patiently(
                    lambda uri=uri: driver.poll_compose(
                        uri, self.soon(), polled.progress()
                    )
                )
            except exception.PodManagerUnavailable:
                if attempt == 5:
                    raise

    def states(self, uris):
        """The states of systems and devices, by their URIs."""
        seen = self.new_driver().discover(self.soon())
        return {
            item.uri: item.values['state']
            for item in (*seen.systems, *seen.devices)
            if item.uri in uris
        }

    def assertOneNode(self, request, node):
        """A request composed exactly one node, of what was claimed."""
        made = self.made()
        self.assertEqual([node.uri], [one.uri for one in made])
        parts = {request.system, *request.devices}
        self.assertTrue(
            parts <= set(made[0].resources), (parts, made[0].resources)
        )
        self.assertEqual(
            dict.fromkeys(parts, 'used'), self.states(parts), made
        )

    def assertAllFree(self, request):
        """Nothing is left of a node, and its resources are free."""
        self.assertEqual([], self.made())
        parts = {request.system, *request.devices}
        self.assertEqual(dict.fromkeys(parts, 'free'), self.states(parts))
