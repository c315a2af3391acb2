# SPDX-License-Identifier: Apache-2.0
"""Ten faults: an alert fires for each, and what its page says ends it.

Every scrape of the real processes counts as one minute, so the shipped rules
are evaluated as they are.
"""

import datetime
import pathlib
import re
import time

import fixtures as base_fixtures
import yaml

from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import certificates
from valence.tests.fixtures import processes
from valence.tests.fixtures import recording
from valence.tests.fixtures import runbooks
from valence.tests.functional.crash import cluster

_TOP = pathlib.Path(__file__).parents[4]
_RULES = _TOP / 'etc/valence/monitoring/alerts.yaml'
# Results of health checks are as old as this.
_FRESH = 1.1
# The longest "for" of a rule, and the window of its rates.
_MINUTES = 18
_CALM = 4
# A conductor on a host whose clock is wrong by what a file says.
_SHIFTED = """
import pathlib
import sys
import time

shift = pathlib.Path(sys.argv.pop(1))
right = time.time
time.time = lambda: right() + float(shift.read_text())

from valence.cmd import conductor

conductor.main()
"""


def _alerts():
    """The rules by the names of their alerts."""
    groups = yaml.safe_load(_RULES.read_text())['groups']
    return {rule['alert']: rule for one in groups for rule in one['rules']}


def _firing(alert):
    return f'ALERTS{{alertname="{alert}",alertstate="firing"}}'


def section(alert):
    """What the page that an alert names says about it."""
    return runbooks.section(_alerts()[alert]['annotations']['runbook'])


