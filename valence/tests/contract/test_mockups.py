# SPDX-License-Identifier: Apache-2.0
"""Published mock-ups can be read. The counts were made by hand, once.

The mock-ups have faults of their own: counts that lie, members named twice,
members that are not listed, an action whose target is misspelt.
"""

import collections
import time

from valence.common import exception
from valence.common.identity import Mark
from valence.podmanagers import base as podmanagers
from valence.podmanagers import loader
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.composition.driver import Redfish
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress
from valence.podmanagers.rsd.driver import RSD
from valence.tests import base
from valence.tests.contract import mockups
from valence.tests.contract.patience import Patience

_COMPOSITION = 'dmtf-composition'
_BLOCKS = '/redfish/v1/CompositionService/ResourceBlocks'


class MockupTestCase(Patience, base.TestCase):
    def serve(self, name):
        reason = mockups.missing(name)
        if reason:
            self.skipTest(reason)
        return podmanagers.Connection(
            self.useFixture(mockups.Mockup(name)).url
        )

    def deadline(self):
        return Deadline(60)

    def discover(self, connection):
        driver = Redfish(connection)
        self.addCleanup(driver.close)
        seen = driver.discover(self.deadline())
        self.assertEqual([], seen.problems)
        return driver, seen

    def counts(self, seen):
        return (
            len(seen.chassis),
            collections.Counter(s.values['state'] for s in seen.systems),
            collections.Counter(
                (d.values['type'], d.values['state']) for d in seen.devices
            ),
            len(seen.nodes),
        )

    def assertComposes(self, connection):
        self.assertTrue(Redfish.recognizes(connection, self.deadline()))
        self.assertFalse(RSD.recognizes(connection, self.deadline()))

    def test_composability(self):
        connection = self.serve(f'{_COMPOSITION}/public-composability')
        self.assertComposes(connection)
        _, seen = self.discover(connection)
        self.assertEqual(
            (
                8,
                {'used': 3, 'free': 1, 'unavailable': 1},
                # Two that are in use can be shared, and count as free.
                {
                    ('drive', 'used'): 1,
                    ('drive', 'free'): 5,
                    ('nic', 'used'): 1,
                    ('gpu', 'free'): 1,
                },
                3,
            ),
            self.counts(seen),
        )

    def test_composability_values(self):
        _, seen = self.discover(
            self.serve(f'{_COMPOSITION}/public-composability')
        )
        systems = {s.uri: s.values for s in seen.systems}
        block = systems[f'{_BLOCKS}/ComputeBlock1']
        self.assertEqual(
            (2, 16, 32, 32768, 1),
            (
                block['cpu_sockets'],
                block['cpu_cores'],
                block['cpu_threads'],
                block['memory_mib'],
                len(block['nics']),
            ),
        )
        self.assertEqual(
            256, systems[f'{_BLOCKS}/SystemBlock11']['storage_gib']
        )
        devices = {d.uri: d.values for d in seen.devices}
        self.assertEqual(
            (4096, 2),
            (
                devices[f'{_BLOCKS}/DriveBlock7']['capacity_gib'],
                len(devices[f'{_BLOCKS}/DriveBlock7']['zones']),
            ),
        )
        # A block that is shared belongs to both of its nodes.
        shared = f'{_BLOCKS}/DriveBlock3'
        self.assertEqual(2, sum(shared in n.resources for n in seen.nodes))

    def test_composability_of_what_is_used(self):
        """The service can compose one Compute block, which is in use."""
        driver, _ = self.discover(
            self.serve(f'{_COMPOSITION}/public-composability')
        )
        request = podmanagers.ComposeRequest(
            Mark('2f8a3b1c-5a0e-4c8b-9a55-0a0b0c0d0e0f'),
            'n',
            {},
            f'{_BLOCKS}/ComputeBlock1',
        )
        self.assertRaises(
            exception.NoMatch,
            driver.compose,
            request,
            self.deadline(),
            Progress(),
        )
        self.assertIsNone(driver.find_composed(request, self.deadline()))

    def test_compose_action(self):
        connection = self.serve(f'{_COMPOSITION}/public-compose-action')
        self.assertComposes(connection)
        _, seen = self.discover(connection)
        # Thirteen blocks: of the fourteen members one is listed twice. Another
        # client has reserved BladeServer-2.
        self.assertEqual(
            (
                12,
                {'used': 2, 'free': 6},
                {('drive', 'used'): 2, ('drive', 'free'): 3},
                1,
            ),
            self.counts(seen),
        )
        systems = {s.uri: s.values for s in seen.systems}
        blade = systems[f'{_BLOCKS}/BladeServer-2']
        self.assertEqual('used', blade['state'])
        self.assertEqual(
            (4, 8192, 279 + 931 + 279),
            (blade['cpu_cores'], blade['memory_mib'], blade['storage_gib']),
        )

    def test_constrained_composition(self):
        connection = self.serve(
            f'{_COMPOSITION}/public-constrained-composition'
        )
        self.assertComposes(connection)
        _, seen = self.discover(connection)
        self.assertEqual(
            (
                7,
                {'used': 2},
                # Two that are in use can be shared, and count as free.
                {
                    ('drive', 'free'): 5,
                    ('nic', 'used'): 1,
                    ('gpu', 'free'): 1,
                },
                2,
            ),
            self.counts(seen),
        )

    def test_services_that_compose_nothing(self):
        """They are no pod managers, but can be read."""
        for name, chassis, systems in (
            ('public-bladed', 5, [(4, 65536, 0)] * 4),
            ('public-catfish', 1, [(0, 0, 0)]),
            ('public-nvmeof-jbof', 1, [(0, 32768, 0)]),
            ('public-rackmount1', 1, [(8, 98304, 11175)]),
            ('public-sasfabric', 2, []),
        ):
            with self.subTest(name):
                connection = self.serve(f'dmtf-mockups/{name}')
                self.assertFalse(
                    Redfish.recognizes(connection, self.deadline())
                )
                driver, seen = self.discover(connection)
                self.assertNotIn(
                    'compose', driver.probe(self.deadline()).capabilities
                )
                self.assertEqual(
                    (chassis, systems, [], []),
                    (
                        len(seen.chassis),
                        [
                            (
                                s.values['cpu_cores'],
                                s.values['memory_mib'],
                                s.values['storage_gib'],
                            )
                            for s in seen.systems
                        ],
                        seen.devices,
                        seen.nodes,
                    ),
                )

    def test_an_emulator_of_a_bmc(self):
        """Half of its links are dead; the rest is read."""
        reason = mockups.tool('sushy-emulator')
        if reason:
            self.skipTest(reason)
        url = self.useFixture(mockups.Emulator()).url
        connection = podmanagers.Connection(url)
        self.assertRaises(
            exception.NotAPodManager,
            loader.recognize,
            connection,
            self.deadline(),
        )
        driver = Redfish(connection)
        self.addCleanup(driver.close)
        self.assertEqual(
            frozenset(), driver.probe(self.deadline()).capabilities
        )
        seen = driver.discover(self.deadline())
        self.assertEqual(1, len(seen.chassis))
        self.assertEqual(['fake'], [s.values['name'] for s in seen.systems])
        for problem in seen.problems:
            self.assertIn(seen.systems[0].uri, problem)
        (uri,) = [system.uri for system in seen.systems]
        self.changed(
            'set_boot', uri, BootOverride('Continuous', 'Pxe'), driver=driver
        )
        # It keeps its state for the next time, and takes a machine's time.
        for reset_type, state in (('On', 'on'), ('ForceOff', 'off')):
            self.changed('reset', uri, reset_type, driver=driver)
            deadline = self.deadline()
            while driver.read_node(uri, deadline).power_state != state:
                time.sleep(0.2)
