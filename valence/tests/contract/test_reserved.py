# SPDX-License-Identifier: Apache-2.0
"""What another client has reserved is shown as used, and left alone."""

import time

from valence.common import exception
from valence.podmanagers.composition import blocks
from valence.podmanagers.composition import holding
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


class HoldingTestCase(test_oddities.OdditiesTestCase):
    """A node's blocks are reserved before it is requested."""

    BY_MANIFEST = ('--compose-by', 'manifest', '--no-tasks')

    def reserve(self, *names):
        return self.driver.reserve(
            self.request(*names or ('compute-1',)), self.soon(), Progress()
        )

    def sent(self):
        """The types of the requests that were posted to Compose."""
        return [
            one['body']['RequestType']
            for one in self.simulator.control('GET', '/requests?changing=true')
            if 'Compose' in one['path']
        ]

    def assertNotOffered(self, *arguments):
        self.start('--compose-by', 'manifest', *arguments)
        able = self.driver.probe(self.soon()).capabilities
        self.assertNotIn('reserve', able)
        self.assertRaises(exception.RequestRejected, self.reserve)
        self.assertEqual([], self.sent())

    def test_only_what_is_listed_is_sent(self):
        self.assertNotOffered('--no-preview')

    def test_what_lists_nothing(self):
        """Such a service may compose when asked for a preview."""
        self.assertNotOffered('--careless', '--no-preview')

    def test_reserve(self):
        self.start(*self.BY_MANIFEST, '--reservation-seconds', '90')
        made = self.reserve()
        self.assertEqual((test_oddities.MARK, 90), (made.mark, made.seconds))
        self.assertEqual(['PreviewReserve'], self.sent())
        self.assertRaises(exception.NoMatch, self.reserve)
        self.assertEqual(['PreviewReserve'], self.sent())

    def test_a_reservation_that_expires(self):
        self.start(*self.BY_MANIFEST, '--reservation-seconds', '0.2')
        self.reserve()
        for _ in range(100):
            if not self.driver.list_reservations(self.soon()):
                break
            time.sleep(0.05)
        self.assertEqual([], self.driver.list_reservations(self.soon()))
        self.reserve()

    def test_what_would_not_be_found_again_is_deleted(self):
        self.start(*self.BY_MANIFEST)
        self.simulator.order(
            f'{SERVICE}/CompositionReservations/',
            'merge',
            {'Manifest': {'@remove': True}},
            method='GET',
        )
        error = self.assertRaises(exception.RequestRejected, self.reserve)
        self.assertIn('mark', str(error))
        self.simulator.heal()
        uri = f'{BLOCKS}/compute-1'
        (system,) = self.driver.refresh([uri], self.soon()).systems
        self.assertEqual('free', system.values['state'])

    def test_another_reservation_of_the_mark(self):
        """It is not applied in place of what was chosen."""
        self.start(*self.BY_MANIFEST)
        self.reserve('compute-1')
        request = self.request('compute-2')
        self.assertIsNone(self.driver.find_composed(request, self.soon()))
        begun = self.driver.compose(request, self.soon(), Progress())
        node = self.settle(begun.uri)
        self.assertEqual((f'{BLOCKS}/compute-2',), node.resources)
        self.driver.unreserve(request.mark, self.soon(), Progress())
        self.assertEqual([], self.driver.list_reservations(self.soon()))

    def test_durations(self):
        for text, seconds in (
            ('PT3H', 10800),
            ('P1DT1M', 86460),
            ('PT0.5S', 0.5),
            ('P', None),
            ('3H', None),
            (3, None),
            (None, None),
        ):
            self.assertEqual(seconds, holding.duration(text), text)


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
