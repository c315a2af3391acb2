# SPDX-License-Identifier: Apache-2.0
"""The outbox on each database, with several who write and send at once."""

import datetime
import threading
import uuid
from concurrent import futures

from valence.conductor import notifications
from valence.db import api as db
from valence.db import outbox
from valence.db import purge
from valence.db.sqlalchemy import models
from valence.tests import base


def _flavor(name):
    return db.create(
        models.Flavor, name=name, scope='', properties={}, is_public=True
    )


def _events(**where):
    event = models.Event
    with db.reader() as tx:
        return tx.list(event, order=[event.created_at], **where).all()


class TestOutbox(base.DatabaseTestCase):
    options = {'oslo_messaging_notifications__driver': ['log']}

    def test_order_of_concurrent_changes(self):
        flavor = _flavor('one')

        @db.transaction
        def change(tx, text):
            tx.update(models.Flavor, {'description': text}, uuid=flavor)
            return tx.get(models.Flavor, uuid=flavor).updated_at

        with futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(change, map(str, range(40))))
        rows = _events(resource_uuid=flavor)
        self.assertEqual(41, len(rows))
        self.assertEqual(41, len({row.created_at for row in rows}))
        data = rows[-1].payload['valence_object.data']
        stored = db.get(models.Flavor, uuid=flavor)
        self.assertEqual(stored.description, data['description'])

    def test_a_queue_has_one_sender(self):
        notifications.create_queues()
        notifications.create_queues()
        for n in range(3):
            _flavor(str(n))
        numbers = {row.queue for row in _events()}
        tokens = [str(uuid.uuid4()) for _ in range(8)]
        with futures.ThreadPoolExecutor(4) as pool:
            claimed = [*pool.map(notifications.claim_queue, tokens)]
        self.assertEqual(
            sorted(numbers), sorted(n for n in claimed if n is not None)
        )

    def test_a_claim_that_expired(self):
        notifications.create_queues()
        _flavor('one')
        (row,) = _events()
        number = notifications.claim_queue('old')
        db.update(
            models.EventQueue,
            {'claimed_until': db.now() - datetime.timedelta(seconds=1)},
            number=number,
        )
        self.assertEqual(number, notifications.claim_queue('new'))
        # It woke up late.
        notifications.mark_sent(number, 'old', [row.uuid])
        self.assertEqual(1, len(notifications.waiting(number)))
        notifications.mark_sent(number, 'new', [row.uuid])
        self.assertEqual(0, len(notifications.waiting(number)))
        self.assertIsNone(notifications.claim_queue('new'))

    def test_senders_at_once(self):
        """What several send is complete, and in order for each resource."""
        sent, lock = [], threading.Lock()

        class Notifier:
            def send(self, request, message):
                with lock:
                    sent.append(message)

        @db.transaction
        def change(tx, uuid, text):
            tx.update(models.Flavor, {'description': text}, uuid=uuid)

        uuids = [_flavor(str(n)) for n in range(4)]
        publishers = []
        for _ in range(3):
            publisher = notifications.Publisher(threading.Event())
            publisher._notifier = Notifier()
            publishers.append(publisher)
        notifications.create_queues()
        with futures.ThreadPoolExecutor(4) as pool:
            for n in range(10):
                done = [pool.submit(change, one, str(n)) for one in uuids]
                done += [pool.submit(one.tick) for one in publishers]
                for one in done:
                    one.result()
        publishers[0].tick()
        for one in uuids:
            expected = [row.uuid for row in _events(resource_uuid=one)]
            found = [
                message['message_id']
                for message in sent
                if message['payload']['valence_object.data']['uuid'] == one
            ]
            self.assertEqual(expected, found)

    def test_purge_is_bounded(self):
        self.patch(purge, 'BATCH', 3)
        for n in range(5):
            _flavor(str(n))
        before = db.now()
        self.assertEqual(3, notifications.purge_batch(before))
        self.assertEqual(2, notifications.purge_batch(before))
        self.assertEqual(0, notifications.purge_batch(before))
        self.assertEqual([], _events())


class TestOutboxMySQL(TestOutbox):
    backend = 'mysql'


class TestOutboxPostgreSQL(TestOutbox):
    backend = 'postgresql'


class TestQueue(base.TestCase):
    def test_of_a_resource(self):
        numbers = {outbox.queue_of(str(uuid.uuid4())) for _ in range(1000)}
        self.assertEqual(set(range(outbox.QUEUES)), numbers)
