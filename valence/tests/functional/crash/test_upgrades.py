# SPDX-License-Identifier: Apache-2.0
"""Upgrades from earlier commits, while nodes are composed and released.

The order is that of the page "Upgrading" of the administrator guide.
"""

import itertools
import pathlib
import threading
import time

import fixtures as base_fixtures

from valence.db import migration
from valence.db import recount
from valence.tests import fixtures
from valence.tests.fixtures import processes
from valence.tests.fixtures import release
from valence.tests.functional.crash import cluster

# A sync that is killed after a number of statements that change the schema.
_KILLED = """
import os
import signal
import sys

from alembic.ddl import impl
from valence.cmd import manage

left = int(sys.argv.pop(1))
before = impl.DefaultImpl._exec


def execute(self, construct, *args, **kwargs):
    global left
    result = before(self, construct, *args, **kwargs)
    left -= 1
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return result


impl.DefaultImpl._exec = execute
manage.main()
"""
# How many of them: between those of two commits are a few more.
_KILLS = (1, 4, 9, 16) if cluster.FULL else (4,)
_CLIENTS = 2


class UpgradeTestCase(cluster.ClusterTestCase):
    """Services of an earlier commit; its schema, and then the present one."""

    fixture = fixtures.EmptyDatabase
    settings = {
        # Nobody is to be taken for dead while the machine is busy.
        'conductor__heartbeat_interval': 2,
        'conductor__heartbeat_timeout': 20,
        'conductor__poll_interval': 0.5,
    }

    def setUp(self):
        commit = self.commit()
        reason = release.missing(commit)
        if reason:
            self.skipTest(reason)
        self.old = self.useFixture(release.Release(commit)).environment
        super().setUp()

    @staticmethod
    def commit():
        """The commit to upgrade from."""
        return release.before_newest_migration()

    def prepare_database(self):
        self.service.manage('db', 'sync', **self.old)

    def start_api(self, **environment):
        super().start_api(**(environment or self.old))

    # The load

    def begin_load(self):
        self.rounds = dict.fromkeys(range(_CLIENTS), 0)
        self.problems = []
        self.ending = threading.Event()
        self.addCleanup(self.ending.set)
        self.clients = [
            threading.Thread(target=self._use, args=(number,), daemon=True)
            for number in range(_CLIENTS)
        ]
        for thread in self.clients:
            thread.start()

    def _use(self, number):
        """Compose and release nodes, one after the other."""
        for turn in itertools.count():
            if self.ending.is_set():
                return
            name = f'node-{number}-{turn}'
            for method, path, body in (
                ('POST', '/v1/nodes', {'name': name}),
                ('DELETE', f'/v1/nodes/{name}', None),
            ):
                try:
                    self._do(method, path, body)
                except Exception as exc:
                    self.problems.append(f'{method} {name}: {exc!r}')
                    return
            self.rounds[number] += 1

    def _do(self, method, path, body):
        answer = self._send(method, path, body)
        location = answer.headers['Location']
        while True:
            state = self._send('GET', location).json['state']
            if state not in cluster.OPEN:
                break
            time.sleep(0.1)
        if state != 'succeeded':
            raise AssertionError(state)

    def _send(self, *request):
        """Send a request, to another API if there is none any more."""
        while True:
            client = self.client
            try:
                answer = client.request(*request)
            except OSError:
                if client is self.client:
                    time.sleep(0.1)
                continue
            if answer.status >= 400:
                raise AssertionError(f'{request}: {answer}')
            return answer

    def wait_rounds(self):
        """Wait until each client has composed and released some more."""
        before = dict(self.rounds)
        self.eventually(
            lambda: (
                self.problems
                or all(
                    count > before[number]
                    for number, count in self.rounds.items()
                )
            ),
            'all clients go on',
        )
        self.assertEqual([], self.problems)

    def end_load(self):
        self.ending.set()
        for thread in self.clients:
            thread.join(processes.PATIENCE)
        self.assertEqual([], self.problems)

    # The upgrade

    def begin_with_the_old(self):
        self.pod('pod', 'rsd', 2 * _CLIENTS + 1)
        self.pod('blocks', 'redfish', 2)
        self.old_conductor = self.conductor(**self.old)
        self.ready()
        for pod in ('pod', 'blocks'):
            self.ended(self.compose(f'kept-{pod}', pod_manager=pod))
        self.begin_load()
        self.wait_rounds()

    def sync(self):
        """Upgrade the schema; some attempts are interrupted."""
        directory = self.useFixture(base_fixtures.TempDir()).path
        script = pathlib.Path(directory) / 'killed.py'
        script.write_text(_KILLED)
        for statements in _KILLS:
            process = self.useFixture(
                processes.Process(
                    *('python', script, statements),
                    *('--config-file', self.service.config, 'db', 'sync'),
                )
            )
            # Zero where there are not so many.
            self.assertIn(process.finish(), (0, -9), process.output())
        self.service.manage('db', 'sync')
        self.assertEqual(migration.head(), migration.current())

    def new_conductor(self):
        conductor = self.conductor()
        self.client.wait(
            '/v1/conductors', lambda body: len(body['conductors']) == 2
        )
        self.wait_rounds()
        self.assertEqual(0, self.old_conductor.end())
        return conductor

    def new_api(self):
        old = self.api
        super().start_api()
        self.assertEqual(0, old.end())
        self.wait_rounds()

    def assertUpgraded(self):
        self.end_load()
        for name in self.pods:
            self.service.sync(name)
        self.assertAgreement()
        for podm in self.client.all('/v1/pod_managers'):
            recount.check(podm['uuid'], repair=True)
            self.assertEqual([], recount.check(podm['uuid'], repair=False))
        for pod in self.pods:
            node = self.client.get(f'/v1/nodes/kept-{pod}')
            self.assertEqual('active', node['provision_state'])
            self.ended(self.release(node['uuid']))
        self.assertAgreement()
        for pod in self.pods.values():
            self.assertEqual([], pod.nodes())

    def test_documented_order(self):
        """The schema, the conductors, and the API at last."""
        self.begin_with_the_old()
        self.sync()
        self.wait_rounds()
        self.new_conductor()
        self.wait_rounds()
        self.new_api()
        self.assertUpgraded()

    @cluster.long
    def test_api_first(self):
        self.begin_with_the_old()
        self.sync()
        self.new_api()
        self.wait_rounds()
        self.new_conductor()
        self.assertUpgraded()


@cluster.long
class UpgradePostgreSQLTest(UpgradeTestCase):
    backend = 'postgresql'


@cluster.long
class FirstMySQLTest(UpgradeTestCase):
    @staticmethod
    def commit():
        return release.FIRST


@cluster.long
class FirstPostgreSQLTest(FirstMySQLTest):
    backend = 'postgresql'


@cluster.long
class PreviousMySQLTest(UpgradeTestCase):
    @staticmethod
    def commit():
        return 'HEAD^'


@cluster.long
class PreviousPostgreSQLTest(PreviousMySQLTest):
    backend = 'postgresql'
