# SPDX-License-Identifier: Apache-2.0
import fixtures
import testtools

from valence_dashboard import api
from valence_dashboard import forms
from valence_dashboard.admin.pools import forms as pools
from valence_dashboard.exceptions import Error

_POOL = api.Record(
    **{'uuid': 'u', 'name': 'web', 'min_ready': 0, 'max_ready': None},
    **{'max_nodes': 5, 'idle_seconds': 600, 'enabled': True},
    **{'pod_managers': ['p1'], 'description': None},
    register={'provide': True, 'traits': ['CUSTOM_A']},
)
_SAME = {
    **{'name': 'web', 'min_ready': '0', 'max_ready': '', 'max_nodes': '5'},
    **{'idle_seconds': '600', 'enabled': 'on', 'pod_managers': 'pod one\r\n'},
    **{'register__provide': 'on', 'register__traits': 'CUSTOM_A'},
}


class PoolForms(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(
            fixtures.MonkeyPatch(
                'valence_dashboard.api.names', lambda *_: {'p1': 'pod one'}
            )
        )

    def changes(self, **given):
        """Return the request for changes of a pool."""
        form = pools.Edit(None, {**_SAME, **given}, record=_POOL)
        self.assertTrue(form.is_valid(), form.errors)
        return form.body(form.cleaned_data)

    def test_only_changes_are_sent(self):
        traits = {'traits': ['CUSTOM_A']}
        for given, sent in (
            ({}, {}),
            ({'max_ready': '0'}, {'max_ready': 0}),
            ({'min_ready': '3'}, {'min_ready': 3}),
            ({'enabled': ''}, {'enabled': False}),
            ({'pod_managers': ''}, {'pod_managers': []}),
            (
                {'pod_managers': 'other\npod one'},
                {'pod_managers': ['other', 'p1']},
            ),
            ({'register__provide': ''}, {'register': traits}),
            (
                {'register__provide': '', 'register__traits': ''},
                {'register': {}},
            ),
        ):
            self.assertEqual(sent, self.changes(**given), given)

    def test_limits_are_those_of_the_api(self):
        form = pools.Edit(None, {**_SAME, 'max_nodes': '0'}, record=_POOL)
        self.assertEqual(['max_nodes'], [*form.errors])

    def test_error_of_a_nested_field(self):
        known = pools.Edit(None, record=_POOL).fields
        for path in ('register.traits.1', 'register.traits'):
            error = Error(f'Invalid input for field {path}: must match x.')
            self.assertEqual(
                ('register__traits', 'Must match x.'),
                forms.field_error(error, known),
            )
