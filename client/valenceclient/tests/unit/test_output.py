# SPDX-License-Identifier: Apache-2.0
import argparse
import unittest

from valenceclient.osc import output

_HOSTILE = '\x1b[31mred\x1b[0m\x07'


class Output(unittest.TestCase):
    def cell(self, value, formatter, no_quote=False):
        return output.cell(
            value, argparse.Namespace(formatter=formatter, no_quote=no_quote)
        )

    def test_tables(self):
        for value in (_HOSTILE, [_HOSTILE], [{'name': _HOSTILE}]):
            shown = self.cell(value, 'table').human_readable()
            self.assertIn('red', shown)
            self.assertNotIn('\x1b', shown)
            self.assertNotIn('\x07', shown)

    def test_json_is_unchanged(self):
        self.assertEqual(
            _HOSTILE, self.cell(_HOSTILE, 'json').machine_readable()
        )

    def test_csv(self):
        for value, shown in (
            (None, ''),
            (5, 5),
            (-5, -5),
            (True, True),
            ('-', "'-"),
            ('=1+1', "'=1+1"),
            ('@SUM(A1)', "'@SUM(A1)"),
            ('a=1', 'a=1'),
            ({'a': [1, None]}, '{"a": [1, null]}'),
            ([], '[]'),
        ):
            self.assertEqual(shown, self.cell(value, 'csv'))
        self.assertNotIn('\x1b', self.cell(_HOSTILE, 'csv'))

    def test_raw_csv(self):
        self.assertEqual('=1+1', self.cell('=1+1', 'csv', no_quote=True))
        self.assertEqual('=1+1', self.cell('=1+1', 'value'))
