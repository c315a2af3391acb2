# SPDX-License-Identifier: Apache-2.0
"""Deliveries of events take no thread from other requests."""

import threading

from valence import objects
from valence.api import server
from valence.common import secrets
from valence.conductor.events import coalescing
from valence.db import api as db
from valence.db.sqlalchemy import models
from valence.tests import base
from valence.tests import fixtures

_EVENTS = 4


class TestPoolsOfThreads(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.conf.set(api__port=0, api__threads=1)
        self.go_on, self.storing = threading.Event(), threading.Event()
        self.patch(coalescing, 'enqueue_refreshes', self.enqueue)
        self.server = server.Server()
        self.server.start()
        self.addCleanup(self.server.stop)
        self.addCleanup(self.go_on.set)
        port = self.server._listeners[0].effective_port
        self.remote = fixtures.Client(f'http://127.0.0.1:{port}')

    def enqueue(self, changes):
        self.storing.set()
        self.go_on.wait(60)

    def test_other_requests_do_not_wait_for_deliveries(self):
        uuid = db.create(
            models.PodManager,
            **objects.PodManager.defaults(),
            name='pod',
            url='http://127.0.0.1:1',
            driver='fake',
            event_secret=secrets.encrypt('secret'),
        )
        path, statuses = f'/v1/events/{uuid}/secret', []

        def deliver():
            answer = self.remote.request('POST', path, {'uris': ['/x']})
            statuses.append(answer.status)

        threads = [threading.Thread(target=deliver) for _ in range(_EVENTS)]
        for thread in threads:
            thread.start()
        self.assertTrue(self.storing.wait(60))
        self.assertEqual(200, self.remote.request('GET', '/v1').status)
        self.assertEqual([], statuses)
        self.go_on.set()
        for thread in threads:
            thread.join(60)
        self.assertEqual([204] * _EVENTS, statuses)
