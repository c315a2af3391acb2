# SPDX-License-Identifier: Apache-2.0
"""The contract: what holds for every driver, whatever it speaks."""

import concurrent.futures
import contextlib
import http.server
import itertools
import json
import queue
import threading
import time
import unittest
from unittest import mock

import requests
from oslo_utils import uuidutils

from valence import objects
from valence.common import exception
from valence.podmanagers import base as podmanagers
from valence.tests import base

SECONDS = 30
# Of the fields of hardware, those that are the database's, not observed.
_OWN = {
    *('uuid', 'podm_uuid', 'parent_uuid', 'chassis_uuid', 'node_uuid'),
    *('reserved_to', 'resource_uri', 'properties', 'synced_at', 'stale'),
    *('missing_since', 'missed_syncs', 'created_at', 'updated_at'),
    'seen_at',
}
_CHANGING = ('POST', 'PUT', 'PATCH', 'DELETE')
_KINDS = {
    'chassis': objects.Chassis,
    'systems': objects.System,
    'devices': objects.Device,
    'storages': objects.Storage,
}


class Crash(BaseException):
    """The process is gone, in the middle of whatever it did."""


class Contract(base.TestCase):
    """Derive, name the driver, and say where its endpoint is."""

    driver_class = None
    # How many pooled devices a node is composed with, if there are any.
    pooled = 2
    # Whether a login lasts for more than a request, and may expire.
    sessions = True
    # Whether there is a network between it and the driver.
    remote = True

    @classmethod
    def endpoint(cls):
        """The endpoint that the tests of the class share."""
        raise unittest.SkipTest('this is what others derive from')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        fixture = cls.endpoint()
        fixture.setUp()
        cls.addClassCleanup(fixture.cleanUp)
        cls.at = fixture

    def setUp(self):
        super().setUp()
        self.driver = self.new_driver()
        self.addCleanup(self.tidy)
        self.before = {node.uri for node in self.composed()}

    # What the tests are told with

    def new_driver(self, connection=None):
        """A driver that remembers nothing, as after a start."""
        driver = self.driver_class(connection or self.at.connection)
        self.addCleanup(driver.close)
        return driver

    def soon(self, seconds=SECONDS):
        return podmanagers.Deadline(seconds)

    def need(self, *capabilities):
        """Skip what this driver does not do here."""
        able = self.driver.probe(self.soon()).capabilities
        for capability in capabilities:
            if capability not in able:
                self.skipTest(f'it does not do: {capability}')

    def need_faults(self):
        if not self.at.faulty:
            self.skipTest('no faults can be ordered from this endpoint')

    def composed(self):
        return self.new_driver().composed(self.soon())

    def made(self):
        """The nodes that were composed since the test began."""
        return [n for n in self.composed() if n.uri not in self.before]

    def tidy(self):
        """Release what a test left behind."""
        self.at.recover()
        driver = self.driver_class(self.at.connection)
        with contextlib.closing(driver):
            for node in driver.composed(self.soon()):
                if node.uri not in self.before:
                    driver.release(node.uri, self.soon())

    def request(self, devices=None):
        """A request for parts that are free, as the scheduler would make."""
        seen = self.driver.discover(self.soon())
        marker = uuidutils.generate_uuid()
        count = self.pooled if devices is None else devices
        free = [s for s in seen.systems if s.values['state'] == 'free']
        choices = [(s, self.joinable(seen, s)[:count]) for s in free]
        if not choices:
            self.fail('the endpoint has no free system')
        system, chosen = max(choices, key=lambda choice: len(choice[1]))
        return podmanagers.ComposeRequest(
            marker=marker,
            name=f'contract {marker[:8]}',
            requirements={},
            system=system.uri,
            devices=tuple(device.uri for device in chosen),
        )

    def joinable(self, seen, system):
        """The free pooled devices that lie in a zone with a system."""
        zones = set(system.values['zones'])
        return [
            device
            for device in seen.devices
            if device.values['state'] == 'free'
            and (
                not zones
                or not device.values['zones']
                or zones & set(device.values['zones'])
            )
        ]

    def patiently(self, call, seconds=SECONDS):
        """Call until it is not "not yet" any more."""
        end = time.monotonic() + seconds
        while True:
            try:
                return call()
            except podmanagers.NotYet as exc:
                if time.monotonic() > end:
                    raise AssertionError('it never settled') from exc
                time.sleep(min(exc.seconds, 0.1))

    def bring(self, request, driver=None):
        """Compose as a conductor does: whatever fails for a while is retried.

        What may have been done already is looked for before it is done.
        """
        driver = driver or self.driver

        def begin():
            node = driver.find_composed(request, self.soon())
            return node or driver.compose(request, self.soon())

        for attempt in itertools.count(1):
            try:
                uri = self.patiently(begin).uri
                return self.patiently(
                    lambda uri=uri: driver.settle(uri, self.soon())
                )
            except exception.PodManagerUnavailable:
                if attempt == 5:
                    raise

    def states(self, uris):
        """The states of systems and devices, by their URIs."""
        seen = self.new_driver().discover(self.soon())
        return {
            item.uri: item.values['state']
            for item in (*seen.systems, *seen.devices)
            if item.uri in uris
        }

    def assertOneNode(self, request, node):
        """Exactly one node came of a request, made of what was claimed."""
        made = self.made()
        self.assertEqual([node.uri], [one.uri for one in made])
        parts = {request.system, *request.devices}
        self.assertTrue(
            parts <= set(made[0].resources), (parts, made[0].resources)
        )
        self.assertEqual(
            dict.fromkeys(parts, 'used'), self.states(parts), made
        )

    def assertAllFree(self, request):
        """Nothing is left of a node, and its parts can be had again."""
        self.assertEqual([], self.made())
        parts = {request.system, *request.devices}
        self.assertEqual(dict.fromkeys(parts, 'free'), self.states(parts))

    # Who is there

    def test_probe(self):
        probe = self.driver.probe(self.soon())
        self.assertTrue(probe.capabilities <= self.driver_class.capabilities)
        self.assertTrue(probe.capabilities <= podmanagers.CAPABILITIES.keys())
        again = self.new_driver().probe(self.soon())
        self.assertEqual(probe, again)

    def test_it_says_what_it_is(self):
        self.assertTrue(self.driver_class.name)
        self.assertTrue(self.driver_class.description())

    def test_a_wrong_password(self):
        connection = self.at.stranger()
        if connection is None:
            self.skipTest('the endpoint wants no login')
        stranger = self.new_driver(connection)
        for call in (stranger.probe, stranger.discover, stranger.composed):
            self.assertRaises(
                exception.AuthenticationFailed, call, self.soon()
            )

    def test_nobody_is_there(self):
        if not self.remote:
            self.skipTest('it is in this process')
        connection = podmanagers.Connection('http://127.0.0.1:9', 'a', 'b')
        driver = self.new_driver(connection)
        for call in (driver.probe, driver.discover, driver.composed):
            self.assertRaises(
                exception.PodManagerUnavailable, call, self.soon(5)
            )

    def test_a_deadline_that_has_passed(self):
        for call in (self.driver.probe, self.driver.discover):
            self.assertRaises(
                exception.PodManagerUnavailable, call, self.soon(-1)
            )

    # What there is

    def test_discover(self):
        seen = self.driver.discover(self.soon())
        self.assertTrue(seen.systems)
        uris = []
        for kind, cls in _KINDS.items():
            wanted = cls.fields.keys() - _OWN
            for item in getattr(seen, kind):
                uris.append(item.uri)
                self.assertEqual(wanted, item.values.keys(), item.uri)
                for name, value in item.values.items():
                    cls.fields[name].coerce(cls(), name, value)
        self.assertEqual(len(uris), len(set(uris)))

    def test_discover_again(self):
        first = self.driver.discover(self.soon())
        for driver in (self.driver, self.new_driver()):
            again = driver.discover(self.soon())
            for kind in _KINDS:
                self.assertEqual(
                    {i.uri: i.values for i in getattr(first, kind)},
                    {i.uri: i.values for i in getattr(again, kind)},
                )

    def test_refresh(self):
        whole = self.driver.discover(self.soon())
        known = {
            item.uri: item.values
            for kind in _KINDS
            for item in getattr(whole, kind)
        }
        asked = [item.uri for item in (*whole.systems[:2], *whole.devices[:2])]
        gone = whole.systems[0].uri + '0815'
        for driver in (self.driver, self.new_driver()):
            seen = driver.refresh([*asked, gone, '/no/such'], self.soon())
            items = {
                item.uri: item.values
                for kind in _KINDS
                for item in getattr(seen, kind)
            }
            self.assertTrue(set(asked) <= items.keys())
            for uri, values in items.items():
                self.assertEqual(known[uri], values)
            self.assertEqual({gone}, seen.gone - {'/no/such'})

    # The life of a node

    def test_life_of_a_node(self):
        self.need('compose', 'release')
        request = self.request()
        self.assertIsNone(self.driver.find_composed(request, self.soon()))
        node = self.driver.compose(request, self.soon())
        uri = node.uri
        node = self.patiently(lambda: self.driver.settle(uri, self.soon()))
        self.assertOneNode(request, node)
        # Settled is settled, and another driver sees the same.
        again = self.patiently(
            lambda: self.new_driver().settle(node.uri, self.soon())
        )
        self.assertEqual(node, again)
        self.assertEqual(
            node,
            self.new_driver().read_node(uri=node.uri, deadline=self.soon()),
        )
        self.assertIn(node, self.new_driver().discover(self.soon()).nodes)
        found = self.new_driver().find_composed(request, self.soon())
        self.assertEqual(node.uri, found.uri)
        self.driver.release(node.uri, self.soon())
        self.driver.release(node.uri, self.soon())
        self.assertAllFree(request)
        self.assertIsNone(self.driver.find_composed(request, self.soon()))
        self.assertRaises(
            exception.ResourceGone,
            self.driver.read_node,
            node.uri,
            self.soon(),
        )

    def test_a_node_without_devices(self):
        self.need('compose', 'release')
        request = self.request(devices=0)
        node = self.bring(request)
        self.assertOneNode(request, node)
        self.driver.release(node.uri, self.soon())
        self.assertAllFree(request)

    def test_refresh_tells_what_a_node_took(self):
        self.need('compose', 'release')
        watcher = self.new_driver()
        watcher.discover(self.soon())
        request = self.request()
        parts = [request.system, *request.devices]
        node = self.bring(request)
        for uris in (parts, [node.uri]):
            seen = watcher.refresh(uris, self.soon())
            self.assertEqual(
                dict.fromkeys(parts, 'used'),
                {
                    item.uri: item.values['state']
                    for item in (*seen.systems, *seen.devices)
                    if item.uri in parts
                },
            )
        self.driver.release(node.uri, self.soon())
        seen = watcher.refresh([*parts, node.uri], self.soon())
        self.assertEqual(
            dict.fromkeys(parts, 'free'),
            {
                item.uri: item.values['state']
                for item in (*seen.systems, *seen.devices)
                if item.uri in parts
            },
        )
        self.assertIn(node.uri, seen.gone)

    def test_what_was_not_meant_is_not_found(self):
        self.need('compose', 'release')
        request = self.request()
        node = self.bring(request)
        stranger = podmanagers.ComposeRequest(
            uuidutils.generate_uuid(), 'other', {}, '', ()
        )
        self.assertIsNone(self.driver.find_composed(stranger, self.soon()))
        self.driver.release(node.uri, self.soon())

    def test_parts_that_are_taken(self):
        self.need('compose', 'release')
        request = self.request()
        node = self.bring(request)
        for devices in (request.devices, ()):
            other = podmanagers.ComposeRequest(
                uuidutils.generate_uuid(), 'other', {}, request.system, devices
            )
            self.assertRaises(exception.NoMatch, self.bring, other)
        self.assertOneNode(request, node)

    def test_a_system_that_is_gone(self):
        self.need('compose')
        request = self.request()
        other = podmanagers.ComposeRequest(
            request.marker, 'other', {}, request.system + '0815', ()
        )
        self.assertRaises(
            (exception.NoMatch, exception.ResourceGone),
            self.driver.compose,
            other,
            self.soon(),
        )
        self.assertEqual([], self.made())

    def test_two_want_the_same(self):
        self.need('compose', 'release')
        first = self.request()
        second = podmanagers.ComposeRequest(
            uuidutils.generate_uuid(),
            'other',
            {},
            first.system,
            first.devices,
        )
        start = threading.Barrier(2)

        def run(request):
            driver = self.new_driver()
            start.wait()
            try:
                return self.bring(request, driver)
            except exception.NoMatch:
                # As a conductor does before it tries the next place.
                found = driver.find_composed(request, self.soon())
                if found is not None:
                    driver.release(found.uri, self.soon())
                return None

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            nodes = list(pool.map(run, (first, second)))
        won = [node for node in nodes if node is not None]
        self.assertEqual(1, len(won), nodes)
        self.assertOneNode(first, won[0])

    def test_release_of_what_is_not_composed_yet(self):
        self.need('compose', 'release')
        request = self.request()
        node = self.driver.compose(request, self.soon())
        self.new_driver().release(node.uri, self.soon())
        self.assertAllFree(request)

    # Using a node

    def test_reset(self):
        self.need('compose', 'release', 'reset')
        node = self.bring(self.request(devices=0))
        for reset_type, state in (('ForceOff', 'off'), ('On', 'on')):
            self.driver.reset(node.uri, reset_type, self.soon())
            found = self.driver.read_node(node.uri, self.soon())
            self.assertEqual(state, found.power_state)
        self.assertRaises(
            exception.RequestRefused,
            self.driver.reset,
            node.uri,
            'Somersault',
            self.soon(),
        )

    def test_set_boot(self):
        self.need('compose', 'release', 'boot')
        node = self.bring(self.request(devices=0))
        for enabled, target in (
            ('Once', 'Pxe'),
            ('Continuous', 'Hdd'),
            ('Disabled', 'None'),
        ):
            self.driver.set_boot(node.uri, enabled, target, self.soon())
        self.assertRaises(
            exception.RequestRefused,
            self.driver.set_boot,
            node.uri,
            'Once',
            'Gramophone',
            self.soon(),
        )

    def test_attach_and_detach(self):
        self.need('compose', 'release', 'attach', 'detach')
        request = self.request(devices=0)
        node = self.bring(request)
        seen = self.driver.discover(self.soon())
        system = next(s for s in seen.systems if s.uri == request.system)
        free = self.joinable(seen, system)
        if not free:
            self.skipTest('the endpoint has no free device')
        device = free[0].uri
        for state, call in (
            ('used', 'attach'),
            ('used', 'attach'),
            ('free', 'detach'),
            ('free', 'detach'),
        ):
            # Each by a driver that does not know what the last one did.
            driver = self.new_driver()
            self.patiently(
                lambda driver=driver, call=call: getattr(driver, call)(
                    node.uri, device, self.soon()
                )
            )
            found = driver.read_node(node.uri, self.soon())
            self.assertEqual(state == 'used', device in found.resources)
            self.assertEqual({device: state}, self.states({device}))

    def test_attach_what_another_has(self):
        self.need('compose', 'release', 'attach')
        one, other = self.bring(self.request()), self.request(devices=0)
        taken = [uri for uri in one.resources if uri in self.pool()]
        if not taken:
            self.skipTest('the endpoint has no pooled device')
        node = self.bring(other)
        self.assertRaises(
            exception.RequestRefused,
            self.patiently,
            lambda: self.driver.attach(node.uri, taken[0], self.soon()),
        )

    def pool(self):
        seen = self.driver.discover(self.soon())
        return {device.uri for device in seen.devices}

    # Being told

    def test_listen(self):
        self.need('event stream', 'compose', 'release')
        stream = self.driver.listen(self.soon())
        self.addCleanup(stream.close)
        told = queue.Queue()
        reader = threading.Thread(
            target=lambda: [told.put(change) for change in stream], daemon=True
        )
        reader.start()
        node = self.bring(self.request())
        self.hear(told, node)
        self.driver.release(node.uri, self.soon())
        stream.close()
        reader.join(SECONDS)
        self.assertFalse(reader.is_alive(), 'the stream has no end')

    def hear(self, told, node):
        """Wait for a change that concerns a node, or what it is made of."""
        end = time.monotonic() + SECONDS
        while True:
            change = told.get(timeout=max(0.01, end - time.monotonic()))
            self.assertIsInstance(change, podmanagers.Change)
            if not change.uris or {node.uri, *node.resources}.intersection(
                change.uris
            ):
                return

    def test_subscribe(self):
        self.need('event subscription', 'compose', 'release')
        told = queue.Queue()
        changes = self.driver_class.changes
        with receiver(lambda body: told.put(changes(body))) as url:
            subscription = self.driver.subscribe(url, self.soon())
            # Another conductor takes it over, rather than ask twice.
            subscription = self.new_driver().subscribe(url, self.soon())

            def delivers():
                return self.new_driver().check_subscription(
                    subscription, url, self.soon()
                )

            self.assertTrue(delivers())
            node = self.bring(self.request())
            self.hear(told, node)
            self.driver.unsubscribe(subscription, self.soon())
            self.driver.unsubscribe(subscription, self.soon())
            self.assertFalse(delivers())

    def test_changes_of_nonsense(self):
        for body in ({}, {'Events': None}, {'Events': [1]}, {'a': []}):
            self.assertIsInstance(
                self.driver_class.changes(body), podmanagers.Change
            )

    # What goes wrong

    def test_crashes_while_composing(self):
        """Die before and after each request that changes something."""
        self.need('compose', 'release')
        for after in (False, True):
            for n in itertools.count(1):
                request = self.request()
                dead = self.new_driver()
                with crash(n, after) as crashed:
                    with contextlib.suppress(Crash):
                        self.bring(request, dead)
                node = self.bring(request, self.new_driver())
                self.assertOneNode(request, node)
                self.driver.release(node.uri, self.soon())
                self.assertAllFree(request)
                if not crashed():
                    break

    def test_crashes_and_the_node_is_not_wanted_any_more(self):
        self.need('compose', 'release')
        for n in itertools.count(1):
            request = self.request()
            dead = self.new_driver()
            with crash(n, True) as crashed:
                with contextlib.suppress(Crash):
                    self.bring(request, dead)
            self.patiently(lambda request=request: self.undo(request))
            self.assertAllFree(request)
            if not crashed():
                break

    def undo(self, request):
        """What a conductor does that does not know what came of composing."""
        driver = self.new_driver()
        found = driver.find_composed(request, self.soon())
        if found is not None:
            driver.release(found.uri, self.soon())
        elif self.states({request.system}) != {request.system: 'free'}:
            # A task is under way that nobody knows of: the next look tells.
            raise podmanagers.NotYet(0.1)

    def test_crashes_while_releasing(self):
        self.need('compose', 'release')
        for after in (False, True):
            for n in itertools.count(1):
                request = self.request()
                node = self.bring(request)
                with crash(n, after) as crashed:
                    with contextlib.suppress(Crash):
                        self.new_driver().release(node.uri, self.soon())
                self.new_driver().release(node.uri, self.soon())
                self.assertAllFree(request)
                if not crashed():
                    break

    def test_answers_that_are_lost(self):
        """The work was done, or was not, and nobody is told."""
        self.need('compose', 'release')
        self.need_faults()
        for fault in ('lost-answer', 'truncate', 'malformed', 'drop'):
            request = self.request()
            with contextlib.ExitStack() as faults:
                for method in ('POST', 'PUT', 'PATCH'):
                    faults.enter_context(
                        self.at.fault(fault, method=method, count=1)
                    )
                node = self.bring(request)
            self.assertOneNode(request, node)
            with self.at.fault(fault, method='DELETE', count=1):
                with contextlib.suppress(exception.PodManagerUnavailable):
                    self.driver.release(node.uri, self.soon())
            self.driver.release(node.uri, self.soon())
            self.assertAllFree(request)

    def test_faults_that_pass(self):
        """One request fails; the next try finds everything in order."""
        self.need('compose', 'release')
        self.need_faults()
        for fault, value in (
            ('status', 503),
            ('status', 429),
            ('drop', None),
            ('refuse', None),
            ('html', 502),
            ('delay', 0.2),
        ):
            request = self.request()
            with contextlib.ExitStack() as faults:
                for method in ('GET', 'POST', 'PUT', 'PATCH'):
                    faults.enter_context(
                        self.at.fault(fault, value, method=method, count=1)
                    )
                node = self.bring(request)
            self.assertOneNode(request, node)
            self.driver.release(node.uri, self.soon())

    def test_a_login_that_expires(self):
        self.need_faults()
        if not self.sessions:
            self.skipTest('it logs in with every request')
        with self.at.fault('expire-session', count=1):
            self.assertTrue(self.driver.discover(self.soon()).systems)
        with self.at.fault('expire-session'):
            self.assertRaises(
                exception.AuthenticationFailed,
                self.driver.composed,
                self.soon(),
            )

    def test_faults_that_last(self):
        """Each has its class of error, in time, and spoils nothing."""
        self.need_faults()
        away, wrong = (
            exception.PodManagerUnavailable,
            exception.PodManagerError,
        )
        for fault, value, expected in (
            ('hang', None, away),
            ('trickle', 0.2, away),
            ('drop', None, away),
            ('refuse', None, away),
            ('truncate', None, away),
            ('redirect-loop', None, away),
            ('endless', None, away),
            ('status', 503, away),
            ('status', 500, wrong),
            ('status', 404, wrong),
            ('status', 400, wrong),
            ('status', 401, exception.AuthenticationFailed),
            ('html', None, wrong),
            ('malformed', None, wrong),
            ('replace', [1, 2], wrong),
            ('replace', None, wrong),
            ('replace', {}, wrong),
        ):
            # Only what says nothing has to be waited for.
            seconds = 0.5 if fault in ('hang', 'trickle') else 10
            with self.at.fault(fault, value):
                for call in ('probe', 'composed', 'discover'):
                    driver = self.new_driver()
                    begun = time.monotonic()
                    with self.subTest(fault=fault, value=value, call=call):
                        self.assertRaises(
                            expected, getattr(driver, call), self.soon(seconds)
                        )
                    self.assertLess(time.monotonic() - begun, 10 + seconds)
        self.assertTrue(self.driver.discover(self.soon()).systems)

    def test_close(self):
        self.driver.discover(self.soon())
        self.driver.close()
        self.driver.close()


@contextlib.contextmanager
def receiver(tell):
    """A place that events can be delivered to."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers.get('Content-Length') or 0)
            tell(json.loads(self.rfile.read(length) or b'{}'))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            """The tests tell enough."""

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f'http://127.0.0.1:{server.server_address[1]}/events/secret'
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def crash(n, after):
    """Die at the n-th request that changes something.

    :param after: after it was done, and before anybody knows.
    :returns: what tells whether it came to that.
    """
    real = requests.Session.request
    seen = itertools.count(1)
    happened = []

    def request(session, method, *args, **kwargs):
        fatal = method in _CHANGING and next(seen) == n
        if fatal:
            happened.append(n)
        if fatal and not after:
            raise Crash
        answer = real(session, method, *args, **kwargs)
        if fatal:
            raise Crash
        return answer

    with mock.patch.object(requests.Session, 'request', request):
        yield lambda: bool(happened)
