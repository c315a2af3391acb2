# SPDX-License-Identifier: Apache-2.0
"""The report of usage."""

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests.fixtures.personas import OTHER
from valence.tests.fixtures.personas import OWN
from valence.tests.functional.api import rbac_scene


class TestReport(base.ConductorTestCase):
    def test_groups(self):
        self.pod()
        node = self.compose('n')
        self.clock.advance(3600)
        (one,) = self.client.get('/v1/usage')['usage']
        self.assertEqual({'kind', 'model'}, {*one} & {'kind', 'model', 'node'})
        self.assertEqual('system', one['kind'])
        self.assertAlmostEqual(3600, one['seconds'], delta=60)
        for name, field, value in (
            ('node', 'node_uuid', node['uuid']),
            ('pod_manager', 'podm_uuid', node['podm_uuid']),
            ('project', 'project_id', None),
        ):
            path = f'/v1/usage?group_by={name}'
            (one,) = self.client.get(path)['usage']
            self.assertEqual(value, one[field], name)
        answer = self.client.get('/v1/usage?end=2099-01-01')
        self.assertAlmostEqual(3600, answer['usage'][0]['seconds'], delta=60)
        self.assertLess(answer['end'], '2027')
        path = '/v1/usage?start=2020-01-01&end=2020-01-02'
        self.assertEqual([], self.client.get(path)['usage'])

    def test_refused(self):
        for field, query in (
            ('group_by', 'group_by=colour'),
            ('start', 'start=2030-01-02&end=2030-01-01'),
            ('start', 'start=now'),
            ('start', 'start=2098-01-01&end=2099-01-01'),
            ('end', 'end=2020-01-01&end=2020-01-02'),
            ('limit', 'limit=1'),
        ):
            self.assertRefused(400, field, 'GET', f'/v1/usage?{query}')


class TestProjects(rbac_scene.RBACCase):
    def setUp(self):
        super().setUp()
        for project in (OWN, OTHER):
            db.create(
                models.UsageSpan,
                project_id=project,
                node_uuid=project,
                kind='system',
                cores=1,
                memory_mib=1,
                devices=0,
                opened_at=db.now().replace(year=2020),
            )

    def projects(self, who, query=''):
        answer = self.ask(who, 'GET', f'usage?group_by=project{query}')
        self.assertEqual(200, answer.status, answer)
        return {one['project_id'] for one in answer.json['usage']}

    def test_who_sees_what(self):
        self.assertEqual({OWN, OTHER}, self.projects('admin'))
        self.assertEqual({OTHER}, self.projects('admin', f'&project={OTHER}'))
        for who in ('member', 'reader'):
            self.assertEqual({OWN}, self.projects(who))
            self.assertEqual(set(), self.projects(who, f'&project={OTHER}'))
