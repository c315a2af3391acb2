# SPDX-License-Identifier: Apache-2.0
"""Access lists of pod managers that are not public."""

import uuid

from valence import objects
from valence.common import exception
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.scheduler import ranking
from valence.scheduler.request import Request
from valence.tests import base

_PROJECT = uuid.uuid4().hex


class TestAccess(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.podm = self.client.post(
            '/v1/pod_managers',
            {'name': 'east', 'url': 'http://east.example', 'is_public': False},
        )
        self.path = '/v1/pod_managers/east/access'

    def grant(self, project_id=_PROJECT):
        return self.client.post(self.path, {'project_id': project_id})

    def test_public_by_default(self):
        self.assertFalse(self.podm['is_public'])
        west = self.client.post(
            '/v1/pod_managers', {'name': 'west', 'url': 'http://west.example'}
        )
        self.assertTrue(west['is_public'])
        shown = self.client.get('/v1/pod_managers?is_public=false')
        self.assertEqual(
            ['east'], [podm['name'] for podm in shown['pod_managers']]
        )

    def test_add_list_remove(self):
        self.assertEqual({'access': []}, self.client.get(self.path))
        made = self.grant()
        self.assertEqual(self.podm['uuid'], made['podm_uuid'])
        self.assertEqual(_PROJECT, made['project_id'])
        self.assertEqual({'access': [made]}, self.client.get(self.path))
        self.client.delete(f'{self.path}/{_PROJECT}')
        self.assertEqual({'access': []}, self.client.get(self.path))

    def test_list_of_another_pod_manager(self):
        self.grant()
        self.client.post(
            '/v1/pod_managers', {'name': 'west', 'url': 'http://west.example'}
        )
        self.assertEqual(
            {'access': []}, self.client.get('/v1/pod_managers/west/access')
        )

    def test_location_is_the_list(self):
        answer = self.client.request(
            'POST', self.path, {'project_id': _PROJECT}
        )
        self.assertEqual(201, answer.status)
        self.assertTrue(
            answer.headers['Location'].endswith(
                f'/v1/pod_managers/{self.podm["uuid"]}/access'
            )
        )

    def test_invalid(self):
        for body in ({}, {'project_id': None}, {'project_id': 7}):
            self.assertRefused(400, 'project_id', 'POST', self.path, body)
        for text in ('', 'a b', 'a/b', 'a\nb', 'x' * 256, '.', '..'):
            self.assertRefused(
                400, 'project_id', 'POST', self.path, {'project_id': text}
            )
        self.assertRefused(
            400, 'other', 'POST', self.path, {'other': _PROJECT}
        )

    def test_twice_is_a_conflict(self):
        self.grant()
        self.assertRefused(
            409, 'project_id', 'POST', self.path, {'project_id': _PROJECT}
        )

    def test_nothing_to_remove(self):
        self.assertRefused(404, _PROJECT, 'DELETE', f'{self.path}/{_PROJECT}')

    def test_no_such_pod_manager(self):
        path = '/v1/pod_managers/nowhere/access'
        self.assertRefused(404, 'nowhere', 'GET', path)
        self.assertRefused(404, 'nowhere', 'DELETE', f'{path}/{_PROJECT}')
        self.assertRefused(
            404, 'nowhere', 'POST', path, {'project_id': _PROJECT}
        )

    def test_deleted_with_the_pod_manager(self):
        self.grant()
        self.client.delete('/v1/pod_managers/east')
        with db.reader() as tx:
            self.assertEqual(0, tx.count(models.PodManagerAccess))


class TestScheduling(base.DatabaseTestCase):
    """Nodes of a project are composed on pod managers that it may use."""

    def setUp(self):
        super().setUp()
        self.podm = db.create(
            models.PodManager,
            **{
                **objects.PodManager.defaults(),
                'name': 'east',
                'url': 'http://east.example',
                'is_public': False,
                'status': 'online',
                'capabilities': ['compose'],
                'synced_at': db.now(),
            },
        )

    def rejected_by(self, project_id):
        with db.reader() as tx:
            found = ranking.rank(tx, Request({}, project_id=project_id))
        return [rejection.filter for rejection in found.rejections]

    def test_no_access(self):
        self.assertEqual(['access'], self.rejected_by(_PROJECT))

    def test_access_is_the_first_filter(self):
        db.update(models.PodManager, {'status': 'offline'}, uuid=self.podm)
        self.assertEqual(['access'], self.rejected_by(_PROJECT))

    def test_granted(self):
        db.create(
            models.PodManagerAccess, podm_uuid=self.podm, project_id=_PROJECT
        )
        self.assertEqual(['capacity'], self.rejected_by(_PROJECT))
        self.assertEqual(['access'], self.rejected_by('another'))

    def test_public(self):
        db.update(models.PodManager, {'is_public': True}, uuid=self.podm)
        self.assertEqual(['capacity'], self.rejected_by(_PROJECT))

    def test_without_a_project(self):
        self.assertEqual(['capacity'], self.rejected_by(None))

    def test_errors_hide_the_pod_manager(self):
        with db.reader() as tx:
            error = self.assertRaises(
                exception.NoCapacity,
                ranking.choose,
                tx,
                Request({}, project_id=_PROJECT),
            )
        self.assertNotIn('east', str(error))
