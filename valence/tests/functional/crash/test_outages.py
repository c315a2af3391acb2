# SPDX-License-Identifier: Apache-2.0
"""What Valence stands on goes away, and comes back."""

import threading
import time

from valence.tests import fixtures
from valence.tests.fixtures import processes
from valence.tests.functional.crash import cluster

COMPOSES = 50 if cluster.FULL else 12
_KILLING_SECONDS = 60


class OutageTestCase(cluster.ClusterTestCase):
    def start(self, conductors=2):
        for number in range(3):
            self.pod(f'pod-{number}', 'rsd', COMPOSES // 3 + 1)
        for _ in range(conductors):
            self.conductor()
        self.ready()
        self.pids = [process.pid for process in self.processes]

    def begin(self):
        """Ask for the nodes from a thread, as a patient client does."""
        self.acknowledged = []
        self.refused = []
        self.asking = threading.Thread(target=self._ask_for_all)
        self.asking.start()
        self.addCleanup(self.asking.join)

    def _ask_for_all(self):
        cluster.at_once(
            self._ask, [f'node-{n}' for n in range(COMPOSES)], threads=4
        )

    def _ask(self, name):
        deadline = time.monotonic() + processes.PATIENCE
        while time.monotonic() < deadline:
            answer = self.client.request('POST', '/v1/nodes', {'name': name})
            if answer.status == 202:
                self.acknowledged.append(answer.json['operation_uuid'])
                return
            if answer.status == 409:
                # The answer to the first one was lost.
                return
            self.refused.append(answer)
            time.sleep(0.2)

    def composed(self):
        """How many nodes there are on all pod managers."""
        return sum(len(pod.nodes()) for pod in self.pods.values())

    def assertAllWell(self):
        """Every request was served, by the processes of the beginning."""
        self.asking.join(processes.PATIENCE)
        self.settled()
        for operation in self.acknowledged:
            self.assertEqual('succeeded', self.state_of(operation))
        states = [
            node['provision_state']
            for node in self.client.all('/v1/nodes?limit=1000')
        ]
        self.assertEqual(['active'] * COMPOSES, states)
        self.assertEqual(COMPOSES, self.composed())
        self.assertAgreement()
        for process in self.processes:
            self.assertIsNotNone(process.state, process.output())
        self.assertEqual(self.pids, [p.pid for p in self.processes])


class MariaDBTest(OutageTestCase):
    backend = 'mysql'
    kind = fixtures.MariaDB

    def setUp(self):
        reason = self.kind.missing()
        if reason:
            self.skipTest(reason)
        super().setUp()

    def fixture(self, backend):
        """A database on a server that may be stopped and reconfigured."""
        self.server = self.useFixture(self.kind())
        return fixtures.Database(backend, self.server.url)

    def assertUnavailable(self, answer):
        self.assertEqual(503, answer.status, answer)
        self.assertIn('Retry-After', answer.headers)
        self.assertEqual(503, answer.error['status'])

    def test_restart(self):
        self.start()
        self.begin()
        self.eventually(lambda: self.composed() > 2, 'some are composed')
        self.server.stop()
        for _ in range(5):
            for path in ('/v1/nodes', '/v1/operations', '/v1/pod_managers'):
                self.assertUnavailable(self.client.request('GET', path))
        # Everybody's lease is over when it comes back.
        time.sleep(2 * cluster.HEARTBEAT_TIMEOUT)
        self.server.start()
        self.assertAllWell()
        for answer in self.refused:
            self.assertUnavailable(answer)

    def test_connections_are_killed(self):
        """Again and again, while nodes are composed and read."""
        self.start()
        self.begin()
        answers = []
        over = threading.Event()

        def read():
            while not over.is_set():
                answers.append(self.client.request('GET', '/v1/nodes'))

        reading = threading.Thread(target=read)
        reading.start()
        self.addCleanup(reading.join)
        self.addCleanup(over.set)
        # A slow machine does nothing between two of them.
        deadline = time.monotonic() + _KILLING_SECONDS
        while self.composed() < COMPOSES and time.monotonic() < deadline:
            self.server.kill_connections()
            time.sleep(0.3)
        self.eventually(
            lambda: self.composed() == COMPOSES, 'all are composed'
        )
        over.set()
        reading.join()
        self.assertAllWell()
        for answer in (*answers, *self.refused):
            if answer.status != 200:
                self.assertUnavailable(answer)

    def test_writes_are_refused_for_a_while(self):
        self.start()
        self.begin()
        self.eventually(lambda: self.composed() > 2, 'some are composed')
        self.server.refuse_writes()
        for _ in range(5):
            answer = self.client.request('GET', '/v1/nodes')
            self.assertEqual(200, answer.status, answer)
            self.assertUnavailable(
                self.client.request('POST', '/v1/nodes', {'name': 'other'})
            )
            time.sleep(cluster.HEARTBEAT_TIMEOUT / 2)
        self.server.accept_writes()
        self.assertAllWell()


class _PostgreSQL(fixtures.PostgreSQL):
    # Enough for every worker of three processes.
    max_connections = 400


@cluster.long
class PostgreSQLTest(MariaDBTest):
    backend = 'postgresql'
    kind = _PostgreSQL


class BrokerTestCase(OutageTestCase):
    def setUp(self):
        address = processes.broker()
        try:
            self.proxy = self.useFixture(fixtures.Proxy(address))
            self.proxy.try_out()
        except OSError as exc:
            self.skipTest(f'RabbitMQ does not answer at {address}: {exc}')
        self.settings = {
            **self.settings,
            'transport_url': processes.broker_at(self.proxy.port),
        }
        super().setUp()


class BrokerTest(BrokerTestCase):
    def test_cut(self):
        self.start()
        self.begin()
        self.eventually(lambda: self.composed() > 2, 'some are composed')
        self.proxy.cut()
        self.assertAllWell()

    @cluster.long
    def test_away_from_the_start(self):
        self.proxy.cut()
        self.start()
        self.begin()
        self.assertAllWell()


class WakingTest(BrokerTestCase):
    # Conductors look for work only after wake-ups.
    settings = {'conductor__poll_interval': 3600}

    def test_wake_ups(self):
        self.start()
        conductors = self.processes[1:]
        for process in conductors:
            process.wait_for('Receiving wake-ups')
        self.ended(self.compose('first'))
        begins = [len(process.output()) for process in conductors]
        self.proxy.cut()
        self.proxy.restore()
        for process, begun in zip(conductors, begins, strict=True):
            process.wait_for('Reconnected to AMQP server', begun)
        self.ended(self.compose('second'))
        self.ended(self.release('first'))
        self.assertAgreement()


class HangingTest(OutageTestCase):
    """A pod manager that hangs takes nobody else's time."""

    settings = {
        'conductor__workers': 8,
        'conductor__podm_parallel': 30,
        'redfish__release_timeout': 3600,
    }

    def test_releases(self):
        hanging = self.pod('hanging', 'rsd', 20)
        self.pod('well', 'rsd', 2)
        self.conductor()
        self.ready()
        nodes = [f'node-{n}' for n in range(20)]
        for operation in [
            self.compose(name, pod_manager='hanging') for name in nodes
        ]:
            self.ended(operation)
        fault = hanging.order('/redfish/v1/Nodes/', 'hang', method='DELETE')
        for name in nodes:
            self.release(name)
        hanging.wait_struck(fault, 8)
        # Every worker for what takes long hangs, and one composes yet.
        self.ended(self.compose('another', pod_manager='well'))
        self.assertEqual(20, len(hanging.nodes()))
        self.assertEqual(
            {'releasing', 'active'},
            {
                self.client.get(f'/v1/nodes/{name}')['provision_state']
                for name in [*nodes, 'another']
            },
        )
