# SPDX-License-Identifier: Apache-2.0
"""What a node claims is what it is made of, and what is left on it."""

import contextlib
import datetime
import pathlib
import sqlite3
import uuid

from valence.tests.functional.conductor import test_compose

_BLOCKS = '/redfish/v1/CompositionService/ResourceBlocks'
_SMALL = {
    'memory': {'capacity_mib': 16384},
    'storage': [{'capacity_gib': 1}],
}


class ClaimsCase(test_compose.ComposeCase):
    def blocks(self, *arguments, **kwargs):
        """A pod of resource blocks that sends no events."""
        return self.pod(
            'pod',
            *('--personality', 'redfish', '--no-sse', '--no-push'),
            *arguments,
            **kwargs,
        )

    def assertClaims(self, pod):
        """What Valence has claimed is what the pod's systems are made of."""
        there = {part for node in pod.nodes() for part in node['parts']}
        claimed = {
            row['resource_uri']
            for kind in ('systems', 'devices')
            for row in self.client.all(f'/v1/{kind}')
            if row['node_uuid'] is not None
        }
        self.assertEqual(there, claimed)

    def operation(self, node):
        (found,) = self.client.all(
            f'/v1/operations?target_uuid={node["uuid"]}&action=compose'
        )
        return self.client.get(f'/v1/operations/{found["uuid"]}')

    def reserve(self, resource, project):
        """Have a project's data on a piece of hardware."""
        path = pathlib.Path(self.service.state_path) / 'valence.sqlite'
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        with contextlib.closing(sqlite3.connect(path, 30)) as connection:
            with connection:
                connection.execute(
                    'INSERT INTO allocations (uuid, resource_uuid, podm_uuid,'
                    ' reserved_to, created_at, updated_at)'
                    ' VALUES (?, ?, ?, ?, ?, ?)',
                    (
                        str(uuid.uuid4()),
                        resource['uuid'],
                        resource['podm_uuid'],
                        project,
                        str(now),
                        str(now),
                    ),
                )
                # Rows of hardware repeat what the claims on them say.
                for statement in (
                    'UPDATE systems SET reserved_to = ?, free = 0'
                    ' WHERE uuid = ?',
                    'UPDATE devices SET reserved_to = ?, free = 0'
                    ' WHERE uuid = ?',
                ):
                    connection.execute(statement, (project, resource['uuid']))

    def row(self, kind, name):
        (found,) = [
            row
            for row in self.client.all(f'/v1/{kind}?pod_manager=pod')
            if row['resource_uri'] == f'{_BLOCKS}/{name}'
        ]
        return found


class TestOtherBlocks(ClaimsCase):
    """A service chooses the blocks for constrained requirements itself."""

    def hidden(self, *arguments):
        """A pod whose first block Valence believes to be out of order.

        The service takes just that one: it is the first of the smallest.
        """
        pod = self.blocks('--compose-by', 'constrained', *arguments)
        uri = f'{_BLOCKS}/compute-1'
        pod.change(uri, CompositionStatus={'CompositionState': 'Unavailable'})
        self.assertEqual('succeeded', self.sync('pod')['state'])
        pod.change(uri, CompositionStatus={'CompositionState': 'Unused'})
        self.assertEqual(
            'unavailable', self.row('systems', 'compute-1')['state']
        )
        return pod

    def test_they_are_claimed_instead(self):
        pod = self.hidden()
        node = self.compose('n', properties=_SMALL)
        (system,) = node['systems']
        self.assertEqual(f'{_BLOCKS}/compute-1', system['resource_uri'])
        self.assertClaims(pod)
        # At the first go: nothing was undone.
        self.assertEqual(
            ['claim_parts', 'allocate', 'assemble', 'refresh'],
            [step['name'] for step in self.operation(node)['steps']],
        )
        self.assertEqual('used', self.row('systems', 'compute-1')['state'])
        self.sync('pod')
        self.assertIsNone(self.client.get('/v1/nodes/n')['drift'])
        self.service.release('n')
        self.assertEqual([], pod.nodes())
        self.assertClaims(pod)

    def test_not_what_others_have(self):
        pod = self.hidden()
        self.reserve(self.row('systems', 'compute-1'), 'somebody')
        node = self.compose('n', properties=_SMALL)
        (system,) = node['systems']
        self.assertEqual(f'{_BLOCKS}/compute-2', system['resource_uri'])
        self.assertClaims(pod)
        steps = self.operation(node)['steps']
        self.assertEqual(
            ['claim_parts', 'allocate', 'assemble'],
            [step['name'] for step in steps if step['state'] == 'undone'],
        )
        self.assertEqual(
            'somebody', self.row('systems', 'compute-1')['reserved_to']
        )
        self.service.release('n')

    def test_not_where_specific_parts_are_requested(self):
        pod = self.hidden()
        requested = [
            self.row(kind, name)['uuid']
            for kind, name in (
                ('systems', 'compute-3'),
                ('devices', 'storage-3-1'),
            )
        ]
        node = self.service.compose('n', resources=requested)
        self.assertEqual('error', node['provision_state'])
        self.assertIn(f'took {_BLOCKS}/compute-1', node['last_error'])
        self.assertEqual([], pod.nodes())
        self.assertClaims(pod)
        self.service.release('n')


