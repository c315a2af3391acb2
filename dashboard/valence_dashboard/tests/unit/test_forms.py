# SPDX-License-Identifier: Apache-2.0
import testtools

from valence_dashboard import forms
from valence_dashboard.admin.pod_managers import forms as pod_managers
from valence_dashboard.project.flavors import forms as flavors
from valence_dashboard.project.nodes import forms as nodes


class ResourceForms(testtools.TestCase):
    def test_fields_are_those_of_the_request(self):
        for form in (
            *(flavors.Create, flavors.Edit, nodes.Edit, nodes.Adopt),
            *(pod_managers.Register, pod_managers.Edit),
        ):
            self.assertTrue(issubclass(form, forms.ResourceForm))
            known = form.schema['properties']
            self.assertEqual(set(), set(form.order) - set(known), form)
