# SPDX-License-Identifier: Apache-2.0
"""Who may require drives by their serial numbers."""

from valence.tests.functional.api import rbac_scene

_HOLD = {'name': 'new', 'seconds': 600}


class TestSerials(rbac_scene.RBACCase):
    def test_only_administrators_name_serial_numbers(self):
        requested = {'properties': {'storage': [{'serial': 'S'}]}}
        for method, path, name, body, code in (
            ('POST', 'flavors', '', {'name': 'new'}, 201),
            ('PATCH', 'flavors/{id}', 'own', {}, 200),
            ('POST', 'holds', '', _HOLD, 409),
            ('POST', 'nodes', '', {'name': 'new'}, 202),
            ('POST', 'nodes/preview', '', {}, 200),
        ):
            for who, expected in (
                ('member', 403),
                ('manager', 403),
                ('admin', code),
            ):
                answer = self.ask(
                    who, method, path, name, {**body, **requested}
                )
                self.assertEqual(expected, answer.status, (who, path, answer))
