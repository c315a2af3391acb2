# SPDX-License-Identifier: Apache-2.0
"""More holders than hardware: each machine is held once, at the same time."""

import collections
import datetime
import threading

from valence import objects
from valence.conductor import leases
from valence.db import api as db
from valence.db import recount
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures
from valence.tests.functional.crash import cluster


def create_systems(number):
    """A pod manager with equal systems; returns its UUID."""
    uuid = db.transaction(_create_systems)(number)
    recount.fill()
    return uuid


def _create_systems(tx, number):
    podm = tx.create(
        models.PodManager,
        **{
            **objects.PodManager.defaults(),
            **{'name': 'pod', 'url': 'http://pod', 'is_public': True},
            **{'status': 'online', 'capabilities': ['compose']},
            'synced_at': tx.now(),
        },
    )
    tx.create_many(
        models.System,
        [
            {
                **{'podm_uuid': podm, 'name': f's{n}', 'uri_hash': f'{n}'},
                **{'resource_uri': f'/s/{n}', 'state': 'free', 'zones': []},
                **{'health': 'ok', 'properties': {}, 'power_state': 'off'},
                **{'seen_at': tx.now(), 'stale': False, 'missed_syncs': 0},
                **{'cpu_sockets': 1, 'cpu_cores': 8, 'cpu_threads': 16},
                **{'memory_mib': 1024, 'storage_gib': 0},
                **{'drives': [], 'nics': []},
            }
            for n in range(number)
        ],
    )
    return podm


def ask_all(clients, holders, headers=lambda number: None):
    """Have holders ask at the same time.

    :param clients: one for each thread.
    :returns: how often each status came, and an answer of each.
    """
    statuses, todo = collections.Counter(), iter(range(holders))
    last = {}
    lock = threading.Lock()

    def work(client):
        while True:
            with lock:
                number = next(todo, None)
            if number is None:
                return
            body = {'name': f'h{number}', 'seconds': 3600}
            answer = client.request('POST', '/v1/holds', body, headers(number))
            with lock:
                statuses[answer.status] += 1
                last[answer.status] = answer

    threads = [
        threading.Thread(target=work, args=(client,)) for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses, last


class TestRaces(base.ApiTestCase):
    """Threads of one process, which ask for a project each."""

    options = {
        'auth_strategy': 'keystone',
        'keystone_authtoken__www_authenticate_uri': 'http://keystone.example',
    }
    machines, holders = (50, 200) if base.FULL else (5, 20)

    def test_each_machine_is_held_once(self):
        personas = self.useFixture(fixtures.Personas())
        podm = create_systems(self.machines)
        tokens = [
            personas.headers(('member', 'reader'), f'{number:032x}')
            for number in range(self.holders)
        ]
        statuses, last = ask_all(
            [self.client] * 8, self.holders, tokens.__getitem__
        )
        free = self.holders - self.machines
        expected = {201: self.machines, 409: free}
        self.assertEqual(expected, dict(statuses), last)
        with db.reader() as tx:
            self.assertEqual(self.machines, tx.count(models.Allocation))
        self.assertEqual([], recount.check(podm, repair=False))


class TestRacesMySQL(TestRaces):
    backend = 'mysql'


@base.long
class TestRacesOfProcesses(cluster.ClusterTestCase):
    """Several processes of the API."""

    settings = {'hold__max_per_project': 1000}

    def prepare_database(self):
        self.podm = create_systems(50)

    def test_each_machine_is_held_once(self):
        clients = [self.client]
        for _ in range(2):
            self.start_api()
            clients.append(self.client)
        statuses, last = ask_all(clients * 8, 200)
        self.assertEqual({201: 50, 409: 150}, dict(statuses), last)
        self.assertEqual([], recount.check(self.podm, repair=False))


class TestLeases(base.ConductorTestCase):
    """Leases that end at the same time, seen by several conductors."""

    backend = 'sqlite'
    fixture = fixtures.Database
    number = 1000 if base.FULL else 12

    def test_each_ends_once(self):
        end = db.now() + datetime.timedelta(seconds=60)
        db.transaction(self._create_nodes)(end)
        self.clock.advance(61)
        threads = [threading.Thread(target=self._sweep) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with db.reader() as tx:
            rows = tx.list(models.Operation, action='release').all()
            targets = {row.target_uuid for row in rows}
            ending = tx.count(models.Node, lease_state='ending')
        self.assertEqual(
            (self.number, self.number, self.number),
            (len(rows), len(targets), ending),
        )
        while (run := self.conductor.claim()) is not None:
            self.conductor.run(run)
        with db.reader() as tx:
            self.assertEqual(0, tx.count(models.Node))
            rows = tx.list(models.Operation, action='release').all()
        self.assertEqual({'succeeded'}, {row.state for row in rows})
        self.assertEqual(self.number, len(rows))

    @staticmethod
    def _sweep():
        while leases.sweep():
            continue

    def _create_nodes(self, tx, end):
        tx.create_many(
            models.Node,
            [
                {
                    **objects.Node.defaults(),
                    **{'name': f'n{number}', 'scope': '', 'properties': {}},
                    **{'provision_state': 'active', 'lease_end': 'release'},
                    **{'lease_until': end, 'lease_state': 'running'},
                    'lease_due_at': end,
                }
                for number in range(self.number)
            ],
        )


class TestLeasesMySQL(TestLeases):
    backend = 'mysql'
