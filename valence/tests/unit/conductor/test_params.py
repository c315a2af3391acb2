# SPDX-License-Identifier: Apache-2.0
"""Operations show what was requested, and nothing else."""

from valence.conductor import requests
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base

_SECRET = 'a secret'


class TestParams(base.ConductorTestCase):
    def params(self, uuid):
        """What the API shows, and the last event of the operation."""
        found = self.client.get(f'/v1/operations/{uuid}')['params']
        listed = self.client.get(f'/v1/operations?uuid={uuid}')
        self.assertEqual(found, listed['operations'][0]['params'])
        (*_, event) = self.client.all(f'/v1/events?resource_uuid={uuid}')
        payload = self.client.get(f'/v1/events/{event["uuid"]}')['payload']
        self.assertEqual(found, payload['valence_object.data']['params'])
        return found

    def test_a_reset(self):
        self.pod()
        self.compose('n')
        uuid = self.begin(
            'POST', '/v1/nodes/n/action', {'reset': {'Type': 'ForceOff'}}
        )
        self.assertEqual({'type': 'ForceOff'}, self.params(uuid))

    def test_a_node(self):
        self.pod()
        self.compose('n')
        affinity = {'scope': 'pod_manager', 'with': ['n']}
        uuid = self.begin(
            'POST', '/v1/nodes', {'name': 'm', 'affinity': affinity}
        )
        shown = self.params(uuid)
        self.assertEqual('pod_manager', shown['affinity']['scope'])
        self.assertNotIn('limits', shown)

    def test_what_only_valence_needs(self):
        self.pod()
        podm = self.client.get('/v1/pod_managers/pod')

        @db.transaction
        def write(tx):
            return requests.request(
                *(tx, None, 'unsubscribe', 'pod_managers', podm['uuid']),
                params={'driver': 'fake', 'connection': {'x': _SECRET}},
            )

        uuid = write()
        self.assertEqual({}, self.params(uuid))
        fields = 'fields=uuid,payload'
        self.assertNotIn(_SECRET, str(self.client.all(f'/v1/events?{fields}')))

    def test_events_of_an_earlier_release(self):
        self.pod()
        with db.reader() as tx:
            row = tx.list(models.Event, resource_type='operation').first()
        data = {**row.payload['valence_object.data']}
        del data['params']
        payload = {**row.payload, 'valence_object.data': data}
        db.update(models.Event, {'payload': payload}, uuid=row.uuid)
        shown = self.client.get(f'/v1/events/{row.uuid}')['payload']
        self.assertEqual(data['uuid'], shown['valence_object.data']['uuid'])
