# SPDX-License-Identifier: Apache-2.0
"""Which operations are due, who gets them, and who is taken for dead."""

from oslo_utils import uuidutils

from valence.conductor import membership
from valence.conductor import queue
from valence.conductor import requests
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base


class QueueCase(base.ConductorTestCase):
    def request(self, action='reset', podm=None, **more):
        @db.transaction
        def write(tx):
            return requests.request(
                tx, None, action, 'nodes', 'n', podm_uuid=podm, **more
            )

        return write()

    def due(self, *actions):
        return [row.uuid for row in queue.due(actions or ('reset',))]

    def change(self, uuid, **values):
        db.update(models.Operation, values, uuid=uuid)

    def row(self, uuid):
        return db.get(models.Operation, uuid=uuid)

    def claim(self, uuid, conductor='me'):
        return queue.claim(conductor, self.row(uuid))


class TestDue(QueueCase):
    def test_the_oldest_first(self):
        uuids = [self.request() for _ in range(queue.BATCH + 5)]
        self.assertEqual(uuids[: queue.BATCH], self.due())

    def test_only_what_there_is_a_worker_for(self):
        reset, boot = self.request(), self.request('boot')
        self.assertEqual([reset], self.due('reset'))
        self.assertEqual([boot], self.due('boot', 'sync'))
        self.assertEqual([reset, boot], self.due('boot', 'reset'))

    def test_waiting_operation_is_not_due(self):
        uuid = self.request()
        self.change(uuid, run_after=self.clock.now())
        self.assertEqual([uuid], self.due())
        self.conductor.claim(uuid)
        self.assertEqual([], self.due())

    def test_later(self):
        uuid = self.request()
        claimed = self.claim(uuid)
        self.assertEqual('running', claimed[0].state)
        self.clock.advance(1)
        then = self.clock.now()
        self.clock.advance(-1)
        self.change(uuid, claim=None, run_after=then)
        self.assertEqual([], self.due())
        self.clock.advance(1)
        self.assertEqual([uuid], self.due())

    def test_ended_operation_is_not_due(self):
        for state in ('succeeded', 'failed', 'cancelled'):
            self.change(self.request(), state=state)
        self.assertEqual([], self.due())


class TestParallel(QueueCase):
    """Only so many operations run on one pod manager."""

    def setUp(self):
        super().setUp()
        self.conf.set(conductor__podm_parallel=2)
        self.podm = self.register('pod')['uuid']

    def test_others_overtake(self):
        first, second, third = (self.request(podm=self.podm) for _ in '123')
        other = self.request(podm=uuidutils.generate_uuid())
        free = self.request()
        self.claim(first)
        self.assertEqual({second, other, free}, set(self.due()))
        self.claim(second)
        self.assertEqual({other, free}, set(self.due()))
        self.assertIsNone(self.claim(third))
        self.assertIsNotNone(self.claim(other))
        self.assertIsNotNone(self.claim(free))

    def test_ended_operation_frees_capacity(self):
        first, second, third = (self.request(podm=self.podm) for _ in '123')
        self.claim(first)
        self.claim(second)
        self.change(first, state='succeeded', claim=None)
        self.assertEqual([third], self.due())
        self.assertIsNotNone(self.claim(third))

    def test_running_operation_continues(self):
        for _ in range(2):
            self.claim(self.request(podm=self.podm))
        waiting = self.request(podm=self.podm)
        self.change(waiting, state='running')
        self.assertEqual([waiting], self.due())
        self.assertIsNotNone(self.claim(waiting))

    def test_cancelled_operation_needs_no_capacity(self):
        for _ in range(2):
            self.claim(self.request(podm=self.podm))
        uuid = self.request(podm=self.podm)
        self.change(uuid, cancel_requested=True)
        self.assertEqual([uuid], self.due())
        self.assertIsNotNone(self.claim(uuid))

    def test_blocked_operation_needs_no_capacity(self):
        for _ in range(2):
            self.claim(self.request(podm=self.podm))
            self.claim(self.request('compose', podm=self.podm))
        for action in ('delete', 'register', 'unregister', 'sync'):
            uuid = self.request(action, podm=self.podm)
            self.assertEqual([uuid], self.due(action))
            self.assertIsNotNone(self.claim(uuid))

    def test_changes_do_not_wait_for_composes(self):
        for _ in range(3):
            self.claim(self.request('compose', podm=self.podm))
        for action in ('reset', 'boot', 'attach', 'detach', 'release'):
            uuid = self.request(action, podm=self.podm)
            self.assertEqual([uuid], self.due(action, 'compose'))
            self.assertIsNotNone(self.claim(uuid))
            self.change(uuid, state='succeeded', claim=None)

    def test_blocked_operation_takes_no_capacity(self):
        for action in ('delete', 'register', 'unregister'):
            self.claim(self.request(action, podm=self.podm))
        uuid = self.request(podm=self.podm)
        self.assertEqual([uuid], self.due())
        self.assertIsNotNone(self.claim(uuid))


