# SPDX-License-Identifier: Apache-2.0
"""The devstack plugin, in all its phases, with stand-ins for devstack."""

import configparser
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import fixtures
import sqlalchemy as sa
from cryptography import fernet

from valence.tests import base
from valence.tests.fixtures import database
from valence.tests.fixtures import keystone
from valence.tests.fixtures import processes

_HERE = pathlib.Path(__file__).parent
_ROOT = _HERE.parents[3]
_BIN = pathlib.Path(sys.executable).parent
_PHASES = (
    'stack pre-install',
    'stack install',
    'stack post-config',
    'stack extra',
    'stack test-config',
)


class PluginTestCase(base.TestCase):
    def setUp(self):
        super().setUp()
        for reason in (keystone.missing(), database.missing('mysql')):
            if reason:
                self.skipTest(reason)
        for command in ('openstack', 'valence-simulator', 'uwsgi'):
            if not (_BIN / command).exists():
                self.skipTest(f'there is no {command} beside {sys.executable}')
        self.database = self.useFixture(database.EmptyDatabase('mysql'))
        self.keystone = self.useFixture(keystone.Keystone())
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.data = self.directory / 'data'
        self.data.mkdir()
        self.horizon = self.directory / 'horizon'
        self.panels = self.horizon / 'openstack_dashboard/local/enabled'
        self.panels.mkdir(parents=True)
        self.addCleanup(self.kill)
        self.environment = self._environment(processes.free_port())

    def _environment(self, port):
        """Return the variables of devstack and the plugin.

        :param port: that of the API.
        """
        return {
            **{k: v for k, v in os.environ.items() if 'OS_' not in k},
            'PATH': f'{_BIN}:{os.environ["PATH"]}',
            'TEST_BIN': str(_BIN),
            'TEST_DATABASE_URL': self.database.connection,
            'TEST_TRANSPORT_URL': 'rabbit://guest:guest@127.0.0.1:5672/',
            'TEST_API_PORT': str(port),
            'DEST': str(_ROOT.parent),
            'DATA_DIR': str(self.data),
            'STACK_USER': 'root',
            'SERVICE_PROTOCOL': 'http',
            'SERVICE_HOST': f'127.0.0.1:{port}',
            'SERVICE_PASSWORD': keystone.PASSWORD,
            'SERVICE_TIMEOUT': str(processes.PATIENCE),
            'REGION_NAME': 'RegionOne',
            'ENABLED_SERVICES': 'key,mysql,rabbit,valence-simulator',
            'DISABLED_SERVICES': '',
            'SERVICE_DOMAIN_NAME': 'Default',
            'KEYSTONE_SERVICE_URI': self.keystone.url,
            'HORIZON_DIR': str(self.horizon),
            'VALENCE_DIR': str(_ROOT),
            'VALENCE_CONF_DIR': str(self.directory / 'etc'),
            'VALENCE_SIMULATED_PODS': 'east=3',
            'VALENCE_SIMULATOR_FIRST_PORT': str(processes.free_port()),
            'OS_AUTH_URL': self.keystone.url,
            'OS_IDENTITY_API_VERSION': '3',
            'OS_USERNAME': 'admin',
            'OS_PASSWORD': keystone.PASSWORD,
            'OS_PROJECT_NAME': 'admin',
            'OS_USER_DOMAIN_ID': 'default',
            'OS_PROJECT_DOMAIN_ID': 'default',
            'OS_REGION_NAME': 'RegionOne',
        }

    def kill(self):
        """End what a failure left running."""
        for file in self.data.glob('*.pid'):
            try:
                os.kill(int(file.read_text()), signal.SIGKILL)
            except ProcessLookupError:
                continue

    def bash(self, *phases):
        return subprocess.run(
            ['bash', _HERE / 'phases.sh', *phases],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run_phases(self, *phases):
        """Take the plugin through phases in one shell; what it printed."""
        done = self.bash(*phases)
        logs = ''.join(
            f'--- {file.name}\n{file.read_text()[-3000:]}'
            for file in self.data.glob('*.log')
        )
        self.assertEqual(0, done.returncode, done.stdout[-6000:] + logs)
        return done.stdout

    def configuration(self):
        parser = configparser.RawConfigParser(strict=False)
        parser.read(self.directory / 'etc' / 'valence.conf')
        return parser

    def installed(self):
        return (self.data / 'installed').read_text().split('\n')[:-1]

    def test_all_phases(self):
        printed = self.run_phases(*_PHASES)
        self.assertIn('composed a node and released it', printed)
        configuration = self.directory / 'etc' / 'valence.conf'
        self.assertEqual(0o640, configuration.stat().st_mode & 0o777)
        self.assertFalse(self.configuration().has_section('ironic'))
        self.assertEqual(['', '/client', '/simulator'], self.installed())
        pids = [int(file.read_text()) for file in self.data.glob('*.pid')]
        self.assertEqual(3, len(pids))
        # The database was created with characters of three bytes.
        with sa.create_engine(self.database.connection).connect() as found:
            collations = found.exec_driver_sql(
                'SELECT DISTINCT table_collation FROM '
                'information_schema.tables WHERE table_schema = DATABASE() '
                "AND table_name <> 'alembic_version'"
            ).scalars()
            for collation in collations:
                self.assertTrue(collation.startswith('utf8mb4'), collation)

        self.run_phases('unstack')
        self.assertEqual([], list(self.data.glob('*.pid')))
        self.assertEqual([], list(filter(processes.runs, pids)))

        self.run_phases('clean')
        self.assertFalse(configuration.exists())
        self.assertFalse((self.data / 'valence').exists())

    def test_with_horizon_and_ironic(self):
        self.environment['ENABLED_SERVICES'] = (
            'key,mysql,rabbit,horizon,ir-api'
        )
        self.run_phases(*_PHASES[:3])
        self.assertEqual(['', '/client', '/dashboard'], self.installed())
        self.assertIn(
            '_1951_project_nodes_panel.py',
            [file.name for file in self.panels.iterdir()],
        )
        options = self.configuration()['ironic']
        self.assertEqual('all', options['system_scope'])
        cloud = self.keystone.cloud(
            options['username'], system_scope=options['system_scope']
        )
        self.assertIn(
            'admin', cloud.session.auth.get_access(cloud.session).role_names
        )

        self.run_phases('clean')
        self.assertEqual([], list(self.panels.iterdir()))

    def test_a_further_host(self):
        key = fernet.Fernet.generate_key().decode()
        self.environment['VALENCE_CREDENTIAL_KEY'] = key
        self.run_phases(*_PHASES[:3])
        with sa.create_engine(self.database.connection).begin() as found:
            found.exec_driver_sql('CREATE TABLE kept (id INTEGER)')
        self.environment.update(
            ENABLED_SERVICES='', DISABLED_SERVICES='valence-api'
        )
        self.run_phases(*_PHASES, 'unstack')
        keys = self.data / 'valence' / 'credential-keys'
        self.assertEqual(key, (keys / '1').read_text().strip())
        with sa.create_engine(self.database.connection).connect() as found:
            found.exec_driver_sql('SELECT * FROM kept')

    def test_a_further_host_without_a_key(self):
        self.environment.update(
            ENABLED_SERVICES='', DISABLED_SERVICES='valence-api'
        )
        done = self.bash(*_PHASES[:3])
        self.assertEqual(1, done.returncode)
        self.assertIn('VALENCE_CREDENTIAL_KEY', done.stdout)

    def test_nothing_happens_where_valence_is_not_enabled(self):
        script = self.directory / 'disabled.sh'
        script.write_text(
            'set -o errexit -o nounset -o pipefail\n'
            'is_service_enabled() { return 1; }\n'
            f'for phase in "stack install" unstack clean; do\n'
            f'    source {_ROOT}/devstack/plugin.sh $phase\n'
            'done\n'
        )
        done = subprocess.run(
            [shutil.which('bash'), script], capture_output=True, text=True
        )
        self.assertEqual((0, ''), (done.returncode, done.stderr))


class TestSettings(base.TestCase):
    def url(self, services):
        """The URL of the API with some services."""
        done = subprocess.run(
            [
                *('bash', '-euc'),
                f'source {_HERE}/stand-ins.sh; '
                f'source {_ROOT}/devstack/settings; '
                'echo $VALENCE_SERVICE_URL',
            ],
            env={
                **{'PATH': os.environ['PATH'], 'TEST_BIN': str(_BIN)},
                **{'DEST': '/opt/stack', 'DATA_DIR': '/opt/stack/data'},
                **{'SERVICE_PROTOCOL': 'http', 'SERVICE_HOST': '192.0.2.1'},
                **{'ENABLED_SERVICES': services, 'DISABLED_SERVICES': ''},
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def test_tls(self):
        self.assertEqual('http://192.0.2.1/composable', self.url('key'))
        self.assertEqual(
            'https://192.0.2.1/composable', self.url('key,tls-proxy')
        )
