# SPDX-License-Identifier: Apache-2.0
"""Asking a service no more at once than it bears."""

import contextlib
import threading
from collections.abc import Callable
from collections.abc import Iterator
from typing import TypeVar

from oslo_config import cfg

from valence.common import exception
from valence.podmanagers import base

T = TypeVar('T')

_FIRST_PARALLEL = 8
# How often, and for how many seconds in all, a service that says that it is
# busy is asked again. One that says so of a single resource, as some do of
# systems that are off, must not hold up everything.
_TRIES = 4
_PATIENCE = 30.0


class Busy(exception.PodManagerUnavailable):
    """A service says that it bears no more for so many ``seconds``.

    :ivar at_once: how many requests were under way when it said so.
    """

    at_once = 1


class Throttle:
    """How many requests at once a service bears, found out by asking it.

    Every round that goes well allows one more, up to [redfish] parallel; a
    request that gets no proper answer halves what is allowed. When what was
    refused goes well later, with fewer under way, it is known what was too
    much, and not tried again in the same reading.
    """

    def __init__(self) -> None:
        self._most = cfg.CONF.redfish.parallel
        self._limit = self._most
        self._allowed = float(min(_FIRST_PARALLEL, self._most))
        self._under_way = 0
        self._readings = 0
        self._changed = threading.Condition()
        self._closed = threading.Event()

    def run(
        self,
        call: Callable[[], T],
        deadline: base.Deadline,
        tries: int = _TRIES,
    ) -> T:
        """Call something in its place; again, later, while it is refused.

        :raises Busy: when it is refused for too long.
        """
        patience: base.Deadline | None = None
        refused: list[int] = []
        while True:
            try:
                with self._place(deadline):
                    result = call()
            except Busy as exc:
                refused.append(exc.at_once)
                patience = patience or deadline.sooner(_PATIENCE)
                # The longer it lasts, the longer it is left in peace.
                pause = exc.values['seconds'] * len(refused)
                pause = min(pause, patience.left())
                if len(refused) == tries or not 0 < pause < deadline.left():
                    raise
                if self._closed.wait(pause):
                    raise
                continue
            if refused:
                self._learn(min(refused) - 1)
            return result

    def _learn(self, limit: int) -> None:
        with self._changed:
            self._limit = max(1, min(self._limit, limit))
            self._allowed = min(self._allowed, self._limit)

    def begin(self) -> None:
        """Begin a reading; the first of several forgets what was too much."""
        with self._changed:
            if not self._readings:
                self._limit = self._most
            self._readings += 1

    def end(self) -> None:
        """End a reading."""
        with self._changed:
            self._readings -= 1

    def close(self) -> None:
        """Wait for nothing any more."""
        self._closed.set()

    @contextlib.contextmanager
    def _place(self, deadline: base.Deadline) -> Iterator[None]:
        """Wait for a place among the requests, and keep it meanwhile.

        Where others keep theirs for ever, half of the time is not waited for.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._under_way < int(self._allowed),
                timeout=max(0.0, deadline.left() / 2),
            )
            self._under_way += 1
        try:
            yield
            change = 1 / self._allowed
        except exception.PodManagerUnavailable as exc:
            if isinstance(exc, Busy):
                exc.at_once = self._under_way
            change = -self._allowed / 2
            raise
        except BaseException:
            change = 0.0
            raise
        finally:
            with self._changed:
                self._under_way -= 1
                allowed = self._allowed + change
                self._allowed = max(1.0, min(float(self._limit), allowed))
                self._changed.notify_all()