class TestTurns(QueueCase):
    """Pod managers take turns, and on each of them the projects."""

    def setUp(self):
        super().setUp()
        self.conf.set(conductor__podm_parallel=1)
        self.podms = sorted(
            self.register(name)['uuid'] for name in ('one', 'two')
        )
        self.turns = queue.Turns()

    def compose(self, podm=None, project=None):
        return self.request('compose', podm=podm, project_id=project)

    def order(self, count):
        """Which operations get their turn, each ending before the next."""
        result = []
        while len(result) < count:
            (candidate, *_) = queue.due(['compose'], self.turns)
            self.turns.take(candidate)
            self.change(candidate.uuid, state='succeeded')
            result.append(candidate.uuid)
        return result

    def test_an_idle_pod_manager_does_not_wait(self):
        one, two = self.podms
        for podm, other in ((one, two), (two, one)):
            many = [self.compose(podm) for _ in range(60)]
            self.claim(many[0])
            single = self.compose(other)
            found = [row.uuid for row in queue.due(['compose'], self.turns)]
            self.assertEqual([single], found)
            for uuid in (*many, single):
                self.change(uuid, state='succeeded', claim=None)

    def test_projects_take_turns(self):
        podm = self.podms[0]
        first, second, third = (self.compose(podm, 'a') for _ in range(3))
        other = self.compose(podm, 'b')
        unassigned = self.compose(podm)
        self.assertEqual(
            [first, other, unassigned, second, third], self.order(5)
        )

    def test_operations_without_pod_manager_take_turns(self):
        many = [self.compose(project='a') for _ in range(30)]
        other = self.compose(project='b')
        placed = self.compose(self.podms[1], 'a')
        self.assertEqual([placed, many[0], other, many[1]], self.order(4))

    def test_a_pod_manager_gets_no_more_than_it_may(self):
        self.conf.set(conductor__podm_parallel=3)
        for project in 'abcd':
            for _ in range(5):
                self.compose(self.podms[0], project)
        found = queue.due(['compose'], self.turns)
        self.assertEqual(['a', 'b', 'c'], [row.project_id for row in found])
        for row in found:
            self.assertIsNotNone(queue.claim('me', row))
            self.turns.take(row)
        self.assertEqual([], queue.due(['compose'], self.turns))
        self.change(found[0].uuid, state='succeeded', claim=None)
        (row,) = queue.due(['compose'], self.turns)
        self.assertEqual('d', row.project_id)

    def steps(self):
        """How many steps the database takes to find what is due."""
        counted = []
        with db.reader() as tx:
            raw = tx.connection.connection.driver_connection
            raw.set_progress_handler(lambda: counted.append(1), 1)
            try:
                found = queue.look(tx, ['compose', 'reset'], self.turns)
            finally:
                raw.set_progress_handler(None, 1)
        self.assertTrue(found)
        return len(counted)

    def test_the_cost_does_not_grow_with_the_queue(self):
        def fill(count):
            for podm in self.podms:
                for project in 'abc':
                    for _ in range(count):
                        self.compose(podm, project)

        fill(2)
        few = self.steps()
        fill(50)
        self.assertLess(self.steps(), few * 1.2)


