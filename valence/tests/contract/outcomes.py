# SPDX-License-Identifier: Apache-2.0
"""The contract: what is said of a change is not what became of it."""

import contextlib
import itertools

from valence.common import exception
from valence.podmanagers import power
from valence.podmanagers.boot import BootOverride
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.tests.contract import case

_CHANGING = ('POST', 'PUT', 'PATCH', 'DELETE')
# Statuses that seem to allow another attempt.
_DENIALS = (404, 403, 401, 429, 503)
_FAILURES = (exception.PodManagerError, InProgress)
# After others, an operation ends.
_TRIED_AGAIN = (exception.PodManagerUnavailable, InProgress)


class Outcomes(case.Case):
    """Changes whose response is lost, wrong, or not the end of the work."""

    @contextlib.contextmanager
    def changes(self, fault, value=None, count=None):
        """Inject a fault into requests that change something.

        :param count: how many requests of each method it affects.
        :returns: a function that returns how many were affected.
        """
        with contextlib.ExitStack() as faults:
            hits = [
                faults.enter_context(
                    self.at.fault(fault, value, method=method, count=count)
                )
                for method in _CHANGING
            ]
            yield lambda: sum(hit() for hit in hits)

    def attempt(self, method, journal, *args):
        """Call a new driver, as after a restart; whether it succeeds."""
        return self.failure(method, journal, *args) is None

    def failure(self, method, journal, *args):
        """Call a new driver, as after a restart; what it raises."""
        driver = self.new_driver()
        try:
            getattr(driver, method)(*args, self.soon(), journal.progress())
        except _FAILURES as exc:
            return exc
        return None

    def assertSentOnce(self, method, *args, shows=None, denied=None):
        """A change whose answer is lost is not requested again.

        :param shows: whether a node has the change; None: it need not show.
        :param denied: the status that is answered instead, although the
            change was made.
        :returns: whether it was sent at all.
        """
        journal = case.Journal()
        fault = 'deny' if denied else 'lost-answer'
        with self.changes(fault, denied, count=1) as lost:
            failure = self.failure(method, journal, *args)
            sent = lost()
        if denied and not isinstance(failure, _TRIED_AGAIN):
            return bool(sent)
        if shows is not None:
            self.until(args[0], shows)
        with self.changes('watch') as again:
            for _ in range(3):
                self.attempt(method, journal, *args)
            what = f'{method} {args} was sent again after {denied or fault}'
            self.assertEqual(0, again(), what)
        return bool(sent)

    def until(self, uri, shows):
        """Wait until a node shows something."""

        def look():
            if not shows(self.new_driver().read_node(uri, self.soon())):
                raise InProgress(0.1)

        self.patiently(look)

    def node(self, *capabilities):
        """A node without devices, which is able to change."""
        self.need('compose', 'release', *capabilities)
        return self.bring(self.request(devices=0))

    def test_what_must_not_be_repeated_is_sent_once(self):
        """Kinds A and I: pressing a button twice is another change."""
        self.need_faults('watch')
        node = self.node('reset')
        tried = False
        for reset_type in power.ONCE:
            self.changed('reset', node.uri, 'On')
            tried |= self.assertSentOnce('reset', node.uri, reset_type)
        if not tried:
            self.skipTest('the node has no reset that is sent once')
        for number, status in enumerate(_DENIALS):
            self.changed('reset', node.uri, 'On')
            reset_type = power.ONCE[number % len(power.ONCE)]
            self.assertSentOnce('reset', node.uri, reset_type, denied=status)

    def test_a_reset_whose_answer_is_lost_is_found(self):
        """Kind A: what shows already is not requested again."""
        self.need_faults('watch')
        node = self.node('reset')
        self.changed('reset', node.uri, 'On')
        sent = self.assertSentOnce(
            'reset',
            node.uri,
            'ForceOff',
            shows=lambda node: node.power_state == 'off',
        )
        self.assertTrue(sent)

    def test_an_attached_device_whose_answer_is_lost_is_found(self):
        """Kind A: a device that is part of the node is not attached again."""
        self.need('compose', 'release', 'attach', 'detach')
        self.need_faults('watch')
        request = self.request(devices=0)
        node = self.bring(request)
        device = self.free_device(request)
        for method, joined in (('attach', True), ('detach', False)):
            sent = self.assertSentOnce(
                method,
                node.uri,
                device,
                shows=lambda node, j=joined: (device in node.resources) == j,
            )
            self.assertTrue(sent, method)

    def test_a_reset_that_changes_nothing_has_not_succeeded(self):
        """Kind A: the power state is read until it is what was requested."""
        self.need_faults('ignore')
        node = self.node('reset')
        self.changed('reset', node.uri, 'On')
        self.assertNeverDone('reset', node.uri, 'ForceOff')

    def test_a_boot_override_that_does_not_show_has_not_succeeded(self):
        """Kind C: what was written is read back."""
        self.need_faults('ignore')
        node = self.node('boot')
        self.changed('set_boot', node.uri, BootOverride('Once', 'Hdd'))
        self.assertNeverDone('set_boot', node.uri, BootOverride('Once', 'Pxe'))

    def assertNeverDone(self, method, *args):
        """A change that is accepted, and not made, is not reported as done."""
        journal = case.Journal()
        with self.changes('ignore') as ignored:
            for _ in range(2):
                self.assertFalse(self.attempt(method, journal, *args), method)
            self.assertTrue(ignored())

    def test_a_task_is_followed_to_its_end(self):
        """Kind B: a 202 has an outcome, whose reason is reported."""
        self.need_faults('failing-task')
        if not self.at.is_redfish():
            self.skipTest('it is no Redfish service')
        node = self.node('reset')
        self.changed('reset', node.uri, 'On')
        for state, status in (
            ('Exception', 'OK'),
            ('Completed', 'Critical'),
            ('Killed', None),
        ):
            end = {'TaskState': state, 'TaskStatus': status}
            with self.changes('failing-task', end, count=1) as started:
                failure = self.assertRaises(
                    exception.PodManagerError,
                    self.changed,
                    'reset',
                    node.uri,
                    'ForceOff',
                )
                self.assertEqual(1, started())
            self.assertIn('The fan is broken.', str(failure))

    def test_a_refusal_is_told_in_the_words_of_the_service(self):
        """Kind E: an operator has to know what to do."""
        self.need('compose')
        self.need_faults('watch')
        request = self.request(devices=0)
        for status in (400, 409):
            with self.changes('status', status):
                refusal = self.assertRaises(
                    exception.PodManagerError,
                    self.driver.compose,
                    request,
                    self.soon(),
                    Progress(),
                )
            self.assertIn(f'ordered: {status}', str(refusal))

    def test_a_collection_without_end(self):
        """Kinds D and I: it ends, and is reported."""
        self.need_faults('watch')
        if not self.at.is_redfish():
            self.skipTest('it is no Redfish service')
        seen = self.driver.discover(self.soon())
        for uri in {s.uri.rpartition('/')[0] for s in seen.systems}:
            numbers = itertools.count()
            path = rf'{uri}/?(\?.*)?$'
            for following in (
                lambda uri=uri: uri,
                lambda uri=uri, n=numbers: f'{uri}?$skip={next(n)}',
            ):
                with self.at.fault(
                    'following', following, method='GET', path=path
                ) as hit:
                    seen = self.new_driver().discover(self.soon())
                    self.assertTrue(hit())
                self.assertTrue(seen.problems, uri)

    def test_there_is_nothing_to_cancel(self):
        """Kind I: what has not begun ends at once."""
        self.assertFalse(self.driver.cancel(self.soon(), Progress()))
