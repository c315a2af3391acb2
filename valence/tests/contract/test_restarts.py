# SPDX-License-Identifier: Apache-2.0
"""Drivers that are replaced in the middle of a change.

The first driver is stopped after a certain request: its deadline allows no
other. The second one knows nothing but what the first has recorded.
"""

from valence.common import exception
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.rsd.driver import RSD
from valence.tests.contract import case
from valence.tests.contract import odd
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import link

SYSTEM = f'{SYSTEMS}/1'
ACTIONS = f'{SYSTEM}/Actions/ComputerSystem'
DISK = f'{BLOCKS}/disk'
ZONES = f'{odd.SERVICE}/ResourceZones'


class RestartCase(odd.OddCase):
    def setUp(self):
        super().setUp()
        self.journal = case.Journal()

    def until(self, request):
        """A deadline that allows no request after a certain one."""
        return Deadline(20, lambda: not self.sent(request))

    def sent(self, request):
        """How often a request was sent."""
        return self.service.asked.count(request)

    def release(self, deadline=None):
        return self.driver.release(
            self.uri,
            deadline or self.soon(),
            self.journal.progress(),
            erase=True,
        )

    def release_until(self, request):
        """Release, be stopped after a request, and be replaced."""
        self.assertRaises(
            (exception.PodManagerUnavailable, InProgress),
            self.release,
            self.until(request),
        )
        self.connect()


class CompositionTestCase(RestartCase):
    uri = SYSTEM

    def setUp(self):
        super().setUp()
        self.service.made(
            {
                'Name': f'valence-{odd.MARK}',
                'Links': {'ResourceBlocks': [link(f'{BLOCKS}/host')]},
            }
        )
        self.offer('Decommission')

    def offer(self, action):
        """Let the system have an action, which starts a task."""
        target = f'{ACTIONS}.{action}'
        self.pages[SYSTEM]['Actions'] = {
            f'#ComputerSystem.{action}': {'target': target}
        }
        self.pages[f'POST {target}'] = Reply(202, None, Location=odd.TASK)
        self.request = f'POST {target}'

    def test_running_erasure_is_not_requested_again(self):
        self.release_until(self.request)
        self.pages[odd.TASK] = Reply(200, {'TaskState': 'Completed'})
        self.assertTrue(self.release())
        self.assertEqual(1, self.sent(self.request))

    def test_an_erasure_that_failed_is_requested_again(self):
        self.release_until(self.request)
        self.pages[odd.TASK] = Reply(200, {'TaskState': 'Exception'})
        deletion = self.pages[f'DELETE {SYSTEM}']
        self.pages[f'DELETE {SYSTEM}'] = Reply(503, Retry_After='0')
        self.release_until(f'DELETE {SYSTEM}')
        self.pages[odd.TASK] = Reply(200, {'TaskState': 'Completed'})
        self.pages[f'DELETE {SYSTEM}'] = deletion
        self.assertTrue(self.release())
        self.assertEqual(2, self.sent(self.request))

    def test_erased_and_gone(self):
        self.pages[odd.TASK] = Reply(200, {'TaskState': 'Completed'})
        delete = f'DELETE {SYSTEM}'
        deletion = self.pages[delete]
        self.pages[delete] = lambda body, headers: (
            deletion(body, headers) and Reply(504)
        )
        self.release_until(delete)
        self.assertTrue(self.release())
        # Without progress nothing is known of it.
        self.journal = case.Journal()
        self.assertFalse(self.release())

    def attach(self):
        self.driver.attach(SYSTEM, DISK, self.soon(), self.journal.progress())

    def test_a_failed_task_has_a_reason(self):
        self.offer('AddResourceBlock')
        self.pages[odd.TASK] = Reply(202)
        self.assertRaises(InProgress, self.attach)
        self.connect()
        self.pages[odd.TASK] = Reply(
            200,
            {'TaskState': 'Exception', 'Messages': [{'Message': 'No power'}]},
        )
        failure = self.assertRaises(exception.PodManagerError, self.attach)
        self.assertIn('No power', str(failure))
        self.assertEqual(1, self.sent(self.request))
        # The next attempt starts another task.
        self.pages[odd.TASK] = Reply(202)
        self.assertRaises(InProgress, self.attach)
        self.assertEqual(2, self.sent(self.request))


