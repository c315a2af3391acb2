# SPDX-License-Identifier: Apache-2.0
"""The ways in which services compose, and what they require."""

from valence.common import exception
from valence.podmanagers import base as podmanagers
from valence.podmanagers.composition import required
from valence.podmanagers.progress import Progress
from valence.podmanagers.rsd.driver import RSD
from valence.tests import base
from valence.tests.contract import test_oddities


class RequiredTestCase(test_oddities.OdditiesTestCase):
    def compose(self, *names):
        begun = self.driver.compose(
            self.request(*names), self.soon(), Progress()
        )
        return self.settle(begun.uri)

    def sent(self):
        return [
            one
            for one in self.simulator.control('GET', '/requests?changing=true')
            if 'SessionService' not in one['path']
        ]

    def test_allowed_values_are_used(self):
        self.start(
            '--no-tasks',
            '--required-on-create',
            'AssetTag=gold,silver',
            'Boot/BootSourceOverrideMode=UEFI',
            'HostName',
        )
        node = self.compose('compute-1')
        (sent,) = self.sent()
        self.assertEqual('gold', sent['body']['AssetTag'])
        self.assertEqual(
            {'BootSourceOverrideMode': 'UEFI'}, sent['body']['Boot']
        )
        self.assertEqual(test_oddities.MARK, node.mark)

    def test_unknown_values_are_not_guessed(self):
        self.start('--no-tasks', '--required-on-create', 'Colour')
        error = self.assertRaises(
            exception.RequestRejected, self.compose, 'compute-1'
        )
        self.assertIn('Colour', str(error))
        self.assertEqual([], self.sent())


class FillTestCase(base.TestCase):
    def test_fill(self):
        need, allowed = '@Redfish.RequiredOnCreate', '@Redfish.AllowableValues'
        for body, capabilities, filled in (
            ({}, {}, {}),
            ({}, {f'A{need}': True}, {}),
            ({}, {f'A{need}': True, f'A{allowed}': []}, {}),
            ({}, {f'A{need}': True, f'A{allowed}': [2, 1]}, {'A': 2}),
            ({'A': 1}, {f'A{need}': True, f'A{allowed}': [2]}, {'A': 1}),
            ({}, {f'A{need}': False, f'A{allowed}': [2]}, {}),
            ({}, {f'A{allowed}': [2]}, {}),
            (
                {'A': {'C': 3}},
                {
                    f'A{need}': True,
                    'A': {f'B{need}': True, f'B{allowed}': ['b']},
                },
                {'A': {'B': 'b', 'C': 3}},
            ),
            ({}, {f'A{need}': True, 'A': {f'B{need}': True}}, {}),
        ):
            self.assertEqual(filled, required.fill(body, capabilities))


class PatchTestCase(test_oddities.OdditiesTestCase):
    """Blocks are added to a permanent system by PATCH of its links."""

    def life(self, form):
        self.start(
            *('--no-tasks', '--expandable', '1'),
            *('--compose-by', '--blocks-by', form),
        )
        self.assertIn('compose', self.driver.probe(self.soon()).capabilities)
        seen = self.driver.discover(self.soon())
        (system,) = (
            item.uri
            for item in seen.systems
            if item.properties['Links'].get('ComputerSystems')
        )
        free = [d.uri for d in seen.devices if d.values['state'] == 'free']
        first, second = free[:2]
        request = podmanagers.ComposeRequest(
            test_oddities.MARK, 'n', {}, system, (first,)
        )
        node = self.settle(
            self.driver.compose(request, self.soon(), Progress()).uri
        )
        self.assertIn(first, node.resources)
        progress = Progress()
        self.driver.attach(node.uri, second, self.soon(), progress)
        self.driver.detach(node.uri, first, self.soon(), progress)
        node = self.driver.read_node(node.uri, self.soon())
        self.assertIn(second, node.resources)
        self.assertNotIn(first, node.resources)
        self.driver.release(node.uri, self.soon(), progress)
        self.assertEqual([], self.driver.list_nodes(self.soon()))
        seen = self.driver.discover(self.soon())
        states = {d.uri: d.values['state'] for d in seen.devices}
        self.assertEqual(('free', 'free'), (states[first], states[second]))

    def test_by_place(self):
        self.life('places')

    def test_the_whole_list(self):
        self.life('list')


class CapabilityTestCase(test_oddities.OdditiesTestCase):
    """Compose is claimed only where it can be."""

    def able(self):
        return self.driver.probe(self.soon()).capabilities

    def test_systems_that_cannot_be_created(self):
        self.start('--compose-by')
        self.assertNotIn('compose', self.able())
        self.assertIn('release', self.able())

    def test_each_way(self):
        self.start()
        self.assertIn('compose', self.able())

    def test_nodes_without_allocate(self):
        self.driver_class = RSD
        self.start('--no-allocate', personality='rsd')
        self.assertNotIn('compose', self.able())
        self.assertIn('release', self.able())
