# SPDX-License-Identifier: Apache-2.0
"""The topology while it is open."""

import re

from valence_dashboard.tests.unit import fakes
from valence_dashboard.tests.unit import test_drawing

PODS = [
    {
        'uuid': f'00000000-0000-4000-8000-00000000000{n}',
        **{'name': f'pod-{n}', 'status': 'online'},
    }
    for n in (1, 2)
]
_FIRST, _SECOND = (one['uuid'] for one in PODS)
_TOPOLOGY = '/admin/topology/'


class Live(fakes.TestCase):
    def setUp(self):
        super().setUp()
        self.answers['pod_managers'] = {'pod_managers': PODS}
        self.answers['capacity'] = {'pod_managers': {}}
        self.show()

    def show(self, **system):
        """Have the API return this system in each pod."""
        tree = test_drawing.tree(
            systems=[test_drawing.system('one', uuid='x', **system)]
        )
        for one in PODS:
            path = f'pod_managers/{one["uuid"]}/topology'
            self.answers[path] = {'topology': tree}

    def update(self, path, etag=''):
        headers = {'X-Valence-Live': '1', 'If-None-Match': etag}
        return self.client.get(path, headers=headers)

    def versions(self, path):
        page = self.update(path).content.decode()
        return dict(
            re.findall('id="version-([^"]+)" data-version="(.*?)"', page)
        )

    def trees(self):
        """Which topologies were read since the last call."""
        asked = [path for path, _ in self.asked if path.endswith('topology')]
        self.asked.clear()
        return asked

    def test_a_pod_that_is_open_has_a_version(self):
        path = f'{_TOPOLOGY}?open={_FIRST}'
        before = self.versions(path)
        self.assertEqual('', before[_SECOND])
        drawing = self.client.get(f'{_TOPOLOGY}{_FIRST}/data/').json()
        self.assertEqual(drawing['version'], before[_FIRST])
        self.show(power_state='on')
        after = self.versions(path)
        self.assertNotEqual(before[_FIRST], after[_FIRST])
        self.assertEqual('', after[_SECOND])

    def test_nothing_is_sent_while_nothing_changes(self):
        path = f'{_TOPOLOGY}?open={_FIRST},{_SECOND}'
        etag = self.update(path).headers['ETag']
        self.assertEqual(304, self.update(path, etag).status_code)
        self.show(health='warning')
        self.assertEqual(200, self.update(path, etag).status_code)

    def test_only_pods_that_are_open_are_read(self):
        self.page(_TOPOLOGY)
        self.update(_TOPOLOGY)
        self.update(f'{_TOPOLOGY}?open=nonsense,,{"x" * 99}')
        self.assertEqual([], self.trees())
        # The script reads the drawings of a new page by itself.
        page = self.page(f'{_TOPOLOGY}?open={_FIRST}')
        self.assertEqual(1, page.count(' open data-pod='))
        self.assertEqual([], self.trees())
        self.update(f'{_TOPOLOGY}?open={_FIRST}')
        self.assertEqual([f'pod_managers/{_FIRST}/topology'], self.trees())

    def test_a_single_pod_is_open(self):
        self.answers['pod_managers'] = {'pod_managers': PODS[:1]}
        for path in (_TOPOLOGY, f'{_TOPOLOGY}{_FIRST}/'):
            self.assertTrue(self.versions(path)[_FIRST])
            # Unless it was closed.
            self.assertFalse(self.versions(f'{path}?open=')[_FIRST])

    def test_errors(self):
        self.answers[f'pod_managers/{_FIRST}/topology'] = 503
        answer = self.update(f'{_TOPOLOGY}?open={_FIRST}')
        self.assertEqual(503, answer.status_code)
