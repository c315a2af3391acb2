# SPDX-License-Identifier: Apache-2.0
import io
import json
import unittest
from unittest import mock

from openstack import exceptions as sdk_exceptions
from osc_lib import exceptions

from valenceclient.osc.v1 import nodes
from valenceclient.osc.v1 import operations
from valenceclient.v1 import resources


def _named(kind, **names):
    return [kind.existing(uuid=key, name=name) for key, name in names.items()]


class Lists(unittest.TestCase):
    """Lists with names, from a service and a Keystone that are replaced."""

    def setUp(self):
        super().setUp()
        self.app = mock.Mock(stdout=io.StringIO())
        self.manager = self.app.client_manager
        self.composable = self.manager.composable
        self.composable.pod_managers.return_value = _named(
            resources.PodManager, p1='east'
        )
        self.composable.nodes.return_value = _named(resources.Node, n1='web')
        self.identity = self.manager.sdk_connection.identity
        self.identity.projects.return_value = []
        self.manager.sdk_connection.config.config = {'auth_type': 'password'}

    def rows(self, command_class, *arguments):
        command = command_class(self.app, None)
        parser = command.get_parser('')
        command.run(parser.parse_args([*arguments, '-f', 'json']))
        return json.loads(self.app.stdout.getvalue())

    def nodes(self, *arguments, count=3, **fields):
        self.composable.nodes.return_value = [
            resources.Node.existing(uuid=str(n), **fields)
            for n in range(count)
        ]
        return self.rows(nodes.List, *arguments)

    def test_one_request_for_many_rows(self):
        rows = self.nodes(podm_uuid='p1', flavor_uuid=None, count=250)
        self.assertEqual({'east'}, {row['pod_manager'] for row in rows})
        self.assertEqual({None}, {row['flavor'] for row in rows})
        self.composable.pod_managers.assert_called_once_with(
            uuid=['p1'], fields=['uuid', 'name']
        )
        self.composable.flavors.assert_not_called()

    def test_what_cannot_be_named(self):
        self.composable.pod_managers.side_effect = (
            sdk_exceptions.ForbiddenException
        )
        self.composable.flavors.return_value = []
        (row,) = self.nodes(podm_uuid='p1', flavor_uuid='gone', count=1)
        self.assertEqual('p1', row['pod_manager'])
        self.assertEqual('gone', row['flavor'])

    def test_fields(self):
        (row,) = self.nodes(
            *('--fields', 'pod_manager,name'), podm_uuid='p1', count=1
        )
        self.assertEqual({'pod_manager': 'east', 'name': None}, row)
        self.composable.nodes.assert_called_once_with(
            fields=['name', 'podm_uuid']
        )

    def test_columns_that_are_not_shown_by_default(self):
        (row,) = self.nodes(
            *('-c', 'podm_uuid', '-c', 'project'),
            **{'podm_uuid': 'p1', 'project_id': 'x', 'count': 1},
        )
        self.assertEqual({'podm_uuid': 'p1', 'project': 'x'}, row)

    def test_only_what_is_shown_is_asked_for(self):
        self.nodes('-c', 'name', podm_uuid='p1')
        self.composable.pod_managers.assert_not_called()

    def test_projects(self):
        project = mock.Mock(id='d')
        project.name = 'demo'
        self.identity.projects.return_value = [project]
        rows = self.nodes('--all-projects', project_id='d')
        self.assertEqual('demo', rows[0]['project'])
        self.identity.projects.assert_called_once_with()

    def test_a_user_who_may_not_list_projects(self):
        self.identity.projects.side_effect = sdk_exceptions.ForbiddenException
        self.manager.auth_ref = mock.Mock(project_id='d', project_name='demo')
        rows = self.nodes('--all-projects', project_id='d')
        self.assertEqual('demo', rows[0]['project'])

    def test_without_keystone(self):
        self.manager.sdk_connection.config.config = {'auth_type': 'none'}
        rows = self.nodes('--all-projects', '--project', 'p', project_id='p')
        self.assertEqual('p', rows[0]['project'])
        self.composable.nodes.assert_called_once_with(project_id='p')
        self.identity.projects.assert_not_called()

    def test_filter_by_project(self):
        self.identity.find_project.return_value = mock.Mock(id='d')
        self.nodes('--project', 'demo')
        self.composable.nodes.assert_called_once_with(project_id='d')

    def operations(self, *arguments, count):
        self.composable.operations.return_value = [
            resources.Operation.existing(
                uuid=str(n), target_type='nodes', target_uuid='n1'
            )
            for n in range(count)
        ]
        with mock.patch('sys.stderr', io.StringIO()) as stderr:
            rows = self.rows(operations.List, *arguments)
        (call,) = self.composable.operations.mock_calls[:1]
        return rows, call.kwargs, 'more operations' in stderr.getvalue()

    def test_operations(self):
        rows, query, more = self.operations(count=51)
        self.assertEqual((50, True), (len(rows), more))
        self.assertEqual('web', rows[0]['target'])
        self.assertEqual(
            {
                **{'sort_key': 'created_at', 'sort_dir': 'desc'},
                **{'limit': 51, 'max_items': 51},
            },
            query,
        )

    def test_no_more_operations(self):
        rows, query, more = self.operations('--limit', '2', count=2)
        self.assertEqual((2, 3, False), (len(rows), query['limit'], more))

    def test_all_operations(self):
        rows, query, more = self.operations('--all', count=60)
        self.assertEqual((60, False), (len(rows), more))
        self.assertNotIn('limit', query)
        with self.assertRaises(exceptions.CommandError):
            self.rows(operations.List, '--all', '--limit', '1')

    def test_operations_by_uuid(self):
        _, query, _ = self.operations('--uuid', 'u', count=1)
        self.assertNotIn('sort_key', query)
