# SPDX-License-Identifier: Apache-2.0
"""The tables of states: every state can be reached, and left if need be."""

from valence.conductor import states
from valence.objects import node
from valence.objects import operation
from valence.tests import base


def _reached(table, begin):
    found, todo = set(), set(begin)
    while todo:
        state = todo.pop()
        found.add(state)
        todo |= {t.target for t in table if t.source == state} - found
    return found


class TestNodeStates(base.TestCase):
    def test_each_is_declared(self):
        used = {t.source for t in states.NODE} | {
            t.target for t in states.NODE
        }
        self.assertEqual(set(node.PROVISION_STATES), used)

    def test_each_is_reached(self):
        self.assertEqual(
            set(node.PROVISION_STATES),
            _reached(states.NODE, {'composing', 'adopting'}),
        )

    def test_from_each_a_node_can_be_released(self):
        for state in node.PROVISION_STATES:
            self.assertIn('releasing', _reached(states.NODE, {state}), state)

    def test_each_transition_is_there_once_and_says_when(self):
        for table in (states.NODE, states.OPERATION):
            self.assertEqual(len(table), len({t[:2] for t in table}))
            self.assertTrue(all(t.when for t in table))


class TestOperationStates(base.TestCase):
    def test_each_is_reached(self):
        self.assertEqual(
            set(operation.OPERATION_STATES),
            _reached(states.OPERATION, {'pending'}),
        )

    def test_open_ones_end_and_ended_ones_stay(self):
        ends = {'succeeded', 'failed', 'cancelled'}
        for state in operation.OPERATION_STATES:
            if state in states.OPEN:
                self.assertLessEqual(ends, _reached(states.OPERATION, {state}))
            else:
                self.assertEqual({state}, _reached(states.OPERATION, {state}))
        self.assertEqual(
            ends, set(operation.OPERATION_STATES) - set(states.OPEN)
        )

    def test_sources(self):
        self.assertEqual(
            ['running'], states.sources(states.OPERATION, 'failed')
        )