class TestErasure(ClaimsCase):
    """Data that others stored is never visible."""

    def release(self, node):
        """Release a node, which has to succeed."""
        uuid = self.client.delete(f'/v1/nodes/{node}')['operation_uuid']
        operation = self.client.finished(uuid)
        self.assertEqual('succeeded', operation['state'], operation)

    def own(self, node, project='tenant'):
        """Have a node belong to a project, without a Keystone."""
        path = pathlib.Path(self.service.state_path) / 'valence.sqlite'
        with contextlib.closing(sqlite3.connect(path, 30)) as connection:
            with connection:
                connection.execute(
                    'UPDATE nodes SET project_id = ? WHERE uuid = ?',
                    (project, node['uuid']),
                )

    def reserved(self):
        """What is reserved, to whom, by the ends of the URIs."""
        return {
            row['resource_uri'].rpartition('/')[2]: row['reserved_to']
            for kind in ('systems', 'devices')
            for row in self.client.all(f'/v1/{kind}?pod_manager=pod')
            if row['reserved_to'] is not None
        }

    def composed(self, pod):
        """A node of a project, with a drive; the drive's block."""
        node = self.compose('n', properties=_SMALL)
        self.own(node)
        (device,) = node['devices']
        return device['resource_uri'].rpartition('/')[2]

    def erased(self, pod, block):
        (found,) = [
            one['erased']
            for one in pod.state()['blocks']
            if one['uri'] == f'{_BLOCKS}/{block}'
        ]
        return found

    def test_erased_device_is_free(self):
        pod = self.blocks()
        block = self.composed(pod)
        self.assertFalse(self.erased(pod, block))
        self.release('n')
        self.assertTrue(self.erased(pod, block))
        self.assertEqual({}, self.reserved())

    def test_device_that_cannot_be_erased_is_reserved(self):
        pod = self.blocks('--no-secure-erase')
        block = self.composed(pod)
        self.release('n')
        self.assertEqual([], pod.nodes())
        self.assertEqual({block: 'tenant'}, self.reserved())
        # Others get another one, until an administrator frees it.
        node = self.compose('m', properties=_SMALL)
        self.assertNotIn(block, [d['name'] for d in node['devices']])
        self.release('m')
        uuid = self.row('devices', block)['uuid']
        self.client.delete(f'/v1/devices/{uuid}/reservation')
        self.assertEqual({}, self.reserved())

    def test_detached_device_is_not_erased(self):
        pod = self.blocks()
        block = self.composed(pod)
        uuid = self.row('devices', block)['uuid']
        operation = self.client.post(
            '/v1/nodes/n/action', {'detach': {'resource_id': uuid}}
        )['operation_uuid']
        self.assertEqual('succeeded', self.client.finished(operation)['state'])
        self.assertFalse(self.erased(pod, block))
        self.assertEqual({block: 'tenant'}, self.reserved())
        self.release('n')

    def test_rsd_erases_what_it_does_not_delete_by_force(self):
        pod = self.pod('pod', systems=2)
        for forced in (False, True):
            self.own(self.compose('n'))
            if forced:
                pod.order('/redfish/v1/Nodes/', 'status', 500, method='DELETE')
            self.release('n')
            self.assertEqual(
                {'tenant'} if forced else set(),
                set(self.reserved().values()),
            )
