# SPDX-License-Identifier: Apache-2.0
"""What belongs to a pod manager that is offline looks so."""

from valence_dashboard.tests.unit import fakes

_POD = '00000000-0000-4000-8000-000000000001'
_ROW = {
    **{'uuid': '00000000-0000-4000-8000-000000000002', 'name': 'one'},
    **{'state': 'free', 'health': 'ok', 'power_state': 'on'},
    **{'provision_state': 'active', 'podm_uuid': _POD, 'type': 'drive'},
    **{'properties': {}, 'capacity_gib': 1, 'free_gib': 1},
}
_REASON = 'The pod manager rack is offline.'


class Pods(fakes.TestCase):
    def setUp(self):
        super().setUp()
        for name in ('systems', 'devices', 'chassis', 'storages', 'nodes'):
            self.answers[name] = {name: [_ROW]}
            self.answers[f'{name}/{_ROW["uuid"]}'] = _ROW

    def pod(self, status):
        self.answers['pod_managers'] = {
            'pod_managers': [{'uuid': _POD, 'name': 'rack', 'status': status}]
        }

    def test_lists(self):
        for name, labels in (
            ('admin/systems', ('>Unreachable<', '>Stale<')),
            ('admin/devices', ('>Unreachable<', '>Stale<')),
            ('admin/chassis', ('>Stale<',)),
            ('admin/storages', ('>Stale<',)),
            ('admin/nodes', ('>Active<', '>Unreachable<')),
            ('project/nodes', ('>Active<', '>Unreachable<')),
        ):
            self.pod('online')
            page = self.page(f'/{name}/')
            self.assertNotIn('valence-stale', page, name)
            self.asked.clear()
            self.pod('offline')
            page = self.page(f'/{name}/')
            for text in (*labels, _REASON, 'valence-stale'):
                self.assertIn(text, page, name)
            asked = [path for path, _ in self.asked]
            self.assertEqual(1, asked.count('pod_managers'), name)

    def test_detail_pages(self):
        for panel in ('admin/systems', 'admin/devices', 'project/nodes'):
            for status, count in (('online', 0), ('offline', 1)):
                self.pod(status)
                answer = self.client.get(f'/{panel}/{_ROW["uuid"]}/')
                status = f'text-danger">{_REASON}'
                self.assertContains(answer, status, count)
