# SPDX-License-Identifier: Apache-2.0
"""Flavors that are published in Nova, without a browser."""

import unittest

from valence_dashboard.tests.functional import pages
from valence_dashboard.tests.functional import processes


@unittest.skipIf(pages.MISSING, f'not installed: {", ".join(pages.MISSING)}')
class Publish(pages.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        nova = processes.nova()
        options = f'[nova]\nauth_type = none\nendpoint = {nova.url}\n'
        cls.valence = processes.valence(name='publish', options=options)
        cls.composable = pages.connect(cls.valence.url)

    def setUp(self):
        super().setUp()
        properties = {'processor': {'total_cores': 4}}
        self.flavor = self.composable.create_flavor(
            name='small', properties=properties
        ).id
        self.addCleanup(self.composable.delete_flavor, self.flavor)
        self.path = f'/project/flavors/{self.flavor}/'

    def wait(self, action):
        """Wait until an operation on the flavor has succeeded."""
        processes.wait_for(
            lambda: [
                *self.composable.operations(
                    target_uuid=self.flavor, action=action, state='succeeded'
                )
            ],
            action,
        )

    def post(self, path, **data):
        return self.client.post(path, data, follow=True).content.decode()

    def test_publish_and_unpublish(self):
        self.use(self.valence.url)
        self.assertNotIn('__action_unpublish', self.page('/project/flavors/'))
        form = self.page(f'{self.path}publish/')
        self.assertIn('id_resource_class', form)
        page = self.post(f'{self.path}publish/', traits='no-trait')
        self.assertIn('Must be capital letters', page)
        answer = self.client.post(
            f'{self.path}publish/', {'traits': 'CUSTOM_A, CUSTOM_B'}
        )
        operations = f'{self.path}?tab=flavor__operations'
        self.assertRedirects(answer, operations, fetch_redirect_response=False)
        self.wait('publish')
        page = self.page(operations)
        self.assertIn('Publishing small in Nova.', page)
        self.assertIn('Succeeded', page)
        self.assertIn('small</a>', self.page('/admin/operations/'))
        self.assertIn('__action_unpublish', self.page('/project/flavors/'))
        page = self.post(
            '/project/flavors/', action=f'flavors__unpublish__{self.flavor}'
        )
        self.assertIn('Deleting in Nova: small', page)
        self.wait('unpublish')
        found = self.composable.get_flavor(self.flavor)
        self.assertIsNone(found.published_at)

    def test_members_do_not_publish(self):
        self.use(self.valence.url, 'member')
        page = self.page('/project/flavors/')
        self.assertIn('small', page)
        self.assertNotIn('__action_publish', page)
