# SPDX-License-Identifier: Apache-2.0
"""Blocks that leave a system while they are asked to."""

from unittest import mock

from valence.common import exception
from valence.podmanagers import base as podmanagers
from valence.podmanagers.composition.expansion import Expansion
from valence.tests import base

SYSTEM = '/redfish/v1/Systems/1'
BLOCK = '/redfish/v1/CompositionService/ResourceBlocks/1'


def system(*blocks):
    return {
        'Links': {'ResourceBlocks': [{'@odata.id': block} for block in blocks]}
    }


class Parting(base.TestCase):
    def part(self, *looks):
        """Have a service refuse, which shows these systems in turn."""
        client = mock.Mock(spec_set=['get'])
        client.get.side_effect = looks
        expansion = Expansion(client)
        refusal = exception.NoMatch(reason='it is no part of the system')
        with mock.patch.object(
            expansion, '_change', autospec=True, side_effect=refusal
        ):
            expansion.remove_block(
                SYSTEM, BLOCK, podmanagers.Deadline(10), podmanagers.Progress()
            )
        self.assertEqual(len(looks), client.get.call_count)

    def test_one_that_has_left_meanwhile(self):
        self.part(system(BLOCK), system())

    def test_one_that_stays(self):
        self.assertRaises(
            exception.NoMatch, self.part, system(BLOCK), system(BLOCK)
        )
