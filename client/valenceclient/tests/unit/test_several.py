# SPDX-License-Identifier: Apache-2.0
import io
import json
import unittest
from unittest import mock

from openstack import exceptions as sdk_exceptions
from osc_lib import exceptions

from valenceclient.osc.v1 import nodes
from valenceclient.osc.v1 import pools
from valenceclient.v1 import resources


class Several(unittest.TestCase):
    """Commands with several nodes, of which "bad" does not exist."""

    def run_command(self, command_class, *arguments):
        """Run a command; return what it printed, and its error."""
        app = mock.Mock(stdout=io.StringIO())
        command = command_class(app, None)
        client = app.client_manager.composable
        for method in ('reset_node', 'delete_node', 'update_pool'):
            getattr(client, method).side_effect = self.act
        client.get_node.side_effect = lambda uuid: self.act(uuid[5:])
        client.wait_for_operation = self.wait
        parsed = command.get_parser('').parse_args(arguments)
        error = None
        try:
            command.run(parsed)
        except exceptions.CommandError as exc:
            error = str(exc)
        return app.stdout.getvalue(), error

    def setUp(self):
        super().setUp()
        self.acted = []
        self.waited = []

    def act(self, name, *args, **kwargs):
        self.acted.append(name)
        if name == 'bad':
            raise sdk_exceptions.SDKException('Not found.')
        return resources.Node.existing(
            uuid=f'uuid-{name}', name=name, operation_uuid=f'op-{name}'
        )

    def wait(self, started, **kwargs):
        self.waited.append(started.operation_uuid)
        if started.name == 'worse':
            raise sdk_exceptions.ResourceFailure('It failed.')

    def test_one(self):
        shown, error = self.run_command(nodes.Reset, 'a', 'On', '-f', 'json')
        self.assertEqual('a', json.loads(shown)['name'])
        self.assertIsNone(error)
        shown, error = self.run_command(nodes.Reset, 'bad', 'On')
        self.assertEqual(('', 'Not found.'), (shown, error))

    def test_an_error_does_not_prevent_the_others(self):
        with self.assertLogs('valenceclient.osc.several') as logged:
            shown, error = self.run_command(
                nodes.Reset, 'a', 'bad', 'b', 'On', '-f', 'json'
            )
        self.assertEqual(['a', 'bad', 'b'], self.acted)
        self.assertEqual(
            ['a', 'b'], [one['name'] for one in json.loads(shown)]
        )
        self.assertEqual('1 of 3 failed.', error)
        self.assertEqual(
            ['bad: Not found.'],
            [record.getMessage() for record in logged.records],
        )

    def test_all_are_waited_for(self):
        with self.assertLogs('valenceclient.osc.several'):
            _, error = self.run_command(
                nodes.Delete, 'a', 'worse', 'b', '--wait'
            )
        self.assertEqual(['op-a', 'op-worse', 'op-b'], self.waited)
        self.assertEqual('1 of 3 failed.', error)
        shown, error = self.run_command(
            nodes.Reset, 'a', 'b', 'On', '--wait', '-f', 'value', '-c', 'name'
        )
        self.assertEqual(('a\nb\n', None), (shown, error))

    def test_one_is_named_twice(self):
        _, error = self.run_command(nodes.Delete, 'a', 'a')
        self.assertEqual((['a'], None), (self.acted, error))

    def test_set(self):
        with self.assertLogs('valenceclient.osc.several'):
            _, error = self.run_command(
                pools.Set, 'a', 'bad', 'b', '--no-enabled'
            )
        self.assertEqual(['a', 'bad', 'b'], self.acted)
        self.assertEqual('1 of 3 failed.', error)

    def test_variables_of_a_shell_are_those_of_one(self):
        shown, error = self.run_command(
            nodes.Reset, 'a', 'b', 'On', '-f', 'shell'
        )
        self.assertIn('shows one resource only', error)
        self.assertEqual([], self.acted)

    def test_an_interrupt_names_what_goes_on(self):
        def wait(started, **kwargs):
            self.waited.append(started.operation_uuid)
            if started.name == 'b':
                raise KeyboardInterrupt

        self.wait = wait
        with (
            mock.patch('sys.stderr', io.StringIO()) as stderr,
            self.assertRaises(KeyboardInterrupt),
        ):
            self.run_command(nodes.Delete, 'a', 'b', 'c', '--wait')
        for name, count in (('a', 0), ('b', 1), ('c', 1)):
            told = f'The operation op-{name} continues'
            self.assertEqual(count, stderr.getvalue().count(told), name)
