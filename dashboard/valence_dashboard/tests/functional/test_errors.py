# SPDX-License-Identifier: Apache-2.0
"""Pages with missing resources, errors, timeouts and forbidden actions.

These tests use no browser. Valence has a pod manager and a node.
"""

import socket
import unittest

import fixtures

from valence_dashboard import api
from valence_dashboard.project.flavors import tables as flavors
from valence_dashboard.tests.functional import pages
from valence_dashboard.tests.functional import processes

_MISSING_UUID = '00000000-0000-4000-8000-000000000000'
_UNREACHABLE = 'http://127.0.0.1:9'
_UNAVAILABLE = 'Valence does not respond'
_AJAX = {'X-Requested-With': 'XMLHttpRequest'}


@unittest.skipIf(pages.MISSING, f'not installed: {", ".join(pages.MISSING)}')
class Errors(pages.NodeTestCase):
    def act(self, path, action, *chosen):
        """Return the page after an action on the selected rows."""
        answer = self.client.post(
            path, {'action': action, 'object_ids': chosen}, follow=True
        )
        self.assertEqual(200, answer.status_code)
        return answer.content.decode()

    def test_actions_on_deleted_resources(self):
        made = [
            self.composable.create_flavor(name=name, properties={}).id
            for name in ('first', 'second')
        ]
        chosen = (made[0], _MISSING_UUID, made[1])
        page = self.act('/project/flavors/', 'flavors__delete', *chosen)
        self.assertIn('Deleted flavors: first, second', page)
        self.assertEqual(1, page.count(f'{_MISSING_UUID} could not be found'))
        for path, action in (
            ('/project/flavors/', f'flavors__delete__{made[0]}'),
            ('/project/nodes/', f'nodes__release__{_MISSING_UUID}'),
            ('/admin/systems/', f'systems__unreserve__{_MISSING_UUID}'),
        ):
            self.assertIn('could not be found', self.act(path, action), path)
        page = self.act(
            f'/project/nodes/{self.node}/', f'devices__detach__{_MISSING_UUID}'
        )
        self.assertIn('The resource no longer exists.', page)

    def test_row_is_read_once(self):
        made = self.composable.create_flavor(name='read', properties={}).id
        asked = []
        request = api.Client.request

        def noted(client, url, method, **kwargs):
            asked.append((method, url))
            return request(client, url, method, **kwargs)

        self.useFixture(
            fixtures.MonkeyPatch('valence_dashboard.api.Client.request', noted)
        )
        # With this filter no page contains the row.
        path = '/project/flavors/?name=other'
        page = self.act(path, 'flavors__delete', made)
        self.assertIn('Deleted flavor: read', page)
        found = [one for one in asked if made in one[1]]
        self.assertEqual(['GET', 'DELETE'], [method for method, _ in found])

    def test_detach_returns_to_the_tab(self):
        answer = self.client.post(
            f'/project/nodes/{self.node}/',
            {'action': f'devices__detach__{_MISSING_UUID}'},
        )
        self.assertRedirects(
            answer,
            f'/project/nodes/{self.node}/?tab=node__hardware',
            fetch_redirect_response=False,
        )

    def test_delete_selected_keeps_nodes(self):
        page = self.act(
            '/admin/pod_managers/', 'pod_managers__delete_selected', self.pod
        )
        self.assertIn(
            'pod has nodes. Use the row action &quot;Delete&quot;', page
        )
        self.assertNotIn('cascade', page)

    def test_actions_while_unavailable(self):
        self.use(_UNREACHABLE)
        for path, action in (
            ('/project/nodes/', f'nodes__release__{self.node}'),
            ('/admin/pod_managers/', f'pod_managers__sync__{self.pod}'),
        ):
            page = self.act(path, action)
            self.assertEqual(1, page.count(_UNAVAILABLE), path)

    def test_updates(self):
        node = f'/project/nodes/{_MISSING_UUID}/'
        for url, path, expected in (
            (self.valence.url, node, 404),
            (_UNREACHABLE, node, 503),
            (_UNREACHABLE, '/admin/pod_managers/', 503),
            (_UNREACHABLE, f'/admin/pod_managers/{self.pod}/', 503),
        ):
            self.use(url)
            answer = self.client.get(path, headers={'X-Valence-Live': '1'})
            self.assertEqual(expected, answer.status_code, path)

    def test_unreadable_page_keeps_its_url(self):
        self.use(_UNREACHABLE)
        for path in (
            *(f'/admin/systems/{self.pod}/', f'/project/nodes/{self.node}/'),
            f'/admin/pod_managers/{self.pod}/',
            f'/project/nodes/{self.node}/power/',
        ):
            answer = self.client.get(path)
            self.assertContains(answer, _UNAVAILABLE, 1, 503)
            answer = self.client.get(path, headers=_AJAX)
            self.assertEqual(503, answer.status_code)
            self.assertIn(_UNAVAILABLE, answer.headers['X-Horizon-Messages'])
        answer = self.client.get(
            f'/admin/pod_managers/{self.pod}/?tab=pod_manager__systems',
            headers=_AJAX,
        )
        self.assertContains(answer, _UNAVAILABLE)

    def test_page_waits_once(self):
        """Even if a page needs several requests to a Valence that hangs."""
        self.useFixture(
            fixtures.MonkeyPatch('valence_dashboard.api._TIMEOUT', 0.5)
        )
        server = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(server.close)
        server.setblocking(False)
        self.use(f'http://127.0.0.1:{server.getsockname()[1]}')
        for path in (
            *('/project/nodes/compose/', f'/project/nodes/{self.node}/'),
            *('/admin/pod_managers/', f'/admin/topology/{self.pod}/'),
        ):
            self.assertIn(_UNAVAILABLE, self.page(path), path)
            self.assertEqual(1, self.connections(server), path)

    def connections(self, server):
        """Return the number of connections since the last call."""
        count = 0
        while True:
            try:
                server.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1

    def test_forbidden_forms(self):
        forms = (
            *('/admin/pod_managers/register/', '/project/flavors/create/'),
            *('/project/nodes/adopt/', '/project/nodes/compose/'),
            *(
                f'/admin/pod_managers/{self.pod}/{name}/'
                for name in ('edit', 'grant', 'delete')
            ),
            *(
                f'/project/nodes/{self.node}/{name}/'
                for name in ('edit', 'power', 'boot', 'register', 'attach')
            ),
        )
        for path in forms:
            self.use(self.valence.url, 'reader')
            self.assertEqual(403, self.client.get(path).status_code, path)
            self.use(self.valence.url)
            if 'grant' not in path:  # needs a Keystone
                status = self.client.get(path).status_code
                self.assertEqual(200, status, path)

    def test_columns_are_not_shared_between_users(self):
        self.use(self.valence.url, 'reader')
        self.page('/project/flavors/')
        self.use(self.valence.url)
        page = self.page('/project/flavors/')
        self.assertIn('aria-label="any"', page)
        shared = flavors.Flavors._columns['multi_select'].classes
        self.assertNotIn('hidden', shared)

    def test_rejected_form(self):
        sent = {'name': 'a', 'password': 'opensesame'}
        for url, text in (
            (
                'nonsense',
                'The scheme must be http or https',
            ),  # of the API
            ('', 'This field is required.'),  # of the form
        ):
            answer = self.client.post(
                '/admin/pod_managers/register/', {**sent, 'url': url}
            )
            self.assertContains(answer, text)
            self.assertContains(answer, 'Enter the password again.', 1)
        answer = self.client.post(
            '/project/flavors/create/',
            {'name': 'x', 'processor__total_cores': '99999999999'},
        )
        self.assertNotContains(answer, 'Invalid input')
        self.assertContains(answer, 'has-error')

    def test_default_values_of_forms(self):
        page = self.page(f'/project/nodes/{self.node}/boot/')
        self.assertIn('<option value="Once" selected>', page)

    def test_topology_of_an_offline_pod_manager(self):
        made = self.composable.create_pod_manager(name='off', url=_UNREACHABLE)
        self.addCleanup(self.composable.delete_pod_manager, made)
        processes.wait_for(
            lambda: (
                'refused'
                in self.composable.get_pod_manager(made.id).status_reason
            ),
            'its status',
        )
        page = self.page(f'/admin/topology/{made.id}/')
        self.assertIn('>Offline<', page)
        self.assertIn('refused', page)
