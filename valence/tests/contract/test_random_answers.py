# SPDX-License-Identifier: Apache-2.0
"""Random JSON in place of the answer to any request, changing ones as well.

A driver leads a node through its life on a simulator. One answer after the
other is replaced, with its status, on its way to the parser. Whatever comes, a
call returns, or raises what its contract allows.
"""

import json
import os
import random

import hypothesis
from hypothesis import strategies

from valence.common import exception
from valence.common.identity import Mark
from valence.podmanagers import base as podmanagers
from valence.podmanagers import boot
from valence.podmanagers.composition.driver import Redfish
from valence.podmanagers.expether.driver import ExpEther
from valence.podmanagers.progress import InProgress
from valence.podmanagers.rsd.driver import RSD
from valence.podmanagers.wire import client
from valence.tests import base
from valence.tests import fixtures
from valence.tests.contract import test_random_json as words
from valence.tests.contract.patience import Journal
from valence.tests.contract.patience import Patience

_EXAMPLES = 1000 if os.environ.get('VALENCE_TEST_FUZZ') == 'full' else 12
# How often a call is repeated that is not done yet.
_ATTEMPTS = 4
_MARK = Mark('0b7d5c3e-6b1f-4d0e-8a77-6c1f0e9d2b4a', '0123456789ab')
_DESTINATION = 'http://127.0.0.1:9/events'
_STATUSES = (200, 201, 202, 204, 400, 401, 404, 405, 409, 412, 500, 503)

ANYTHING = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats(allow_nan=False, allow_infinity=False)
    | strategies.text(max_size=20),
    lambda inner: (
        strategies.lists(inner, max_size=4)
        | strategies.dictionaries(
            strategies.text(max_size=12), inner, max_size=4
        )
    ),
    max_leaves=12,
)


