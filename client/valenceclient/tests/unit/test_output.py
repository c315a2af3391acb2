# SPDX-License-Identifier: Apache-2.0
import argparse
import json
import subprocess
import unittest

from openstack import exceptions as sdk_exceptions

from valenceclient.osc import output

_HOSTILE = '\x1b[31mred\x1b[0m\x07'
# Each contains a character that no format shows as it is.
_UNPRINTABLE = (
    _HOSTILE,
    'c1 \x9b31m',
    'bidi \u202e\u2066',
    'zero width \u200b\ufeff',
    'null \0',
    'return \r',
    'separator \u2028\u2029\x85',
    'half \ud800',
)


class Output(unittest.TestCase):
    def cell(self, value, formatter, no_quote=False, in_row=True):
        return output.cell(
            value,
            argparse.Namespace(formatter=formatter, no_quote=no_quote),
            in_row,
        )

    def test_tables(self):
        for text in _UNPRINTABLE:
            for value in (text, [text], [{'name': text}], {text: 1}):
                shown = self.cell(value, 'table').human_readable()
                self.assertIn(text[:3].strip('\x1b'), shown)
                self.assertTrue(shown.replace('\n', '').isprintable(), shown)
                self.assertNotIn('\x1b', shown)
        self.assertEqual('a b', self.cell('a\tb', 'table').human_readable())

    def test_all_scripts_are_shown(self):
        for text in (
            'نمی\u200cخواهم',  # with a joiner
            '\U0001f469\u200d\U0001f680',
            'Łódź\u00a0データ\u3000センター',
            'two\nlines',
        ):
            for formatter in ('csv', 'shell'):
                self.assertEqual(text, self.cell(text, formatter))
            self.assertEqual(text, self.cell(text, 'table').human_readable())

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
            ('\t=1+1', "'\t=1+1"),
            (' @SUM(A1)', "' @SUM(A1)"),
            ('a=1', 'a=1'),
            ({'a': [1, None]}, '{"a": [1, null]}'),
            ([], '[]'),
        ):
            self.assertEqual(shown, self.cell(value, 'csv'))

    def test_raw_csv(self):
        self.assertEqual('=1+1', self.cell('=1+1', 'csv', no_quote=True))
        self.assertEqual('=1+1', self.cell('=1+1', 'value'))

    def test_no_format_has_unprintable_characters(self):
        for formatter in ('csv', 'value', 'shell'):
            for text in _UNPRINTABLE:
                shown = self.cell(text, formatter)
                self.assertTrue(shown.isprintable(), (formatter, shown))
                shown = self.cell({text: [text]}, formatter)
                self.assertTrue(shown.isprintable(), (formatter, shown))

    def test_nested_values_are_unchanged(self):
        for text in _UNPRINTABLE:
            shown = self.cell({text: [text]}, 'csv')
            self.assertEqual({text: [text]}, json.loads(shown))

    def test_a_row_of_values_is_a_line(self):
        self.assertEqual('a b', self.cell('a\nb', 'value'))
        self.assertEqual('a\nb', self.cell('a\nb', 'value', in_row=False))

    def test_a_shell_does_not_interpret_variables(self):
        for text in ('$(echo 1)', '`echo 1`', '$HOME', '\\$(echo 1)\\', '"'):
            # As cliff does it.
            value = self.cell(text, 'shell').replace('"', '\\"')
            script = f'name="{value}"\nprintf %s "$name"'
            done = subprocess.run(
                ['sh', '-c', script], capture_output=True, text=True
            )
            self.assertEqual(text, done.stdout)

    def test_errors_are_one_line(self):
        exc = sdk_exceptions.HttpException('no \x1b[31m\nname')
        self.assertEqual('no \ufffd[31m name', output.error_message(exc))
