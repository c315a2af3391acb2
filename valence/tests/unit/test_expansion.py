# SPDX-License-Identifier: Apache-2.0
"""Blocks that leave a system while they are being removed."""

from unittest import mock

from valence.common import exception
from valence.podmanagers.composition.expansion import Expansion
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress
from valence.podmanagers.wire.client import Response
from valence.tests import base

SYSTEM = '/redfish/v1/Systems/1'
BLOCK = '/redfish/v1/CompositionService/ResourceBlocks/1'
ACTION = f'{SYSTEM}/Actions/ComputerSystem.RemoveResourceBlock'


def system(*blocks):
    return {
        'Links': {
            'ResourceBlocks': [{'@odata.id': block} for block in blocks]
        },
        'Actions': {'#ComputerSystem.RemoveResourceBlock': {'target': ACTION}},
    }


class RemoveBlockTestCase(base.TestCase):
    def remove(self, *reads):
        """A service rejects the removal and shows these systems in turn."""
        client = mock.Mock(spec_set=['get', 'request'])
        client.get.side_effect = reads
        client.request.return_value = Response(409, {}, None, {})
        deadline = Deadline(10)
        try:
            Expansion(client).remove_block(SYSTEM, BLOCK, deadline, Progress())
        finally:
            # It is requested, once, and looked at before and after.
            client.request.assert_called_once_with(
                'POST',
                ACTION,
                deadline,
                {'ResourceBlock': {'@odata.id': BLOCK}},
                check=False,
            )
            self.assertEqual(
                [mock.call(SYSTEM, deadline)] * 2, client.get.mock_calls
            )

    def test_block_that_has_left(self):
        self.remove(system(BLOCK), system())

    def test_one_that_stays(self):
        self.assertRaises(
            exception.NoMatch, self.remove, system(BLOCK), system(BLOCK)
        )
