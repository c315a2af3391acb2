# SPDX-License-Identifier: Apache-2.0
"""The time of the database, by which everything that is stored is timed.

The clocks of hosts differ, and some are wrong by an hour. Each process looks
at the database's clock now and then, and counts on from there by a clock of
its own that nobody can set. A conductor looks with each heartbeat.
"""

import datetime
import threading
import time

import sqlalchemy as sa

from valence.db.sqlalchemy import engine
from valence.db.sqlalchemy import types

# For how many seconds a look at the clock is good, where there is a connection
# to look again.
_MAX_AGE = 60
# SQLite has a resolution of milliseconds.
_RESOLUTION = datetime.timedelta(milliseconds=1)
# What two looks at the clock may differ by, at most.
_JITTER = datetime.timedelta(seconds=1)


class _Clock:
    """What is known of the database's clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # The time at which time.monotonic() was zero, and its value when that
        # was found.
        self._zero: datetime.datetime | None = None
        self._measured_at = 0.0
        self._last = datetime.datetime.min + _JITTER

    def measure(self, connection: sa.Connection) -> datetime.datetime:
        """Look at the database's clock; returns its time."""
        before = time.monotonic()
        value = connection.execute(sa.select(types.utcnow())).scalar_one()
        after = time.monotonic()
        found = (
            datetime.datetime.fromisoformat(value)
            if isinstance(value, str)
            else value
        )
        zero = found - datetime.timedelta(seconds=(before + after) / 2)
        precision = datetime.timedelta(seconds=after - before) + _RESOLUTION
        with self._lock:
            # What may be an error of this look does not change the time.
            if self._zero is None or abs(zero - self._zero) > precision:
                self._zero = zero
            self._measured_at = after
        return found

    def time(self, connection: sa.Connection | None) -> datetime.datetime:
        """The time; the clock is looked at where that is needed."""
        zero = self._zero
        now = time.monotonic()
        if connection is not None and now - self._measured_at > _MAX_AGE:
            zero = None
        if zero is None:
            if connection is not None:
                return self._not_before(self.measure(connection))
            with engine.connect() as other:
                return self._not_before(self.measure(other))
        return self._not_before(zero + datetime.timedelta(seconds=now))

    def _not_before(self, found: datetime.datetime) -> datetime.datetime:
        """A time that is no earlier than the last one.

        Looks at the clock differ a little; a database whose clock was set
        back is followed.
        """
        with self._lock:
            if self._last - _JITTER < found < self._last:
                return self._last
            self._last = found
        return found

    def known(self) -> datetime.datetime | None:
        """The time, if this process has looked at the clock; else None."""
        zero = self._zero
        if zero is None:
            return None
        return zero + datetime.timedelta(seconds=time.monotonic())

    def forget(self) -> None:
        """Forget everything: the database is another one now."""
        with self._lock:
            self._zero = None
            self._last = datetime.datetime.min + _JITTER


_clock = _Clock()
measure = _clock.measure
forget = _clock.forget
known = _clock.known


def now(connection: sa.Connection | None = None) -> datetime.datetime:
    """The time of the database, in UTC with microseconds.

    :param connection: one that is open, if there is one.
    :raises DatabaseUnavailable: when this process has not reached the
        database before.
    """
    return _clock.time(connection)
