# SPDX-License-Identifier: Apache-2.0
"""No changing request ever reaches what is not the node's.

Each of these mutations has to make ``TestOwnership`` fail:

* ``guard.owned`` compares nothing: ``baseline.differences`` returns ``[]``;
* a new thing need not be new: ``guard.mismatch`` returns None;
* marks are not compared: ``identity.Mark.same_as`` returns True.
"""

import os
import random

import hypothesis
from hypothesis import stateful
from testtools import content

from valence.db.sqlalchemy import models
from valence.tests.functional.crash import cluster
from valence.tests.functional.crash.ownership import case
from valence.tests.functional.crash.ownership import machine

# The steps of both tests together, in examples of so many.
_STEPS = int(
    os.environ.get('VALENCE_TEST_STEPS', 200_000 if cluster.FULL else 5_000)
)
_EXAMPLE = 50


def _seed():
    """The same each time, unless the long tests look for something new."""
    if 'VALENCE_TEST_SEED' in os.environ:
        return int(os.environ['VALENCE_TEST_SEED'])
    return random.SystemRandom().getrandbits(32) if cluster.FULL else 13


class TestOwnership(case.OwnershipCase):
    """On endpoints that show the mark of a node."""

    def test_everything_that_may_happen(self):
        seed = _seed()
        self.addDetail(
            'seed', content.text_content(f'VALENCE_TEST_SEED={seed}')
        )
        found = hypothesis.seed(seed)(machine.machine_of(self))
        stateful.run_state_machine_as_test(
            found,
            settings=hypothesis.settings(
                max_examples=_STEPS // 2 // _EXAMPLE,
                stateful_step_count=_EXAMPLE,
                # An example is short enough without being made shorter, which
                # takes longer than to find it.
                phases=[hypothesis.Phase.generate],
                database=None,
                deadline=None,
                report_multiple_bugs=False,
                suppress_health_check=list(hypothesis.HealthCheck),
            ),
        )
        self.assertLess(0.9 * _STEPS // 2, found.steps)


class TestOwnershipWithoutMarks(TestOwnership):
    """On endpoints that return no text of a client."""

    simulated = {'--no-echo': ()}


class TestOldDump(case.OwnershipCase):
    """A database of yesterday comes back while others are at work."""

    def setUp(self):
        super().setUp()
        self.begin()

    def compose_two(self, name):
        for pod in self.pods:
            body = {'name': f'{name}-{pod.name}', 'pod_manager': pod.name}
            self.client.post('/v1/nodes', body)
        self.settle()

    def sync(self):
        for pod in self.pods:
            self.client.post(f'/v1/pod_managers/{pod.name}/sync')
        self.settle()

    def test_nothing_is_released_and_all_can_be_adopted(self):
        self.compose_two('old')
        dump = self.dump()
        self.compose_two('new')
        made = {
            node['resource_uri']: (pod, node)
            for pod in self.pods
            for node in self.client.all(f'/v1/nodes?pod_manager={pod.name}')
            if node['name'].startswith('new')
        }
        for pod in self.pods:
            pod.intrude(marked=True)
        self.restore(dump)
        for _ in range(3):
            self.sync()
            self.pass_time(700)
            self.look()
            self.settle()
        for pod in self.pods:
            self.assertEqual(3, len(pod.shown()), pod.name)
        unknown = [
            finding
            for finding in self.client.all('/v1/findings')
            if finding['kind'] == 'unknown_node'
        ]
        self.assertEqual(
            sorted(node['uuid'] for _, node in made.values()),
            sorted(finding['node_uuid'] for finding in unknown),
        )
        for number, finding in enumerate(unknown):
            self.adopt(finding, f'project-{number}')

    def adopt(self, finding, project):
        """One command, and the node is somebody's again."""
        name = f'again-{project}'
        self.client.post(
            f'/v1/findings/{finding["uuid"]}/action',
            {'adopt': {'name': name, 'project_id': project}},
        )
        self.settle()
        node = self.client.get(f'/v1/nodes/{name}')
        self.assertEqual(
            ('active', project, finding['resource_uri']),
            (
                node['provision_state'],
                node['project_id'],
                node['resource_uri'],
            ),
        )
        (row,) = self.rows(models.Node, uuid=node['uuid'])
        systems = self.rows(models.System, node_uuid=row.uuid)
        devices = self.rows(models.Device, node_uuid=row.uuid)
        self.assertEqual(1, len(systems))
        self.assertEqual(
            (
                sum(part.cpu_cores for part in (*systems, *devices)),
                sum(part.memory_mib for part in (*systems, *devices)),
                len(devices),
            ),
            (
                row.charged_cores,
                row.charged_memory_mib,
                row.charged_devices,
            ),
        )