class ZonesTestCase(odd.OddCase):
    """Zones list their blocks, where blocks do not name their zones."""

    def setUp(self):
        super().setUp()
        self.zone = f'{ZONES}/1'
        self.pages[odd.SERVICE]['ResourceZones'] = link(ZONES)
        self.pages[ZONES] = odd_service.collection(self.zone)
        self.list_blocks('host', 'disk')

    def list_blocks(self, *names):
        uris = [link(f'{BLOCKS}/{name}') for name in names]
        self.pages[self.zone] = {'Id': '1', 'Links': {'ResourceBlocks': uris}}

    def refresh(self, *uris):
        seen = self.driver.refresh(uris, self.soon())
        return {
            item.uri: item.values['zones']
            for item in (*seen.systems, *seen.devices)
        }

    def test_a_refresh_is_the_first_reading(self):
        self.assertEqual({DISK: [self.zone]}, self.refresh(DISK))
        # They are not read again for each block.
        self.refresh(DISK)
        self.assertEqual(1, self.service.asked.count(f'GET {self.zone}'))

    def test_a_zone_that_changes(self):
        self.discover()
        self.list_blocks('host')
        self.assertEqual({DISK: []}, self.refresh(self.zone, DISK))
        self.pages[self.zone] = Reply(404)
        self.assertEqual(
            {f'{BLOCKS}/host': []}, self.refresh(self.zone, f'{BLOCKS}/host')
        )

    def test_a_zone_that_cannot_be_read(self):
        for uri in (self.zone, ZONES):
            kept = self.pages[uri]
            self.pages[uri] = Reply(500)
            self.connect()
            seen = self.discover(uri)
            for found in (seen, self.driver.refresh([DISK], self.soon())):
                for item in (*found.systems, *found.devices):
                    self.assertIn('zones', item.unknown)
            self.pages[uri] = kept


class RsdTestCase(RestartCase):
    uri = f'{ROOT}/Nodes/1'

    def setUp(self):
        super().setUp()
        self.pages[ROOT]['Nodes'] = link(f'{ROOT}/Nodes')
        self.pages[f'{ROOT}/Nodes'] = odd_service.collection(self.uri)
        self.pages[self.uri] = {'Id': '1', 'Name': 'n'}
        self.delete = f'DELETE {self.uri}'

    def connect(self, path='', **login):
        super().connect(path, **login)
        self.driver = RSD(self.connection)
        self.addCleanup(self.driver.close)

    def delete_with(self, status):
        """Let a DELETE delete the node, and respond with a status."""

        def delete(body, headers):
            return Reply(status if self.pages.pop(self.uri, None) else 404)

        self.pages[self.delete] = delete

    def test_a_deletion_whose_response_is_lost(self):
        self.delete_with(504)
        self.release_until(self.delete)
        self.assertTrue(self.release())
        # Without progress nothing is known of it.
        self.journal = case.Journal()
        self.assertFalse(self.release())

    def test_a_deletion_by_force_erases_nothing(self):
        force = f'{self.uri}/Actions/ComposedNode.ForceDelete'
        self.pages[self.uri]['Actions'] = {
            '#ComposedNode.ForceDelete': {'target': force}
        }
        self.pages[self.delete] = lambda body, headers: Reply(
            500 if self.uri in self.pages else 404
        )
        self.pages[f'POST {force}'] = lambda body, headers: (
            self.pages.pop(self.uri) and Reply(504)
        )
        self.assertRaises(exception.PodManagerUnavailable, self.release)
        self.connect()
        self.assertFalse(self.release())
