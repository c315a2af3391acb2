# SPDX-License-Identifier: Apache-2.0
"""Tasks and PATCH as odd as were seen."""

from valence.common import exception
from valence.podmanagers import base as podmanagers
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.tests.contract import odd
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import Reply
from valence.tests.fixtures.odd_service import block
from valence.tests.fixtures.odd_service import link


class TasksTestCase(odd.OddCase):
    """Responses to a request to compose."""

    def answers(self, reply, *later):
        """Set the response to the POST, and those of the monitor in turn."""
        left = list(later)

        def post(body, headers):
            self.request = body
            return reply

        def watch(body, headers):
            answer = left.pop(0) if left else Reply(404)
            if not left:
                self.service.made(self.request)
            return answer

        self.pages[f'POST {SYSTEMS}'] = post
        self.pages[odd.TASK] = watch

    def test_created_without_a_place(self):
        for status in (200, 201, 204):
            self.pages[f'POST {SYSTEMS}'] = lambda body, headers, s=status: (
                self.service.made(body) or Reply(s)
            )
            self.assertLife()

    def test_created_in_any_place(self):
        """The place of what was created, as it was seen or may be written."""
        for location in (
            '1',
            '1/',
            './Systems/1',
            SYSTEMS.lstrip('/') + '/1',
            f'podm.internal:8443{SYSTEMS}/1',
            f'//podm.internal{SYSTEMS}/1',
            f'https://podm.internal:8443{SYSTEMS}/1?a=b',
        ):
            self.pages[f'POST {SYSTEMS}'] = (
                lambda body, headers, place=location: (
                    self.service.made(body) or Reply(201, None, Location=place)
                )
            )
            request = podmanagers.ComposeRequest(
                odd.MARK, 'n', {}, f'{BLOCKS}/host', (f'{BLOCKS}/disk',)
            )
            begun = self.driver.compose(request, self.soon(), Progress())
            self.assertEqual(f'{SYSTEMS}/1', begun.uri)
            self.release(begun.uri)

    def test_created_and_not_readable_at_first(self):
        """What was created is not forgotten, whatever a GET responds with."""
        for status in (404, 500, 501):
            self.pages[f'GET {SYSTEMS}/1'] = Reply(status)
            request = podmanagers.ComposeRequest(
                odd.MARK, 'n', {}, f'{BLOCKS}/host', (f'{BLOCKS}/disk',)
            )
            begun = self.driver.compose(request, self.soon(), Progress())
            self.assertEqual(f'{SYSTEMS}/1', begun.uri)
            self.assertRaises(
                (exception.ResourceGone, exception.Unreadable),
                self.driver.poll_compose,
                begun.uri,
                self.soon(),
                Progress(),
            )
            del self.pages[f'GET {SYSTEMS}/1']
            self.release(begun.uri)

    def test_monitors_that_end_anyhow(self):
        date = 'Wed, 21 Oct 2015 07:28:00 GMT'
        for origin in ('', 'https://podm.internal'):
            for last in (
                Reply(200, link(f'{SYSTEMS}/1')),
                Reply(201, None, Location=f'{origin}{SYSTEMS}/1'),
                Reply(204),
                Reply(404),
                Reply(200, {'TaskState': 'Completed'}),
            ):
                self.answers(
                    Reply(202, None, Location=origin + odd.TASK),
                    Reply(202, None, Retry_After=date),
                    Reply(202, {'TaskState': 'Running'}, retry_after='0'),
                    last,
                )
                self.assertLife()

    def test_taken_without_a_word(self):
        self.answers(Reply(202))
        request = podmanagers.ComposeRequest(
            odd.MARK, 'n', {}, f'{BLOCKS}/host', (f'{BLOCKS}/disk',)
        )
        begun = self.driver.compose(request, self.soon(), Progress())
        self.assertRaises(
            InProgress,
            self.driver.poll_compose,
            begun.uri,
            self.soon(),
            Progress(),
        )
        self.service.made(self.request)
        node = self.driver.poll_compose(begun.uri, self.soon(), Progress())
        self.assertEqual(f'{SYSTEMS}/1', node.uri)
        self.release(begun.uri)
        self.assertEqual([], self.driver.list_nodes(self.soon()))

    def test_a_task_that_fails_without_messages(self):
        self.answers(
            Reply(202, link(odd.TASK)),
            Reply(200, {'TaskState': 'Exception'}),
        )
        failure = self.assertRaises(exception.PodManagerError, self.assertLife)
        self.assertIn('gives no reason', str(failure))


class ChangesTestCase(odd.OddCase):
    """PATCH of Links.ResourceBlocks, where there are no actions."""

    def setUp(self):
        super().setUp()
        self.service.made(
            {
                'Name': f'valence-{odd.MARK}',
                'Links': {'ResourceBlocks': [link(f'{BLOCKS}/host')]},
            }
        )
        self.uri = f'{SYSTEMS}/1'
        self.tag = 'W/"1"'
        self.pages[f'PATCH {self.uri}'] = self.patch

    def patch(self, body, headers):
        self.taken = headers.get('If-Match')
        if self.expected is not None and self.taken != self.expected:
            return Reply(self.refusal)
        blocks = self.pages[self.uri]['Links']['ResourceBlocks']
        kept = [
            blocks[n] if entry == {} else entry
            for n, entry in enumerate(body['Links']['ResourceBlocks'])
            if entry is not None
        ]
        self.pages[self.uri]['Links']['ResourceBlocks'] = kept
        state = 'Composed' if len(kept) > 1 else 'Unused'
        self.pages[f'{BLOCKS}/disk'] = block('disk', 'Storage', state)
        return Reply(204)

    def test_with_etags_of_each_sort(self):
        disk = f'{BLOCKS}/disk'
        for shown, expected, refusal in (
            (None, None, 412),
            (None, '*', 428),
            ('W/"1"', 'W/"1"', 412),
            ('W/"1"', '"1"', 412),
            ('"1"', 'W/"1"', 428),
        ):
            self.expected, self.refusal = expected, refusal
            self.pages[self.uri].pop('@odata.etag', None)
            if shown:
                self.pages[self.uri]['@odata.etag'] = shown
            self.driver.attach(self.uri, disk, self.soon(), Progress())
            node = self.driver.read_node(self.uri, self.soon())
            self.assertIn(disk, node.resources)
            self.driver.detach(self.uri, disk, self.soon(), Progress())
            node = self.driver.read_node(self.uri, self.soon())
            self.assertNotIn(disk, node.resources)
            self.assertEqual(expected, self.taken)
