# SPDX-License-Identifier: Apache-2.0
"""Subscriptions to events, and their deliveries."""

import functools
import threading
import time

import sqlalchemy as sa

from valence.api import dispatch
from valence.common import exception
from valence.common import policy
from valence.common import secrets
from valence.conductor.events import coalescing
from valence.conductor.events import pending
from valence.conductor.events import subscriptions
from valence.db import api as db
from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import models
from valence.podmanagers import base as driver_base
from valence.podmanagers import fake
from valence.tests.unit.conductor.test_events import EventCase

_AWAY = exception.PodManagerUnavailable(reason='it restarts')
_NO = exception.RequestRejected(reason='no such thing')


class TestSubscriptions(EventCase):
    def setUp(self):
        super().setUp()
        self.conf.set(
            api__public_endpoint='http://valence.example/',
            conductor__status_interval=30,
        )
        self.fake.capabilities = frozenset(('compose', 'event_subscription'))
        self.clock.advance(60)
        self.conductor.look()

    def follow(self):
        self.clock.advance(31)
        self.conductor.follow()

    def row(self):
        return db.get(models.PodManager, uuid=self.uuid)

    def test_a_subscription(self):
        self.follow()
        ((uri, destination),) = self.fake.subscriptions.items()
        start = f'http://valence.example/v1/events/{self.uuid}/'
        self.assertTrue(destination.startswith(start), destination)
        self.assertEqual(uri, self.row().event_subscription)
        secret = destination.removeprefix(start)
        known = subscriptions.secret_hash(self.row())
        self.assertTrue(subscriptions.is_secret(known, secret))
        self.assertFalse(subscriptions.is_secret(known, secret + 'x'))
        # What happened before is not known.
        self.assertEqual(['*'], self.waiting())

    def test_it_is_made_once(self):
        for _ in range(3):
            self.follow()
        self.assertEqual(1, self.fake.calls['subscribe'])
        self.assertEqual(3, self.fake.calls['check_subscription'])

    def test_one_that_was_lost_is_made_again(self):
        self.follow()
        (destination,) = self.fake.subscriptions.values()
        self.fake.subscriptions.clear()
        self.follow()
        self.assertEqual([destination], [*self.fake.subscriptions.values()])

    def test_one_that_the_pod_manager_does_not_show(self):
        driver = self.conductor.drivers.get(self.row())
        driver.check_subscription = lambda *args: False
        for _ in range(3):
            self.follow()
        # It would be made again and again.
        self.assertEqual(1, self.fake.calls['subscribe'])
        self.fake.order('probe', _AWAY, count=2)
        # The time of the next probe has some jitter.
        for _ in range(9):
            self.follow()
        self.assertEqual(2, self.fake.calls['subscribe'])

    def test_failures_are_retried(self):
        for error in (_AWAY, ZeroDivisionError()):
            self.fake.order('subscribe', error)
            self.follow()
            self.assertEqual({}, self.fake.subscriptions)
        self.follow()
        self.assertEqual(1, len(self.fake.subscriptions))

    def test_without_a_public_endpoint(self):
        self.conf.set(api__public_endpoint=None)
        self.follow()
        self.assertEqual({}, self.fake.subscriptions)

    def test_a_subscription_that_is_no_longer_needed(self):
        self.follow()
        self.conf.set(api__public_endpoint=None)
        self.follow()
        self.conductor.settle()
        self.assertEqual({}, self.fake.subscriptions)
        self.assertIsNone(self.row().event_subscription)

    def test_checked_again_after_an_outage(self):
        self.follow()
        self.fake.subscriptions.clear()
        self.fake.order('probe', _AWAY, count=2)
        self.clock.advance(60)
        self.conductor.follow()
        self.assertEqual('offline', self.podm()['status'])
        self.clock.advance(60)
        self.conductor.look()
        self.conductor.follow()
        self.assertEqual(1, len(self.fake.subscriptions))

    def test_removed_pod_manager(self):
        def remove(destination, deadline):
            self.client.delete('/v1/pod_managers/pod')
            return original(destination, deadline)

        driver = self.conductor.drivers.get(self.row())
        original = driver.subscribe
        driver.subscribe = remove
        self.follow()
        self.assertEqual({}, self.fake.subscriptions)

    def test_no_secret(self):
        known = subscriptions.secret_hash(self.row())
        self.assertFalse(subscriptions.is_secret(known, ''))

    def test_a_delivery(self):
        self.follow()
        self.conductor.settle()
        (destination,) = self.fake.subscriptions.values()
        path = destination.removeprefix('http://valence.example')
        answer = self.client.request('POST', path, {'uris': ['/systems/2']})
        self.assertEqual(204, answer.status, answer)
        self.assertIn('/systems/2', self.waiting())


