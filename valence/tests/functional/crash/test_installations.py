# SPDX-License-Identifier: Apache-2.0
"""Two installations share a pod, and neither touches what the other made."""

import collections
import random
import time

from valence.tests import base
from valence.tests import fixtures
from valence.tests.functional.crash import cluster

_NODES = 200 if cluster.FULL else 10
_KILLS = 40 if cluster.FULL else 3
_SECONDS = 3600 if cluster.FULL else 300
_NAMES = ('one', 'two')


class TestInstallations(base.ServiceTestCase):
    """Each has its own database, and a user of its own on the pod."""

    @classmethod
    def start(cls):
        cls.pod = cls.use(
            fixtures.Simulator(
                *('--session-limit', 10000, '--ids', 'reuse'),
                *('--seed', 'installations'),
                systems=2 * _NODES + 2,
                login=False,
            )
        )
        # What the other has composed meanwhile is rejected, one by one.
        settings = {**cluster.SETTINGS, 'scheduler__max_attempts': 3 * _NODES}
        cls.services = {
            name: cls.use(fixtures.Service(**settings)) for name in _NAMES
        }
        cls.processes = {}
        for name, service in cls.services.items():
            cls.processes[name] = service.all_in_one()
            login = {'username': name, 'password': 'open sesame'}
            service.ready('pod', cls.pod, **login)

    def test_many_nodes_and_dying_conductors(self):
        for name, service in self.services.items():
            for number in range(_NODES):
                body = {'name': f'{name}-{number}'}
                service.client.post('/v1/nodes', body)
        self.settle(_KILLS)
        for service in self.services.values():
            for node in service.client.all('/v1/nodes')[::2]:
                service.client.delete(f'/v1/nodes/{node["uuid"]}')
        self.settle(_KILLS // 2)
        made = self.assertSeparate()
        for name, service in self.services.items():
            nodes = service.client.all('/v1/nodes')
            active = [
                node['resource_uri']
                for node in nodes
                if node['provision_state'] == 'active'
            ]
            self.assertEqual(_NODES // 2, len(active), nodes)
            self.assertEqual(sorted(active), sorted(made[name]))

    def settle(self, kills):
        """Kill one or the other at random, until all operations have ended."""
        chance = random.Random(13)
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            time.sleep(chance.uniform(0.1, 0.6))
            if kills:
                name = chance.choice(_NAMES)
                self.services[name].restart(self.processes[name])
                kills -= 1
            elif not any(map(self.open, self.services.values())):
                return
        self.fail(f'still open: {[*map(self.open, self.services.values())]}')

    @staticmethod
    def open(service):
        """The operations on nodes that have not ended."""
        return [
            operation
            for state in cluster.OPEN
            for operation in service.client.all(
                f'/v1/operations?state={state}'
            )
            if operation['target_type'] == 'nodes'
        ]

    def assertSeparate(self):
        """Nobody's request reached what another made.

        :returns: the URIs of what exists, by who made it.
        """
        compositions = self.pod.control('GET', 'compositions')
        made = collections.defaultdict(list)
        for one in compositions:
            self.assertIn(one['user'], _NAMES, one)
            if one['gone_at'] is None:
                made[one['user']].append(one['uri'])
        makers = {one['id']: one['user'] for one in compositions}
        seen = collections.Counter()
        for entry in self.pod.control('GET', 'requests?changing=true'):
            at = entry['composition']
            touched = [*entry['ended'], *([at['id']] if at else [])]
            for number in touched:
                self.assertEqual(entry['user'], makers[number], entry)
                seen[entry['user']] += 1
        self.assertEqual({*_NAMES}, {*seen}, 'nothing was released')
        return made
