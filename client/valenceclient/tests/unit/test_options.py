# SPDX-License-Identifier: Apache-2.0
import argparse
import datetime
import shlex
import unittest
from importlib import metadata

from openstackclient import shell
from osc_lib.command import command

from valenceclient import schema
from valenceclient.osc import options
from valenceclient.osc import values


class Options(unittest.TestCase):
    def parse(self, *arguments: str) -> dict:
        body = schema.body('post', 'nodes')
        parser = argparse.ArgumentParser(exit_on_error=False)
        options.add(parser, body, positional='name')
        return options.to_body(parser.parse_args(arguments), body)

    def test_omitted_options_are_not_sent(self):
        self.assertEqual({'name': 'n'}, self.parse('n'))

    def test_whether_or_how(self):
        for given, sent in (
            (('--register',), True),
            (('--no-register',), False),
            (('--register-options', '{"inspect": true}'), {'inspect': True}),
        ):
            found = self.parse('n', *given)
            self.assertEqual({'name': 'n', 'register': sent}, found)

    def test_requirements(self):
        given = self.parse(
            *('n', '--properties', '{"network": [{"speed_mbps": 1}]}'),
            *('--storage', 'capacity_gib=1,type=SSD'),
            *('--storage', 'count=2', '--processor', 'model=1 x=y'),
            *('--traits', 'required=A|B,forbidden=C'),
        )
        self.assertEqual(
            {
                'network': [{'speed_mbps': 1}],
                'storage': [
                    {'capacity_gib': 1, 'type': 'SSD'},
                    {'count': 2},
                ],
                'processor': {'model': '1 x=y'},
                'traits': {'required': ['A', 'B'], 'forbidden': ['C']},
            },
            given['properties'],
        )

    def test_pairs(self):
        for text, value in (
            ('a=8', 8),
            ('a=x y', 'x y'),
            ('a=x|y z', ['x', 'y z']),
            ('a=8|16', {'eq': [8, 16]}),
            ('a=8|x', ['8', 'x']),
            ('a==8', {'eq': 8}),
            ('a==x', {'eq': 'x'}),
            ('a=8..16', {'min': 8, 'max': 16}),
            ('a=8..', {'min': 8}),
            ('a=..16', {'max': 16}),
            ('a=x..16', 'x..16'),
            ('a=true', True),
        ):
            self.assertEqual({'a': value}, values.parse_pairs(text), text)

    def test_malformed_pairs(self):
        for text in ('', 'a', '=1', 'a=1,,b=2'):
            with self.assertRaises(argparse.ArgumentTypeError):
                values.parse_pairs(text)

    def test_lists_of_objects(self):
        body = schema.body('post', 'nodes/{id}/register')
        parser = argparse.ArgumentParser(exit_on_error=False)
        options.add(parser, body)
        given = parser.parse_args(
            ['--ports', '{"address": "a"}', '--ports', '{"address": "b"}']
        )
        self.assertEqual(
            {'ports': [{'address': 'a'}, {'address': 'b'}]},
            options.to_body(given, body),
        )
        with self.assertRaises(argparse.ArgumentError):
            parser.parse_args(['--ports', 'a'])

    def test_json(self):
        given = self.parse('n', '--affinity', '{"scope": "rack"}')
        self.assertEqual({'scope': 'rack'}, given['affinity'])
        with self.assertRaises(argparse.ArgumentError):
            self.parse('n', '--affinity', '{')
        with self.assertRaises(argparse.ArgumentError):
            self.parse('n', '--affinity', '@/no/such/file')

    def test_times_from_now_on(self):
        until = self.parse('n', '--lease-until', '+3d')['lease_until']
        left = datetime.datetime.fromisoformat(until) - datetime.datetime.now(
            datetime.UTC
        )
        self.assertEqual(3, round(left / datetime.timedelta(days=1), 2))
        given = self.parse('n', '--lease-until', '2030-01-31')
        self.assertEqual('2030-01-31', given['lease_until'])
        for text in ('+', '+3', '+d', '+3w', '+-3d', '+99999999999d'):
            with self.assertRaises(argparse.ArgumentError):
                self.parse('n', '--lease-until', text)


class Commands(unittest.TestCase):
    """Every command, loaded from its entry point."""

    def setUp(self):
        super().setUp()
        self.app = app = shell.OpenStackShell()
        self.parsers = {}
        self.examples = {}
        points = metadata.entry_points(group='openstack.composable.v1')
        for point in points:
            made = point.load()(app, None)
            self.assertIsInstance(made, command.Command)
            self.assertTrue(made.get_description(), point.name)
            self.parsers[point.name] = made.get_parser(point.name)
            self.examples[point.name] = made.examples

    def test_no_option_conflicts_with_the_shell(self):
        """The shell parses its own options at any position."""
        taken = {
            option
            for action in self.app.parser._actions
            for option in action.option_strings
        }
        for name, parser in self.parsers.items():
            own = {
                option
                for action in parser._actions
                for option in action.option_strings
            }
            self.assertEqual(set(), own & taken - {'-h', '--help'}, name)

    def test_everything_has_a_help(self):
        for name, parser in self.parsers.items():
            for action in parser._actions:
                self.assertTrue(action.help, (name, action.dest))

    def test_examples(self):
        """The commands accept them, and the help shows them line by line."""
        for name, parser in self.parsers.items():
            line = name.split('_')
            shown = parser.format_help()
            for example in self.examples[name]:
                self.assertIn(f'\n    openstack valence {example}', shown)
                words = shlex.split(f'valence {example}')
                self.assertEqual(line, words[: len(line)])
                parser.parse_args(words[len(line) :])

    def test_no_password_on_a_command_line(self):
        for name, parser in self.parsers.items():
            self.assertNotIn('--password', parser._option_string_actions, name)
