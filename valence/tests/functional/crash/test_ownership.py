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


class OldDumpCase(case.OwnershipCase):
    """A database of yesterday comes back."""

    def compose(self, name):
        """Request a node on each pod."""
        for pod in self.pods:
            body = {'name': f'{name}-{pod.name}', 'pod_manager': pod.name}
            self.client.post('/v1/nodes', body)

    def look_thrice(self):
        """Read everything, and give repairs the time to begin."""
        for _ in range(3):
            for pod in self.pods:
                self.client.post(f'/v1/pod_managers/{pod.name}/sync')
            self.settle()
            self.pass_time(700)
            self.look()
            self.settle()

    def assertAllAdoptable(self, uris):
        """Each of these, and no other, is found, and is adopted at once.

        :param uris: what was made since, by the name of its pod.
        """
        names = {
            podm['uuid']: podm['name']
            for podm in self.client.all('/v1/pod_managers')
        }
        unknown = self.client.all('/v1/findings?kind=unknown_node')
        self.assertEqual(
            sorted((pod, uri) for pod, those in uris.items() for uri in those),
            sorted(
                (names[one['podm_uuid']], one['resource_uri'])
                for one in unknown
            ),
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
            (
                'active',
                project,
                finding['resource_uri'],
                finding['node_uuid'],
            ),
            (
                node['provision_state'],
                node['project_id'],
                node['resource_uri'],
                node['uuid'],
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


class TestOldDump(OldDumpCase):
    """While others are at work."""

    def test_nothing_is_released_and_all_can_be_adopted(self):
        self.begin()
        self.compose('old')
        self.settle()
        dump = self.dump()
        old = {pod.name: {*pod.shown()} for pod in self.pods}
        self.compose('new')
        self.settle()
        made = {p.name: {*p.shown()} - old[p.name] for p in self.pods}
        for pod in self.pods:
            pod.intrude(marked=True)
        self.restore(dump)
        self.look_thrice()
        for pod in self.pods:
            self.assertEqual(3, len(pod.shown()), pod.name)
        self.assertAllAdoptable(made)


class TestOldDumpUnderLoad(OldDumpCase):
    """While nodes are composed and released, which nobody knows of then.

    The database comes back after each number of steps, with a conductor that
    was killed while it sent a request, or not.
    """

    # The number of steps until then.
    moments = range(60) if cluster.FULL else (4, 13)

    def test_at_any_moment(self):
        for moment in self.moments:
            with self.subTest(moment):
                self.begin()
                self.restore_after(moment)

    def restore_after(self, moment):
        """Restore a database after so many steps of what has begun since."""
        self.compose('old')
        self.settle()
        dump = self.dump()
        old = {pod.name: {*pod.shown()} for pod in self.pods}
        self.compose('new')
        for pod in self.pods[moment % 2 :]:
            self.client.delete(f'/v1/nodes/old-{pod.name}')
        for number in range(moment):
            self.step(number) or self.wait()
        self.step(moment, at=(0, False) if moment % 3 else None)
        requests = [len(pod.requests()) for pod in self.pods]
        self.restore(dump)
        self.look_thrice()
        self.assertEqual(requests, [len(p.requests()) for p in self.pods])
        for pod in self.pods:
            node = self.client.get(f'/v1/nodes/old-{pod.name}')
            self.assertEqual(
                node['resource_uri'] in pod.shown(),
                node['provision_state'] == 'active',
                node,
            )
        shown = {pod.name: {*pod.shown()} for pod in self.pods}
        self.delete_lost()
        self.assertEqual(shown, {p.name: {*p.shown()} for p in self.pods})
        self.assertAllAdoptable(
            {name: uris - old[name] for name, uris in shown.items()}
        )

    def delete_lost(self):
        """Delete what was released since: others may have its parts now."""
        for node in self.client.all('/v1/nodes?provision_state=error'):
            self.client.delete(f'/v1/nodes/{node["uuid"]}')
        self.settle()
