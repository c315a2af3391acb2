# SPDX-License-Identifier: Apache-2.0
"""What a call of a driver may take, and how far it has come."""

import time
from collections.abc import Callable
from collections.abc import Mapping

from valence.podmanagers.budget import Budget


class Deadline:
    """A moment of the monotonic clock after which no request is sent.

    :param may_begin: whether a request may be sent at all; a conductor whose
        lease has expired must not.
    :param budget: how much the call may receive; by default a new one.
    """

    def __init__(
        self,
        seconds: float,
        may_begin: Callable[[], bool] | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.budget = budget or Budget()
        self.at = time.monotonic() + seconds
        self._may_begin = may_begin

    def left(self) -> float:
        """Seconds left; zero or less when no request may be sent."""
        left = self.at - time.monotonic()
        if left > 0 and self._may_begin is not None:
            return left if self._may_begin() else 0.0
        return left

    def at_most(self, seconds: float) -> 'Deadline':
        """This deadline, or that many seconds from now if that is earlier."""
        until = min(self.at - time.monotonic(), seconds)
        return Deadline(until, self._may_begin, self.budget)


class Progress:
    """What a driver has recorded of a change that is being made.

    The conductor stores it with the operation and hands it in again when it
    repeats the call, so it survives the driver and the process.

    :param facts: what was recorded before.
    :param save: stores all facts durably; without it they are only kept here.
    :param age: how many seconds ago the change was begun, by one clock for
        all processes.
    """

    def __init__(
        self,
        facts: Mapping[str, str] | None = None,
        save: Callable[[dict[str, str]], object] | None = None,
        age: float = 0.0,
    ) -> None:
        self._facts = dict(facts or {})
        self._save = save
        self.age = age

    def get(self, name: str) -> str | None:
        """A fact; None when it is not recorded."""
        return self._facts.get(name)

    def facts(self) -> dict[str, str]:
        """All facts."""
        return dict(self._facts)

    def record(self, name: str, value: str | None) -> None:
        """Store a fact before the next request is sent; None removes it."""
        if self._facts.get(name) == value:
            return
        self._facts.pop(name, None)
        if value is not None:
            self._facts[name] = value
        if self._save is not None:
            self._save(dict(self._facts))


class InProgress(Exception):
    """Not an error: the pod manager is still working on it; poll again later.

    :param seconds: how long to wait before polling again.
    :param reason: the error to report when the caller gives up polling.
    :param percent: how much is done, where the pod manager reports it.
    """

    def __init__(
        self,
        seconds: float = 1,
        reason: str = 'timed out waiting for the pod manager',
        percent: int | None = None,
    ) -> None:
        self.seconds = seconds
        self.reason = reason
        self.percent = percent
        super().__init__(f'in progress; poll again in {seconds} s')
