# SPDX-License-Identifier: Apache-2.0
"""No call waits for slow hardware, and another driver goes on with its work.

Each call is made by a new driver, which knows nothing but what was recorded.
"""

import threading

from valence.common import exception
from valence.podmanagers import base as podmanagers
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.podmanagers.rsd.driver import RSD
from valence.tests.contract import case
from valence.tests.contract import odd
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import link

_HOST = f'{BLOCKS}/host'
_SYSTEM = f'{SYSTEMS}/1'
_BUSY = Reply(202, None, Location=odd.TASK)


class WaitCase(odd.OddCase):
    def setUp(self):
        super().setUp()
        self.journal = case.Journal()
        self.request = podmanagers.ComposeRequest(odd.MARK, 'n', {}, _HOST)

    def sent(self, request):
        """How often a request was sent."""
        return self.service.asked.count(request)

    def compose(self):
        self.connect()
        return self.driver.compose(
            self.request, self.soon(), self.journal.progress()
        )

    def poll(self, uri):
        self.connect()
        return self.driver.poll_compose(
            uri, self.soon(), self.journal.progress()
        )

    def release(self, uri, deadline=None, erase=False):
        self.connect()
        return self.driver.release(
            uri, deadline or self.soon(), self.journal.progress(), erase
        )

    def hang(self, request):
        """Let a request hang."""
        over = threading.Event()
        self.addCleanup(over.set)

        def page(body, headers):
            over.wait()
            return Reply(204)

        self.pages[request] = page


class ClaimTestCase(WaitCase):
    """The mark of a permanent system is written by a task."""

    def setUp(self):
        super().setUp()
        self.pages[_SYSTEM] = {
            **link(_SYSTEM),
            'Id': '1',
            'Name': 'permanent',
            'AssetTag': '17',
            'Composition': {'UseCases': ['ExpandableSystem']},
            'Links': {'ResourceBlocks': [link(_HOST)]},
        }
        self.pages[SYSTEMS] = odd_service.collection(_SYSTEM)
        self.pages[_HOST]['ComputerSystems'] = [link(_SYSTEM)]
        self.pages[odd.TASK] = Reply(202, {'TaskState': 'Running'})
        self.pages[f'PATCH {_SYSTEM}'] = self.patch

    def patch(self, body, headers):
        self.tag = body['AssetTag']
        return _BUSY

    def end(self, reply):
        self.pages[odd.TASK] = reply
        if reply.status < 400:
            self.pages[_SYSTEM]['AssetTag'] = self.tag

    def test_the_task_is_followed(self):
        for _ in range(2):
            self.assertRaises(InProgress, self.compose)
        self.end(Reply(204))
        node = self.compose()
        self.assertEqual((_SYSTEM, odd.MARK), (node.uri, node.mark))
        self.assertEqual(1, self.sent(f'PATCH {_SYSTEM}'))
        self.journal = case.Journal()
        self.pages[odd.TASK] = Reply(202)
        for _ in range(2):
            self.assertRaises(InProgress, self.release, _SYSTEM)
        self.end(Reply(404))
        self.pages[_SYSTEM]['AssetTag'] = self.tag
        self.release(_SYSTEM)
        self.assertEqual('17', self.tag)
        self.assertEqual(2, self.sent(f'PATCH {_SYSTEM}'))

    def test_the_task_fails(self):
        self.assertRaises(InProgress, self.compose)
        self.end(
            Reply(400, {'error': {'message': 'AssetTag is read-only here'}})
        )
        refusal = self.assertRaises(exception.RequestRejected, self.compose)
        self.assertIn('read-only here', str(refusal))

    def test_the_task_is_cancelled(self):
        self.assertRaises(InProgress, self.compose)
        self.connect()
        self.assertRaises(
            InProgress,
            self.driver.cancel,
            self.soon(),
            self.journal.progress(),
        )
        self.end(Reply(410))
        self.driver.cancel(self.soon(), self.journal.progress())
        self.assertEqual({}, self.journal.progress().facts())


