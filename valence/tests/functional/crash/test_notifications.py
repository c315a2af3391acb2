# SPDX-License-Identifier: Apache-2.0
"""Notifications while RabbitMQ is away, and conductors are killed."""

import json
import time
import uuid

import kombu

from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import fixtures
from valence.tests.fixtures import processes
from valence.tests.functional.crash import cluster

# For how long the broker is away; make test-crash has the time.
_AWAY_SECONDS = 300 if cluster.FULL else 5


class NotificationsTest(cluster.ClusterTestCase):
    def setUp(self):
        try:
            self.proxy = self.useFixture(fixtures.Proxy(processes.broker()))
            self.proxy.try_out()
        except OSError as exc:
            self.skipTest(f'RabbitMQ does not answer: {exc}')
        self.topic = f'test-{uuid.uuid4().hex}'
        url = processes.broker_at(self.proxy.port)
        self.settings = {
            'oslo_messaging_notifications__driver': 'messagingv2',
            'oslo_messaging_notifications__transport_url': url,
            'notifications__topics': self.topic,
        }
        super().setUp()
        self.addCleanup(self._delete_queues)

    def _connection(self):
        url = processes.RABBIT.replace('rabbit:', 'amqp:')
        return kombu.Connection(url)

    def _queues(self):
        return [f'{self.topic}.{priority}' for priority in ('info', 'error')]

    def _delete_queues(self):
        with self._connection() as connection:
            for name in self._queues():
                connection.channel().queue_delete(name)

    def received(self):
        """The messages that came, in order, by queue."""
        result = {}
        with self._connection() as connection:
            for name in self._queues():
                found = result[name] = []
                channel = connection.channel()
                try:
                    while message := channel.basic_get(name, no_ack=True):
                        body = json.loads(message.body)
                        found.append(json.loads(body['oslo.message']))
                except connection.channel_errors:
                    # Nothing was sent to it.
                    continue
        return result

    def events(self):
        """The stored events, in order."""
        event = models.Event
        with db.reader() as tx:
            return tx.list(event, order=[event.created_at]).all()

    def waiting(self):
        return sum(row.queue is not None for row in self.events())

    def change(self, count):
        """Change a few flavors again and again, and compose a node."""
        for n in range(count):
            name = f'flavor-{n % 3}'
            self.client.request(
                'POST', '/v1/flavors', {'name': name, 'properties': {}}
            )
            answer = self.client.request(
                'PATCH', f'/v1/flavors/{name}', {'description': str(n)}
            )
            self.assertEqual(200, answer.status, answer)

    def test_nothing_is_lost(self):
        self.pod('pod')
        first, _ = self.conductor(), self.conductor()
        self.ready()
        self.change(15)
        self.ended(self.compose('one'))
        self.proxy.cut()
        away_until = time.monotonic() + _AWAY_SECONDS
        self.change(15)
        first.kill()
        self.conductor()
        self.ended(self.release('one'))
        while time.monotonic() < away_until:
            self.change(3)
            time.sleep(0.5)
        self.assertGreater(self.waiting(), 15)
        self.proxy.restore()
        self.change(15)
        # Once more in the middle of sending.
        self.processes[-2].kill()
        self.eventually(lambda: not self.waiting(), 'all are sent')
        self.assertReceived()

    def assertReceived(self):
        """All events came, in order, and again only as they were."""
        stored = {row.uuid: row for row in self.events()}
        seen = set()
        for messages in self.received().values():
            last = {}
            for message in messages:
                row = stored[message['message_id']]
                self.assertEqual(row.event_type, message['event_type'])
                self.assertEqual(str(row.created_at), message['timestamp'])
                if row.uuid in seen:
                    continue
                seen.add(row.uuid)
                before = last.get(row.resource_uuid, row.created_at)
                self.assertLessEqual(before, row.created_at, message)
                last[row.resource_uuid] = row.created_at
        self.assertEqual(set(stored), seen)
