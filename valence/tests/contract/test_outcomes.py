# SPDX-License-Identifier: Apache-2.0
"""What services say of a change, and what became of it."""

import contextlib

from valence.common import exception
from valence.common.identity import Mark
from valence.podmanagers import base as podmanagers
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.composition.driver import Redfish
from valence.podmanagers.outcomes import Settling
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.podmanagers.rsd.driver import RSD
from valence.tests import base
from valence.tests.contract import endpoints
from valence.tests.contract.patience import Journal
from valence.tests.contract.patience import Patience

MARK = Mark('0b7d5c3e-6b1f-4d0e-8a77-6c1f0e9d2b4a', '0123456789ab')
_CRITICAL = {
    'TaskState': 'Completed',
    'TaskStatus': 'Critical',
    'Messages': ['The fan is broken.', 'Call for help.'],
}
_EXCEPTION = {**_CRITICAL, 'TaskState': 'Exception'}


class OutcomesCase(Patience, base.TestCase):
    """One simulator, whose node is composed before the oddities begin."""

    driver_class = Redfish
    personality = 'redfish'
    arguments = ('--task-on', 'release', 'change', 'reset', 'patch', 'erase')
    # Another than the drives in the systems.
    pooled = True

    def setUp(self):
        super().setUp()
        at = self.useFixture(
            endpoints.Simulated(self.personality, *self.arguments, systems=4)
        )
        self.simulator = at.simulator
        self.connection = at.connection
        self.connect()
        seen = self.driver.discover(self.soon())
        self.system = next(
            s.uri for s in seen.systems if s.values['state'] == 'free'
        )
        self.devices = [
            d.uri for d in seen.devices if d.values['state'] == 'free'
        ]
        request = podmanagers.ComposeRequest(MARK, 'n', {}, self.system, ())
        begun = self.driver.compose(request, self.soon(), Progress())
        self.uri = self.patiently(
            lambda: self.driver.poll_compose(
                begun.uri, self.soon(), Progress()
            )
        ).uri

    def connect(self):
        self.driver = self.driver_class(self.connection)
        self.addCleanup(self.driver.close)

    def let(self, **options):
        self.simulator.options(**options)

    def order(self, fault, value=None, method='POST', path='/', count=1):
        path = r'/(?!.*Sessions)' if path == '/' else path
        return self.simulator.order(
            path, fault, value, method=method, count=count
        )

    def power(self):
        return self.driver.read_node(self.uri, self.soon()).power_state

    def sent(self, method='POST', part='Reset'):
        """How many requests were sent to a path that has this part."""
        found = self.simulator.control('GET', 'requests?changing=true')
        return [
            one
            for one in found
            if one['method'] == method and part in one['path']
        ]

    def failure(self, *words, kind=exception.PodManagerError):
        """A context in which an error with these words is raised."""

        @contextlib.contextmanager
        def expect():
            with self.assertRaisesRegex(kind, '(?s)' + '.*'.join(words)):
                yield

        return expect()

    def free(self):
        seen = self.driver.discover(self.soon())
        return self.system in [
            s.uri for s in seen.systems if s.values['state'] == 'free'
        ]


class RedfishTestCase(OutcomesCase):
    def test_every_form_of_a_task_that_fails(self):
        for form in ('monitor', 'task', 'body', 'bare'):
            for end in (_CRITICAL, _EXCEPTION):
                self.let(task_location=form)
                for change in (
                    ('reset', 'ForceOff', 'POST'),
                    ('set_boot', BootOverride('Once', 'Pxe'), 'PATCH'),
                    ('attach', self.devices[0], 'POST'),
                    ('release', False, 'DELETE'),
                ):
                    method, argument, verb = change
                    if form == 'bare' and end is _CRITICAL:
                        # Only reading it shows the outcome.
                        continue
                    self.order('task', end, method=verb)
                    with self.subTest(form=form, end=end, method=method):
                        words = ['fan is broken']
                        if form != 'bare':
                            words.append('Call for help')
                        with self.failure(*words):
                            if method == 'release':
                                self.release(self.uri)
                            else:
                                self.changed(method, self.uri, argument)
                    self.simulator.heal()

    def test_every_form_of_a_task_that_succeeds(self):
        for form in ('monitor', 'task', 'body', 'bare'):
            self.let(task_location=form)
            for reset_type, state in (('ForceOff', 'off'), ('On', 'on')):
                self.changed('reset', self.uri, reset_type)
                self.assertEqual(state, self.power())
            for target in ('Pxe', 'Hdd'):
                self.changed(
                    'set_boot', self.uri, BootOverride('Once', target)
                )
            for method in ('attach', 'detach'):
                self.changed(method, self.uri, self.devices[0])
        self.release(self.uri)
        self.assertTrue(self.free())

    def test_tasks_that_are_forgotten(self):
        self.let(task_lifetime=0.01)
        self.changed('reset', self.uri, 'ForceOff')
        self.changed('attach', self.uri, self.devices[0])
        self.release(self.uri)
        self.assertTrue(self.free())

    def test_task_progress_and_cancellation(self):
        self.let(task_seconds=30)
        for cancels in (True, False):
            self.let(task_cancel=cancels)
            journal = Journal()
            before = self.power()

            def reset(journal=journal):
                self.driver.reset(
                    self.uri, 'ForceOff', self.soon(), journal.progress()
                )

            going = self.assertRaises(InProgress, reset)
            self.assertIn(going.percent, range(0, 50))
            self.assertIn('Running', going.reason)
            # Another process goes on.
            self.connect()
            self.assertRaises(InProgress, reset)

            def cancel(journal=journal):
                self.driver.cancel(self.soon(), journal.progress())

            if cancels:
                cancel()
                self.assertEqual(before, self.power())
            else:
                self.assertRaises(InProgress, cancel)
                self.simulator.control('POST', 'finish')
                cancel()
                self.assertEqual('off', self.power())
            self.assertEqual({}, journal.progress().facts() and {})

    def test_failed_erasure_is_not_erased(self):
        end = {
            'TaskState': 'Completed',
            'TaskStatus': 'Warning',
            'Messages': ['Drive 1 could not be erased.'],
            'work': True,
        }
        self.order('task', end, path='.*Decommission')
        self.assertFalse(self.release(self.uri, erase=True))
        self.assertTrue(self.free())