class TestClaim(QueueCase):
    def test_claim_sets_columns(self):
        uuid = self.request()
        self.change(uuid, run_after=self.clock.now())
        operation, journal = self.claim(uuid)
        self.assertEqual([], journal)
        self.assertEqual('running', operation.state)
        self.assertEqual('me', operation.conductor)
        self.assertIsNotNone(operation.claim)
        self.assertIsNone(operation.run_after)
        self.assertIsNotNone(operation.started_at)
        self.change(uuid, claim=None)
        again, _ = self.claim(uuid, 'you')
        self.assertEqual('you', again.conductor)
        self.assertNotEqual(operation.claim, again.claim)
        self.assertEqual(operation.started_at, again.started_at)

    def test_one_of_two_gets_it(self):
        candidate = self.row(self.request())
        self.assertIsNotNone(queue.claim('me', candidate))
        self.assertIsNone(queue.claim('you', candidate))
        self.assertEqual('me', self.row(candidate.uuid).conductor)

    def test_unknown_claims_are_requeued(self):
        known, lost, other, ended = (self.request() for _ in '1234')
        token = self.claim(known)[0].claim
        self.claim(lost)
        self.claim(other, 'you')
        self.claim(ended)
        self.change(ended, state='failed')
        found = queue.claims('me')
        self.assertEqual({token, self.row(lost).claim}, found)
        self.assertEqual(1, queue.release_claims('me', found - {token}))
        self.assertEqual([lost], self.due())
        self.assertIsNone(self.row(lost).conductor)
        self.assertEqual('you', self.row(other).conductor)


class TestMembership(QueueCase):
    def setUp(self):
        super().setUp()
        self.conf.set(conductor__heartbeat_timeout=60)
        self.other = membership.Lease()
        self.other.renew()

    def test_a_lease(self):
        lease = membership.Lease()
        self.assertEqual('', lease.uuid)
        self.assertGreaterEqual(0, lease.left())
        lease.renew()
        uuid = lease.uuid
        self.assertEqual(60, lease.left())
        self.assertEqual(60, lease.left(uuid))
        self.assertEqual(0, lease.left('another'))
        self.clock.advance(20)
        self.assertEqual(40, lease.left())
        lease.renew()
        self.assertEqual((uuid, 60), (lease.uuid, lease.left()))
        lease.end()
        self.assertEqual('', lease.uuid)
        self.assertNotIn(uuid, membership.alive())
        lease.end()

    def test_alive_conductors(self):
        ours = self.conductor.lease.uuid
        self.assertEqual(sorted([ours, self.other.uuid]), membership.alive())
        self.clock.advance(40)
        self.other.renew()
        self.clock.advance(40)
        self.assertEqual([self.other.uuid], membership.alive())

    def test_silent_conductor_is_deregistered(self):
        uuid = self.request()
        self.claim(uuid, self.other.uuid)
        self.assertFalse(membership.reap_stale())
        self.clock.advance(59)
        self.conductor.lease.renew()
        self.assertFalse(membership.reap_stale())
        self.assertEqual([], self.due())
        self.clock.advance(2)
        self.assertTrue(membership.reap_stale())
        self.assertEqual([uuid], self.due())
        self.assertEqual([self.conductor.lease.uuid], membership.alive())
        self.assertFalse(membership.reap_stale())

    def test_deregistered_conductor_takes_another_name(self):
        name = self.other.uuid
        self.clock.advance(61)
        self.conductor.lease.renew()
        membership.reap_stale()
        self.other.renew()
        self.assertNotEqual(name, self.other.uuid)
        self.assertEqual(0, self.other.left(name))
        self.assertEqual(60, self.other.left())

    def test_late_heartbeat_prevents_deregistration(self):
        heard = db.get(models.Conductor, uuid=self.other.uuid).heartbeat_at
        self.other.renew()
        self.assertFalse(membership.deregister(self.other.uuid, heard))
        self.assertIn(self.other.uuid, membership.alive())

    def test_claims_of_a_lost_conductor(self):
        uuid = self.request()
        self.claim(uuid, 'gone long ago')
        self.assertTrue(membership.reap_stale())
        self.assertEqual([uuid], self.due())

    def test_all_at_once(self):
        uuid = self.request()
        self.claim(uuid, self.other.uuid)
        membership.deregister_all()
        self.assertEqual([], membership.alive())
        self.assertEqual([uuid], self.due())

    def test_work_is_shared_out(self):
        names = [f'{n}'.encode() for n in range(100)]
        ring = membership.ring()
        shares = [ring.get_nodes(name) for name in names]
        self.assertEqual({1}, {len(share) for share in shares})
        self.assertEqual(
            set(membership.alive()), {one for s in shares for one in s}
        )
        self.assertEqual(
            {'a'}, set(membership.ring(['a']).get_nodes(b'anything'))
        )
