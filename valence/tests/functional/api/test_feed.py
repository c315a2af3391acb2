# SPDX-License-Identifier: Apache-2.0
"""The list of stored changes."""

from valence.tests import base
from valence.tests.functional.api import rbac_scene


class TestFeed(base.ConductorTestCase):
    def setUp(self):
        super().setUp()
        body = {'name': 'small', 'properties': {}}
        self.flavor = self.client.post('/v1/flavors', body)['uuid']
        self.client.patch('/v1/flavors/small', {'description': 'x'})
        self.register('pod')
        self.client.patch('/v1/flavors/small', {'description': 'y'})

    def events(self, query=''):
        return self.client.get(f'/v1/events{query}')['events']

    def types(self, query=''):
        return [one['event_type'] for one in self.events(query)]

    def test_order_and_filters(self):
        ordered = ['flavor.create', 'flavor.update']
        ordered += ['pod_manager.create', 'flavor.update']
        self.assertEqual(ordered, self.types())
        self.assertEqual(ordered[::-1], self.types('?sort_dir=desc'))
        for query, count in (
            ('event_type=flavor.update', 2),
            ('event_type=in:flavor.create,flavor.update', 3),
            ('resource_type=pod_manager', 1),
            (f'resource_uuid={self.flavor}', 3),
            ('project_id=other', 0),
        ):
            self.assertEqual(count, len(self.events(f'?{query}')), query)

    def test_between_two_times(self):
        times = [one['created_at'] for one in self.events()]
        query = f'?created_at=gte:{times[1]}&created_at=lt:{times[3]}'
        self.assertEqual(
            times[1:3], [e['created_at'] for e in self.events(query)]
        )
        self.assertRefused(
            400, 'created_at', 'GET', '/v1/events?created_at=gte:yesterday'
        )

    def test_pages(self):
        found = list(self.client.all('/v1/events?limit=1&sort_dir=desc'))
        self.assertEqual(self.events('?sort_dir=desc'), found)

    def test_payload(self):
        listed = self.events()[0]
        self.assertNotIn('payload', listed)
        (first, *_) = self.events('?fields=uuid,payload')
        self.assertEqual(listed['uuid'], first['uuid'])
        shown = self.client.get(f'/v1/events/{listed["uuid"]}')
        self.assertEqual(first['payload'], shown['payload'])
        data = shown['payload']['valence_object.data']
        self.assertEqual(self.flavor, data['uuid'])

    def test_none_is_found(self):
        answer = self.client.request('GET', f'/v1/events/{self.flavor}')
        self.assertEqual(404, answer.status)


class TestToken(rbac_scene.RBACCase):
    """Only deliveries of pod managers need no token."""

    def test_without_one(self):
        for path, status in (
            ('/v1/events', 401),
            ('/v1/events/', 401),
            ('/v1/events/one', 401),
            ('/v1/events/one/', 401),
            ('/v1/events/one/secret/more', 401),
            ('/v1/events/one/secret', 405),
        ):
            answer = self.client.request('GET', path)
            self.assertEqual(status, answer.status, path)
        answer = self.client.request('POST', '/v1/events/one/secret', {})
        self.assertEqual(404, answer.status)
