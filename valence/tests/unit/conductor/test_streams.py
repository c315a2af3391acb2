# SPDX-License-Identifier: Apache-2.0
"""The event streams that conductors listen to."""

import threading

from valence.common import exception
from valence.common import rpc
from valence.conductor.events import streams
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.podmanagers import fake
from valence.tests import base

_AWAY = exception.PodManagerUnavailable(reason='it restarts')
_NO = exception.RequestRejected(reason='no such thing')


class TestStreams(base.ConductorTestCase):
    """Listening has threads of its own; the tests wait for what they do."""

    def setUp(self):
        super().setUp()
        self.fake = self.pod()
        self.rung = threading.Event()
        rpc.WAKER.subscribe(self.rung.set)
        self.addCleanup(rpc.WAKER.unsubscribe, self.rung.set)
        self.addCleanup(self.conductor.streams.close)

    def follow(self):
        self.conductor.streams.follow(self.conductor.look())

    def test_events_are_stored(self):
        self.fake.listening.clear()
        self.follow()
        self.assertTrue(self.fake.listening.wait(60))
        self.fake.send_event('/systems/1')
        self.assertTrue(self.rung.wait(60))
        with db.reader() as tx:
            uris = {row.uri for row in tx.list(models.PendingRefresh)}
        self.assertIn('/systems/1', uris)

    def test_whether_it_is_open(self):
        self.assertFalse(self.is_open())
        self.follow()
        self.assertTrue(self.wait_open(True))
        self.fake.order('listen', _AWAY, count=None)
        (stream,) = self.fake.streams
        stream.close()
        self.assertTrue(self.wait_open(False))

    def is_open(self):
        uuid = self.client.get('/v1/pod_managers/pod')['uuid']
        return self.conductor.streams.is_open(uuid)

    def wait_open(self, expected):
        for _ in range(1000):
            if self.is_open() == expected:
                return True
            self.fake.struck.wait(0.05)
        return False

    def refuse(self, *errors):
        """Follow a stream that is refused so; returns how often it was."""
        self.patch(streams, '_MIN_PAUSE', 0.001)
        for error in errors:
            self.fake.order('listen', error)
        self.fake.listening.clear()
        podm = self.conductor.look()[0]
        self.assertTrue(self.conductor.streams.supports(podm))
        self.follow()
        for _ in range(1000):
            if not self.conductor.streams.supports(podm):
                return False
            if self.fake.listening.wait(0.05):
                return True
        return self.fail('nothing happens')

    def test_rejected_stream_is_not_retried(self):
        self.assertFalse(self.refuse(_NO))
        self.follow()
        self.assertEqual(1, self.fake.calls['listen'])
        # It may have been repaired.
        self.clock.advance(3601)
        self.follow()
        self.assertTrue(self.fake.listening.wait(60))

    def test_transient_rejection_is_retried(self):
        denied = exception.AuthenticationFailed(reason='expired')
        self.assertTrue(self.refuse(_AWAY, denied, _AWAY))
        self.assertEqual(4, self.fake.calls['listen'])

    def test_stream_that_never_opens_is_given_up(self):
        self.assertFalse(self.refuse(*[_AWAY] * 5))
        self.assertEqual(5, self.fake.calls['listen'])

    def test_a_stream_that_was_open_comes_back(self):
        self.assertTrue(self.refuse())
        for error in (_NO, *[_AWAY] * 6):
            self.fake.order('listen', error)
        self.fake.listening.clear()
        (stream,) = self.fake.streams
        stream.close()
        self.assertTrue(self.fake.listening.wait(60))

    def test_many_give_up_while_they_are_followed(self):
        """No dictionary changes while another thread goes through it."""
        rows = [
            models.PodManager(
                uuid=str(number),
                name='x',
                status='online',
                driver='fake',
                url=f'http://{number}.fake',
                auth_type='basic',
                insecure=False,
                capabilities=['event_stream'],
            )
            for number in range(200)
        ]
        self.patch(fake.Fake, 'listen', self.refused)
        for _ in range(20):
            self.conductor.streams.follow(rows)
            self.conductor.streams.follow(rows[:50])
            self.conductor.streams.close()
        with self.conductor.streams._lock:
            self.assertLessEqual(len(self.conductor.streams._listeners), 200)

    @staticmethod
    def refused(driver, deadline):
        raise _NO

    def test_pod_manager_of_another_conductor_is_not_followed(self):
        self.fake.listening.clear()
        self.follow()
        self.assertTrue(self.fake.listening.wait(60))
        (stream,) = self.fake.streams
        self.conductor.streams.follow([])
        self.assertTrue(stream.closed)
