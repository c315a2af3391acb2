# SPDX-License-Identifier: Apache-2.0
"""The contract: what a driver makes of a service that fails to respond."""

import concurrent.futures
import contextlib
import time

from valence.common import exception
from valence.tests.contract import case


class Transport(case.Case):
    """The same for all ways of composing: every fault that was ever seen."""

    def test_a_login_that_expires(self):
        self.need_faults()
        if not self.sessions:
            self.skipTest('it logs in with every request')
        with self.at.fault('expire-session', count=1):
            self.assertTrue(self.driver.discover(self.soon()).systems)
        with self.at.fault('expire-session'):
            self.assertRaises(
                exception.AuthenticationFailed,
                self.driver.list_nodes,
                self.soon(),
            )

    def test_faults_that_last(self):
        """Each raises the right exception in time, and breaks nothing."""
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
            # Only these last until the deadline.
            seconds = 0.5 if fault in ('hang', 'trickle') else 10
            with self.at.fault(fault, value):
                for call in ('probe', 'list_nodes', 'discover'):
                    driver = self.new_driver()
                    begun = time.monotonic()
                    with self.subTest(fault=fault, value=value, call=call):
                        self.assertRaises(
                            expected, getattr(driver, call), self.soon(seconds)
                        )
                    # Less than the default of redfish.request_timeout.
                    self.assertLess(time.monotonic() - begun, 40 + seconds)
        self.assertTrue(self.driver.discover(self.soon()).systems)

    def test_readings_that_hang(self):
        """Each takes as long as a request may, however long all may take."""
        self.need_faults()
        self.conf.set(redfish__request_timeout=0.1)
        for path in (None, '.*/Sessions'):
            driver, deadline = self.new_driver(), self.soon(60)
            with self.at.fault('hang', path=path):
                # Without sessions, the login succeeds.
                with contextlib.suppress(exception.PodManagerUnavailable):
                    driver.discover(deadline)
                self.assertLess(0, deadline.left(), path)

    def test_close(self):
        """It is closed for good; closing it twice is a no-op."""
        self.driver.discover(self.soon())
        self.driver.close()
        for call in ('probe', 'list_nodes', 'discover'):
            self.assertRaises(
                exception.PodManagerUnavailable,
                getattr(self.driver, call),
                self.soon(),
            )
        self.driver.close()
        # Other drivers are not affected.
        self.assertTrue(self.new_driver().discover(self.soon()).systems)

    def test_close_while_others_wait(self):
        self.need_faults()
        self.driver.probe(self.soon())
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            with self.at.fault('hang', method='GET') as struck:
                waiting = pool.submit(self.driver.probe, self.soon(1))
                while not struck() and not waiting.done():
                    time.sleep(0.01)
                self.driver.close()
                self.assertIsInstance(
                    waiting.exception(case.SECONDS),
                    exception.PodManagerUnavailable,
                )