@cluster.long
class OnCallTest(base.ServiceTestCase):
    @classmethod
    def start(cls):
        reason = recording.missing() or fixtures.MariaDB.missing()
        if reason:
            raise cls.skipException(reason)
        cls.server = cls.use(fixtures.MariaDB())
        cls.server.execute('CREATE DATABASE valence_on_call')
        options = {}
        cls.broker = None
        if processes.no_broker() is None:
            cls.broker = cls.use(fixtures.Proxy(processes.broker()))
            options['transport_url'] = processes.broker_at(cls.broker.port)
        cls.service = cls.use(
            fixtures.Service(
                database__connection=f'{cls.server.url}valence_on_call',
                metrics__enabled=True,
                metrics__conductor_port=0,
                conductor__status_timeout=10,
                conductor__heartbeat_timeout=10,
                redfish__request_timeout=10,
                **options,
            )
        )
        cls.service.manage('db', 'sync')
        cls.service.manage('credential-keys', 'create')
        cls.service.api()
        cls.client = cls.service.client
        cls.targets = {'api': f'{cls.client.url}/metrics'}
        cls.conductor = cls.service.conductor()
        cls.targets['conductor'] = cls.metrics_of(cls.conductor)

    @classmethod
    def metrics_of(cls, process, begun=0):
        line = process.wait_for('Metrics are at ', begun)
        return re.search(r'http://\S+', line)[0]

    def setUp(self):
        super().setUp()
        self.seen = self.useFixture(recording.Recording(_RULES))

    def pod(self, *arguments):
        """A pod manager that is registered and read; until the test ends."""
        self.name = self.id().rpartition('.')[2]
        # It is the same service when it is started again.
        arguments = ('--seed', self.name, *arguments)
        pod = self.useFixture(fixtures.Simulator(*arguments))
        self.register(pod)
        return pod

    def register(self, pod, **more):
        self.addCleanup(self._remove, f'/v1/pod_managers/{self.name}')
        self.service.ready(self.name, pod, **more)

    def _remove(self, path):
        self.client.request('DELETE', f'{path}?cascade=true&force=true')
        self.client.wait_gone(path)

    def wait_status(self, status, *words):
        """Wait for the status of the pod manager, and its reason."""
        body = self.client.wait(
            f'/v1/pod_managers/{self.name}',
            lambda body: (
                body['status'] == status
                and all(w in (body['status_reason'] or '') for w in words)
            ),
        )
        return body['status_reason']

    def minutes(self, number, meanwhile=None):
        for _ in range(number):
            if meanwhile is not None:
                meanwhile()
            time.sleep(_FRESH)
            self.seen.minute(self.targets)

    def alerts(self, alert, begin, end, meanwhile=None, words=()):
        """An alert fires from a fault on, and its remedy ends it.

        :param begin: makes the fault, and waits until it shows.
        :param end: does what the page says.
        :param meanwhile: what happens each minute.
        :param words: what the page says, too.
        """
        told = section(alert)
        for word in (alert, *words):
            self.assertIn(word, told)
        self.minutes(_CALM, meanwhile)
        calm = self.seen.now
        begin()
        self.minutes(_MINUTES, meanwhile)
        bad = self.seen.now
        end()
        self.minutes(_MINUTES, meanwhile)
        expected = {(f'count({_firing(alert)}) > bool 0', bad): 1}
        for name in _alerts():
            none = f'count({_firing(name)}) or vector(0)'
            expected |= {(none, calm): 0, (none, self.seen.now): 0}
        self.seen.check(expected)

    def test_pod_dead(self):
        pod = self.pod('--port', processes.free_port())

        def begin():
            pod.process.kill()
            self.wait_status('offline')

        def end():
            pod.process.start()
            self.wait_status('online')

        self.alerts(
            'ValencePodManagerOffline', begin, end, words=['unreachable']
        )

    def test_pod_slow(self):
        pod = self.pod()

        def begin():
            pod.options(latency_ms=3500)

        def end():
            pod.options(latency_ms=0)

        self.alerts(
            'ValencePodManagerSlow', begin, end, self._wait_for_a_probe
        )

    def _wait_for_a_probe(self):
        def probes():
            found = self.seen.scrape(self.targets)
            (key,) = (
                key
                for key in found
                if key.startswith('valence_pod_manager_probe_seconds_count')
                and f'"{self.name}"' in key
            )
            return found[key]

        before = probes()
        while probes() == before:
            time.sleep(0.2)

    def test_wrong_password(self):
        pod = self.pod('--port', processes.free_port())

        def change(password):
            pod.options(password=password)
            pod.control('POST', 'restart')

        def begin():
            change('another')
            self.wait_status('offline')

        def end():
            self.client.patch(
                f'/v1/pod_managers/{self.name}', {'password': 'another'}
            )
            self.wait_status('online')

        self.alerts('ValencePodManagerOffline', begin, end, words=['password'])

    def test_certificate_expired(self):
        authority = self.useFixture(certificates.Authority())
        day = datetime.timedelta(days=1)
        pems = {
            'good': authority.issue('good', day),
            'expired': authority.issue('expired', -day),
        }
        directory = self.useFixture(base_fixtures.TempDir()).path
        path, key = (pathlib.Path(directory) / n for n in ('pem', 'key'))

        def install(name):
            for source, target in zip(pems[name], (path, key), strict=True):
                target.write_bytes(source.read_bytes())

        install('good')
        pod = self.useFixture(
            fixtures.Simulator(
                *('--port', processes.free_port(), '--seed', 'tls', '--tls'),
                *('--tls-cert', path, '--tls-key', key),
            )
        )
        self.name = 'expiring'
        self.register(pod, ca_cert=authority.certificate)

        def restart(name, status, *words):
            pod.process.kill()
            install(name)
            pod.process.start()
            self.wait_status(status, *words)

        self.alerts(
            'ValencePodManagerOffline',
            lambda: restart('expired', 'offline', 'certificate'),
            lambda: restart('good', 'online'),
            words=['certificate'],
        )

    def test_conductor_killed(self):
        def begin():
            # Nobody is left to delete its row; it is not alive any more.
            self.conductor.kill()
            alive = 'valence_conductors_alive{instance="api"}'
            while self.seen.scrape(self.targets).get(alive) != 0:
                time.sleep(_FRESH)

        def end():
            # The same process, whose output outlives this test.
            begun = len(self.conductor.output())
            self.conductor.start()
            self.targets['conductor'] = self.metrics_of(self.conductor, begun)
            self.conductor.wait_for('conductor registered', begun)

        self.alerts(
            'ValenceNoConductor',
            begin,
            end,
            words=['systemctl restart valence-conductor'],
        )

    def test_database_gone(self):
        def begin():
            self.server.stop()
            self.addCleanup(self.server.start)

        def end():
            self._cleanups.pop()
            self.server.start()
            self.client.wait('/v1/conductors', lambda body: body['conductors'])

        self.alerts('ValenceDatabaseDown', begin, end)

    def test_broker_gone(self):
        if self.broker is None:
            self.skipTest('RabbitMQ does not answer')
        self.alerts('ValenceBrokerDown', self.broker.cut, self.broker.restore)

    def test_disk_full(self):
        directory = pathlib.Path(self.useFixture(base_fixtures.TempDir()).path)
        path = directory / 'valence.log'
        process = self.useFixture(
            processes.Process(
                *('valence-api', '--config-file', self.service.config),
                *('--log-file', path),
            )
        )
        while 'listens on' not in (path.read_text() if path.exists() else ''):
            self.assertIsNotNone(process.state, process.output())
            time.sleep(0.1)
        url = re.findall(r'listens on (\S+)', path.read_text())[-1]
        client = fixtures.Client(url)
        self.targets = {**self.targets, 'full': f'{url}/metrics'}

        def begin():
            path.unlink()
            path.symlink_to('/dev/full')
            process.signal('HUP')

        def end():
            path.unlink()
            process.signal('HUP')

        self.alerts(
            'ValenceLogsLost',
            begin,
            end,
            lambda: client.get('/v1/nodes'),
            words=['systemctl reload'],
        )

    def test_key_lost(self):
        self.pod()
        keys = pathlib.Path(self.service.state_path) / 'credential-keys'
        backup = keys.with_name('backup')

        def begin():
            keys.rename(backup)

        def end():
            if keys.exists():
                keys.rmdir()
            backup.rename(keys)
            self.wait_status('online')

        self.alerts('ValenceKeysUnusable', begin, end, words=['backup'])

    def test_clock_off(self):
        directory = pathlib.Path(self.useFixture(base_fixtures.TempDir()).path)
        script, shift = directory / 'shifted.py', directory / 'shift'
        script.write_text(_SHIFTED)
        shift.write_text('0')
        process = self.useFixture(
            processes.Process(
                *('python', script, shift),
                *('--config-file', self.service.config),
            )
        )
        self.targets = {**self.targets, 'shifted': self.metrics_of(process)}
        process.wait_for('conductor registered')
        self.alerts(
            'ValenceClockWrong',
            lambda: shift.write_text('3600'),
            lambda: shift.write_text('0'),
            words=['synchronized'],
        )