class OutcomeContract:
    """What is the same for all services."""

    def test_a_power_state_that_is_followed(self):
        self.changed('reset', self.uri, 'ForceOff')
        self.let(power_seconds=1)
        journal = Journal()
        going = self.assertRaises(
            InProgress,
            self.driver.reset,
            self.uri,
            'On',
            self.soon(),
            journal.progress(),
        )
        self.assertIn('powering_on, not on', going.reason)
        self.changed('reset', self.uri, 'On', journal=journal)
        self.assertEqual('on', self.power())
        self.assertEqual(2, len(self.sent()))

    def test_a_reset_that_changes_nothing(self):
        self.changed('reset', self.uri, 'On')
        self.order('ignore')
        journal = Journal()
        for _ in range(3):
            going = self.assertRaises(
                Settling,
                self.driver.reset,
                self.uri,
                'ForceOff',
                self.soon(),
                journal.progress(),
            )
            self.assertEqual('the power state is on, not off', going.reason)
        self.assertEqual(2, len(self.sent()))

    def test_non_idempotent_requests_are_sent_once(self):
        self.let(reset_types=list(podmanagers.RESET_TYPES))
        self.changed('reset', self.uri, 'On')
        for reset_type, shows in (
            ('PushPowerButton', True),
            ('Nmi', False),
            ('ForceRestart', False),
        ):
            self.changed('reset', self.uri, 'On')
            before, journal = len(self.sent()), Journal()
            self.order('lost-answer')

            def reset(kind=reset_type, journal=journal):
                self.driver.reset(
                    self.uri, kind, self.soon(), journal.progress()
                )

            self.assertRaises(exception.PodManagerUnavailable, reset)
            self.connect()
            if shows:
                self.patiently(reset)
            for _ in range(0 if shows else 3):
                with self.subTest(reset_type):
                    with self.assertRaisesRegex(
                        (exception.AnswerLost, Settling), 'poll|lost'
                    ):
                        reset()
            self.assertEqual(1, len(self.sent()) - before, reset_type)

    def test_denied_request_is_repeated(self):
        """Unless that would do it twice: see the checks of all drivers."""
        self.changed('reset', self.uri, 'On')
        journal = Journal()
        before = len([one for one in self.sent() if one['status']])
        self.order('status', 503)
        self.assertRaises(
            exception.PodManagerUnavailable,
            self.driver.reset,
            self.uri,
            'ForceOff',
            self.soon(),
            journal.progress(),
        )
        self.changed('reset', self.uri, 'ForceOff', journal=journal)
        done = [one for one in self.sent() if one['status']]
        self.assertEqual(1, len(done) - before)


class RedfishPowerTestCase(OutcomeContract, OutcomesCase):
    """With tasks for all changes."""


class RsdPowerTestCase(OutcomeContract, OutcomesCase):
    driver_class = RSD
    personality = 'rsd'


class RsdPlainPowerTestCase(RsdPowerTestCase):
    arguments = ()


class RsdTestCase(OutcomesCase):
    driver_class = RSD
    personality = 'rsd'

    def test_tasks(self):
        for form in ('monitor', 'task', 'body', 'bare'):
            self.let(task_location=form)
            self.changed('reset', self.uri, 'ForceOff')
            for method in ('attach', 'detach'):
                self.changed(method, self.uri, self.devices[0])
        self.let(task_location='monitor')
        self.order('task', _CRITICAL, method='DELETE')
        with self.failure('fan is broken', 'Call for help'):
            self.release(self.uri)
        self.assertEqual(
            self.uri, self.driver.read_node(self.uri, self.soon()).uri
        )
        end = {
            'TaskState': 'Completed',
            'TaskStatus': 'Warning',
            'Messages': ['It could not be erased.'],
            'work': True,
        }
        self.order('task', end, method='DELETE')
        self.assertFalse(self.release(self.uri))
        self.assertTrue(self.free())
