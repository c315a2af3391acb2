# SPDX-License-Identifier: Apache-2.0
"""What nodes are charged, from the request to each end of an operation."""

from valence import quota
from valence.common import exception
from valence.db import allocations
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures

_NO = exception.RequestRejected(reason='no')
_WANTED = {
    'processor': {'total_cores': 1},
    'memory': {'capacity_mib': 1024},
    'storage': [{'count': 2}],
}
# A fake system, and the device that the second drive is.
_GOT = (16, 65536, 1)
_PROJECT = 'c' * 32


class TestCharges(base.ConductorTestCase):
    """Each request is charged; each end leaves what is allocated."""

    fixture = fixtures.Database
    limits: dict = {}

    def setUp(self):
        super().setUp()
        self.fake = self.pod()

    def tearDown(self):
        self.assertTrue(self.client.all('/v1/nodes'))
        for node in self.client.all('/v1/nodes'):
            self.assertRight(node)
        super().tearDown()

    def assertRight(self, node):
        """What a node is charged is what is allocated to it."""
        with db.reader() as tx:
            uuids = allocations.of_node(tx, node['uuid'])
            expected = quota.of_resources(tx, uuids)
        self.assertEqual(
            (expected.cores, expected.memory, expected.devices),
            self.charged(node['name']),
        )

    def charged(self, name='n'):
        node = self.client.get(f'/v1/nodes/{name}')
        return tuple(
            node[f'charged_{what}']
            for what in ('cores', 'memory_mib', 'devices')
        )

    def request(self, name='n', **body):
        """Request a node for a project with limits."""
        body = {'name': name, 'properties': _WANTED, **body}
        uuid = self.begin('POST', '/v1/nodes', body)
        values = {'project_id': _PROJECT, 'scope': _PROJECT}
        db.update(models.Node, values, name=name)
        operation = db.get(models.Operation, uuid=uuid)
        params = {**operation.params, 'limits': self.limits}
        db.update(
            models.Operation,
            {'params': params, 'project_id': _PROJECT},
            uuid=uuid,
        )
        db.transaction(lambda tx: tx.delete(models.ProjectUsage))()
        db.create(models.ProjectUsage, project_id=_PROJECT)
        return uuid

    def end(self, uuid, state='succeeded'):
        self.assertEqual(state, self.conductor.finish(uuid).state)
        return self.client.get(f'/v1/operations/{uuid}')

    def device(self, name):
        (row,) = self.client.all(f'/v1/devices?name={name}')
        return row['uuid']

    def act(self, action, name, state='succeeded'):
        body = {action: {'resource_id': self.device(name)}}
        return self.end(self.begin('POST', '/v1/nodes/n/action', body), state)

    def test_what_was_requested_then_what_was_claimed(self):
        uuid = self.request()
        self.assertEqual((1, 1024, 2), self.charged())
        self.conductor.reach(uuid, 1)
        self.assertEqual(_GOT, self.charged())
        self.conductor.die()
        self.end(uuid)
        self.assertEqual(_GOT, self.charged())

    def test_nothing_is_left_of_what_was_refused(self):
        self.fake.order('compose', _NO, count=None)
        self.end(self.request(), 'failed')
        self.assertEqual((0, 0, 0), self.charged())

    def test_nothing_is_left_of_what_was_never_claimed(self):
        wanted = {'memory': {'capacity_mib': 2**24}}
        self.end(self.request(properties=wanted), 'failed')
        self.assertEqual((0, 0, 0), self.charged())

    def test_nothing_is_left_of_what_was_cancelled(self):
        uuid = self.request()
        run = self.conductor.reach(uuid, 2)
        self.client.delete(f'/v1/operations/{uuid}')
        self.conductor.run(run)
        self.end(uuid, 'cancelled')
        self.assertEqual((0, 0, 0), self.charged())

    def test_more_than_was_claimed(self):
        """The pod manager takes a larger system than the chosen one."""
        self.fake.hardware['/systems/2'].values['cpu_cores'] = 32
        self.fake.hardware['/systems/3'].values['cpu_cores'] = 64
        self.sync()
        self.limits = {'nodes': 2, 'cores': 16}
        uuid = self.request(properties={})
        self.conductor.reach(uuid, 2)
        self.assertEqual((16, 65536, 0), self.charged())
        (node,) = self.fake.nodes.values()
        self.assertEqual(['/systems/1'], node.resources)
        node.resources[:] = ['/systems/2']
        self.conductor.die()
        self.end(uuid)
        self.assertEqual((32, 65536, 0), self.charged())
        self.end(self.request('m', properties={}), 'failed')

    def sync(self):
        (podm,) = self.client.all('/v1/pod_managers')
        self.done('POST', f'/v1/pod_managers/{podm["uuid"]}/sync')

    def test_hardware_that_exceeds_the_quota(self):
        self.limits = {'nodes': 1, 'cores': 15, 'memory': 2**20}
        operation = self.end(self.request(), 'failed')
        self.assertIn(
            'cores: the limit is 15, 0 in use, 16 more in the hardware that '
            'fits',
            operation['error'],
        )
        self.assertNotIn('memory', operation['error'])
        self.assertEqual([], list(self.fake.nodes))
        row = db.get(models.Operation, uuid=operation['uuid'])
        self.assertNotIn('16', row.user_error)
        self.assertIn('cores: the limit is 15, 0 in use', row.user_error)

    def test_another_pod_manager_has_hardware_within_the_quota(self):
        other = self.pod('other')
        other.hardware['/systems/1'].values['cpu_cores'] = 8
        for number in (2, 3):
            del other.hardware[f'/systems/{number}']
        self.done('POST', '/v1/pod_managers/other/sync')
        # The first one is preferred, as more of it is free.
        self.conf.set(scheduler__weigher='free')
        self.limits = {'cores': 15}
        self.end(self.request(properties={}))
        self.assertEqual((8, 65536, 0), self.charged())
        self.end(self.request('m', properties={}), 'failed')

    def test_hardware_within_the_quota(self):
        self.limits = {'nodes': 2, 'cores': 32, 'devices': 2}
        self.end(self.request())
        self.end(self.request('m'))
        self.limits = {'nodes': 3, 'cores': 47}
        self.end(self.request('o'), 'failed')

    def test_a_device_attached_and_detached(self):
        self.end(self.request(properties={}))
        self.assertEqual((16, 65536, 0), self.charged())
        self.act('attach', 'Drive 1')
        self.assertEqual((16, 65536, 1), self.charged())
        self.act('detach', 'Drive 1')
        self.assertEqual((16, 65536, 0), self.charged())

    def test_an_attach_is_charged_at_once(self):
        self.end(self.request(properties={}))
        body = {'attach': {'resource_id': self.device('Drive 1')}}
        uuid = self.begin('POST', '/v1/nodes/n/action', body)
        self.assertEqual((16, 65536, 1), self.charged())
        self.client.delete(f'/v1/operations/{uuid}')
        self.end(uuid, 'cancelled')
        self.assertEqual((16, 65536, 0), self.charged())

    def test_a_detach_ends_the_charge_when_it_is_over(self):
        self.end(self.request())
        (row,) = self.client.get('/v1/nodes/n')['devices']
        body = {'detach': {'resource_id': row['uuid']}}
        uuid = self.begin('POST', '/v1/nodes/n/action', body)
        self.assertEqual(_GOT, self.charged())
        self.fake.order('detach', _NO)
        self.end(uuid, 'failed')
        self.assertEqual(_GOT, self.charged())

    def test_an_attach_that_fails(self):
        self.end(self.request(properties={}))
        self.fake.order('attach', _NO)
        self.act('attach', 'Drive 1', 'failed')
        self.assertEqual((16, 65536, 0), self.charged())

    def test_a_device_that_cannot_be_detached_again(self):
        self.end(self.request(properties={}))
        body = {'attach': {'resource_id': self.device('Drive 1')}}
        uuid = self.begin('POST', '/v1/nodes/n/action', body)
        run = self.conductor.reach(uuid, 2)
        self.fake.order('detach', _NO, count=None)
        self.client.delete(f'/v1/operations/{uuid}')
        self.conductor.run(run)
        self.end(uuid, 'failed')
        self.assertEqual((16, 65536, 1), self.charged())

    def test_memory_that_is_added_later(self):
        """It is charged by the next operation, even above the quota."""
        self.limits = {'memory': 65536}
        self.end(self.request(properties={}))
        self.fake.hardware['/systems/1'].values['memory_mib'] = 98304
        self.sync()
        self.assertEqual((16, 65536, 0), self.charged())
        self.act('attach', 'Drive 1')
        system = self.client.get('/v1/nodes/n')['systems'][0]
        self.assertEqual((16, system['memory_mib'], 1), self.charged())
        self.end(self.request('m', properties={}), 'failed')
        self.assertEqual((0, 0, 0), self.charged('m'))


class TestChargesMySQL(TestCharges):
    backend = 'mysql'


class TestChargesPostgreSQL(TestCharges):
    backend = 'postgresql'