class TestDeliveries(EventCase):
    """Deliveries to the API, which a storm consists of."""

    def setUp(self):
        super().setUp()
        self.conf.set(api__public_endpoint='http://valence.example/')
        self.fake.capabilities = frozenset(('compose', 'event_subscription'))
        self.clock.advance(60)
        self.conductor.look()
        self.conductor.follow()
        self.conductor.settle()
        (destination,) = self.fake.subscriptions.values()
        self.path = destination.removeprefix('http://valence.example')
        db.update(models.PendingRefresh, {}, podm_uuid=self.uuid)
        self.tick()

    def deliver(self, *uris):
        answer = self.client.request('POST', self.path, {'uris': [*uris]})
        self.assertEqual(204, answer.status, answer)

    def test_what_is_acknowledged_is_stored(self):
        self.patch(coalescing, '_PAUSE', 0)
        for number in range(150):
            self.deliver(f'/systems/{number}')
            self.assertIn(f'/systems/{number}', self.waiting())

    def test_the_secret_is_decrypted_once_for_many(self):
        self.patch(coalescing, '_PAUSE', 0)
        decrypted = []
        original = subscriptions.secrets.decrypt

        def decrypt(token):
            decrypted.append(token)
            return original(token)

        self.patch(subscriptions.secrets, 'decrypt', decrypt)
        for _ in range(10):
            self.deliver('/systems/1')
        self.assertLessEqual(len(decrypted), 1)
        # One that was replaced is soon refused, and its successor at once.
        new = secrets.encrypt('another')
        db.update(models.PodManager, {'event_secret': new}, uuid=self.uuid)
        path = f'/v1/events/{self.uuid}/another'
        answer = self.client.request('POST', path, {'uris': ['/systems/1']})
        self.assertEqual(204, answer.status, answer)
        answer = self.client.request('POST', self.path, {'uris': []})
        self.assertEqual(404, answer.status, answer)

    def test_unparsable_event_causes_full_read(self):
        for content, headers in (
            (b'nonsense', {}),
            (b'[]', {}),
            (b'x', {'Content-Type': 'text/plain'}),
        ):
            answer = self.client.request(
                'POST', self.path, content=content, headers=headers
            )
            self.assertIn(answer.status, (400, 415))
            self.assertIn('*', self.waiting())

    def test_the_short_path_is_that_of_usual_deliveries(self):
        self.patch(coalescing, '_PAUSE', 0)
        routed = []
        route = dispatch.V1Controller._route

        @functools.wraps(route)
        def spy(controller, remainder, request):
            routed.append(remainder)
            return route(controller, remainder, request)

        self.patch(dispatch.V1Controller, '_route', spy)
        json = {'Content-Type': 'application/json; charset=utf-8'}
        version = 'OpenStack-API-Version'
        for content, headers, query, short, status in (
            (b'{"uris": ["/systems/7"]}', json, '', True, 204),
            (b'{}', {version: 'composable 1.1'}, '', False, 204),
            (b'{}', {version: 'composable 9.1'}, '', None, 406),
            (b'{}', {'Content-Type': 'text/plain'}, '', None, 415),
            (b'{}', {}, '?x=1', False, 400),
            (b'', {}, '', False, 204),
            (b'{"uris": [', {}, '', False, 400),
            (b' ' * 200000, {}, '', None, 413),
        ):
            routed.clear()
            answer = self.client.request(
                'POST', self.path + query, content=content, headers=headers
            )
            self.assertEqual(status, answer.status, (content[:30], headers))
            if short is not None:
                self.assertEqual(short, not routed, (content[:30], headers))
        self.assertIn('/systems/7', self.waiting())

    def test_policy_applies_to_deliveries(self):
        rules = []

        def authorize(ctx, rule):
            rules.append(rule)
            raise exception.Forbidden(action=rule)

        self.patch(policy, 'authorize', authorize)
        answer = self.client.request('POST', self.path, {'uris': ['/x']})
        self.assertEqual(403, answer.status)
        self.assertEqual(['composable:event:create'], rules)

    def test_wrong_secret_is_ignored(self):
        before = self.waiting()
        path = f'/v1/events/{self.uuid}/wrong'
        answer = self.client.request('POST', path, content=b'nonsense')
        self.assertEqual(404, answer.status)
        self.assertEqual(before, self.waiting())

    def test_a_driver_that_fails(self):
        def fail(body):
            raise ZeroDivisionError

        self.patch(fake.Fake, 'parse_event', fail)
        self.deliver('/systems/1')
        self.assertIn('*', self.waiting())

    def test_deliveries_at_once_are_stored_together(self):
        coalescer, calls = coalescing.Coalescer(), []
        storing, go_on = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)

        def enqueue(changes):
            calls.append({k: sorted(v.uris) for k, v in changes.items()})
            storing.set()
            go_on.wait(60)

        self.patch(coalescing, 'enqueue_refreshes', enqueue)
        threads = []
        for number in range(9):
            change = driver_base.Change((f'/systems/{number}',))
            thread = threading.Thread(
                target=coalescer.store, args=(f'pod-{number % 2}', change)
            )
            thread.start()
            threads.append(thread)
            self.assertTrue(storing.wait(60))
        for _ in range(6000):
            if coalescer._waiting.size == 8:
                break
            go_on.wait(0.01)
        go_on.set()
        for thread in threads:
            thread.join(60)
        odd, even = (
            [f'/systems/{number}' for number in numbers]
            for numbers in ((1, 3, 5, 7), (2, 4, 6, 8))
        )
        self.assertEqual(
            [{'pod-0': ['/systems/0']}, {'pod-1': odd, 'pod-0': even}], calls
        )

    def test_the_pause_is_short_by_any_clock(self):
        coalescer, stored = coalescing.Coalescer(), []
        self.patch(coalescing, 'enqueue_refreshes', stored.append)
        change = driver_base.Change(('/systems/1',))
        for now in (self.clock.monotonic() + 1000.0, self.clock.monotonic()):
            self.patch(time, 'monotonic', lambda now=now: now)
            thread = threading.Thread(
                target=coalescer.store, args=('pod', change), daemon=True
            )
            thread.start()
            thread.join(60)
        self.assertEqual([{'pod': change}] * 2, stored)

    def test_events_of_many_pod_managers_are_stored_together(self):
        self.pod('other')
        other = self.client.get('/v1/pod_managers/other')['uuid']
        uris = tuple(f'/x/{number}' for number in range(20))
        changes = {
            uuid: driver_base.Change(uris) for uuid in (self.uuid, other)
        }
        statements = []

        @sa.event.listens_for(engine.get_engine(), 'before_cursor_execute')
        def execute(connection, cursor, statement, *more):
            statements.append(statement.split()[0])

        pending.enqueue_refreshes(changes)
        self.assertEqual(['BEGIN', 'SELECT', 'INSERT'], statements)
        self.assertEqual(2, self.waiting().count('/x/1'))

    def test_a_removed_pod_manager_loses_nothing_of_others(self):
        gone = driver_base.Change(('/gone',))
        here = driver_base.Change(('/here',))
        pending.enqueue_refreshes({'gone': gone, self.uuid: here})
        self.assertIn('/here', self.waiting())

    def test_a_failure_reaches_all_listeners(self):
        down = exception.DatabaseUnavailable(reason='down')

        def fail(*args):
            raise down

        self.patch(coalescing, 'enqueue_refreshes', fail)
        answer = self.client.request('POST', self.path, {'uris': ['/x']})
        self.assertEqual(503, answer.status)
