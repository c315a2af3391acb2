# SPDX-License-Identifier: Apache-2.0
"""Nodes that a pod manager shows at another URI than before."""

import dataclasses

from valence.tests.unit.conductor.test_findings import FindingCase

_NEW = '/nodes/99'


class TestMoves(FindingCase):
    """A node is followed if it is certainly that node, and nothing else."""

    def setUp(self):
        super().setUp()
        self.node = self.compose('n', properties={'storage': [{'count': 1}]})
        self.uri = self.node['resource_uri']

    def move(self, uri=None, to=_NEW, **changes):
        made = self.fake.nodes.pop(uri or self.uri)
        self.fake.nodes[to] = dataclasses.replace(made, **changes)
        return made

    def shown(self, name='n'):
        node = self.client.get(f'/v1/nodes/{name}')
        return node['provision_state'], node['resource_uri']

    def assertStays(self):
        self.sync()
        self.assertEqual(('error', self.uri), self.shown())
        self.find(kind='lost_node')

    def test_it_has_its_new_uri(self):
        self.move()
        self.sync()
        self.assertEqual(('active', _NEW), self.shown())
        self.assertEqual([], self.states())
        self.done('DELETE', '/v1/nodes/n')
        self.assertEqual({}, self.fake.nodes)

    def test_it_was_lost_before(self):
        made = self.fake.nodes.pop(self.uri)
        self.assertStays()
        self.fake.nodes[_NEW] = made
        self.sync()
        self.assertEqual(('active', _NEW), self.shown())
        self.assertEqual(['resolved'], self.states())

    def test_nodes_change_places(self):
        other = self.compose('m')['resource_uri']
        self.move(to=_NEW)
        self.move(other, self.uri)
        self.move(_NEW, other)
        self.sync()
        self.assertEqual(('active', other), self.shown())
        self.assertEqual(('active', self.uri), self.shown('m'))
        self.assertEqual([], self.states())

    def test_something_without_a_mark(self):
        self.move(mark=None)
        self.assertStays()

    def test_other_parts(self):
        parts = self.fake.nodes[self.uri].resources
        self.move(resources=parts[:-1])
        self.assertStays()

    def test_two_have_its_mark(self):
        made = self.move()
        self.fake.nodes['/nodes/98'] = dataclasses.replace(made)
        self.assertStays()

    def test_not_all_was_read(self):
        self.move()
        self.fake.unread = {'/systems/2'}
        self.sync()
        self.assertEqual(self.uri, self.shown()[1])

    def test_the_uri_belongs_to_a_node_that_does_not_move(self):
        other = self.compose('m')['resource_uri']
        del self.fake.nodes[other]
        self.move(to=other)
        self.sync()
        self.assertEqual(self.uri, self.shown()[1])
        self.assertEqual(other, self.shown('m')[1])

    def test_a_node_that_was_something_else_does_not_come_back(self):
        made = self.fake.nodes[self.uri]
        self.fake.nodes[self.uri] = dataclasses.replace(made, mark=None)
        self.sync()
        self.fake.nodes[_NEW] = made
        self.sync()
        self.assertEqual(('error', self.uri), self.shown())
