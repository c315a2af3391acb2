# SPDX-License-Identifier: Apache-2.0
"""Delayed work, which can be completed at once."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable


class Delay:
    """A delayed call, attributed to the request that scheduled it."""

    def __init__(self, delays: Delays, callback: Callable[[], object]):
        self._delays = delays
        self._callback = callback
        self._context = contextvars.copy_context()
        self.handle: asyncio.TimerHandle | None = None

    def cancel(self) -> None:
        """Cancel the call."""
        self._delays.pending.pop(self, None)
        if self.handle is not None:
            self.handle.cancel()

    def happen(self) -> None:
        """Make the call now."""
        self.cancel()
        self._context.run(self._callback)


class Delays:
    """All delayed calls."""

    def __init__(self) -> None:
        self.pending: dict[Delay, None] = {}

    def later(self, seconds: float, callback: Callable[[], object]) -> Delay:
        """Schedule a call."""
        delay = Delay(self, callback)
        self.pending[delay] = None
        loop = asyncio.get_running_loop()
        delay.handle = loop.call_later(seconds, delay.happen)
        return delay

    async def sleep(self, seconds: float) -> None:
        """Wait for some seconds."""
        done = asyncio.get_running_loop().create_future()
        delay = self.later(seconds, lambda: done.done() or done.set_result(0))
        try:
            await done
        finally:
            delay.cancel()

    def finish(self) -> int:
        """Make all calls now; return their number."""
        delays = list(self.pending)
        for delay in delays:
            if delay in self.pending:
                delay.happen()
        return len(delays)

    def close(self) -> None:
        """Cancel all calls."""
        for delay in list(self.pending):
            delay.cancel()
