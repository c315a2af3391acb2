# SPDX-License-Identifier: Apache-2.0
"""Pod managers are asked whether they are there, and read when due."""

import fixtures
from oslo_utils import timeutils

from valence.common import exception
from valence.conductor import membership
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import fake
from valence.tests import base

_AWAY = exception.PodManagerUnavailable(reason='it restarts')


class TestStatus(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.conf.set(
            conductor__status_interval=30, conductor__sync_interval=300
        )
        self.fake = fake.pod('http://pod.fake')

    def podm(self, name='pod'):
        return self.client.get(f'/v1/pod_managers/{name}')

    def probes(self, seconds):
        """How many probes there are in so many seconds."""
        self.fake.calls.clear()
        for _ in range(seconds // 10):
            self.clock.advance(10)
            self.conductor.look()
        return self.fake.calls['probe']

    def test_a_new_one(self):
        self.register('pod')
        self.assertEqual('offline', self.podm()['status'])
        owned = self.conductor.look()
        self.assertEqual(['pod'], [podm.name for podm in owned])
        podm = self.podm()
        self.assertEqual('online', podm['status'])
        self.assertIsNone(podm['status_reason'])
        self.assertIsNotNone(podm['contacted_at'])
        self.assertIn('compose', podm['capabilities'])
        self.assertEqual(self.fake.uuid, podm['service_uuid'])
        (sync,) = self.client.all('/v1/operations?action=sync')
        self.assertEqual('pending', sync['state'])

    def test_interval(self):
        self.register('pod')
        self.conductor.look()
        self.assertIn(self.probes(300), range(7, 12))

    def test_one_that_does_not_answer(self):
        self.pod()
        self.fake.order('probe', _AWAY, count=None)
        self.clock.advance(60)
        self.conductor.look()
        podm = self.podm()
        self.assertEqual('offline', podm['status'])
        self.assertIn('it restarts', podm['status_reason'])
        self.fake.heal()
        self.clock.advance(60)
        self.conductor.look()
        self.assertEqual('online', self.podm()['status'])
        self.assertIsNone(self.podm()['status_reason'])

    def test_its_password_cannot_be_decrypted(self):
        self.pod()
        db.update(models.PodManager, {'password': 'x'}, name='pod')
        self.clock.advance(60)
        self.conductor.look()
        podm = self.podm()
        self.assertEqual('offline', podm['status'])
        self.assertIn('cannot be decrypted', podm['status_reason'])

    def test_one_lost_packet_is_no_outage(self):
        self.pod()
        self.fake.order('probe', _AWAY)
        self.clock.advance(60)
        self.conductor.look()
        self.assertEqual('online', self.podm()['status'])

    def test_unavailable_pod_managers_are_polled_less_often(self):
        self.register('pod')
        self.fake.order('probe', _AWAY, count=None)
        self.conductor.look()
        self.assertIn('it restarts', self.podm()['status_reason'])
        self.assertIn(self.probes(300), range(2, 5))
        self.assertIn(self.probes(1200), range(8, 12))

    def test_one_that_hangs(self):
        self.register('pod')
        self.fake.order('probe', seconds=1e6)
        self.conductor.look()
        self.assertIn('timed out', self.podm()['status_reason'])

    def test_a_driver_that_fails(self):
        self.register('pod')
        self.fake.order('probe', ZeroDivisionError('secret'), count=None)
        self.conductor.look()
        reason = self.podm()['status_reason']
        self.assertIn('ZeroDivisionError', reason)
        self.assertNotIn('secret', reason)

    def test_a_driver_that_is_not_installed(self):
        self.register('pod')
        db.update(models.PodManager, {'driver': 'gone'}, name='pod')
        self.conductor.look()
        self.assertIn('gone', self.podm()['status_reason'])

    def test_unknown_driver(self):
        self.client.post(
            '/v1/pod_managers', {'name': 'x', 'url': 'http://127.0.0.1:9'}
        )
        self.conductor.look()
        self.assertEqual('offline', self.podm('x')['status'])
        self.assertIsNone(self.podm('x')['driver'])

    def test_the_same_service_twice(self):
        self.pod()
        self.register('twin')
        fake.pod('http://twin.fake').uuid = self.fake.uuid
        self.conductor.look()
        twin = self.podm('twin')
        self.assertEqual('offline', twin['status'])
        self.assertIn('same service', twin['status_reason'])
        self.assertIn(self.podm()['uuid'], twin['status_reason'])

    def test_a_changed_address_is_polled_at_once(self):
        self.pod()
        self.conductor.look()
        other = fake.pod('http://elsewhere.fake')
        self.client.patch(
            '/v1/pod_managers/pod', {'url': 'http://elsewhere.fake'}
        )
        self.conductor.look()
        self.assertEqual(1, other.calls['probe'])

    def test_one_that_was_removed(self):
        self.register('pod')
        self.conductor.look()
        self.client.delete('/v1/pod_managers/pod?force=true')
        self.assertEqual([], self.conductor.look())

    def test_one_that_is_being_removed_keeps_its_connections(self):
        self.pod()
        row = db.get(models.PodManager, name='pod')
        driver = self.conductor.drivers.get(row)
        db.update(
            models.PodManager, {'deleting_at': self.clock.now()}, name='pod'
        )
        self.assertEqual([], self.conductor.look())
        self.assertIs(driver, self.conductor.drivers.get(row))

    def test_each_belongs_to_one_conductor(self):
        for n in range(20):
            self.register(f'p{n}')
        other = membership.Lease()
        other.renew()
        mine = {podm.name for podm in self.conductor.look()}
        self.assertLess(0, len(mine))
        self.assertLess(len(mine), 20)
        other.end()
        everything = {podm.name for podm in self.conductor.look()}
        self.assertEqual(20, len(everything))
        other.renew()
        self.assertEqual(
            len(mine) > 0, bool({p.name for p in self.conductor.look()})
        )


class TestSyncs(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        self.conf.set(
            conductor__status_interval=30, conductor__sync_interval=300
        )
        self.fake = self.pod()

    def syncs(self, seconds, step=10):
        """How many syncs there are in so many seconds."""
        self.fake.calls.clear()
        for _ in range(seconds // step):
            self.clock.advance(step)
            self.conductor.look()
            self.conductor.settle()
        return self.fake.calls['discover']

    def test_interval(self):
        self.assertIn(self.syncs(1500), (4, 5))

    def test_its_own_interval(self):
        self.client.patch('/v1/pod_managers/pod', {'sync_interval': 100})
        self.assertIn(self.syncs(600), (5, 6, 7))

    def test_not_all_at_one_time(self):
        for name in 'abcd':
            self.pod(name)
        before = self.times()
        self.syncs(700, 5)
        after = self.times()
        self.assertGreater(max(after) - min(after), max(before) - min(before))

    def times(self):
        return [
            timeutils.parse_isotime(row['synced_at'])
            for row in self.client.all('/v1/pod_managers')
        ]

    def test_less_often_while_a_stream_is_open(self):
        self.conf.set(conductor__sync_interval=100)
        self.conf.set(conductor__followed_sync_interval=400)
        podm = self.client.get('/v1/pod_managers/pod')
        is_open = self.useFixture(
            fixtures.MockPatchObject(
                self.conductor.monitor, '_is_followed', return_value=True
            )
        ).mock
        self.assertIn(self.syncs(1000), (2, 3))
        is_open.assert_called_with(podm['uuid'])
        # It is lost.
        is_open.return_value = False
        self.assertIn(self.syncs(500), (4, 5, 6))
        # What was set for this one holds.
        is_open.return_value = True
        self.client.patch('/v1/pod_managers/pod', {'sync_interval': 200})
        self.assertIn(self.syncs(500), (2, 3))

    def test_one_that_fails_is_not_begun_all_the_time(self):
        wrong = exception.RequestRejected(reason='no')
        self.fake.order('discover', wrong, count=None)
        self.syncs(300)
        self.assertIn(self.syncs(300), range(6, 12))

    def test_not_while_it_is_offline(self):
        self.fake.order('probe', _AWAY, count=None)
        self.syncs(60)
        self.assertEqual(0, self.syncs(1000))

    def test_not_twice_at_once(self):
        for seconds in (301, 1, 301, 1):
            # The first look asks whether it is there.
            self.clock.advance(seconds)
            self.conductor.look()
        self.assertEqual(
            1, len(self.client.all('/v1/operations?action=sync&state=pending'))
        )
