# SPDX-License-Identifier: Apache-2.0
"""A conductor sleeps until others have done its work, and wakes up."""

import itertools

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests.functional.crash import cluster

# Where a sleeper is about to change hardware, or has just done so.
_FEW = {
    'compose:allocate:begun',
    'compose:allocate:undoing',
    'attach:attach_device:begun',
    'release:decompose:begun',
}


def _chosen(points):
    return [point for point in points if cluster.FULL or point in _FEW]


class SleepTestCase(cluster.ClusterTestCase):
    personality = 'rsd'
    action = ''

    def setUp(self):
        super().setUp()
        self.pod('pod', self.personality, 2)
        self.names = (f'node-{n}' for n in itertools.count())
        self.first = self.conductor()
        self.ready()

    def prepare(self):
        """Make what the operation needs; a conductor is at work."""

    def begin(self):
        """Ask for the operation; returns its UUID."""

    def clear(self):
        """Take away what the operation left behind."""
        for node in self.client.all('/v1/nodes'):
            self.service.release(node['uuid'])

    def asleep(self):
        """Sleep at each fault point, one after the other."""
        self.asleep_doing()
        self.asleep_undoing()

    def asleep_doing(self):
        for point in _chosen(cluster.forward(self.action)):
            self.prepare()
            self.first.end()
            operation = self.begin()
            sleeper = self.conductor(point, 'STOP')
            sleeper.wait_stopped(60)
            self.first = self.conductor()
            self.ended(operation)
            self.wake(sleeper, operation, point)
            self.clear()

    def asleep_undoing(self):
        points = _chosen(cluster.backward(self.action))
        last = cluster.forward(self.action)[-1]
        for point in points:
            self.prepare()
            self.first.end()
            operation = self.begin()
            self.assertEqual(-9, self.conductor(last).finish())
            self.client.delete(f'/v1/operations/{operation}')
            sleeper = self.conductor(point, 'STOP')
            sleeper.wait_stopped(60)
            self.first = self.conductor()
            self.ended(operation, 'cancelled')
            self.wake(sleeper, operation, point)
            self.clear()

    def wake(self, sleeper, operation, point):
        """Continue the sleeper; nothing changes by it."""
        self.settled()
        before = self.picture(operation)
        sleeper.thaw()
        sleeper.wait_for('registering again under a new UUID')
        if point != 'compose:claim_parts:recorded':
            # There it had given the operation away before it slept.
            sleeper.wait_for(f'The claim on operation {operation} is lost')
        self.settled()
        self.assertEqual(before, self.picture(operation), point)
        self.assertEqual(0, sleeper.end(), point)

    def picture(self, operation):
        """All that the sleeper could spoil."""
        simulator = self.pods['pod']
        with db.reader() as tx:
            return (
                [
                    count
                    for count in sorted(simulator.requests().items())
                    if count[0][0] not in ('GET', 'HEAD')
                    and 'Session' not in count[0][1]
                ],
                simulator.nodes(),
                *(
                    tx.list(model, order=[model.uuid], **where).all()
                    for model, where in (
                        (models.Operation, {'uuid': operation}),
                        (models.OperationStep, {'operation_uuid': operation}),
                        (models.Allocation, {}),
                        (models.Node, {}),
                    )
                ),
            )


class ComposeTest(SleepTestCase):
    action = 'compose'

    def begin(self):
        return self.compose(next(self.names))

    def test_asleep(self):
        self.asleep()


class AttachTest(SleepTestCase):
    personality = 'redfish'
    action = 'attach'

    def prepare(self):
        self.name = next(self.names)
        self.ended(self.compose(self.name))
        self.device = self.free_devices('pod')[0]

    def begin(self):
        return self.attach(self.name, self.device)

    def test_asleep(self):
        self.asleep()


class ReleaseTest(SleepTestCase):
    action = 'release'

    def prepare(self):
        self.name = next(self.names)
        self.ended(self.compose(self.name))

    def begin(self):
        return self.release(self.name)

    def test_asleep(self):
        self.asleep()