class ReservationTestCase(WaitCase):
    """Blocks are reserved by a task, before another one composes them."""

    def setUp(self):
        super().setUp()
        self.action = f'{odd.SERVICE}/Actions/Compose'
        self.reservations = f'{odd.SERVICE}/CompositionReservations'
        self.reservation = f'{self.reservations}/1'
        types = 'RequestType@Redfish.AllowableValues'
        self.pages[odd.SERVICE] |= {
            'CompositionReservations': link(self.reservations),
            'Actions': {
                '#CompositionService.Compose': {
                    'target': self.action,
                    types: ['PreviewReserve', 'Apply'],
                }
            },
        }
        self.pages[self.reservations] = odd_service.collection()
        self.pages[f'POST {self.action}'] = self.act
        self.pages[odd.TASK] = Reply(202)
        self.wanted = []

    def act(self, body, headers):
        self.wanted.append(body['RequestType'])
        self.manifest = body['Manifest']
        if body['RequestType'] == 'PreviewReserve':
            self.pages[_HOST]['CompositionStatus']['Reserved'] = True
        return _BUSY

    def reserve(self):
        """End the task that reserves."""
        self.pages[self.reservation] = {
            'Id': '1',
            'Manifest': self.manifest,
        }
        self.pages[self.reservations] = odd_service.collection(
            self.reservation
        )
        self.pages[odd.TASK] = Reply(200, {'ReservationId': '1'})

    def made(self):
        """End the task that composes."""
        request = self.manifest['Stanzas'][0]['Request']
        self.service.made({'Name': str(odd.MARK), 'Links': request['Links']})
        self.pages[self.reservations] = odd_service.collection()
        del self.pages[self.reservation]
        self.pages[odd.TASK] = Reply(204)

    def test_each_is_sent_once(self):
        for _ in range(2):
            self.assertRaises(InProgress, self.compose)
        self.reserve()
        begun = self.compose()
        # What exists tells how far it is: no answer of this one is needed.
        self.assertEqual({}, self.journal.progress().facts())
        self.pages[odd.TASK] = Reply(202)
        self.assertRaises(InProgress, self.poll, begun.uri)
        self.made()
        self.assertEqual(_SYSTEM, self.poll(begun.uri).uri)
        self.assertEqual(['PreviewReserve', 'Apply'], self.wanted)

    def test_what_was_reserved_is_applied_once(self):
        self.assertRaises(InProgress, self.compose)
        self.reserve()
        found = self.driver.find_composed(self.request, self.soon())
        self.pages[odd.TASK] = Reply(202)
        for _ in range(3):
            self.assertRaises(InProgress, self.poll, found.uri)
        self.made()
        self.assertEqual(_SYSTEM, self.poll(found.uri).uri)
        self.assertEqual(['PreviewReserve', 'Apply'], self.wanted)

    def test_a_reservation_is_deleted_by_a_task(self):
        self.assertRaises(InProgress, self.compose)
        self.reserve()
        found = self.driver.find_composed(self.request, self.soon())
        delete = f'DELETE {self.reservation}'
        self.pages[delete] = _BUSY
        self.pages[odd.TASK] = Reply(202)
        for _ in range(3):
            self.assertRaises(InProgress, self.release, found.uri)
        self.pages[odd.TASK] = Reply(204)
        self.pages[self.reservations] = odd_service.collection()
        self.release(found.uri)
        self.assertEqual(1, self.sent(delete))


