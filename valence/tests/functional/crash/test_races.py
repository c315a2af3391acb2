# SPDX-License-Identifier: Apache-2.0
"""Many want few machines at once."""

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests.functional.crash import cluster

COMPOSES, MACHINES = (200, (20, 15, 15)) if cluster.FULL else (40, (5, 3, 2))


class RaceTest(cluster.ClusterTestCase):
    settings = {'conductor__workers': 32, 'api__threads': 16}

    def race(self, conductors):
        for number, machines in enumerate(MACHINES):
            self.pod(f'pod-{number}', 'rsd', machines)
        for _ in range(conductors):
            self.conductor()
        self.ready()
        operations = cluster.at_once(
            self.compose, [f'node-{n}' for n in range(COMPOSES)]
        )
        self.settled(300)
        machines = sum(MACHINES)
        ended = [
            self.client.get(f'/v1/operations/{uuid}') for uuid in operations
        ]
        errors = [one['error'] for one in ended if one['state'] == 'failed']
        self.assertEqual(COMPOSES - machines, len(errors))
        for error in errors:
            self.assertStartsWith('No capacity: ', error)
            self.assertIn('no system is free', error)
        self.assertEqual(
            machines, sum(one['state'] == 'succeeded' for one in ended)
        )
        active = [
            node
            for node in self.client.all('/v1/nodes?limit=1000')
            if node['provision_state'] == 'active'
        ]
        self.assertEqual(machines, len(active))
        # Every machine is in one node, every node is one machine.
        taken = [
            node['system']
            for simulator in self.pods.values()
            for node in simulator.nodes()
        ]
        self.assertEqual(machines, len(taken))
        self.assertEqual(machines, len(set(self._qualified())))
        with db.reader() as tx:
            self.assertEqual(machines, tx.count(models.Allocation))
        self.assertAgreement()
        return ended

    def _qualified(self):
        return [
            (name, node['system'])
            for name, simulator in self.pods.items()
            for node in simulator.nodes()
        ]

    def assertStartsWith(self, start, text):
        self.assertEqual(start, text[: len(start)], text)

    def test_one_conductor(self):
        self.race(1)

    def test_three_conductors(self):
        self.race(3)
