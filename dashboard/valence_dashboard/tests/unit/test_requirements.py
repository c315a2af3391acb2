# SPDX-License-Identifier: Apache-2.0
import testtools
from django import forms as django_forms
from valenceclient import schema

from valence_dashboard import forms


class Requirements(testtools.TestCase):
    def setUp(self):
        super().setUp()
        body = schema.body('post', 'flavors')
        self.requirements = forms.Requirements(
            body['properties']['properties']
        )
        self.form = type(
            'Form', (django_forms.Form,), self.requirements.fields()
        )

    def test_there_and_back(self):
        properties = {
            'processor': {'total_cores': 16, 'model': 'Xeon'},
            'memory': {'capacity_mib': 65536},
            'storage': [
                {'capacity_gib': 500, 'type': 'SSD', 'count': 2},
                {'capacity_gib': 4000},
            ],
            'network': [{'speed_mbps': 25000}],
        }
        shown = self.requirements.initial(properties)
        self.assertEqual(64, shown['memory__capacity_mib'])
        form = self.form({k: v for k, v in shown.items() if v is not None})
        self.assertTrue(form.is_valid(), form.errors)
        self.assertEqual(
            properties, self.requirements.collect(form.cleaned_data)
        )

    def test_nothing_wanted(self):
        form = self.form({})
        self.assertTrue(form.is_valid())
        self.assertEqual({}, self.requirements.collect(form.cleaned_data))

    def test_every_requirement_of_the_api_has_a_place(self):
        form = self.form()
        groups = self.requirements.groups(form)
        self.assertEqual(
            len(form.fields),
            sum(len(row) for group in groups for row in group['rows']),
        )

    def test_limits(self):
        form = self.form({'processor__total_cores': '0'})
        self.assertIn('processor__total_cores', form.errors)
