# SPDX-License-Identifier: Apache-2.0
"""Pages without a browser: their content and their cost."""

import html
import operator
import re
import unittest

import fixtures

from valence_dashboard import api
from valence_dashboard import operations
from valence_dashboard.project.nodes import tables as nodes
from valence_dashboard.tests.functional import pages
from valence_dashboard.tests.functional import processes


@unittest.skipIf(pages.MISSING, f'not installed: {", ".join(pages.MISSING)}')
class Pages(pages.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.valence = processes.valence(name='pages')
        cls.composable = pages.connect(cls.valence.url)

    def test_no_page_contains_a_password(self):
        self.use(self.valence.url)
        secret = 'opensesame'
        answer = self.client.post(
            '/admin/pod_managers/register/',
            {'name': 'a', 'url': 'nonsense', 'password': secret},
        )
        self.assertContains(answer, 'The scheme must be http or https')
        self.assertNotContains(answer, secret)
        made = self.composable.create_pod_manager(
            name='b', url='http://127.0.0.1:9', password=secret
        )
        self.addCleanup(self.composable.delete_pod_manager, made)
        for path in ('', f'{made.id}/', f'{made.id}/edit/'):
            page = self.page(f'/admin/pod_managers/{path}')
            self.assertIn('>b<', page.replace('value="b"', '>b<'))
            self.assertNotIn(secret, page)

    def test_names_are_escaped(self):
        evil = '"><script>alert(1)</script>{{ 7 }}{$ 7 $}'
        made = self.composable.create_pod_manager(
            name=evil.replace('/', '|'), url='http://127.0.0.1:9'
        )
        self.addCleanup(self.composable.delete_pod_manager, made)
        self.use(self.valence.url)
        for path in (
            '/admin/pod_managers/',
            f'/admin/pod_managers/{made.id}/',
            f'/admin/pod_managers/{made.id}/delete/',
            f'/admin/topology/{made.id}/',
            '/project/nodes/compose/',
        ):
            page = self.page(path)
            self.assertIn('alert(1)', page, path)
            self.assertNotIn('<script>alert', page, path)
            self.assertNotIn('{$ 7', page, path)
            # Horizon puts this attribute in dialogs, as HTML.
            for name in re.findall('data-display="([^"]*)"', page):
                self.assertNotRegex(html.unescape(name), '[<>"]', path)

    def test_forbidden_actions_are_hidden(self):
        made = self.composable.create_flavor(name='tiny', properties={})
        self.addCleanup(self.composable.delete_flavor, made)
        for role, seen in (
            ('admin', ('compose', 'edit', 'delete')),
            # The flavor is public.
            ('member', ('compose',)),
            ('reader', ()),
        ):
            self.use(self.valence.url, role)
            page = self.page('/project/flavors/')
            self.assertIn('tiny', page)
            self.assertEqual(role != 'reader', 'Create Flavor' in page)
            for action in ('compose', 'edit', 'delete'):
                there = f'{made.id}__action_{action}"' in page
                self.assertEqual(action in seen, there, (role, action))
            wizard = self.page('/project/nodes/compose/')
            self.assertEqual(role == 'admin', 'id_resources' in wizard)
            self.assertEqual(role != 'reader', 'id_register' in wizard)
            nodes = self.page('/project/nodes/')
            self.assertEqual(role != 'reader', 'Compose Node' in nodes)
            self.assertEqual(role == 'admin', 'Adopt Node' in nodes)

    def test_holds(self):
        self.use(self.valence.url)
        self.assertIn('No holds.', self.page('/project/holds/'))
        wizard = self.page('/project/nodes/compose/')
        for field in ('hold', 'lease_until', 'lease_end'):
            self.assertIn(f'id_{field}', wizard)
        # There is no hardware.
        answer = self.client.post('/project/nodes/keep/', {'name': ''})
        self.assertRedirects(
            answer, '/project/nodes/compose/', fetch_redirect_response=False
        )

    def test_a_lease_is_extended(self):
        self.use(self.valence.url)
        made = self.composable.compose_node(
            name='leased', lease_until='2999-01-01'
        )
        self.addCleanup(self.composable.delete_node, made)
        nodes.Extend().act(self.composable, made.id)
        until = self.composable.get_node('leased').lease_until
        self.assertTrue(until.startswith('2999-01-02'), until)

    def test_missing_resource_redirects_to_the_list(self):
        self.use(self.valence.url)
        absent = '00000000-0000-4000-8000-000000000000'
        for where in ('admin/systems', 'admin/pod_managers', 'project/nodes'):
            answer = self.client.get(f'/{where}/{absent}/')
            self.assertRedirects(
                answer, f'/{where}/', fetch_redirect_response=False
            )

    def test_many_nodes_with_operations(self):
        self.use(self.valence.url)
        made = [
            self.composable.compose_node(name=f'busy-{n}') for n in range(20)
        ]
        for node in made:
            self.addCleanup(self.composable.delete_node, node)
        request = self.client.get('/project/nodes/').wsgi_request
        unknown = [f'{n:08}-0000-4000-8000-000000000000' for n in range(40)]
        found = operations.open_operations(
            request, [*unknown, *(node.id for node in made)]
        )
        self.assertLessEqual(found.keys(), {node.id for node in made})

    def test_filter_is_sent_to_the_api(self):
        self.use(self.valence.url)
        page = self.page('/admin/systems/?cpu_cores=gte:many')
        self.assertIn('Invalid input for query parameter cpu_cores', page)

    def test_valence_is_unreachable(self):
        self.use('http://127.0.0.1:9')
        for path in (
            *('/admin/pod_managers/', '/admin/topology/', '/admin/systems/'),
            *('/project/nodes/', '/project/flavors/'),
        ):
            self.assertIn('Valence does not respond', self.page(path), path)


_LOGGED = """
[database]
connection_debug = 50
[DEFAULT]
default_log_levels = sqlalchemy.engine=INFO
"""


@unittest.skipIf(pages.MISSING, f'not installed: {", ".join(pages.MISSING)}')
class Costs(pages.TestCase):
    """The cost of a page does not depend on the number of systems."""

    def setUp(self):
        super().setUp()
        self.requests = 0
        request = api.Client.request

        def counted(*args, **kwargs):
            self.requests += 1
            return request(*args, **kwargs)

        self.useFixture(
            fixtures.MonkeyPatch(
                'valence_dashboard.api.Client.request', counted
            )
        )

    def measure(self, systems):
        """Return the number of requests and SQL statements by page."""
        name = f'pod{systems}'
        uris = self.fill(name, systems)
        # Without a conductor, which would execute statements of its own.
        path = processes.directory() / f'{name}.conf'
        with path.open('a') as stream:
            stream.write(_LOGGED)
        alone = processes.Process(
            processes.command('valence-api'), '--config-file', path
        )
        self.addCleanup(alone.stop)
        self.use(alone.url)
        found = {}
        for page in uris:
            before = self.statements(alone)
            self.requests = 0
            answer = self.client.get(page)
            self.assertEqual(200, answer.status_code, page)
            found[re.sub('[0-9a-f-]{36}', 'UUID', page)] = (
                self.requests,
                self.statements(alone) - before,
            )
        return found

    def fill(self, name, systems):
        """Read a pod and compose a node; return the pages that show them."""
        valence = processes.valence(
            name=name,
            options=f'[fake]\nsystems = {systems}\ndevices = {systems}\n',
        )
        composable = pages.connect(valence.url)
        # Reading simulated hardware of this size takes minutes.
        uuid = composable.create_pod_manager(
            name='pod', url='http://pod.example.org', driver='fake'
        ).id
        processes.wait_for(
            lambda: composable.get_pod_manager(uuid).synced_at, 'its inventory'
        )
        node = composable.compose_node(name='one', pod_manager='pod')
        composable.wait_for_operation(node, interval=0.1)
        system = next(composable.systems(node_uuid=node.id)).id
        operation = next(composable.operations(target_uuid=node.id)).id
        valence.stop()
        tabs = ('capacity', 'racks', 'systems', 'devices', 'nodes')
        return (
            *('/admin/pod_managers/', '/admin/systems/', '/admin/chassis/'),
            *('/admin/devices/', '/admin/storages/', '/project/nodes/'),
            f'/admin/pod_managers/{uuid}/',
            *(
                f'/admin/pod_managers/{uuid}/?tab=pod_manager__{tab}'
                for tab in tabs
            ),
            *('/admin/topology/', '/admin/topology/?q=System+1'),
            *(f'/admin/topology/{uuid}/', f'/admin/topology/{uuid}/data/'),
            f'/admin/systems/{system}/',
            f'/project/nodes/{node.id}/',
            '/project/nodes/compose/',
            *('/project/operations/', '/admin/operations/'),
            f'/project/operations/{operation}/',
        )

    @staticmethod
    def statements(process):
        """Return the number of SELECT statements so far."""
        return process.log.read_text().count('SELECT ')

    def test_cost_with_ten_and_a_thousand_systems(self):
        few = self.measure(10)
        self.assertGreater(min(asked for asked, _ in few.values()), 0)
        self.assertGreater(min(asked for _, asked in few.values()), 0)
        self.assertLess(max(asked for asked, _ in few.values()), 8)
        many = self.measure(1000)
        for path, costs in few.items():
            more = tuple(map(operator.sub, many[path], costs))
            # A list of several pages shows how many items there are.
            self.assertIn(more, ((0, 0), (1, 3)), path)
