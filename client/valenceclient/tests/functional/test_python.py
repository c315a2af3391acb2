# SPDX-License-Identifier: Apache-2.0
"""The proxy of openstacksdk with a real Valence."""

import json
import logging
from unittest import mock

import openstack
from keystoneauth1 import exceptions as ks_exceptions
from openstack import exceptions

import valenceclient
from valenceclient.tests.functional import base
from valenceclient.tests.functional import processes


class Python(base.TestCase):
    def setUp(self):
        super().setUp()
        self.pod()
        connection = valenceclient.connect(
            auth_type='none',
            endpoint=self.url,
            load_yaml_config=False,
            load_envvars=False,
        )
        self.addCleanup(connection.close)
        self.composable = connection.composable

    def fake(self, name: str, **fields):
        made = self.composable.create_pod_manager(
            name=name,
            url=f'http://127.0.0.1/{len(name)}',
            driver='fake',
            **fields,
        )
        self.addCleanup(self.composable.delete_pod_manager, made)
        return made

    def test_pod_manager(self):
        made = self.fake('py thon', location='Room 1', password='hidden')
        self.assertEqual('Room 1', made.location)
        self.assertEqual(made.id, made.uuid)
        self.assertEqual(
            f'{self.url}/v1/pod_managers/{made.id}', made.links[0]['href']
        )
        self.assertNotIn('links', made.api_fields())
        self.assertNotIn('hidden', repr(made) + json.dumps(made))
        changed = self.composable.update_pod_manager(made, maintenance=True)
        self.assertTrue(changed.maintenance)
        got = self.composable.get_pod_manager('py thon')
        self.assertEqual((made.id, True), (got.id, got['maintenance']))
        self.assertIsNone(self.composable.find_pod_manager('no#body?'))
        self.composable.update_pod_manager('py thon', name='100% #1?')
        self.assertEqual(
            made.id, self.composable.find_pod_manager('100% #1?').id
        )

    def test_names_that_a_path_cannot_have(self):
        for name in ('', '.', '..'):
            for method in ('get_node', 'delete_flavor', 'find_pod_manager'):
                with self.assertRaises(exceptions.InvalidRequest):
                    getattr(self.composable, method)(name)

    def test_several_values(self):
        found = {
            one.id: one.state
            for one in self.composable.systems(
                state=['free', 'used'], fields=['uuid', 'state']
            )
        }
        self.assertTrue(found)
        self.assertLessEqual(set(found.values()), {'free', 'used'})
        bounded = self.composable.systems(
            memory_mib=['gte:1', 'lt:1'], fields=('uuid',)
        )
        self.assertEqual([], list(bounded))

    def test_secrets_are_not_logged(self):
        with self.assertLogs(level=logging.DEBUG) as logs:
            made = self.fake('logged', password='hidden')
            self.composable.update_pod_manager(
                made, hardware_password='concealed'
            )
        text = '\n'.join(logs.output)
        self.assertIn('"password": "***"', text)
        self.assertNotIn('hidden', text)
        self.assertNotIn('concealed', text)

    def test_an_outage_does_not_end_waiting(self):
        operation = self.composable.sync_pod_manager('pod')
        answers = [
            ks_exceptions.ConnectFailure('refused'),
            exceptions.HttpException('busy', http_status=503),
            None,
        ]
        get = self.composable._get

        def fail_first(*args, **kwargs):
            failure = answers.pop(0) if answers else None
            if failure is not None:
                raise failure
            return get(*args, **kwargs)

        with mock.patch.object(
            self.composable, '_get', autospec=True, side_effect=fail_first
        ):
            ended = self.composable.wait_for_operation(operation, interval=0.1)
        self.assertEqual('succeeded', ended.state)
        self.assertEqual([], answers)

    def test_an_outage_ends_with_the_timeout(self):
        operation = self.composable.sync_pod_manager('pod')
        with (
            mock.patch.object(
                self.composable,
                '_get',
                autospec=True,
                side_effect=ks_exceptions.ConnectFailure('refused'),
            ),
            self.assertRaises(ks_exceptions.ConnectFailure),
        ):
            self.composable.wait_for_operation(
                operation, interval=0.1, wait=0.3
            )

    def test_errors(self):
        with self.assertRaises(exceptions.NotFoundException) as caught:
            self.composable.get_node('nobody')
        self.assertEqual(
            'Node nobody could not be found.', caught.exception.message
        )
        with self.assertRaises(exceptions.NotFoundException):
            self.composable.delete_node('nobody', ignore_missing=False)
        self.assertIsNone(self.composable.delete_node('nobody'))

    def test_pages(self):
        systems = self.composable.systems(limit=3, fields='name')
        names = [system.name for system in systems]
        self.assertEqual((20, 20), (len(names), len(set(names))))
        some = self.composable.systems(max_items=5, pod_manager='pod')
        self.assertEqual(5, len(list(some)))

    def test_capacity(self):
        pod = self.composable.get_pod_manager('pod')
        capacities = self.composable.get_capacities()
        self.assertEqual(20, capacities[pod.id]['systems']['total'])
        self.assertEqual(pod.capacity, capacities[pod.id])
        total = self.composable.get_capacity().api_fields()
        self.assertEqual(
            sum(one['systems']['total'] for one in capacities.values()),
            total['systems']['total'],
        )

    def test_node(self):
        node = self.composable.compose_node(
            name='py-node', properties={'processor': {'total_cores': 2}}
        )
        seen = []
        operation = self.composable.wait_for_operation(
            node, interval=0.1, wait=60, callback=seen.append
        )
        self.assertEqual('succeeded', operation.state)
        self.assertEqual('succeeded', seen[-1].state)
        node = self.composable.get_node('py-node')
        self.assertEqual('active', node.provision_state)
        reset = self.composable.reset_node(node, 'ForceRestart')
        self.composable.wait_for_operation(reset, interval=0.1)
        gone = self.composable.delete_node(node)
        self.composable.wait_for_operation(gone, interval=0.1)
        self.assertIsNone(self.composable.find_node('py-node'))

    def test_failed_operation(self):
        node = self.composable.compose_node(
            name='py-huge', properties={'processor': {'total_cores': 100000}}
        )
        self.addCleanup(self.composable.delete_node, node)
        with self.assertRaisesRegex(exceptions.ResourceFailure, 'No capacity'):
            self.composable.wait_for_operation(node, interval=0.1)

    def test_vendor_hook(self):
        path = processes.directory() / 'hook.yaml'
        cloud = {
            'auth_type': 'none',
            'auth': {'endpoint': self.url},
            'vendor_hook': 'valenceclient:add_service',
        }
        path.write_text(json.dumps({'clouds': {'hooked': cloud}}))
        config = openstack.config.OpenStackConfig(config_files=[str(path)])
        connection = openstack.connection.Connection(
            config=config.get_one('hooked')
        )
        self.addCleanup(connection.close)
        self.assertIn(
            'rsd', [one.id for one in connection.composable.drivers()]
        )
