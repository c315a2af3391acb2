# SPDX-License-Identifier: Apache-2.0
"""Conditions, tags, expected hardware and time lines, without a browser."""

import io
import json
import unittest

from valence_dashboard.tests.functional import pages


@unittest.skipIf(pages.MISSING, f'not installed: {", ".join(pages.MISSING)}')
class Conditions(pages.NodeTestCase):
    def setUp(self):
        super().setUp()
        self.system = next(self.composable.systems(node_uuid=self.node))

    def assertIn(self, text, page, where=''):
        # Pages are too long for the messages of failures.
        if text not in page:
            self.fail(f'{where} has no "{text}"')

    def post(self, path, **data):
        return self.client.post(path, data, follow=True).content.decode()

    def set(self, **more):
        given = {
            **{'subject': 'system', 'subject_id': self.system.id},
            **{'code': 'recall', 'message': 'Fan recall', **more},
        }
        return self.post('/admin/conditions/set/', **given)

    def test_form(self):
        url = (
            '/admin/conditions/set/?subject=system&amp;'
            f'subject_id={self.system.id}'
        )
        self.assertIn(url, self.page('/admin/systems/'))
        form = self.page(url.replace('&amp;', '&'))
        self.assertIn(f'value="{self.system.id}"', form)
        self.assertIn('This field is required', self.set())
        for until, reason in (
            ('nonsense', 'Must be a time'),
            ('+3y', 'the units are'),
        ):
            page = self.set(effects=['quiet'], until=until)
            self.assertIn(reason, page)

    def test_set_change_and_lift(self):
        page = self.set(effects=['no_new_nodes', 'no_change'], until='+3d')
        self.assertIn('Set the condition recall.', page)
        self.assertIn('No new nodes, No change', page)
        self.assertIn('in 2\xa0days', page)
        (found,) = self.composable.conditions(code='recall')
        for where in (
            f'/admin/conditions/{found.id}/',
            f'/admin/systems/{self.system.id}/',
            f'/project/nodes/{self.node}/',
            f'/admin/pod_managers/{self.pod}/?tab=pod_manager__conditions',
        ):
            self.assertIn('Fan recall', self.page(where), where)
        path = f'/admin/conditions/{found.id}/change/'
        page = self.post(path, message='No fans', effects=['quiet'], code='x')
        self.assertIn('Changed the condition recall.', page)
        (found,) = self.composable.conditions(podm_uuid=self.pod)
        self.assertEqual(
            (['quiet'], 'No fans', None),
            (found.effects, found.message, found.until),
        )
        lift = f'conditions__lift__{found.id}'
        self.post('/admin/conditions/', action=lift)
        self.assertEqual([], [*self.composable.conditions()])
        page = self.page(f'/admin/systems/{self.system.id}/')
        self.assertIn('valence-timeline', page)
        self.assertIn('Fan recall', page)

    def test_tags(self):
        chassis = next(self.composable.chassis())
        for kind, uuid, get in (
            ('systems', self.system.id, self.composable.get_system),
            ('chassis', chassis.id, self.composable.get_chassis),
        ):
            path = f'/admin/{kind}/{uuid}/tags/'
            page = self.post(path, tags='lower')
            self.assertIn('Must be CUSTOM_', page, kind)
            self.post(path, tags='CUSTOM_B, CUSTOM_A')
            self.assertEqual(['CUSTOM_A', 'CUSTOM_B'], get(uuid).tags, kind)
            self.assertIn('CUSTOM_A, CUSTOM_B', self.page(path))
            self.post(path, tags='')
            self.assertNotIn('CUSTOM_A', self.page(path))

    def test_expected_hardware(self):
        tab = f'/admin/pod_managers/{self.pod}/?tab=pod_manager__expected'
        self.assertIn('Nothing is expected', self.page(tab))
        path = f'/admin/pod_managers/{self.pod}'
        page = self.post(f'{path}/snapshot/')
        self.assertIn('parts are expected', page)
        self.assertIn('Nothing differs', self.page(tab))
        for name, text in (
            ('a.csv', '\ufefftype,serial\r\nsystem,none such\r\n'),
            (
                'a.json',
                json.dumps([{'type': 'system', 'serial_number': 'none such'}]),
            ),
        ):
            file = io.BytesIO(text.encode())
            file.name = name
            page = self.post(f'{path}/expect/', file=file)
            self.assertIn('1 parts are expected', page)
            page = self.page(tab)
            for word in ('Missing', 'Unexpected', 'none such'):
                self.assertIn(word, page)
        for text, reason in (
            ('type,colour\n', 'unknown column colour'),
            ('{', 'neither CSV nor JSON'),
            ('\xff', 'neither CSV nor JSON'),
        ):
            file = io.BytesIO(text.encode('latin-1'))
            file.name = 'bad'
            self.assertIn(reason, self.post(f'{path}/expect/', file=file))
        self.post(f'{path}/unset/')
        self.assertIn('Nothing is expected', self.page(tab))

    def test_time_lines(self):
        for path in (
            f'/project/nodes/{self.node}/?tab=node__history',
            f'/admin/pod_managers/{self.pod}/?tab=pod_manager__history',
            f'/admin/systems/{self.system.id}/',
        ):
            page = self.page(path)
            self.assertIn('valence-timeline', page, path)
        self.assertIn('/project/nodes/', page)
