# SPDX-License-Identifier: Apache-2.0
"""The devstack plugin, in all its phases, with stand-ins for devstack."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

import fixtures

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
            'ENABLED_SERVICES': 'valence-simulator',
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

    def run_phases(self, *phases):
        """Take the plugin through phases in one shell; what it printed."""
        done = subprocess.run(
            ['bash', _HERE / 'phases.sh', *phases],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        logs = ''.join(
            f'--- {file.name}\n{file.read_text()[-3000:]}'
            for file in self.data.glob('*.log')
        )
        self.assertEqual(0, done.returncode, done.stdout[-6000:] + logs)
        return done.stdout

    def test_all_phases(self):
        printed = self.run_phases(*_PHASES)
        self.assertIn('composed a node and released it', printed)
        configuration = self.directory / 'etc' / 'valence.conf'
        self.assertTrue(configuration.exists())
        pids = [int(file.read_text()) for file in self.data.glob('*.pid')]
        self.assertEqual(3, len(pids))

        self.run_phases('unstack')
        self.assertEqual([], list(self.data.glob('*.pid')))
        for pid in pids:
            self.assertRaises(ProcessLookupError, os.kill, pid, 0)

        self.run_phases('clean')
        self.assertFalse(configuration.exists())
        self.assertFalse((self.data / 'valence').exists())

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
