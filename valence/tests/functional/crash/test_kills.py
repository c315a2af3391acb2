# SPDX-License-Identifier: Apache-2.0
"""A conductor is killed while it runs an operation."""

import itertools
import random
import threading
import time

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests.fixtures import processes
from valence.tests.functional.crash import cluster

KILLS = 200
#: How many seconds an operation may take while conductors die all the time.
_PATIENCE = 6 * processes.PATIENCE


class KillTestCase(cluster.ClusterTestCase):
    """One operation goes on through one death after another."""

    personality = 'rsd'

    def setUp(self):
        super().setUp()
        self.pod('pod', self.personality)
        first = self.conductor()
        self.ready()
        self.prepare()
        first.end()

    def prepare(self):
        """Make what the operation needs; a conductor is at work."""

    def die_at(self, points):
        """Let one conductor after the other die, each at its point."""
        for point in points:
            conductor = self.conductor(point)
            self.assertEqual(-9, conductor.finish(), point)

    def killed_doing(self, action, begin):
        """An operation that was killed at each place comes to a good end."""
        operation = begin()
        self.die_at(cluster.forward(action))
        self.conductor()
        self.ended(operation)
        self.assertAgreement()

    def killed_undoing(self, action, begin):
        """One that is cancelled at its very end is undone."""
        operation = begin()
        self.die_at([f'{action}:{cluster.steps(action)[-1]}:recorded'])
        self.client.delete(f'/v1/operations/{operation}')
        self.die_at(cluster.backward(action))
        self.conductor()
        self.ended(operation, 'cancelled')


class ComposeTest(KillTestCase):
    def begin(self):
        return self.compose('node')

    def test_doing(self):
        self.killed_doing('compose', self.begin)
        (node,) = self.pods['pod'].nodes()
        self.assertEqual('Assembled', node['state'])
        executed = self.pods['pod'].state()['executed']
        self.assertEqual(1, executed['Allocate'])
        self.assertEqual(1, executed['Assemble'])

    def test_undoing(self):
        self.killed_undoing('compose', self.begin)
        self.assertEqual([], self.pods['pod'].nodes())
        self.service.release('node')
        self.assertAgreement()


class AttachTest(KillTestCase):
    personality = 'redfish'

    def prepare(self):
        self.ended(self.compose('node'))
        self.device = self.free_devices('pod')[0]

    def begin(self):
        return self.attach('node', self.device)

    def test_doing(self):
        self.killed_doing('attach', self.begin)
        (device,) = self.client.get('/v1/nodes/node')['devices']
        self.assertEqual(self.device, device['uuid'])

    def test_undoing(self):
        self.killed_undoing('attach', self.begin)
        self.assertEqual([], self.client.get('/v1/nodes/node')['devices'])
        self.assertAgreement()


class ReleaseTest(KillTestCase):
    def prepare(self):
        self.ended(self.compose('node'))

    def begin(self):
        return self.release('node')

    def test_doing(self):
        self.killed_doing('release', self.begin)
        self.assertEqual([], self.pods['pod'].nodes())
        self.client.wait_gone('/v1/nodes/node')

    def test_cancelled_at_its_end(self):
        """What is decomposed stays so: the operation succeeds."""
        operation = self.begin()
        self.die_at([f'release:{cluster.steps("release")[-1]}:recorded'])
        self.client.delete(f'/v1/operations/{operation}')
        self.conductor()
        self.ended(operation)
        self.assertEqual([], self.pods['pod'].nodes())
        self.client.wait_gone('/v1/nodes/node')
        self.assertAgreement()


