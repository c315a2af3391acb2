# SPDX-License-Identifier: Apache-2.0
"""The events that changes store."""

from oslo_config import cfg

from valence.conductor import notifications
from valence.db import api as db
from valence.db import outbox
from valence.db.sqlalchemy import models
from valence.objects import event
from valence.objects.fields import Audience
from valence.tests import base


def _events(**where):
    """The stored events, in order."""
    order = [models.Event.created_at]
    with db.reader() as tx:
        return tx.list(models.Event, order=order, **where).all()


def _types(uuid):
    return [row.event_type for row in _events(resource_uuid=uuid)]


class TestEvents(base.ConductorTestCase):
    def test_life_of_a_node(self):
        self.pod()
        node = self.compose('one')
        self.client.patch('/v1/nodes/one', {'description': 'web'})
        self.done('DELETE', '/v1/nodes/one')
        self.assertEqual(
            [
                *('node.create', 'node.compose.start', 'node.compose.end'),
                # Another description; another state: releasing.
                *('node.update', 'node.update', 'node.release.start'),
                # The power state.
                *('node.update', 'node.release.end'),
            ],
            _types(node['uuid']),
        )
        end = _events(event_type='node.release.end')[0]
        data = end.payload['valence_object.data']
        self.assertEqual('NodePayload', end.payload['valence_object.name'])
        self.assertEqual('web', data['description'])
        self.assertEqual(node['created_at'], data['created_at'])
        self.assertNotIn('baseline', data)

    def test_operation(self):
        self.pod()
        done = self.done('POST', '/v1/nodes', {'name': 'one'})
        self.assertEqual(
            ['operation.create', 'operation.start', 'operation.end'],
            _types(done['uuid']),
        )
        rows = _events(resource_uuid=done['target_uuid'])
        self.assertEqual({done['request_id']}, {r.request_id for r in rows})

    def test_failure(self):
        self.pod()
        wanted = {'processor': {'total_cores': 10**6}}
        node = self.compose('one', 'failed', properties=wanted)
        self.assertEqual(
            ['node.create', 'node.compose.start', 'node.compose.error'],
            _types(node['uuid']),
        )
        (row,) = _events(event_type='node.compose.error')
        data = event.shown(row.payload, Audience.PROJECT)
        shown = data['valence_object.data']
        self.assertNotIn('user_last_error', shown)
        self.assertEqual(
            row.payload['valence_object.data']['user_last_error'],
            shown['last_error'],
        )

    def test_pod_manager(self):
        self.register('pod', username='root', password='s3cret-one')
        uuid = self.client.get('/v1/pod_managers/pod')['uuid']
        before = len(_events())
        self.client.patch('/v1/pod_managers/pod', {'password': 's3cret-two'})
        self.client.patch('/v1/pod_managers/pod', {})
        self.assertEqual(before + 1, len(_events()))
        self.client.delete('/v1/pod_managers/pod')
        self.assertEqual(
            ['pod_manager.create', 'pod_manager.update', 'pod_manager.delete'],
            _types(uuid),
        )
        texts = str([row.payload for row in _events()])
        self.assertNotIn('s3cret', texts)
        self.assertNotIn('password', texts)

    def test_status_is_an_event_once(self):
        self.pod()
        count = len(_events(resource_type='pod_manager'))
        for _ in range(3):
            self.clock.advance(3600)
            self.conductor.look()
        self.assertEqual(count, len(_events(resource_type='pod_manager')))

    def test_flavor(self):
        body = {'name': 'small', 'properties': {}}
        flavor = self.client.post('/v1/flavors', body)
        self.client.patch('/v1/flavors/small', {'description': 'x'})
        self.client.delete('/v1/flavors/small')
        self.assertEqual(
            ['flavor.create', 'flavor.update', 'flavor.delete'],
            _types(flavor['uuid']),
        )
        self.assertEqual([None], list({row.queue for row in _events()}))

    def test_of_several_rows_only_those_that_changed(self):
        uuids = [
            db.create(
                models.Flavor,
                name=name,
                scope='',
                properties={},
                is_public=True,
            )
            for name in ('one', 'two')
        ]

        @db.transaction
        def change(tx):
            tx.update(models.Flavor, {'name': 'x'}, uuid=uuids, name='one')

        change()
        self.assertEqual(['flavor.create', 'flavor.update'], _types(uuids[0]))
        self.assertEqual(['flavor.create'], _types(uuids[1]))

    def test_nothing_of_a_transaction_that_fails(self):
        @db.transaction
        def fail(tx):
            tx.create(
                models.Flavor,
                name='x',
                scope='',
                properties={},
                is_public=True,
            )
            raise ValueError

        self.assertRaises(ValueError, fail)
        self.assertEqual([], _events())

    def test_old_events_are_deleted(self):
        self.client.post('/v1/flavors', {'name': 'one', 'properties': {}})
        self.assertEqual(0, notifications.purge_batch())
        self.clock.advance(cfg.CONF.outbox.keep * 86400 + 1)
        self.client.post('/v1/flavors', {'name': 'two', 'properties': {}})
        self.assertEqual(1, notifications.purge_batch())
        self.assertEqual(1, len(_events()))


class TestQueues(base.ConductorTestCase):
    options = {
        'oslo_messaging_notifications__driver': ['log'],
    }

    def test_events_wait_in_the_queue_of_their_resource(self):
        flavor = self.client.post(
            '/v1/flavors', {'name': 'one', 'properties': {}}
        )
        number = outbox.queue_of(flavor['uuid'])
        (row,) = notifications.waiting(number)
        _, message = notifications.message(row)
        self.assertEqual(row.uuid, message['message_id'])
        self.assertEqual('flavor.create', message['event_type'])