class SlowReleaseTestCase(WaitCase):
    """A service responds to a DELETE only when all is erased."""

    def setUp(self):
        super().setUp()
        self.service.made(
            {
                'Name': str(odd.MARK),
                'Links': {'ResourceBlocks': [link(_HOST)]},
            }
        )
        self.delete = f'DELETE {_SYSTEM}'

    def assertFollowed(self, uri, end):
        """It is looked at until the work has ended.

        :param end: ends the work.
        :returns: whether all is erased.
        """
        for _ in range(2):
            going = self.assertRaises(InProgress, self.release, uri)
            self.assertIn('still being deleted', going.reason)
        end({}, {})
        erased = self.release(uri)
        self.assertEqual(1, self.sent(self.delete))
        return erased

    def test_a_service_that_does_not_respond(self):
        self.hang(self.delete)
        self.assertRaises(InProgress, self.release, _SYSTEM, Deadline(2))
        self.assertFollowed(_SYSTEM, self.service.decompose)

    def test_a_gateway_that_does_not_wait(self):
        self.pages[self.delete] = Reply(504)
        self.assertFollowed(_SYSTEM, self.service.decompose)

    def test_it_is_sent_again_in_the_end(self):
        self.pages[self.delete] = Reply(504)
        self.assertRaises(InProgress, self.release, _SYSTEM)
        facts = self.journal.progress().facts()
        self.pages[self.delete] = self.service.decompose
        self.driver.release(_SYSTEM, self.soon(), Progress(facts, age=4000))
        self.assertEqual(2, self.sent(self.delete))
        self.assertNotIn(_SYSTEM, self.pages)

    def test_an_erasure_is_not_requested_twice(self):
        target = f'{_SYSTEM}/Actions/ComputerSystem.Decommission'
        self.pages[_SYSTEM]['Actions'] = {
            '#ComputerSystem.Decommission': {'target': target}
        }
        self.pages[f'POST {target}'] = Reply(504)
        self.assertRaises(InProgress, self.release, _SYSTEM, erase=True)
        # It is not known to be erased.
        self.assertFalse(self.release(_SYSTEM, erase=True))
        self.assertEqual(1, self.sent(f'POST {target}'))
        self.assertNotIn(_SYSTEM, self.pages)


class SlowRsdReleaseTestCase(WaitCase):
    """The same of an RSD pod manager, which always erases."""

    uri = f'{ROOT}/Nodes/1'

    def setUp(self):
        super().setUp()
        force = f'{self.uri}/Actions/ComposedNode.ForceDelete'
        self.pages[ROOT]['Nodes'] = link(f'{ROOT}/Nodes')
        self.pages[f'{ROOT}/Nodes'] = odd_service.collection(self.uri)
        self.node = {
            'Id': '1',
            'Name': 'n',
            'Actions': {'#ComposedNode.ForceDelete': {'target': force}},
        }
        self.pages[self.uri] = self.node
        self.delete = f'DELETE {self.uri}'
        self.force = f'POST {force}'
        self.pages[self.force] = self.gone

    def connect(self, path='', **login):
        super().connect(path, **login)
        self.driver = RSD(self.connection)
        self.addCleanup(self.driver.close)

    def gone(self, body, headers):
        del self.pages[self.uri]
        return Reply(204)

    def test_a_gateway_that_does_not_wait(self):
        self.pages[self.delete] = Reply(504)
        for _ in range(2):
            self.assertRaises(InProgress, self.release, self.uri)
        self.gone({}, {})
        self.assertTrue(self.release(self.uri))
        self.assertEqual(1, self.sent(self.delete))

    def test_no_force_while_it_may_be_erasing(self):
        """An earlier process was killed after it had sent the request."""
        self.journal.progress().record('delete_sent', 'yes')
        self.pages[self.delete] = Reply(
            409, {'error': {'message': 'It is being deleted.'}}
        )
        going = self.assertRaises(InProgress, self.release, self.uri)
        self.assertIn('It is being deleted.', going.reason)
        self.assertRaises(InProgress, self.release, self.uri)
        facts = self.journal.progress().facts()
        self.gone({}, {})
        self.assertTrue(self.release(self.uri))
        self.assertEqual(0, self.sent(self.force))
        # If it is not deleted for long, it was not being erased.
        self.pages[self.uri] = self.node
        self.driver.release(self.uri, self.soon(), Progress(facts, age=4000))
        self.assertEqual(1, self.sent(self.force))
        self.assertEqual(2, self.sent(self.delete))
