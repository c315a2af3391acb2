# SPDX-License-Identifier: Apache-2.0
"""Events of pod managers cause reads: once, soon, and not too often."""

from oslo_db import exception as db_exception

from valence.common import exception
from valence.conductor.events import pending
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import base as driver_base
from valence.tests import base

_AWAY = exception.PodManagerUnavailable(reason='it restarts')
_NO = exception.RequestRejected(reason='no such thing')


class EventCase(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.conf.set(conductor__sync_interval=400)
        self.fake = self.pod()
        self.uuid = self.podm()['uuid']
        self.clock.advance(100)
        self.conductor.follow()
        self.conductor.settle()
        self.fake.calls.clear()

    def podm(self):
        return self.client.get('/v1/pod_managers/pod')

    def enqueue(self, *uris):
        pending.enqueue_refresh(self.uuid, driver_base.Change(uris))

    def tick(self):
        """Read what is enqueued, after a pause."""
        self.clock.advance(3)
        self.conductor.refresher.tick()

    def waiting(self):
        with db.reader() as tx:
            return sorted(row.uri for row in tx.list(models.PendingRefresh))

    def system(self, number):
        return next(
            row
            for row in self.client.all('/v1/systems')
            if row['resource_uri'] == f'/systems/{number}'
        )

    def syncs(self):
        return self.client.all('/v1/operations?action=sync&state=pending')


class TestRefresh(EventCase):
    def test_what_failed_is_read_again(self):
        """It may have been done all the same, or in part."""
        self.compose('n')
        self.fake.order('reset', _NO, after=True)
        self.done(
            'POST',
            '/v1/nodes/n/action',
            {'Reset': {'Type': 'On'}},
            state='failed',
        )
        self.assertEqual('off', self.client.get('/v1/nodes/n')['power_state'])
        self.tick()
        node = self.client.get('/v1/nodes/n')
        self.assertEqual('on', node['power_state'])
        self.assertEqual('active', node['provision_state'])
        self.assertIn('no such thing', node['last_error'])

    def test_only_what_is_named_is_read(self):
        for number in (1, 2):
            self.fake.hardware[f'/systems/{number}'].values['model'] = 'new'
        self.enqueue('/systems/1')
        self.assertEqual(['/systems/1'], self.waiting())
        self.tick()
        self.assertEqual('new', self.system(1)['model'])
        self.assertNotEqual('new', self.system(2)['model'])
        self.assertEqual([], self.waiting())
        self.assertEqual(1, self.fake.calls['refresh'])
        self.assertEqual(0, self.fake.calls['discover'])

    def test_a_storm_costs_one_read(self):
        for _ in range(50):
            self.enqueue('/systems/1', '/systems/2')
        self.assertEqual(['/systems/1', '/systems/2'], self.waiting())
        self.tick()
        self.assertEqual(1, self.fake.calls['refresh'])

    def test_missing_resource(self):
        del self.fake.hardware['/systems/1']
        self.enqueue('/systems/1')
        self.tick()
        self.assertTrue(self.system(1)['stale'])

    def test_unassigned_pod_manager_waits(self):
        self.conductor.refresher.follow([])
        self.enqueue('/systems/1')
        self.tick()
        self.assertEqual(['/systems/1'], self.waiting())

    def test_a_failure_is_made_up_for_by_a_sync(self):
        self.enqueue('/systems/1')
        self.fake.order('refresh', _AWAY)
        self.tick()
        self.assertEqual(['*'], self.waiting())
        self.tick()
        self.assertEqual([], self.waiting())
        self.assertEqual(1, len(self.syncs()))

    def test_unexpected_failure(self):
        self.enqueue('/systems/1')
        self.fake.order('refresh', ZeroDivisionError())
        self.tick()
        self.assertEqual(['/systems/1'], self.waiting())
        self.tick()
        self.assertEqual([], self.waiting())

    def test_anything_may_have_changed(self):
        for uris in ((), [f'/x/{n}' for n in range(201)]):
            self.enqueue(*uris)
            self.assertEqual(['*'], self.waiting())
        self.tick()
        self.assertEqual(1, len(self.syncs()))
        self.assertEqual([], self.waiting())
        self.assertEqual(0, self.fake.calls['refresh'])

    def test_not_everything_all_the_time(self):
        self.enqueue()
        self.tick()
        self.conductor.settle()
        self.enqueue()
        self.enqueue('/systems/1')
        self.tick()
        self.assertEqual([], self.syncs())
        # What is named is kept true until then.
        self.assertEqual(['*'], self.waiting())
        self.assertEqual(1, self.fake.calls['refresh'])
        self.clock.advance(21)
        self.tick()
        self.assertEqual(1, len(self.syncs()))

    def test_change_during_full_read(self):
        self.enqueue()
        self.tick()
        self.enqueue()
        self.tick()
        self.assertEqual(['*'], self.waiting())
        self.assertEqual(1, len(self.syncs()))

    def test_change_during_its_read(self):
        self.enqueue('/systems/1')
        db.update(models.PendingRefresh, {}, uri='/systems/1')
        self.enqueue('/systems/1')
        with db.reader() as tx:
            (row,) = tx.list(models.PendingRefresh).all()
        self.assertIsNone(row.updated_at)

    def test_more_than_can_be_read_one_by_one(self):
        for start in (0, 150):
            self.enqueue(*(f'/x/{n}' for n in range(start, start + 150)))
        self.tick()
        self.assertEqual(1, len(self.syncs()))

    def test_a_uri_that_no_column_holds(self):
        self.enqueue('/' + 'x' * 2048, '/systems/1')
        self.assertEqual(['/systems/1'], self.waiting())

    def test_a_pod_manager_that_was_removed(self):
        pending.enqueue_refresh('gone', driver_base.Change(('/systems/1',)))
        self.assertEqual([], self.waiting())

    def test_waiting_operation_is_woken(self):
        self.conf.set(fake__compose_seconds=50)
        uuid = self.begin('POST', '/v1/nodes', {'name': 'n'})
        self.conductor.work()
        self.assertEqual([], self.conductor.due())
        (uri,) = self.fake.nodes
        self.enqueue(uri, '/systems/1')
        self.assertEqual([uuid], [row.uuid for row in self.conductor.due()])
        # The operation looks at the node by itself.
        self.assertEqual(['/systems/1'], self.waiting())

    def test_operation_in_backoff_is_not_woken(self):
        uuid = self.begin('POST', '/v1/nodes', {'name': 'n'})
        self.fake.order('poll_compose', _AWAY, count=2)
        self.conductor.work()
        self.assertEqual([], self.conductor.due())
        (uri,) = self.fake.nodes
        self.enqueue(uri)
        self.assertEqual([], self.conductor.due())
        self.assertEqual('succeeded', self.conductor.finish(uuid).state)

    def test_waiting_ends_when_something_comes(self):
        self.conductor.refresher.wake()
        self.conductor.refresher.wait(1000)

    def test_the_first_event_is_read_at_once_and_others_together(self):
        reads = []
        for _ in range(120):
            self.enqueue('/systems/1')
            self.conductor.refresher.tick()
            reads.append(self.fake.calls['refresh'])
            self.clock.advance(0.5)
        self.assertEqual(1, reads[0])
        # For a minute: after 1, 2, 4, 8 and then every 15 seconds.
        self.assertEqual(7, reads[-1])
        self.clock.advance(60)
        self.enqueue('/systems/1')
        self.conductor.refresher.tick()
        self.assertEqual(8, self.fake.calls['refresh'])
        # Who waits is woken when the next one is due.
        self.enqueue('/systems/1')
        self.conductor.refresher.tick()
        left = self.conductor.refresher._next_at - self.clock.monotonic()
        self.assertEqual(1, left)

    def test_one_name_for_each_resource(self):
        self.enqueue(
            '/systems/1#/Status',
            '/systems/1/?$expand=.',
            '/systems/%31',
            'http://10.0.0.1/systems/1',
            '/systems/./1/',
        )
        self.assertEqual(['/systems/1'], self.waiting())

    def test_event_about_nothing(self):
        pending.enqueue_refresh(self.uuid, driver_base.Change(nothing=True))
        self.assertEqual([], self.waiting())

    def test_two_deliveries_that_name_the_same(self):
        """Another transaction stores one of them first."""
        create = db.Transaction.create_many
        stored = []

        def race(tx, model, rows):
            rows = list(rows)
            if not stored and model is models.PendingRefresh:
                stored.append(1)
                raise db_exception.DBDuplicateEntry
            return create(tx, model, rows)

        self.patch(db.Transaction, 'create_many', race)
        self.enqueue('/systems/1', '/systems/2')
        self.assertEqual(['/systems/1', '/systems/2'], self.waiting())

    def test_what_is_being_read_is_named_again(self):
        def row():
            return db.get(models.PendingRefresh, podm_uuid=self.uuid)

        self.enqueue('/systems/1')
        first = row()
        self.enqueue('/systems/1')
        self.assertEqual(first, row())
        # The end of the read deletes it under the UUID that it had.
        db.update(models.PendingRefresh, {}, uuid=first.uuid)
        self.enqueue('/systems/1')
        self.assertNotEqual(first.uuid, row().uuid)
        self.assertIsNone(row().updated_at)
