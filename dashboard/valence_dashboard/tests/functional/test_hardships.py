# SPDX-License-Identifier: Apache-2.0
"""The pages when something is gone, silent, forbidden, or not understood.

Without a browser, against a Valence that has a pod manager and a node.
"""

import socket
import threading
import unittest

import fixtures

from valence_dashboard import api
from valence_dashboard.project.flavors import tables as flavors
from valence_dashboard.tests.functional import pages
from valence_dashboard.tests.functional import processes

_NOBODY = '00000000-0000-4000-8000-000000000000'
_NOWHERE = 'http://127.0.0.1:9'
_SILENCE = 'Valence does not answer'
_AJAX = {'X-Requested-With': 'XMLHttpRequest'}


@unittest.skipIf(pages.MISSING, f'not installed: {", ".join(pages.MISSING)}')
class Hardships(pages.NodeTestCase):
    def act(self, path, action, *chosen):
        """What is on the page after an action on what is chosen."""
        answer = self.client.post(
            path, {'action': action, 'object_ids': chosen}, follow=True
        )
        self.assertEqual(200, answer.status_code)
        return answer.content.decode()

    def test_actions_on_what_is_gone(self):
        made = [
            self.composable.create_flavor(name=name, properties={}).id
            for name in ('first', 'second')
        ]
        chosen = (made[0], _NOBODY, made[1])
        page = self.act('/project/flavors/', 'flavors__delete', *chosen)
        self.assertIn('Deleted flavors: first, second', page)
        self.assertEqual(1, page.count(f'{_NOBODY} could not be found'))
        for path, action in (
            ('/project/flavors/', f'flavors__delete__{made[0]}'),
            ('/project/nodes/', f'nodes__release__{_NOBODY}'),
            ('/admin/systems/', f'systems__unreserve__{_NOBODY}'),
        ):
            self.assertIn('could not be found', self.act(path, action), path)
        page = self.act(
            f'/project/nodes/{self.node}/', f'devices__detach__{_NOBODY}'
        )
        self.assertIn('It does not exist any longer.', page)

    def test_a_row_is_read_once(self):
        made = self.composable.create_flavor(name='read', properties={}).id
        asked = []
        request = api.Client.request

        def noted(client, url, method, **kwargs):
            asked.append((method, url))
            return request(client, url, method, **kwargs)

        self.useFixture(
            fixtures.MonkeyPatch('valence_dashboard.api.Client.request', noted)
        )
        # The filter has it on no page.
        self.filter('/project/flavors/', flavors.Flavors, 'name', 'other')
        page = self.act('/project/flavors/', 'flavors__delete', made)
        self.assertIn('Deleted flavor: read', page)
        found = [one for one in asked if made in one[1]]
        self.assertEqual(['GET', 'DELETE'], [method for method, _ in found])

    def test_after_detaching_the_hardware_is_shown(self):
        answer = self.client.post(
            f'/project/nodes/{self.node}/',
            {'action': f'devices__detach__{_NOBODY}'},
        )
        self.assertRedirects(
            answer,
            f'/project/nodes/{self.node}/?tab=node__hardware',
            fetch_redirect_response=False,
        )

    def test_several_are_not_removed_with_their_nodes(self):
        page = self.act(
            '/admin/pod_managers/', 'pod_managers__remove_several', self.pod
        )
        self.assertIn('pod has nodes. &quot;Remove&quot; in its own', page)
        self.assertNotIn('cascade', page)

    def test_actions_while_nobody_answers(self):
        self.use(_NOWHERE)
        for path, action in (
            ('/project/nodes/', f'nodes__release__{self.node}'),
            ('/admin/pod_managers/', f'pod_managers__sync__{self.pod}'),
        ):
            page = self.act(path, action)
            self.assertEqual(1, page.count(_SILENCE), path)

    def test_rows_that_cannot_be_read(self):
        where = '/project/nodes/?action=row_update&table=nodes&obj_id='
        for url, expected in ((self.valence.url, 404), (_NOWHERE, 503)):
            self.use(url)
            answer = self.client.get(f'{where}{_NOBODY}', headers=_AJAX)
            self.assertEqual(expected, answer.status_code)
        answer = self.client.get(
            f'/admin/pod_managers/{self.pod}/'
            f'?action=row_update&table=nodes&obj_id={_NOBODY}',
            headers=_AJAX,
        )
        self.assertEqual(503, answer.status_code)

    def test_a_page_that_cannot_be_read_stays_where_it_is(self):
        self.use(_NOWHERE)
        for path in (
            *(f'/admin/systems/{self.pod}/', f'/project/nodes/{self.node}/'),
            f'/admin/pod_managers/{self.pod}/',
            f'/project/nodes/{self.node}/power/',
        ):
            answer = self.client.get(path)
            self.assertContains(answer, _SILENCE, 1, 503)
            answer = self.client.get(path, headers=_AJAX)
            self.assertEqual(503, answer.status_code)
            self.assertIn(_SILENCE, answer.headers['X-Horizon-Messages'])
        answer = self.client.get(
            f'/admin/pod_managers/{self.pod}/?tab=pod_manager__systems',
            headers=_AJAX,
        )
        self.assertContains(answer, _SILENCE)

    def test_a_page_waits_once(self):
        """However many questions it has to one that hangs."""
        self.useFixture(
            fixtures.MonkeyPatch('valence_dashboard.api._TIMEOUT', 0.5)
        )
        server = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(server.close)
        held = []

        def accept():
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        self.use(f'http://127.0.0.1:{server.getsockname()[1]}')
        for path in (
            *('/project/nodes/compose/', f'/project/nodes/{self.node}/'),
            *('/admin/pod_managers/', f'/admin/topology/{self.pod}/'),
        ):
            held.clear()
            self.assertIn(_SILENCE, self.page(path), path)
            self.assertEqual(1, len(held), path)
        for one in held:
            one.close()

    def test_forms_that_a_role_may_not_send(self):
        forms = (
            *('/admin/pod_managers/register/', '/project/flavors/create/'),
            *('/project/nodes/adopt/', '/project/nodes/compose/'),
            *(
                f'/admin/pod_managers/{self.pod}/{name}/'
                for name in ('edit', 'grant', 'remove')
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

    def test_what_others_see_moves_no_column(self):
        self.use(self.valence.url, 'reader')
        self.page('/project/flavors/')
        self.use(self.valence.url)
        page = self.page('/project/flavors/')
        self.assertIn('aria-label="any"', page)
        shared = flavors.Flavors._columns['multi_select'].classes
        self.assertNotIn('hidden', shared)

    def test_a_refused_form(self):
        sent = {'name': 'a', 'password': 'opensesame'}
        for url, told in (
            (
                'nonsense',
                'The scheme must be http or https',
            ),  # the API's word
            ('', 'This field is required.'),  # the form's
        ):
            answer = self.client.post(
                '/admin/pod_managers/register/', {**sent, 'url': url}
            )
            self.assertContains(answer, told)
            self.assertContains(answer, 'Type it again.', 1)
        answer = self.client.post(
            '/project/flavors/create/',
            {'name': 'x', 'processor__total_cores': '99999999999'},
        )
        self.assertNotContains(answer, 'Invalid input')
        self.assertContains(answer, 'has-error')

    def test_forms_begin_with_what_is_usual(self):
        page = self.page(f'/project/nodes/{self.node}/boot/')
        self.assertIn('<option value="Once" selected>', page)

    def test_the_topology_of_what_is_offline(self):
        made = self.composable.create_pod_manager(name='off', url=_NOWHERE)
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
