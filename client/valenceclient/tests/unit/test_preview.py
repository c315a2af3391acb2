# SPDX-License-Identifier: Apache-2.0
import argparse
import unittest
from unittest import mock

from valenceclient.osc.v1 import nodes

_LIMIT = {'resource': 'cores', 'limit': 8, 'used': 6}


class Preview(unittest.TestCase):
    def rows(self, **answer):
        command = nodes.Preview(mock.Mock(), None)
        client = mock.Mock()
        client.preview_node.return_value = {
            'candidates': [],
            'rejections': [],
            **answer,
        }
        options = argparse.Namespace(formatter='json', no_quote=False)
        with (
            mock.patch.object(nodes.Preview, 'client', client),
            mock.patch.object(nodes.Preview, 'fields', lambda *_: {}),
        ):
            columns, rows = command.take_action(options)
            return [
                {
                    name: cell.machine_readable()
                    for name, cell in zip(columns, row, strict=True)
                }
                for row in rows
            ]

    def test_limits_that_are_too_low(self):
        given, hidden = self.rows(
            quota=[{**_LIMIT, 'missing': 2}, {**_LIMIT, 'missing': None}]
        )
        self.assertEqual('quota', given['filter'])
        self.assertEqual(
            'cores: the limit is 8, 6 in use, 2 missing', given['reason']
        )
        self.assertEqual(
            'cores: the limit is 8, 6 in use, '
            'the hardware that fits has more than is left',
            hidden['reason'],
        )

    def test_an_older_service(self):
        self.assertEqual([], self.rows())
