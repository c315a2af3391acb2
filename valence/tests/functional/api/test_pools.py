# SPDX-License-Identifier: Apache-2.0
"""Pools in the API."""

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base


class TestPools(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.pod()
        self.client.post('/v1/flavors', {'name': 'small', 'properties': {}})
        self.body = {'name': 'web', 'flavor': 'small', 'max_nodes': 4}

    def create(self, **values):
        return self.client.post('/v1/pools', {**self.body, **values})

    def refuse(self, status, field, method='POST', path='', **values):
        body = values if method == 'PATCH' else {**self.body, **values}
        path = f'/v1/pools{path}'
        self.assertRefused(status, field, method, path, body)

    def test_defaults(self):
        pool = self.create()
        expected = {
            **{'min_ready': 1, 'max_ready': None, 'max_nodes': 4},
            **{'idle_seconds': 600, 'register': {'provide': True}},
            **{'pod_managers': [], 'project_id': None, 'enabled': True},
            **{'draining': False, 'ready': None, 'state': 'ok'},
        }
        self.assertEqual(expected, {name: pool[name] for name in expected})
        flavor = self.client.get('/v1/flavors/small')
        self.assertEqual(flavor['uuid'], pool['flavor_uuid'])
        self.assertEqual([pool], self.client.all('/v1/pools?flavor=small'))
        self.assertEqual(pool, self.client.get('/v1/pools/web'))

    def test_pod_managers_by_name(self):
        podm = self.client.get('/v1/pod_managers/pod')['uuid']
        pool = self.create(pod_managers=['pod', podm])
        self.assertEqual([podm], pool['pod_managers'])
        self.refuse(400, 'pod_managers', name='b', pod_managers=['none'])

    def test_refused(self):
        self.create()
        self.refuse(409, 'name')
        for field, value in (
            ('flavor', 'none'),
            ('max_nodes', 0),
            ('max_nodes', 1001),
            ('min_ready', -1),
            ('register', {'provide': 1}),
            ('register', {'other': True}),
            ('register', {'traits': ['lower']}),
            ('ready', 1),
            ('draining', True),
        ):
            self.refuse(400, field, name='b', **{field: value})
        self.refuse(400, 'max_ready', name='b', min_ready=2, max_ready=1)
        self.refuse(400, 'max_nodes', name='b', min_ready=5)
        self.refuse(400, 'max_nodes', name='b', max_ready=5)
        self.refuse(400, 'max_nodes', 'PATCH', '/web', min_ready=5)
        self.refuse(400, 'max_ready', 'PATCH', '/web', max_ready=0)
        self.refuse(400, 'flavor', 'PATCH', '/web', flavor='small')

    def test_action(self):
        self.create()
        path = '/v1/pools/web/action'
        for body in ({}, {'drain': {'now': True}}, {'other': {}}):
            self.assertRefused(400, '', 'POST', path, body)
        pool = self.client.post(path, {'drain': {}})
        self.assertEqual(
            (False, True, 'draining'),
            tuple(pool[n] for n in ('enabled', 'draining', 'state')),
        )
        pool = self.client.patch('/v1/pools/web', {'enabled': True})
        self.assertFalse(pool['draining'])

    def test_change(self):
        self.create()
        db.update(models.Pool, {'failures': 3}, name='web')
        pool = self.client.patch('/v1/pools/web', {'name': 'app'})
        self.assertEqual('app', pool['name'])
        self.assertEqual(0, db.get(models.Pool, name='app').failures)
        self.create()
        self.refuse(409, 'name', 'PATCH', '/web', name='app')

    def test_events(self):
        uuid = self.create()['uuid']
        self.client.delete('/v1/pools/web')
        events = self.client.all('/v1/events?sort_key=created_at')
        self.assertEqual(
            ['pool.create', 'pool.delete'],
            sorted(
                one['event_type']
                for one in events
                if one['resource_uuid'] == uuid
            ),
        )
