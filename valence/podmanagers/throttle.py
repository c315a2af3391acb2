# SPDX-License-Identifier: Apache-2.0
"""Asking a service no more at once than it bears."""

import contextlib
import threading
from collections.abc import Iterator

from oslo_config import cfg

from valence.common import exception

_FIRST_PARALLEL = 8


class Throttle:
    """How many requests at once a service bears, found out by asking it.

    Every round that goes well allows one more, up to [redfish] parallel; a
    request that gets no proper answer halves what is allowed.
    """

    def __init__(self) -> None:
        self._most = cfg.CONF.redfish.parallel
        self._allowed = float(min(_FIRST_PARALLEL, self._most))
        self._under_way = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Wait for a place among the requests, and keep it meanwhile."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._under_way < int(self._allowed)
            )
            self._under_way += 1
        try:
            yield
            change = 1 / self._allowed
        except exception.PodManagerUnavailable:
            change = -self._allowed / 2
            raise
        except BaseException:
            change = 0.0
            raise
        finally:
            with self._changed:
                self._under_way -= 1
                allowed = self._allowed + change
                self._allowed = max(1.0, min(float(self._most), allowed))
                self._changed.notify_all()
