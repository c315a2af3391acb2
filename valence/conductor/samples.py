# SPDX-License-Identifier: Apache-2.0
"""Stores what the capacity of all pod managers is, in equal intervals.

The hash ring gives this to one conductor. Where it moves, two may store the
same sample: the database keeps one.
"""

import datetime
import time

from oslo_config import cfg

from valence.conductor import membership
from valence.db import api as db
from valence.db import capacity

_KEY = b'capacity_samples'
# A conductor that dies is replaced within so many seconds.
_LOOK_SECONDS = 60
_EPOCH = datetime.datetime(1970, 1, 1)


class Sampler:
    """Takes the samples; used by one thread."""

    def __init__(self, lease: membership.Lease) -> None:
        self._lease = lease
        self._next = 0.0

    def tick(self) -> None:
        """Store a sample, if one is due and this conductor has to."""
        interval = cfg.CONF.capacity.sample_interval
        now = time.monotonic()
        if not interval or now < self._next or not self._lease.uuid:
            return
        self._next = now + min(interval, _LOOK_SECONDS)
        if self._lease.uuid in membership.ring().get_nodes(_KEY):
            step = datetime.timedelta(seconds=interval)
            taken = db.now()
            capacity.sample(taken - (taken - _EPOCH) % step)
