# SPDX-License-Identifier: Apache-2.0
"""The command with Keystone: catalog, personas, tokens."""

import contextlib
import json
from collections.abc import Iterator

import openstack

import valenceclient
from valenceclient.tests.functional import base
from valenceclient.tests.functional import processes


class Keystone(base.TestCase):
    """Every command uses one of the clouds in clouds.yaml."""

    cloud = 'admin'

    def setUp(self):
        super().setUp()
        clouds = str(processes.keystone())
        self.environment['OS_CLIENT_CONFIG_FILE'] = clouds

    @property
    def access(self):
        return ('--os-cloud', self.cloud)

    @contextlib.contextmanager
    def as_(self, cloud: str) -> Iterator[None]:
        """Use another cloud within the context."""
        before, self.cloud = self.cloud, cloud
        try:
            yield
        finally:
            self.cloud = before

    def compose(self, name: str, *arguments: str) -> dict:
        cloud = self.cloud

        def release():
            with self.as_(cloud):
                self.run_valence(f'node delete {name} --wait')

        self.addCleanup(release)
        return self.json(f'node compose {name} --wait', *arguments)

    def token(self) -> str:
        done = self.run_openstack(
            *self.access, *'token issue -f value -c id'.split()
        )
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout.strip()


class Personas(Keystone):
    def setUp(self):
        super().setUp()
        self.pod()

    def test_member_node_lifecycle(self):
        with self.as_('demo'):
            node = self.compose('mine', '--processor', 'total_cores=2')
            self.assertEqual('active', node['provision_state'])
            self.assertNotIn('resource_uri', node)
            self.valence('node reset mine ForceOff --wait')
            self.valence('node set mine --name ours')
            (listed,) = self.json('node list --pod-manager pod')
            self.assertEqual('ours', listed['name'])
            (compose,) = self.json(
                'operation list --action compose --target-uuid', node['uuid']
            )
            shown = self.json('operation show', compose['uuid'])
            self.assertEqual(node['project_id'], shown['project_id'])
            self.assertEqual('', self.valence('node delete ours --wait'))
            self.assertEqual([], self.json('node list'))

    def test_reader(self):
        with self.as_('demo'):
            self.compose('seen')
        with self.as_('reader'):
            (node,) = self.json('node list --long')
            self.assertEqual('seen', node['name'])
            for line in (
                'node compose mine',
                'node delete seen',
                'node reset seen On',
                'node set seen --name other',
                'flavor create mine',
            ):
                self.assertIn("Policy doesn't allow", self.fails(line), line)

    def test_forbidden_to_members(self):
        with self.as_('demo'):
            for line in (
                'podmanager create mine --url http://127.0.0.1:1/',
                'podmanager set pod --maintenance',
                'podmanager delete pod',
                'podmanager sync pod',
                'podmanager access list pod',
                'system list',
                'chassis list',
                'conductor list',
                'capacity show',
            ):
                self.assertIn("Policy doesn't allow", self.fails(line), line)
            self.assertEqual(
                {'uuid', 'name', 'status', 'location', 'conditions'},
                self.json('podmanager show pod').keys(),
            )
            output = self.fails('podmanager list --fields name,url')
            self.assertIn("unknown field 'url'", output)

    def test_another_project(self):
        with self.as_('demo'):
            node = self.compose('web')
        with self.as_('other'):
            self.assertEqual([], self.json('node list'))
            for line in ('show', 'delete', 'reset', 'set --name mine'):
                verb, _, rest = line.partition(' ')
                more = 'On' if verb == 'reset' else rest
                self.assertEqual(
                    f'Node {node["uuid"]} could not be found.',
                    self.fails(f'node {verb} {node["uuid"]} {more}'),
                )
            # Names are unique within a project only.
            theirs = self.compose('web')
            self.assertEqual(
                theirs['uuid'], self.json('node show web')['uuid']
            )
        output = self.fails('node show web')
        self.assertIn('Several resources are named web: ', output)
        for uuid in (node['uuid'], theirs['uuid']):
            self.assertIn(uuid, output)
            self.assertEqual('web', self.json('node show', uuid)['name'])

    def test_access(self):
        """A pod manager of certain projects, given by name."""
        self.valence('podmanager set pod --no-is-public')
        self.addCleanup(self.run_valence, 'podmanager set pod --is-public')
        with self.as_('demo'):
            self.assertEqual([], self.json('podmanager list'))
            self.assertEqual(
                'Pod manager pod could not be found.',
                self.fails('podmanager show pod'),
            )
        self.assertEqual('', self.valence('podmanager access add pod demo'))
        (grant,) = self.json('podmanager access list pod')
        with self.as_('demo'):
            self.assertEqual(1, len(self.json('podmanager list')))
            node = self.compose('granted')
            self.assertEqual(grant['project_id'], node['project_id'])
        with self.as_('other'):
            self.assertEqual([], self.json('podmanager list'))
        self.valence('podmanager access remove pod demo')
        self.assertEqual([], self.json('podmanager access list pod'))
        output = self.fails('podmanager access add pod nobody')
        self.assertIn('nobody', output)

    def test_flavors(self):
        with self.as_('demo'):
            self.json('flavor create tiny --processor total_cores=1')
            self.addCleanup(self.delete_flavor, 'demo', 'tiny')
            node = self.compose('by-flavor', '--flavor', 'tiny')
            (system,) = node['systems']
            self.assertEqual(system['cpu_cores'], node['charged_cores'])
            output = self.fails(
                'flavor create open --is-public --processor total_cores=1'
            )
            self.assertIn("Policy doesn't allow", output)
        with self.as_('other'):
            self.assertEqual(
                'Flavor tiny could not be found.',
                self.fails('flavor show tiny'),
            )

    def delete_flavor(self, cloud, name):
        with self.as_(cloud):
            self.run_valence('flavor delete', name)

    def test_python(self):
        config = openstack.config.OpenStackConfig(
            config_files=[self.environment['OS_CLIENT_CONFIG_FILE']]
        )
        connection = openstack.connection.Connection(
            config=config.get_one('demo')
        )
        self.addCleanup(connection.close)
        valenceclient.add_service(connection)
        names = [one.name for one in connection.composable.pod_managers()]
        self.assertEqual(['pod'], names)
        self.assertEqual([], list(connection.composable.nodes(name='nobody')))


class Tokens(Keystone):
    def with_token(self, token: str) -> str:
        """Run a command with a token only; return its output."""
        url = json.loads(
            self.run_openstack(
                *self.access,
                *'catalog show composable -f json'.split(),
            ).stdout
        )['endpoints'][0]['url']
        done = self.run_openstack(
            *('--os-auth-type', 'admin_token', '--os-endpoint', url),
            *'valence driver list -f json'.split(),
            OS_TOKEN=token,
        )
        return done.stdout if done.returncode == 0 else done.stderr.strip()

    def test_valid_token(self):
        self.assertIn('rsd', self.with_token(self.token()))

    def test_invalid_token(self):
        self.assertRegex(
            self.with_token('wrong'),
            '^Authentication is required: the header X-Auth-Token has no '
            r'valid token\. \(Request-ID: req-\S+\)$',
        )

    def test_revoked_token(self):
        token = self.token()
        done = self.run_openstack(*self.access, 'token', 'revoke', token)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn('Authentication is required', self.with_token(token))

    def test_wrong_password(self):
        output = self.fails('node list', OS_PASSWORD='wrong')
        self.assertIn('HTTP 401', output)
