# SPDX-License-Identifier: Apache-2.0
"""Limit the requests in flight to what a service can take."""

import contextlib
import threading
from collections.abc import Callable
from collections.abc import Iterator
from typing import TypeVar

from valence.common import exception
from valence.podmanagers.progress import Deadline

T = TypeVar('T')

_FIRST_PARALLEL = 8
# How often, and for how many seconds in all, a request that is refused
# because the service is busy is repeated. Some services refuse a single
# resource for ever, such as a system that is off: that must not delay others.
_TRIES = 4
_MAX_WAIT = 30.0


class Busy(exception.PodManagerUnavailable):
    """A service is busy and asks to be called again after ``seconds``.

    :ivar in_flight: how many requests were in flight when it said so.
    """

    in_flight = 1


class Throttle:
    """Learns how many requests in flight a service can take.

    Every success allows 1/n more of n, up to a maximum; a request without a
    response halves the number. When a refused request succeeds later with
    fewer in flight, the number at which it was refused is not tried again
    until the next reading begins.

    :ivar maximum: the greatest number of requests in flight.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self._limit = maximum
        self._allowed = float(min(_FIRST_PARALLEL, maximum))
        self._in_flight = 0
        self._readings = 0
        self._changed = threading.Condition()
        self._closed = threading.Event()

    def run(
        self,
        call: Callable[[], T],
        deadline: Deadline,
        tries: int = _TRIES,
    ) -> T:
        """Call something, and again while the service is busy.

        :raises Busy: when the service stays busy.
        """
        end: Deadline | None = None
        refused: list[int] = []
        while True:
            try:
                with self._slot(deadline):
                    result = call()
            except Busy as exc:
                refused.append(exc.in_flight)
                end = end or deadline.at_most(_MAX_WAIT)
                # Each refusal lengthens the pause.
                pause = exc.values['seconds'] * len(refused)
                pause = min(pause, end.left())
                if len(refused) == tries or not 0 < pause < deadline.left():
                    raise
                if self._closed.wait(pause):
                    raise
                continue
            if refused:
                self._lower(min(refused) - 1)
            return result

    def _lower(self, limit: int) -> None:
        with self._changed:
            self._limit = max(1, min(self._limit, limit))
            self._allowed = min(self._allowed, self._limit)

    def begin(self) -> None:
        """Begin a reading; the first one in parallel resets the limit."""
        with self._changed:
            if not self._readings:
                self._limit = self.maximum
            self._readings += 1

    def end(self) -> None:
        """End a reading."""
        with self._changed:
            self._readings -= 1

    def close(self) -> None:
        """End all pauses; the requests in them fail."""
        self._closed.set()

    @contextlib.contextmanager
    def _slot(self, deadline: Deadline) -> Iterator[None]:
        """Wait for a free slot and hold it.

        After half of the time left the request is sent without one: requests
        that hang may hold all slots.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._in_flight < int(self._allowed),
                timeout=max(0.0, deadline.left() / 2),
            )
            self._in_flight += 1
        try:
            yield
            change = 1 / self._allowed
        except exception.PodManagerUnavailable as exc:
            if isinstance(exc, Busy):
                exc.in_flight = self._in_flight
            change = -self._allowed / 2
            raise
        except BaseException:
            change = 0.0
            raise
        finally:
            with self._changed:
                self._in_flight -= 1
                allowed = self._allowed + change
                self._allowed = max(1.0, min(float(self._limit), allowed))
                self._changed.notify_all()