@cluster.long
class TwoConductorsTest(cluster.ClusterTestCase):
    """Two conductors die all the time, while nodes come and go."""

    backend = 'mysql'
    settings = {
        'conductor__heartbeat_interval': 0.5,
        'conductor__heartbeat_timeout': 3,
    }

    def setUp(self):
        super().setUp()
        self.pod('rsd', 'rsd', 6)
        self.pod('redfish', 'redfish', 6)
        first = self.conductor()
        self.ready()
        first.end()
        self.killed = 0
        self.problems = []
        self.stopping = threading.Event()

    def test_kills(self):
        pumps = [
            threading.Thread(target=self._pump, args=(pod, device))
            for pod in self.pods
            for device in self.free_devices('redfish')[:3]
        ]
        for pump in pumps:
            pump.start()
            self.addCleanup(pump.join)
        self.addCleanup(self.stopping.set)
        self._kill_many()
        self.stopping.set()
        conductors = [self.conductor(), self.conductor()]
        self.eventually(lambda: len(self._alive()) == 2, 'two conductors')
        time.sleep(2 * self.settings['conductor__heartbeat_timeout'])
        self.assertEqual([], self._held_by_the_dead())
        for pump in pumps:
            pump.join(_PATIENCE)
            self.assertFalse(pump.is_alive())
        self.assertEqual([], self.problems)
        self.assertAgreement()
        self.assertEqual(
            [],
            [row for row in self._operations() if row.state == 'failed'],
        )
        for conductor in conductors:
            self.assertEqual(0, conductor.end())

    def _kill_many(self):
        """Kill conductors at all fault points, until it is enough."""
        points = [
            point
            for action in cluster.ACTIONS
            for point in cluster.forward(action)
        ]
        undoing = [
            (cluster.forward(action)[-1], point)
            for action in cluster.ACTIONS
            for point in cluster.backward(action)
        ]
        while self.killed < KILLS:
            random.shuffle(points)
            for pair in zip(points[::2], points[1::2], strict=True):
                self._duel(*pair)
            for last, point in undoing:
                both = f'{last},{point}'
                self._duel(both, both, cancel=last.partition(':')[0])

    def _duel(self, first, second, cancel=None):
        """Let two conductors work until both are dead.

        :param cancel: cancel all operations of this kind after the first
            death, so that the second conductor has to undo them.
        """
        alive = [self.conductor(first), self.conductor(second)]
        deadline = time.monotonic() + processes.PATIENCE
        while alive:
            for process in list(alive):
                if process.state is not None:
                    continue
                self.assertEqual(-9, process.finish(), process.output())
                alive.remove(process)
                self.processes.remove(process)
                self.killed += 1
                if cancel and alive:
                    self._cancel(cancel)
            self.assertEqual([], self.problems)
            if time.monotonic() > deadline:
                self.fail(f'{[p.environment for p in alive]} do not die')
            time.sleep(0.02)

    def _cancel(self, action):
        for row in self.open():
            if row.action == action:
                # It may have come to its end by now.
                self.client.request('DELETE', f'/v1/operations/{row.uuid}')

    @staticmethod
    def _alive():
        with db.reader() as tx:
            rows = tx.list(models.Conductor, only=('uuid',)).all()
        return {row.uuid for row in rows}

    def _held_by_the_dead(self):
        alive = self._alive()
        return [
            row
            for row in self.open()
            if row.claim is not None and row.conductor not in alive
        ]

    def _pump(self, pod, device):
        """Have nodes come, grow and go, one after the other."""
        try:
            for turn in itertools.count():
                if self.stopping.is_set():
                    return
                self._live(pod, f'{pod}-{device[:8]}-{turn}', device)
        except Exception as exc:
            self.problems.append(repr(exc))

    def _live(self, pod, name, device):
        operation = self.compose(name, pod_manager=pod)
        composed = self.client.finished(operation, _PATIENCE)
        if composed['state'] == 'succeeded' and pod == 'redfish':
            self._grow(name, device)
        while True:
            # A release may be cancelled by us.
            answer = self.client.request('DELETE', f'/v1/nodes/{name}')
            if answer.status == 404:
                return
            if answer.status == 202:
                ended = self.client.finished(
                    answer.json['operation_uuid'], _PATIENCE
                )
                if ended['state'] == 'failed':
                    raise AssertionError(ended['error'])

    def _grow(self, name, device):
        operation = self.attach(name, device)
        self.client.finished(operation, _PATIENCE)
