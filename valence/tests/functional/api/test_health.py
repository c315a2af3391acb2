# SPDX-License-Identifier: Apache-2.0
"""Health checks, in this process and in real ones."""

import pathlib
import shutil
import subprocess
import sys
import threading
from concurrent import futures

import sqlalchemy as sa
from oslo_config import cfg

from valence import health
from valence.cmd import status
from valence.common import exception
from valence.conductor import membership
from valence.db import api as db
from valence.db.sqlalchemy import engine
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import client
from valence.tests.fixtures import database
from valence.tests.fixtures import processes

_READY = '/healthcheck/ready'
_DETAILED = '/healthcheck?detailed=True'
# ``valence``, to which SIGTERM is sent when the API listens.
_ENDED = """
import os, signal
from valence.cmd import all_in_one
from valence.api import server

start = server.Server.start

def listen(self):
    start(self)
    os.kill(os.getpid(), signal.SIGTERM)

server.Server.start = listen
all_in_one.main()
"""


def _execute(*statements):
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def _other_keys(test):
    """Replace the credential keys."""
    path = pathlib.Path(cfg.CONF.credentials.key_repository)
    shutil.rmtree(path)
    test.useFixture(fixtures.Keys())


class TestHealth(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.patch(health, '_FRESH_SECONDS', 0)

    def assertUnhealthy(self, path, *parts):
        """A check responds 503, and names what is wrong, but no file."""
        answer = self.client.request('GET', path)
        self.assertEqual(503, answer.status, answer)
        self.assertIn('Retry-After', answer.headers)
        for part in parts:
            self.assertIn(part, answer.error['detail'])
        self.assertNotIn('/tmp', answer.error['detail'])
        alive = self.client.request('GET', '/healthcheck')
        self.assertEqual(200, alive.status)

    def test_ready(self):
        self.assertEqual(
            {'checks': {'database': 'ok', 'schema': 'ok', 'keys': 'ok'}},
            self.client.get(_READY),
        )

    def test_head(self):
        answer = self.client.request('HEAD', _READY)
        self.assertEqual((200, b''), (answer.status, answer.content))

    def test_other_methods(self):
        answer = self.client.request('POST', _READY, {})
        self.assertEqual(405, answer.status)

    def test_conductors(self):
        self.assertUnhealthy(_DETAILED, 'conductors: No conductor is alive.')
        membership.Lease().renew()
        self.assertEqual(
            dict.fromkeys(health.CHECKS, 'ok'),
            self.client.get(_DETAILED)['checks'],
        )

    def test_database(self):
        def fail():
            raise exception.DatabaseUnavailable(reason='db1 is down')

        self.patch(db, 'reader', fail)
        self.assertUnhealthy(_DETAILED, 'database: ', 'schema: Not checked')

    def test_schema(self):
        _execute("UPDATE alembic_version SET version_num = '0001'")
        self.assertUnhealthy(_READY, 'schema: ')

    def test_schema_of_a_later_release(self):
        """An upgrade has begun, and this process serves until its end."""
        _execute("UPDATE alembic_version SET version_num = '9999'")
        self.assertEqual('ok', self.client.get(_READY)['checks']['schema'])

    def test_keys_of_another_installation(self):
        self.client.post(
            '/v1/pod_managers',
            {'name': 'p', 'url': 'http://p', 'password': 'x'},
        )
        _other_keys(self)
        self.assertUnhealthy(_READY, 'keys: The credential keys')

    def test_a_key_that_is_none(self):
        path = pathlib.Path(cfg.CONF.credentials.key_repository)
        (path / '9').write_text('nonsense')
        self.assertUnhealthy(_READY, 'keys: The credential keys')

    def test_a_database_that_hangs(self):
        hangs = threading.Event()
        self.addCleanup(hangs.set)
        monitor = health.Monitor(
            {'database': (hangs.wait, ''), 'keys': (health.keys, '')}
        )
        for _ in range(2):
            found = monitor.look(('database', 'keys'), 0.05)
            self.assertEqual(
                {'There was no result in time.'}, {*found.values()}
            )
        hangs.set()
        found = monitor.look(('database', 'keys'), processes.PATIENCE)
        self.assertEqual({'database': None, 'keys': None}, found)

    def test_a_later_check_that_hangs(self):
        """Results of earlier checks expire."""
        hangs = threading.Event()
        self.addCleanup(hangs.set)
        monitor = health.Monitor(
            {'database': (lambda: None, ''), 'keys': (hangs.wait, '')}
        )
        self.patch(health, '_FRESH_SECONDS', 1000)
        found = monitor.look(['database'], processes.PATIENCE)
        self.assertEqual({'database': None}, found)
        self.patch(health, '_FRESH_SECONDS', 0)
        found = monitor.look(['database'], 0.05)
        self.assertEqual({'database': 'There was no result in time.'}, found)
        hangs.set()
        found = monitor.look(['database'], processes.PATIENCE)
        self.assertEqual({'database': None}, found)

    def test_one_run_serves_all(self):
        self.patch(health, '_FRESH_SECONDS', 1000)
        runs = []
        monitor = health.Monitor({'x': (lambda: runs.append(1), '')})
        with futures.ThreadPoolExecutor() as pool:
            for found in pool.map(
                lambda _: monitor.look(['x'], processes.PATIENCE), range(20)
            ):
                self.assertEqual({'x': None}, found)
        self.assertEqual([1], runs)


class TestUpgradeCheck(base.ApiTestCase):
    """``valence-status upgrade check``, by name of the check."""

    def problems(self):
        checks = status.Checks()
        found = {
            name: check(checks).details
            for name, check in checks._upgrade_checks
        }
        return {name: text for name, text in found.items() if text}

    def test_nothing(self):
        self.assertEqual({}, self.problems())

    def test_old(self):
        _execute("UPDATE alembic_version SET version_num = '0001'")
        text = self.problems()['Database schema']
        self.assertIn('run "valence-manage db sync"', text)

    def test_new(self):
        _execute("UPDATE alembic_version SET version_num = '9999'")
        text = self.problems()['Database schema']
        self.assertIn('upgrade Valence', text)

    def test_missing_table_and_column(self):
        _execute(
            'DROP TABLE shares', 'ALTER TABLE nodes DROP COLUMN description'
        )
        text = self.problems()['Tables']
        self.assertIn('lacks nodes.description, shares: restore', text)

    def test_keys(self):
        for name in 'ab':
            self.client.post(
                '/v1/pod_managers',
                {'name': name, 'url': f'http://{name}', 'password': 'x'},
            )
        _other_keys(self)
        text = self.problems()['Credential keys']
        self.assertIn('decrypts the passwords of a, b:', text)

    def test_database(self):
        self.conf.set(database__connection='sqlite:////nowhere/at/all')
        engine.dispose()
        self.assertIn('unable to open', self.problems()['Database'])


class TestUpgradeCheckOnMariaDB(TestUpgradeCheck):
    backend = 'mysql'

    def test_database(self):
        """The same on every database."""

    def test_charset(self):
        _execute('ALTER TABLE conductors CONVERT TO CHARACTER SET latin1')
        text = self.problems()['Character set']
        self.assertIn('character set of conductors is not utf8mb4', text)


class TestSilence(base.TestCase):
    """A real API whose database neither responds nor closes connections."""

    def setUp(self):
        super().setUp()
        reason = database.missing('mysql')
        if reason:
            self.skipTest(reason)
        url = sa.make_url(database.SERVERS['mysql'])
        self.proxy = self.useFixture(
            fixtures.Proxy((url.host, url.port or 3306))
        )
        self.database = self.useFixture(
            fixtures.Database('mysql', url.set(port=self.proxy.port))
        )
        self.service = self.useFixture(
            fixtures.Service(
                database__connection=self.database.connection,
                database__read_timeout=processes.PATIENCE,
                api__threads=2,
            )
        )
        self.service.manage('credential-keys', 'create')
        self.service.api()
        self.client = self.service.client

    def test_checks_do_not_wait_for_requests(self):
        self.assertEqual(200, self.client.request('GET', _READY).status)
        self.proxy.silence()
        self.addCleanup(self.proxy.resume)
        with futures.ThreadPoolExecutor() as pool:
            waiting = [
                pool.submit(self.client.request, 'GET', '/v1/nodes')
                for _ in range(4)
            ]
            try:
                answer = self._wait_not_ready()
                alive = self.client.request('GET', '/healthcheck')
                done = [one.result() for one in waiting if one.done()]
            finally:
                self.proxy.resume()
        self.assertEqual(503, answer.status)
        self.assertIn('no result in time', answer.error['detail'])
        self.assertEqual(200, alive.status)
        self.assertEqual([], done)

    def _wait_not_ready(self):
        """The first answer that is not the one of the last second."""
        while True:
            answer = self.client.request('GET', _READY)
            if answer.status != 200:
                return answer


class TestAnotherServer(base.TestCase):
    """The application under another WSGI server."""

    def test_health_and_access_log(self):
        service = self.useFixture(fixtures.Service())
        service.manage('db', 'sync')
        service.manage('credential-keys', 'create')
        port = processes.free_port()
        server = self.useFixture(
            processes.Process(
                'waitress-serve',
                f'--listen=127.0.0.1:{port}',
                'valence.wsgi.api:application',
                ready='auth_strategy is noauth',
                environment={'VALENCE_CONFIG_FILES': str(service.config)},
            )
        )
        url = f'http://127.0.0.1:{port}'
        processes.wait_answers(url)
        asked = client.Client(url)
        answer = asked.request('GET', _READY)
        self.assertEqual(200, answer.status, answer)
        own = answer.headers['X-Openstack-Request-Id']
        line = server.wait_for(f'request_id={own}')
        self.assertIn('method=GET path=/healthcheck/ready status=200', line)
        self.assertIn('program=valence.wsgi.api', server.output())


class TestSignals(base.ServiceTestCase):
    @classmethod
    def start(cls):
        cls.service = cls.use(fixtures.Service(fake__systems=1))
        cls.process = cls.service.all_in_one()
        cls.client = cls.service.client

    def signal(self, number, text):
        """Send a signal, and wait for a text that it causes."""
        begun = len(self.process.output())
        self.process.signal(number)
        self.process.wait_for(text, begun)
        return self.process.output(begun)

    def test_hangup_reloads(self):
        before = self.service.config.read_text()
        self.addCleanup(self.service.config.write_text, before)
        self.service.config.write_text(
            before.replace('attempts = 3', 'attempts = 4').replace(
                '[DEFAULT]\n', '[DEFAULT]\ndebug = true\n'
            )
        )
        text = self.signal('HUP', 'reload changed=')
        self.assertIn('"[DEFAULT] debug,[conductor] attempts"', text)
        self.client.post(
            '/v1/pod_managers',
            {'name': 'pod', 'url': 'http://pod.fake', 'driver': 'fake'},
        )
        self.process.wait_for(' DEBUG valence.')

    def test_hangup_with_a_broken_file(self):
        before = self.service.config.read_text()
        self.addCleanup(self.service.config.write_text, before)
        self.service.config.write_text('[conductor\nattempts = x')
        self.signal('HUP', 'The configuration is not reloaded')
        self.client.get('/v1/nodes')

    def test_report(self):
        text = self.signal('USR2', 'auth_strategy = noauth')
        self.assertIn('Guru Meditation', text)
        self.assertIn('Valence', text)
        self.assertIn('wait_for_signal', text)
        self.assertNotIn('sqlite:///', text)
        self.client.get('/v1/nodes')

    def test_end_as_soon_as_it_listens(self):
        """The signal may come before the main thread waits for it."""
        service = self.useFixture(fixtures.Service())
        path = pathlib.Path(service.state_path) / 'ended.py'
        path.write_text(_ENDED)
        done = subprocess.run(
            [sys.executable, path, '--config-file', service.config],
            capture_output=True,
            timeout=processes.PATIENCE,
        )
        self.assertEqual(0, done.returncode, done.stderr)

    def test_end(self):
        """A request that is being sent is served first."""
        service = self.useFixture(fixtures.Service())
        process = service.all_in_one()
        self.assertEqual(0, process.end())
        self.assertNotIn('Traceback', process.output())
