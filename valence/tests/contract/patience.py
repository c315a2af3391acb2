# SPDX-License-Identifier: Apache-2.0
"""Calling a driver as a conductor does: again, until it is done."""

import time

from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import InProgress
from valence.podmanagers.progress import Progress
from valence.tests.fixtures import processes

SECONDS = 60


class Journal:
    """Keeps progress as a conductor does, independent of the driver."""

    def __init__(self):
        self._stored = {}
        self._begun = time.monotonic()

    def progress(self):
        """What was recorded so far, for another call."""
        age = time.monotonic() - self._begun
        return Progress(self._stored, self._store, age)

    def _store(self, facts):
        self._stored = facts


class Patience:
    """For test cases with a ``driver``."""

    def soon(self, seconds=SECONDS):
        return Deadline(seconds)

    def patiently(self, call, seconds=processes.PATIENCE):
        """Call until it no longer raises InProgress."""
        end = time.monotonic() + seconds
        while True:
            try:
                return call()
            except InProgress as exc:
                if time.monotonic() > end:
                    raise AssertionError(
                        f'it never settled: {exc.reason}'
                    ) from exc
                time.sleep(min(exc.seconds, 0.1))

    def changed(self, method, uri, *args, driver=None, journal=None, **kwargs):
        """Change a node: call until it has happened."""
        driver, journal = driver or self.driver, journal or Journal()
        return self.patiently(
            lambda: getattr(driver, method)(
                uri, *args, self.soon(), journal.progress(), **kwargs
            )
        )

    def release(self, uri, driver=None, journal=None, erase=False):
        """Release a node."""
        return self.changed(
            'release', uri, driver=driver, journal=journal, erase=erase
        )
