# SPDX-License-Identifier: Apache-2.0
"""The clock of tests, in which nothing else lets time pass."""

import threading
import time

from valence.tests import base
from valence.tests import fixtures


class TestClock(base.TestCase):
    def test_threads_of_others_let_no_time_pass(self):
        stopped, slept = threading.Event(), threading.Semaphore(0)

        def turn():
            while not stopped.is_set():
                time.sleep(0.001)
                slept.release()

        other = threading.Thread(target=turn, daemon=True)
        other.start()
        self.addCleanup(other.join)
        self.addCleanup(stopped.set)
        clock = self.useFixture(fixtures.Clock())
        before = clock.monotonic()
        for _ in range(20):
            slept.acquire()
        self.assertEqual(before, clock.monotonic())
        time.sleep(5)
        self.assertEqual(before + 5, clock.monotonic())
