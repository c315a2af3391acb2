# SPDX-License-Identifier: Apache-2.0
"""Notifications of Nova that come over RabbitMQ."""

import contextlib
import threading

import kombu
import oslo_messaging
from oslo_config import cfg
from oslo_utils import timeutils
from oslo_utils import uuidutils

from valence.conductor import demands
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures
from valence.tests.fixtures import nova_notices
from valence.tests.fixtures import processes

_SECONDS = 120


class TestBroker(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.listeners = []
        try:
            self.proxy = self.useFixture(fixtures.Proxy(processes.broker()))
            self.proxy.try_out()
        except OSError as exc:
            self.skipTest(f'RabbitMQ does not answer: {exc}')
        self.addCleanup(self._end)
        self.name = f'test-{uuidutils.generate_uuid()}'
        url = processes.broker_at(self.proxy.port)
        self.conf.set(
            demand__enabled=True,
            demand__transport_url=url,
            demand__exchange=self.name,
            demand__topic=self.name,
            demand__pool=f'{self.name}-pool',
        )
        self.addCleanup(self._delete)
        self.client.post('/v1/flavors', {'name': 'small', 'properties': {}})
        body = {'name': 'web', 'flavor': 'small', 'min_ready': 0}
        self.client.post('/v1/pools', {**body, 'max_nodes': 100})

    @contextlib.contextmanager
    def channel(self):
        url = processes.RABBIT.replace('rabbit:', 'amqp:')
        with kombu.Connection(url) as connection:
            yield connection.channel()

    def _delete(self):
        with self.channel() as channel:
            for queue in (f'{self.name}-pool', f'{self.name}.error'):
                channel.queue_delete(queue)
            channel.exchange_delete(self.name)

    def _end(self):
        """Have the broker answer, so that all threads end."""
        self.proxy.cut()
        self.proxy.restore()
        for one in self.listeners:
            one.close()
            self.eventually(lambda one=one: one._server is not None)
            one._server.stop()
            one._server.wait()

    def begun(self):
        """A listener that has just begun."""
        listener = demands.Listener()
        listener.start()
        self.listeners.append(listener)
        return listener

    def listener(self):
        """A listener, as soon as it receives."""
        listener = self.begun()
        self.eventually(lambda: listener._server is not None)
        return listener

    def eventually(self, condition):
        """Wait until something is so."""
        ended = threading.Event()
        with timeutils.StopWatch(duration=_SECONDS) as watch:
            while not condition():
                self.assertFalse(watch.expired())
                ended.wait(0.05)

    def nova(self):
        """What sends as Nova does; needs a listener that began before."""
        cfg.CONF.import_opt('control_exchange', 'oslo_messaging.transport')
        cfg.CONF.set_override('control_exchange', self.name)
        transport = oslo_messaging.get_notification_transport(
            cfg.CONF, url=processes.RABBIT
        )
        self.addCleanup(transport.cleanup)
        return oslo_messaging.Notifier(
            transport,
            publisher_id='compute_task.host',
            driver='messagingv2',
            topics=[self.name],
        )

    def tell(self, nova, instance=None):
        uuid = instance or uuidutils.generate_uuid()
        payload = nova_notices.payload(uuid)
        nova.error({}, nova_notices.EVENT_TYPE, payload)
        return uuid

    def kept(self):
        return set(db.get(models.Pool, name='web').demands or ())

    def assertReceived(self, uuids, *listeners):
        def received():
            for one in listeners:
                one.tick()
            return self.kept() == set(uuids)

        self.eventually(received)

    def test_several_conductors(self):
        first, second = self.listener(), self.listener()
        nova = self.nova()
        uuids = [self.tell(nova) for _ in range(20)]
        self.eventually(
            lambda: len(first._waiting) + len(second._waiting) >= len(uuids)
        )
        self.assertEqual(20, len(first._waiting) + len(second._waiting))
        self.assertTrue(first._waiting)
        self.assertTrue(second._waiting)
        self.assertReceived(uuids, first, second)

    def test_rubbish(self):
        listener = self.listener()
        with self.channel() as channel:
            producer = kombu.Producer(channel)
            for body, kind in (
                (b'\xff\x00', 'application/json'),
                (b'', 'text/plain'),
                (b'[]', 'application/json'),
                (b'{"oslo.message": "{", "oslo.version": "2.0"}', None),
                (b'{"oslo.message": "[1]", "oslo.version": "2.0"}', None),
                (b'{"priority": 7, "payload": {}}', 'application/json'),
                (b'{"priority": "ERROR", "payload": [[]]}', None),
            ):
                producer.publish(
                    body,
                    exchange=self.name,
                    routing_key=f'{self.name}.error',
                    content_type=kind or 'application/json',
                    content_encoding='utf-8',
                )
        uuid = self.tell(self.nova())
        self.assertReceived([uuid], listener)

    def test_a_broker_that_is_away(self):
        self.proxy.cut()
        early = self.begun()
        early.tick()
        self.proxy.restore()
        self.eventually(lambda: early._server is not None)
        nova = self.nova()
        uuids = [self.tell(nova)]
        self.assertReceived(uuids, early)
        self.proxy.cut()
        uuids.append(self.tell(nova))
        early.tick()
        self.proxy.restore()
        self.assertReceived(uuids, early)

    def test_closed_while_the_broker_is_away(self):
        listening = self.listener()
        self.proxy.cut()
        waiting = self.begun()
        waiting.close()
        listening.close()
