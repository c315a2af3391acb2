# SPDX-License-Identifier: Apache-2.0
"""Groups of an ExpEther Manager that another client joins."""

from valence.common import exception
from valence.podmanagers import base as podmanagers
from valence.podmanagers.expether.driver import ExpEther
from valence.podmanagers.progress import Progress
from valence.tests.contract import test_oddities
from valence.tests.contract.test_oddities import MARK


class GroupsTestCase(test_oddities.OdditiesTestCase):
    driver_class = ExpEther

    def setUp(self):
        super().setUp()
        self.start(personality='eem')
        seen = self.driver.discover(self.soon())
        self.servers = [item.uri for item in seen.systems]
        self.boxes = [item.uri for item in seen.devices]
        self.parts = (self.servers[0], *self.boxes[:2])
        self.request = podmanagers.ComposeRequest(
            MARK, 'n', {}, self.servers[0], tuple(self.boxes[:2])
        )

    def compose(self):
        begun = self.driver.compose(self.request, self.soon(), Progress())
        return self.settle(begun.uri)

    def group(self, uri):
        return self.driver._client.device(uri, self.soon())['group_id']

    def join(self, node, *uris):
        """Another client puts devices into the group of a node."""
        for uri in uris:
            self.simulator.control(
                'POST',
                '/move',
                {'part': uri, 'to': node.uri.partition('#')[0]},
            )
        self.strangers = [(uri, self.group(uri)) for uri in uris]

    def assertUntouched(self):
        for uri, group in self.strangers:
            self.assertEqual(group, self.group(uri))
        foreign = '/requests?changing=true&stranger=true'
        self.assertEqual([], self.simulator.control('GET', foreign))

    def release(self, uri, *parts):
        return self.driver.release(uri, self.soon(), Progress(), parts=parts)

    def test_only_what_was_claimed_is_released(self):
        node = self.compose()
        self.join(node, self.servers[1], self.boxes[2])
        seen = self.driver.read_node(node.uri, self.soon())
        self.assertTrue(seen.shared)
        self.release(node.uri, *self.parts)
        self.assertUntouched()
        for uri in self.parts:
            self.assertNotEqual(node.index, self.group(uri))

    def test_no_release_with_unknown_owner(self):
        node = self.compose()
        self.join(node, self.servers[1])
        self.assertRaises(exception.RequestRejected, self.release, node.uri)
        self.assertUntouched()
        self.assertEqual(node.index, self.group(self.servers[0]))

    def test_no_attach_to_a_shared_group(self):
        node = self.compose()
        self.join(node, self.servers[1])
        self.assertRaises(
            exception.NoMatch,
            self.driver.attach,
            node.uri,
            self.boxes[3],
            self.soon(),
            Progress(),
        )
        self.assertUntouched()
        self.assertNotEqual(node.index, self.group(self.boxes[3]))

    def test_a_group_that_another_server_joins_is_left(self):
        self.simulator.order(
            f'{self.servers[0]}/group_id',
            'intrude',
            self.servers[1].rpartition('/')[2],
            method='PUT',
            count=1,
        )
        node = self.compose()
        stranger = self.group(self.servers[1])
        self.assertNotEqual(node.index, stranger)
        self.assertEqual(node.index, self.group(self.servers[0]))
        self.assertFalse(node.shared)
        self.strangers = [(self.servers[1], stranger)]
        self.assertUntouched()

    def test_a_server_that_is_not_listed_once_it_is_in_its_group(self):
        read, lists = self.driver._client.devices, []

        def devices(deadline):
            lists.append(read(deadline))
            if len(lists) == 2:
                del lists[-1][self.servers[0]]
            return lists[-1]

        self.patch(self.driver._client, 'devices', devices)
        self.assertRaises(exception.MalformedResponse, self.compose)
        # The next attempt goes on with it.
        self.assertIn(self.servers[0], self.compose().resources)

    def test_a_server_that_comes_while_boxes_are_added(self):
        begun = self.driver.compose(self.request, self.soon(), Progress())
        self.join(begun, self.servers[1])
        self.assertRaises(exception.NoMatch, self.settle, begun.uri)
        self.release(begun.uri, *self.parts)
        self.assertUntouched()
        self.assertNotEqual(begun.index, self.group(self.servers[0]))

    def test_no_more_boxes_than_the_server_takes(self):
        server = self.servers[0]
        node = self.compose()
        self.simulator.change(server, max_eeio_count='2')
        error = self.assertRaises(
            exception.NoMatch,
            self.driver.attach,
            node.uri,
            self.boxes[3],
            self.soon(),
            Progress(),
        )
        self.assertIn('takes 2 boxes, not 3', str(error))
        self.driver.attach(node.uri, self.boxes[1], self.soon(), Progress())