class AnswersCase(Patience, base.TestCase):
    driver_class = None
    arguments = ()

    def setUp(self):
        if self.driver_class is None:
            self.skipTest('this is what others derive from')
        super().setUp()
        self.simulator = self.useFixture(
            fixtures.LocalSimulator(
                *('--systems', 3, '--compose-seconds', 0, '--no-push'),
                *self.arguments,
            )
        )
        self.connection = podmanagers.Connection(self.simulator.url, 'u', 'p')
        self.number = self.chosen = 0
        self.spoil = None
        parse = client._parse

        def spoiled(response, content, uri):
            self.number += 1
            if self.number == self.chosen:
                content = self.spoil(response, content)
            return parse(response, content, uri)

        self.patch(client, '_parse', spoiled)
        # How many answers a life takes, and of what.
        self.said = 'nothing spoiled'
        driver = self.driver_class(self.connection)
        seen = driver.discover(self.soon())
        driver.close()
        self.system, self.devices = self.free(seen)
        self.number = 0
        self.live()
        self.answers = self.number

    def free(self, seen):
        """A free system and free devices, as the scheduler sees them."""
        return (
            next(
                one.uri
                for one in seen.systems
                if one.values['state'] == 'free'
            ),
            [one.uri for one in seen.devices if one.values['state'] == 'free'],
        )

    def attempt(self, call, *args):
        """What a call returns; None if it fails as it may."""
        for _ in range(_ATTEMPTS):
            try:
                return call(*args, self.soon())
            except InProgress:
                continue
            except exception.PodManagerError:
                return None
            except Exception as exc:
                raise AssertionError(f'{exc!r} of {self.said}') from exc
        return None

    def change(self, call, *args, **kwargs):
        """The same for a call that keeps a journal."""
        journal = Journal()
        return self.attempt(
            lambda deadline: call(
                *args, deadline, journal.progress(), **kwargs
            )
        )

    def live(self):
        """Whatever a driver can be asked, in the life of a node."""
        driver = self.driver_class(self.connection)
        try:
            self.attempt(driver.recognizes, self.connection)
            self.attempt(driver.advice, self.connection)
            self.attempt(driver.probe)
            self.attempt(driver.discover)
            self.use(driver, self.compose(driver))
            made = self.attempt(driver.subscribe, _DESTINATION)
            subscription = made or '/subscriptions/1'
            self.attempt(driver.check_subscription, subscription, _DESTINATION)
            self.attempt(driver.unsubscribe, subscription)
        finally:
            driver.close()

    def compose(self, driver):
        """The URI of what became a node, or that of its system."""
        request = podmanagers.ComposeRequest(
            _MARK, 'n', {}, self.system, tuple(self.devices[:1])
        )
        self.attempt(driver.node_uris)
        begun = self.change(driver.compose, request)
        found = self.attempt(driver.find_composed, request)
        uri = next((one.uri for one in (begun, found) if one), self.system)
        node = self.change(driver.poll_compose, uri)
        return node.uri if node else uri

    def use(self, driver, uri):
        """Look at a node, change and release it."""
        device = self.devices[-1]
        self.attempt(driver.list_nodes)
        self.attempt(driver.read_node, uri)
        self.attempt(driver.lists, uri)
        self.attempt(driver.refresh, [uri, self.system, device])
        self.change(driver.reset, uri, 'ForceOff')
        self.change(driver.set_boot, uri, boot.BootOverride('Once', 'Pxe'))
        self.attempt(driver.management_target, uri)
        self.change(driver.attach, uri, device)
        self.change(driver.detach, uri, device)
        self.change(driver.cancel)
        self.change(driver.release, uri, erase=True)

    def test_random_answers(self):
        @hypothesis.settings(
            max_examples=_EXAMPLES,
            deadline=None,
            database=None,
            derandomize=_EXAMPLES < 100,
            suppress_health_check=list(hypothesis.HealthCheck),
            print_blob=False,
        )
        @hypothesis.given(
            place=strategies.integers(1, self.answers),
            status=strategies.none() | strategies.sampled_from(_STATUSES),
            value=strategies.none() | ANYTHING,
            seed=strategies.integers(0, 2**32),
        )
        def check(place, status, value, seed):
            def spoil(response, content):
                said = value
                if value is None:
                    try:
                        known = json.loads(content)
                    except ValueError:
                        known = {}
                    said = words.spoil(random.Random(seed), known)
                if status:
                    response.status_code = status
                self.said = f'{place}: {response.url} {status}: {said!r:.800}'
                return bytearray(json.dumps(said).encode())

            self.simulator.reset()
            self.said = 'nothing spoiled'
            self.spoil, self.number, self.chosen = spoil, 0, place
            self.live()

        check()


class RedfishTestCase(AnswersCase):
    driver_class = Redfish
    arguments = ('--personality', 'redfish', '--task-on', 'compose', 'change')


class RedfishSimpleTestCase(AnswersCase):
    driver_class = Redfish
    arguments = ('--personality', 'redfish', '--no-tasks', '--no-expand')


class RsdTestCase(AnswersCase):
    driver_class = RSD
    arguments = ('--personality', 'rsd')


class EemTestCase(AnswersCase):
    driver_class = ExpEther
    arguments = ('--personality', 'eem')


class EventsTestCase(base.TestCase):
    """The bodies of deliveries, which anybody may have made up."""

    def test_random_events(self):
        objects = strategies.dictionaries(
            strategies.text(max_size=12)
            | strategies.sampled_from(words.NAMES),
            ANYTHING,
            max_size=4,
        )

        @hypothesis.settings(
            max_examples=20 * _EXAMPLES,
            database=None,
            derandomize=True,
            # They judge by the time that a busy machine takes.
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(
            body=objects,
            events=strategies.lists(objects | ANYTHING, max_size=3) | ANYTHING,
        )
        def check(body, events):
            for driver in (Redfish, RSD, ExpEther):
                for one in (body, {**body, 'Events': events}):
                    change = driver.parse_event(one)
                    self.assertIsInstance(change, podmanagers.Change)

        check()
