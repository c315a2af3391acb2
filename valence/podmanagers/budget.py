# SPDX-License-Identifier: Apache-2.0
"""How much one call of a driver may receive."""

import threading

from oslo_config import cfg

from valence.common import exception


class Budget:
    """Counts what one call receives; see the options [podm] max_reading_….

    It is shared by all threads that work for the call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent = {'bytes': 0, 'values': 0, 'requests': 0}
        # Why nothing more is received.
        self._reason: str | None = None

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        with self._lock:
            return self._spent['requests']

    def spend(self, kind: str, amount: int) -> None:
        """Count what is received.

        :param kind: bytes, values (of JSON) or requests.
        :raises BudgetSpent: when the call must not receive any more.
        """
        option = f'max_reading_{kind}'
        limit = cfg.CONF.podm[option]
        with self._lock:
            self._spent[kind] += amount
            if self._reason is None and self._spent[kind] > limit:
                self._reason = (
                    f'reading stopped after {limit} {kind} ([podm] {option})'
                )
        if self._reason is not None:
            raise exception.BudgetSpent(reason=self._reason)
