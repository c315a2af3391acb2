# SPDX-License-Identifier: Apache-2.0
"""Conditions: who sets them, what follows, and who sees what of them."""

import datetime

from valence.db import api as db
from valence.db import conditions
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests.fixtures import personas

_LEAK = {'code': 'water_leak', 'message': 'Water below the rack.'}


class TestConditions(base.ConductorTestCase):
    options = {'fake__systems': 2, 'fake__devices': 1}

    def setUp(self):
        super().setUp()
        self.pod()
        (self.rack,) = self.client.all('/v1/racks')

    def set(self, subject='rack', name=None, **values):
        body = {'subject': subject, 'subject_id': name or self.rack['uuid']}
        return self.client.post('/v1/conditions', body | _LEAK | values)

    def free(self):
        capacity = self.client.get('/v1/capacity')['capacity']
        return capacity['systems']['free']

    def test_set_and_unset(self):
        self.assertEqual(2, self.free())
        row = self.set(effects=['no_new_nodes', 'quiet'])
        self.assertEqual('rack', row['subject'])
        self.assertEqual('active', row['state'])
        again = self.set(message='More water.')
        self.assertEqual(row['uuid'], again['uuid'])
        self.assertEqual(['no_new_nodes'], again['effects'])
        self.assertEqual(0, self.free())
        (found,) = self.client.all('/v1/conditions?code=water_leak')
        self.assertEqual('More water.', found['message'])
        (system, _) = self.client.all('/v1/systems')
        self.assertEqual(row['uuid'], system['condition_uuid'])
        shown = self.client.get(f'/v1/systems/{system["uuid"]}')
        self.assertEqual(
            [row['uuid']], [one['uuid'] for one in shown['conditions']]
        )
        self.client.request('DELETE', f'/v1/conditions/{row["uuid"]}')
        self.assertEqual(2, self.free())

    def test_events(self):
        row = self.set()
        self.set(message='More water.')
        self.client.delete(f'/v1/conditions/{row["uuid"]}')
        events = self.client.all(
            '/v1/events?resource_type=condition'
            '&fields=event_type,payload,project_id'
        )
        self.assertEqual(
            ['condition.create', 'condition.update', 'condition.delete'],
            [one['event_type'] for one in events],
        )
        data = events[-1]['payload']['valence_object.data']
        self.assertEqual('More water.', data['message'])
        self.assertIsNone(events[-1]['project_id'])

    def test_bad_input(self):
        for field, values in (
            ('subject', {'subject': 'node'}),
            ('subject_id', {'subject_id': 'nothing'}),
            ('effects', {'effects': ['no_fun']}),
            ('effects: must not contain', {'effects': ['quiet', 'quiet']}),
            ('effects', {'effects': []}),
            ('until', {'until': '2020-01-01T00:00:00Z'}),
            ('code', {'code': 'health_critical'}),
            ('code', {'code': 'a/b'}),
            ('message', {'message': ''}),
            ('severity', {'severity': 1}),
        ):
            body = {'subject': 'rack', 'subject_id': self.rack['uuid']}
            body |= _LEAK | values
            self.assertRefused(400, field, 'POST', '/v1/conditions', body)
        # A chassis that is no rack.
        self.assertRefused(
            400,
            'subject_id',
            'POST',
            '/v1/conditions',
            {
                'subject': 'rack',
                'subject_id': self.client.all('/v1/systems')[0]['uuid'],
                **_LEAK,
            },
        )

    def test_why_not(self):
        self.set(tenant_message='Repairs of the building.')
        operation = self.done('POST', '/v1/nodes', {'name': 'n'}, 'failed')
        self.assertIn('water_leak of the rack', operation['error'])
        self.assertIn(_LEAK['message'], operation['error'])
        (row,) = self.client.post('/v1/nodes/preview', {})['rejections']
        self.assertIn('3 parts by water_leak of the rack', row['reason'])
        self.set('pod_manager', 'pod', code='power', message='No power.')
        (row,) = self.client.post('/v1/nodes/preview', {})['rejections']
        self.assertEqual('No power.', row['reason'])

    def test_nodes_are_kept_as_they_are(self):
        self.compose('node')
        row = self.set(effects=['no_change', 'no_release'])
        reset = {'Reset': {'Type': 'On'}}
        refused = self.client.request('POST', '/v1/nodes/node/action', reset)
        self.assertEqual(409, refused.status)
        self.assertIn(_LEAK['message'], refused.error['detail'])
        for path in ('nodes/node', 'pod_managers/pod?cascade=true'):
            self.assertRefused(409, 'no_release', 'DELETE', f'/v1/{path}')
        self.client.request('DELETE', f'/v1/conditions/{row["uuid"]}')
        self.done('POST', '/v1/nodes/node/action', reset)
        self.done('DELETE', '/v1/nodes/node')

    def test_maintenance(self):
        def change(value):
            body = {'maintenance': value}
            return self.client.request('PATCH', '/v1/pod_managers/pod', body)

        self.assertTrue(change(True).json['maintenance'])
        (row,) = self.client.all('/v1/conditions')
        self.assertEqual('maintenance', row['code'])
        self.assertRefused(
            *(409, 'maintenance', 'POST', '/v1/nodes'),
            {'name': 'n', 'pod_manager': 'pod'},
        )
        self.assertFalse(change(False).json['maintenance'])
        self.assertEqual([], self.client.all('/v1/conditions'))
        until = db.now() + datetime.timedelta(hours=1)
        text = f'{until.isoformat()}Z'
        self.set('pod_manager', 'pod', code='maintenance', until=text)
        self.assertTrue(self.client.get('/v1/pod_managers/pod')['maintenance'])
        self.clock.advance(3601)
        self.assertEqual(1, conditions.expire(db.now()))
        podm = self.client.get('/v1/pod_managers/pod')
        self.assertFalse(podm['maintenance'])
        self.assertIsNone(podm['condition_uuid'])
        self.register('new', maintenance=True)
        (row,) = self.client.all('/v1/conditions')
        self.assertEqual('new', row['subject_name'])

    def test_quiet(self):
        self.set('pod_manager', 'pod', effects=['quiet'])
        with db.reader() as tx:
            self.assertEqual(1, len(conditions.quiet(tx)))
            (podm,) = tx.list(models.PodManager)
            self.assertTrue(conditions.is_quiet(tx, podm.uuid))
        self.assertEqual(2, self.free())


