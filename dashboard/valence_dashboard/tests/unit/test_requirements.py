# SPDX-License-Identifier: Apache-2.0
from unittest import mock

import testtools
from django import forms as django_forms
from valenceclient import schema

from valence_dashboard import api
from valence_dashboard import exceptions
from valence_dashboard import requirements

_SCHEMA = schema.body('post', 'flavors')['properties']['properties']


class Requirements(testtools.TestCase):
    def form(self, requirements, data=None):
        """Return a bound form with the fields of requirements."""
        form = type('Form', (django_forms.Form,), requirements.fields())
        return form(data)

    def round_trip(self, properties):
        """Return the result of a form that is submitted unchanged."""
        shown = requirements.Requirements(_SCHEMA, properties)
        data = {
            name: str(field.initial)
            for name, field in shown.fields().items()
            if field.initial is not None
        }
        taken = requirements.Requirements(_SCHEMA, properties, data)
        form = self.form(taken, data)
        self.assertTrue(form.is_valid(), form.errors)
        return taken.to_properties(form.cleaned_data)

    def test_texts_have_suggestions(self):
        fields = requirements.Requirements(_SCHEMA).fields()
        for name, expected in (
            ('processor__model', 'choices-processor-model'),
            ('security__tpm', 'choices-security-tpm'),
            ('pci_devices__1__vendor', 'choices-pci_devices-vendor'),
            ('traits__forbidden', 'choices-traits'),
            ('storage__0__traits', 'choices-traits'),
            ('storage__0__count', None),
            ('storage__0__pooled', None),
        ):
            shown = fields[name].widget.attrs.get('list')
            self.assertEqual(expected, shown, name)

    def test_suggestions(self):
        """Each has the identifier that fields name; errors leave none."""
        listed = [{'value': 'A100', 'total': 8, 'free': 4}]
        client = mock.create_autospec(api.Client, instance=True)
        client.get_choices.return_value = {
            'pci_devices': {'model': listed},
            'traits': {'required': []},
        }
        request = mock.Mock(_composable=client)
        self.assertEqual(
            [
                {'id': 'choices-pci_devices-model', 'choices': listed},
                {'id': 'choices-traits', 'choices': []},
            ],
            requirements.suggestions(request),
        )
        client.get_choices.side_effect = exceptions.Unavailable
        self.assertEqual([], requirements.suggestions(request))

    def test_round_trip(self):
        properties = {
            'processor': {'total_cores': 16, 'model': 'Xeon'},
            'memory': {'capacity_mib': 65536},
            'storage': [
                {'capacity_gib': 500, 'type': 'SSD', 'count': 2},
                {'capacity_gib': 4000},
            ],
            'network': [{'speed_mbps': 25000}],
        }
        self.assertEqual(properties, self.round_trip(properties))

    def test_round_trip_of_ranges_and_alternatives(self):
        properties = {
            'processor': {
                'model': ['Xeon*', 'EPYC'],
                'vendor': {'eq': 'Intel'},
                'cores': {'min': 8, 'max': 16},
                'sockets': {'max': 2},
                'total_cores': {'eq': [16, 32]},
                'speed_mhz': {'eq': 2000, 'max': 3000},
            },
            'memory': {'capacity_mib': {'eq': [1536, 65536]}},
            'storage': [{'pooled': True}, {'pooled': False}, {'count': 1}],
            'traits': {'required': ['HW_A', 'CUSTOM_B'], 'preferred': ['C']},
            'network': [{'traits': {'required': ['A'], 'forbidden': ['B']}}],
        }
        self.assertEqual(properties, self.round_trip(properties))
        fields = requirements.Requirements(_SCHEMA, properties).fields()
        for name, shown in (
            ('processor__model', 'Xeon*|EPYC'),
            ('processor__vendor', '=Intel'),
            ('processor__cores', '8..16'),
            ('processor__sockets', '..2'),
            ('processor__total_cores', '=16|32'),
            ('memory__capacity_mib', '=1.5|64'),
            ('storage__1__pooled', 'false'),
            ('traits__required', 'HW_A, CUSTOM_B'),
            ('network__0__traits', 'A, !B'),
        ):
            self.assertEqual(shown, fields[name].initial)

    def test_round_trip_of_limits(self):
        for memory in (1, 1000, 1536, 2**31 - 1):
            properties = {
                'memory': {'capacity_mib': memory},
                'pci_devices': [{'count': n} for n in range(1, 6)],
            }
            self.assertEqual(properties, self.round_trip(properties))

    def test_memory_in_gib(self):
        for memory, shown in ((65536, '64'), (1536, '1.5'), ('2048', '2')):
            known = {'memory': {'capacity_mib': memory}}
            fields = requirements.Requirements(_SCHEMA, known).fields()
            self.assertEqual(
                shown, str(fields['memory__capacity_mib'].initial)
            )

    def test_no_requirements(self):
        self.assertEqual({}, self.round_trip({}))

    def test_added_rows(self):
        for last, rows in ((2, 3), (9, 10), (63, 64), (9999, 64)):
            data = {f'storage__{last}__capacity_gib': '10'}
            shown = requirements.Requirements(_SCHEMA, data=data)
            groups = shown.groups(self.form(shown, data))
            found = {group['label']: group['rows'] for group in groups}
            self.assertEqual(rows, len(found['Storage']))
            self.assertEqual(2, len(found['Network']))

    def test_all_requirements_have_fields(self):
        shown = requirements.Requirements(_SCHEMA)
        form = self.form(shown)
        groups = shown.groups(form)
        self.assertEqual(
            len(form.fields),
            sum(len(row) for group in groups for row in group['rows']),
        )

    def test_limits(self):
        for name, value in (
            ('processor__total_cores', '0'),
            ('memory__capacity_mib', '0'),
            ('memory__capacity_mib', 'nan'),
            ('memory__capacity_mib', 'much'),
            ('memory__capacity_mib', '8..x'),
            ('memory__capacity_mib', '{'),
            ('processor__model', 'a|'),
            ('storage__0__pooled', 'perhaps'),
        ):
            data = {name: value}
            form = self.form(
                requirements.Requirements(_SCHEMA, data=data), data
            )
            self.assertIn(name, form.errors)

    def test_descriptions(self):
        properties = {
            'processor': {'total_cores': {'min': 8}, 'model': ['A', 'B']},
            'memory': {'capacity_mib': 1536},
            'storage': [
                {'capacity_gib': 500, 'type': 'SSD', 'count': 2},
                {'pooled': True, 'count': 1},
            ],
            'traits': {'required': ['HW_A']},
        }
        self.assertEqual(
            {
                ('processor', 'total_cores'): (
                    'Processor: Total cores',
                    '8..',
                ),
                ('processor', 'model'): ('Processor: Model', 'A|B'),
                ('memory', 'capacity_mib'): ('Memory: Capacity (GiB)', '1.5'),
                ('traits', 'required'): ('Traits: Required', 'HW_A'),
                ('storage', 0): (
                    'Storage',
                    'Capacity (GiB) 500, Type SSD, Count 2',
                ),
                ('storage', 1): ('Storage', 'Pooled true, Count 1'),
            },
            requirements.describe(_SCHEMA, properties),
        )
