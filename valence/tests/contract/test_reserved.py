# SPDX-License-Identifier: Apache-2.0
"""What another client has reserved is shown as used, and left alone."""

from valence.common import exception
from valence.podmanagers.composition import blocks
from valence.podmanagers.progress import Progress
from valence.tests import base
from valence.tests.contract import test_oddities
from valence.tests.contract.odd import SERVICE
from valence.tests.contract.test_oddities import BLOCKS


class ReservedTestCase(test_oddities.OdditiesTestCase):
    def reserve(self, *names, listed):
        return self.simulator.control(
            'POST',
            '/reserve',
            {'parts': [f'{BLOCKS}/{n}' for n in names], 'listed': listed},
        )

    def states(self):
        seen = self.driver.discover(self.soon())
        return {
            item.uri.rpartition('/')[2]: item.values['state']
            for item in (*seen.systems, *seen.devices)
        }

    def permanent(self):
        """The names of the blocks that are part of a permanent system."""
        seen = self.driver.discover(self.soon())
        return [
            item.uri.rpartition('/')[2]
            for item in seen.systems
            if item.properties['Links'].get('ComputerSystems')
        ]

    def refused(self, *names):
        self.simulator.control('DELETE', '/requests')
        error = self.assertRaises(
            exception.NoMatch,
            self.driver.compose,
            self.request(*names),
            self.soon(),
            Progress(),
        )
        self.assertIn('reserved', str(error))
        changes = self.simulator.control('GET', '/requests?changing=true')
        self.assertEqual([], changes)

    def test_a_permanent_system(self):
        self.start('--expandable', '2', '--no-tasks')
        for name, listed in zip(self.permanent(), (True, False), strict=True):
            self.reserve(name, listed=listed)
            self.assertEqual('used', self.states()[name])
            self.refused(name)

    def test_only_the_reservation_lists_the_blocks(self):
        self.start('--expandable', '1', '--no-tasks')
        before = self.states()
        hidden = {'CompositionStatus': {'Reserved': False}}
        for name in before:
            self.reserve(name, listed=True)
            self.simulator.order(f'{BLOCKS}/{name}$', 'merge', hidden)
        self.assertEqual(dict.fromkeys(before, 'used'), self.states())
        self.refused(*self.permanent())
        uris = [f'{BLOCKS}/{name}' for name in before]
        seen = self.driver.refresh(uris, self.soon())
        self.assertEqual(
            {'used'},
            {item.values['state'] for item in (*seen.systems, *seen.devices)},
        )

    def test_reservations_that_cannot_be_read(self):
        self.start('--expandable', '1', '--no-tasks')
        self.reserve('compute-1', listed=True)
        collection = f'{SERVICE}/CompositionReservations'
        self.simulator.order(collection, 'status', 500)
        seen = self.driver.discover(self.soon())
        for item in (*seen.systems, *seen.devices):
            free = item.values['state'] == 'free'
            self.assertEqual(free, 'state' in item.unknown)


class SharedTestCase(test_oddities.OdditiesTestCase):
    def test_max_nodes_of_a_block(self):
        for arguments, most in (
            ((), 1),
            (('--share', 'Network'), None),
            (('--share', 'Network', '--max-compositions', '2'), 2),
        ):
            self.start('--no-tasks', *arguments)
            seen = self.driver.discover(self.soon())
            for item in seen.devices:
                expected = most if item.values['type'] == 'nic' else 1
                self.assertEqual(expected, item.values['max_nodes'])


class StateTestCase(base.TestCase):
    def test_states(self):
        for status, state in (
            ({}, 'free'),
            ({'CompositionState': 'Unused'}, 'free'),
            ({'CompositionState': 'Unused', 'Reserved': True}, 'used'),
            (
                {'CompositionState': 'Unused', 'NumberOfCompositions': 1},
                'used',
            ),
            (
                {'CompositionState': 'Unused', 'NumberOfCompositions': 0},
                'free',
            ),
            ({'CompositionState': 'Composed'}, 'used'),
            ({'CompositionState': 'ComposedAndAvailable'}, 'used'),
            ({'CompositionState': 'Whatever'}, 'unavailable'),
        ):
            body = {'CompositionStatus': status}
            self.assertEqual(state, blocks.state(body), status)

    def test_shareable_blocks(self):
        sharing = {'SharingCapable': True, 'SharingEnabled': True}
        for status, state in (
            ({'CompositionState': 'Unused'}, 'free'),
            ({'CompositionState': 'ComposedAndAvailable'}, 'free'),
            ({'NumberOfCompositions': 7}, 'free'),
            ({'MaxCompositions': 2, 'NumberOfCompositions': 1}, 'free'),
            ({'MaxCompositions': 2, 'NumberOfCompositions': 2}, 'used'),
            ({'MaxCompositions': 2, 'SharingEnabled': False}, 'free'),
            ({'SharingEnabled': False, 'NumberOfCompositions': 1}, 'used'),
            ({'Reserved': True}, 'used'),
            (
                {
                    'MaxCompositions': 1,
                    'CompositionState': 'ComposedAndAvailable',
                },
                'used',
            ),
        ):
            body = {'CompositionStatus': {**sharing, **status}}
            self.assertEqual(state, blocks.state(body), status)

    def test_systems_are_counted(self):
        systems = [{'@odata.id': '/1'}, {'@odata.id': '/2'}]
        body = {
            'CompositionStatus': {
                'SharingCapable': True,
                'SharingEnabled': True,
                'MaxCompositions': 2,
            },
            'Links': {'ComputerSystems': systems},
        }
        self.assertEqual('used', blocks.state(body))
        body['Links']['ComputerSystems'] = systems[:1]
        self.assertEqual('free', blocks.state(body))
