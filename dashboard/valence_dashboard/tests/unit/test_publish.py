# SPDX-License-Identifier: Apache-2.0
import fixtures
import testtools
from django import test

from valence_dashboard import api
from valence_dashboard.project.flavors import forms
from valence_dashboard.project.flavors import tables

_FLAVOR = api.Record(uuid='1', name='small')


class Publish(testtools.TestCase):
    def test_what_is_sent(self):
        sent = []

        class Client:
            def publish_flavor(self, uuid, **options):
                sent.append((uuid, options))

        for given, options in (
            ({}, {}),
            ({'resource_class': 'baremetal'}, {'resource_class': 'baremetal'}),
            ({'traits': 'CUSTOM_A, B'}, {'traits': ['CUSTOM_A', 'B']}),
        ):
            form = forms.Publish(None, given, record=_FLAVOR)
            self.assertTrue(form.is_valid(), form.errors)
            form.send(Client(), form.cleaned_data)
            self.assertEqual(('1', options), sent.pop())

    def test_only_published_flavors_have_operations(self):
        asked = []

        def listed(request, collection, limit, **query):
            asked.append(query['target_uuid'])
            operation = {'target_uuid': '2', 'state': 'running', 'progress': 5}
            return [api.Record(**operation, action='publish')]

        self.useFixture(
            fixtures.MonkeyPatch(
                'valence_dashboard.api.list_resources', listed
            )
        )
        rows = [
            api.Record(uuid='1', name='a'),
            api.Record(uuid='2', name='b', published_at='2026-01-01T00:00Z'),
        ]
        table = tables.Flavors(test.RequestFactory().get('/'))
        table.complete(rows[:1])
        self.assertEqual([], asked)
        table.complete(rows)
        self.assertEqual(['in:2'], asked)
        self.assertIn('publish 5%', tables.in_nova(rows[1]))

    def test_what_can_be_unpublished(self):
        unpublish = tables.Unpublish()
        for published_at in (None, '2026-01-01T00:00Z'):
            row = api.Record(published_at=published_at)
            self.assertEqual(
                published_at is not None, unpublish.allowed(None, row)
            )
