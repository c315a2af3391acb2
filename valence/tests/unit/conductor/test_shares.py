# SPDX-License-Identifier: Apache-2.0
"""Devices that several nodes share."""

from oslo_db import exception as db_exception

from valence.common import exception
from valence.conductor.inventory import drift
from valence.db import allocations
from valence.db import api as db
from valence.db import shares
from valence.db.sqlalchemy import models
from valence.tests import base

_WANTED = {'storage': [{'count': 2}]}


class SharesTestCase(base.ConductorTestCase):
    """A pod of which one of the devices can be shared by up to two nodes.

    The systems have one drive each.
    """

    options = {'fake__systems': 4, 'fake__devices': 1}
    most: int | None = 2

    def setUp(self):
        super().setUp()
        self.fake = self.pod()
        for item in self.fake.hardware.values():
            if item.uri.startswith('/devices/'):
                item.values['max_nodes'] = self.most
        self.sync()

    def sync(self):
        (podm,) = self.client.all('/v1/pod_managers')
        self.done('POST', f'/v1/pod_managers/{podm["uuid"]}/sync')

    def device(self):
        (row,) = self.client.all('/v1/devices')
        return row

    def parts(self, name):
        node = self.client.get(f'/v1/nodes/{name}')
        return [row['uuid'] for row in node['devices']]


class TestShares(SharesTestCase):
    def test_as_many_nodes_as_may(self):
        for count, name in enumerate(('a', 'b'), start=1):
            self.assertTrue(self.device()['free'])
            self.compose(name, properties=_WANTED)
            self.assertEqual(count, self.device()['sharers'])
            self.assertIsNone(self.device()['node_uuid'])
            self.assertEqual([self.device()['uuid']], self.parts(name))
        self.assertFalse(self.device()['free'])
        node = self.compose('c', 'failed', properties=_WANTED)
        self.assertIn('lacks 1 drive', node['last_error'])
        self.assertEqual(2, self.device()['sharers'])
        self.done('DELETE', '/v1/nodes/a')
        self.assertEqual(1, self.device()['sharers'])
        self.assertTrue(self.device()['free'])
        self.compose('d', properties=_WANTED)

    def test_the_history_has_its_claims(self):
        uuids = [self.compose(n, properties=_WANTED)['uuid'] for n in 'ab']
        self.done('DELETE', '/v1/nodes/a')
        path = f'/v1/devices/{self.device()["uuid"]}/history?field=claim'
        self.assertEqual(
            [(uuids[0], False), (uuids[1], True)],
            [
                (one['value'], one['ended_at'] is None)
                for one in self.client.all(path)
            ],
        )
        claims = self.client.all('/v1/nodes/b/history?field=claim')
        self.assertIn(self.device()['uuid'], [one['value'] for one in claims])

    def test_a_failed_node_gives_its_place_back(self):
        error = exception.RequestRejected(reason='no')
        self.fake.order('compose', error, count=None)
        self.compose('a', 'failed', properties=_WANTED)
        self.assertEqual(0, self.device()['sharers'])

    def test_it_is_neither_drift_nor_a_finding(self):
        for name in ('a', 'b'):
            self.compose(name, properties=_WANTED)
        self.sync()
        for name in ('a', 'b'):
            self.assertIsNone(self.client.get(f'/v1/nodes/{name}')['drift'])
        self.assertEqual([], self.client.all('/v1/findings'))
        (first, _) = self.fake.nodes.values()
        first.resources.remove(self.device()['resource_uri'])
        self.sync()
        kinds = {row['kind'] for row in self.client.all('/v1/findings')}
        self.assertEqual({'idle_part'}, kinds)

    def test_attach_and_detach(self):
        uuid = self.device()['uuid']
        for name in ('a', 'b', 'c'):
            self.compose(name)
        for name in ('a', 'b'):
            attach = {'attach': {'resource_id': uuid}}
            self.done('POST', f'/v1/nodes/{name}/action', attach)
            self.assertEqual([uuid], self.parts(name))
            answer = self.client.request(
                'POST', f'/v1/nodes/{name}/action', attach
            )
            self.assertEqual(409, answer.status)
        self.done('POST', '/v1/nodes/c/action', attach, 'failed')
        detach = {'detach': {'resource_id': uuid}}
        answer = self.client.request('POST', '/v1/nodes/c/action', detach)
        self.assertEqual(409, answer.status)
        self.done('POST', '/v1/nodes/a/action', detach)
        self.assertEqual([], self.parts('a'))
        self.assertEqual([uuid], self.parts('b'))
        self.done('POST', '/v1/nodes/c/action', attach)

    def test_each_node_is_charged(self):
        self.compose('a', properties=_WANTED)
        self.compose('b', properties=_WANTED)
        charged = [
            db.get(models.Node, name=name).charged_devices for name in 'ab'
        ]
        # The other drive is part of the system.
        self.assertEqual([1, 1], charged)

    def test_one_node_has_one_place(self):
        node = self.compose('a', properties=_WANTED)['uuid']
        uuid = self.device()['uuid']
        podm = self.device()['podm_uuid']

        @db.transaction
        def again(tx):
            shares.create(tx, podm, {'node_uuid': node}, {uuid: 9})

        self.assertRaises(db_exception.DBDuplicateEntry, again)

    def test_a_race_for_the_last_place(self):
        uuid, podm = self.device()['uuid'], self.device()['podm_uuid']
        nodes = [self.compose(name)['uuid'] for name in ('a', 'b', 'c')]

        @db.transaction
        def take(tx, node):
            allocations.create(tx, podm, node, [uuid])

        for node in nodes[:2]:
            take(node)
        self.assertRaises(exception.LostRace, take, nodes[2])
        error = self.assertRaises(
            db_exception.DBDuplicateEntry,
            db.create,
            models.Share,
            resource_uuid=uuid,
            place=1,
            node_uuid=nodes[2],
            podm_uuid=podm,
        )
        self.assertTrue(error)

    def test_baselines_are_kept(self):
        node = self.compose('a', properties=_WANTED)['uuid']
        with db.reader() as tx:
            parts = drift._allocated_parts(tx, self.device()['podm_uuid'])
        self.assertIn(self.device()['resource_uri'], parts[node].uris)


class TestUnlimited(SharesTestCase):
    most = None

    def test_any_number(self):
        for number in range(4):
            self.compose(f'n{number}', properties=_WANTED)
        self.assertEqual(4, self.device()['sharers'])
        self.assertIsNone(self.device()['max_nodes'])
        self.assertTrue(self.device()['free'])
