# SPDX-License-Identifier: Apache-2.0
"""Processes on all nodes of a Galera cluster, and one node that dies."""

import collections
import concurrent.futures
import itertools
import threading
import time

import sqlalchemy as sa

from valence.db.sqlalchemy import models
from valence.tests import fixtures
from valence.tests.fixtures import processes
from valence.tests.functional.crash import cluster

_SYSTEMS = 6
_USERS = 6
#: How long users go on before, while and after a node is away, in seconds.
_PHASE = 10


@cluster.long
class GaleraTest(cluster.ClusterTestCase):
    """An API and a conductor on each node; no process knows of the others."""

    backend = 'mysql'

    def setUp(self):
        reason = fixtures.Galera.missing()
        if reason:
            self.skipTest(reason)
        self.answers = collections.Counter()
        self.over = threading.Event()
        super().setUp()

    def fixture(self, backend):
        self.galera = self.useFixture(fixtures.Galera())
        return fixtures.Database(backend, self.galera.nodes[0].url)

    def start_api(self, **environment):
        self.clients = []
        for node in self.galera.nodes:
            there = self.on(node)
            super().start_api(**there)
            self.clients.append(self.client)
        for node in self.galera.nodes:
            self.conductor(**self.on(node))

    def on(self, node):
        """The environment of a process that uses a node."""
        url = sa.make_url(self.database.connection).set(port=node.port)
        text = url.render_as_string(hide_password=False)
        return {'OS_DATABASE__CONNECTION': text}

    def test_a_node_dies_and_comes_back(self):
        first, second, third = self.galera.nodes
        for name, personality in (('rsd', 'rsd'), ('dmtf', 'redfish')):
            self.pod(name, personality, _SYSTEMS)
        self.ready()
        with concurrent.futures.ThreadPoolExecutor(_USERS) as pool:
            working = [pool.submit(self.work, n) for n in range(_USERS)]
            time.sleep(_PHASE)
            third.kill()
            time.sleep(_PHASE)
            third.start()
            third.wait_synced()
            time.sleep(_PHASE)
            self.over.set()
            for user in working:
                user.result()
        self.assertAnswered()
        self.assertAgreement()
        self.release_all()
        self.assertAgreement()
        self.assertEqual([], self.client.all('/v1/nodes'))
        self.assertEqual(self.rows(first), self.rows(second))
        self.assertEqual(self.rows(first), self.rows(third))
        conflicts = sum(
            int(node.status(name))
            for node in self.galera.nodes
            for name in ('local_cert_failures', 'local_bf_aborts')
        )
        self.assertGreater(conflicts, 0)
        print(dict(self.answers), f'{conflicts} conflicts', flush=True)

    def work(self, number):
        """Compose, change, and release by one API after the other."""
        for turn in itertools.cycle(range(3)):
            if self.over.is_set():
                return
            client, name = self.clients[turn], f'node-{number}'
            self.ask(client, 'POST', '/v1/nodes', {'name': name})
            # Everybody changes this one.
            body = {'description': f'{number}-{turn}'}
            self.ask(client, 'PATCH', '/v1/pod_managers/rsd', body)
            self.ask(client, 'POST', '/v1/pod_managers/dmtf/sync')
            self.ask(client, 'GET', '/v1/nodes')
            self.ask(client, 'DELETE', f'/v1/nodes/{name}')

    def ask(self, client, method, path, body=None):
        """Send a request, and count its answer."""
        status = client.request(method, path, body).status
        self.answers[method, status] += 1
        if status == 503:
            time.sleep(0.2)

    def assertAnswered(self):
        """All was answered; 503 is what the API on the dead node says."""
        expected = {200, 202, 404, 409, 503}
        found = {status for _, status in self.answers}
        self.assertEqual(set(), found - expected, self.answers)
        for request in (('POST', 202), ('PATCH', 200), ('DELETE', 202)):
            self.assertGreater(self.answers[request], _USERS, self.answers)

    def release_all(self):
        """Release what is left, by any API."""
        self.settled(3 * processes.PATIENCE)
        for node, client in zip(
            self.client.all('/v1/nodes'),
            itertools.cycle(self.clients),
            strict=False,
        ):
            answer = client.request('DELETE', f'/v1/nodes/{node["uuid"]}')
            self.assertEqual(202, answer.status, answer)
        self.settled(3 * processes.PATIENCE)

    def rows(self, node):
        """All that a node stores but what changes by itself."""
        url = sa.make_url(self.on(node)['OS_DATABASE__CONNECTION'])
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return {
                model.__tablename__: sorted(
                    map(str, connection.execute(sa.select(model.uuid)))
                )
                for model in (
                    *(models.Allocation, models.Node, models.Operation),
                    *(models.System, models.Device, models.PodManager),
                    *(models.Finding, models.OperationStep),
                )
            }