class TestMembers(base.ConductorTestCase):
    """What members of projects see of conditions."""

    options = {
        'fake__systems': 1,
        'fake__devices': 0,
        'auth_strategy': 'keystone',
        'quota__enforce': False,
    }

    def setUp(self):
        super().setUp()
        who = self.useFixture(personas.Personas())
        self.admin, self.member = who.of('admin'), who.of('member')
        self.send(
            'POST',
            'pod_managers',
            {'name': 'pod', 'url': 'http://pod.fake', 'driver': 'fake'},
        )
        self.conductor.look()
        self.conductor.settle()

    def send(self, method, path, body=None, who=None):
        who = who or self.admin
        return self.client.request(method, f'/v1/{path}', body, who).json

    def set(self, subject, name, message):
        body = {'subject': subject, 'subject_id': name, 'code': subject}
        said = {'message': message, 'tenant_message': f'Sorry: {subject}.'}
        effects = {'effects': ['no_new_nodes', 'no_change']}
        self.send('POST', 'conditions', body | said | effects)

    def test_only_the_tenant_message(self):
        self.send('POST', 'nodes', {'name': 'mine'}, self.member)
        self.conductor.settle()
        (rack,) = self.send('GET', 'racks')['racks']
        self.set('rack', rack['uuid'], 'SECRET')
        self.set('pod_manager', 'pod', 'Known.')
        shown = self.send('GET', 'nodes/mine', who=self.member)
        effects = ['no_new_nodes', 'no_change']
        self.assertEqual(
            [
                {
                    'tenant_message': 'Sorry: rack.',
                    'effects': effects,
                    'until': None,
                },
                {
                    'subject': 'pod_manager',
                    'code': 'pod_manager',
                    'message': 'Known.',
                    'effects': effects,
                    'until': None,
                },
            ],
            shown['conditions'],
        )
        reset = {'Reset': {'Type': 'On'}}
        answers = [
            self.send('POST', 'nodes/mine/action', reset, self.member),
            self.send('POST', 'nodes/preview', {}, self.member),
        ]
        self.assertIn('Sorry: rack.', str(answers[0]))
        self.assertIn('Known.', str(answers[1]))
        self.assertNotIn('SECRET', str([shown, *answers]))

    def test_why_not(self):
        (rack,) = self.send('GET', 'racks')['racks']
        self.set('rack', rack['uuid'], 'SECRET')
        text = str(self.send('POST', 'nodes/preview', {}, self.member))
        self.assertIn('Sorry: rack.', text)
        self.assertNotIn('SECRET', text)
