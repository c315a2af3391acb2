# SPDX-License-Identifier: Apache-2.0
"""The contract: crashes, lost responses and errors of composing."""

import contextlib
import http.client
import itertools
import urllib.parse
from unittest import mock

from valence.common import exception
from valence.podmanagers.progress import InProgress
from valence.tests.contract import case

_CHANGING = ('POST', 'PUT', 'PATCH', 'DELETE')


class Crash(BaseException):
    """The process dies."""


class Failures(case.Case):
    """Each composes and releases, so that each way of composing needs it."""

    def test_crashes_while_composing(self):
        """Die before and after each request that changes something."""
        self.need('compose', 'release')
        for after in (False, True):
            for n in itertools.count(1):
                request = self.request()
                dead, journals = self.new_driver(), self.journals()
                with self.crash(n, after) as crashed:
                    with contextlib.suppress(Crash):
                        self.bring(request, dead, journals)
                node = self.bring(request, self.new_driver(), journals)
                self.assertOneNode(request, node)
                self.release(node.uri)
                self.assertAllFree(request)
                if not crashed():
                    break
            self.assertCrashed(n)

    def test_crashes_and_the_node_is_released(self):
        self.need('compose', 'release')
        for n in itertools.count(1):
            request = self.request()
            dead = self.new_driver()
            with self.crash(n, True) as crashed:
                with contextlib.suppress(Crash):
                    self.bring(request, dead)
            self.patiently(lambda request=request: self.undo(request))
            self.assertAllFree(request)
            if not crashed():
                break
        self.assertCrashed(n)

    def journals(self):
        """What outlives a crash of both steps of composing."""
        return case.Journal(), case.Journal()

    @contextlib.contextmanager
    def crash(self, n, after):
        """Die at the n-th request that changes something.

        Whatever a driver speaks HTTP with, the standard library is below.

        :param after: after it was done, and before anybody knows.
        :returns: a function that returns whether it died.
        """
        begin = http.client.HTTPConnection.putrequest
        end = http.client.HTTPConnection.getresponse
        parts = urllib.parse.urlsplit(self.at.connection.url)
        place = (parts.hostname, parts.port)
        seen = itertools.count(1)
        happened = []
        fatal = set()

        def putrequest(connection, method, *args, **kwargs):
            ours = (connection.host, connection.port) == place
            if ours and method in _CHANGING and next(seen) == n:
                happened.append(method)
                if not after:
                    raise Crash
                fatal.add(connection)
            return begin(connection, method, *args, **kwargs)

        def getresponse(connection, *args, **kwargs):
            answer = end(connection, *args, **kwargs)
            if connection in fatal:
                raise Crash
            return answer

        with mock.patch.multiple(
            http.client.HTTPConnection,
            putrequest=putrequest,
            getresponse=getresponse,
        ):
            yield lambda: bool(happened)

    def assertCrashed(self, tries):
        """It died in every attempt but the last."""
        if self.remote:
            self.assertGreater(tries, 1)

    def undo(self, request):
        """What a conductor does that does not know the result of composing."""
        driver = self.new_driver()
        found = driver.find_composed(request, self.soon())
        if found is not None:
            self.release(found.uri, driver)
        elif self.states({request.system}) != {request.system: 'free'}:
            # A task of which the conductor does not know is running.
            raise InProgress(0.1)

    def test_crashes_while_releasing(self):
        self.need('compose', 'release')
        for after in (False, True):
            for n in itertools.count(1):
                request = self.request()
                node = self.bring(request)
                with self.crash(n, after) as crashed:
                    with contextlib.suppress(Crash):
                        self.release(node.uri, self.new_driver())
                self.release(node.uri, self.new_driver())
                self.assertAllFree(request)
                if not crashed():
                    break
            self.assertCrashed(n)

    def test_answers_that_are_lost(self):
        """The request was fulfilled, or not, and there is no response."""
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
                    self.release(node.uri)
            self.release(node.uri)
            self.assertAllFree(request)

    def test_erasure_is_known_after_a_restart(self):
        """The response to a DELETE is lost, and the process with it."""
        self.need('compose', 'release')
        self.need_faults()
        results = []
        for count in (0, 1):
            node = self.bring(self.request())
            journal = case.Journal()
            with self.at.fault('lost-answer', method='DELETE', count=count):
                with contextlib.suppress(exception.PodManagerUnavailable):
                    erased = self.release(
                        node.uri, journal=journal, erase=True
                    )
            if count:
                erased = self.release(
                    node.uri, self.new_driver(), journal, erase=True
                )
            results.append(erased)
        self.assertEqual(results[0], results[1])

    def test_faults_that_pass(self):
        """One request fails; the next attempt succeeds."""
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
            self.release(node.uri)
